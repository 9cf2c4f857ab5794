/* Rows against the last sequence: whatever the order and however found, a match is the same row, each entry matches
 * once, and rows out of step are found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "engine/run/rowmatch.h"

enum { ENTRIES = 30000, BATCH = 256, BITS = 5, BLOCKS = (ENTRIES >> BITS) + 1 };

struct night {
	uint8_t (*row)[16], (*raw)[16]; /* of the sequence */
	uint8_t (*in_row)[16], (*in_raw)[16];
	size_t n, n_in;
};

static uint64_t seed = 1;

static uint64_t next(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed >> 17;
}

static void hash_of(uint64_t v, uint8_t ret[16])
{
	uint64_t h = v * 0x9e3779b97f4a7c15u + 1;

	memcpy(ret, &h, 8);
	h ^= h >> 29;
	memcpy(ret + 8, &h, 8);
}

/* A sequence, and an input made of it: each row is another with chance `changed`, in columns nobody uses with
 * `touched`; mixed: in any order. Every hundredth entry is a copy of another, every ninetieth counts for nothing. */
static struct night make(unsigned changed, unsigned touched, bool mixed)
{
	struct night g = {.n = ENTRIES, .n_in = ENTRIES};

	g.row = calloc(ENTRIES, 16);
	g.raw = calloc(ENTRIES, 16);
	g.in_row = calloc(ENTRIES, 16);
	g.in_raw = calloc(ENTRIES, 16);
	for (size_t i = 0; i < ENTRIES; i++) {
		uint64_t who = i % 100 == 99 ? i / 2 : i;

		hash_of(who, g.in_row[i]);
		hash_of(who + 1000000, g.in_raw[i]);
		if (i % 90 != 89) {
			memcpy(g.row[i], g.in_row[i], 16);
			memcpy(g.raw[i], g.in_raw[i], 16);
		}
		if (next() % 1000 < changed)
			hash_of(i + 2000000, g.in_row[i]);
		if (next() % 1000 < touched || memcmp(g.in_row[i], g.row[i], 16) != 0)
			hash_of(i + 3000000, g.in_raw[i]);
	}
	for (size_t i = ENTRIES - 1; mixed && i > 0; i--) {
		size_t j = next() % (i + 1);
		uint8_t t[16];

		memcpy(t, g.in_row[i], 16), memcpy(g.in_row[i], g.in_row[j], 16), memcpy(g.in_row[j], t, 16);
		memcpy(t, g.in_raw[i], 16), memcpy(g.in_raw[i], g.in_raw[j], 16), memcpy(g.in_raw[j], t, 16);
	}
	return g;
}

static void done(struct night *g)
{
	free(g->row);
	free(g->raw);
	free(g->in_row);
	free(g->in_raw);
}

static size_t one(struct rc_rowmatch *m, const struct night *g, size_t i)
{
	size_t at = m->seq.raw ? rc_rowmatch_raw(m, (const uint8_t *)g->in_raw[i]) : SIZE_MAX;

	return at == SIZE_MAX ? rc_rowmatch_row(m, (const uint8_t *)g->in_row[i]) : at;
}

/* As many rows from i on as are the next entries, with those hashes; ret: the entry of each. */
static size_t many(struct rc_rowmatch *m, const struct night *g, size_t i, size_t *ret)
{
	size_t left = BATCH - i % BATCH, at = m->at, n;

	if (!m->seq.raw)
		return 0;
	n = rc_rowmatch_run(m, (const uint8_t(*)[16])g->in_raw + i, g->n_in - i < left ? g->n_in - i : left);
	for (size_t k = 0; k < n; k++)
		ret[i + k] = at + k;
	return n;
}

/* Stands for the text of a group of rows; of every seventh group nothing is known. */
static void group_of(const uint8_t (*raw)[16], size_t i, uint8_t ret[16])
{
	uint64_t h = 0, part;

	memset(ret, 0, 16);
	if (i / RC_ROWMATCH_GROUP % 7 == 6)
		return;
	for (size_t k = 0; k < RC_ROWMATCH_GROUP; k++) {
		memcpy(&part, raw[k], 8);
		if (!part) /* an entry that counts for nothing */
			return;
		h = (h ^ part) * 0x9e3779b97f4a7c15u;
	}
	memcpy(ret, &h, 8);
}

static size_t groups_taken;

/* Those rows from i on as one group, if they are one. */
static size_t group(struct rc_rowmatch *m, const struct night *g, size_t i, size_t *ret)
{
	const uint8_t *want =
		m->seq.raw && !m->by_raw.size && g->n_in - i >= RC_ROWMATCH_GROUP ? rc_rowmatch_group(m) : NULL;
	size_t at = m->at;
	uint8_t have[16];

	if (!want)
		return 0;
	assert_int_equal(at % RC_ROWMATCH_GROUP, 0);
	group_of((const uint8_t(*)[16])g->in_raw + i, at, have);
	if (memcmp(have, want, 16) != 0)
		return 0;
	rc_rowmatch_take_group(m);
	groups_taken++;
	for (size_t k = 0; k < RC_ROWMATCH_GROUP; k++)
		ret[i + k] = at + k;
	return RC_ROWMATCH_GROUP;
}

enum way { ONE_BY_ONE, AHEAD, RUNS, GROUPS, WAYS };

