#include "tests/simulator/map.h"

#include <stdlib.h>
#include <string.h>

static char deleted_key;

uint64_t sim_hash(struct sim_str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static struct sim_map_slot *find(const struct sim_map *m, struct sim_str key, uint64_t hash)
{
	if (!m->cap)
		return NULL;
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct sim_map_slot *s = &m->slots[i];

		if (!s->key)
			return NULL;
		if (s->key != &deleted_key && s->hash == hash && s->key_n == key.n && !memcmp(s->key, key.p, key.n))
			return s;
	}
}

static void place(struct sim_map *m, struct sim_map_slot slot)
{
	size_t i = slot.hash & (m->cap - 1);

	while (m->slots[i].key)
		i = (i + 1) & (m->cap - 1);
	m->slots[i] = slot;
	m->used++;
	m->live++;
}

static void rehash(struct sim_map *m)
{
	struct sim_map old = *m;

	m->cap = old.live * 4 < 16 ? 16 : 1;
	while (m->cap < old.live * 4)
		m->cap *= 2;
	m->slots = sim_alloc(m->cap * sizeof(*m->slots));
	m->used = m->live = 0;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key && old.slots[i].key != &deleted_key)
			place(m, old.slots[i]);
	free(old.slots);
}

void *sim_map_get(const struct sim_map *m, struct sim_str key)
{
	struct sim_map_slot *s = find(m, key, sim_hash(key));

	return s ? s->value : NULL;
}

void sim_map_put(struct sim_map *m, struct sim_str key, void *value)
{
	uint64_t hash = sim_hash(key);
	struct sim_map_slot *s = find(m, key, hash);

	if (s) {
		s->value = value;
		return;
	}
	if ((m->used + 1) * 4 > m->cap * 3)
		rehash(m);
	place(m, (struct sim_map_slot){sim_dup(key), key.n, hash, value});
}

void *sim_map_take(struct sim_map *m, struct sim_str key)
{
	struct sim_map_slot *s = find(m, key, sim_hash(key));
	void *value;

	if (!s)
		return NULL;
	value = s->value;
	free(s->key);
	s->key = &deleted_key;
	s->value = NULL;
	m->live--;
	return value;
}

struct sim_map_slot *sim_map_next(const struct sim_map *m, size_t *at)
{
	while (*at < m->cap) {
		struct sim_map_slot *s = &m->slots[(*at)++];

		if (s->key && s->key != &deleted_key)
			return s;
	}
	return NULL;
}

void sim_map_done(struct sim_map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key != &deleted_key)
			free(m->slots[i].key);
	free(m->slots);
	*m = (struct sim_map){0};
}
