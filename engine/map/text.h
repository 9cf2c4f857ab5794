/* engine/map/text.h - what the expression functions do to text; pure, no locale.
 *
 * Results either borrow from the input or go to out, whose size is given; bytes that are not UTF-8 count as one
 * character each. docs/expressions.md is the authority for what each one does. */
#ifndef RC_MAP_TEXT_H
#define RC_MAP_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/base/slice.h"

bool rc_text_is_space(uint32_t cp); /* Unicode White_Space, and the byte order mark */
struct rc_slice rc_text_trim(struct rc_slice s);
bool rc_text_blank(struct rc_slice s); /* nothing but white space */
struct rc_slice rc_text_truncate(struct rc_slice s, uint64_t n_chars);
size_t rc_text_ascii(struct rc_slice s, char *out); /* out: 2 * s.n; returns the length */
size_t rc_text_clean(struct rc_slice s, char *out); /* out: s.n */
void rc_text_case(struct rc_slice s, char first, char last,
		  char *out);                               /* out: s.n; letters from first to last change */
bool rc_text_eq_fold(struct rc_slice a, struct rc_slice b); /* ASCII case is free */

/* The ASCII form of one character beyond ASCII; n 0 when there is none. */
struct rc_slice rc_ascii_of(uint32_t cp);

#endif
