/* Facts in the order of their keys. Keys are hashes for the greater part, so the first bits that differ spread a large
 * group evenly: a pass to as many slots as the caches can be written to at once, and one within each slot put each fact
 * within a few places of where it belongs. */
#include "engine/base/alloc.h"
#include "engine/store/fact.h"
#include <stdlib.h>
#include <string.h>

enum { SPREAD_FROM = 1024, FEW = 24, PLACES = 2 /* a slot, at most on average */, MOST_BITS = 10 };

static bool in_order(const struct rc_fact_at *v, size_t n, int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < n; i++)
		if (compare(&v[i - 1], &v[i]) > 0)
			return false;
	return true;
}

static bool behind(const struct rc_fact_at *a, const struct rc_fact_at *b, int (*compare)(const void *, const void *))
{
	return a->prefix > b->prefix || (a->prefix == b->prefix && compare(a, b) > 0);
}

static void sort_few(struct rc_fact_at *v, size_t n, int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < n; i++) {
		struct rc_fact_at x = v[i];
		size_t at = i;

		for (; at && behind(&v[at - 1], &x, compare); at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

/* Which bits of a prefix say in which slot it comes. */
struct spread {
	unsigned shift, bits;
};

/* The bits below `top`, for n facts. */
static struct spread spread_below(unsigned top, size_t n)
{
	unsigned bits = 0;

	while (bits < MOST_BITS && bits < top && n >> bits > PLACES)
		bits++;
	return (struct spread){top - bits, bits};
}

/* How many bits there are up to the first one that differs. */
static unsigned top_of(const struct rc_fact_at *v, size_t n)
{
	uint64_t differ = 0;

	for (size_t i = 1; i < n; i++)
		differ |= v[i].prefix ^ v[0].prefix;
	return differ ? 64 - (unsigned)__builtin_clzll(differ) : 0;
}

static size_t slot_of(struct spread s, const struct rc_fact_at *f)
{
	return (size_t)(f->prefix >> s.shift & ((1ull << s.bits) - 1));
}

/* From v to out, in the order of slots; ret: where each ends. */
static void spread(struct spread s, const struct rc_fact_at *v, size_t n, struct rc_fact_at *out,
		   size_t ret[(1 << MOST_BITS) + 1])
{
	size_t slots = (size_t)1 << s.bits;

	memset(ret, 0, (slots + 1) * sizeof(*ret)); /* first where each begins */
	for (size_t i = 0; i < n; i++)
		ret[slot_of(s, &v[i]) + 1]++;
	for (size_t i = 1; i < slots; i++)
		ret[i] += ret[i - 1];
	for (size_t i = 0; i < n; i++)
		out[ret[slot_of(s, &v[i])]++] = v[i];
}

static void sort_slots(struct spread s, struct rc_fact_at *v, const size_t *ends,
		       int (*compare)(const void *, const void *))
{
	for (size_t i = 0, from = 0; i < (size_t)1 << s.bits; from = ends[i++]) {
		if (ends[i] - from <= FEW)
			sort_few(v + from, ends[i] - from, compare);
		else
			qsort(v + from, ends[i] - from, sizeof(*v), compare);
	}
}

void rc_facts_sort(struct rc_fact_at *v, size_t n, int (*compare)(const void *, const void *))
{
	size_t ends[(1 << MOST_BITS) + 1], within[(1 << MOST_BITS) + 1];
	struct rc_fact_at *out;
	struct spread s = {0};

	if (in_order(v, n, compare)) /* a bulk load may come sorted */
		return;
	if (n >= SPREAD_FROM)
		s = spread_below(top_of(v, n), n);
	if (!s.bits) {
		qsort(v, n, sizeof(*v), compare);
		return;
	}
	out = rc_xreallocarray(NULL, n, sizeof(*out));
	spread(s, v, n, out, ends);
	for (size_t i = 0, from = 0; i < (size_t)1 << s.bits; from = ends[i++]) {
		size_t many = ends[i] - from;
		struct spread next = spread_below(s.shift, many);

		spread(next, out + from, many, v + from, within);
		sort_slots(next, v + from, within, compare);
	}
	free(out);
}
