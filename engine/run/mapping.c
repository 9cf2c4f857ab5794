/* Compiles a source's expressions for one header, and tells which columns they need. */
#include "engine/run/mapping_int.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <stdio.h>
#include <stdlib.h>

struct compiler {
	struct rc_mapping *m;
	enum rc_code code; /* of the fault in err; RC_OK: none yet */
	struct rc_columns used;
	const struct rc_slice *seen;
	size_t n_seen;
	struct rc_err *err;
};

static size_t index_of(const struct rc_slice *columns, size_t n, const char *name)
{
	size_t i = 0;

	while (i < n && !rc_slice_eqs(columns[i], name))
		i++;
	return i;
}

const struct rc_slice *rc_mapping_header(const struct rc_config *cfg, size_t source, const struct rc_reader *r,
					 struct rc_arena *mem, size_t *ret_n)
{
	const struct rc_source *s = &cfg->sources[source];
	size_t n;
	const struct rc_slice *columns = rc_reader_columns(r, &n);
	struct rc_slice *named = rc_arena_alloc(mem, (n + 1) * sizeof(*named));

	for (size_t i = 0; i < n; i++)
		named[i] = columns[i];
	for (size_t c = 0; c < s->n_columns; c++) {
		size_t at = index_of(columns, n, s->columns[c].name);

		for (size_t j = 0; j < s->columns[c].aliases.n && at == n; j++)
			at = index_of(columns, n, s->columns[c].aliases.v[j]);
		if (at < n)
			named[at] = rc_slice_str(s->columns[c].name);
	}
	*ret_n = n;
	return named;
}

static struct rc_slice lower_case(struct rc_mapping *m, const char *name)
{
	char *p = rc_arena_strdup(&m->names, name);
	size_t n = strlen(p);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]);
	return (struct rc_slice){p, n};
}

/* Whether the state has seen the column, by its own name or an alias. */
static bool seen(const struct compiler *c, struct rc_slice name)
{
	const struct rc_source *s = c->m->source;
	bool yes = false;

	for (size_t i = 0; i < c->n_seen && !yes; i++) {
		yes = rc_slice_eq(c->seen[i], name);
		for (size_t k = 0; k < s->n_columns && !yes; k++)
			for (size_t j = 0; rc_slice_eqs(name, s->columns[k].name) && j < s->columns[k].aliases.n; j++)
				yes |= rc_slice_eqs(c->seen[i], s->columns[k].aliases.v[j]);
	}
	return yes;
}

/* A fault does not end the compiling: all of them are told. */
static void compile_in(struct compiler *c, const char *text, const char *where, const struct rc_expr_scope *scope,
		       struct rc_expr **ret)
{
	struct rc_slice unknown = {0};
	struct rc_err err;

	if (!text || !rc_expr_compile(c->m->env, text, where, scope, ret, &unknown, &err))
		return;
	if (c->code)
		rc_log(RC_LOG_ERROR, "%s", c->err->what);
	if (unknown.p && seen(c, unknown))
		c->code =
			rc_fail(c->err, RC_DATA, "%.600s: the source had this column before and has lost it", err.what);
	else
		c->code = rc_fail(c->err, err.code, "%s", err.what);
}

static void compile(struct compiler *c, const char *text, const char *where, bool secret, struct rc_expr **ret)
{
	compile_in(c, text, where, NULL, ret);
	if (*ret && secret)
		rc_expr_memo_off(*ret);
	else if (*ret)
		rc_columns_add(&c->used, *ret);
}

static void compile_key(struct compiler *c, const char *text, const char *where)
{
	static const struct rc_expr_scope scope = {.column = true};

	compile_in(c, text, where, &scope, &c->m->key);
	if (c->m->key)
		rc_columns_add(&c->used, c->m->key);
}

/* An expression that is asked after the scan, too: its columns are kept. */
static void compile_later(struct compiler *c, const char *text, const char *where, const struct rc_expr_scope *scope,
			  struct rc_expr **ret)
{
	compile_in(c, text, where, scope, ret);
	if (!*ret)
		return;
	c->m->asked_later = true;
	rc_columns_add(&c->used, *ret);
	rc_columns_add(&c->m->later, *ret);
}

