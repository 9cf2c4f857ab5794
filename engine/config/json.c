#include "engine/config/json.h"
#include "engine/base/alloc.h"
#include "engine/base/json_out.h"
#include "engine/config/json_scan.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void rc_json_path_text(const struct rc_json_path *path, struct rc_buf *out)
{
	if (!path || (!path->up && !path->key))
		return;
	rc_json_path_text(path->up, out);
	rc_buf_addc(out, '/');
	if (!path->key) {
		rc_buf_addf(out, "%zu", path->index);
		return;
	}
	for (const char *p = path->key; *p; p++) {
		if (*p == '~')
			rc_buf_adds(out, "~0");
		else if (*p == '/')
			rc_buf_adds(out, "~1");
		else
			rc_buf_addc(out, *p);
	}
}

static enum rc_code fault_at(const char *name, const char *text, const struct rc_json_fault *f, struct rc_err *err)
{
	uint64_t line = 1;
	size_t begin = 0;

	for (size_t i = 0; i < f->at; i++)
		if (text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	return rc_fail_line(err, RC_CONFIG, line, "%s:%llu:%zu: %s", name, (unsigned long long)line, f->at - begin + 1,
			    f->what);
}

enum rc_code rc_json_parse(const char *name, struct rc_slice text, bool comments, cJSON **ret, struct rc_err *err)
{
	struct rc_json_fault fault = {0};
	enum rc_code code = RC_OK;
	char *copy;
	cJSON *v = NULL;

	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
		text.p += 3;
		text.n -= 3;
	}
	copy = rc_xstrndup(text);
	if ((comments && !rc_json_strip(copy, text.n, &fault)) || !rc_json_scan(copy, text.n, &fault))
		code = fault_at(name, copy, &fault, err);
	else
		v = cJSON_ParseWithLength(copy, text.n);
	if (!code && !v)
		code = rc_fail(err, RC_CONFIG, "%s: cannot be parsed as JSON", name);
	free(copy);
	if (!code)
		*ret = v;
	return code;
}

static enum rc_code slurp(const char *path, struct rc_buf *buf, struct rc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t got;

	if (fd < 0)
		return rc_fail_sys(err, RC_CONFIG, errno, "%s: cannot be read", path);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return rc_fail(err, RC_CONFIG, "%s: is a directory, not a config", path);
	}
	buf->max = RC_JSON_MAX_BYTES + 1;
	do {
		char chunk[16384];

		got = read(fd, chunk, sizeof(chunk));
		if (got > 0)
			rc_buf_add(buf, chunk, (size_t)got);
	} while ((got > 0 && !buf->overflow) || (got < 0 && errno == EINTR));
	if (got < 0) {
		int sys = errno;

		close(fd);
		return rc_fail_sys(err, RC_CONFIG, sys, "%s: cannot be read", path);
	}
	close(fd);
	if (buf->overflow || buf->n > RC_JSON_MAX_BYTES)
		return rc_fail(err, RC_CONFIG, "%s: is larger than 4 MiB", path);
	return RC_OK;
}

enum rc_code rc_json_load(const char *path, bool comments, cJSON **ret, struct rc_err *err)
{
	struct rc_buf buf = {0};
	enum rc_code code = slurp(path, &buf, err);

	if (!code)
		code = rc_json_parse(path, buf.n ? rc_buf_slice(&buf) : RC_SLICE(""), comments, ret, err);
	rc_buf_done(&buf);
	return code;
}

const cJSON *rc_json_member(const cJSON *obj, const char *key)
{
	return cJSON_IsObject(obj) ? cJSON_GetObjectItemCaseSensitive(obj, key) : NULL;
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static size_t members(const cJSON *obj, const cJSON ***ret)
{
	size_t n = (size_t)cJSON_GetArraySize(obj), i = 0;
	const cJSON **v = rc_xcalloc(n + 1, sizeof(const cJSON *)), *c;

	cJSON_ArrayForEach(c, obj) v[i++] = c;
	*ret = v;
	return n;
}

static size_t duplicates_in(const cJSON *obj, const struct rc_json_path *path, rc_json_note_fn *note, void *ctx)
{
	const cJSON **v;
	size_t n = members(obj, &v), found = 0;

	qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 1; i < n; i++) {
		struct rc_json_path at = {path, v[i]->string, 0};
		struct rc_buf pointer = {0};

		if (strcmp(v[i - 1]->string, v[i]->string) != 0 ||
		    (i + 1 < n && strcmp(v[i]->string, v[i + 1]->string) == 0))
			continue;
		rc_json_path_text(&at, &pointer);
		note(ctx, pointer.p, "the key stands more than once in its object");
		rc_buf_done(&pointer);
		found++;
	}
	free(v);
	return found;
}

