/* What is asked of a row after all rows are read: the next choice of a name, whether an account is theirs. */
#include "engine/run/mapping_int.h"
#include "engine/base/alloc.h"

void rc_mapping_keep(struct rc_mapping *m, bool kept)
{
	m->kept = kept;
}

bool rc_mapping_asked_later(const struct rc_mapping *m)
{
	return m->asked_later;
}

/* As the row's own evaluation has just seen them, aliases in place. */
static struct rc_row_copy *copy_attrs(struct rc_row_copy *c, struct rc_arena *mem)
{
	struct rc_expr_field *attrs = rc_arena_alloc(mem, (c->m->n_attrs + 1) * sizeof(*attrs));

	c->n = c->m->n_attrs;
	c->attrs = attrs;
	for (size_t i = 0; i < c->n; i++)
		attrs[i] = (struct rc_expr_field){rc_arena_copy(mem, c->m->attrs[i].name),
						  rc_arena_copy(mem, c->m->attrs[i].value)};
	return c;
}

struct rc_row_copy *rc_mapping_copy_row(struct rc_mapping *m, const struct rc_record *rec, struct rc_arena *mem)
{
	struct rc_row_copy *c = rc_arena_zalloc(mem, sizeof(*c));
	struct rc_slice *fields;

	c->m = m;
	if (m->ldif)
		return copy_attrs(c, mem);
	c->n = rec->n;
	c->fields = fields = rc_arena_zalloc(mem, (rec->n + 1) * sizeof(*fields));
	for (size_t i = 0; i < rec->n; i++)
		if (m->later.all || rc_columns_has(&m->later, i))
			fields[i] = rc_arena_copy(mem, rec->field[i]);
	return c;
}

static void set_copy(const struct rc_row_copy *row)
{
	if (row->m->ldif)
		rc_expr_row_ldif(row->m->env, row->attrs, row->n);
	else
		rc_expr_row_csv(row->m->env, row->fields, row->n);
}

int rc_mapping_chosen_field(const struct rc_row_copy *row, size_t target)
{
	return row->m->targets[target].chosen;
}

/* All expressions but the last are one choice each, the last one is a choice for each n from 2 to max_n. */
static enum rc_code choice(struct rc_mapping *m, const struct target_rules *t, size_t i, struct rc_slice *ret,
			   struct rc_err *err)
{
	size_t plain = t->n_choices - 1;
	const struct rc_account_rule *rule = &t->cfg->account[t->chosen];

	if (i < plain)
		return rc_expr_eval_string(t->choices[i], ret, err);
	if (i - plain + 2 > rule->max_n)
		return rc_fail(err, RC_USAGE, "every choice up to n = %u is used up", rule->max_n);
	rc_expr_set_n(m->env, (int64_t)(i - plain + 2));
	return rc_expr_eval_string(t->choices[plain], ret, err);
}

enum rc_code mapping_first_choice(struct rc_mapping *m, const struct target_rules *t, struct rc_arena *mem,
				  struct rc_want *w, struct rc_err *err)
{
	struct rc_slice v;
	enum rc_code code = choice(m, t, 0, &v, err);

	if (code)
		return code;
	w->account.v[t->chosen] = rc_arena_copy(mem, v);
	w->account.set |= 1u << t->chosen;
	return RC_OK;
}

enum rc_code rc_mapping_choice(const struct rc_row_copy *row, size_t target, size_t i, struct rc_arena *mem,
			       struct rc_slice *ret, struct rc_err *err)
{
	enum rc_code code;

	set_copy(row);
	code = choice(row->m, &row->m->targets[target], i, ret, err);
	if (!code)
		*ret = rc_arena_copy(mem, *ret);
	rc_expr_row_none(row->m->env);
	return code;
}

enum rc_code rc_mapping_adopt_if(const struct rc_row_copy *row, size_t target, const struct rc_account *account,
				 struct rc_slice name, bool *ret, struct rc_err *err)
{
	const struct target_rules *t = row ? &row->m->targets[target] : NULL;
	struct rc_expr_field fields[RC_MAX_FIELDS];
	size_t n = 0;
	enum rc_code code;

	*ret = true;
	if (!t || !t->adopt_if)
		return RC_OK;
	for (size_t f = 0; f < t->cfg->schema->n_fields; f++) {
		const struct rc_field *field = &t->cfg->schema->fields[f];
		bool known = account->set >> f & 1;

		if (!field->secret && (known || field->is_name))
			fields[n++] = (struct rc_expr_field){rc_slice_str(field->name), known ? account->v[f] : name};
	}
	set_copy(row);
	rc_expr_set_account(row->m->env, fields, n);
	code = rc_expr_eval_bool(t->adopt_if, ret, err);
	rc_expr_set_account(row->m->env, NULL, 0);
	rc_expr_row_none(row->m->env);
	return code;
}
