/* What each row was: written down in runs, read back row by row; and whether anybody is there twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/large.h"
#include "engine/run/scan_int.h"

enum { ROWS = 100000 };

static uint64_t seed;

static uint64_t next(uint64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % below;
}

static void hash_of(uint32_t v, uint8_t ret[16])
{
	uint64_t h = (v + 1) * 0x9e3779b97f4a7c15u;

	memcpy(ret, &h, 8);
	h ^= h >> 31;
	memcpy(ret + 8, &h, 8);
}

/* As a walk does: one by one, and many at once. */
static size_t add_some(struct rc_scan_source *src, uint32_t *want, size_t row, uint32_t *entry)
{
	static uint8_t raw[300][16];
	size_t n = next(4) ? next(300) + 1 : 1;

	if (next(5) == 0)
		*entry = (uint32_t)next(RC_REF_PERSON - 1000);
	n = n < ROWS - row ? n : ROWS - row;
	for (size_t i = 0; i < n; i++)
		hash_of((uint32_t)(row + i), raw[i]);
	switch (next(6)) {
	case 0:
	case 1:
		memcpy(src->raw, raw[0], 16);
		want[row] = next(2) ? RC_REF_NONE : (uint32_t)next(1000) | RC_REF_PERSON;
		scan_add_ref(src, want[row]);
		return 1;
	default:
		for (size_t i = 0; i < n; i++)
			want[row + i] = *entry + (uint32_t)i;
		scan_add_run(src, *entry, (const uint8_t(*)[16])raw, n);
		*entry += (uint32_t)n;
		return n;
	}
}

static void check_refs(const struct rc_scan_source *src, const uint32_t *want)
{
	size_t at = 0, row = 0;
	uint32_t ref = 0;
	uint8_t raw[16];

	for (size_t n; (n = rc_scan_refs(src, &at, &ref)); row += n) {
		assert_true(row + n <= ROWS && (n == 1 || ref < RC_REF_PERSON));
		for (size_t i = 0; i < n; i++)
			assert_int_equal(want[row + i], n == 1 ? ref : ref + i);
	}
	assert_int_equal(row, ROWS);
	assert_int_equal(src->n_raws, src->keep_raws ? ROWS : 0);
	for (size_t i = 0; i < src->n_raws; i++) {
		hash_of((uint32_t)i, raw);
		assert_memory_equal(src->raws[i], raw, 16);
	}
}

static void what_is_written_is_read(void **state)
{
	uint32_t *want = calloc(ROWS, sizeof(*want)), entry = 0;

	(void)state;
	for (seed = 1; seed < 5; seed++) {
		struct rc_scan_source src = {.keep_raws = seed % 2};
		uint64_t kept = seed;

		scan_refs_room(&src, 100);
		scan_add_run(&src, 0, NULL, 0);
		for (size_t row = 0; row < ROWS;)
			row += add_some(&src, want, row, &entry);
		check_refs(&src, want);
		scan_refs_free(&src);
		seed = kept;
	}
	free(want);
}

static void rows_in_order_take_no_room(void **state)
{
	struct rc_scan_source src = {0};
	uint32_t ref = 0;
	size_t at = 0;

	(void)state;
	for (uint32_t i = 0; i < ROWS; i++)
		scan_add_run(&src, i, NULL, 1);
	assert_int_equal(src.n_refs, 2);
	assert_int_equal(rc_scan_refs(&src, &at, &ref), ROWS);
	assert_int_equal(ref, 0);
	assert_int_equal(rc_scan_refs(&src, &at, &ref), 0);
	scan_refs_free(&src);
}

/* A sequence of ROWS keys, entry `same` with the key of entry 7; entries that are `odd` did not match. */
static bool twice(size_t same, size_t odd_a, size_t odd_b, bool both_are_people)
{
	uint8_t(*key)[16] = calloc(ROWS, 16), *taken = malloc(ROWS), unmatched[2][16];
	const uint8_t(*blocks[ROWS / RC_ORDER_BLOCK + 1])[16];
	struct rc_scan s = {0};
	struct walk w = {.s = &s, .keys = blocks, .match = {.seq = {.n = ROWS}, .taken = taken}};
	struct scan_twice *t;
	bool ret;

	for (uint32_t i = 0; i < ROWS; i++)
		hash_of(i == same ? 7 : i, key[i]);
	for (size_t b = 0; b <= ROWS / RC_ORDER_BLOCK; b++)
		blocks[b] = (const uint8_t(*)[16])key + b * RC_ORDER_BLOCK;
	memset(taken, RC_ROWMATCH_MATCHED, ROWS);
	taken[odd_a] = RC_ROWMATCH_FREE;
	taken[odd_b] = RC_ROWMATCH_VOID;
	memcpy(unmatched[0], key[odd_a], 16);
	memcpy(unmatched[1], key[odd_b], 16);
	scan_add(&s, unmatched[0]);
	t = scan_twice_begin(&w, (const uint8_t(*)[16])unmatched, 2);
	if (both_are_people && !rc_sources_find(&s, unmatched[1]))
		scan_add(&s, unmatched[1]); /* found meanwhile to have a record */
	ret = scan_twice_end(t);
	rc_large_free(s.people, s.cap, sizeof(*s.people));
	rc_large_free(s.table, s.table_size, sizeof(*s.table));
	free(key);
	free(taken);
	return ret;
}

