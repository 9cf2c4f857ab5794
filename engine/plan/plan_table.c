#include "engine/plan/plan_table.h"
#include "engine/base/json_out.h"
#include "engine/base/utf8.h"
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define EXACT (INT64_C(1) << 53) /* of a JSON number that travels as a double */

static void write_base64(struct rc_buf *b, struct rc_slice s)
{
	unsigned char out[64 + 1];

	rc_buf_addc(b, '"');
	for (size_t at = 0; at < s.n; at += 48) {
		size_t n = s.n - at < 48 ? s.n - at : 48;
		int len = EVP_EncodeBlock(out, (const unsigned char *)s.p + at, (int)n);

		rc_buf_add(b, out, (size_t)len);
	}
	rc_buf_addc(b, '"');
}

static bool is_text(struct rc_slice s)
{
	return !memchr(s.p, 0, s.n) && rc_utf8_valid(s.p, s.n) == s.n;
}

static void write_text(struct rc_buf *b, struct rc_slice s)
{
	if (!s.n || is_text(s)) {
		rc_json_string(b, s);
		return;
	}
	rc_buf_adds(b, "{\"$base64\":");
	write_base64(b, s);
	rc_buf_addc(b, '}');
}

static void write_hash(struct rc_buf *b, const uint8_t *hash)
{
	rc_buf_addc(b, '"');
	for (size_t i = 0; i < 16; i++)
		rc_buf_addf(b, "%02x", hash[i]);
	rc_buf_addc(b, '"');
}

static void write_values(struct rc_buf *b, const struct rc_plan_values *v, bool names)
{
	rc_buf_addc(b, names ? '[' : '{');
	for (size_t i = 0; i < v->n; i++) {
		rc_json_comma(b);
		rc_json_string(b, v->v[i].field);
		if (names)
			continue;
		rc_buf_addc(b, ':');
		write_text(b, v->v[i].value);
	}
	rc_buf_addc(b, names ? ']' : '}');
}

static void write_texts(struct rc_buf *b, const struct rc_slice *v, size_t n)
{
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < n; i++) {
		rc_json_comma(b);
		write_text(b, v[i]);
	}
	rc_buf_addc(b, ']');
}

static uint64_t load_unsigned(const struct plan_field *f, const void *p)
{
	uint64_t u64;
	uint16_t u16;

	if (f->type == PLAN_U8)
		return *(const uint8_t *)p;
	if (f->type == PLAN_U16) {
		memcpy(&u16, p, sizeof(u16));
		return u16;
	}
	memcpy(&u64, p, sizeof(u64));
	return u64;
}

static void write_number(struct rc_buf *b, int64_t v)
{
	rc_buf_addf(b, v > -EXACT && v < EXACT ? "%" PRId64 : "\"%" PRId64 "\"", v);
}

static bool empty(const struct plan_field *f, const void *p, const void *from)
{
	static const uint8_t zero[16];
	int64_t i64;
	size_t n;

	switch (f->type) {
	case PLAN_TEXT:
	case PLAN_BYTES:
		return ((const struct rc_slice *)p)->n == 0;
	case PLAN_HASH:
		return memcmp(p, zero, 16) == 0;
	case PLAN_BOOL:
		return !*(const bool *)p;
	case PLAN_U8:
	case PLAN_U16:
	case PLAN_U64:
		return load_unsigned(f, p) == 0;
	case PLAN_I64:
		memcpy(&i64, p, sizeof(i64));
		return i64 == 0;
	case PLAN_ACTION:
		return false;
	case PLAN_STATUS:
		return *(const enum rc_status *)p == 0;
	case PLAN_VALUES:
	case PLAN_NAMES:
		return ((const struct rc_plan_values *)p)->n == 0;
	case PLAN_TEXTS:
		memcpy(&n, (const char *)from + f->also, sizeof(n));
		return n == 0;
	}
	return true;
}

