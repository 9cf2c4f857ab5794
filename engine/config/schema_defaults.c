#include "engine/config/schema_node.h"
#include <string.h>

static void defaults(const struct rc_schema *s, cJSON *v, unsigned depth);

static const cJSON *default_of(const struct rc_schema *s)
{
	for (unsigned i = 0; s && i < 8; i++, s = s->ref)
		if (s->default_value)
			return s->default_value;
	return NULL;
}

static bool named(const struct rc_schema *s, const char *key)
{
	for (size_t i = 0; i < s->properties.n; i++)
		if (strcmp(s->properties.v[i].name, key) == 0)
			return true;
	return false;
}

static void defaults_object(const struct rc_schema *s, cJSON *v, unsigned depth)
{
	for (size_t i = 0; i < s->properties.n; i++) {
		const struct schema_member *m = &s->properties.v[i];
		const cJSON *value = default_of(m->schema);

		if (value && !rc_json_member(v, m->name))
			cJSON_AddItemToObject(v, m->name, cJSON_Duplicate(value, true));
		if (rc_json_member(v, m->name))
			defaults(m->schema, cJSON_GetObjectItemCaseSensitive(v, m->name), depth);
	}
	if (!s->additional)
		return;
	for (cJSON *one = v->child; one; one = one->next)
		if (!named(s, one->string))
			defaults(s->additional, one, depth);
}

static void defaults(const struct rc_schema *s, cJSON *v, unsigned depth)
{
	if (depth > SCHEMA_MAX_DEPTH)
		return;
	depth++;
	if (cJSON_IsObject(v))
		defaults_object(s, v, depth);
	if (cJSON_IsArray(v) && s->items)
		for (cJSON *one = v->child; one; one = one->next)
			defaults(s->items, one, depth);
	for (size_t i = 0; i < s->all_of.n; i++)
		defaults(s->all_of.v[i], v, depth);
	if (s->ref)
		defaults(s->ref, v, depth);
}

void rc_schema_defaults(const struct rc_schema *s, cJSON *v)
{
	defaults(s, v, 0);
}
