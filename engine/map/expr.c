#include "engine/map/expr.h"
#include <inttypes.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine/base/alloc.h"
#include "engine/map/expr_env.h"
#include "engine/map/text.h"

void rc_expr_free(struct rc_expr *e)
{
	if (!e)
		return;
	free(e->text);
	free(e->where);
	rc_columns_done(&e->used);
	rc_expr_memo_free(e->memo);
	rc_arena_done(&e->mem);
	free(e);
}

void rc_expr_memo_off(struct rc_expr *e)
{
	rc_expr_memo_free(e->memo);
	e->memo = NULL;
}

const char *rc_expr_text(const struct rc_expr *e)
{
	return e->text;
}

const char *rc_expr_where(const struct rc_expr *e)
{
	return e->where;
}

/* ---- the row ---- */

void rc_expr_row_none(struct rc_expr_env *env)
{
	env->fields = NULL;
	env->attrs = NULL;
	env->n_fields = env->n_attrs = 0;
	if (env->results.used > RC_EXPR_ARENA_KEEP)
		rc_arena_done(&env->results);
	else if (env->results.used)
		rc_arena_reset(&env->results);
}

void rc_expr_row_csv(struct rc_expr_env *env, const struct rc_slice *fields, size_t n)
{
	rc_expr_row_none(env);
	env->fields = fields;
	env->n_fields = n;
}

void rc_expr_row_ldif(struct rc_expr_env *env, const struct rc_expr_field *attrs, size_t n)
{
	rc_expr_row_none(env);
	env->attrs = attrs;
	env->n_attrs = n;
}

void rc_expr_set_n(struct rc_expr_env *env, int64_t n)
{
	env->n = n;
}

void rc_expr_set_account(struct rc_expr_env *env, const struct rc_expr_field *fields, size_t n)
{
	env->account = fields;
	env->n_account = n;
}

/* ---- running ---- */

static enum rc_code fault(const struct rc_expr *e, struct rc_err *err, const char *reason)
{
	return rc_fail(err, RC_DATA, "%s: %s", e->where, reason);
}

static void too_long(lua_State *L, lua_Debug *ar)
{
	(void)ar;
	luaL_error(L, "the expression does not end: stopped after %d instructions", RC_EXPR_INSTRUCTIONS);
}

/* The value on top of the stack; its text is copied to mem. NULL, or why it cannot be a result. */
static const char *take(lua_State *L, struct rc_arena *mem, struct rc_value *ret)
{
	struct rc_slice s;

	*ret = (struct rc_value){0};
	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		return NULL;
	case LUA_TBOOLEAN:
		ret->kind = RC_VALUE_BOOL;
		ret->b = lua_toboolean(L, -1);
		return NULL;
	case LUA_TNUMBER:
		ret->kind = lua_isinteger(L, -1) ? RC_VALUE_INT : RC_VALUE_FLOAT;
		ret->i = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
		ret->d = lua_tonumber(L, -1);
		return isfinite(ret->d) ? NULL : "the result is no finite number";
	case LUA_TSTRING:
		s.p = lua_tolstring(L, -1, &s.n);
		if (s.n > RC_EXPR_RESULT_MAX)
			return "the result is longer than 64 KiB";
		ret->kind = RC_VALUE_TEXT;
		ret->text = rc_arena_copy(mem, s);
		return NULL;
	case LUA_TFUNCTION:
		return "the result is a function: call it with (...)";
	case LUA_TTABLE:
		return "the result is a list: take one value with first(...) or [1], or join(...) them";
	default:
		return "the result is no text";
	}
}

static enum rc_code run(struct rc_expr *e, struct rc_arena *mem, struct rc_value *ret, struct rc_err *err)
{
	struct rc_expr_env *env = e->env;
	lua_State *L = env->L;
	const char *reason;
	char msg[240];

	env->allocated = 0;
	env->running = e;
	lua_settop(L, 0);
	lua_sethook(L, too_long, LUA_MASKCOUNT, RC_EXPR_INSTRUCTIONS); /* counts from here */
	lua_rawgeti(L, LUA_REGISTRYINDEX, e->ref);
	switch (lua_pcall(L, 0, 1, 0)) {
	case LUA_OK:
		reason = take(L, mem, ret);
		lua_settop(L, 0);
		return reason ? fault(e, err, reason) : RC_OK;
	case LUA_ERRMEM:
		lua_settop(L, 0);
		lua_gc(L, LUA_GCCOLLECT);
		return fault(e, err, "the expression takes too much memory");
	default:
		rc_expr_message(L, msg, sizeof(msg));
		return fault(e, err, msg);
	}
}

enum rc_code rc_expr_fold(struct rc_expr *e, struct rc_err *err)
{
	enum rc_code code = run(e, &e->mem, &e->value, err);

	if (code)
		return RC_CONFIG;
	luaL_unref(e->env->L, LUA_REGISTRYINDEX, e->ref);
	e->kind = RC_EXPR_CONST;
	return RC_OK;
}

static enum rc_code run_row(struct rc_expr *e, struct rc_value *ret, struct rc_err *err)
{
	return run(e, &e->env->results, ret, err);
}

