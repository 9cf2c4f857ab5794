/* engine/seal/seal_csv.h - the plaintext of a block: CSV after RFC 4180, bytes exact, LF line ends.
 *
 * Columns: run_id, target, server, key, name, password, created_at, then the included ones. created_at empty marks a
 * void entry (what run_id sealed for the account before did not take), only the password empty a lock. */
#ifndef RC_SEAL_CSV_H
#define RC_SEAL_CSV_H
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/slice.h"

enum rc_seal_column {
	RC_SEAL_RUN_ID,
	RC_SEAL_TARGET,
	RC_SEAL_SERVER,
	RC_SEAL_KEY,
	RC_SEAL_NAME,
	RC_SEAL_PASSWD,
	RC_SEAL_CREATED_AT,
	RC_SEAL_FIXED
};

extern const char *const rc_seal_column_names[RC_SEAL_FIXED];

/* One row of n cells. */
void rc_seal_csv_row(struct rc_buf *b, const struct rc_slice *cells, size_t n);

/* Takes a row off *text into cells (copies in mem). Returns the number of cells; 0: at the end; -1: malformed, or more
 * than max cells. */
long rc_seal_csv_next(struct rc_slice *text, struct rc_arena *mem, struct rc_slice *cells, size_t max);

#endif
