#include "engine/run/mapping.h"
#include "engine/base/alloc.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_KEY = 511 };

struct target_rules {
	const struct rc_target *cfg;
	struct rc_expr *where, *server, *priority;
	struct rc_expr *field[RC_MAX_FIELDS];
};

struct rc_mapping {
	const struct rc_config *cfg;
	const struct rc_source *source;
	struct rc_expr_env *env;
	struct rc_zone *zone;
	bool ldif, used_all;
	struct rc_expr *key, *where, *left, *from, *until, *prefer;
	struct target_rules *targets;
	struct rc_slice *used;
	size_t n_used;
	struct rc_expr_field *attrs;
	size_t cap_attrs;
};

struct compiler {
	struct rc_mapping *m;
	struct rc_columns used;
	const struct rc_slice *seen;
	size_t n_seen;
	struct rc_err *err;
};

static struct rc_slice alias_of(const struct rc_source *s, struct rc_slice column)
{
	for (size_t i = 0; i < s->n_columns; i++)
		for (size_t j = 0; j < s->columns[i].aliases.n; j++)
			if (rc_slice_eqs(column, s->columns[i].aliases.v[j]))
				return rc_slice_str(s->columns[i].name);
	return column;
}

const struct rc_slice *rc_mapping_header(const struct rc_config *cfg, size_t source, const struct rc_reader *r,
					 struct rc_arena *mem, size_t *ret_n)
{
	const struct rc_slice *columns = rc_reader_columns(r, ret_n);
	struct rc_slice *named = rc_arena_alloc(mem, (*ret_n + 1) * sizeof(*named));

	for (size_t i = 0; i < *ret_n; i++)
		named[i] = alias_of(&cfg->sources[source], columns[i]);
	return named;
}

static enum rc_code compile(struct compiler *c, const char *text, const char *where, bool secret, struct rc_expr **ret)
{
	struct rc_slice unknown = {0};
	enum rc_code code;

	if (!text)
		return RC_OK;
	code = rc_expr_compile(c->m->env, text, where, NULL, ret, &unknown, c->err);
	if (code) {
		for (size_t i = 0; unknown.p && i < c->n_seen; i++)
			if (rc_slice_eq(c->seen[i], unknown)) {
				char what[sizeof(c->err->what)];

				snprintf(what, sizeof(what), "%s", c->err->what);
				return rc_fail(c->err, RC_DATA,
					       "%.600s: the source had this column before and has lost it", what);
			}
		return code;
	}
	if (!secret)
		rc_columns_add(&c->used, *ret);
	return RC_OK;
}

static enum rc_code compile_target(struct compiler *c, size_t i)
{
	struct target_rules *t = &c->m->targets[i];
	const struct rc_target *cfg = t->cfg = &c->m->cfg->targets[i];
	enum rc_code code = RC_OK;
	char where[300];

	snprintf(where, sizeof(where), "/targets/%s/where", cfg->name);
	code = compile(c, cfg->where, where, false, &t->where);
	snprintf(where, sizeof(where), "/targets/%s/server", cfg->name);
	if (!code)
		code = compile(c, cfg->server, where, false, &t->server);
	snprintf(where, sizeof(where), "/targets/%s/priority", cfg->name);
	if (!code)
		code = compile(c, cfg->priority, where, false, &t->priority);
	for (size_t f = 0; f < cfg->schema->n_fields && !code; f++) {
		const struct rc_account_rule *r = &cfg->account[f];

		snprintf(where, sizeof(where), "/targets/%s/account/%s", cfg->name, cfg->schema->fields[f].name);
		if (r->kind == RC_RULE_EXPR || r->kind == RC_RULE_FIRST_FREE)
			code = compile(c, r->exprs.v[0], where, cfg->schema->fields[f].secret, &t->field[f]);
	}
	return code;
}

