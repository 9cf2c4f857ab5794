/* Deprecated since 3.0 in favour of EVP, and in every 3.x: see the header. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "engine/base/sha256.h"
#include <openssl/opensslv.h>
#include <openssl/sha.h>

void rc_sha256(struct rc_slice s, unsigned char ret[RC_SHA256_BYTES])
{
#if OPENSSL_VERSION_MAJOR > 3
	SHA256((const unsigned char *)s.p, s.n, ret);
#else
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, s.p, s.n);
	SHA256_Final(ret, &c);
#endif
}
