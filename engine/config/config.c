#include "engine/config/config.h"
#include "engine/base/alloc.h"
#include "engine/base/embedded.h"
#include "engine/base/sha256.h"
#include "engine/config/config_build.h"
#include "engine/config/schema.h"
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERRORS_MAX = 1000 };

/* ---- findings ---- */

void rc_config_errors_add(struct rc_config_errors *e, const char *pointer, const char *fmt, ...)
{
	char reason[768];
	va_list ap;

	if (e->n == ERRORS_MAX)
		return;
	if (e->n == e->cap) {
		e->cap = e->cap ? e->cap * 2 : 16;
		e->v = rc_xreallocarray(e->v, e->cap, sizeof(*e->v));
	}
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	rc_printable(reason, sizeof(reason));
	e->v[e->n++] = (struct rc_config_error){rc_arena_strdup(&e->mem, pointer), rc_arena_strdup(&e->mem, reason)};
}

bool rc_config_errors_at(const struct rc_config_errors *e, const char *pointer)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->v[i].pointer, pointer) == 0)
			return true;
	return false;
}

void rc_config_errors_done(struct rc_config_errors *e)
{
	free(e->v);
	rc_arena_done(&e->mem);
	*e = (struct rc_config_errors){0};
}

static void note(void *ctx, const char *pointer, const char *reason)
{
	rc_config_errors_add(ctx, pointer, "%s", reason);
}

static enum rc_code summary(const char *path, const struct rc_config_errors *errs, struct rc_err *err)
{
	const struct rc_config_error *first = &errs->v[0];

	if (errs->n > 1)
		return rc_fail(err, RC_CONFIG, "%s: %s: %s (and %zu more)", path,
			       *first->pointer ? first->pointer : "/", first->reason, errs->n - 1);
	return rc_fail(err, RC_CONFIG, "%s: %s: %s", path, *first->pointer ? first->pointer : "/", first->reason);
}

/* ---- the schema, and the tree that it completes ---- */

static struct rc_schema_set *config_schema(struct rc_err *err)
{
	const struct rc_embedded *e = rc_embedded_schemas;
	struct rc_schema_set *set = NULL;
	cJSON *doc;

	while (e->name && strcmp(e->name, "config") != 0)
		e++;
	if (!e->name) {
		rc_fail(err, RC_INTERNAL, "schema config: is not part of this program");
		return NULL;
	}
	if (!rc_json_parse("config", (struct rc_slice){e->data, e->n}, false, &doc, err))
		rc_schema_compile("config", doc, &set, err);
	return set;
}

/* Guards at the top are every target's, unless the target has its own. */
static void spread_guards(cJSON *root)
{
	cJSON *top = cJSON_DetachItemFromObjectCaseSensitive(root, "guards"), *one;
	cJSON *targets = cJSON_GetObjectItemCaseSensitive(root, "targets");

	if (!top)
		return;
	for (one = cJSON_IsObject(targets) ? targets->child : NULL; one; one = one->next) {
		const cJSON *own = rc_json_member(one, "guards");

		if (!cJSON_IsObject(one))
			continue;
		if (own)
			cJSON_ReplaceItemInObjectCaseSensitive(one, "guards", rc_json_merge(top, own));
		else
			cJSON_AddItemToObject(one, "guards", cJSON_Duplicate(top, true));
	}
	cJSON_Delete(top);
}

/* What a connector has as a default of its own. */
static void connector_defaults(cJSON *root)
{
	cJSON *targets = cJSON_GetObjectItemCaseSensitive(root, "targets");

	for (cJSON *t = cJSON_IsObject(targets) ? targets->child : NULL; t; t = t->next) {
		const char *name = cJSON_GetStringValue(rc_json_member(t, "connector"));
		const struct rc_account_schema *s = name ? rc_account_schema_find(name, NULL) : NULL;
		cJSON *auth = cJSON_IsObject(t) ? cJSON_GetObjectItemCaseSensitive(t, "auth") : NULL;

		if (!s)
			continue;
		rc_schema_defaults(s->target_rule, t);
		if (auth)
			rc_schema_defaults(s->auth_rule, auth);
	}
}

