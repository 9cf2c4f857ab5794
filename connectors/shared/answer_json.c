#include "connectors/shared/answer_json.h"
#include "connectors/shared/text.h"

static size_t skip_space(struct rc_slice s, size_t i)
{
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r'))
		i++;
	return i;
}

/* Index after the closing quote, or 0: unterminated, a bare control character, or an escaped NUL. */
static size_t skip_string(struct rc_slice s, size_t i)
{
	for (i++; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20)
			return 0;
		if (c == '"')
			return i + 1;
		if (c == '\\') {
			if (s.n - i > 5 && memcmp(s.p + i + 1, "u0000", 5) == 0)
				return 0;
			i++;
		}
	}
	return 0;
}

/* Counts what cJSON would allocate and how deep it would go, in one pass without memory. */
static bool within_bounds(struct rc_slice s)
{
	size_t depth = 0, values = 1, i = 0;

	while (i < s.n) {
		char c = s.p[i];

		if (c == '"') {
			i = skip_string(s, i);
			if (!i)
				return false;
			continue;
		}
		if (c == 0)
			return false;
		if (c == '[' || c == '{') {
			values++;
			if (++depth > RC_ANSWER_MAX_DEPTH)
				return false;
		} else if (c == ']' || c == '}') {
			if (depth-- == 0)
				return false;
		} else if (c == ',') {
			values++;
		}
		if (values > RC_ANSWER_MAX_VALUES)
			return false;
		i++;
	}
	return depth == 0;
}

cJSON *rc_answer_parse(struct rc_slice body)
{
	const char *end = NULL;
	cJSON *tree;

	if (body.n == 0 || body.n > RC_ANSWER_MAX_BYTES || !within_bounds(body))
		return NULL;
	tree = cJSON_ParseWithLengthOpts(body.p, body.n, &end, false);
	if (tree && skip_space(body, (size_t)(end - body.p)) != body.n) {
		cJSON_Delete(tree);
		tree = NULL;
	}
	return tree;
}

const cJSON *rc_answer_get(const cJSON *object, const char *key)
{
	const cJSON *v = cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;

	return cJSON_IsNull(v) ? NULL : v;
}

struct rc_slice rc_answer_str(const cJSON *object, const char *key)
{
	const cJSON *v = rc_answer_get(object, key);

	return cJSON_IsString(v) ? rc_slice_str(v->valuestring) : (struct rc_slice){0};
}

int64_t rc_answer_int(const cJSON *object, const char *key)
{
	const cJSON *v = rc_answer_get(object, key);

	if (cJSON_IsString(v))
		return rc_decimal(rc_slice_str(v->valuestring));
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0 && v->valuedouble <= 9007199254740991.0))
		return -1;
	return (double)(int64_t)v->valuedouble == v->valuedouble ? (int64_t)v->valuedouble : -1;
}
