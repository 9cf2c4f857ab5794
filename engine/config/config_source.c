/* "sources": typed, and what a schema cannot say about them. */
#include "engine/config/config_build.h"
#include "engine/base/alloc.h"
#include "engine/base/pcre.h"
#include <iconv.h>
#include <string.h>

static const char *const picks[] = {"all", "newest", NULL};
static const char *const duplicates[] = {"reject", "error", "first", "last", NULL};
static const char *const unchanged[] = {"ok", "warn", "stop", NULL};
static const char *const on_error[] = {"stop", "freeze", NULL};

/* A pattern of the user's that must find one thing: valid, and with a group. */
static const char *group_pattern(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at)
{
	const char *text = cfg_text(b, obj, key);
	uint32_t groups = 0;
	int number;
	size_t offset;
	pcre2_code *code;
	PCRE2_UCHAR why[128];

	if (!text)
		return NULL;
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &number,
			     &offset, rc_pcre_compile());
	if (!code) {
		pcre2_get_error_message(number, why, sizeof(why));
		cfg_fault(b, at, key, "not a regular expression: %s at character %zu", (const char *)why, offset + 1);
		return text;
	}
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	pcre2_code_free(code);
	if (!groups)
		cfg_fault(b, at, key, "needs a group in parentheses around the value that it finds");
	return text;
}

static void set_delimiter(struct cfg_build *b, const cJSON *s, const struct rc_json_path *at, struct rc_source *to)
{
	const char *text = cJSON_GetStringValue(rc_json_member(s, "delimiter"));

	if (!text || strcmp(text, "auto") == 0)
		return;
	to->delimiter = strcmp(text, "tab") == 0 ? '\t' : text[0];
	if (to->format && strcmp(to->format, "ldif") == 0)
		cfg_fault(b, at, "delimiter", "LDIF has no delimiter");
}

static void set_encoding(struct cfg_build *b, const cJSON *s, const struct rc_json_path *at, struct rc_source *to)
{
	iconv_t cd;

	to->encoding = cfg_text(b, s, "encoding");
	if (!to->encoding)
		return;
	cd = iconv_open("UTF-8", to->encoding);
	if (cd == (iconv_t)-1) {
		rc_xenomem();
		cfg_fault(b, at, "encoding", "no encoding that iconv knows; see iconv --list");
	} else {
		iconv_close(cd);
	}
}

static void set_columns(struct cfg_build *b, const cJSON *s, struct rc_source *to)
{
	const cJSON *columns = rc_json_member(s, "columns"), *one;
	struct rc_column_alias *v;
	size_t n = 0;

	if (!cJSON_IsObject(columns))
		return;
	v = rc_arena_zalloc(&b->c->mem, (size_t)(cJSON_GetArraySize(columns) + 1) * sizeof(*v));
	cJSON_ArrayForEach(one, columns)
	{
		v[n].name = cfg_copy(b, one->string);
		v[n++].aliases = cfg_strings(b, one);
	}
	to->columns = v;
	to->n_columns = n;
}

static void set_expect(struct cfg_build *b, const cJSON *s, const struct rc_json_path *up, struct rc_source *to)
{
	const cJSON *e = rc_json_member(s, "expect"), *rows = rc_json_member(e, "rows");
	struct rc_json_path at = {up, "expect", 0};

	to->expect.min_rows = to->expect.max_rows = -1;
	if (cJSON_IsNumber(rows)) {
		to->expect.min_rows = to->expect.max_rows = (int64_t)cfg_whole(e, "rows");
	} else if (cJSON_IsObject(rows)) {
		if (rc_json_member(rows, "min"))
			to->expect.min_rows = (int64_t)cfg_whole(rows, "min");
		if (rc_json_member(rows, "max"))
			to->expect.max_rows = (int64_t)cfg_whole(rows, "max");
		if (to->expect.max_rows >= 0 && to->expect.min_rows > to->expect.max_rows)
			cfg_fault(b, &at, "rows", "min is larger than max");
	}
	to->expect.sha256_file = cfg_path(b, e, "sha256_file");
	to->expect.ready = cfg_path(b, e, "ready");
	to->expect.trailer = group_pattern(b, e, "trailer", &at);
	to->expect.min_quiet_ns = cfg_duration(b, e, "min_quiet", &at);
	if (to->expect.trailer && to->format && strcmp(to->format, "ldif") == 0)
		cfg_fault(b, &at, "trailer", "LDIF has no trailer line");
	if (!to->command.n)
		return;
	for (const char *const *k = (const char *const[]){"sha256_file", "ready", "min_quiet", NULL}; *k; k++)
		if (rc_json_member(e, *k))
			cfg_fault(b, &at, *k, "looks at a file, but this source is a command");
}

