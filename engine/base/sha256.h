/* engine/base/sha256.h - SHA-256 of what is whole in memory, for names of things: a config's hash, the policy of a
 * page.
 *
 * By libcrypto's own functions for it, not by EVP: the first EVP call of a process takes 1 ms to find out which
 * providers there are, a fifth of what a plan of ten people takes. What keeps a secret goes through EVP. */
#ifndef RC_SHA256_H
#define RC_SHA256_H
#include "engine/base/slice.h"

enum { RC_SHA256_BYTES = 32 };

void rc_sha256(struct rc_slice s, unsigned char ret[RC_SHA256_BYTES]);

#endif
