#include "engine/base/alloc.h"
#include "engine/base/utf8.h"
#include "engine/config/schema_node.h"
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MATCH_LIMIT = 200000, DEPTH_LIMIT = 5000, HEAP_LIMIT_KIB = 1024 };

static pcre2_match_context *limits; /* set once, only read afterwards */

static void make_limits(void)
{
	limits = pcre2_match_context_create(rc_pcre_memory());
	pcre2_set_match_limit(limits, MATCH_LIMIT);
	pcre2_set_depth_limit(limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
}

bool schema_pattern_match(const pcre2_code *code, struct rc_slice subject, size_t *ret_end)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static _Thread_local pcre2_match_data *data; /* made anew it costs more than the match */
	int rc;

	pthread_once(&once, make_limits);
	if (!data)
		data = pcre2_match_data_create(1, rc_pcre_memory());
	rc = pcre2_match(code, (PCRE2_SPTR)(subject.p ? subject.p : ""), subject.n, 0, 0, data, limits);
	if (rc >= 0 && ret_end)
		*ret_end = pcre2_get_ovector_pointer(data)[1];
	return rc >= 0;
}

void schema_report(struct schema_check *c, const struct rc_json_path *at, const char *fmt, ...)
{
	struct rc_buf pointer = {0};
	char reason[512];
	va_list ap;

	c->found++;
	if (!c->note)
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	rc_json_path_text(at, &pointer);
	c->note(c->ctx, pointer.n ? pointer.p : "", reason);
	rc_buf_done(&pointer);
}

void schema_check_numbers(struct schema_check *c, const struct rc_schema *s, double d, const struct rc_json_path *at)
{
	if (s->has_minimum && d < s->minimum)
		schema_report(c, at, "must be at least %.15g", s->minimum);
	if (s->has_maximum && d > s->maximum)
		schema_report(c, at, "must be at most %.15g", s->maximum);
	if (s->has_ex_minimum && d <= s->ex_minimum)
		schema_report(c, at, "must be more than %.15g", s->ex_minimum);
	if (s->has_ex_maximum && d >= s->ex_maximum)
		schema_report(c, at, "must be less than %.15g", s->ex_maximum);
	if (s->multiple_of > 0) {
		double q = d / s->multiple_of;

		if (!isfinite(q) || fabs(q - round(q)) > 1e-9 * fmax(1, fabs(q)))
			schema_report(c, at, "must be a multiple of %.15g", s->multiple_of);
	}
}

/* "has 'ü' (U+00FC) at character 3" where the schema says which characters there may be. */
static bool offending(const struct rc_schema *s, struct rc_slice v, char out[64])
{
	size_t end = 0;
	uint32_t cp;

	if (!s->chars || !schema_pattern_match(s->chars, v, &end) || end >= v.n)
		return false;
	if (!rc_utf8_next(v.p + end, v.n - end, &cp))
		return false;
	if (cp > 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0)) {
		char text[5] = {0};

		rc_utf8_put(cp, text);
		snprintf(out, 64, "has '%s' (U+%04" PRIX32 ") at character %zu", text, cp, rc_utf8_count(v.p, end) + 1);
	} else {
		snprintf(out, 64, "has U+%04" PRIX32 " at character %zu", cp, rc_utf8_count(v.p, end) + 1);
	}
	return true;
}

/* What a bracket holds in "^[...]*$": characters and ranges of ASCII. Anything else in it is left to PCRE2, and where a
 * backslash or a bracket is not that of a property (\p{Han}), which has no ASCII in it, so is all. */
void schema_plain_class(const char *pattern, uint64_t ret[2])
{
	size_t n = strlen(pattern), end = n - 3;
	uint64_t found[2] = {0};

	if (n < 6 || memcmp(pattern, "^[", 2) != 0 || strcmp(pattern + end, "]*$") != 0 || pattern[2] == '^')
		return;
	for (size_t i = 2; i < end; i++) {
		unsigned char from = (unsigned char)pattern[i], to = from;

		if (i + 7 <= end && memcmp(pattern + i, "\\p{Han}", 7) == 0) {
			i += 6;
			continue;
		}
		if (from >= 0x80 || from == '\\' || from == '[' || from == ']')
			return;
		if (i + 2 < end && pattern[i + 1] == '-') {
			to = (unsigned char)pattern[i + 2];
			if (to >= 0x80 || to == '\\' || to == '[' || to == ']')
				return;
			i += 2;
		}
		for (unsigned c = from; c <= to; c++)
			found[c / 64] |= 1ull << c % 64;
	}
	memcpy(ret, found, sizeof(found));
}

/* Nearly every value is: what a name may hold is asked for each person. */
static bool all_plain(const struct rc_schema *s, struct rc_slice v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c >= 0x80 || !(s->plain[c / 64] >> c % 64 & 1))
			return false;
	}
	return v.n > 0;
}

