/* engine/map/expr.h - the expressions of the config, compiled once and run per row in a closed Lua 5.4 world.
 *
 * The language, every function and every limit: docs/expressions.md, whose tables are a test. A bare column, a string
 * or a number never enters Lua. No state survives an evaluation. An environment belongs to one thread at a time; make
 * one per source and thread.
 *
 * Errors: compiling gives RC_CONFIG, evaluating RC_DATA (this row is rejected). The text begins with the JSON Pointer
 * that was given to compile; the caller adds person, file and line. RC_INTERNAL only when memory for the environment
 * itself is out. Limits per evaluation: 1,000,000 instructions, 64 MiB held, 256 MiB allocated, results of 64 KiB. */
#ifndef RC_MAP_EXPR_H
#define RC_MAP_EXPR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/base/err.h"
#include "engine/base/slice.h"

struct rc_expr;
struct rc_expr_env;
struct rc_lookups;
struct rc_zone;

enum {
	RC_EXPR_TEXT_MAX = 16 << 10,   /* bytes of one expression */
	RC_EXPR_RESULT_MAX = 64 << 10, /* bytes of one result */
	RC_EXPR_FUNCTIONS_REVISION = 1 /* part of the fingerprint seed; rises when a function changes its meaning */
};

/* One attribute value of an LDIF record (names lower-cased; a name occurs once per value), or one field of an account.
 */
struct rc_expr_field {
	struct rc_slice name, value;
};

/* ---- the world of one source ---- */

/* CSV: the columns are the header, in order, exactly as written; names are copied. */
struct rc_expr_env *rc_expr_env_csv(const struct rc_slice *columns, size_t n);

/* LDIF: every name is an attribute, in any case; columns are numbered as expressions first name them. */
struct rc_expr_env *rc_expr_env_ldif(void);

/* To judge expressions before a source is seen: compiling finds every fault but names that no column bears. Such an
 * expression cannot be evaluated. */
struct rc_expr_env *rc_expr_env_any(void);
void rc_expr_env_free(struct rc_expr_env *env); /* frees its expressions too */

/* Both are borrowed for the life of env and must be set before expressions that need them are compiled; without them no
 * lookup table exists and date() counts in UTC. */
void rc_expr_env_lookups(struct rc_expr_env *env, const struct rc_lookups *l);
void rc_expr_env_zone(struct rc_expr_env *env, const struct rc_zone *zone);

size_t rc_expr_env_columns(const struct rc_expr_env *env); /* grows by compiling in LDIF */
struct rc_slice rc_expr_env_column(const struct rc_expr_env *env, size_t i);

/* ---- compiling ---- */

/* Names beyond the columns. Zeroed: none. Both arrays need to live during compile only. */
struct rc_expr_scope {
	bool n;                     /* `n`, the counter of first_free */
	const char *const *account; /* fields of `account.*` (adopt_if); NULL: `account` is not a name */
	size_t n_account;
	bool column; /* the text may be the name of a column as it stands, also one that Lua cannot spell */
};

/* where is the JSON Pointer of the text, copied. scope and ret_unknown may be NULL. The expression belongs to env.
 * When the only fault is a name that is neither function nor column, *ret_unknown is that name (inside text; p is NULL
 * otherwise), so that the caller can tell a lost column (65) from a mistyped one (78); err names the nearest. */
enum rc_code rc_expr_compile(struct rc_expr_env *env, const char *text, const char *where,
			     const struct rc_expr_scope *scope, struct rc_expr **ret, struct rc_slice *ret_unknown,
			     struct rc_err *err);

/* Values of an expression over few columns are remembered by their cells, some of them, until env ends. Not those of a
 * secret: */
void rc_expr_memo_off(struct rc_expr *e);

const char *rc_expr_text(const struct rc_expr *e);
const char *rc_expr_where(const struct rc_expr *e);

/* Which columns can reach the result. all: the expression picks columns by a computed name. A zeroed set is empty. */
struct rc_columns {
	bool all;
	size_t n_words;
	uint64_t *bits; /* heap */
};
void rc_columns_add(struct rc_columns *set, const struct rc_expr *e);
bool rc_columns_has(const struct rc_columns *set, size_t column);
void rc_columns_done(struct rc_columns *set);

/* ---- per row ---- */

/* Makes this the row of all following evaluations and ends the life of earlier results. Borrowed until the next row or
 * rc_expr_row_none. CSV: fields[i] belongs to column i; missing ones at the end are "". */
void rc_expr_row_csv(struct rc_expr_env *env, const struct rc_slice *fields, size_t n);
void rc_expr_row_ldif(struct rc_expr_env *env, const struct rc_expr_field *attrs, size_t n);
void rc_expr_row_none(struct rc_expr_env *env);

void rc_expr_set_n(struct rc_expr_env *env, int64_t n);
/* Borrowed until the next call; a declared field that is not there is "". */
void rc_expr_set_account(struct rc_expr_env *env, const struct rc_expr_field *fields, size_t n);

/* A string, or a number as text (an integral one without a fraction). false and nil: *ret = { NULL, 0 }, the field is
 * absent; an empty string has p and n 0. Anything else is an error. Borrowed until the next row. */
enum rc_code rc_expr_eval_string(struct rc_expr *e, struct rc_slice *ret, struct rc_err *err);

/* A boolean; nil and "" are false; so that flag columns work bare, the texts true/false, yes/no, y/n, 1/0 in any case
 * and the numbers 1 and 0 are taken too; anything else is an error. */
enum rc_code rc_expr_eval_bool(struct rc_expr *e, bool *ret, struct rc_err *err);

/* A number or the text of one; NAN when nil, false or blank. */
enum rc_code rc_expr_eval_number(struct rc_expr *e, double *ret, struct rc_err *err);

#endif
