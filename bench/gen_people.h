/* bench/gen_people.h - made-up people for demo, tests and bench: every one a pure function of seed, number and version.
 *
 * Version 0 is day 1; version 1 is the same person on day 2 with another department and description; version 2 differs
 * from version 0 in updated_at only. */
#ifndef GEN_PEOPLE_H
#define GEN_PEOPLE_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/buf.h"

struct gen_mix {
	uint64_t seed;
	double quoted, multiline, utf8; /* shares of 0 to 1 */
};

uint64_t gen_hash(uint64_t seed, uint64_t n, uint64_t salt);
bool gen_share(uint64_t hash, double share); /* true for that share of all hashes */

extern const char gen_csv_header[];
void gen_csv_row(const struct gen_mix *mix, uint64_t number, int version, bool crlf, struct rc_buf *out);
void gen_ldif_entry(const struct gen_mix *mix, uint64_t number, int version, struct rc_buf *out);

/* A permutation of 0..n-1 that differs by key. */
uint64_t gen_permute(uint64_t i, uint64_t n, uint64_t key);

#endif
