#include "engine/run/rowmatch.h"
#include "engine/base/large.h"
#include <string.h>

enum {
	LOOK_AHEAD = 64,
	INDEX_FROM = 1024, /* rows that were not found: looking at that many people costs what an index does */
	INDEX_SHARE = 20,
	RAW_TRIAL = 4096,
	FETCH_AHEAD = 16,
};

typedef const uint8_t (*const *blocks)[16];

static const uint8_t zero[16];
_Static_assert(RC_ROWMATCH_GROUP == sizeof(zero), "a group's entries are asked at once whether they are free");

void rc_rowmatch_init(struct rc_rowmatch *m, const struct rc_sequence *seq)
{
	*m = (struct rc_rowmatch){.seq = *seq};
	m->taken = rc_large_calloc(seq->n, sizeof(*m->taken));
}

static void drop(struct rc_rowindex *x)
{
	rc_large_free(x->slot, x->size, sizeof(*x->slot));
	*x = (struct rc_rowindex){0};
}

void rc_rowmatch_done(struct rc_rowmatch *m)
{
	rc_large_free(m->taken, m->seq.n, sizeof(*m->taken));
	drop(&m->by_raw);
	drop(&m->by_row);
	*m = (struct rc_rowmatch){0};
}

void rc_rowmatch_void(struct rc_rowmatch *m, size_t i)
{
	m->taken[i] = RC_ROWMATCH_VOID;
}

static const uint8_t *entry(const struct rc_rowmatch *m, blocks b, size_t i)
{
	return b[i >> m->seq.bits][i & (((size_t)1 << m->seq.bits) - 1)];
}

/* How many lie side by side from entry i on. */
static size_t beside(const struct rc_rowmatch *m, size_t i)
{
	size_t block = ((size_t)1 << m->seq.bits) - (i & (((size_t)1 << m->seq.bits) - 1));

	return block < m->seq.n - i ? block : m->seq.n - i;
}

static bool equal(const uint8_t a[16], const uint8_t b[16])
{
	uint64_t x[2], y[2];

	memcpy(x, a, 16);
	memcpy(y, b, 16);
	return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

static bool same(const struct rc_rowmatch *m, blocks b, size_t i, const uint8_t hash[16])
{
	return !m->taken[i] && equal(entry(m, b, i), hash);
}

static size_t slot_of(const struct rc_rowindex *x, const uint8_t hash[16])
{
	uint64_t h;

	memcpy(&h, hash, sizeof(h));
	return (size_t)h & (x->size - 1);
}

static uint32_t tag_of(const uint8_t hash[16])
{
	uint32_t tag;

	memcpy(&tag, hash + 8, sizeof(tag));
	return tag;
}

/* Only entries that can still match: what is found later is one of them. */
static void make_index(struct rc_rowmatch *m, struct rc_rowindex *x, blocks b)
{
	x->size = 1024;
	while (x->size < m->seq.n * 2)
		x->size *= 2;
	x->slot = rc_large_calloc(x->size, sizeof(*x->slot));
	for (size_t i = 0; i < m->seq.n; i++) {
		const uint8_t *hash = entry(m, b, i);
		size_t at;

		if (i + FETCH_AHEAD < m->seq.n)
			__builtin_prefetch(&x->slot[slot_of(x, entry(m, b, i + FETCH_AHEAD))], 1);
		if (m->taken[i] || memcmp(hash, zero, 16) == 0)
			continue;
		for (at = slot_of(x, hash); x->slot[at].entry;)
			at = (at + 1) & (x->size - 1);
		x->slot[at] = (struct rc_rowslot){(uint32_t)i + 1, tag_of(hash)};
	}
	m->missed_before = m->missed;
}

static size_t by_index(const struct rc_rowmatch *m, const struct rc_rowindex *x, blocks b, const uint8_t hash[16])
{
	uint32_t tag = tag_of(hash);

	for (size_t at = slot_of(x, hash); x->slot[at].entry; at = (at + 1) & (x->size - 1))
		if (x->slot[at].tag == tag && same(m, b, x->slot[at].entry - 1, hash))
			return x->slot[at].entry - 1;
	return SIZE_MAX;
}

/* The two look-ups that would each wait for memory are begun for many rows before the first is made. */
void rc_rowmatch_ahead(const struct rc_rowmatch *m, const uint8_t (*hash)[16], size_t n, bool raw)
{
	const struct rc_rowindex *x = raw ? &m->by_raw : &m->by_row;
	blocks b = raw ? m->seq.raw : m->seq.row;

	if (!x->size)
		return;
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&x->slot[slot_of(x, hash[i])]);
	for (size_t i = 0; i < n; i++) {
		size_t at = slot_of(x, hash[i]), found;
		uint32_t tag = tag_of(hash[i]);

		while (x->slot[at].entry && x->slot[at].tag != tag)
			at = (at + 1) & (x->size - 1);
		found = x->slot[at].entry;
		if (!found)
			continue;
		__builtin_prefetch(entry(m, b, found - 1));
		__builtin_prefetch(&m->taken[found - 1]);
	}
}

