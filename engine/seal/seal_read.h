/* engine/seal/seal_read.h - a credentials file, opened with a private key.
 *
 * All of the file is judged before any of it is believed: a damaged block may hold the last word on an account, so that
 * without it an older password would pass for the real one. */
#ifndef RC_SEAL_READ_H
#define RC_SEAL_READ_H
#include <openssl/evp.h>
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/seal/seal.h"
#include "engine/seal/seal_csv.h"

/* Appends the passphrase to ret (.secret); called when the key turns out to need one. */
typedef enum rc_code (*rc_seal_ask)(void *ctx, struct rc_buf *ret, struct rc_err *err);

/* Loads a private key (PEM). RC_DATA: unreadable, none inside, or the wrong passphrase; else what ask returned. Free
 * with EVP_PKEY_free. */
enum rc_code rc_seal_key_load(const char *path, rc_seal_ask ask, void *ctx, EVP_PKEY **ret, struct rc_err *err);

struct rc_seal_row {
	enum rc_seal_kind kind;
	bool last;                            /* the one that holds for its account */
	struct rc_slice cells[RC_SEAL_FIXED]; /* as sealed */
	const struct rc_slice *extra;         /* included columns of its block */
	const size_t *extra_at;               /* where each goes among rc_seal_rows.columns */
	size_t extra_n;
};

struct rc_seal_rows {
	struct rc_arena mem; /* everything below, passwords included */
	struct rc_seal_row *v;
	size_t n;                 /* in the order of the file */
	struct rc_slice *columns; /* heap; the names lie in mem */
	size_t columns_n;         /* included columns over all blocks, in the order they first appear */
	size_t blocks;            /* opened */
	size_t others;            /* sealed to other keys only, skipped */
	size_t torn;              /* cut off by a crash, skipped */
	uint64_t torn_line;       /* where the last of them begins */
};

/* Reads the file. RC_DATA, with file, line and reason: unreadable, damaged, or nothing in it is sealed to this key.
 * ret must be zeroed; end with rc_seal_rows_done in any case. */
enum rc_code rc_seal_read(const char *path, EVP_PKEY *key, struct rc_seal_rows *ret, struct rc_err *err);

/* Sets .last: per account the newest entry that no void withdraws (rc_seal_read has done so). */
void rc_seal_settle(struct rc_seal_rows *rows);

/* The row's value of an included column; empty where its block has none. */
struct rc_slice rc_seal_row_extra(const struct rc_seal_row *r, size_t column);

void rc_seal_rows_done(struct rc_seal_rows *r); /* cleanses */

#endif
