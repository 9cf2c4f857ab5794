/* connectors/shared/digest.h - the hashes that signatures are made of, on contexts kept per thread (a fetch per request
 * costs more than the hash). false only when OpenSSL refuses: no memory, or a policy without the algorithm. */
#ifndef RC_CONN_DIGEST_H
#define RC_CONN_DIGEST_H
#include <stdbool.h>
#include "engine/base/slice.h"

enum { RC_SHA256_HEX = 65, RC_SHA1_BYTES = 20 };

bool rc_sha256_hex(struct rc_slice data, char out[RC_SHA256_HEX]);
bool rc_hmac_sha256_hex(struct rc_slice key, struct rc_slice data, char out[RC_SHA256_HEX]);
bool rc_hmac_sha1(struct rc_slice key, struct rc_slice data, unsigned char out[RC_SHA1_BYTES]);

#endif