static void compile_choices(struct compiler *c, struct target_rules *t, size_t f, const char *where)
{
	const struct rc_account_rule *r = &t->cfg->account[f];

	t->chosen = (int)f;
	t->choices = rc_xcalloc(r->exprs.n, sizeof(struct rc_expr *));
	t->n_choices = r->exprs.n;
	for (size_t i = 0; i < r->exprs.n; i++) {
		struct rc_expr_scope scope = {.n = i + 1 == r->exprs.n};
		char at[340];

		snprintf(at, sizeof(at), "%s/first_free/%zu", where, i);
		compile_later(c, r->exprs.v[i], at, &scope, &t->choices[i]);
	}
}

static void compile_adopt_if(struct compiler *c, struct target_rules *t)
{
	const struct rc_account_schema *schema = t->cfg->schema;
	const char *fields[RC_MAX_FIELDS];
	struct rc_expr_scope scope = {.account = fields};
	char where[300];

	for (size_t f = 0; f < schema->n_fields; f++)
		if (!schema->fields[f].secret)
			fields[scope.n_account++] = schema->fields[f].name;
	snprintf(where, sizeof(where), "/targets/%s/adopt_if", t->cfg->name);
	compile_later(c, t->cfg->adopt_if, where, &scope, &t->adopt_if);
}

static void compile_target(struct compiler *c, size_t i)
{
	struct target_rules *t = &c->m->targets[i];
	const struct rc_target *cfg = t->cfg = &c->m->cfg->targets[i];
	char where[300];

	t->chosen = -1;
	snprintf(where, sizeof(where), "/targets/%s/where", cfg->name);
	compile(c, cfg->where, where, false, &t->where);
	snprintf(where, sizeof(where), "/targets/%s/server", cfg->name);
	compile(c, cfg->server, where, false, &t->server);
	snprintf(where, sizeof(where), "/targets/%s/priority", cfg->name);
	compile(c, cfg->priority, where, false, &t->priority);
	for (size_t f = 0; f < cfg->schema->n_fields; f++) {
		const struct rc_account_rule *r = &cfg->account[f];

		snprintf(where, sizeof(where), "/targets/%s/account/%s", cfg->name, cfg->schema->fields[f].name);
		if (r->kind == RC_RULE_FIRST_FREE)
			compile_choices(c, t, f, where);
		else if (r->kind == RC_RULE_EXPR)
			compile(c, r->exprs.v[0], where, cfg->schema->fields[f].secret, &t->field[f]);
	}
	compile_adopt_if(c, t);
}

static void collect_used(struct rc_mapping *m, const struct rc_columns *used)
{
	const struct rc_source *s = m->source;
	size_t n = rc_expr_env_columns(m->env), aliases = 0;

	m->used_all = used->all;
	for (size_t c = 0; m->ldif && c < s->n_columns; c++)
		aliases += s->columns[c].aliases.n;
	m->used = rc_xcalloc(n + aliases + 1, sizeof(*m->used));
	for (size_t i = 0; i < n; i++)
		if (used->all || rc_columns_has(used, i))
			m->used[m->n_used++] = rc_expr_env_column(m->env, i);
	for (size_t c = 0; aliases && c < s->n_columns; c++) /* no header says which of them an entry has */
		for (size_t j = 0; j < s->columns[c].aliases.n; j++)
			m->used[m->n_used++] = lower_case(m, s->columns[c].aliases.v[j]);
}

static void collect_secret(struct rc_mapping *m)
{
	struct rc_columns set = {0};
	size_t n = rc_expr_env_columns(m->env);

	for (size_t t = 0; t < m->cfg->n_targets; t++)
		for (size_t f = 0; f < RC_MAX_FIELDS; f++)
			if (m->targets[t].field[f] && m->targets[t].cfg->schema->fields[f].secret)
				rc_columns_add(&set, m->targets[t].field[f]);
	m->secret = rc_xcalloc(n + 1, sizeof(*m->secret));
	for (size_t i = 0; i < n; i++)
		if (set.all || rc_columns_has(&set, i))
			m->secret[m->n_secret++] = rc_expr_env_column(m->env, i);
	rc_columns_done(&set);
}

