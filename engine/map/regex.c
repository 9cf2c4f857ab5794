#include "engine/map/regex.h"
#include "engine/base/pcre.h"
#include <stdio.h>
#include <stdlib.h>
#include "engine/base/alloc.h"

enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 10000, HEAP_LIMIT_KIB = 4096 };

struct rc_regex {
	struct rc_slice pattern; /* heap */
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static void regex_free(struct rc_regex *x)
{
	pcre2_match_context_free(x->limits);
	pcre2_match_data_free(x->data);
	pcre2_code_free(x->code);
	free((char *)x->pattern.p);
	free(x);
}

void rc_regexes_done(struct rc_regexes *r)
{
	for (size_t i = 0; i < r->n; i++)
		regex_free(r->v[i]);
	r->n = 0;
}

static struct rc_regex *compile(struct rc_slice pattern, const char **ret_fault)
{
	static _Thread_local char fault[200];
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	struct rc_regex *x;
	pcre2_code *code;
	PCRE2_UCHAR text[120];
	PCRE2_SIZE at;
	int number;

	if (pattern.n > RC_REGEX_PATTERN_MAX) {
		*ret_fault = "the pattern is longer than 1024 bytes";
		return NULL;
	}
	code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, &number, &at, rc_pcre_compile());
	if (!code) {
		pcre2_get_error_message(number, text, sizeof(text));
		snprintf(fault, sizeof(fault), "pattern: %s at byte %zu", (const char *)text, (size_t)at);
		*ret_fault = fault;
		return NULL;
	}
	x = rc_xcalloc(1, sizeof(*x));
	*x = (struct rc_regex){{rc_xstrndup(pattern), pattern.n},
			       code,
			       pcre2_match_data_create(2, rc_pcre_memory()), /* the match and its first group */
			       pcre2_match_context_create(rc_pcre_memory())};
	pcre2_set_match_limit(x->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(x->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(x->limits, HEAP_LIMIT_KIB);
	return x;
}

static struct rc_regex *cached(struct rc_regexes *r, struct rc_slice pattern, const char **ret_fault)
{
	struct rc_regex *x;

	for (size_t i = 0; i < r->n; i++)
		if (rc_slice_eq(r->v[i]->pattern, pattern))
			return r->v[i];
	x = compile(pattern, ret_fault);
	if (!x)
		return NULL;
	if (r->n == RC_REGEX_CACHE) /* patterns made from data: start afresh rather than grow */
		rc_regexes_done(r);
	return r->v[r->n++] = x;
}

int rc_regex_group(struct rc_regexes *r, struct rc_slice pattern, struct rc_slice text, struct rc_slice *ret_group,
		   const char **ret_fault)
{
	struct rc_regex *x = cached(r, pattern, ret_fault);
	const PCRE2_SIZE *at;
	int rc;

	*ret_group = (struct rc_slice){0};
	if (!x)
		return -1;
	rc = pcre2_match(x->code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0, 0, x->data, x->limits);
	at = pcre2_get_ovector_pointer(x->data);
	if (rc != 1 && rc >= 0 && at[2] != PCRE2_UNSET) /* 1: the match alone */
		*ret_group = (struct rc_slice){text.p + at[2], at[3] - at[2]};
	if (rc >= 0)
		return 1;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	*ret_fault = "the pattern takes too many steps on this text: write it with less repetition inside repetition";
	return -1;
}

int rc_regex_search(struct rc_regexes *r, struct rc_slice pattern, struct rc_slice text, const char **ret_fault)
{
	struct rc_slice group;

	return rc_regex_group(r, pattern, text, &group, ret_fault);
}
