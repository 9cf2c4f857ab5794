/* Reading a config file and the bases that it extends (RFC 7396). */
#include "engine/base/alloc.h"
#include "engine/base/ignored.h"
#include "engine/config/config_build.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXTENDS_MAX = 8 };

struct chain { /* the files being read, innermost first */
	const struct chain *up;
	char *real;
};

struct notes {
	struct rc_config_errors *errs;
	const char *file;
};

static void note_duplicate(void *ctx, const char *pointer, const char *reason)
{
	struct notes *n = ctx;

	rc_config_errors_add(n->errs, pointer, n->file ? "%s (in %s)" : "%s", reason, n->file);
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return rc_xstrdup(".");
	return slash == path ? rc_xstrdup("/") : rc_xstrndup((struct rc_slice){path, (size_t)(slash - path)});
}

/* A path that a base wrote, as the file that extends it would write it. */
static void rebase(void *ctx, cJSON *text)
{
	const char *prefix = ctx;
	char *joined;

	if (text->valuestring[0] == '/' || strcmp(text->valuestring, "-") == 0 ||
	    strncmp(text->valuestring, "{file}", 6) == 0)
		return;
	joined = rc_xasprintf("%s/%s", prefix, text->valuestring);
	cJSON_SetValuestring(text, joined);
	free(joined);
}

static enum rc_code read_chain(const char *path, const struct chain *up, cJSON **ret, struct rc_config_errors *errs,
			       struct rc_err *err);

static enum rc_code merge_base(const char *path, const char *dir, const struct chain *here, cJSON *doc, cJSON **ret,
			       struct rc_config_errors *errs, struct rc_err *err)
{
	const char *base = cJSON_GetStringValue(rc_json_member(doc, "extends"));
	char *base_path, *prefix;
	cJSON *below = NULL;
	enum rc_code code;

	if (!base || !*base || rc_ignored("", "extends")) {
		*ret = doc;
		return RC_OK;
	}
	base_path = base[0] == '/' ? rc_xstrdup(base) : rc_xasprintf("%s/%s", dir, base);
	code = read_chain(base_path, here, &below, errs, err);
	if (!code && !cJSON_IsObject(below))
		code = rc_fail(err, RC_CONFIG, "%s: is no object; %s extends it", base_path, path);
	if (!code) {
		prefix = directory_of(base);
		if (strcmp(prefix, ".") != 0)
			cfg_each_path(below, rebase, prefix);
		free(prefix);
		cJSON_DeleteItemFromObjectCaseSensitive(doc, "extends");
		*ret = rc_json_merge(below, doc);
		cJSON_Delete(doc);
	}
	cJSON_Delete(below);
	free(base_path);
	return code;
}

static enum rc_code read_chain(const char *path, const struct chain *up, cJSON **ret, struct rc_config_errors *errs,
			       struct rc_err *err)
{
	struct chain here = {up, realpath(path, NULL)};
	struct notes notes = {errs, up ? path : NULL};
	char *dir = directory_of(path);
	cJSON *doc = NULL;
	unsigned depth = 0;
	enum rc_code code = RC_OK;

	if (!here.real) {
		rc_xenomem();
		here.real = rc_xstrdup(path); /* a pipe, or not there: reading will tell */
	}
	for (const struct chain *c = up; c && !code; c = c->up)
		if (strcmp(c->real, here.real) == 0 || ++depth >= EXTENDS_MAX)
			code = rc_fail(err, RC_CONFIG, "%s: /extends: %s", path,
				       depth >= EXTENDS_MAX ? "more than 8 files deep"
							    : "leads back to a file that extends it");
	if (!code)
		code = rc_json_load(path, true, &doc, err);
	if (!code) {
		rc_json_duplicates(doc, note_duplicate, &notes);
		code = merge_base(path, dir, &here, doc, ret, errs, err);
		if (code)
			cJSON_Delete(doc);
	}
	free(here.real);
	free(dir);
	return code;
}

enum rc_code cfg_read(const char *path, cJSON **ret, struct rc_config_errors *errs, struct rc_err *err)
{
	return read_chain(path, NULL, ret, errs, err);
}

enum rc_code cfg_extend(const char *path, const char *dir, cJSON *doc, cJSON **ret, struct rc_config_errors *errs,
			struct rc_err *err)
{
	struct notes notes = {errs, NULL};
	struct chain here = {NULL, rc_xstrdup("")};
	enum rc_code code;

	rc_json_duplicates(doc, note_duplicate, &notes);
	code = merge_base(path, dir, &here, doc, ret, errs, err);
	if (code)
		cJSON_Delete(doc);
	free(here.real);
	return code;
}