static size_t duplicates(const cJSON *v, const struct rc_json_path *path, rc_json_note_fn *note, void *ctx)
{
	size_t found = 0, i = 0;
	const cJSON *c;

	if (cJSON_IsObject(v))
		found += duplicates_in(v, path, note, ctx);
	cJSON_ArrayForEach(c, v)
	{
		struct rc_json_path at = {path, c->string, i++};

		found += duplicates(c, &at, note, ctx);
	}
	return found;
}

size_t rc_json_duplicates(const cJSON *root, rc_json_note_fn *note, void *ctx)
{
	return duplicates(root, NULL, note, ctx);
}

static cJSON *clone(const cJSON *v)
{
	cJSON *d = cJSON_Duplicate(v, true);

	if (!d)
		abort(); /* cJSON has no other reason than memory */
	return d;
}

cJSON *rc_json_merge(const cJSON *target, const cJSON *patch)
{
	const cJSON *c;
	cJSON *out;

	if (!cJSON_IsObject(patch))
		return clone(patch);
	out = cJSON_IsObject(target) ? clone(target) : cJSON_CreateObject();
	cJSON_ArrayForEach(c, patch)
	{
		const cJSON *old = rc_json_member(out, c->string);
		cJSON *merged;

		if (cJSON_IsNull(c)) {
			cJSON_DeleteItemFromObjectCaseSensitive(out, c->string);
			continue;
		}
		merged = rc_json_merge(old, c);
		if (old)
			cJSON_ReplaceItemInObjectCaseSensitive(out, c->string, merged);
		else
			cJSON_AddItemToObject(out, c->string, merged);
	}
	return out;
}

static bool equal_objects(const cJSON *a, const cJSON *b)
{
	const cJSON *c;

	if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b))
		return false;
	cJSON_ArrayForEach(c, a)
	{
		const cJSON *other = rc_json_member(b, c->string);

		if (!other || !rc_json_equal(c, other))
			return false;
	}
	return true;
}

bool rc_json_equal(const cJSON *a, const cJSON *b)
{
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		return !(a->valuedouble < b->valuedouble) && !(a->valuedouble > b->valuedouble);
	if ((a->type & 0xff) != (b->type & 0xff))
		return false;
	if (cJSON_IsString(a))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (cJSON_IsObject(a))
		return equal_objects(a, b);
	if (!cJSON_IsArray(a))
		return true;
	for (a = a->child, b = b->child; a && b; a = a->next, b = b->next)
		if (!rc_json_equal(a, b))
			return false;
	return !a && !b;
}

struct writer {
	struct rc_buf *out;
	bool sorted;
	unsigned indent;
};

static void new_line(const struct writer *w, unsigned level)
{
	if (w->indent)
		rc_buf_addf(w->out, "\n%*s", (int)(level * w->indent), "");
}

static void write_number(struct rc_buf *out, double d)
{
	char text[32];

	if (fabs(d) < 9e15 && d >= floor(d) && d <= floor(d)) {
		rc_buf_addf(out, "%lld", (long long)d);
		return;
	}
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (!(strtod(text, NULL) < d) && !(strtod(text, NULL) > d))
			break;
	}
	rc_buf_adds(out, text);
}

static void write_value(const struct writer *w, const cJSON *v, unsigned level);

static void write_members(const struct writer *w, const cJSON *v, unsigned level)
{
	const cJSON **m;
	size_t n = members(v, &m);
	bool object = cJSON_IsObject(v);

	if (object && w->sorted)
		qsort(m, n, sizeof(*m), by_key);
	rc_buf_addc(w->out, object ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			rc_buf_addc(w->out, ',');
		new_line(w, level + 1);
		if (object) {
			rc_json_string(w->out, rc_slice_str(m[i]->string));
			rc_buf_adds(w->out, w->indent ? ": " : ":");
		}
		write_value(w, m[i], level + 1);
	}
	if (n)
		new_line(w, level);
	rc_buf_addc(w->out, object ? '}' : ']');
	free(m);
}

static void write_value(const struct writer *w, const cJSON *v, unsigned level)
{
	if (cJSON_IsObject(v) || cJSON_IsArray(v))
		write_members(w, v, level);
	else if (cJSON_IsString(v))
		rc_json_cstr(w->out, v->valuestring);
	else if (cJSON_IsNumber(v))
		write_number(w->out, v->valuedouble);
	else
		rc_buf_adds(w->out, cJSON_IsTrue(v) ? "true" : cJSON_IsFalse(v) ? "false" : "null");
}

void rc_json_write(const cJSON *v, bool sorted, unsigned indent, struct rc_buf *out)
{
	struct writer w = {out, sorted, indent};

	write_value(&w, v, 0);
}
