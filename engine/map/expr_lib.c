#include <lauxlib.h>
#include "engine/map/dates.h"
#include "engine/map/expr_env.h"
#include "engine/map/lookup.h"
#include "engine/map/text.h"

/* Texts come in as slices into Lua's own strings, which stay on the stack; results are built in Lua's memory, so that a
 * thrown error leaks nothing and the memory limit counts them. Messages name no value: it might be a password. */

struct function {
	const char *name;
	int (*run)(lua_State *L);
	int least, most; /* arguments */
	const char *usage;
};

static int push(lua_State *L, struct rc_slice s)
{
	lua_pushlstring(L, s.n ? s.p : "", s.n);
	return 1;
}

/* A number becomes its text in place. */
static struct rc_slice text_at(lua_State *L, int i, const char *where)
{
	struct rc_slice s = {"", 0};
	char number[32];

	switch (lua_type(L, i)) {
	case LUA_TNUMBER:
		s.n = rc_expr_number_text(lua_isinteger(L, i) ? lua_tointeger(L, i) : 0, lua_tonumber(L, i),
					  lua_isinteger(L, i), number);
		lua_pushlstring(L, number, s.n);
		lua_replace(L, i);
		s.p = lua_tostring(L, i);
		return s;
	case LUA_TSTRING:
		s.p = lua_tolstring(L, i, &s.n);
		return s;
	case LUA_TTABLE:
		luaL_error(L, "%s takes a text, not a list: take one value with first(...) or [1]", where);
		return s;
	case LUA_TBOOLEAN:
		if (lua_toboolean(L, i))
			luaL_error(L, "%s takes a text, not true", where);
		return s;
	case LUA_TNIL:
	case LUA_TNONE:
		return s;
	default:
		luaL_error(L, "%s takes a text, not a %s", where, luaL_typename(L, i));
		return s;
	}
}

/* A count: a whole number from 0, or the text of one. */
static lua_Integer count_at(lua_State *L, int i, const char *where)
{
	int whole;
	lua_Integer n = lua_tointegerx(L, i, &whole);

	if (!whole || n < 0)
		luaL_error(L, "%s takes a whole number from 0", where);
	return n;
}

/* ---- one text ---- */

static int change_case(lua_State *L, const char *where, char first, char last)
{
	struct rc_slice s = text_at(L, 1, where);
	luaL_Buffer b;
	char *out = luaL_buffinitsize(L, &b, s.n);

	rc_text_case(s, first, last, out);
	luaL_pushresultsize(&b, s.n);
	return 1;
}

static int f_lower(lua_State *L)
{
	return change_case(L, "lower", 'A', 'Z');
}

static int f_upper(lua_State *L)
{
	return change_case(L, "upper", 'a', 'z');
}

static int f_trim(lua_State *L)
{
	return push(L, rc_text_trim(text_at(L, 1, "trim")));
}

static int f_ascii(lua_State *L)
{
	struct rc_slice s = text_at(L, 1, "ascii");
	luaL_Buffer b;
	char *out = luaL_buffinitsize(L, &b, s.n * 2);

	luaL_pushresultsize(&b, rc_text_ascii(s, out));
	return 1;
}

static int f_clean(lua_State *L)
{
	struct rc_slice s = text_at(L, 1, "clean");
	luaL_Buffer b;
	size_t most = SIZE_MAX, n;
	char *out;

	if (lua_gettop(L) == 2)
		most = (size_t)count_at(L, 2, "clean(text, n)");
	out = luaL_buffinitsize(L, &b, s.n);
	n = rc_text_clean(s, out);
	luaL_pushresultsize(&b, n < most ? n : most);
	return 1;
}

static int f_truncate(lua_State *L)
{
	struct rc_slice s = text_at(L, 1, "truncate");

	return push(L, rc_text_truncate(s, (uint64_t)count_at(L, 2, "truncate(text, n)")));
}

static int f_replace(lua_State *L)
{
	struct rc_slice s = text_at(L, 1, "replace"), what = text_at(L, 2, "replace"), with = text_at(L, 3, "replace");
	luaL_Buffer b;
	const char *hit;

	if (!what.n || !s.n)
		return push(L, s);
	luaL_buffinit(L, &b);
	while ((hit = memmem(s.p, s.n, what.p, what.n))) {
		luaL_addlstring(&b, s.p, (size_t)(hit - s.p));
		luaL_addlstring(&b, with.p, with.n);
		s.n -= (size_t)(hit - s.p) + what.n;
		s.p = hit + what.n;
	}
	luaL_addlstring(&b, s.p, s.n);
	luaL_pushresult(&b);
	return 1;
}

static int f_matches(lua_State *L)
{
	struct rc_slice s = text_at(L, 1, "matches"), pattern = text_at(L, 2, "matches");
	const char *fault;
	int hit;

	if (s.n > RC_EXPR_RESULT_MAX)
		return luaL_error(L, "matches takes a text of at most 64 KiB");
	hit = rc_regex_search(&rc_expr_env_of(L)->regexes, pattern, s, &fault);
	if (hit < 0)
		return luaL_error(L, "matches: %s", fault);
	lua_pushboolean(L, hit);
	return 1;
}

