#include "engine/base/alloc.h"
#include "engine/config/schema_node.h"
#include <stdlib.h>
#include <string.h>

struct compile {
	struct rc_schema_set *set;
	struct rc_err *err;
	bool failed;
	unsigned depth;
};

static struct rc_schema *compile(struct compile *c, const cJSON *doc, const struct rc_json_path *path);

static void fail(struct compile *c, const struct rc_json_path *path, const char *what)
{
	struct rc_buf pointer = {0};

	if (c->failed)
		return;
	c->failed = true;
	rc_json_path_text(path, &pointer);
	rc_fail(c->err, RC_INTERNAL, "schema %s: %s: %s", c->set->name, pointer.n ? pointer.p : "/", what);
	rc_buf_done(&pointer);
}

static const pcre2_code *pattern(struct compile *c, const char *text, const struct rc_json_path *path)
{
	int number;
	size_t offset;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
					 PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &number, &offset,
					 rc_pcre_compile());
	struct rc_schema_set *s = c->set;

	if (!code) {
		fail(c, path, "not a regular expression that PCRE2 takes");
		return NULL;
	}
	if (s->n_codes == s->cap_codes) {
		s->cap_codes = s->cap_codes ? s->cap_codes * 2 : 16;
		s->codes = rc_xreallocarray(s->codes, s->cap_codes, sizeof(pcre2_code *));
	}
	s->codes[s->n_codes++] = code;
	return code;
}

/* ---- one function per shape of keyword ---- */

static void set_types(struct compile *c, struct rc_schema *s, const cJSON *v, const struct rc_json_path *path)
{
	static const struct {
		const char *name;
		unsigned bit;
	} types[] = {
		{"null", TYPE_NULL},     {"boolean", TYPE_BOOLEAN}, {"object", TYPE_OBJECT},   {"array", TYPE_ARRAY},
		{"number", TYPE_NUMBER}, {"string", TYPE_STRING},   {"integer", TYPE_INTEGER},
	};
	const cJSON *one = cJSON_IsArray(v) ? v->child : v;

	for (; one; one = cJSON_IsArray(v) ? one->next : NULL) {
		unsigned bit = 0;

		for (size_t i = 0; cJSON_IsString(one) && i < sizeof(types) / sizeof(*types); i++)
			if (strcmp(one->valuestring, types[i].name) == 0)
				bit = types[i].bit;
		if (!bit)
			fail(c, path, "not a type");
		s->types |= bit;
	}
	if (!s->types)
		fail(c, path, "names no type");
}

static double number(struct compile *c, const cJSON *v, const struct rc_json_path *path)
{
	if (!cJSON_IsNumber(v))
		fail(c, path, "must be a number");
	return cJSON_IsNumber(v) ? v->valuedouble : 0;
}

static struct schema_list list(struct compile *c, const cJSON *v, const struct rc_json_path *path)
{
	struct schema_list l = {0};
	const cJSON *one;

	if (!cJSON_IsArray(v) || !v->child) {
		fail(c, path, "must be a list of schemas");
		return l;
	}
	l.v = rc_arena_zalloc(&c->set->mem, (size_t)cJSON_GetArraySize(v) * sizeof(*l.v));
	cJSON_ArrayForEach(one, v)
	{
		struct rc_json_path at = {path, NULL, l.n};

		l.v[l.n++] = compile(c, one, &at);
	}
	return l;
}

static struct schema_members members(struct compile *c, const cJSON *v, bool patterns, const struct rc_json_path *path)
{
	struct schema_members m = {0};
	const cJSON *one;

	if (!cJSON_IsObject(v)) {
		fail(c, path, "must be an object of schemas");
		return m;
	}
	m.v = rc_arena_zalloc(&c->set->mem, (size_t)cJSON_GetArraySize(v) * sizeof(*m.v));
	cJSON_ArrayForEach(one, v)
	{
		struct rc_json_path at = {path, one->string, 0};
		struct schema_member *to = &m.v[m.n++];

		to->name = one->string;
		to->pattern = patterns ? pattern(c, one->string, &at) : NULL;
		to->schema = compile(c, one, &at);
	}
	return m;
}

static const cJSON *strings(struct compile *c, const cJSON *v, const struct rc_json_path *path)
{
	const cJSON *one;

	if (!cJSON_IsArray(v))
		fail(c, path, "must be a list of names");
	cJSON_ArrayForEach(one, v) if (!cJSON_IsString(one)) fail(c, path, "must be a list of names");
	return v;
}

static void set_dependent_required(struct compile *c, struct rc_schema *s, const cJSON *v,
				   const struct rc_json_path *path)
{
	const cJSON *one;

	s->dependent_required =
		rc_arena_zalloc(&c->set->mem, ((size_t)cJSON_GetArraySize(v) + 1) * sizeof(*s->dependent_required));
	cJSON_ArrayForEach(one, v) s->dependent_required[s->n_dependent_required++] =
		(struct schema_required){one->string, strings(c, one, path)};
}

