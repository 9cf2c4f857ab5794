#include "engine/base/alloc.h"
#include "engine/base/nearest.h"
#include "engine/config/schema_node.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(struct schema_check *c, const struct rc_schema *s, const cJSON *v, const struct rc_json_path *at);

/* A trial run: does v match s? */
static bool matches(struct schema_check *c, const struct rc_schema *s, const cJSON *v)
{
	struct schema_check trial = {.depth = c->depth};

	check(&trial, s, v, NULL);
	return trial.found == 0;
}

static bool is_whole(double d)
{
	return isfinite(d) && !(d < floor(d)) && !(d > floor(d));
}

static unsigned type_of(const cJSON *v)
{
	if (cJSON_IsNumber(v))
		return TYPE_NUMBER | (is_whole(v->valuedouble) ? (unsigned)TYPE_INTEGER : 0);
	if (cJSON_IsString(v))
		return TYPE_STRING;
	if (cJSON_IsObject(v))
		return TYPE_OBJECT;
	if (cJSON_IsArray(v))
		return TYPE_ARRAY;
	return cJSON_IsBool(v) ? TYPE_BOOLEAN : TYPE_NULL;
}

static const char *type_names(unsigned types, char out[96])
{
	static const char *const names[] = {"null",     "true or false", "an object",     "a list",
					    "a number", "text",          "a whole number"};
	size_t n = 0;

	out[0] = 0;
	for (unsigned i = 0; i < 7; i++)
		if (types & 1u << i &&
		    !(i == 4 && types & TYPE_INTEGER && types & ~(unsigned)(TYPE_NUMBER | TYPE_INTEGER)))
			n += (size_t)snprintf(out + n, 96 - n, "%s%s", n ? " or " : "", names[i]);
	return out;
}

static const char *type_name(const cJSON *v)
{
	if (cJSON_IsNumber(v))
		return "a number";
	if (cJSON_IsBool(v))
		return cJSON_IsTrue(v) ? "true" : "false";
	return cJSON_IsString(v) ? "text" : cJSON_IsObject(v) ? "an object" : cJSON_IsArray(v) ? "a list" : "null";
}

/* ---- objects ---- */

static bool has_member(const struct schema_members *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].name, name) == 0)
			return true;
	return false;
}

static void report_unknown(struct schema_check *c, const struct rc_schema *s, const char *key,
			   const struct rc_json_path *at)
{
	const char **names = rc_xcalloc(s->properties.n + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < s->properties.n; i++)
		names[i] = s->properties.v[i].name;
	near = rc_nearest(rc_slice_str(key), names, s->properties.n);
	if (near)
		schema_report(c, at, "unknown key; did you mean \"%s\"?", near);
	else
		schema_report(c, at, "unknown key");
	free(names);
}

static void check_member(struct schema_check *c, const struct rc_schema *s, const cJSON *v,
			 const struct rc_json_path *at)
{
	bool known = has_member(&s->properties, v->string);

	for (size_t i = 0; i < s->properties.n; i++)
		if (strcmp(s->properties.v[i].name, v->string) == 0)
			check(c, s->properties.v[i].schema, v, at);
	for (size_t i = 0; i < s->pattern_properties.n; i++) {
		if (!schema_pattern_match(s->pattern_properties.v[i].pattern, rc_slice_str(v->string), NULL))
			continue;
		known = true;
		check(c, s->pattern_properties.v[i].schema, v, at);
	}
	if (!known && s->additional) {
		if (s->additional->boolean == 0)
			report_unknown(c, s, v->string, at);
		else
			check(c, s->additional, v, at);
	}
	if (s->property_names) {
		cJSON name = {.type = cJSON_String, .valuestring = v->string};

		if (s->property_names->expects && !matches(c, s->property_names, &name))
			schema_report(c, at, "the key must be %s", s->property_names->expects);
		else
			check(c, s->property_names, &name, at);
	}
}

static void check_names(struct schema_check *c, const cJSON *names, const char *because, const cJSON *v,
			const struct rc_json_path *at)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, names)
	{
		struct rc_json_path where = {at, one->valuestring, 0};

		if (rc_json_member(v, one->valuestring))
			continue;
		if (because)
			schema_report(c, &where, "is missing; \"%s\" needs it", because);
		else
			schema_report(c, &where, "is missing");
	}
}

static void check_object(struct schema_check *c, const struct rc_schema *s, const cJSON *v,
			 const struct rc_json_path *at)
{
	double n = cJSON_GetArraySize(v);
	const cJSON *one;

	if (n < s->min_properties)
		schema_report(c, at, "must have at least %.0f entr%s", s->min_properties,
			      s->min_properties > 1 ? "ies" : "y");
	if (s->max_properties >= 0 && n > s->max_properties)
		schema_report(c, at, "must have at most %.0f entr%s", s->max_properties,
			      s->max_properties > 1 ? "ies" : "y");
	if (s->required)
		check_names(c, s->required, NULL, v, at);
	for (size_t i = 0; i < s->n_dependent_required; i++)
		if (rc_json_member(v, s->dependent_required[i].when))
			check_names(c, s->dependent_required[i].names, s->dependent_required[i].when, v, at);
	cJSON_ArrayForEach(one, v)
	{
		struct rc_json_path where = {at, one->string, 0};

		check_member(c, s, one, &where);
	}
	for (size_t i = 0; i < s->dependent_schemas.n; i++)
		if (rc_json_member(v, s->dependent_schemas.v[i].name))
			check(c, s->dependent_schemas.v[i].schema, v, at);
}

/* ---- arrays ---- */