static void hash_of(const cJSON *root, char out[65])
{
	struct rc_buf text = {0};
	unsigned char digest[RC_SHA256_BYTES];

	rc_json_write(root, true, 0, &text);
	rc_sha256((struct rc_slice){text.p, text.n}, digest);
	for (unsigned i = 0; i < RC_SHA256_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	rc_buf_done(&text);
}

/* ---- what stands at the top ---- */

static void freeze(struct cfg_build *b, const cJSON *root)
{
	const cJSON *list = rc_json_member(root, "freeze"), *one;
	struct rc_json_path at = {NULL, "freeze", 0};
	struct rc_date_range *v;
	size_t n = 0;

	if (!cJSON_IsArray(list))
		return;
	v = rc_arena_zalloc(&b->c->mem, (size_t)(cJSON_GetArraySize(list) + 1) * sizeof(*v));
	cJSON_ArrayForEach(one, list)
	{
		struct rc_json_path here = {&at, NULL, n};
		struct rc_slice text = rc_slice_str(cJSON_GetStringValue(one));
		struct rc_slice first = {text.p, 10},
				last = text.n > 10 ? (struct rc_slice){text.p + 11, text.n - 11} : first;
		struct rc_err err = {0};

		if (text.n < 10) {
			n++;
			continue;
		}
		v[n].text = cfg_copy(b, text.p);
		if (rc_date_parse(first, &v[n].first_day, &err) || rc_date_parse(last, &v[n].last_day, &err))
			cfg_fault(b, &here, NULL, "%s", err.what);
		else if (v[n].last_day < v[n].first_day)
			cfg_fault(b, &here, NULL, "ends before it begins");
		n++;
	}
	b->c->freeze = v;
	b->c->n_freeze = n;
}

static void proxy(struct cfg_build *b, const cJSON *root)
{
	const char *text = cJSON_GetStringValue(rc_json_member(root, "proxy"));

	b->c->proxy = cfg_secret(b, root, "proxy", NULL);
	if (text && strchr(text, '@'))
		cfg_fault(b, NULL, "proxy",
			  "holds a user or password; take the URL from {\"env\": NAME} or {\"file\": PATH}");
}

static void timeouts(struct cfg_build *b, const cJSON *root)
{
	const cJSON *t = rc_json_member(root, "timeouts");
	struct rc_json_path at = {NULL, "timeouts", 0};
	struct rc_config *c = b->c;

	c->timeouts.connect_ns = cfg_duration(b, t, "connect", &at);
	c->timeouts.request_ns = cfg_duration(b, t, "request", &at);
	c->timeouts.settle_ns = cfg_duration(b, t, "settle", &at);
	c->timeouts.confirm_ns = cfg_duration(b, t, "confirm", &at);
	c->timeouts.unreachable_ns = cfg_duration(b, t, "unreachable", &at);
	if (rc_json_member(t, "connect") && c->timeouts.connect_ns == 0)
		cfg_fault(b, &at, "connect", "must be more than 0");
	if (rc_json_member(t, "request") && c->timeouts.request_ns == 0)
		cfg_fault(b, &at, "request", "must be more than 0");
}

static void lookups(struct cfg_build *b, const cJSON *root)
{
	const cJSON *list = rc_json_member(root, "lookups"), *one;
	struct rc_setting *v;
	size_t n = 0;

	if (!cJSON_IsObject(list))
		return;
	v = rc_arena_zalloc(&b->c->mem, (size_t)(cJSON_GetArraySize(list) + 1) * sizeof(*v));
	cJSON_ArrayForEach(one, list)
	{
		if (cJSON_IsString(one))
			v[n++] = (struct rc_setting){cfg_copy(b, one->string), cfg_resolve(b, one->valuestring)};
	}
	b->c->lookups = v;
	b->c->n_lookups = n;
}

static void report(struct cfg_build *b, const cJSON *root)
{
	const cJSON *r = rc_json_member(root, "report"), *credentials = rc_json_member(root, "credentials");
	const cJSON *finish = rc_json_member(root, "on_finish"), *retention = rc_json_member(root, "retention");
	struct rc_json_path at = {NULL, "retention", 0};
	struct rc_config *c = b->c;

	c->report.all_users = cfg_choice(r, "users", (const char *const[]){"changed", "all", NULL}) == 1;
	c->report.html = cfg_flag(r, "html");
	c->report.metrics_file = cfg_path(b, r, "metrics_file");
	c->report.columns = cfg_strings(b, rc_json_member(r, "columns"));
	c->credentials.seal_to = cfg_paths(b, rc_json_member(credentials, "seal_to"));
	c->credentials.include = cfg_strings(b, rc_json_member(credentials, "include"));
	c->credentials.file = cfg_path(b, credentials, "file");
	c->on_finish = cJSON_IsString(finish) ? cfg_paths(b, finish) : cfg_argv(b, finish);
	c->retention_reports_ns = cfg_duration(b, retention, "reports", &at);
	c->retention_history_ns = cfg_duration(b, retention, "history", &at);
}

static void everything(struct cfg_build *b, const cJSON *root)
{
	struct rc_config *c = b->c;

	c->environment = cfg_text(b, root, "environment");
	c->state = cfg_path(b, root, "state");
	c->reports = cfg_path(b, root, "reports");
	if (c->state && c->reports && strcmp(c->state, c->reports) == 0)
		cfg_fault(b, NULL, "reports", "is the same directory as /state");
	c->deadline_ns = cfg_duration(b, root, "deadline", NULL);
	c->max_in_flight = (unsigned)cfg_whole(root, "max_in_flight");
	c->overrides_file = cfg_path(b, rc_json_member(root, "overrides"), "file");
	c->tls_ca_file = cfg_path(b, rc_json_member(root, "tls"), "ca_file");
	proxy(b, root);
	timeouts(b, root);
	freeze(b, root);
	lookups(b, root);
	report(b, root);
	cfg_sources(b, root);
	cfg_targets(b, root);
}

/* No command that fetches one secret inherits the others. */
static void keep_env(struct cfg_build *b)
{
	const char **v = rc_arena_zalloc(&b->c->mem, (b->n_env + 1) * sizeof(*v));

	for (size_t i = 0; i < b->n_env; i++)
		v[i] = b->env[i];
	free(b->env);
	b->c->secret_env = (struct rc_strings){b->n_env, v};
	b->c->proxy.hide = v;
	for (size_t i = 0; i < b->c->n_targets; i++) {
		struct rc_auth *a = &b->targets[i].auth;

		a->access_key.hide = a->secret_key.hide = a->security_token.hide = v;
		a->token.hide = a->user.hide = a->password.hide = v;
	}
}

/* ---- loading ---- */

static char *absolute(const char *dir)
{
	char *real = realpath(*dir ? dir : ".", NULL);

	if (!real)
		rc_xenomem();
	return real ? real : rc_xstrdup(dir);
}

/* Takes root. */
static enum rc_code build(const char *path, const char *dir, cJSON *root, struct rc_config **ret,
			  struct rc_config_errors *errs, struct rc_err *err)
{
	struct rc_schema_set *set = config_schema(err);
	struct rc_config *c;
	struct cfg_build b;
	struct rc_buf text = {0};
	char *real;

	if (!set) {
		cJSON_Delete(root);
		return RC_INTERNAL;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(root, "$schema");
	rc_schema_check(rc_schema_root(set), root, NULL, note, errs);
	cfg_ignore(root);
	spread_guards(root);
	rc_schema_defaults(rc_schema_root(set), root);
	connector_defaults(root);
	rc_schema_set_free(set);

	c = rc_xcalloc(1, sizeof(*c));
	real = absolute(dir);
	c->path = rc_arena_strdup(&c->mem, path);
	c->dir = rc_arena_strdup(&c->mem, real);
	free(real);
	b = (struct cfg_build){.c = c, .errs = errs};
	everything(&b, root);
	keep_env(&b);
	if (errs->also)
		errs->also(c, errs);
	if (errs->n) {
		rc_config_free(c);
		cJSON_Delete(root);
		return summary(path, errs, err);
	}
	hash_of(root, c->hash);
	rc_json_write(root, false, 2, &text);
	rc_buf_addc(&text, '\n');
	c->effective = text.p;
	cJSON_Delete(root);
	*ret = c;
	return RC_OK;
}

static enum rc_code no_object(const char *path, cJSON *root, struct rc_config_errors *errs, struct rc_err *err)
{
	cJSON_Delete(root);
	rc_config_errors_add(errs, "", "must be an object");
	return summary(path, errs, err);
}

/* A file that cannot be read or parsed: the one finding there is. */
static enum rc_code unreadable(struct rc_config_errors *errs, const struct rc_err *why, struct rc_err *err)
{
	rc_config_errors_add(errs, "", "%s", why->what);
	if (err)
		*err = *why;
	return why->code;
}

enum rc_code rc_config_load(const char *path, struct rc_config **ret, struct rc_config_errors *errs, struct rc_err *err)
{
	const char *slash = strrchr(path, '/');
	struct rc_err why = {0};
	cJSON *root = NULL;
	char *dir;
	enum rc_code code;

	if (cfg_read(path, &root, errs, &why))
		return unreadable(errs, &why, err);
	if (!cJSON_IsObject(root))
		return no_object(path, root, errs, err);
	dir = slash ? rc_xstrndup((struct rc_slice){path, (size_t)(slash - path) + 1}) : rc_xstrdup(".");
	code = build(path, dir, root, ret, errs, err);
	free(dir);
	return code;
}

enum rc_code rc_config_parse(struct rc_slice text, const char *dir, struct rc_config **ret,
			     struct rc_config_errors *errs, struct rc_err *err)
{
	struct rc_err why = {0};
	cJSON *doc = NULL, *root = NULL;

	if (rc_json_parse("config", text, true, &doc, &why))
		return unreadable(errs, &why, err);
	if (!cJSON_IsObject(doc))
		return no_object("config", doc, errs, err);
	if (cfg_extend("config", dir, doc, &root, errs, &why))
		return unreadable(errs, &why, err);
	return build("config", dir, root, ret, errs, err);
}

void rc_config_free(struct rc_config *c)
{
	if (!c)
		return;
	free(c->effective);
	rc_arena_done(&c->mem);
	free(c);
}

void rc_config_print(const struct rc_config *c, struct rc_buf *out)
{
	rc_buf_adds(out, c->effective);
}

const struct rc_target *rc_config_target(const struct rc_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_targets; i++)
		if (strcmp(c->targets[i].name, name) == 0)
			return &c->targets[i];
	return NULL;
}

const char *rc_target_key(const struct rc_target *t, const char *name)
{
	for (size_t i = 0; i < t->n_keys; i++)
		if (strcmp(t->keys[i].name, name) == 0)
			return t->keys[i].value;
	return NULL;
}

static void check_secret(const struct rc_secret *s, struct rc_config_errors *errs)
{
	struct rc_buf value = {0};
	struct rc_err err = {0};
	size_t skip = s->pointer ? strlen(s->pointer) : 0;

	if (s->kind == RC_SECRET_NONE || rc_config_errors_at(errs, s->pointer))
		return;
	if (rc_secret_get(s, &value, &err)) /* the message begins with the pointer, which stands apart here */
		rc_config_errors_add(errs, s->pointer, "%s",
				     err.what + (strncmp(err.what, s->pointer, skip) == 0 ? skip + 2 : 0));
	rc_buf_wipe(&value);
}

enum rc_code rc_config_check_secrets(const struct rc_config *c, const struct rc_target *only,
				     struct rc_config_errors *errs)
{
	size_t before = errs->n;

	check_secret(&c->proxy, errs);
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rc_auth *a = &c->targets[i].auth;
		const struct rc_secret *all[] = {&a->access_key, &a->secret_key, &a->security_token,
						 &a->token,      &a->user,       &a->password};

		for (size_t k = 0; (!only || only == &c->targets[i]) && k < sizeof(all) / sizeof(*all); k++)
			check_secret(all[k], errs);
	}
	return errs->n > before ? RC_CONFIG : RC_OK;
}