/* JSON Pointer into the document; percent escapes are undone, as the pointer is a URI fragment. */
static const cJSON *resolve(const cJSON *doc, const char *fragment)
{
	char token[256];
	const char *p = fragment;

	while (doc && *p) {
		size_t n = 0;

		if (*p++ != '/')
			return NULL;
		for (; *p && *p != '/' && n + 1 < sizeof(token); p++) {
			if (*p == '~' && (p[1] == '0' || p[1] == '1')) {
				token[n++] = *++p == '0' ? '~' : '/';
			} else if (*p == '%' && p[1] && p[2]) {
				char hex[3] = {p[1], p[2], 0};

				token[n++] = (char)strtoul(hex, NULL, 16);
				p += 2;
			} else {
				token[n++] = *p;
			}
		}
		token[n] = 0;
		if (cJSON_IsArray(doc))
			doc = token[0] >= '0' && token[0] <= '9' ? cJSON_GetArrayItem(doc, (int)strtol(token, NULL, 10))
								 : NULL;
		else
			doc = rc_json_member(doc, token);
	}
	return doc;
}

static struct rc_schema *find(const struct rc_schema_set *set, const cJSON *doc)
{
	for (size_t i = 0; i < set->n_nodes; i++)
		if (set->nodes[i]->doc == doc)
			return set->nodes[i];
	return NULL;
}

static void set_ref(struct compile *c, struct rc_schema *s, const cJSON *v, const struct rc_json_path *path)
{
	const cJSON *doc =
		cJSON_IsString(v) && v->valuestring[0] == '#' ? resolve(c->set->doc, v->valuestring + 1) : NULL;

	if (!doc)
		fail(c, path, "a $ref must lead to a place in the same file");
	else
		s->ref = compile(c, doc, path);
}

static bool number_keyword(struct compile *c, struct rc_schema *s, const cJSON *v, const struct rc_json_path *path)
{
	struct {
		const char *name;
		double *to;
		bool *has;
	} const table[] = {
		{"minimum", &s->minimum, &s->has_minimum},
		{"maximum", &s->maximum, &s->has_maximum},
		{"exclusiveMinimum", &s->ex_minimum, &s->has_ex_minimum},
		{"exclusiveMaximum", &s->ex_maximum, &s->has_ex_maximum},
		{"multipleOf", &s->multiple_of, NULL},
		{"minLength", &s->min_length, NULL},
		{"maxLength", &s->max_length, NULL},
		{"minItems", &s->min_items, NULL},
		{"maxItems", &s->max_items, NULL},
		{"minProperties", &s->min_properties, NULL},
		{"maxProperties", &s->max_properties, NULL},
		{"minContains", &s->min_contains, NULL},
		{"maxContains", &s->max_contains, NULL},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (strcmp(v->string, table[i].name) != 0)
			continue;
		*table[i].to = number(c, v, path);
		if (table[i].has)
			*table[i].has = true;
		return true;
	}
	return false;
}

static bool schema_keyword(struct compile *c, struct rc_schema *s, const cJSON *v, const struct rc_json_path *path)
{
	struct {
		const char *name;
		const struct rc_schema **to;
	} const table[] = {
		{"additionalProperties", &s->additional},
		{"propertyNames", &s->property_names},
		{"items", &s->items},
		{"contains", &s->contains},
		{"not", &s->not_},
		{"if", &s->if_},
		{"then", &s->then_},
		{"else", &s->else_},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(v->string, table[i].name) == 0) {
			*table[i].to = compile(c, v, path);
			return true;
		}
	return false;
}

static bool list_keyword(struct compile *c, struct rc_schema *s, const cJSON *v, const struct rc_json_path *path)
{
	const char *k = v->string;

	if (strcmp(k, "allOf") == 0)
		s->all_of = list(c, v, path);
	else if (strcmp(k, "anyOf") == 0)
		s->any_of = list(c, v, path);
	else if (strcmp(k, "oneOf") == 0)
		s->one_of = list(c, v, path);
	else if (strcmp(k, "prefixItems") == 0)
		s->prefix_items = list(c, v, path);
	else if (strcmp(k, "properties") == 0)
		s->properties = members(c, v, false, path);
	else if (strcmp(k, "patternProperties") == 0)
		s->pattern_properties = members(c, v, true, path);
	else if (strcmp(k, "dependentSchemas") == 0)
		s->dependent_schemas = members(c, v, false, path);
	else if (strcmp(k, "dependentRequired") == 0)
		set_dependent_required(c, s, v, path);
	else if (strcmp(k, "required") == 0)
		s->required = strings(c, v, path);
	else
		return false;
	return true;
}