static void set_origin(struct cfg_build *b, const cJSON *s, const struct rc_json_path *at, struct rc_source *to)
{
	to->files = cfg_paths(b, rc_json_member(s, "files"));
	to->command = cfg_argv(b, rc_json_member(s, "command"));
	to->pick = cfg_choice(s, "pick", picks);
	to->stamp = group_pattern(b, s, "stamp", at);
	to->max_age_ns = cfg_duration(b, s, "max_age", at);
	if (rc_json_member(s, "files") && rc_json_member(s, "command"))
		cfg_fault(b, at, "command", "a source has files or a command, not both");
	if (!rc_json_member(s, "files") && !rc_json_member(s, "command"))
		cfg_fault(b, at, "files", "is missing (or command)");
	if (!to->command.n)
		return;
	if (to->pick == RC_PICK_NEWEST)
		cfg_fault(b, at, "pick", "chooses among files, but this source is a command");
	if (to->stamp)
		cfg_fault(b, at, "stamp", "is found in a file's name, but this source is a command");
	if (to->max_age_ns)
		cfg_fault(b, at, "max_age", "is a file's, but this source is a command");
}

static void set_size(struct cfg_build *b, const cJSON *s, const struct rc_json_path *at, struct rc_source *to)
{
	const cJSON *v = rc_json_member(s, "max_record");
	struct rc_err err = {0};

	to->max_record_bytes = cfg_whole(s, "max_record");
	if (cJSON_IsString(v) && rc_size_parse(rc_slice_str(v->valuestring), &to->max_record_bytes, &err))
		cfg_fault(b, at, "max_record", "%s", err.what);
	else if (v && (to->max_record_bytes < 1024 || to->max_record_bytes > 1u << 30))
		cfg_fault(b, at, "max_record", "must be from 1 KiB to 1 GiB");
	to->max_ratio = cfg_whole(s, "max_ratio");
}

static void source(struct cfg_build *b, const cJSON *s, const struct rc_json_path *at, struct rc_source *to)
{
	const cJSON *dup = rc_json_member(s, "duplicates");

	set_origin(b, s, at, to);
	to->format = cfg_text(b, s, "format");
	set_delimiter(b, s, at, to);
	set_encoding(b, s, at, to);
	set_columns(b, s, to);
	to->key = cfg_text(b, s, "key");
	to->where = cfg_text(b, s, "where");
	to->left = cfg_text(b, s, "left");
	to->active_from = cfg_text(b, s, "active_from");
	to->active_until = cfg_text(b, s, "active_until");
	to->date_format = cfg_text(b, s, "date_format");
	to->timezone = cfg_text(b, s, "timezone");
	to->duplicates = cfg_choice(s, "duplicates", duplicates);
	if (cJSON_IsObject(dup)) {
		to->duplicates = RC_DUP_PREFER;
		to->prefer = cfg_text(b, dup, "prefer");
	}
	set_expect(b, s, at, to);
	to->unchanged = cfg_choice(s, "unchanged", unchanged);
	to->on_error = cfg_choice(s, "on_error", on_error);
	set_size(b, s, at, to);
}

void cfg_sources(struct cfg_build *b, const cJSON *root)
{
	const cJSON *list = rc_json_member(root, "sources"), *one;
	struct rc_json_path top = {NULL, "sources", 0};
	struct rc_source *v;
	size_t n = 0;

	if (!cJSON_IsArray(list))
		return;
	v = rc_arena_zalloc(&b->c->mem, (size_t)(cJSON_GetArraySize(list) + 1) * sizeof(*v));
	cJSON_ArrayForEach(one, list)
	{
		struct rc_json_path at = {&top, NULL, n};

		if (cJSON_IsObject(one))
			source(b, one, &at, &v[n]);
		n++;
	}
	b->c->sources = v;
	b->c->n_sources = n;
}
