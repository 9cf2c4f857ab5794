#include "engine/base/nearest.h"
#include <stdbool.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment over three rolling rows. */
unsigned rc_edits(struct rc_slice a, struct rc_slice b)
{
	unsigned rows[3][RC_EDITS_MAX_BYTES + 1];

	for (unsigned j = 0; j <= b.n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			bool same = lower(a.p[i - 1]) == lower(b.p[j - 1]);

			now[j] = min3(up[j] + 1, now[j - 1] + 1, up[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && lower(a.p[i - 1]) == lower(b.p[j - 2]) &&
			    lower(a.p[i - 2]) == lower(b.p[j - 1]) && up2[j - 2] + 1 < now[j])
				now[j] = up2[j - 2] + 1;
		}
	}
	return rows[a.n % 3][b.n];
}

const char *rc_nearest(struct rc_slice name, const char *const *candidates, size_t n)
{
	unsigned limit = name.n < 3 ? 0 : name.n < 6 ? 1 : (unsigned)(name.n / 3), best = limit + 1;
	const char *ret = NULL;

	if (name.n == 0 || name.n > RC_EDITS_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct rc_slice c = rc_slice_str(candidates[i]);
		unsigned d;

		if (c.n > RC_EDITS_MAX_BYTES)
			continue;
		d = rc_edits(name, c);
		if (d < best) {
			best = d;
			ret = candidates[i];
		}
	}
	return ret;
}
