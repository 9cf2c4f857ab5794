/* What the compiled expressions make of a row. */
#include "engine/run/mapping_int.h"
#include "engine/base/alloc.h"
#include "engine/map/text.h"
#include <math.h>

enum { MAX_KEY = 511 };

/* LDIF: the attribute of a configured name, by its own or else by its first alias that the entry has. */
static const struct rc_attr *attr_of(const struct rc_mapping *m, const struct rc_record *rec, const char *name)
{
	const struct rc_column_alias *alias = NULL;
	const struct rc_attr *found = NULL;

	for (size_t c = 0; c < m->source->n_columns && !alias; c++)
		if (rc_text_eq_fold(rc_slice_str(m->source->columns[c].name), rc_slice_str(name)))
			alias = &m->source->columns[c];
	for (size_t j = 0; !found && j <= (alias ? alias->aliases.n : 0); j++)
		for (size_t i = 0; i < rec->attr_n && !found; i++)
			if (rc_text_eq_fold(rec->attr[i].name, rc_slice_str(j ? alias->aliases.v[j - 1] : name)))
				found = &rec->attr[i];
	return found;
}

/* The name an expression knows the attribute by: lower case, as every attribute's. */
static struct rc_slice attr_name(struct rc_mapping *m, const struct rc_record *rec, const struct rc_attr *a)
{
	for (size_t c = 0; c < m->source->n_columns; c++)
		if (attr_of(m, rec, m->source->columns[c].name) == a)
			return m->alias[c];
	return a->name;
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
	for (size_t i = 0; i < rec->attr_n; i++) {
		struct rc_slice name = attr_name(m, rec, &rec->attr[i]);

		for (size_t j = 0; j < rec->attr[i].n; j++)
			m->attrs[at++] = (struct rc_expr_field){name, rec->attr[i].value[j]};
	}
	m->n_attrs = n;
	rc_expr_row_ldif(m->env, m->attrs, n);
}

/* A key that needs a field which is not certain must not be made of blanks. */
static bool key_is_certain(const struct rc_mapping *m, const struct rc_reject *rej, const struct rc_record *rec)
{
	struct rc_columns used = {0};
	bool certain;

	rc_columns_add(&used, m->key);
	certain = !m->ldif || !used.all; /* all.mail and the like: whole or not cannot be told */
	for (size_t i = 0; i < rc_expr_env_columns(m->env) && certain; i++)
		if (used.all || rc_columns_has(&used, i))
			certain = m->ldif ? attr_of(m, rec, rc_expr_env_column(m->env, i).p) != NULL
					  : i < rej->n && rej->field[i].p;
	rc_columns_done(&used);
	return certain;
}

struct rc_slice rc_mapping_key(struct rc_mapping *m, const struct rc_reject *rej, struct rc_arena *mem)
{
	struct rc_record rec = {.n = rej->n, .field = rej->field};
	struct rc_slice key = {0};
	struct rc_err err;

	if (m->ldif)
		rec = (struct rc_record){.attr_n = rej->attr_n, .attr = rej->attr};
	if (!key_is_certain(m, rej, &rec))
		return key;
	set_row(m, &rec);
	if (rc_expr_eval_string(m->key, &key, &err) || key.n == 0 || key.n > MAX_KEY)
		key = (struct rc_slice){0};
	else
		key = rc_arena_copy(mem, key);
	rc_expr_row_none(m->env);
	return key;
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
	return t->chosen < 0 ? RC_OK : mapping_first_choice(m, t, mem, w, err);
}

/* A column of the record as it is; blank when the source has none of that name. */
static struct rc_slice column_value(const struct rc_mapping *m, const struct rc_record *rec, const char *name)
{
	const struct rc_attr *a;

	if (m->ldif) {
		a = attr_of(m, rec, name);
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
	if (t->chosen >= 0) { /* its rules are checked when the name is chosen */
		w->chosen = true;
		rc_account_canonical(schema, &w->account, mem);
		w->name = rc_account_name(schema, &w->account);
		return RC_OK;
	}
	rc_want_settle(schema, w, mem);
	return RC_OK;
}

void rc_want_settle(const struct rc_account_schema *schema, struct rc_want *w, struct rc_arena *mem)
{
	struct rc_err rule;

	rc_account_canonical(schema, &w->account, mem);
	w->name = rc_account_name(schema, &w->account);
	if (rc_account_check(schema, &w->account, false, &rule))
		w->invalid = rc_arena_strdup(mem, rule.what);
}

/* A number, or a condition: true before false. Blank is last. */
static enum rc_code eval_prefer(struct rc_expr *e, double *ret, struct rc_err *err)
{
	enum rc_code code = rc_expr_eval_number(e, ret, err);
	bool yes;

	if (code) {
		code = rc_expr_eval_bool(e, &yes, err);
		*ret = !code && yes;
	} else if (isnan(*ret)) {
		*ret = -INFINITY;
	}
	return code;
}

static bool among(const struct rc_slice *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (rc_slice_eqs(names[i], name))
			return true;
	return false;
}

/* Never what is there for a password alone. */
static struct rc_slice reported(const struct rc_mapping *m, const struct rc_record *rec, const char *name)
{
	if (among(m->secret, m->n_secret, name) && !among(m->used, m->n_used, name))
		return (struct rc_slice){0};
	return column_value(m, rec, name);
}

static const struct rc_slice *take_reported(const struct rc_mapping *m, const struct rc_record *rec,
					    struct rc_arena *mem)
{
	const struct rc_strings *names = &m->cfg->report.columns;
	struct rc_slice *v = names->n ? rc_arena_alloc(mem, names->n * sizeof(*v)) : NULL;

	for (size_t i = 0; i < names->n; i++)
		v[i] = rc_arena_copy(mem, reported(m, rec, names->v[i]));
	return v;
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
	ret->columns = take_reported(m, rec, mem);
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
		code = eval_prefer(m->prefer, &ret->prefer, err);
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
