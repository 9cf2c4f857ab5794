#include "engine/map/expr_env.h"
#include <lauxlib.h>
#include <stdlib.h>
#include "engine/base/alloc.h"
#include "engine/map/text.h"

/* ---- columns ---- */

bool rc_expr_column_find(const struct rc_expr_env *env, struct rc_slice name, size_t *ret)
{
	for (size_t i = 0; i < env->n_columns; i++)
		if (env->ldif ? rc_text_eq_fold(env->column_names[i], name) : rc_slice_eq(env->column_names[i], name)) {
			*ret = i;
			return true;
		}
	return false;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

size_t rc_expr_column_add(struct rc_expr_env *env, struct rc_slice name)
{
	char *copy = rc_xstrndup(name);

	if (env->n_columns == env->cap_columns) {
		env->cap_columns = env->cap_columns ? env->cap_columns * 2 : 32;
		env->columns = rc_xreallocarray(env->columns, env->cap_columns, sizeof(char *));
		env->column_names = rc_xreallocarray(env->column_names, env->cap_columns, sizeof(struct rc_slice));
	}
	for (size_t i = 0; env->ldif && i < name.n; i++)
		copy[i] = lower(copy[i]);
	env->columns[env->n_columns] = copy;
	env->column_names[env->n_columns] = (struct rc_slice){copy, name.n};
	return env->n_columns++;
}

static struct rc_slice attr_first(const struct rc_expr_env *env, struct rc_slice name)
{
	for (size_t i = 0; i < env->n_attrs; i++)
		if (rc_slice_eq(env->attrs[i].name, name))
			return env->attrs[i].value;
	return RC_SLICE("");
}

struct rc_slice rc_expr_column_value(const struct rc_expr_env *env, size_t i)
{
	if (env->ldif)
		return attr_first(env, env->column_names[i]);
	return i < env->n_fields ? env->fields[i] : RC_SLICE("");
}

static void push_slice(lua_State *L, struct rc_slice s)
{
	lua_pushlstring(L, s.n ? s.p : "", s.n);
}

/* ---- what a chunk sees ---- */

static struct rc_slice key_arg(lua_State *L)
{
	struct rc_slice key;

	if (lua_type(L, 2) != LUA_TSTRING)
		luaL_error(L, "a name is a text, not a %s", luaL_typename(L, 2));
	key.p = lua_tolstring(L, 2, &key.n);
	return key;
}

static int read_only(lua_State *L)
{
	return luaL_error(L, "columns and functions cannot be set");
}

/* Attribute names are folded by the reader; the key is folded here, in Lua's memory. */
static struct rc_slice fold_key(lua_State *L, struct rc_slice key)
{
	char *p = lua_newuserdatauv(L, key.n + 1, 0);

	for (size_t i = 0; i < key.n; i++)
		p[i] = lower(key.p[i]);
	return (struct rc_slice){p, key.n};
}

static int account_index(lua_State *L)
{
	struct rc_expr_env *env = rc_expr_env_of(L);
	struct rc_slice key = key_arg(L), value = RC_SLICE("");

	for (size_t i = 0; i < env->n_account; i++)
		if (rc_slice_eq(env->account[i].name, key))
			value = env->account[i].value;
	push_slice(L, value);
	return 1;
}

/* col[name]; upvalue 1: name -> index + 1 */
static int col_index(lua_State *L)
{
	struct rc_expr_env *env = rc_expr_env_of(L);
	struct rc_slice key = key_arg(L);

	size_t i;

	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNUMBER)
		push_slice(L, rc_expr_column_value(env, (size_t)lua_tointeger(L, -1) - 1));
	else if (!env->ldif && rc_expr_column_find(env, key, &i))
		push_slice(L, rc_expr_column_value(env, i));
	else if (env->ldif)
		push_slice(L, attr_first(env, fold_key(L, key)));
	else
		return luaL_error(L, "there is no column '%s'", lua_tostring(L, 2));
	return 1;
}

/* all[name]: a new list each time, so that nothing done to it lasts */
static int all_index(lua_State *L)
{
	struct rc_expr_env *env = rc_expr_env_of(L);
	struct rc_slice key = fold_key(L, key_arg(L));
	lua_Integer n = 0;

	lua_newtable(L);
	for (size_t i = 0; i < env->n_attrs; i++)
		if (rc_slice_eq(env->attrs[i].name, key)) {
			push_slice(L, env->attrs[i].value);
			lua_rawseti(L, -2, ++n);
		}
	return 1;
}

/* Every free name. Upvalue 1: name -> index + 1, a function or a table; upvalue 2: the account. */
static int name_index(lua_State *L)
{
	struct rc_expr_env *env = rc_expr_env_of(L);
	const struct rc_expr *e = env->running;

	if (e && (e->scoped_n || e->scoped_account)) {
		struct rc_slice key = key_arg(L);

		if (e->scoped_n && rc_slice_eqs(key, "n")) {
			lua_pushinteger(L, env->n);
			return 1;
		}
		if (e->scoped_account && rc_slice_eqs(key, "account")) {
			lua_pushvalue(L, lua_upvalueindex(2));
			return 1;
		}
	}
	lua_settop(L, 2);
	switch (lua_rawget(L, lua_upvalueindex(1))) {
	case LUA_TNUMBER:
		push_slice(L, rc_expr_column_value(env, (size_t)lua_tointeger(L, -1) - 1));
		return 1;
	case LUA_TNIL:
		return luaL_error(L, "there is no column and no function '%s'", lua_tostring(L, 2));
	default:
		return 1;
	}
}

