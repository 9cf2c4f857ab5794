/* engine/base/nearest.h - "did you mean ...?" for a mistyped name. */
#ifndef RC_NEAREST_H
#define RC_NEAREST_H
#include <stddef.h>
#include "engine/base/slice.h"

/* The candidate that fewest edits (insert, delete, replace, swap neighbours; ASCII case is free) lead to, when they are
 * few enough for a slip of the hand: a third of the length, at least one. NULL when none is near, or when the name has
 * more than 64 bytes. */
const char *rc_nearest(struct rc_slice name, const char *const *candidates, size_t n);

/* Fewest edits from a to b, as above; at most 64 bytes each. */
unsigned rc_edits(struct rc_slice a, struct rc_slice b);
enum { RC_EDITS_MAX_BYTES = 64 };

#endif
