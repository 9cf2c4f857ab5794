/* Keys and certificates made on the spot, and a directory of one's own. */
#ifndef HELPER_SEAL_H
#define HELPER_SEAL_H
#include <openssl/evp.h>
#include "engine/base/buf.h"
#include "engine/seal/seal.h"

#define SEAL_NOW 1764000000000000000LL /* 2025-11-24 */

struct seal_box {
	char dir[64];
	char file[128]; /* credentials, not made yet */
};

void seal_box_make(struct seal_box *b);
void seal_box_remove(struct seal_box *b);

/* "ec", "rsa", "rsa1024" or "ed25519": writes DIR/NAME.crt (valid from..until days around SEAL_NOW) and DIR/NAME.key
 * (with the passphrase when not NULL). */
EVP_PKEY *seal_identity(const struct seal_box *b, const char *name, const char *type, int from_days, int until_days,
			const char *passphrase);
const char *seal_path(const struct seal_box *b, const char *name, const char *suffix); /* static memory, 8 in turn */

void seal_slurp(const char *path, struct rc_buf *ret);
void seal_spill(const char *path, struct rc_slice text);

struct rc_seal_entry seal_entry(enum rc_seal_kind kind, const char *run, const char *name, const char *password);

/* Opens the file, commits one block with these entries to the certificate names (NULL-terminated), closes. */
void seal_block_of(const struct seal_box *b, const char *const *certs, const struct rc_seal_entry *e, size_t n);

#endif