/* ---- texts and lists ---- */

struct values {
	lua_State *L;
	const char *where;
	int arg, last; /* the arguments to walk */
	int top;       /* what lies above may go */
	lua_Integer item;
};

/* The next value of the arguments, lists opened; its slice holds until the next call. */
static bool next_value(struct values *v, struct rc_slice *ret)
{
	for (; v->arg <= v->last; v->arg++, v->item = 0) {
		if (!lua_istable(v->L, v->arg)) {
			*ret = text_at(v->L, v->arg++, v->where);
			return true;
		}
		if (v->item >= (lua_Integer)lua_rawlen(v->L, v->arg))
			continue;
		lua_settop(v->L, v->top);
		lua_rawgeti(v->L, v->arg, ++v->item);
		*ret = text_at(v->L, v->top + 1, v->where);
		return true;
	}
	return false;
}

static int f_first(lua_State *L)
{
	int n = lua_gettop(L);
	struct values v = {L, "first", 1, n, n, 0};
	struct rc_slice s;

	while (next_value(&v, &s))
		if (!rc_text_blank(s))
			return push(L, s);
	return push(L, RC_SLICE(""));
}

/* Whether one of the parts of s between separators is what. */
static bool has_part(struct rc_slice s, struct rc_slice what, struct rc_slice sep)
{
	const char *cut;

	while (sep.n && (cut = memmem(s.p, s.n, sep.p, sep.n))) {
		if (rc_text_eq_fold(rc_text_trim((struct rc_slice){s.p, (size_t)(cut - s.p)}), what))
			return true;
		s.n -= (size_t)(cut - s.p) + sep.n;
		s.p = cut + sep.n;
	}
	return rc_text_eq_fold(rc_text_trim(s), what);
}

/* has(x), has(x, what), has(x, what, sep) */
static int f_has(lua_State *L)
{
	int n = lua_gettop(L);
	struct values v = {L, "has", 1, 1, n, 0};
	struct rc_slice what = {"", 0}, sep = {"", 0}, s;
	bool found = false;

	if (n >= 2)
		what = rc_text_trim(text_at(L, 2, "has"));
	if (n >= 3)
		sep = text_at(L, 3, "has");
	while (!found && next_value(&v, &s))
		found = n == 1 ? !rc_text_blank(s) : has_part(s, what, sep);
	lua_pushboolean(L, found);
	return 1;
}

/* join(list, sep) or join(sep, ...): measured first, then written into one block. */
static int f_join(lua_State *L)
{
	int n = lua_gettop(L);
	bool list_first = lua_istable(L, 1);
	struct values v = {L, "join", list_first ? 1 : 2, list_first ? 1 : n, n, 0}, again = v;
	struct rc_slice sep, s;
	size_t size = 0, at = 0;
	char *out;

	if (list_first && n > 2)
		return luaL_error(L, "join takes a list and a separator, or a separator and values");
	sep = text_at(L, list_first ? 2 : 1, "join");
	while (next_value(&v, &s))
		if (!rc_text_blank(s))
			size += s.n + sep.n;
	lua_settop(L, n);
	out = lua_newuserdatauv(L, size + 1, 0);
	again.top = n + 1;
	while (next_value(&again, &s)) {
		if (rc_text_blank(s))
			continue;
		if (at) {
			memcpy(out + at, sep.p, sep.n);
			at += sep.n;
		}
		memcpy(out + at, s.p, s.n);
		at += s.n;
	}
	return push(L, (struct rc_slice){out, at});
}

/* ---- choices ---- */

static bool blank_at(lua_State *L, int i)
{
	struct rc_slice s;

	if (lua_isnoneornil(L, i) || (lua_isboolean(L, i) && !lua_toboolean(L, i)))
		return true;
	if (lua_istable(L, i))
		return lua_rawlen(L, i) == 0;
	if (lua_type(L, i) != LUA_TSTRING)
		return false;
	s.p = lua_tolstring(L, i, &s.n);
	return rc_text_blank(s);
}

static int f_default(lua_State *L)
{
	lua_settop(L, blank_at(L, 1) ? 2 : 1);
	return 1;
}

static int f_lookup(lua_State *L)
{
	struct rc_slice name = text_at(L, 1, "lookup"), key = text_at(L, 2, "lookup"), value;
	const struct rc_lookup *table = rc_lookups_find(rc_expr_env_of(L)->lookups, name);

	if (!table)
		return luaL_error(L, "there is no such lookup table in /lookups");
	if (rc_lookup_get(table, key, &value))
		return push(L, value);
	lua_pushnil(L);
	return 1;
}

