/* tests/simulator/map.h - a hash map from byte strings to pointers.
 *
 * Owner   keys are copied; values stay the caller's. Zero-initialise, sim_map_done at the end.
 * Order   iteration follows the table, not insertion: sort before showing it to anyone. */
#ifndef SIMULATOR_MAP_H
#define SIMULATOR_MAP_H

#include "tests/simulator/text.h"

struct sim_map_slot {
	char *key;
	size_t key_n;
	uint64_t hash;
	void *value;
};

struct sim_map {
	struct sim_map_slot *slots;
	size_t cap, used, live; /* used counts deleted slots too */
};

uint64_t sim_hash(struct sim_str s);
void *sim_map_get(const struct sim_map *m, struct sim_str key);
/* Adds or replaces. */
void sim_map_put(struct sim_map *m, struct sim_str key, void *value);
/* Takes the entry out; its value, or NULL when there was none. */
void *sim_map_take(struct sim_map *m, struct sim_str key);
/* Walks all entries: start with *at = 0; NULL ends the walk. */
struct sim_map_slot *sim_map_next(const struct sim_map *m, size_t *at);
void sim_map_done(struct sim_map *m);

#endif
