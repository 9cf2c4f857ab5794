/* engine/run/check_rows.h - what a run would make of the rows as they are now: who would fail, and why, without a
 * state, without a call. Bounded: the first RC_CHECK_ROWS rows of each source, and what tells their keys and names
 * apart.
 *
 * It knows no accounts, so it errs where the state decides: of two who want one name, one may hold it already. */
#ifndef RC_RUN_CHECK_ROWS_H
#define RC_RUN_CHECK_ROWS_H
#include "engine/report/reasons.h"
#include "engine/run/mapping.h"

enum { RC_CHECK_ROWS = 100000 };

struct rc_check_source {
	uint64_t rows, filtered, kept; /* by its own where */
	bool cut;                      /* there are more rows */
	struct rc_reasons refused;
	uint64_t n_refused;
};

struct rc_check_target {
	uint64_t people, filtered, n_failed; /* filtered: by the target's where; people: the others */
	struct rc_reasons failed;
};

struct rc_check_rows;
struct rc_check_rows *rc_check_rows_new(const struct rc_config *cfg, int64_t now_ns);
void rc_check_rows_free(struct rc_check_rows *c);

/* One record of a source; file lives as long as c. false: enough of this source. */
bool rc_check_row(struct rc_check_rows *c, size_t source, struct rc_mapping *m, const struct rc_record *rec,
		  const char *file);
bool rc_check_reject(struct rc_check_rows *c, size_t source, const struct rc_reject *rej, const char *file);

/* Sorted, most frequent reason first; the caller's until the next row. */
const struct rc_check_source *rc_check_source(struct rc_check_rows *c, size_t source);
const struct rc_check_target *rc_check_target(struct rc_check_rows *c, size_t target);

#endif