/* ---- numbers and dates ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* [+-]digits[.digits], the fraction dropped. */
static bool whole_number(struct rc_slice s, lua_Integer *ret)
{
	bool minus = s.n && *s.p == '-';
	lua_Integer v = 0;
	size_t i = minus || (s.n && *s.p == '+'), start = i;

	for (; i < s.n && is_digit(s.p[i]); i++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s.p[i] - '0', &v))
			return false;
	if (i == start || (!minus && v == LUA_MININTEGER))
		return false;
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && is_digit(s.p[i]); i++)
			;
	*ret = minus ? v : -v;
	return i == s.n;
}

/* False when there is nothing. */
static bool integer_at(lua_State *L, int i, const char *where, lua_Integer *ret)
{
	struct rc_slice s;

	if (lua_isinteger(L, i)) {
		*ret = lua_tointeger(L, i);
		return true;
	}
	if (lua_type(L, i) == LUA_TNUMBER) {
		lua_Number d = lua_tonumber(L, i);

		if (!(d > -9.2e18 && d < 9.2e18))
			luaL_error(L, "%s: the number is too large", where);
		*ret = (lua_Integer)d;
		return true;
	}
	s = rc_text_trim(text_at(L, i, where));
	if (!s.n)
		return false;
	if (!whole_number(s, ret))
		luaL_error(L, "%s: the text is no whole number", where);
	return true;
}

static int f_int(lua_State *L)
{
	lua_Integer v;

	if (integer_at(L, 1, "int", &v))
		lua_pushinteger(L, v);
	else
		lua_pushnil(L);
	return 1;
}

/* Bit k of n, the lowest is 0; of nothing no bit is set. */
static int f_bit(lua_State *L)
{
	lua_Integer n = 0, k = count_at(L, 2, "bit(n, k)");

	if (k > 63)
		return luaL_error(L, "bit(n, k): k is 0 to 63");
	integer_at(L, 1, "bit", &n);
	lua_pushboolean(L, (int)((lua_Unsigned)n >> k & 1));
	return 1;
}

static int f_date(lua_State *L)
{
	const struct rc_zone *zone = rc_expr_env_of(L)->zone;
	struct rc_slice s = text_at(L, 1, "date");
	const char *fmt = lua_gettop(L) == 2 ? text_at(L, 2, "date").p : NULL;
	struct rc_date d;
	struct rc_err err;
	char iso[16];

	if (fmt && rc_date_format_check(fmt, &err))
		return luaL_error(L, "%s", err.what);
	if (rc_date_read(s, fmt, zone, &d, &err))
		return luaL_error(L, "date: the text is no date%s%s", fmt ? " like " : "", fmt ? fmt : "");
	rc_date_iso(&d, iso);
	lua_pushstring(L, iso);
	return 1;
}

/* ---- the list ---- */

#define FUNCTIONS(X)                                                                                                   \
	X(lower, 1, 1, "lower(text)")                                                                                  \
	X(upper, 1, 1, "upper(text)")                                                                                  \
	X(trim, 1, 1, "trim(text)")                                                                                    \
	X(ascii, 1, 1, "ascii(text)")                                                                                  \
	X(clean, 1, 2, "clean(text) or clean(text, n)")                                                                \
	X(truncate, 2, 2, "truncate(text, n)")                                                                         \
	X(first, 1, 100, "first(value, ...)")                                                                          \
	X(has, 1, 3, "has(value), has(value, what) or has(value, what, separator)")                                    \
	X(join, 1, 100, "join(list, separator) or join(separator, value, ...)")                                        \
	X(replace, 3, 3, "replace(text, what, with)")                                                                  \
	X(matches, 2, 2, "matches(text, pattern)")                                                                     \
	X(default, 2, 2, "default(value, otherwise)")                                                                  \
	X(lookup, 2, 2, "lookup('TABLE', key)")                                                                        \
	X(int, 1, 1, "int(value)")                                                                                     \
	X(bit, 2, 2, "bit(number, k)")                                                                                 \
	X(date, 1, 2, "date(text) or date(text, format)")

static const struct function functions[] = {
#define X(name, least, most, usage) {#name, f_##name, least, most, usage},
	FUNCTIONS(X)
#undef X
};

static const char *const names[] = {
#define X(name, least, most, usage) #name,
	FUNCTIONS(X)
#undef X
};

enum { FUNCTION_COUNT = sizeof(functions) / sizeof(*functions) };

static int call(lua_State *L)
{
	const struct function *f = lua_touserdata(L, lua_upvalueindex(1));
	int n = lua_gettop(L);

	if (n < f->least || n > f->most)
		return luaL_error(L, "write %s", f->usage);
	return f->run(L);
}

void rc_expr_lib_push(lua_State *L)
{
	lua_createtable(L, 0, FUNCTION_COUNT + 8);
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		lua_pushlightuserdata(L, (void *)(uintptr_t)&functions[i]);
		lua_pushcclosure(L, call, 1);
		lua_setfield(L, -2, functions[i].name);
	}
}

bool rc_expr_lib_has(struct rc_slice name)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++)
		if (rc_slice_eqs(name, functions[i].name))
			return true;
	return false;
}

size_t rc_expr_lib_names(const char *const **ret)
{
	*ret = names;
	return FUNCTION_COUNT;
}