static void collect_used(struct rc_mapping *m, const struct rc_columns *used)
{
	size_t n = rc_expr_env_columns(m->env);

	m->used_all = used->all;
	m->used = rc_xcalloc(n + 1, sizeof(*m->used));
	for (size_t i = 0; i < n; i++)
		if (used->all || rc_columns_has(used, i))
			m->used[m->n_used++] = rc_expr_env_column(m->env, i);
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
	rc_expr_env_lookups(m->env, lookups);
	rc_expr_env_zone(m->env, m->zone);
#define COMPILE(member, text, name)                                                                                    \
	snprintf(where, sizeof(where), "/sources/%zu/%s", source, name);                                               \
	if (!code)                                                                                                     \
	code = compile(&c, text, where, false, &m->member)
	COMPILE(key, s->key, "key");
	COMPILE(where, s->where, "where");
	COMPILE(left, s->left, "left");
	COMPILE(from, s->active_from, "active_from");
	COMPILE(until, s->active_until, "active_until");
	COMPILE(prefer, s->prefer, "duplicates/prefer");
#undef COMPILE
	for (size_t i = 0; i < cfg->n_targets && !code; i++)
		code = compile_target(&c, i);
	if (!code)
		collect_used(m, &c.used);
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
	if (!m)
		return;
	rc_expr_env_free(m->env);
	rc_zone_free(m->zone);
	free(m->targets);
	free(m->used);
	free(m->attrs);
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
	struct rc_columns set = {0};
	size_t n = rc_expr_env_columns(m->env);
	struct rc_slice *names = rc_arena_alloc(mem, (n + 1) * sizeof(*names));

	*ret_n = 0;
	for (size_t t = 0; t < m->cfg->n_targets; t++)
		for (size_t f = 0; f < RC_MAX_FIELDS; f++)
			if (m->targets[t].field[f] && m->targets[t].cfg->schema->fields[f].secret)
				rc_columns_add(&set, m->targets[t].field[f]);
	for (size_t i = 0; i < n; i++)
		if ((set.all || rc_columns_has(&set, i)))
			names[(*ret_n)++] = rc_arena_copy(mem, rc_expr_env_column(m->env, i));
	rc_columns_done(&set);
	return names;
}

struct rc_slice rc_mapping_key(struct rc_mapping *m, const struct rc_slice *fields, size_t n, struct rc_arena *mem)
{
	struct rc_slice key = {0};
	struct rc_err err;

	if (m->ldif)
		return key;
	/* A key that needs a field which is not certain must not be made of blanks. */
	for (size_t i = 0; i < rc_expr_env_columns(m->env); i++) {
		struct rc_columns used = {0};
		bool needs;

		rc_columns_add(&used, m->key);
		needs = used.all || rc_columns_has(&used, i);
		rc_columns_done(&used);
		if (needs && (i >= n || !fields[i].p))
			return key;
	}
	rc_expr_row_csv(m->env, fields, n);
	if (rc_expr_eval_string(m->key, &key, &err) || key.n == 0 || key.n > MAX_KEY)
		key = (struct rc_slice){0};
	else
		key = rc_arena_copy(mem, key);
	rc_expr_row_none(m->env);
	return key;
}

static void set_row(struct rc_mapping *m, const struct rc_record *rec)
{
	size_t n = 0, at = 0;

	if (!m->ldif) {
		rc_expr_row_csv(m->env, rec->field, rec->n);
		return;
	}
	for (size_t i = 0; i < rec->attr_n; i++)
		n += rec->attr[i].n;
	if (n > m->cap_attrs) { /* bounded by the largest record, which is bounded */
		m->attrs = rc_xreallocarray(m->attrs, n, sizeof(*m->attrs));
		m->cap_attrs = n;
	}
	for (size_t i = 0; i < rec->attr_n; i++)
		for (size_t j = 0; j < rec->attr[i].n; j++)
			m->attrs[at++] = (struct rc_expr_field){rec->attr[i].name, rec->attr[i].value[j]};
	rc_expr_row_ldif(m->env, m->attrs, n);
}

static enum rc_code eval_bool(struct rc_expr *e, bool otherwise, bool *ret, struct rc_err *err)
{
	*ret = otherwise;
	return e ? rc_expr_eval_bool(e, ret, err) : RC_OK;
}

static enum rc_code eval_date(struct rc_mapping *m, struct rc_expr *e, bool until, int64_t *ret, struct rc_err *err)
{
	struct rc_slice text;
	struct rc_date d;
	enum rc_code code;

	*ret = until ? INT64_MAX : INT64_MIN;
	if (!e)
		return RC_OK;
	code = rc_expr_eval_string(e, &text, err);
	if (!code)
		code = rc_date_read(text, m->source->date_format, m->zone, &d, err);
	if (!code)
		*ret = until ? rc_date_due_ns(&d, m->zone) : rc_date_start_ns(&d, m->zone);
	return code;
}

static enum rc_code eval_fields(struct rc_mapping *m, struct target_rules *t, bool secrets, struct rc_arena *mem,
				struct rc_want *w, struct rc_err *err)
{
	const struct rc_account_schema *schema = t->cfg->schema;