static void who_is_there_twice_is_found(void **state)
{
	(void)state;
	assert_false(twice(ROWS, 7, 9000, true));
	assert_true(twice(9000, 7, 9001, true));    /* another row of theirs matched */
	assert_true(twice(ROWS - 1, 5, 7, true));   /* they are gone, but for another row */
	assert_false(twice(ROWS - 1, 5, 7, false)); /* without a record they are nobody */
	assert_false(twice(9000, 7, 9000, true));   /* neither of the two matched */
	assert_false(twice(9000, 100, 200, true));  /* both matched: the whole row is there twice, as before */
}

/* ---- groups of the next sequence */

enum { GROUP_ROWS = 4000, ROW_BYTES = 11 };

static void hash_of_text(const char *from, size_t n, uint64_t seed_of_file, uint8_t ret[16])
{
	XXH128_canonical_t c;

	XXH128_canonicalFromHash(&c, XXH3_128bits_withSeed(from, n, seed_of_file));
	memcpy(ret, c.digest, 16);
}

/* Rows that become entries, rows that become none, breaks between them, and many at once. whole[i]: group i is one
 * text, from from[i] on. */
static size_t build(struct walk *w, const char *text, bool *whole, size_t *from)
{
	bool good = false;
	size_t begin = 0, n;

	for (size_t row = 0; row < GROUP_ROWS; row += n) {
		struct rc_row rows[RC_ORDER_GROUP];
		size_t before = w->src->n_entries;
		bool none = next(200) == 0;

		n = none || next(2) ? 1 : next(RC_ORDER_GROUP) + 1;
		n = n < GROUP_ROWS - row ? n : GROUP_ROWS - row;
		for (size_t i = 0; i < n; i++)
			rows[i] = (struct rc_row){{text + (row + i) * ROW_BYTES, ROW_BYTES - 1}, row + i + 1};
		if (next(300) == 0) {
			scan_group_break(w);
			good = false;
		}
		w->src->n_entries += none ? 0 : n;
		scan_group_rows(w, rows, n, before);
		good &= !none;
		for (size_t e = before; e < w->src->n_entries; e++) {
			if (e % RC_ORDER_GROUP == 0) {
				good = true;
				begin = row + e - before;
			}
			whole[e / RC_ORDER_GROUP] = e % RC_ORDER_GROUP == RC_ORDER_GROUP - 1 && good;
			from[e / RC_ORDER_GROUP] = begin;
		}
	}
	return w->src->n_entries / RC_ORDER_GROUP;
}

static void groups_are_one_text(void **state)
{
	static char text[GROUP_ROWS * ROW_BYTES + 1];
	static const uint8_t none[16];
	static bool whole[GROUP_ROWS];
	static size_t from[GROUP_ROWS];

	(void)state;
	for (size_t row = 0; row < GROUP_ROWS; row++)
		snprintf(text + row * ROW_BYTES, ROW_BYTES + 1, "%010u\n", (unsigned)row);
	for (uint64_t file = 1; file <= 20; file++) {
		struct rc_scan_source src = {.keep_raws = true};
		struct walk w = {.src = &src, .raw_seed = file};
		size_t n, good = 0;
		uint8_t want[16];

		seed = file;
		n = build(&w, text, whole, from);

		for (size_t i = 0; i < n; i++) {
			const uint8_t *have = i < src.cap_groups ? src.groups[i] : none;

			hash_of_text(text + from[i] * ROW_BYTES, RC_ORDER_GROUP * ROW_BYTES - 1, file, want);
			assert_memory_equal(have, whole[i] ? want : none, 16);
			good += whole[i];
		}
		assert_true(good > n / 2 && good < n);
		scan_refs_free(&src);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(rows_in_order_take_no_room),
		cmocka_unit_test(who_is_there_twice_is_found),
		cmocka_unit_test(groups_are_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