void schema_check_text(struct schema_check *c, const struct rc_schema *s, struct rc_slice v, bool show,
		       const struct rc_json_path *at)
{
	double n = s->min_length > 0 || s->max_length >= 0 ? (double)rc_utf8_count(v.p, v.n) : 0;
	char odd[64];

	if (n < s->min_length)
		schema_report(c, at, "is shorter than %.0f character%s", s->min_length, s->min_length > 1 ? "s" : "");
	if (s->max_length >= 0 && n > s->max_length)
		schema_report(c, at, "is longer than %.0f characters", s->max_length);
	if (!s->pattern || all_plain(s, v) || schema_pattern_match(s->pattern, v, NULL))
		return;
	if (offending(s, v, odd))
		schema_report(c, at, "%s; allowed: %s", show ? odd : "has a character that is not allowed",
			      s->chars_text);
	else if (s->expects)
		schema_report(c, at, "must be %s", s->expects);
	else
		schema_report(c, at, "does not match %s", s->pattern_text);
}

void schema_check_enum(struct schema_check *c, const struct rc_schema *s, const cJSON *v, const struct rc_json_path *at)
{
	struct rc_buf all = {.max = 300};
	const cJSON *one;

	cJSON_ArrayForEach(one, s->enumeration)
	{
		if (rc_json_equal(one, v))
			return;
	}
	cJSON_ArrayForEach(one, s->enumeration)
	{
		if (all.n)
			rc_buf_adds(&all, ", ");
		rc_json_write(one, false, 0, &all);
	}
	schema_report(c, at, "must be one of %s", all.n ? all.p : "nothing");
	rc_buf_done(&all);
}

/* ---- one string ---- */

static void first_reason(void *ctx, const char *pointer, const char *reason)
{
	struct rc_err *err = ctx;

	(void)pointer;
	if (!err->code)
		rc_fail(err, RC_DATA, "%s", reason);
}

static bool parse_whole(struct rc_slice v, double *ret)
{
	size_t i = v.n && v.p[0] == '-' ? 1 : 0;
	double d = 0;

	if (v.n == i || v.n - i > 15)
		return false;
	for (; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		d = d * 10 + (v.p[i] - '0');
	}
	*ret = v.p[0] == '-' ? -d : d;
	return true;
}

static void check_string(struct schema_check *c, const struct rc_schema *s, struct rc_slice v, bool show);

static void check_string_branches(struct schema_check *c, const struct rc_schema *s, struct rc_slice v, bool show)
{
	for (size_t i = 0; i < s->all_of.n; i++)
		check_string(c, s->all_of.v[i], v, show);
	if (s->any_of.n) {
		bool hit = false;

		for (size_t i = 0; i < s->any_of.n && !hit; i++) {
			struct schema_check trial = {.depth = c->depth};

			check_string(&trial, s->any_of.v[i], v, show);
			hit = !trial.found;
		}
		if (!hit)
			check_string(c, s->any_of.v[0], v, show);
	}
	if (s->not_) {
		struct schema_check trial = {.depth = c->depth};

		check_string(&trial, s->not_, v, show);
		if (!trial.found)
			schema_report(c, NULL, "is what it must not be");
	}
	if (s->ref)
		check_string(c, s->ref, v, show);
}

static void check_string(struct schema_check *c, const struct rc_schema *s, struct rc_slice v, bool show)
{
	double d;

	if (s->boolean == 1 || (c->found && !c->note))
		return;
	if (++c->depth > SCHEMA_MAX_DEPTH) {
		schema_report(c, NULL, "is nested too deep");
	} else if (s->types & (TYPE_INTEGER | TYPE_NUMBER)) {
		if (parse_whole(v, &d))
			schema_check_numbers(c, s, d, NULL);
		else
			schema_report(c, NULL, "must be a whole number");
	} else {
		schema_check_text(c, s, v, show, NULL);
		if (s->enumeration || s->constant) {
			char *text = rc_xstrndup(v);
			cJSON value = {.type = cJSON_String, .valuestring = text};

			if (s->enumeration)
				schema_check_enum(c, s, &value, NULL);
			if (s->constant && !rc_json_equal(s->constant, &value))
				schema_report(c, NULL, "is not the one value allowed");
			free(text);
		}
	}
	check_string_branches(c, s, v, show);
	c->depth--;
}

enum rc_code rc_schema_check_string(const struct rc_schema *s, struct rc_slice value, bool show, struct rc_err *err)
{
	struct rc_err first; /* not zeroed as a whole: every value of every person comes here */
	struct schema_check c = {.note = first_reason, .ctx = &first};

	if (rc_utf8_valid(value.p, value.n) != value.n)
		return rc_fail(err, RC_DATA, "is not valid UTF-8");
	first.code = RC_OK;
	check_string(&c, s, value, show);
	if (!c.found)
		return RC_OK;
	if (err)
		*err = first;
	return RC_DATA;
}
