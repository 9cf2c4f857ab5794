/* The rows that a killed run had written: a hash set, so that nobody gets a second one. */
#define XXH_INLINE_ALL
#include "engine/base/alloc.h"
#include "engine/report/report_int.h"
#include <stdlib.h>
#include <xxhash.h>

struct rc_row_set {
	XXH128_hash_t *slot; /* {0,0}: free */
	size_t n, cap;       /* cap: a power of two */
};

/* One row per person and target; an account without a person is known by its name and server. */
static XXH128_hash_t identity(const struct rc_outcome *o)
{
	struct rc_buf b = {0};
	XXH128_hash_t h;

	rc_buf_add(&b, o->target, strlen(o->target) + 1);
	if (o->key.n) {
		rc_buf_addc(&b, 'k');
		rc_buf_addslice(&b, o->key);
	} else {
		rc_buf_addc(&b, 'n');
		rc_buf_addslice(&b, o->name);
		rc_buf_addc(&b, 0);
		rc_buf_adds(&b, o->server ? o->server : "");
	}
	h = XXH3_128bits(b.p, b.n);
	rc_buf_done(&b);
	if (!h.low64 && !h.high64)
		h.low64 = 1;
	return h;
}

static size_t find(const XXH128_hash_t *slot, size_t cap, XXH128_hash_t h)
{
	size_t i = (size_t)h.low64 & (cap - 1);

	while ((slot[i].low64 || slot[i].high64) && !XXH128_isEqual(slot[i], h))
		i = (i + 1) & (cap - 1);
	return i;
}

static void grow(struct rc_row_set *s)
{
	size_t cap = s->cap ? s->cap * 2 : 1024;
	XXH128_hash_t *slot = rc_xcalloc(cap, sizeof(*slot));

	for (size_t i = 0; i < s->cap; i++)
		if (s->slot[i].low64 || s->slot[i].high64)
			slot[find(slot, cap, s->slot[i])] = s->slot[i];
	free(s->slot);
	s->slot = slot;
	s->cap = cap;
}

void rc_row_set_add(struct rc_row_set **set, const struct rc_outcome *o)
{
	struct rc_row_set *s = *set;
	XXH128_hash_t h;
	size_t i;

	if (!s)
		s = *set = rc_xcalloc(1, sizeof(*s));
	if (!o)
		return;
	h = identity(o);
	if (2 * s->n >= s->cap)
		grow(s);
	i = find(s->slot, s->cap, h);
	s->n += !s->slot[i].low64 && !s->slot[i].high64;
	s->slot[i] = h;
}

bool rc_row_set_has(const struct rc_row_set *set, const struct rc_outcome *o)
{
	size_t i;

	if (!set || !set->cap)
		return false;
	i = find(set->slot, set->cap, identity(o));
	return set->slot[i].low64 || set->slot[i].high64;
}

void rc_row_set_free(struct rc_row_set *set)
{
	if (!set)
		return;
	free(set->slot);
	free(set);
}
