/* engine/map/lookup.h - the two-column tables behind lookup('NAME', x).
 *
 * Bytes in, bytes out; keys are compared exactly. Whoever loads the CSV files adds the pairs; afterwards the tables are
 * read-only and may be shared between threads. */
#ifndef RC_MAP_LOOKUP_H
#define RC_MAP_LOOKUP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/base/err.h"
#include "engine/base/slice.h"

struct rc_lookups;
struct rc_lookup;

struct rc_lookups *rc_lookups_new(void);
void rc_lookups_free(struct rc_lookups *l);

/* A new empty table; the name is copied and must be new. */
struct rc_lookup *rc_lookups_table(struct rc_lookups *l, const char *name);

/* Adds a pair (copied). The same pair again is nothing; another value for a key that is there is RC_DATA. */
enum rc_code rc_lookup_add(struct rc_lookup *t, struct rc_slice key, struct rc_slice value, struct rc_err *err);

const struct rc_lookup *rc_lookups_find(const struct rc_lookups *l, struct rc_slice name); /* NULL: no such table */
bool rc_lookup_get(const struct rc_lookup *t, struct rc_slice key, struct rc_slice *ret);  /* borrowed from t */

/* XXH3-128 over every table's name and pairs, whatever their order: part of the fingerprint seed. */
void rc_lookups_hash(const struct rc_lookups *l, uint8_t ret[16]);

size_t rc_lookups_count(const struct rc_lookups *l);
const char *rc_lookups_name(const struct rc_lookups *l, size_t i);

#endif
