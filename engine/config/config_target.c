/* "targets": typed, checked against the connector's schema, and what no schema can say. */
#include "engine/base/alloc.h"
#include "engine/base/nearest.h"
#include "engine/config/config_build.h"
#include "engine/config/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const actions[] = {"report", "ignore", "disable", "lock", "delete", NULL};
static const char *const existing[] = {"adopt", "report", "fail", NULL};
static const char *const policies[] = {"enforce", "keep", "report", NULL};

/* Keys that every target may have: the schema's $defs/target says them once, this list tells them from the
 * connector's own. test_config holds the two together. */
static const char *const common_keys[] = {
	"connector", "endpoint",        "auth",     "account",   "where",    "servers", "server",       "create_groups",
	"missing",   "existing",        "adopt_if", "adopt_map", "on_adopt", "drift",   "list_max_age", "protect",
	"priority",  "name_reuse_days", "guards",   "pace",      "batch",    "seal_to", "include"};
enum { N_COMMON = sizeof(common_keys) / sizeof(*common_keys) };

static bool listed(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void unknown_key(struct cfg_build *b, const char *key, const struct rc_json_path *at, const char *const *own,
			size_t n_own, const char *const *common, size_t n_common)
{
	const char **names = rc_xcalloc(n_own + n_common + 1, sizeof(*names)), *near;

	memcpy(names, own, n_own * sizeof(*names));
	memcpy(names + n_own, common, n_common * sizeof(*names));
	near = rc_nearest(rc_slice_str(key), names, n_own + n_common);
	if (near)
		cfg_fault(b, at, key, "unknown key; did you mean \"%s\"?", near);
	else
		cfg_fault(b, at, key, "unknown key");
	free(names);
}

static void note(void *ctx, const char *pointer, const char *reason)
{
	struct cfg_build *b = ctx;

	if (!rc_config_errors_at(b->errs, pointer))
		rc_config_errors_add(b->errs, pointer, "%s", reason);
}

/* ---- ids and servers ---- */

static void own_keys(struct cfg_build *b, const cJSON *target, const struct rc_json_path *at, struct rc_target *t)
{
	const struct rc_account_schema *s = t->schema;
	struct rc_setting *pairs = rc_arena_zalloc(&b->c->mem, (s->n_target_keys + 1) * sizeof(*pairs));
	cJSON *own = cJSON_CreateObject();
	const cJSON *one;

	cJSON_ArrayForEach(one, target)
	{
		if (listed(common_keys, N_COMMON, one->string))
			continue;
		if (!listed(s->target_keys, s->n_target_keys, one->string)) {
			unknown_key(b, one->string, at, s->target_keys, s->n_target_keys, common_keys, N_COMMON);
			continue;
		}
		cJSON_AddItemToObject(own, one->string, cJSON_Duplicate(one, true));
		if (cJSON_IsString(one))
			pairs[t->n_keys++] =
				(struct rc_setting){cfg_copy(b, one->string), cfg_copy(b, one->valuestring)};
	}
	rc_schema_check(s->target_rule, own, at, note, b);
	cJSON_Delete(own);
	t->keys = pairs;
}

static void server(struct cfg_build *b, const cJSON *v, const struct rc_json_path *at, const struct rc_target *t,
		   struct rc_server *to)
{
	static const char *const keys[] = {"label", "seats", "drain", "address"};
	const char *id_key = t->schema->server_key;
	struct rc_json_path id_at = {at, id_key, 0};
	const cJSON *one, *id = rc_json_member(v, id_key);

	cJSON_ArrayForEach(one, v)
	{
		if (strcmp(one->string, id_key) != 0 && !listed(keys, 4, one->string))
			unknown_key(b, one->string, at, &id_key, 1, keys, 4);
	}
	if (!id)
		cfg_fault(b, at, id_key, "is missing");
	else
		rc_schema_check(t->schema->server_rule, id, &id_at, note, b);
	to->id = cfg_text(b, v, id_key);
	to->label = rc_json_member(v, "label") ? cfg_text(b, v, "label") : to->id;
	to->seats = cfg_whole(v, "seats");
	to->drain = cfg_flag(v, "drain");
	to->address = cfg_text(b, v, "address");
}

static void distinct_servers(struct cfg_build *b, const struct rc_json_path *list, const struct rc_target *t)
{
	for (size_t i = 0; i < t->n_servers; i++) {
		const struct rc_server *s = &t->servers[i];
		struct rc_json_path at = {list, NULL, i};

		for (size_t j = 0; j < i && s->id && s->label; j++) {
			const struct rc_server *o = &t->servers[j];

			if (o->id && strcmp(o->id, s->id) == 0)
				cfg_fault(b, &at, t->schema->server_key, "is the same as in /servers/%zu", j);
			else if (o->label && strcmp(o->label, s->label) == 0)
				cfg_fault(b, &at, "label", "is the same as in /servers/%zu", j);
		}
	}
}

static void servers(struct cfg_build *b, const cJSON *target, const struct rc_json_path *at, struct rc_target *t)
{
	const cJSON *list = rc_json_member(target, "servers"), *one;
	const char *id_key = t->schema->server_key;
	struct rc_json_path list_at = {at, "servers", 0};
	size_t room = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 1, n = 0;
	struct rc_server *v = rc_arena_zalloc(&b->c->mem, (room + 1) * sizeof(*v));

	t->servers = v;
	t->pool = list != NULL;
	t->server = cfg_text(b, target, "server");
	if (t->pool && rc_json_member(target, id_key))
		cfg_fault(b, at, id_key, "stands beside /servers; a pool's ids stand in it");
	if (!t->pool && t->server)
		cfg_fault(b, at, "server", "chooses from /servers, which is missing");
	if (!t->pool && !rc_json_member(target, id_key))
		cfg_fault(b, at, id_key, "is missing (or servers)");
	if (!cJSON_IsArray(list))
		list = NULL;
	cJSON_ArrayForEach(one, list)
	{
		struct rc_json_path here = {&list_at, NULL, n};

		if (cJSON_IsObject(one))
			server(b, one, &here, t, &v[n]);
		n++;
	}
	if (!t->pool) {
		v[0].id = v[0].label = cfg_text(b, target, id_key);
		n = 1;
	}
	t->n_servers = n;
	distinct_servers(b, &list_at, t);
}

/* ---- the rest of a target ---- */

static void auth(struct cfg_build *b, const cJSON *target, const struct rc_json_path *up, struct rc_auth *to,
		 const struct rc_account_schema *s)
{
	const cJSON *a = rc_json_member(target, "auth");
	struct rc_json_path at = {up, "auth", 0};

	if (!cJSON_IsObject(a))
		return;
	rc_schema_check(s->auth_rule, a, &at, note, b);
	to->method = cfg_text(b, a, "method");
	to->signature = cfg_text(b, a, "signature");
	to->iam_endpoint = cfg_endpoint(b, a, "iam_endpoint", &at);
	to->domain = cfg_text(b, a, "domain");
	to->project_name = cfg_text(b, a, "project_name");
	to->access_key = cfg_secret(b, a, "access_key", &at);
	to->secret_key = cfg_secret(b, a, "secret_key", &at);
	to->security_token = cfg_secret(b, a, "security_token", &at);
	to->token = cfg_secret(b, a, "token", &at);
	to->user = cfg_secret(b, a, "user", &at);
	to->password = cfg_secret(b, a, "password", &at);
}

static void missing(struct cfg_build *b, const cJSON *target, const struct rc_json_path *up, struct rc_target *t)
{
	const cJSON *m = rc_json_member(target, "missing");
	struct rc_json_path at = {up, "missing", 0};
	struct rc_missing *to = &t->missing;
	const struct rc_account_schema *s = t->schema;
	struct rc_err err = {0};

	to->action = cfg_choice(m, "action", actions);
	to->group = cfg_text(b, m, "group");
	to->after_runs = (unsigned)cfg_whole(m, "after_runs");
	to->after_days = (unsigned)cfg_whole(m, "after_days");
	to->disconnect = cfg_flag(m, "disconnect");
	if (to->action == RC_MISSING_DISABLE && !s->can_disable)
		cfg_fault(b, &at, "action", "%s cannot disable accounts; use \"lock\" or \"delete\"", s->connector);
	if (to->action == RC_MISSING_LOCK && !s->can_lock)
		cfg_fault(b, &at, "action", "%s cannot set passwords, so there is no lock", s->connector);
	if (to->action == RC_MISSING_LOCK && s->mails_credentials)
		cfg_fault(b, &at, "action",
			  "%s mails every new password to its user, so a lock would let them in; use %s", s->connector,
			  s->can_disable ? "\"disable\"" : "\"delete\"");
	if (to->disconnect && !s->can_disconnect)
		cfg_fault(b, &at, "disconnect", "%s cannot cut connections", s->connector);
	if (!to->group)
		return;
	if (to->action != RC_MISSING_LOCK)
		cfg_fault(b, &at, "group", "goes with \"action\": \"lock\" only");
	else if (s->group_field < 0)
		cfg_fault(b, &at, "group", "%s has no groups", s->connector);
	else if (rc_account_check_field(s, (size_t)s->group_field, rc_slice_str(to->group), RC_SLICE(""), &err))
		cfg_fault(b, &at, "group", "%s", err.what);
}

static void drift(struct cfg_build *b, const cJSON *target, const struct rc_json_path *up, struct rc_target *t)
{
	const cJSON *d = rc_json_member(target, "drift"), *one;
	struct rc_json_path at = {up, "drift", 0};
	enum rc_policy all = cJSON_IsObject(d) ? cfg_choice(d, "*", policies) : cfg_choice(target, "drift", policies);

	for (size_t i = 0; i < RC_MAX_FIELDS; i++)
		t->drift[i] = all;
	t->drift_disabled = all;
	if (!cJSON_IsObject(d))
		return;
	cJSON_ArrayForEach(one, d)
	{
		int i = rc_account_field(t->schema, rc_slice_str(one->string));

		if (strcmp(one->string, "*") == 0)
			continue;
		if (i < 0)
			cfg_fault(b, &at, one->string, "%s has no such field", t->schema->connector);
		else if (t->schema->fields[i].secret)
			cfg_fault(b, &at, one->string, "is never read back, so it cannot drift");
		else
			t->drift[i] = cfg_choice(d, one->string, policies);
	}
}

static void guards(struct cfg_build *b, const cJSON *target, const struct rc_json_path *up, struct rc_guards *g)
{
	const cJSON *v = rc_json_member(target, "guards");
	struct rc_json_path at = {up, "guards", 0};
	const struct {
		const char *key;
		struct rc_limit *to;
	} limits[] = {
		{"max_creates", &g->max_creates},
		{"max_updates", &g->max_updates},
		{"max_deletes", &g->max_deletes},
		{"max_changes", &g->max_changes},
		{"max_renames", &g->max_renames},
		{"max_blanked", &g->max_blanked},
		{"max_adopts", &g->max_adopts},
		{"max_failures", &g->max_failures},
		{"max_source_shrink", &g->max_source_shrink},
		{"max_rejected_rows", &g->max_rejected_rows},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		char above[64];

		snprintf(above, sizeof(above), "/guards/%s", limits[i].key);
		if (!rc_config_errors_at(b->errs, above)) /* every target has that value: it is told once */
			*limits[i].to = cfg_limit(b, v, limits[i].key, &at);
	}
	g->min_source_rows = cfg_whole(v, "min_source_rows");
	g->tolerate_rejected = cfg_whole(v, "tolerate_rejected");
}

static void pace(struct cfg_build *b, const cJSON *target, const struct rc_json_path *up, struct rc_target *t)
{
	const cJSON *p = rc_json_member(target, "pace"), *rate = rc_json_member(p, "max_requests_per_second");
	const cJSON *batch = rc_json_member(target, "batch");
	struct rc_json_path at = {up, "pace", 0}, batch_at = {up, "batch", 0};
	unsigned users = (unsigned)cfg_whole(batch, "max_users");

	t->pace.max_in_flight = (unsigned)cfg_whole(p, "max_in_flight");
	t->pace.max_requests_per_second = cJSON_IsNumber(rate) ? rate->valuedouble : 0;
	t->pace.max_requests_per_day = cfg_whole(p, "max_requests_per_day");
	t->pace.wait_for_seats_ns = cfg_duration(b, p, "wait_for_seats", &at);
	if (users > t->schema->batch_max)
		cfg_fault(b, &batch_at, "max_users", "%s takes at most %u user%s a call", t->schema->connector,
			  t->schema->batch_max, t->schema->batch_max == 1 ? "" : "s");
	t->batch_users = users ? users : t->schema->batch_default;
}

static void sealing(struct cfg_build *b, const cJSON *target, struct rc_target *t)
{
	t->seal_to = rc_json_member(target, "seal_to") ? cfg_paths(b, rc_json_member(target, "seal_to"))
						       : b->c->credentials.seal_to;
	t->include = rc_json_member(target, "include") ? cfg_strings(b, rc_json_member(target, "include"))
						       : b->c->credentials.include;
}

static const struct rc_account_schema *connector(struct cfg_build *b, const cJSON *target,
						 const struct rc_json_path *at)
{
	const char *name = cJSON_GetStringValue(rc_json_member(target, "connector")), *names[32], *near;
	const struct rc_account_schema *s;
	struct rc_err err = {0};
	size_t n = 0;

	if (!name)
		return NULL;
	s = rc_account_schema_find(name, &err);
	if (s)
		return s;
	while (n < 32 && (names[n] = rc_account_schema_name(n)))
		n++;
	near = rc_nearest(rc_slice_str(name), names, n);
	if (err.code)
		cfg_fault(b, at, "connector", "%s", err.what);
	else if (near)
		cfg_fault(b, at, "connector", "no such connector; did you mean \"%s\"?", near);
	else
		cfg_fault(b, at, "connector", "no such connector; `rollcall schema` lists them");
	return NULL;
}

static void target(struct cfg_build *b, const cJSON *v, const struct rc_json_path *at, struct rc_target *t)
{
	t->name = cfg_copy(b, v->string);
	t->connector = cfg_text(b, v, "connector");
	t->endpoint = cfg_endpoint(b, v, "endpoint", at);
	t->where = cfg_text(b, v, "where");
	t->create_groups = cfg_flag(v, "create_groups");
	t->existing = cfg_choice(v, "existing", existing);
	t->adopt_if = cfg_text(b, v, "adopt_if");
	t->adopt_map = cfg_path(b, v, "adopt_map");
	t->on_adopt = cfg_choice(v, "on_adopt", policies);
	t->list_max_age_ns = cfg_duration(b, v, "list_max_age", at);
	t->protect = cfg_strings(b, rc_json_member(v, "protect"));
	t->priority = cfg_text(b, v, "priority");
	t->name_reuse_days = (unsigned)cfg_whole(v, "name_reuse_days");
	guards(b, v, at, &t->guards);
	sealing(b, v, t);
	t->schema = connector(b, v, at);
	if (!t->schema)
		return;
	own_keys(b, v, at, t);
	servers(b, v, at, t);
	auth(b, v, at, &t->auth, t->schema);
	missing(b, v, at, t);
	drift(b, v, at, t);
	pace(b, v, at, t);
	cfg_account(b, v, at, t);
	if (t->create_groups && !t->schema->has_groups)
		cfg_fault(b, at, "create_groups", "%s has no groups", t->schema->connector);
	if (t->adopt_if && t->existing != RC_EXISTING_ADOPT)
		cfg_fault(b, at, "adopt_if", "has no meaning: \"existing\" does not adopt");
}

void cfg_targets(struct cfg_build *b, const cJSON *root)
{
	const cJSON *list = rc_json_member(root, "targets"), *one;
	struct rc_json_path top = {NULL, "targets", 0};
	struct rc_target *v;
	size_t n = 0;

	if (!cJSON_IsObject(list))
		return;
	v = rc_arena_zalloc(&b->c->mem, (size_t)(cJSON_GetArraySize(list) + 1) * sizeof(*v));
	cJSON_ArrayForEach(one, list)
	{
		struct rc_json_path at = {&top, one->string, 0};

		if (cJSON_IsObject(one))
			target(b, one, &at, &v[n++]);
	}
	b->c->targets = b->targets = v;
	b->c->n_targets = n;
}
