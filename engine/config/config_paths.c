/* Where a config document holds paths: needed when a base config lies in another directory. */
#include "engine/config/config_build.h"
#include <string.h>

struct visit {
	void (*fn)(void *ctx, cJSON *text);
	void *ctx;
};

static cJSON *item(cJSON *obj, const char *key)
{
	return cJSON_IsObject(obj) ? cJSON_GetObjectItemCaseSensitive(obj, key) : NULL;
}

static void one(const struct visit *v, cJSON *text)
{
	if (cJSON_IsString(text) && text->valuestring[0])
		v->fn(v->ctx, text);
}

static void all(const struct visit *v, cJSON *list)
{
	for (cJSON *c = cJSON_IsArray(list) || cJSON_IsObject(list) ? list->child : NULL; c; c = c->next)
		one(v, c);
}

/* The program of an argv, when it is a path and no name. */
static void program(const struct visit *v, cJSON *argv)
{
	cJSON *first = cJSON_IsArray(argv) ? argv->child : NULL;

	if (cJSON_IsString(first) && strchr(first->valuestring, '/'))
		one(v, first);
}

static void secret(const struct visit *v, cJSON *ref)
{
	one(v, item(ref, "file"));
	program(v, item(ref, "command"));
}

static void target(const struct visit *v, cJSON *t)
{
	cJSON *auth = item(t, "auth");

	one(v, item(t, "adopt_map"));
	all(v, item(t, "seal_to"));
	for (cJSON *c = cJSON_IsObject(auth) ? auth->child : NULL; c; c = c->next)
		secret(v, c);
}

static void source(const struct visit *v, cJSON *s)
{
	all(v, item(s, "files"));
	program(v, item(s, "command"));
	one(v, item(item(s, "expect"), "sha256_file"));
	one(v, item(item(s, "expect"), "ready"));
}

void cfg_each_path(cJSON *doc, void (*fn)(void *ctx, cJSON *text), void *ctx)
{
	struct visit v = {fn, ctx};
	cJSON *sources = item(doc, "sources"), *targets = item(doc, "targets"), *credentials = item(doc, "credentials");

	one(&v, item(doc, "state"));
	one(&v, item(doc, "reports"));
	one(&v, item(item(doc, "overrides"), "file"));
	one(&v, item(item(doc, "tls"), "ca_file"));
	one(&v, item(item(doc, "report"), "metrics_file"));
	one(&v, item(credentials, "file"));
	all(&v, item(credentials, "seal_to"));
	all(&v, item(doc, "lookups"));
	one(&v, item(doc, "on_finish"));
	program(&v, item(doc, "on_finish"));
	secret(&v, item(doc, "proxy"));
	for (cJSON *c = cJSON_IsArray(sources) ? sources->child : NULL; c; c = c->next)
		source(&v, c);
	for (cJSON *c = cJSON_IsObject(targets) ? targets->child : NULL; c; c = c->next)
		target(&v, c);
}
