#include <lauxlib.h>
#include <stdlib.h>
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/nearest.h"
#include "engine/map/expr_env.h"
#include "engine/map/expr_scan.h"
#include "engine/map/lookup.h"

struct compiling {
	struct rc_expr *e;
	const struct rc_expr_scope *scope;
	struct rc_uses scan;
	struct rc_buf source; /* the chunk */
	struct rc_slice unknown;
	size_t *published; /* per use: index + 1 of the column, 0 none */
	struct rc_err *err;
};

static void columns_set(struct rc_columns *set, size_t i)
{
	size_t words = i / 64 + 1;

	if (words > set->n_words) {
		set->bits = rc_xreallocarray(set->bits, words, sizeof(uint64_t));
		memset(set->bits + set->n_words, 0, (words - set->n_words) * sizeof(uint64_t));
		set->n_words = words;
	}
	set->bits[i / 64] |= (uint64_t)1 << (i % 64);
}

static enum rc_code fault(struct compiling *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static enum rc_code fault(struct compiling *c, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return rc_fail(c->err, RC_CONFIG, "%s: %s", c->e->where, text);
}

static int clip(struct rc_slice s)
{
	return (int)(s.n < 64 ? s.n : 64);
}

static enum rc_code unknown_function(struct compiling *c, struct rc_slice name)
{
	const char *const *functions;
	size_t n = rc_expr_lib_names(&functions);
	const char *near = rc_nearest(name, functions, n);
	size_t i;

	if (rc_expr_column_find(c->e->env, name, &i) && !c->e->env->ldif)
		return fault(c, "%.*s is a column, it cannot be called", clip(name), name.p);
	if (near)
		return fault(c, "there is no function '%.*s'; did you mean '%s'?", clip(name), name.p, near);
	return fault(c, "there is no function '%.*s'", clip(name), name.p);
}

/* Words, not an expression: as a header line would have them. */
static bool looks_like_header(struct rc_slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    !strchr(" _-.#/", c))
			return false;
	}
	return text.n && !strchr(" _-.#/", text.p[text.n - 1]);
}

/* Where a column's name may stand as it is, this can be meant for nothing else. */
static bool is_column_text(const struct compiling *c)
{
	return c->scope && c->scope->column && looks_like_header(rc_slice_str(c->e->text)) && !strstr(c->e->text, "..");
}

static bool word_byte(char b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '_' || (b & 0x80);
}

/* The name of a column that stands in the text around part of it: E-Mail, of which Lua takes E for a name. */
static struct rc_slice column_around(const struct compiling *c, struct rc_slice part)
{
	const struct rc_expr_env *env = c->e->env;
	const char *text = c->e->text, *end = text + strlen(text);
	struct rc_slice found = {0};

	for (size_t i = 0; i < env->n_columns; i++) {
		struct rc_slice name = env->column_names[i];

		for (const char *p = text; name.n > found.n && name.n > part.n && p + name.n <= end && p <= part.p; p++)
			if (memcmp(p, name.p, name.n) == 0 && p + name.n >= part.p + part.n &&
			    (p == text || !word_byte(p[-1])) && (p + name.n == end || !word_byte(p[name.n])))
				found = name;
	}
	return found;
}

static enum rc_code unknown_column(struct compiling *c, struct rc_slice name)
{
	const struct rc_expr_env *env = c->e->env;
	const char *near = rc_nearest(name, (const char *const *)env->columns, env->n_columns);
	struct rc_slice around = column_around(c, name);

	if (!around.n && is_column_text(c))
		name = rc_slice_str(c->e->text);
	if (around.n)
		return fault(c, "the column '%.*s' is no Lua name: write col[\"%.*s\"]", clip(around), around.p,
			     clip(around), around.p);
	c->unknown = name;
	if (near)
		return fault(c, "there is no column and no function '%.*s'; did you mean '%s'?", clip(name), name.p,
			     near);
	return fault(c, "there is no column and no function '%.*s'", clip(name), name.p);
}