static bool text_keyword(struct compile *c, struct rc_schema *s, const cJSON *v, const struct rc_json_path *path)
{
	const char *k = v->string;

	if (strcmp(k, "pattern") != 0 && strcmp(k, "x-rollcall-chars") != 0 && strcmp(k, "x-rollcall-expects") != 0)
		return false;
	if (!cJSON_IsString(v)) {
		fail(c, path, "must be a text");
	} else if (strcmp(k, "pattern") == 0) {
		s->pattern = pattern(c, v->valuestring, path);
		s->pattern_text = v->valuestring;
		schema_plain_class(v->valuestring, s->plain);
	} else if (strcmp(k, "x-rollcall-chars") == 0) {
		s->chars = pattern(c, rc_arena_printf(&c->set->mem, "^(?:%s)*+", v->valuestring), path);
		s->chars_text = v->valuestring;
	} else {
		s->expects = v->valuestring;
	}
	return true;
}

static bool annotation(const char *k)
{
	static const char *const known[] = {"$schema",     "$id",      "$comment",    "$defs",
					    "definitions", "title",    "description", "examples",
					    "format",      "readOnly", "writeOnly",   "deprecated"};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(k, known[i]) == 0)
			return true;
	return strncmp(k, "x-", 2) == 0;
}

static void keyword(struct compile *c, struct rc_schema *s, const cJSON *v, const struct rc_json_path *path)
{
	const char *k = v->string;

	if (number_keyword(c, s, v, path) || schema_keyword(c, s, v, path) || list_keyword(c, s, v, path) ||
	    text_keyword(c, s, v, path))
		return;
	if (strcmp(k, "type") == 0)
		set_types(c, s, v, path);
	else if (strcmp(k, "enum") == 0)
		s->enumeration = v;
	else if (strcmp(k, "const") == 0)
		s->constant = v;
	else if (strcmp(k, "uniqueItems") == 0)
		s->unique_items = cJSON_IsTrue(v);
	else if (strcmp(k, "default") == 0)
		s->default_value = v;
	else if (strcmp(k, "$ref") == 0)
		set_ref(c, s, v, path);
	else if (!annotation(k))
		fail(c, path, "a keyword that this validator does not know");
}

static struct rc_schema *compile(struct compile *c, const cJSON *doc, const struct rc_json_path *path)
{
	struct rc_schema_set *set = c->set;
	struct rc_schema *s = find(set, doc);
	const cJSON *v;

	if (s || c->failed)
		return s;
	s = rc_arena_zalloc(&set->mem, sizeof(*s));
	s->doc = doc;
	s->boolean = cJSON_IsTrue(doc) ? 1 : cJSON_IsFalse(doc) ? 0 : -1;
	s->max_length = s->max_items = s->max_properties = s->max_contains = -1;
	s->min_contains = 1;
	if (set->n_nodes == set->cap_nodes) {
		set->cap_nodes = set->cap_nodes ? set->cap_nodes * 2 : 64;
		set->nodes = rc_xreallocarray(set->nodes, set->cap_nodes, sizeof(*set->nodes));
	}
	set->nodes[set->n_nodes++] = s; /* before its children: a $ref may lead back here */
	if (s->boolean >= 0)
		return s;
	if (!cJSON_IsObject(doc) || ++c->depth > 2 * RC_JSON_MAX_DEPTH) {
		fail(c, path, "a schema must be an object, true or false");
		return s;
	}
	cJSON_ArrayForEach(v, doc)
	{
		struct rc_json_path at = {path, v->string, 0};

		keyword(c, s, v, &at);
	}
	c->depth--;
	return s;
}

enum rc_code rc_schema_compile(const char *name, cJSON *doc, struct rc_schema_set **ret, struct rc_err *err)
{
	struct rc_schema_set *set = rc_xcalloc(1, sizeof(*set));
	struct compile c = {.set = set, .err = err};

	set->name = rc_arena_strdup(&set->mem, name);
	set->doc = doc;
	set->root = compile(&c, doc, NULL);
	if (c.failed) {
		rc_schema_set_free(set);
		return RC_INTERNAL;
	}
	*ret = set;
	return RC_OK;
}

void rc_schema_set_free(struct rc_schema_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n_codes; i++)
		pcre2_code_free(set->codes[i]);
	free(set->codes);
	free(set->nodes);
	cJSON_Delete(set->doc);
	rc_arena_done(&set->mem);
	free(set);
}

const struct rc_schema *rc_schema_root(const struct rc_schema_set *set)
{
	return set->root;
}

const cJSON *rc_schema_doc(const struct rc_schema_set *set)
{
	return set->doc;
}

const struct rc_schema *rc_schema_at(struct rc_schema_set *set, const char *pointer, struct rc_err *err)
{
	struct compile c = {.set = set, .err = err};
	const cJSON *doc = resolve(set->doc, pointer);
	const struct rc_schema *s;

	if (!doc) {
		rc_fail(err, RC_INTERNAL, "schema %s: has nothing at %s", set->name, pointer);
		return NULL;
	}
	s = compile(&c, doc, NULL);
	return c.failed ? NULL : s;
}