static void take(struct rc_rowmatch *m, size_t i)
{
	m->taken[i] = RC_ROWMATCH_MATCHED;
	m->at = i + 1;
	m->matched++;
}

static bool out_of_step(const struct rc_rowmatch *m)
{
	return m->seq.n && m->missed - m->missed_before > INDEX_FROM && m->missed > m->matched / INDEX_SHARE;
}

/* The same with all that lies side by side. */
static size_t run_beside(struct rc_rowmatch *m, const uint8_t (*hash)[16], size_t n)
{
	const uint8_t(*next)[16] = (const uint8_t(*)[16])entry(m, m->seq.raw, m->at);
	const uint8_t *taken = m->taken + m->at;
	size_t done = 0;

	while (done < n && !taken[done] && equal(next[done], hash[done]))
		done++;
	memset(m->taken + m->at, RC_ROWMATCH_MATCHED, done);
	m->at += done;
	return done;
}

size_t rc_rowmatch_run(struct rc_rowmatch *m, const uint8_t (*hash)[16], size_t n)
{
	size_t done = 0, part, here;

	do {
		if (done == n || m->at == m->seq.n)
			break;
		part = beside(m, m->at) < n - done ? beside(m, m->at) : n - done;
		here = run_beside(m, hash + done, part);
		done += here;
	} while (here == part);
	m->matched += done;
	m->raw_matched += done;
	return done;
}

const uint8_t *rc_rowmatch_group(const struct rc_rowmatch *m)
{
	const uint8_t(*block)[16];
	const uint8_t *hash;

	if (m->at % RC_ROWMATCH_GROUP || m->seq.n - m->at < RC_ROWMATCH_GROUP ||
	    memcmp(&m->taken[m->at], zero, 16) != 0)
		return NULL;
	block = m->seq.group[m->at >> m->seq.bits];
	if (!block)
		return NULL;
	hash = block[(m->at & (((size_t)1 << m->seq.bits) - 1)) >> RC_ROWMATCH_GROUP_BITS];
	return memcmp(hash, zero, 16) ? hash : NULL;
}

void rc_rowmatch_take_group(struct rc_rowmatch *m)
{
	memset(&m->taken[m->at], RC_ROWMATCH_MATCHED, RC_ROWMATCH_GROUP);
	m->at += RC_ROWMATCH_GROUP;
	m->matched += RC_ROWMATCH_GROUP;
	m->raw_matched += RC_ROWMATCH_GROUP;
}

size_t rc_rowmatch_raw(struct rc_rowmatch *m, const uint8_t hash[16])
{
	size_t i = SIZE_MAX;

	if (m->at < m->seq.n && same(m, m->seq.raw, m->at, hash))
		i = m->at;
	else if (m->by_raw.size)
		i = by_index(m, &m->by_raw, m->seq.raw, hash);
	if (i != SIZE_MAX) {
		m->raw_matched++;
		take(m, i);
	} else if (++m->raw_missed >= RAW_TRIAL && m->raw_missed >= m->raw_matched) {
		m->seq.raw = NULL; /* most rows change in columns that nobody uses: not worth the look */
		drop(&m->by_raw);
	}
	return i;
}

/* Among the entries before `end`. */
static size_t look_ahead(const struct rc_rowmatch *m, const uint8_t hash[16], size_t end)
{
	for (size_t i = m->at, n; i < end; i += n) {
		const uint8_t(*next)[16] = (const uint8_t(*)[16])entry(m, m->seq.row, i);

		n = beside(m, i) < end - i ? beside(m, i) : end - i;
		for (size_t k = 0; k < n; k++)
			if (equal(next[k], hash) && !m->taken[i + k])
				return i + k;
	}
	return SIZE_MAX;
}

static size_t find(struct rc_rowmatch *m, const uint8_t hash[16])
{
	size_t end = m->at + LOOK_AHEAD < m->seq.n ? m->at + LOOK_AHEAD : m->seq.n, i;

	if (m->at < m->seq.n && same(m, m->seq.row, m->at, hash))
		return m->at;
	if (m->by_row.size)
		return by_index(m, &m->by_row, m->seq.row, hash);
	i = look_ahead(m, hash, end);
	if (i != SIZE_MAX || !out_of_step(m))
		return i;
	if (m->seq.raw && !m->by_raw.size) { /* whole rows first: they are hashed without being cut */
		make_index(m, &m->by_raw, m->seq.raw);
		return SIZE_MAX;
	}
	make_index(m, &m->by_row, m->seq.row);
	return by_index(m, &m->by_row, m->seq.row, hash);
}

size_t rc_rowmatch_row(struct rc_rowmatch *m, const uint8_t hash[16])
{
	size_t i = memcmp(hash, zero, 16) ? find(m, hash) : SIZE_MAX;

	if (i == SIZE_MAX)
		m->missed++;
	else
		take(m, i);
	return i;
}
