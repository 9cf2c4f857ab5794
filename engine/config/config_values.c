/* Getters: one value of the tree into its type. Contract in config_build.h. */
#include "engine/base/alloc.h"
#include "engine/config/config_build.h"
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cfg_fault(struct cfg_build *b, const struct rc_json_path *at, const char *key, const char *fmt, ...)
{
	struct rc_json_path below = {at, key, 0};
	struct rc_buf pointer = {0};
	char reason[512];
	va_list ap;

	rc_buf_adds(&pointer, "");
	rc_json_path_text(key ? &below : at, &pointer);
	if (!rc_config_errors_at(b->errs, pointer.p)) {
		va_start(ap, fmt);
		vsnprintf(reason, sizeof(reason), fmt, ap);
		va_end(ap);
		rc_config_errors_add(b->errs, pointer.p, "%s", reason);
	}
	rc_buf_done(&pointer);
}

const char *cfg_copy(struct cfg_build *b, const char *s)
{
	return s ? rc_arena_strdup(&b->c->mem, s) : NULL;
}

const char *cfg_text(struct cfg_build *b, const cJSON *obj, const char *key)
{
	return cfg_copy(b, cJSON_GetStringValue(rc_json_member(obj, key)));
}

bool cfg_flag(const cJSON *obj, const char *key)
{
	return cJSON_IsTrue(rc_json_member(obj, key));
}

uint64_t cfg_whole(const cJSON *obj, const char *key)
{
	const cJSON *v = rc_json_member(obj, key);

	return cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble < 9e15 ? (uint64_t)v->valuedouble : 0;
}

struct rc_strings cfg_strings(struct cfg_build *b, const cJSON *list)
{
	size_t room = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 1, n = 0;
	const char **v = rc_arena_zalloc(&b->c->mem, (room + 1) * sizeof(*v));
	const cJSON *one;

	if (cJSON_IsString(list))
		v[n++] = cfg_copy(b, list->valuestring);
	if (cJSON_IsArray(list))
		cJSON_ArrayForEach(one, list)
		{
			if (cJSON_IsString(one))
				v[n++] = cfg_copy(b, one->valuestring);
		}
	return (struct rc_strings){n, v};
}

int64_t cfg_duration(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at)
{
	const char *text = cJSON_GetStringValue(rc_json_member(obj, key));
	struct rc_err err = {0};
	int64_t ns = 0;

	if (text && rc_duration_parse(rc_slice_str(text), &ns, &err))
		cfg_fault(b, at, key, "%s", err.what);
	return ns;
}

struct rc_limit cfg_limit(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at)
{
	const cJSON *v = rc_json_member(obj, key);
	struct rc_limit l = {0};
	struct rc_err err = {0};

	if (cJSON_IsNumber(v))
		l = (struct rc_limit){.has_number = true, .number = cfg_whole(obj, key)};
	else if (cJSON_IsString(v) && rc_limit_parse(rc_slice_str(v->valuestring), &l, &err))
		cfg_fault(b, at, key, "%s", err.what);
	return l;
}

const char *cfg_resolve(struct cfg_build *b, const char *path)
{
	if (!path || path[0] == '/' || strcmp(path, "-") == 0 || strncmp(path, "{file}", 6) == 0)
		return cfg_copy(b, path);
	return rc_arena_printf(&b->c->mem, "%s/%s", strcmp(b->c->dir, "/") == 0 ? "" : b->c->dir, path);
}

const char *cfg_path(struct cfg_build *b, const cJSON *obj, const char *key)
{
	return cfg_resolve(b, cJSON_GetStringValue(rc_json_member(obj, key)));
}

struct rc_strings cfg_paths(struct cfg_build *b, const cJSON *list)
{
	struct rc_strings s = cfg_strings(b, list);
	const char **v = rc_arena_zalloc(&b->c->mem, (s.n + 1) * sizeof(*v));

	for (size_t i = 0; i < s.n; i++)
		v[i] = cfg_resolve(b, s.v[i]);
	return (struct rc_strings){s.n, v};
}

struct rc_strings cfg_argv(struct cfg_build *b, const cJSON *list)
{
	struct rc_strings s = cfg_strings(b, list);
	const char **v;

	if (!s.n || !strchr(s.v[0], '/'))
		return s;
	v = rc_arena_zalloc(&b->c->mem, (s.n + 1) * sizeof(*v));
	memcpy(v, s.v, s.n * sizeof(*v));
	v[0] = cfg_resolve(b, v[0]);
	return (struct rc_strings){s.n, v};
}

unsigned cfg_choice(const cJSON *obj, const char *key, const char *const *names)
{
	const char *text = cJSON_GetStringValue(rc_json_member(obj, key));

	for (unsigned i = 0; text && names[i]; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	return 0;
}

static void hide(struct cfg_build *b, const char *variable)
{
	if (b->n_env == b->cap_env) {
		b->cap_env = b->cap_env ? b->cap_env * 2 : 8;
		b->env = rc_xreallocarray(b->env, b->cap_env, sizeof(*b->env));
	}
	b->env[b->n_env++] = variable;
}

static const char *pointer_text(struct cfg_build *b, const struct rc_json_path *at, const char *key)
{
	struct rc_json_path below = {at, key, 0};
	struct rc_buf pointer = {0};
	const char *copy;

	rc_json_path_text(&below, &pointer);
	copy = cfg_copy(b, pointer.p);
	rc_buf_done(&pointer);
	return copy;
}

struct rc_secret cfg_secret(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at)
{
	const cJSON *v = rc_json_member(obj, key), *ref;
	struct rc_secret s = {0};

	if (!v)
		return s;
	s.pointer = pointer_text(b, at, key);
	ref = cJSON_IsObject(v) ? v->child : NULL;
	if (cJSON_IsString(v)) {
		s.kind = RC_SECRET_PLAIN;
		s.name = cfg_copy(b, v->valuestring);
	} else if (ref && cJSON_IsArray(ref) && strcmp(ref->string, "command") == 0) {
		struct rc_strings argv = cfg_argv(b, ref);

		s.kind = argv.n ? RC_SECRET_COMMAND : RC_SECRET_NONE;
		s.argv = argv.v;
	} else if (ref && cJSON_IsString(ref)) {
		const char *kinds[] = {"", "env", "file", "credential", NULL};

		for (unsigned i = 1; kinds[i]; i++)
			if (strcmp(ref->string, kinds[i]) == 0)
				s.kind = (enum rc_secret_kind)i;
		s.name = s.kind == RC_SECRET_FILE ? cfg_resolve(b, ref->valuestring) : cfg_copy(b, ref->valuestring);
		if (s.kind == RC_SECRET_ENV)
			hide(b, s.name);
	}
	return s;
}

static bool is_loopback(const char *host, size_t n)
{
	char text[64];
	struct in_addr v4;
	struct in6_addr v6;

	if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, host, n);
	text[n] = 0;
	if (inet_pton(AF_INET, text, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, text, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcasecmp(text, "localhost") == 0;
}

const char *cfg_endpoint(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at)
{
	const char *url = cJSON_GetStringValue(rc_json_member(obj, key)), *host;
	size_t n, len;
	char *copy;

	if (!url)
		return NULL;
	len = strlen(url);
	while (len && url[len - 1] == '/')
		len--;
	copy = rc_arena_strdup(&b->c->mem, url);
	copy[len] = 0;
	if (strncmp(copy, "http://", 7) != 0)
		return copy;
	host = copy + 7;
	n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	if (!is_loopback(host, n < strlen(host) ? n : strlen(host)))
		cfg_fault(b, at, key, "http:// is allowed to loopback only; use https://");
	return copy;
}
