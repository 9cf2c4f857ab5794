/* Whether a person with a row that matched has one more, that did not match or is gone: a copy or a duplicate. Every
 * key of the sequence is asked, against bits of the few keys that matter, while the caller looks for their records. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include "engine/base/aside.h"
#include <stdlib.h>

enum { BITS_EACH = 32 };

struct scan_twice {
	const struct walk *w;
	struct rc_aside aside;
	uint64_t *bits, mask; /* by key hash: clear means that it is none of the keys */
	uint8_t (*maybe)[16]; /* keys of entries that matched, that may be among them */
	size_t n, cap;
};

/* Two bits of each key, so that one key in a thousand looks like one of them. */
static uint64_t bit_of(const struct scan_twice *t, const uint8_t *half)
{
	uint64_t h;

	memcpy(&h, half, sizeof(h));
	return h & t->mask;
}

static void set(struct scan_twice *t, const uint8_t *key)
{
	for (const uint8_t *half = key; half <= key + 8; half += 8)
		t->bits[bit_of(t, half) / 64] |= 1ull << (bit_of(t, half) % 64);
}

static bool is_set(const struct scan_twice *t, const uint8_t *half)
{
	uint64_t bit = bit_of(t, half);

	return t->bits[bit / 64] >> (bit % 64) & 1;
}

static void add(struct scan_twice *t, const uint8_t *key)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 1024;
		t->maybe = rc_xreallocarray(t->maybe, t->cap, sizeof(*t->maybe));
	}
	memcpy(t->maybe[t->n++], key, 16);
}

static void ask_all(void *ctx)
{
	struct scan_twice *t = ctx;
	size_t n = t->w->match.seq.n;

	for (size_t from = 0; from < n; from += RC_ORDER_BLOCK) { /* of a block they lie side by side */
		const uint8_t *key = scan_order_key(t->w, from);
		size_t to = n - from < RC_ORDER_BLOCK ? n : from + RC_ORDER_BLOCK;

		for (size_t i = from; i < to; i++, key += 16)
			if (is_set(t, key) && is_set(t, key + 8) && t->w->match.taken[i] == RC_ROWMATCH_MATCHED)
				add(t, key);
	}
}

struct scan_twice *scan_twice_begin(const struct walk *w, const uint8_t (*keys)[16], size_t n)
{
	struct scan_twice *t = rc_xcalloc(1, sizeof(*t));

	t->w = w;
	if (!n && !w->s->n)
		return t;
	t->mask = 1023;
	while (t->mask < (n + w->s->n) * BITS_EACH)
		t->mask = t->mask * 2 + 1;
	t->bits = rc_xcalloc((size_t)(t->mask / 64 + 1), sizeof(*t->bits));
	for (size_t i = 0; i < n; i++)
		set(t, keys[i]);
	for (size_t i = 0; i < w->s->n; i++)
		set(t, w->s->people[i].hash);
	rc_aside_begin(&t->aside, ask_all, t);
	return t;
}

bool scan_twice_end(struct scan_twice *t)
{
	bool twice = false;

	rc_aside_end(&t->aside);
	for (size_t i = 0; i < t->n && !twice; i++)
		twice = rc_sources_find(t->w->s, t->maybe[i]) != NULL;
	free(t->bits);
	free(t->maybe);
	free(t);
	return twice;
}
