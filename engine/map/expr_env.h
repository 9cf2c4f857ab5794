/* engine/map/expr_env.h - the inside of an expression environment, shared by the files of engine/map only. */
#ifndef RC_MAP_EXPR_ENV_H
#define RC_MAP_EXPR_ENV_H
#include <lua.h>
#include "engine/base/arena.h"
#include "engine/map/expr.h"
#include "engine/map/regex.h"

enum {
	RC_EXPR_INSTRUCTIONS = 1000000,
	RC_EXPR_HELD_MAX = 64 << 20,       /* bytes alive */
	RC_EXPR_ALLOCATED_MAX = 256 << 20, /* bytes handed out during one evaluation, alive or not */
	RC_EXPR_ARENA_KEEP = 1 << 20
};

enum rc_expr_kind { RC_EXPR_COLUMN, RC_EXPR_LOWER, RC_EXPR_UPPER, RC_EXPR_CONST, RC_EXPR_LUA };
enum rc_value_kind { RC_VALUE_NIL, RC_VALUE_BOOL, RC_VALUE_INT, RC_VALUE_FLOAT, RC_VALUE_TEXT };

struct rc_value {
	enum rc_value_kind kind;
	bool b;
	int64_t i;
	double d;
	struct rc_slice text;
};

struct rc_expr {
	struct rc_expr *next; /* of the environment */
	struct rc_expr_env *env;
	char *text, *where;
	enum rc_expr_kind kind;
	size_t column;         /* RC_EXPR_COLUMN, or lower and upper of one */
	struct rc_value value; /* RC_EXPR_CONST; its text is in mem */
	int ref;               /* RC_EXPR_LUA: the compiled chunk, in Lua's registry */
	bool scoped_n;         /* `n` means the counter */
	bool scoped_account;   /* `account` means the account */
	struct rc_columns used;
	struct rc_expr_memo *memo; /* NULL: every row is run */
	struct rc_arena mem;
};

struct rc_expr_env {
	lua_State *L;
	size_t held, allocated; /* bytes */
	bool ldif;
	bool any; /* only to compile: the columns are not known, every name may be one */
	size_t n_columns, cap_columns;
	char **columns;
	struct rc_slice *column_names;
	const struct rc_lookups *lookups;
	const struct rc_zone *zone;
	struct rc_expr *exprs;
	struct rc_expr *running;
	const struct rc_slice *fields; /* the row */
	const struct rc_expr_field *attrs;
	size_t n_fields, n_attrs;
	int64_t n;
	const struct rc_expr_field *account;
	size_t n_account;
	struct rc_arena results;
	struct rc_regexes regexes;
};

static inline struct rc_expr_env *rc_expr_env_of(lua_State *L)
{
	return *(struct rc_expr_env **)lua_getextraspace(L);
}

/* expr_env.c: the names a chunk can see. */
bool rc_expr_column_find(const struct rc_expr_env *env, struct rc_slice name, size_t *ret);
size_t rc_expr_column_add(struct rc_expr_env *env, struct rc_slice name);
void rc_expr_column_publish(lua_State *L, struct rc_slice spelling, size_t i); /* may throw */
struct rc_slice rc_expr_column_value(const struct rc_expr_env *env, size_t i);

/* Runs fn(ctx) where Lua may throw; on an error puts its cleaned text into msg. LUA_OK or Lua's status. */
int rc_expr_protected(struct rc_expr_env *env, lua_CFunction fn, void *ctx, char *msg, size_t cap);
void rc_expr_message(lua_State *L, char *msg, size_t cap); /* pops the error */

/* expr.c */
void rc_expr_free(struct rc_expr *e);
enum rc_code rc_expr_fold(struct rc_expr *e, struct rc_err *err); /* a constant is run once and kept */

/* expr_memo.c: what an expression of few cells had for the same ones before; NULL: it is none of those. */
struct rc_expr_memo *rc_expr_memo_new(const struct rc_expr *e);
void rc_expr_memo_free(struct rc_expr_memo *m); /* NULL is fine */
/* e->memo is there. run: what finds the value otherwise; faults are not kept. */
enum rc_code rc_expr_memo_value(struct rc_expr *e,
				enum rc_code (*run)(struct rc_expr *, struct rc_value *, struct rc_err *),
				struct rc_value *ret, struct rc_err *err);

/* A number as text: an integral one without a fraction. Returns the length. */
size_t rc_expr_number_text(int64_t i, double d, bool integer, char out[32]);

/* expr_lib.c: the functions. */
void rc_expr_lib_push(lua_State *L); /* leaves a table of name -> function */
bool rc_expr_lib_has(struct rc_slice name);
size_t rc_expr_lib_names(const char *const **ret);

#endif
