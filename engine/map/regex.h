/* engine/map/regex.h - PCRE2 with limits, so that neither a pattern nor a text can hold up a run.
 *
 * Patterns are UTF-8, search anywhere, and see invalid bytes in a text as matching nothing. A small cache keeps
 * compiled ones; a zeroed struct is empty. */
#ifndef RC_MAP_REGEX_H
#define RC_MAP_REGEX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/base/slice.h"

enum { RC_REGEX_PATTERN_MAX = 1024, RC_REGEX_CACHE = 64 };

struct rc_regex;
struct rc_regexes {
	size_t n;
	struct rc_regex *v[RC_REGEX_CACHE];
};

/* 1 match, 0 none, -1 fault: *ret_fault then names it (valid until the next call). */
int rc_regex_search(struct rc_regexes *r, struct rc_slice pattern, struct rc_slice text, const char **ret_fault);

/* The same; on a match *ret_group is what the first group found, within text (p NULL: it took no part). */
int rc_regex_group(struct rc_regexes *r, struct rc_slice pattern, struct rc_slice text, struct rc_slice *ret_group,
		   const char **ret_fault);
void rc_regexes_done(struct rc_regexes *r);

#endif
