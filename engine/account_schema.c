#include "engine/account_schema.h"
#include "engine/base/alloc.h"
#include "engine/base/embedded.h"
#include "engine/config/schema.h"
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { MAX_CONNECTORS = 32, PREFIX = 8 }; /* "targets/" */

struct loaded {
	struct rc_account_schema schema;
	struct rc_schema_set *set;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct loaded *cache[MAX_CONNECTORS];

const char *rc_account_schema_name(size_t i)
{
	for (const struct rc_embedded *e = rc_embedded_schemas; e->name; e++)
		if (strncmp(e->name, "targets/", PREFIX) == 0 && i-- == 0)
			return e->name + PREFIX;
	return NULL;
}

static bool flag(const cJSON *obj, const char *key)
{
	return cJSON_IsTrue(rc_json_member(obj, key));
}

static const char *text(const cJSON *obj, const char *key)
{
	return cJSON_GetStringValue(rc_json_member(obj, key));
}

static unsigned whole(const cJSON *obj, const char *key, unsigned otherwise)
{
	const cJSON *v = rc_json_member(obj, key);

	return cJSON_IsNumber(v) && v->valuedouble >= 0 && v->valuedouble < UINT_MAX ? (unsigned)v->valuedouble
										     : otherwise;
}

static bool listed(const cJSON *names, const char *name)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, names)
	{
		if (cJSON_IsString(one) && strcmp(one->valuestring, name) == 0)
			return true;
	}
	return false;
}

static struct rc_password_rule password_rule(const cJSON *field)
{
	const cJSON *doc = rc_json_member(field, "x-rollcall-password");
	struct rc_password_rule r = {
		.min_classes = whole(doc, "min_classes", 1),
		.not_name = flag(doc, "not_name"),
		.generate_length = whole(doc, "length", 20),
		.min_length = whole(field, "minLength", 8),
		.max_length = whole(field, "maxLength", 32),
		.alphabet = text(doc, "alphabet"),
		.first = text(doc, "first"),
	};

	if (!r.alphabet || !*r.alphabet)
		r.alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
	if (!r.first || !*r.first)
		r.first = r.alphabet;
	return r;
}

static enum rc_field_compare compare_of(const cJSON *field, bool integer)
{
	const char *how = text(field, "x-rollcall-compare");

	if (integer)
		return RC_COMPARE_INTEGER;
	return how && strcmp(how, "mail") == 0 ? RC_COMPARE_MAIL : RC_COMPARE_EXACT;
}

static void load_field(struct rc_account_schema *s, const cJSON *doc, const cJSON *f, struct rc_field *to)
{
	unsigned i = (unsigned)(to - s->fields);
	const char *type = text(f, "type");

	to->name = f->string;
	to->name_n = strlen(f->string);
	to->title = text(f, "title") ? text(f, "title") : f->string;
	to->describe = text(f, "description") ? text(f, "description") : "";
	to->required = listed(rc_json_member(doc, "required"), f->string);
	to->secret = flag(f, "x-rollcall-secret");
	to->updatable = flag(f, "x-rollcall-updatable") && !to->secret;
	to->is_group = flag(f, "x-rollcall-group");
	to->integer = type && strcmp(type, "integer") == 0;
	to->compare = compare_of(f, to->integer);
	to->clear = text(f, "x-rollcall-clear");
	to->absent = text(f, "x-rollcall-absent");
	to->max_bytes = whole(f, "x-rollcall-max-bytes", 0);
	if (to->secret)
		to->password = password_rule(f);
	s->required |= to->required ? 1u << i : 0;
	s->secret |= to->secret ? 1u << i : 0;
	s->updatable |= to->updatable ? 1u << i : 0;
	s->comparable |= to->secret ? 0 : 1u << i;
	if (to->is_group)
		s->group_field = (int)i;
	if (to->secret)
		s->secret_field = (int)i;
}

static enum rc_code load_fields(struct loaded *l, const cJSON *doc, struct rc_err *err)
{
	struct rc_account_schema *s = &l->schema;
	const cJSON *f;

	cJSON_ArrayForEach(f, rc_json_member(doc, "properties"))
	{
		struct rc_field *to = &s->fields[s->n_fields];
		struct rc_buf pointer = {0};

		if (s->n_fields == RC_MAX_FIELDS)
			return rc_fail(err, RC_INTERNAL, "schema %s: more than %d fields", s->connector, RC_MAX_FIELDS);
		load_field(s, doc, f, to);
		rc_buf_addf(&pointer, "/properties/%s", f->string);
		to->rule = rc_schema_at(l->set, pointer.p, err);
		rc_buf_done(&pointer);
		if (!to->rule)
			return RC_INTERNAL;
		s->n_fields++;
	}
	return RC_OK;
}

