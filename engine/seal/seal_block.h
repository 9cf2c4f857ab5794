/* engine/seal/seal_block.h - one block: plaintext to PEM CMS AuthEnvelopedData and back (RFC 5083, RFC 5084, RFC 7468).
 *
 * The only file that knows CMS. Neither plaintext nor content key is left in memory that this side owns. */
#ifndef RC_SEAL_BLOCK_H
#define RC_SEAL_BLOCK_H
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "engine/base/buf.h"
#include "engine/base/err.h"

#define RC_SEAL_BEGIN "-----BEGIN CMS-----"
#define RC_SEAL_END "-----END CMS-----"
/* Stands alone on the line after what a crash left half-written; no base64, so that no PEM reader takes it for data. */
#define RC_SEAL_TORN "! cut off here by a crash; no password in it was used !"

/* Appends the block to ret, its last line ended. RSA recipients by OAEP with SHA-256, EC by ECDH. */
enum rc_code rc_seal_block_make(struct rc_slice plain, X509 *const *to, size_t n, struct rc_buf *ret,
				struct rc_err *err);

enum rc_seal_opened {
	RC_SEAL_OPENED,
	RC_SEAL_DAMAGED, /* not CMS, or opened by this key but altered; *ret_why says which */
	RC_SEAL_NOT_OURS /* no recipient of it matches this key */
};

/* Opens the block pem (BEGIN and END lines included). On RC_SEAL_OPENED the plaintext is appended to ret (make it
 * .secret). ret_id: appended with the recipients' identities, one NUL-terminated string each (DER issuer and serial in
 * hex); when opened only that of the recipient that opened it. */
enum rc_seal_opened rc_seal_block_open(struct rc_slice pem, EVP_PKEY *key, struct rc_buf *ret, struct rc_buf *ret_id,
				       const char **ret_why);

#endif