static enum rc_code use_column(struct compiling *c, size_t use, struct rc_slice name)
{
	struct rc_expr_env *env = c->e->env;
	size_t i;

	if (!rc_expr_column_find(env, name, &i)) {
		if (!env->ldif && !env->any)
			return unknown_column(c, name);
		i = rc_expr_column_add(env, name);
	}
	columns_set(&c->e->used, i);
	c->published[use] = i + 1;
	return RC_OK;
}

static enum rc_code resolve_account(struct compiling *c, const struct rc_use *u)
{
	const char *near;

	if (u->kind != RC_USE_MEMBER || !u->literal.p)
		return fault(c, "account stands before a field: account.%s", c->scope->account[0]);
	for (size_t i = 0; i < c->scope->n_account; i++)
		if (rc_slice_eqs(u->literal, c->scope->account[i]))
			return RC_OK;
	near = rc_nearest(u->literal, c->scope->account, c->scope->n_account);
	return fault(c, "the account has no field '%.*s'%s%s%s", clip(u->literal), u->literal.p,
		     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum rc_code resolve_call(struct compiling *c, const struct rc_use *u)
{
	const struct rc_lookups *tables = c->e->env->lookups;

	if (u->local)
		return RC_OK;
	if (!rc_expr_lib_has(u->name))
		return unknown_function(c, u->name);
	if (rc_slice_eqs(u->name, "lookup") && u->literal.p && !rc_lookups_find(tables, u->literal))
		return fault(c, "there is no lookup table '%.*s' in /lookups", clip(u->literal), u->literal.p);
	return RC_OK;
}

static enum rc_code resolve(struct compiling *c, size_t i)
{
	const struct rc_use *u = &c->scan.v[i];
	struct rc_expr *e = c->e;
	bool ldif = e->env->ldif, any = e->env->any, table;
	size_t column;

	if (rc_slice_eqs(u->name, "_ENV"))
		return fault(c, "_ENV is not to be had here");
	if (e->scoped_account && rc_slice_eqs(u->name, "account"))
		return resolve_account(c, u);
	if (e->scoped_n && rc_slice_eqs(u->name, "n"))
		return RC_OK;
	if (u->kind == RC_USE_CALL)
		return resolve_call(c, u);
	table = rc_slice_eqs(u->name, "col") || ((ldif || any) && rc_slice_eqs(u->name, "all"));
	if (table && u->kind == RC_USE_MEMBER && u->literal.p)
		return use_column(c, i, u->literal);
	if (table && (u->kind == RC_USE_COMPUTED || u->kind == RC_USE_MEMBER)) {
		e->used.all = true;
		return RC_OK;
	}
	if (rc_expr_column_find(e->env, u->name, &column))
		return use_column(c, i, u->name);
	if (u->local)
		return RC_OK;
	if (table && !any)
		return fault(c, "%.*s stands before a name: %.*s.NAME or %.*s[\"NAME\"]", clip(u->name), u->name.p,
			     clip(u->name), u->name.p, clip(u->name), u->name.p);
	if (!ldif && !any && rc_expr_lib_has(u->name))
		return fault(c, "%.*s is a function: write %.*s(...)", clip(u->name), u->name.p, clip(u->name),
			     u->name.p);
	return use_column(c, i, u->name);
}

/* "return (" text "\n)"; a column that bears the name of a function or table, and is not called, becomes col["it"]. */
static void write_source(struct compiling *c)
{
	const char *at = c->e->text;

	rc_buf_clear(&c->source);
	rc_buf_adds(&c->source, "return (");
	for (size_t i = 0; i < c->scan.n; i++) {
		const struct rc_use *u = &c->scan.v[i];

		if (!c->published || !c->published[i] || u->kind == RC_USE_CALL || u->literal.p || u->local ||
		    !(rc_expr_lib_has(u->name) || rc_slice_eqs(u->name, "col") || rc_slice_eqs(u->name, "all")))
			continue;
		rc_buf_add(&c->source, at, (size_t)(u->name.p - at));
		rc_buf_addf(&c->source, "col[\"%.*s\"]", (int)u->name.n, u->name.p);
		at = u->name.p + u->name.n;
	}
	rc_buf_adds(&c->source, at);
	rc_buf_adds(&c->source, "\n)");
}

/* Under protection: publishes the columns and loads the chunk into the registry. */
static int load(lua_State *L)
{
	struct compiling *c = lua_touserdata(L, 1);

	for (size_t i = 0; c->published && i < c->scan.n; i++) {
		const struct rc_use *u = &c->scan.v[i];
		bool member = u->kind == RC_USE_MEMBER && u->literal.p &&
			      (rc_slice_eqs(u->name, "col") || rc_slice_eqs(u->name, "all"));

		if (c->published[i])
			rc_expr_column_publish(L, member ? u->literal : u->name, c->published[i] - 1);
	}
	lua_settop(L, 0);
	if (luaL_loadbufferx(L, c->source.p, c->source.n, "=e", "t"))
		return lua_error(L);
	c->e->ref = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

static int check_syntax(lua_State *L)
{
	struct compiling *c = lua_touserdata(L, 1);

	return luaL_loadbufferx(L, c->source.p, c->source.n, "=e", "t") ? lua_error(L) : 0;
}

static enum rc_code syntax_fault(struct compiling *c, const char *msg)
{
	struct rc_slice text = rc_slice_str(c->e->text);
	size_t i;

	if (rc_expr_column_find(c->e->env, text, &i))
		return fault(c, "the column '%.*s' is no Lua name: write col[\"%.*s\"]", clip(text), text.p, clip(text),
			     text.p);
	if (is_column_text(c))
		return unknown_column(c, text);
	if (!c->e->env->any || !looks_like_header(text))
		text = rc_bare_words(text);
	if (text.n && (c->e->env->any || rc_expr_column_find(c->e->env, text, &i)))
		return fault(c, "no Lua expression: %s; the column of this name is col[\"%.*s\"]", msg, clip(text),
			     text.p);
	return fault(c, "no Lua expression: %s%s", msg, strstr(msg, "near '='") ? "; equal is ==" : "");
}

/* What stands there beside blanks is this one character. */
static bool only(const char *p, const char *end, char what)
{
	size_t found = 0;

	for (; p < end; p++) {
		if (*p == what)
			found++;
		else if (!strchr(" \t\r\n", *p))
			return false;
	}
	return found == 1;
}

/* lower(COLUMN) and upper(COLUMN), as most names are made: done without Lua. */
static bool is_case(struct compiling *c)
{
	const struct rc_use *call = c->scan.v, *column = call + 1;
	const char *text = c->e->text;

	if (c->scan.n != 2 || c->scan.tokens != 4 || call->kind != RC_USE_CALL || call->local ||
	    column->kind != RC_USE_NAME || column->local || !c->published[1])
		return false;
	if (!only(call->name.p + call->name.n, column->name.p, '(') ||
	    !only(column->name.p + column->name.n, text + strlen(text), ')'))
		return false;
	if (rc_slice_eqs(call->name, "lower"))
		c->e->kind = RC_EXPR_LOWER;
	else if (rc_slice_eqs(call->name, "upper"))
		c->e->kind = RC_EXPR_UPPER;
	else
		return false;
	c->e->column = c->published[1] - 1;
	return true;
}

/* An attribute whose name Lua would take for a subtraction. */
static bool is_hyphened(struct rc_slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!word_byte(text.p[i]) && text.p[i] != '-')
			return false;
	return text.n && !(text.p[0] >= '0' && text.p[0] <= '9') && memchr(text.p, '-', text.n);
}

/* The text is a column's name, where one may stand as it is. */
static bool whole_column(struct compiling *c, struct rc_slice text)
{
	struct rc_expr_env *env = c->e->env;
	size_t i;

	if (!c->scope || !c->scope->column)
		return false;
	if (!rc_expr_column_find(env, text, &i)) {
		if (!env->ldif || !is_hyphened(text))
			return false;
		i = rc_expr_column_add(env, text);
	}
	columns_set(&c->e->used, i);
	c->e->kind = RC_EXPR_COLUMN;
	c->e->column = i;
	return true;
}

static enum rc_code compile(struct compiling *c)
{
	struct rc_expr *e = c->e;
	struct rc_slice text = rc_slice_str(e->text);
	char msg[240];
	enum rc_code code;

	if (text.n > RC_EXPR_TEXT_MAX)
		return fault(c, "the expression is longer than %d bytes", RC_EXPR_TEXT_MAX);
	rc_uses_find(text, &c->scan);
	if (!c->scan.tokens)
		return fault(c, "the expression is empty");
	if (whole_column(c, text))
		return RC_OK;
	write_source(c);
	if (rc_expr_protected(e->env, check_syntax, c, msg, sizeof(msg)))
		return is_column_text(c) && e->env->any ? RC_OK : syntax_fault(c, msg);
	if (c->scan.escapes)
		return fault(c, "no Lua expression: ')' closes nothing");
	c->published = rc_xcalloc(c->scan.n, sizeof(size_t));
	for (size_t i = 0; i < c->scan.n; i++) {
		code = resolve(c, i);
		if (code)
			return code;
	}
	if (c->scan.tokens == 1 && c->scan.n == 1 && c->published[0]) {
		e->kind = RC_EXPR_COLUMN;
		e->column = c->published[0] - 1;
		return RC_OK;
	}
	if (is_case(c))
		return RC_OK;
	write_source(c);
	if (rc_expr_protected(e->env, load, c, msg, sizeof(msg)))
		return fault(c, "no Lua expression: %s", msg);
	return c->scan.literal && c->scan.tokens == 1 ? rc_expr_fold(e, c->err) : RC_OK;
}

enum rc_code rc_expr_compile(struct rc_expr_env *env, const char *text, const char *where,
			     const struct rc_expr_scope *scope, struct rc_expr **ret, struct rc_slice *ret_unknown,
			     struct rc_err *err)
{
	struct rc_expr *e = rc_xcalloc(1, sizeof(*e));
	struct compiling c = {.e = e, .scope = scope, .err = err};
	enum rc_code code;

	e->env = env;
	e->text = rc_xstrdup(text);
	e->where = rc_xstrdup(where);
	e->kind = RC_EXPR_LUA;
	e->scoped_n = scope && scope->n;
	e->scoped_account = scope && scope->n_account;
	code = compile(&c);
	if (ret_unknown) { /* the caller's text, not our copy */
		*ret_unknown = (struct rc_slice){0};
		if (code && c.unknown.p)
			*ret_unknown = (struct rc_slice){text + (c.unknown.p - e->text), c.unknown.n};
	}
	rc_uses_done(&c.scan);
	rc_buf_done(&c.source);
	free(c.published);
	if (code) {
		rc_expr_free(e);
		return code;
	}
	e->memo = rc_expr_memo_new(e);
	e->next = env->exprs;
	env->exprs = e;
	*ret = e;
	return RC_OK;
}

void rc_columns_add(struct rc_columns *set, const struct rc_expr *e)
{
	set->all |= e->used.all;
	for (size_t w = 0; w < e->used.n_words; w++)
		for (size_t b = 0; b < 64; b++)
			if (e->used.bits[w] >> b & 1)
				columns_set(set, w * 64 + b);
}

bool rc_columns_has(const struct rc_columns *set, size_t column)
{
	return set->all || (column / 64 < set->n_words && (set->bits[column / 64] >> (column % 64) & 1));
}

void rc_columns_done(struct rc_columns *set)
{
	free(set->bits);
	*set = (struct rc_columns){0};
}