static enum rc_code load_names(struct rc_account_schema *s, const cJSON *x, struct rc_err *err)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, rc_json_member(x, "name"))
	{
		int i = cJSON_IsString(one) ? rc_account_field(s, rc_slice_str(one->valuestring)) : -1;

		if (i < 0 || s->n_names == RC_MAX_NAME_FIELDS)
			break;
		s->names[s->n_names++] = (uint8_t)i;
	}
	if (!s->n_names)
		return rc_fail(err, RC_INTERNAL, "schema %s: x-rollcall.name names no field", s->connector);
	s->fields[s->names[0]].is_name = true;
	for (size_t i = 0; i < s->n_fields; i++) {
		struct rc_field *f = &s->fields[i];

		f->create_only = !f->updatable && !f->secret && !f->is_name;
	}
	return RC_OK;
}

static void load_abilities(struct rc_account_schema *s, const cJSON *x)
{
	s->batch_create = flag(x, "batch_create");
	s->batch_delete = flag(x, "batch_delete");
	s->batch_max = s->batch_create || s->batch_delete ? whole(x, "batch_max", 1) : 1;
	s->batch_default = s->batch_max > 1 ? whole(x, "batch_default", 1) : 1;
	s->can_disable = flag(x, "disable");
	s->can_lock = flag(x, "lock");
	s->can_disconnect = flag(x, "disconnect");
	s->has_groups = flag(x, "groups");
	s->has_ids = flag(x, "ids");
	s->names_case_sensitive = flag(x, "names_case_sensitive");
	s->mails_credentials = flag(x, "mails_credentials");
	s->in_use_timezone = text(x, "in_use_timezone");
	s->name_needs_secret = flag(x, "name_needs_secret");
}

static enum rc_code load_target(struct loaded *l, const cJSON *x, struct rc_err *err)
{
	struct rc_account_schema *s = &l->schema;
	const cJSON *keys = rc_json_member(rc_json_member(x, "target"), "properties"), *one;
	const char **names = rc_xcalloc((size_t)cJSON_GetArraySize(keys) + 1, sizeof(*names));
	char pointer[128];

	s->target_keys = names;
	cJSON_ArrayForEach(one, keys) names[s->n_target_keys++] = one->string;
	s->server_key = text(x, "server_key");
	if (!s->server_key || !rc_json_member(keys, s->server_key))
		return rc_fail(err, RC_INTERNAL, "schema %s: x-rollcall.server_key is no key of the target",
			       s->connector);
	snprintf(pointer, sizeof(pointer), "/x-rollcall/target/properties/%s", s->server_key);
	s->target_rule = rc_schema_at(l->set, "/x-rollcall/target", err);
	s->auth_rule = s->target_rule ? rc_schema_at(l->set, "/x-rollcall/auth", err) : NULL;
	s->server_rule = s->auth_rule ? rc_schema_at(l->set, pointer, err) : NULL;
	if (!s->server_rule)
		return RC_INTERNAL;
	return RC_OK;
}

static void loaded_free(struct loaded *l)
{
	free((void *)(uintptr_t)l->schema.target_keys);
	rc_schema_set_free(l->set);
	free(l);
}

static enum rc_code load(const struct rc_embedded *e, struct loaded **ret, struct rc_err *err)
{
	struct loaded *l = rc_xcalloc(1, sizeof(*l));
	const cJSON *doc, *x;
	cJSON *parsed;
	enum rc_code code;

	l->schema.connector = e->name + PREFIX;
	l->schema.hash = XXH3_64bits(e->data, e->n);
	l->schema.group_field = l->schema.secret_field = -1;
	code = rc_json_parse(e->name, (struct rc_slice){e->data, e->n}, false, &parsed, err);
	if (!code)
		code = rc_schema_compile(e->name, parsed, &l->set, err);
	if (!code) {
		doc = rc_schema_doc(l->set);
		x = rc_json_member(doc, "x-rollcall");
		l->schema.title = text(doc, "title") ? text(doc, "title") : l->schema.connector;
		load_abilities(&l->schema, x);
		code = load_fields(l, doc, err);
		if (!code)
			code = load_names(&l->schema, x, err);
		if (!code)
			code = load_target(l, x, err);
	}
	if (code) {
		loaded_free(l);
		return RC_INTERNAL;
	}
	*ret = l;
	return RC_OK;
}

const struct rc_account_schema *rc_account_schema_find(const char *connector, struct rc_err *err)
{
	const struct rc_account_schema *found = NULL;
	size_t i = 0;

	pthread_mutex_lock(&lock);
	for (const struct rc_embedded *e = rc_embedded_schemas; e->name && i < MAX_CONNECTORS; e++) {
		if (strncmp(e->name, "targets/", PREFIX) != 0)
			continue;
		if (strcmp(e->name + PREFIX, connector) == 0) {
			if (cache[i] || !load(e, &cache[i], err))
				found = &cache[i]->schema;
			break;
		}
		i++;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

int rc_account_field(const struct rc_account_schema *s, struct rc_slice name)
{
	for (size_t i = 0; i < s->n_fields; i++)
		if (rc_slice_eqs(name, s->fields[i].name))
			return (int)i;
	return -1;
}
