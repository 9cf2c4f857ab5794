/* engine/report/outcome.h - how it ended for one person on one target: one row of users.csv, one line of users.jsonl.
 *
 * Slices are borrowed for the call only; {NULL, 0} means "none" and is written as an empty cell or null. Times are wall
 * ns, 0 for none. A secret field is named as changed, its values are never looked at. */
#ifndef RC_REPORT_OUTCOME_H
#define RC_REPORT_OUTCOME_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/action.h"
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/slice.h"

struct rc_field_change {
	const char *field;
	struct rc_slice before, after; /* p NULL: the field had no value, or is not known */
	bool secret;
};

struct rc_outcome {
	const char *target;  /* name in the config */
	struct rc_slice key; /* empty for an unmanaged account */
	struct rc_slice name;
	enum rc_action action;
	enum rc_status status;
	const struct rc_field_change *fields;
	size_t n_fields;
	uint32_t attempts;
	const char *error_code;    /* NULL: none */
	const char *error_message; /* NULL: none; printable, without secrets */
	const char *request_id;    /* NULL: none */
	struct rc_slice remote_id;
	int64_t planned_at, done_at;
	const char *server; /* label; NULL: none */
	struct rc_slice source_file;
	uint64_t source_line; /* 0: none */
	const char *reason;   /* the rule that decided; NULL: none */
	struct rc_slice linked_name;
	int64_t due_at;
	uint32_t queue_position;        /* 0: not in a queue */
	bool drift;                     /* the provider's account differed from what was last confirmed */
	const struct rc_slice *columns; /* NULL, or one value per name in rc_report_opts.columns */
};

/* The contract's columns in their order, and how many. */
extern const char *const rc_outcome_columns[];
enum { RC_OUTCOME_COLUMNS = 20 };

/* Appends the header line of users.csv / one record, each with its newline. A source column whose name is taken by one
 * of ours becomes "source.NAME", so that the file reads back. */
void rc_outcome_csv_header(struct rc_buf *b, const char *const *columns, size_t n_columns);
void rc_outcome_csv(struct rc_buf *b, const char *run_id, const struct rc_outcome *o, size_t n_columns);

/* Appends one line of users.jsonl (schemas/report-line.schema.json) with its newline. */
void rc_outcome_json(struct rc_buf *b, const char *run_id, const struct rc_outcome *o, const char *const *columns,
		     size_t n_columns);

/* The inverse, for rendering: everything points into mem. columns: the names to look for under "columns".
 * RC_CANTCREAT when the line is none of ours. */
enum rc_code rc_outcome_parse(struct rc_slice line, const char *const *columns, size_t n_columns, struct rc_arena *mem,
			      struct rc_outcome *ret, struct rc_err *err);

/* Whether the report counts this row but leaves it out with `users: changed`: nothing was done, and nothing was seen.
 */
static inline bool rc_outcome_quiet(const struct rc_outcome *o)
{
	return o->action == RC_ACT_NONE && o->status == RC_ST_DONE && !o->drift;
}

#endif
