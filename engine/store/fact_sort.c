/* Facts in the order of their keys. Keys are hashes for the greater part, so the first bits that differ spread a large
 * group evenly: one pass puts each fact within a few places of where it belongs. */
#include "engine/base/alloc.h"
#include "engine/store/fact.h"
#include <stdlib.h>
#include <string.h>

enum { SPREAD_FROM = 1024, FEW = 24, PLACES = 4 /* a slot, on average: 1 to 2 times that */, MOST_BITS = 20 };

static bool in_order(const struct rc_fact_at *v, size_t n, int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < n; i++)
		if (compare(&v[i - 1], &v[i]) > 0)
			return false;
	return true;
}

static void sort_few(struct rc_fact_at *v, size_t n, int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < n; i++) {
		struct rc_fact_at x = v[i];
		size_t at = i;

		for (; at && compare(&v[at - 1], &x) > 0; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

struct spread {
	unsigned shift, bits;
	uint64_t mask;
};

/* bits 0: they do not differ. */
static struct spread spread_of(const struct rc_fact_at *v, size_t n)
{
	uint64_t differ = 0;
	unsigned top, want = 0;

	for (size_t i = 1; i < n; i++)
		differ |= v[i].prefix ^ v[0].prefix;
	if (!differ)
		return (struct spread){0};
	top = 64 - (unsigned)__builtin_clzll(differ);
	while (want < MOST_BITS && n >> want > 2 * PLACES)
		want++;
	if (want > top)
		want = top;
	return (struct spread){top - want, want, (1ull << want) - 1};
}

static size_t slot_of(const struct spread *s, const struct rc_fact_at *f)
{
	return (size_t)(f->prefix >> s->shift & s->mask);
}

void rc_facts_sort(struct rc_fact_at *v, size_t n, int (*compare)(const void *, const void *))
{
	struct spread s = {0};
	struct rc_fact_at *out;
	size_t *end;

	if (in_order(v, n, compare)) /* a bulk load may come sorted */
		return;
	if (n >= SPREAD_FROM)
		s = spread_of(v, n);
	if (!s.bits) {
		qsort(v, n, sizeof(*v), compare);
		return;
	}
	out = rc_xreallocarray(NULL, n, sizeof(*out));
	end = rc_xcalloc((1ull << s.bits) + 1, sizeof(*end)); /* first where each slot begins */
	for (size_t i = 0; i < n; i++)
		end[slot_of(&s, &v[i]) + 1]++;
	for (size_t i = 1; i <= s.mask; i++)
		end[i] += end[i - 1];
	for (size_t i = 0; i < n; i++)
		out[end[slot_of(&s, &v[i])]++] = v[i];
	for (size_t i = 0, from = 0; i <= s.mask; from = end[i++]) {
		if (end[i] - from <= FEW)
			sort_few(out + from, end[i] - from, compare);
		else
			qsort(out + from, end[i] - from, sizeof(*out), compare);
	}
	memcpy(v, out, n * sizeof(*v));
	free(end);
	free(out);
}