static enum rc_code column_of(const struct rc_expr *e, struct rc_value *ret, struct rc_err *err)
{
	*ret = (struct rc_value){.kind = RC_VALUE_TEXT, .text = rc_expr_column_value(e->env, e->column)};
	if (!ret->text.p)
		ret->text = RC_SLICE("");
	return ret->text.n > RC_EXPR_RESULT_MAX ? fault(e, err, "the result is longer than 64 KiB") : RC_OK;
}

static enum rc_code in_case(const struct rc_expr *e, char first, char last, struct rc_value *ret, struct rc_err *err)
{
	enum rc_code code = column_of(e, ret, err);
	char *out;

	if (code)
		return code;
	out = rc_arena_alloc(&e->env->results, ret->text.n + 1);
	rc_text_case(ret->text, first, last, out);
	out[ret->text.n] = 0;
	ret->text.p = out;
	return RC_OK;
}

static enum rc_code value_of(struct rc_expr *e, struct rc_value *ret, struct rc_err *err)
{
	switch (e->kind) {
	case RC_EXPR_COLUMN:
		return column_of(e, ret, err);
	case RC_EXPR_LOWER:
		return in_case(e, 'A', 'Z', ret, err);
	case RC_EXPR_UPPER:
		return in_case(e, 'a', 'z', ret, err);
	case RC_EXPR_CONST:
		*ret = e->value;
		return RC_OK;
	case RC_EXPR_LUA:
		break;
	}
	return e->memo ? rc_expr_memo_value(e, run_row, ret, err) : run_row(e, ret, err);
}

/* ---- results ---- */

size_t rc_expr_number_text(int64_t i, double d, bool integer, char out[32])
{
	int n;

	if (!integer && d == floor(d) && fabs(d) < 9.2e18) {
		i = (int64_t)d;
		integer = true;
	}
	if (integer)
		n = snprintf(out, 32, "%" PRId64, i);
	else /* every digit of an integral one, as far as they fit */
		n = snprintf(out, 32, d == floor(d) && fabs(d) < 1e29 ? "%.0f" : "%.14g", d);
	return (size_t)n;
}

enum rc_code rc_expr_eval_string(struct rc_expr *e, struct rc_slice *ret, struct rc_err *err)
{
	struct rc_value v;
	char number[32];
	enum rc_code code = value_of(e, &v, err);

	if (code)
		return code;
	switch (v.kind) {
	case RC_VALUE_TEXT:
		*ret = v.text;
		return RC_OK;
	case RC_VALUE_INT:
	case RC_VALUE_FLOAT:
		*ret = (struct rc_slice){number, rc_expr_number_text(v.i, v.d, v.kind == RC_VALUE_INT, number)};
		*ret = rc_arena_copy(&e->env->results, *ret);
		return RC_OK;
	case RC_VALUE_BOOL:
		if (v.b)
			return fault(e, err,
				     "the result is true, not a text; for one or the other: CONDITION and 'a' or 'b'");
		break;
	case RC_VALUE_NIL:
		break;
	}
	*ret = (struct rc_slice){NULL, 0};
	return RC_OK;
}

static bool flag_word(struct rc_slice s, bool *ret)
{
	static const char *const yes[] = {"true", "yes", "y", "1"}, *const no[] = {"false", "no", "n", "0"};

	s = rc_text_trim(s);
	if (!s.n) {
		*ret = false;
		return true;
	}
	for (size_t i = 0; i < 4; i++)
		if (rc_text_eq_fold(s, rc_slice_str(yes[i])) || rc_text_eq_fold(s, rc_slice_str(no[i]))) {
			*ret = rc_text_eq_fold(s, rc_slice_str(yes[i]));
			return true;
		}
	return false;
}

enum rc_code rc_expr_eval_bool(struct rc_expr *e, bool *ret, struct rc_err *err)
{
	struct rc_value v;
	enum rc_code code = value_of(e, &v, err);

	if (code)
		return code;
	switch (v.kind) {
	case RC_VALUE_NIL:
		*ret = false;
		return RC_OK;
	case RC_VALUE_BOOL:
		*ret = v.b;
		return RC_OK;
	case RC_VALUE_INT:
	case RC_VALUE_FLOAT:
		*ret = v.d > 0;
		if (v.d == 0 || v.d == 1)
			return RC_OK;
		break;
	case RC_VALUE_TEXT:
		if (flag_word(v.text, ret))
			return RC_OK;
		break;
	}
	return fault(e, err, "the result is neither true nor false: compare it, as in status == 'active'");
}

enum rc_code rc_expr_eval_number(struct rc_expr *e, double *ret, struct rc_err *err)
{
	struct rc_value v;
	struct rc_slice s;
	char text[64], *end;
	enum rc_code code = value_of(e, &v, err);

	if (code)
		return code;
	if (v.kind == RC_VALUE_INT || v.kind == RC_VALUE_FLOAT) {
		*ret = v.d;
		return RC_OK;
	}
	s = v.kind == RC_VALUE_TEXT ? rc_text_trim(v.text) : (struct rc_slice){NULL, 0};
	if ((v.kind == RC_VALUE_BOOL && v.b) || s.n >= sizeof(text))
		return fault(e, err, "the result is no number");
	if (!s.n) {
		*ret = NAN;
		return RC_OK;
	}
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (strspn(text, "+-.0123456789eE") == s.n) {
		*ret = strtod(text, &end);
		if (!*end && isfinite(*ret))
			return RC_OK;
	}
	return fault(e, err, "the result is no number");
}