static void write_member(const struct plan_field *f, const void *p, const void *from, struct rc_buf *b)
{
	const struct rc_slice *texts;
	int64_t i64;
	size_t n;

	switch (f->type) {
	case PLAN_TEXT:
		write_text(b, *(const struct rc_slice *)p);
		break;
	case PLAN_BYTES:
		write_base64(b, *(const struct rc_slice *)p);
		break;
	case PLAN_HASH:
		write_hash(b, p);
		break;
	case PLAN_BOOL:
		rc_buf_adds(b, "true");
		break;
	case PLAN_U8:
	case PLAN_U16:
	case PLAN_U64:
		write_number(b, (int64_t)load_unsigned(f, p));
		break;
	case PLAN_I64:
		memcpy(&i64, p, sizeof(i64));
		write_number(b, i64);
		break;
	case PLAN_ACTION:
		rc_json_cstr(b, rc_action_name(*(const enum rc_action *)p));
		break;
	case PLAN_STATUS:
		rc_json_cstr(b, rc_status_name(*(const enum rc_status *)p));
		break;
	case PLAN_VALUES:
	case PLAN_NAMES:
		write_values(b, p, f->type == PLAN_NAMES);
		break;
	case PLAN_TEXTS:
		memcpy(&texts, p, sizeof(texts));
		memcpy(&n, (const char *)from + f->also, sizeof(n));
		write_texts(b, texts, n);
		break;
	}
}

void plan_write_object(const struct plan_table *t, const void *from, struct rc_buf *b)
{
	rc_buf_addc(b, '{');
	for (size_t i = 0; i < t->n; i++) {
		const void *p = (const char *)from + t->v[i].offset;

		if (empty(&t->v[i], p, from))
			continue;
		rc_json_key(b, t->v[i].key);
		write_member(&t->v[i], p, from, b);
	}
	rc_buf_addc(b, '}');
}

/* ---- and back */

static bool read_base64(const cJSON *v, struct rc_arena *mem, struct rc_slice *ret)
{
	size_t n;
	unsigned char *out;
	int len;

	if (!cJSON_IsString(v) || (n = strlen(v->valuestring)) % 4 || n > INT32_MAX)
		return false;
	out = rc_arena_alloc(mem, n / 4 * 3 + 1);
	len = EVP_DecodeBlock(out, (const unsigned char *)v->valuestring, (int)n);
	if (len < 0)
		return false;
	for (size_t i = n; i > 0 && n - i < 2 && v->valuestring[i - 1] == '='; i--)
		len--;
	*ret = (struct rc_slice){(char *)out, (size_t)len};
	return true;
}

static bool read_text(const cJSON *v, struct rc_arena *mem, struct rc_slice *ret)
{
	if (cJSON_IsObject(v) && v->child && !v->child->next && strcmp(v->child->string, "$base64") == 0)
		return read_base64(v->child, mem, ret);
	if (!cJSON_IsString(v))
		return false;
	*ret = rc_slice_str(rc_arena_strdup(mem, v->valuestring));
	return true;
}

