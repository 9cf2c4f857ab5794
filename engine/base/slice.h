/* engine/base/slice.h - a borrowed run of bytes; never NUL-terminated, never owned. */
#ifndef RC_SLICE_H
#define RC_SLICE_H
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct rc_slice {
	const char *p;
	size_t n;
};

#define RC_SLICE(lit) ((struct rc_slice){(lit), sizeof(lit) - 1})

static inline struct rc_slice rc_slice_str(const char *s)
{
	return (struct rc_slice){s, s ? strlen(s) : 0};
}

static inline bool rc_slice_eq(struct rc_slice a, struct rc_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool rc_slice_eqs(struct rc_slice a, const char *s)
{
	return rc_slice_eq(a, rc_slice_str(s));
}

/* Orders by bytes, a prefix first. */
static inline int rc_slice_cmp(struct rc_slice a, struct rc_slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

#endif
