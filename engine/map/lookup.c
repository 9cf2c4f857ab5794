#include "engine/map/lookup.h"
#include <stdlib.h>
#include <xxhash.h>
#include "engine/base/alloc.h"
#include "engine/base/arena.h"

struct pair {
	uint64_t hash;
	struct rc_slice key, value; /* key.p NULL: free slot */
};

struct rc_lookup {
	struct rc_arena mem;
	char *name;
	size_t n, cap; /* cap is a power of two, at most 2/3 full */
	struct pair *slots;
};

struct rc_lookups {
	size_t n;
	struct rc_lookup **tables;
};

struct rc_lookups *rc_lookups_new(void)
{
	return rc_xcalloc(1, sizeof(struct rc_lookups));
}

void rc_lookups_free(struct rc_lookups *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++) {
		rc_arena_done(&l->tables[i]->mem);
		free(l->tables[i]->name);
		free(l->tables[i]->slots);
		free(l->tables[i]);
	}
	free(l->tables);
	free(l);
}

struct rc_lookup *rc_lookups_table(struct rc_lookups *l, const char *name)
{
	struct rc_lookup *t = rc_xcalloc(1, sizeof(*t));

	t->name = rc_xstrdup(name);
	l->tables = rc_xreallocarray(l->tables, l->n + 1, sizeof(struct rc_lookup *));
	l->tables[l->n++] = t;
	return t;
}

static struct pair *slot_of(struct pair *slots, size_t cap, uint64_t hash, struct rc_slice key)
{
	size_t i = (size_t)hash & (cap - 1);

	while (slots[i].key.p && (slots[i].hash != hash || !rc_slice_eq(slots[i].key, key)))
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static void grow(struct rc_lookup *t)
{
	size_t cap = t->cap ? t->cap * 2 : 64;
	struct pair *slots = rc_xcalloc(cap, sizeof(*slots));

	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].key.p)
			*slot_of(slots, cap, t->slots[i].hash, t->slots[i].key) = t->slots[i];
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
}

enum rc_code rc_lookup_add(struct rc_lookup *t, struct rc_slice key, struct rc_slice value, struct rc_err *err)
{
	uint64_t hash = XXH3_64bits(key.p, key.n);
	struct pair *p;

	if ((t->n + 1) * 3 > t->cap * 2)
		grow(t);
	p = slot_of(t->slots, t->cap, hash, key);
	if (!p->key.p) {
		*p = (struct pair){hash, rc_arena_copy(&t->mem, key), rc_arena_copy(&t->mem, value)};
		t->n++;
		return RC_OK;
	}
	if (rc_slice_eq(p->value, value))
		return RC_OK;
	return rc_fail(err, RC_DATA, "lookup table %s: the key '%.*s' has two values, '%.*s' and '%.*s': keep one",
		       t->name, (int)(key.n < 100 ? key.n : 100), key.p, (int)(p->value.n < 100 ? p->value.n : 100),
		       p->value.p, (int)(value.n < 100 ? value.n : 100), value.p);
}

const struct rc_lookup *rc_lookups_find(const struct rc_lookups *l, struct rc_slice name)
{
	for (size_t i = 0; l && i < l->n; i++)
		if (rc_slice_eqs(name, l->tables[i]->name))
			return l->tables[i];
	return NULL;
}

bool rc_lookup_get(const struct rc_lookup *t, struct rc_slice key, struct rc_slice *ret)
{
	struct pair *p;

	if (!t->cap)
		return false;
	p = slot_of(t->slots, t->cap, XXH3_64bits(key.p, key.n), key);
	if (!p->key.p)
		return false;
	*ret = p->value;
	return true;
}

void rc_lookups_hash(const struct rc_lookups *l, uint8_t ret[16])
{
	XXH128_hash_t sum = {0, 0};
	XXH128_canonical_t out;

	for (size_t i = 0; l && i < l->n; i++) {
		const struct rc_lookup *t = l->tables[i];
		uint64_t name = XXH3_64bits(t->name, strlen(t->name));

		/* A sum does not care for the order of tables and slots; the chain of seeds keeps the three texts
		 * apart. */
		sum.low64 += name;
		for (size_t j = 0; j < t->cap; j++) {
			const struct pair *p = &t->slots[j];
			XXH128_hash_t h;

			if (!p->key.p)
				continue;
			h = XXH3_128bits_withSeed(p->value.p, p->value.n,
						  XXH3_64bits_withSeed(p->key.p, p->key.n, name));
			sum.low64 += h.low64;
			sum.high64 += h.high64;
		}
	}
	XXH128_canonicalFromHash(&out, sum);
	memcpy(ret, out.digest, 16);
}

size_t rc_lookups_count(const struct rc_lookups *l)
{
	return l ? l->n : 0;
}

const char *rc_lookups_name(const struct rc_lookups *l, size_t i)
{
	return l->tables[i]->name;
}