/* Replaces the n values on top by an empty table that answers through index (n upvalues) and takes nothing. */
static void push_proxy(lua_State *L, lua_CFunction index, int n)
{
	lua_pushcclosure(L, index, n);
	lua_createtable(L, 0, 3);
	lua_insert(L, -2);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, read_only);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_newtable(L);
	lua_insert(L, -2);
	lua_setmetatable(L, -2);
}

static const char names_key, cols_key; /* their addresses name two tables in the registry */

/* Makes column i visible under this spelling; functions, `col` and `all` keep their names (compiling rewrites those).
 */
void rc_expr_column_publish(lua_State *L, struct rc_slice spelling, size_t i)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &cols_key);
	push_slice(L, spelling);
	lua_pushinteger(L, (lua_Integer)i + 1);
	lua_rawset(L, -3);
	lua_pop(L, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &names_key);
	push_slice(L, spelling);
	lua_pushvalue(L, -1);
	if (lua_rawget(L, -3) == LUA_TNIL) {
		lua_pop(L, 1);
		lua_pushinteger(L, (lua_Integer)i + 1);
		lua_rawset(L, -3);
	} else {
		lua_pop(L, 2);
	}
	lua_pop(L, 1);
}

static int build_world(lua_State *L)
{
	struct rc_expr_env *env = rc_expr_env_of(L);

	rc_expr_lib_push(L); /* names */
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &names_key);
	lua_newtable(L); /* cols */
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &cols_key);
	push_proxy(L, col_index, 1);
	lua_setfield(L, -2, "col");
	if (env->ldif) {
		push_proxy(L, all_index, 0);
		lua_setfield(L, -2, "all");
	}
	push_proxy(L, account_index, 0);
	push_proxy(L, name_index, 2);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS); /* what lua_load gives a chunk as _ENV */
	return 0;
}

/* ---- memory and errors ---- */

static void *allocate(void *ud, void *p, size_t old, size_t size)
{
	struct rc_expr_env *env = ud;
	void *q;

	if (!p)
		old = 0;
	if (size == 0) {
		free(p);
		env->held -= old;
		return NULL;
	}
	if (size > old) {
		if (env->held - old + size > RC_EXPR_HELD_MAX || env->allocated + size > RC_EXPR_ALLOCATED_MAX)
			return NULL;
		env->allocated += size;
	}
	q = rc_xrealloc(p, size);
	env->held = env->held - old + size;
	return q;
}

/* "e:1: attempt to ..." without where Lua saw it: there is one line, and the caller names the expression. */
void rc_expr_message(lua_State *L, char *msg, size_t cap)
{
	const char *s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error that is no text";

	if (strncmp(s, "e:", 2) == 0) {
		size_t n = strspn(s + 2, "0123456789");

		if (s[2 + n] == ':' && s[3 + n] == ' ')
			s += 4 + n;
	}
	if (cap) {
		strncpy(msg, s, cap - 1);
		msg[cap - 1] = 0;
	}
	lua_settop(L, 0);
}

int rc_expr_protected(struct rc_expr_env *env, lua_CFunction fn, void *ctx, char *msg, size_t cap)
{
	lua_State *L = env->L;
	int rc;

	env->allocated = 0;
	lua_settop(L, 0);
	lua_pushcfunction(L, fn); /* a light C function: no allocation */
	lua_pushlightuserdata(L, ctx);
	rc = lua_pcall(L, 1, LUA_MULTRET, 0);
	if (rc)
		rc_expr_message(L, msg, cap);
	return rc;
}

/* ---- life ---- */

static struct rc_expr_env *env_new(bool ldif, const struct rc_slice *columns, size_t n)
{
	struct rc_expr_env *env = rc_xcalloc(1, sizeof(*env));
	char msg[200];

	env->ldif = ldif;
	for (size_t i = 0; i < n; i++)
		rc_expr_column_add(env, columns[i]);
	env->L = lua_newstate(allocate, env);
	if (!env->L)
		abort(); /* allocate() refuses nothing so small */
	*(struct rc_expr_env **)lua_getextraspace(env->L) = env;
	if (rc_expr_protected(env, build_world, NULL, msg, sizeof(msg)))
		abort();
	return env;
}

struct rc_expr_env *rc_expr_env_csv(const struct rc_slice *columns, size_t n)
{
	return env_new(false, columns, n);
}

struct rc_expr_env *rc_expr_env_ldif(void)
{
	return env_new(true, NULL, 0);
}

struct rc_expr_env *rc_expr_env_any(void)
{
	struct rc_expr_env *env = env_new(false, NULL, 0);

	env->any = true;
	return env;
}

void rc_expr_env_free(struct rc_expr_env *env)
{
	struct rc_expr *next;

	if (!env)
		return;
	lua_close(env->L);
	for (struct rc_expr *e = env->exprs; e; e = next) {
		next = e->next;
		rc_expr_free(e);
	}
	for (size_t i = 0; i < env->n_columns; i++)
		free(env->columns[i]);
	free(env->columns);
	free(env->column_names);
	rc_regexes_done(&env->regexes);
	rc_arena_wipe(&env->results); /* a password may have been mapped */
	free(env);
}

void rc_expr_env_lookups(struct rc_expr_env *env, const struct rc_lookups *l)
{
	env->lookups = l;
}

void rc_expr_env_zone(struct rc_expr_env *env, const struct rc_zone *zone)
{
	env->zone = zone;
}

size_t rc_expr_env_columns(const struct rc_expr_env *env)
{
	return env->n_columns;
}

struct rc_slice rc_expr_env_column(const struct rc_expr_env *env, size_t i)
{
	return env->column_names[i];
}
