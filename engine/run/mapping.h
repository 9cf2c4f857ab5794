/* engine/run/mapping.h - the expressions of one source, compiled for one header, and what they make of a row. */
#ifndef RC_RUN_MAPPING_H
#define RC_RUN_MAPPING_H
#include "engine/base/arena.h"
#include "engine/config/config.h"
#include "engine/map/dates.h"
#include "engine/map/expr.h"
#include "engine/map/lookup.h"
#include "engine/source/reader.h"

struct rc_mapping;

/* What a person shall be on one target. Slices live in the arena given to rc_mapping_row. */
struct rc_want {
	bool filtered;             /* the target's `where` says no */
	bool chosen;               /* by first_free: `account` holds the first choice until first_free.c has chosen */
	const char *invalid;       /* a local rule is broken; NULL: fine */
	const char *invalid_code;  /* NULL: rollcall.invalid */
	struct rc_account account; /* canonical, without secrets */
	struct rc_slice name;
	struct rc_slice password; /* by expression; plain, in the arena: wipe it; n 0: none or generated */
	struct rc_slice server;   /* label by expression; n 0: none */
	struct rc_slice *include; /* values of the target's included columns, only with secrets; NULL: none */
	int64_t priority;
};

struct rc_mapped {
	struct rc_slice key;
	bool filtered;             /* the source's `where` says no */
	bool left;                 /* evidence of leaving, now */
	int64_t from_ns, until_ns; /* first moment with / without access; INT64_MIN / INT64_MAX: open */
	double prefer;
	const struct rc_slice *columns; /* values for report.columns; NULL: none are configured */
	struct rc_want *want;           /* one per target; NULL when filtered */
};

/* The header of an open file with the config's aliases put in place; lives as long as the reader and mem. */
const struct rc_slice *rc_mapping_header(const struct rc_config *cfg, size_t source, const struct rc_reader *r,
					 struct rc_arena *mem, size_t *ret_n);

/* columns: the header (CSV) with aliases already put in place; n 0 for LDIF. A name that is neither function nor column
 * is RC_DATA when `seen` (the state has known such a column) lists it, else RC_CONFIG; err says which. Of several
 * faults err is the last, the others are logged. */
enum rc_code rc_mapping_new(const struct rc_config *cfg, size_t source, bool ldif, const struct rc_slice *columns,
			    size_t n, const struct rc_lookups *lookups, const struct rc_slice *seen, size_t n_seen,
			    struct rc_mapping **ret, struct rc_err *err);
/* Adds what is wrong with expressions and time zones whatever the sources hold: all but names that no column bears. c
 * may be a config with faults, see struct rc_config_errors. */
void rc_mapping_faults(const struct rc_config *c, struct rc_config_errors *errs);
void rc_mapping_free(struct rc_mapping *m); /* NULL is fine */

/* Names of the columns that can reach a verdict; *ret_all: every column can. Secret fields' columns are left out. */
const struct rc_slice *rc_mapping_used(const struct rc_mapping *m, size_t *ret_n, bool *ret_all);

/* Columns that secret fields read, in mem, NUL-terminated beyond n. */
const struct rc_slice *rc_mapping_secret(const struct rc_mapping *m, struct rc_arena *mem, size_t *ret_n);

/* Columns that the source's `where` reads, in mem, NUL-terminated beyond n; n 0 also when it reads any. */
const struct rc_slice *rc_mapping_where(const struct rc_mapping *m, struct rc_arena *mem, size_t *ret_n);

/* The key alone, from what is certain of a refused record; empty when unreadable. Lives in mem. */
struct rc_slice rc_mapping_key(struct rc_mapping *m, const struct rc_reject *rej, struct rc_arena *mem);

/* RC_DATA: the row is refused, err says why (without file and line). secrets: also evaluate password expressions. */
enum rc_code rc_mapping_row(struct rc_mapping *m, const struct rc_record *rec, bool secrets, struct rc_arena *mem,
			    struct rc_mapped *ret, struct rc_err *err);

/* Brings the account into its canonical form, names it and checks it; what is broken goes to w->invalid. */
void rc_want_settle(const struct rc_account_schema *schema, struct rc_want *w, struct rc_arena *mem);

/* --- questions after the scan: which name is free, is this account theirs -------------------------------------------
 */

/* A row that can be asked again; the mapping must outlive it. */
struct rc_row_copy {
	struct rc_mapping *m;
	const struct rc_slice *fields; /* CSV: n, with blanks where no question reads */
	const struct rc_expr_field *attrs;
	size_t n;
};

/* Kept: rc_mapping_free does nothing until it is no longer kept. */
void rc_mapping_keep(struct rc_mapping *m, bool kept);
bool rc_mapping_asked_later(const struct rc_mapping *m);
/* The row that rc_mapping_row saw last, in mem. */
struct rc_row_copy *rc_mapping_copy_row(struct rc_mapping *m, const struct rc_record *rec, struct rc_arena *mem);

/* The i-th choice of the target's first_free rule, in mem; absent or blank: n 0. RC_USAGE: there are no more. RC_DATA:
 * the expression fails on this row. */
enum rc_code rc_mapping_choice(const struct rc_row_copy *row, size_t target, size_t i, struct rc_arena *mem,
			       struct rc_slice *ret, struct rc_err *err);
int rc_mapping_chosen_field(const struct rc_row_copy *row, size_t target);

/* Whether adopt_if takes the account for this person's; true without adopt_if. */
enum rc_code rc_mapping_adopt_if(const struct rc_row_copy *row, size_t target, const struct rc_account *account,
				 struct rc_slice name, bool *ret, struct rc_err *err);

#endif
