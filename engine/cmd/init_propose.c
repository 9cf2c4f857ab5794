/* init: what the schema of a connector proposes for an account's field, filled with the columns of the export. */
#include "engine/base/alloc.h"
#include "engine/base/json_out.h"
#include "engine/cmd/init_int.h"
#include <string.h>

enum { HINTS = 64 };

static const char *found_in(struct init *in, const cJSON *names)
{
	const char *hints[HINTS] = {0};
	const cJSON *one;
	size_t n = 0;

	cJSON_ArrayForEach(one, names)
	{
		if (cJSON_IsString(one) && n < HINTS - 1)
			hints[n++] = one->valuestring;
	}
	return n ? init_column(in, hints) : NULL;
}

/* The part of a mail address before the @: there is no pattern for it, so each domain is taken off by its name, in
 * lower case, since people write theirs in any. NULL: they are too many, or not known. */
static const char *before_at(struct init *in, const char *column)
{
	const struct rc_init_values *v = init_values_of(in, column);
	const char *expr = rc_arena_printf(&in->mem, "lower(%s)", rc_init_column_expr(column, &in->mem));

	if (!v || !v->mail || !v->n_domains)
		return NULL;
	for (size_t i = 0; i < v->n_domains; i++)
		expr = rc_arena_printf(&in->mem, "replace(%s, %s, '')", expr, rc_init_literal(v->domains[i], &in->mem));
	return expr;
}

/* $1 and $2: the columns as expressions. */
static const char *fill(struct init *in, const char *pattern, const char *const exprs[2])
{
	struct rc_buf b = {0};
	const char *text;

	for (const char *p = pattern; *p; p++) {
		if (p[0] == '$' && (p[1] == '1' || p[1] == '2'))
			rc_buf_adds(&b, exprs[*++p - '1']);
		else
			rc_buf_addc(&b, *p);
	}
	text = rc_arena_strdup(&in->mem, b.p ? b.p : "");
	rc_buf_done(&b);
	return text;
}

static void fill_rule(struct init *in, cJSON *rule, const char *const exprs[2])
{
	cJSON *one;

	cJSON_ArrayForEach(one, rule)
	{
		if (cJSON_IsString(one))
			cJSON_SetValuestring(one, fill(in, one->valuestring, exprs));
		else
			fill_rule(in, one, exprs);
	}
}

static const char *as_json(struct init *in, const cJSON *value)
{
	struct rc_buf b = {0};
	const char *text;

	rc_json_write(value, false, 0, &b);
	text = rc_arena_strdup(&in->mem, b.p);
	rc_buf_done(&b);
	return text;
}

/* One proposal: NULL when a column that it needs is not there. */
static const char *try_one(struct init *in, const cJSON *one)
{
	const cJSON *rule = rc_json_member(one, "rule"), *columns = rc_json_member(one, "columns");
	const cJSON *second = rc_json_member(one, "and");
	const char *a = found_in(in, columns), *b = found_in(in, second), *exprs[2] = {"", ""}, *json;
	cJSON *copy;

	if ((columns && !a) || (second && !b))
		return NULL;
	if (a)
		exprs[0] = cJSON_IsTrue(rc_json_member(one, "before_at")) ? before_at(in, a)
									  : rc_init_column_expr(a, &in->mem);
	if (b)
		exprs[1] = rc_init_column_expr(b, &in->mem);
	if (!exprs[0])
		return NULL;
	copy = rule ? cJSON_Duplicate(rule, true)
		    : cJSON_CreateString(fill(in, cJSON_GetStringValue(rc_json_member(one, "expression")), exprs));
	fill_rule(in, copy, exprs);
	json = as_json(in, copy);
	cJSON_Delete(copy);
	return json;
}

const char *init_propose(struct init *in, const cJSON *field, const char **ret_note)
{
	const cJSON *one;
	const char *found = NULL;

	*ret_note = NULL;
	cJSON_ArrayForEach(one, rc_json_member(field, "x-rollcall-init"))
	{
		found = try_one(in, one);
		if (!found)
			continue;
		*ret_note = cJSON_GetStringValue(rc_json_member(one, "note"));
		break;
	}
	return found;
}
