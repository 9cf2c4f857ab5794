/* engine/base/bytes.h - short runs of bytes, compared and copied without a call: for places that do little else. */
#ifndef RC_BYTES_H
#define RC_BYTES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "engine/base/slice.h"

static inline uint64_t rc_eight(const char *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

static inline uint32_t rc_four(const char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

/* The same bytes; a tail is covered by looking at what comes before it once more. */
static inline bool rc_bytes_same(const char *a, const char *b, size_t n)
{
	if (n < 4) {
		for (size_t i = 0; i < n; i++)
			if (a[i] != b[i])
				return false;
		return true;
	}
	if (n < 8)
		return rc_four(a) == rc_four(b) && rc_four(a + n - 4) == rc_four(b + n - 4);
	if (n < 16)
		return rc_eight(a) == rc_eight(b) && rc_eight(a + n - 8) == rc_eight(b + n - 8);
	for (size_t i = 0; i + 16 < n; i += 16)
		if ((rc_eight(a + i) ^ rc_eight(b + i)) | (rc_eight(a + i + 8) ^ rc_eight(b + i + 8)))
			return false;
	return !((rc_eight(a + n - 16) ^ rc_eight(b + n - 16)) | (rc_eight(a + n - 8) ^ rc_eight(b + n - 8)));
}

static inline bool rc_bytes_eq(struct rc_slice a, struct rc_slice b)
{
	return a.n == b.n && rc_bytes_same(a.p, b.p, a.n);
}

/* Copies s to where there is room for it; returns what comes behind. */
static inline char *rc_bytes_put(char *to, struct rc_slice s)
{
	uint64_t head[2], tail[2];
	uint32_t first, last;

	if (s.n > 32) {
		memcpy(to, s.p, s.n);
	} else if (s.n >= 16) {
		memcpy(head, s.p, 16);
		memcpy(tail, s.p + s.n - 16, 16);
		memcpy(to, head, 16);
		memcpy(to + s.n - 16, tail, 16);
	} else if (s.n >= 8) {
		memcpy(head, s.p, 8);
		memcpy(tail, s.p + s.n - 8, 8);
		memcpy(to, head, 8);
		memcpy(to + s.n - 8, tail, 8);
	} else if (s.n >= 4) {
		first = rc_four(s.p);
		last = rc_four(s.p + s.n - 4);
		memcpy(to, &first, 4);
		memcpy(to + s.n - 4, &last, 4);
	} else {
		for (size_t i = 0; i < s.n; i++)
			to[i] = s.p[i];
	}
	return to + s.n;
}

#endif
