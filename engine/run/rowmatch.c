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

typedef const uint8_t *(*get_fn)(void *ctx, size_t i);

static const uint8_t zero[16];

void rc_rowmatch_init(struct rc_rowmatch *m, const struct rc_sequence *seq)
{
	*m = (struct rc_rowmatch){.seq = *seq};
	m->line = rc_large_calloc(seq->n, sizeof(*m->line));
}

static void drop(struct rc_rowindex *x)
{
	rc_large_free(x->slot, x->size, sizeof(*x->slot));
	*x = (struct rc_rowindex){0};
}

void rc_rowmatch_done(struct rc_rowmatch *m)
{
	rc_large_free(m->line, m->seq.n, sizeof(*m->line));
	drop(&m->by_raw);
	drop(&m->by_row);
	*m = (struct rc_rowmatch){0};
}

void rc_rowmatch_void(struct rc_rowmatch *m, size_t i)
{
	m->line[i] = RC_ROWMATCH_VOID;
}

static bool same(const struct rc_rowmatch *m, get_fn get, size_t i, const uint8_t hash[16])
{
	return !m->line[i] && memcmp(get(m->seq.ctx, i), hash, 16) == 0;
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
static void make_index(struct rc_rowmatch *m, struct rc_rowindex *x, get_fn get)
{
	x->size = 1024;
	while (x->size < m->seq.n * 2)
		x->size *= 2;
	x->slot = rc_large_calloc(x->size, sizeof(*x->slot));
	for (size_t i = 0; i < m->seq.n; i++) {
		const uint8_t *hash = get(m->seq.ctx, i);
		size_t at;

		if (i + FETCH_AHEAD < m->seq.n)
			__builtin_prefetch(&x->slot[slot_of(x, get(m->seq.ctx, i + FETCH_AHEAD))], 1);
		if (m->line[i] || memcmp(hash, zero, 16) == 0)
			continue;
		for (at = slot_of(x, hash); x->slot[at].entry;)
			at = (at + 1) & (x->size - 1);
		x->slot[at] = (struct rc_rowslot){(uint32_t)i + 1, tag_of(hash)};
	}
	m->missed_before = m->missed;
}

static size_t by_index(const struct rc_rowmatch *m, const struct rc_rowindex *x, get_fn get, const uint8_t hash[16])
{
	uint32_t tag = tag_of(hash);

	for (size_t at = slot_of(x, hash); x->slot[at].entry; at = (at + 1) & (x->size - 1))
		if (x->slot[at].tag == tag && same(m, get, x->slot[at].entry - 1, hash))
			return x->slot[at].entry - 1;
	return SIZE_MAX;
}

/* The two look-ups that would each wait for memory are begun for many rows before the first is made. */
void rc_rowmatch_ahead(const struct rc_rowmatch *m, const uint8_t (*hash)[16], size_t n, bool raw)
{
	const struct rc_rowindex *x = raw ? &m->by_raw : &m->by_row;
	get_fn get = raw ? m->seq.raw : m->seq.row;

	if (!x->size)
		return;
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&x->slot[slot_of(x, hash[i])]);
	for (size_t i = 0; i < n; i++) {
		size_t at = slot_of(x, hash[i]), entry;
		uint32_t tag = tag_of(hash[i]);

		while (x->slot[at].entry && x->slot[at].tag != tag)
			at = (at + 1) & (x->size - 1);
		entry = x->slot[at].entry;
		if (!entry)
			continue;
		__builtin_prefetch(get(m->seq.ctx, entry - 1));
		__builtin_prefetch(&m->line[entry - 1]);
	}
}

static void take(struct rc_rowmatch *m, size_t i, uint64_t line)
{
	m->line[i] = line < RC_ROWMATCH_VOID ? (uint32_t)line : RC_ROWMATCH_VOID - 1;
	m->at = i + 1;
	m->matched++;
}

static bool out_of_step(const struct rc_rowmatch *m)
{
	return m->seq.n && m->missed - m->missed_before > INDEX_FROM && m->missed > m->matched / INDEX_SHARE;
}

size_t rc_rowmatch_raw(struct rc_rowmatch *m, const uint8_t hash[16], uint64_t line)
{
	size_t i = SIZE_MAX;

	if (m->at < m->seq.n && same(m, m->seq.raw, m->at, hash))
		i = m->at;
	else if (m->by_raw.size)
		i = by_index(m, &m->by_raw, m->seq.raw, hash);
	if (i != SIZE_MAX) {
		m->raw_matched++;
		take(m, i, line);
	} else if (++m->raw_missed >= RAW_TRIAL && m->raw_missed >= m->raw_matched) {
		m->seq.raw = NULL; /* most rows change in columns that nobody uses: not worth the look */
		drop(&m->by_raw);
	}
	return i;
}

static size_t find(struct rc_rowmatch *m, const uint8_t hash[16])
{
	size_t end = m->at + LOOK_AHEAD < m->seq.n ? m->at + LOOK_AHEAD : m->seq.n;

	if (m->at < m->seq.n && same(m, m->seq.row, m->at, hash))
		return m->at;
	if (m->by_row.size)
		return by_index(m, &m->by_row, m->seq.row, hash);
	for (size_t i = m->at; i < end; i++)
		if (same(m, m->seq.row, i, hash))
			return i;
	if (!out_of_step(m))
		return SIZE_MAX;
	if (m->seq.raw && !m->by_raw.size) { /* whole rows first: they are hashed without being cut */
		make_index(m, &m->by_raw, m->seq.raw);
		return SIZE_MAX;
	}
	make_index(m, &m->by_row, m->seq.row);
	return by_index(m, &m->by_row, m->seq.row, hash);
}

size_t rc_rowmatch_row(struct rc_rowmatch *m, const uint8_t hash[16], uint64_t line)
{
	size_t i = memcmp(hash, zero, 16) ? find(m, hash) : SIZE_MAX;

	if (i == SIZE_MAX)
		m->missed++;
	else
		take(m, i, line);
	return i;
}
