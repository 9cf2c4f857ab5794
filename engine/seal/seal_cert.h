/* engine/seal/seal_cert.h - loaded certificates, as the batch's writer needs them. */
#ifndef RC_SEAL_CERT_H
#define RC_SEAL_CERT_H
#include <openssl/x509.h>
#include "engine/seal/seal.h"

struct rc_seal_certs {
	X509 **v; /* no two the same */
	size_t n;
};

#endif