/* Returns how many rows were not found; ret: the entry of each. */
static size_t walk(struct night *g, bool raw, enum way way, size_t *ret)
{
	static uint8_t group_hash[BLOCKS][(1 << BITS) / RC_ROWMATCH_GROUP][16];
	const uint8_t(*rows[BLOCKS])[16], (*raws[BLOCKS])[16], (*groups[BLOCKS])[16];
	struct rc_sequence seq = {rows, raw ? raws : NULL, raw ? groups : NULL, BITS, g->n};
	bool *taken = calloc(g->n, sizeof(*taken));
	struct rc_rowmatch m;
	size_t missed;

	for (size_t b = 0; b < BLOCKS; b++) {
		rows[b] = (const uint8_t(*)[16])g->row + (b << BITS);
		raws[b] = (const uint8_t(*)[16])g->raw + (b << BITS);
		groups[b] = b % 11 == 10 ? NULL : (const uint8_t(*)[16])group_hash[b];
		for (size_t i = b << BITS; i < (b + 1) << BITS && i + RC_ROWMATCH_GROUP <= g->n; i += RC_ROWMATCH_GROUP)
			group_of((const uint8_t(*)[16])g->raw + i, i,
				 group_hash[b][i % (1 << BITS) / RC_ROWMATCH_GROUP]);
	}
	rc_rowmatch_init(&m, &seq);
	rc_rowmatch_void(&m, 17);
	for (size_t i = 0; i < g->n_in; i++) {
		size_t n = g->n_in - i < BATCH ? g->n_in - i : BATCH;

		if (way == AHEAD && i % BATCH == 0)
			rc_rowmatch_ahead(&m, (const uint8_t(*)[16])(m.seq.raw ? g->in_raw : g->in_row) + i, n,
					  m.seq.raw != NULL);
		n = way == RUNS ? many(&m, g, i, ret) : way == GROUPS ? group(&m, g, i, ret) : 0;
		if (n)
			i += n - 1;
		else
			ret[i] = one(&m, g, i);
	}
	for (size_t i = 0; i < g->n_in; i++) {
		if (ret[i] == SIZE_MAX)
			continue;
		assert_true(ret[i] < g->n && ret[i] != 17);
		assert_false(taken[ret[i]]);
		taken[ret[i]] = true;
		assert_memory_equal(g->row[ret[i]], g->in_row[i], 16);
	}
	for (size_t i = 0; i < g->n; i++)
		assert_int_equal(m.taken[i], i == 17    ? RC_ROWMATCH_VOID
					     : taken[i] ? RC_ROWMATCH_MATCHED
							: RC_ROWMATCH_FREE);
	missed = m.missed;
	assert_int_equal(m.matched + m.missed, g->n_in);
	rc_rowmatch_done(&m);
	free(taken);
	return missed;
}

static void test_each_way_finds_the_same(void **state)
{
	static const struct {
		unsigned changed, touched;
		bool mixed;
		size_t most; /* rows not found, beside those that are in no entry */
	} t[] = {{0, 0, false, 0},     {10, 0, false, 1},      {0, 1000, false, 0},   {30, 500, false, 1},
		 {0, 0, true, 1100},   {10, 0, true, 1100},    {0, 1000, true, 2200}, {600, 0, false, 1100},
		 {500, 0, true, 2200}, {1000, 1000, false, 0}, {1000, 1000, true, 0}};
	size_t *plain = calloc(ENTRIES, sizeof(*plain)), *other = calloc(ENTRIES, sizeof(*other));

	(void)state;
	for (size_t k = 0; k < sizeof(t) / sizeof(t[0]); k++)
		for (int raw = 0; raw < 2; raw++) {
			struct night g = make(t[k].changed, t[k].touched, t[k].mixed);
			size_t in_none = 0, missed = walk(&g, raw, ONE_BY_ONE, plain);

			for (enum way way = AHEAD; way < WAYS; way++) {
				assert_int_equal(walk(&g, raw, way, other), missed);
				assert_memory_equal(plain, other, ENTRIES * sizeof(*plain));
			}
			for (size_t i = 0; i < ENTRIES;
			     i++) { /* a row as it was is found unless its entry was no use */
				uint64_t h;

				memcpy(&h, g.in_row[i], 8);
				h = (h - 1) * 0xf1de83e19937733du; /* the inverse: who it is */
				in_none += h >= 2000000 || h % 90 == 89 || h == 17 || plain[i] != SIZE_MAX;
			}
			assert_true(ENTRIES - in_none <= t[k].most + ENTRIES / 100);
			done(&g);
		}
	assert_true(groups_taken > 5 * ENTRIES / 100 / RC_ROWMATCH_GROUP);
	free(plain);
	free(other);
}

/* Out of step for good, the index answers for every row that has an entry left. */
static void test_index_is_complete(void **state)
{
	struct night g = make(0, 0, true);
	size_t *at = calloc(ENTRIES, sizeof(*at)), late = 0;

	(void)state;
	for (int raw = 0; raw < 2; raw++) {
		walk(&g, raw, AHEAD, at);
		late = 0;
		for (size_t i = 3000; i < ENTRIES; i++)
			late += at[i] == SIZE_MAX;
		assert_true(late <= ENTRIES / 80 + ENTRIES / 90); /* copies and entries that count for nothing */
	}
	free(at);
	done(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_way_finds_the_same),
					   cmocka_unit_test(test_index_is_complete)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