static bool read_hash(const cJSON *v, uint8_t *ret)
{
	if (!cJSON_IsString(v) || strlen(v->valuestring) != 32 || strspn(v->valuestring, "0123456789abcdef") != 32)
		return false;
	for (size_t i = 0; i < 16; i++) {
		char pair[3] = {v->valuestring[2 * i], v->valuestring[2 * i + 1], 0};

		ret[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return true;
}

static bool read_number(const cJSON *v, int64_t low, int64_t high, int64_t *ret)
{
	char *end;

	if (cJSON_IsNumber(v)) {
		if (!(v->valuedouble > -(double)EXACT && v->valuedouble < (double)EXACT))
			return false;
		*ret = (int64_t)v->valuedouble;
		return (double)*ret == v->valuedouble && *ret >= low && *ret <= high;
	}
	if (!cJSON_IsString(v) || !v->valuestring[0])
		return false;
	errno = 0;
	*ret = strtoll(v->valuestring, &end, 10);
	return !errno && !*end && *ret >= low && *ret <= high;
}

static bool read_values(const cJSON *o, bool names, struct rc_arena *mem, struct rc_plan_values *ret)
{
	const cJSON *v;

	if (names ? !cJSON_IsArray(o) : !cJSON_IsObject(o))
		return false;
	*ret = (struct rc_plan_values){
		.v = rc_arena_zalloc(mem, ((size_t)cJSON_GetArraySize(o) + 1) * sizeof(*ret->v))};
	cJSON_ArrayForEach(v, o)
	{
		struct rc_plan_value *to = &ret->v[ret->n];

		if (names ? !cJSON_IsString(v) : !read_text(v, mem, &to->value))
			return false;
		to->field = rc_slice_str(rc_arena_strdup(mem, names ? v->valuestring : v->string));
		ret->n++;
	}
	return true;
}

static bool read_texts(const cJSON *a, struct rc_arena *mem, struct rc_slice **ret, size_t *ret_n)
{
	const cJSON *v;
	size_t n = 0;

	if (!cJSON_IsArray(a))
		return false;
	*ret = rc_arena_alloc(mem, ((size_t)cJSON_GetArraySize(a) + 1) * sizeof(**ret));
	cJSON_ArrayForEach(v, a) if (!read_text(v, mem, &(*ret)[n++])) return false;
	*ret_n = n;
	return true;
}

static bool read_member(const struct plan_field *f, const cJSON *v, struct rc_arena *mem, void *p, void *to)
{
	int64_t n = 0;
	int found;

	switch (f->type) {
	case PLAN_TEXT:
		return read_text(v, mem, p);
	case PLAN_BYTES:
		return read_base64(v, mem, p);
	case PLAN_HASH:
		return read_hash(v, p);
	case PLAN_BOOL:
		*(bool *)p = cJSON_IsTrue(v);
		return cJSON_IsBool(v);
	case PLAN_U8:
		if (!read_number(v, 0, (int64_t)f->also - 1, &n))
			return false;
		*(uint8_t *)p = (uint8_t)n;
		return true;
	case PLAN_U16:
		if (!read_number(v, 0, UINT16_MAX, &n))
			return false;
		*(uint16_t *)p = (uint16_t)n;
		return true;
	case PLAN_U64:
		if (!read_number(v, 0, INT64_MAX, &n))
			return false;
		*(uint64_t *)p = (uint64_t)n;
		return true;
	case PLAN_I64:
		return read_number(v, INT64_MIN, INT64_MAX, p);
	case PLAN_ACTION:
		found = cJSON_IsString(v) ? rc_action_find(v->valuestring) : -1;
		*(enum rc_action *)p = found < 0 ? RC_ACT_NONE : (enum rc_action)found;
		return found >= 0;
	case PLAN_STATUS:
		found = cJSON_IsString(v) ? rc_status_find(v->valuestring) : -1;
		*(enum rc_status *)p = found < 0 ? RC_ST_PLANNED : (enum rc_status)found;
		return found >= 0;
	case PLAN_VALUES:
	case PLAN_NAMES:
		return read_values(v, f->type == PLAN_NAMES, mem, p);
	case PLAN_TEXTS:
		return read_texts(v, mem, p, (size_t *)((char *)to + f->also));
	}
	return false;
}

bool plan_read_object(const struct plan_table *t, const cJSON *o, struct rc_arena *mem, void *to, const char **ret_key)
{
	const cJSON *v;

	*ret_key = "";
	if (!cJSON_IsObject(o))
		return false;
	cJSON_ArrayForEach(v, o)
	{
		const struct plan_field *f = NULL;

		for (size_t i = 0; i < t->n && !f; i++)
			if (strcmp(t->v[i].key, v->string) == 0)
				f = &t->v[i];
		*ret_key = v->string;
		if (!f || !read_member(f, v, mem, (char *)to + f->offset, to))
			return false;
	}
	return true;
}