	(void)m;
	for (size_t f = 0; f < schema->n_fields; f++) {
		struct rc_slice v;
		enum rc_code code;

		if (!t->field[f] || (schema->fields[f].secret && !secrets))
			continue;
		code = rc_expr_eval_string(t->field[f], &v, err);
		if (code)
			return code;
		if (schema->fields[f].secret) {
			w->password = rc_arena_copy(mem, v);
			continue;
		}
		w->account.v[f] = rc_arena_copy(mem, v);
		w->account.set |= 1u << f;
	}
	return RC_OK;
}

/* A column of the record as it is; blank when the source has none of that name. */
static struct rc_slice column_value(const struct rc_mapping *m, const struct rc_record *rec, const char *name)
{
	const struct rc_attr *a;

	if (m->ldif) {
		a = rc_record_attr(rec, rc_slice_str(name));
		return a && a->n ? a->value[0] : (struct rc_slice){0};
	}
	for (size_t i = 0; i < rec->n && i < rc_expr_env_columns(m->env); i++)
		if (rc_slice_eqs(rc_expr_env_column(m->env, i), name))
			return rec->field[i];
	return (struct rc_slice){0};
}

static void take_included(const struct rc_mapping *m, const struct target_rules *t, const struct rc_record *rec,
			  struct rc_arena *mem, struct rc_want *w)
{
	if (!t->cfg->include.n)
		return;
	w->include = rc_arena_alloc(mem, t->cfg->include.n * sizeof(*w->include));
	for (size_t i = 0; i < t->cfg->include.n; i++)
		w->include[i] = rc_arena_copy(mem, column_value(m, rec, t->cfg->include.v[i]));
}

static enum rc_code eval_target(struct rc_mapping *m, struct target_rules *t, bool secrets, struct rc_arena *mem,
				struct rc_want *w, struct rc_err *err)
{
	const struct rc_account_schema *schema = t->cfg->schema;
	bool keep;
	enum rc_code code = eval_bool(t->where, true, &keep, err);
	struct rc_err rule;
	double priority = 0;

	*w = (struct rc_want){0};
	w->filtered = !keep;
	if (code || w->filtered)
		return code;
	code = eval_fields(m, t, secrets, mem, w, err);
	if (!code && t->server) {
		code = rc_expr_eval_string(t->server, &w->server, err);
		w->server = rc_arena_copy(mem, w->server);
	}
	if (!code && t->priority)
		code = rc_expr_eval_number(t->priority, &priority, err);
	if (code)
		return code;
	w->priority = isnan(priority) ? INT64_MAX : (int64_t)priority;
	rc_account_canonical(schema, &w->account, mem);
	w->name = rc_account_name(schema, &w->account);
	if (rc_account_check(schema, &w->account, false, &rule))
		w->invalid = rc_arena_strdup(mem, rule.what);
	return RC_OK;
}

enum rc_code rc_mapping_row(struct rc_mapping *m, const struct rc_record *rec, bool secrets, struct rc_arena *mem,
			    struct rc_mapped *ret, struct rc_err *err)
{
	bool keep;
	enum rc_code code;

	*ret = (struct rc_mapped){.from_ns = INT64_MIN, .until_ns = INT64_MAX};
	set_row(m, rec);
	code = rc_expr_eval_string(m->key, &ret->key, err);
	if (!code && (ret->key.n == 0 || ret->key.n > MAX_KEY))
		code = rc_fail(err, RC_DATA, "the key is %s", ret->key.n ? "longer than 511 bytes" : "empty");
	if (code) {
		ret->key = (struct rc_slice){0};
		return code;
	}
	ret->key = rc_arena_copy(mem, ret->key);
	code = eval_bool(m->where, true, &keep, err);
	ret->filtered = !keep;
	if (!code)
		code = eval_bool(m->left, false, &ret->left, err);
	if (!code)
		code = eval_date(m, m->from, false, &ret->from_ns, err);
	if (!code)
		code = eval_date(m, m->until, true, &ret->until_ns, err);
	ret->prefer = 0;
	if (!code && m->prefer)
		code = rc_expr_eval_number(m->prefer, &ret->prefer, err);
	if (code || ret->filtered)
		return code;
	ret->want = rc_arena_zalloc(mem, m->cfg->n_targets * sizeof(*ret->want));
	for (size_t i = 0; i < m->cfg->n_targets && !code; i++) {
		code = eval_target(m, &m->targets[i], secrets, mem, &ret->want[i], err);
		if (!code && secrets)
			take_included(m, &m->targets[i], rec, mem, &ret->want[i]);
	}
	return code;
}