static void check_unique(struct schema_check *c, const cJSON *v, const struct rc_json_path *at)
{
	size_t j = 0;

	for (const cJSON *b = v->child; b; b = b->next, j++) {
		size_t i = 0;

		for (const cJSON *a = v->child; a != b; a = a->next, i++)
			if (rc_json_equal(a, b)) {
				struct rc_json_path where = {at, NULL, j};

				schema_report(c, &where, "stands in the list already, at %zu", i);
				break;
			}
		if (!c->note && c->found)
			return;
	}
}

static void check_contains(struct schema_check *c, const struct rc_schema *s, const cJSON *v,
			   const struct rc_json_path *at)
{
	double n = 0;
	const cJSON *one;

	cJSON_ArrayForEach(one, v) if (matches(c, s->contains, one)) n++;
	if (n < s->min_contains)
		schema_report(c, at, "holds too few entries of the kind it must hold");
	if (s->max_contains >= 0 && n > s->max_contains)
		schema_report(c, at, "holds too many entries of one kind");
}

static void check_array(struct schema_check *c, const struct rc_schema *s, const cJSON *v,
			const struct rc_json_path *at)
{
	double n = cJSON_GetArraySize(v);
	const cJSON *one;
	size_t i = 0;

	if (n < s->min_items)
		schema_report(c, at, "must have at least %.0f entr%s", s->min_items, s->min_items > 1 ? "ies" : "y");
	if (s->max_items >= 0 && n > s->max_items)
		schema_report(c, at, "must have at most %.0f entr%s", s->max_items, s->max_items > 1 ? "ies" : "y");
	cJSON_ArrayForEach(one, v)
	{
		struct rc_json_path where = {at, NULL, i};

		if (i < s->prefix_items.n)
			check(c, s->prefix_items.v[i], one, &where);
		else if (s->items)
			check(c, s->items, one, &where);
		i++;
	}
	if (s->unique_items)
		check_unique(c, v, at);
	if (s->contains)
		check_contains(c, s, v, at);
}

/* ---- combinations ---- */

/* The branch that a person most likely meant: the only one for a value of this type. */
static const struct rc_schema *likely(const struct schema_list *l, const cJSON *v)
{
	const struct rc_schema *found = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct rc_schema *s = l->v[i];

		while (s->ref && !s->types)
			s = s->ref;
		if (s->types && !(s->types & type_of(v)))
			continue;
		if (found)
			return NULL;
		found = l->v[i];
	}
	return found;
}

static void check_any(struct schema_check *c, const struct schema_list *l, bool only_one, const cJSON *v,
		      const struct rc_json_path *at)
{
	const struct rc_schema *meant;
	size_t hits = 0, before = c->found;

	for (size_t i = 0; i < l->n && (only_one || !hits); i++)
		hits += matches(c, l->v[i], v);
	if (hits == 1)
		return;
	if (hits > 1) {
		schema_report(c, at, "fits more than one of the allowed forms");
		return;
	}
	meant = c->note ? likely(l, v) : NULL;
	if (meant)
		check(c, meant, v, at);
	if (c->found == before)
		schema_report(c, at, "is none of the allowed forms");
}

static void check_combined(struct schema_check *c, const struct rc_schema *s, const cJSON *v,
			   const struct rc_json_path *at)
{
	for (size_t i = 0; i < s->all_of.n; i++)
		check(c, s->all_of.v[i], v, at);
	if (s->any_of.n)
		check_any(c, &s->any_of, false, v, at);
	if (s->one_of.n)
		check_any(c, &s->one_of, true, v, at);
	if (s->not_ && matches(c, s->not_, v))
		schema_report(c, at, "is what it must not be");
	if (s->if_) {
		const struct rc_schema *next = matches(c, s->if_, v) ? s->then_ : s->else_;

		if (next)
			check(c, next, v, at);
	}
	if (s->ref)
		check(c, s->ref, v, at);
}

static void check_node(struct schema_check *c, const struct rc_schema *s, const cJSON *v, const struct rc_json_path *at)
{
	char names[96];

	if (s->types && !(s->types & type_of(v))) {
		schema_report(c, at, "must be %s, is %s", type_names(s->types, names), type_name(v));
		return;
	}
	if (s->enumeration)
		schema_check_enum(c, s, v, at);
	if (s->constant && !rc_json_equal(s->constant, v)) {
		struct rc_buf want = {.max = 200};

		rc_json_write(s->constant, false, 0, &want);
		schema_report(c, at, "must be %s", want.p);
		rc_buf_done(&want);
	}
	if (cJSON_IsNumber(v))
		schema_check_numbers(c, s, v->valuedouble, at);
	else if (cJSON_IsString(v))
		schema_check_text(c, s, rc_slice_str(v->valuestring), false, at);
	else if (cJSON_IsObject(v))
		check_object(c, s, v, at);
	else if (cJSON_IsArray(v))
		check_array(c, s, v, at);
	check_combined(c, s, v, at);
}

static void check(struct schema_check *c, const struct rc_schema *s, const cJSON *v, const struct rc_json_path *at)
{
	if (c->found && !c->note)
		return;
	if (s->boolean == 1)
		return;
	if (s->boolean == 0) {
		schema_report(c, at, "is not allowed here");
		return;
	}
	if (++c->depth > SCHEMA_MAX_DEPTH) {
		schema_report(c, at, "is nested too deep");
	} else if (s->expects && c->note) {
		if (!matches(c, s, v))
			schema_report(c, at, "must be %s", s->expects);
	} else {
		check_node(c, s, v, at);
	}
	c->depth--;
}

size_t rc_schema_check(const struct rc_schema *s, const cJSON *v, const struct rc_json_path *at, rc_json_note_fn *note,
		       void *ctx)
{
	struct schema_check c = {.note = note, .ctx = ctx};

	check(&c, s, v, at);
	return c.found;
}