enum rc_code rc_mapping_new(const struct rc_config *cfg, size_t source, bool ldif, const struct rc_slice *columns,
			    size_t n, const struct rc_lookups *lookups, const struct rc_slice *seen, size_t n_seen,
			    struct rc_mapping **ret, struct rc_err *err)
{
	struct rc_mapping *m = rc_xcalloc(1, sizeof(*m));
	const struct rc_source *s = m->source = &cfg->sources[source];
	struct compiler c = {.m = m, .seen = seen, .n_seen = n_seen, .err = err};
	enum rc_code code = rc_zone_open(s->timezone, &m->zone, err);
	char where[64];

	m->cfg = cfg;
	m->ldif = ldif;
	m->env = ldif ? rc_expr_env_ldif() : rc_expr_env_csv(columns, n);
	m->targets = rc_xcalloc(cfg->n_targets, sizeof(*m->targets));
	m->alias = rc_xcalloc(s->n_columns + 1, sizeof(*m->alias));
	for (size_t i = 0; i < s->n_columns; i++)
		m->alias[i] = lower_case(m, s->columns[i].name);
	rc_expr_env_lookups(m->env, lookups);
	rc_expr_env_zone(m->env, m->zone);
	snprintf(where, sizeof(where), "/sources/%zu/key", source);
	if (!code)
		compile_key(&c, s->key, where);
#define COMPILE(member, text, name)                                                                                    \
	snprintf(where, sizeof(where), "/sources/%zu/%s", source, name);                                               \
	if (!code)                                                                                                     \
	compile(&c, text, where, false, &m->member)
	COMPILE(where, s->where, "where");
	COMPILE(left, s->left, "left");
	COMPILE(from, s->active_from, "active_from");
	COMPILE(until, s->active_until, "active_until");
	COMPILE(prefer, s->prefer, "duplicates/prefer");
#undef COMPILE
	for (size_t i = 0; i < cfg->n_targets && !code; i++)
		compile_target(&c, i);
	code = code ? code : c.code;
	if (!code) {
		collect_used(m, &c.used);
		collect_secret(m);
	}
	rc_columns_done(&c.used);
	if (code) {
		rc_mapping_free(m);
		return code;
	}
	*ret = m;
	return RC_OK;
}

void rc_mapping_free(struct rc_mapping *m)
{
	if (!m || m->kept)
		return;
	rc_expr_env_free(m->env);
	rc_zone_free(m->zone);
	for (size_t i = 0; i < m->cfg->n_targets; i++)
		free(m->targets[i].choices);
	rc_columns_done(&m->later);
	free(m->targets);
	free(m->used);
	free(m->secret);
	free(m->attrs);
	free(m->alias);
	rc_arena_done(&m->names);
	free(m);
}

const struct rc_slice *rc_mapping_used(const struct rc_mapping *m, size_t *ret_n, bool *ret_all)
{
	*ret_n = m->n_used;
	*ret_all = m->used_all;
	return m->used;
}

const struct rc_slice *rc_mapping_secret(const struct rc_mapping *m, struct rc_arena *mem, size_t *ret_n)
{
	struct rc_slice *names = rc_arena_alloc(mem, (m->n_secret + 1) * sizeof(*names));

	for (size_t i = 0; i < m->n_secret; i++)
		names[i] = rc_arena_copy(mem, m->secret[i]);
	*ret_n = m->n_secret;
	return names;
}

const struct rc_slice *rc_mapping_where(const struct rc_mapping *m, struct rc_arena *mem, size_t *ret_n)
{
	struct rc_columns used = {0};
	size_t n = rc_expr_env_columns(m->env), found = 0;
	struct rc_slice *names = rc_arena_alloc(mem, (n + 1) * sizeof(*names));

	if (m->where)
		rc_columns_add(&used, m->where);
	for (size_t i = 0; i < n && !used.all; i++)
		if (rc_columns_has(&used, i))
			names[found++] = rc_arena_copy(mem, rc_expr_env_column(m->env, i));
	rc_columns_done(&used);
	*ret_n = found;
	return names;
}
