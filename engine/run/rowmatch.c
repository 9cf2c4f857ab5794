#include "engine/run/rowmatch.h"
#include "engine/base/alloc.h"
#include <stdlib.h>
#include <string.h>

enum { LOOK_AHEAD = 64, INDEX_FROM = 4096, INDEX_SHARE = 20 };

static const uint8_t zero[16];

void rc_rowmatch_init(struct rc_rowmatch *m, const struct rc_sequence *seq)
{
	*m = (struct rc_rowmatch){.seq = *seq};
	m->line = rc_xcalloc(seq->n, sizeof(*m->line));
}

void rc_rowmatch_done(struct rc_rowmatch *m)
{
	free(m->line);
	free(m->index);
	*m = (struct rc_rowmatch){0};
}

void rc_rowmatch_void(struct rc_rowmatch *m, size_t i)
{
	m->line[i] = RC_ROWMATCH_VOID;
}

static bool same(const struct rc_rowmatch *m, size_t i, const uint8_t hash[16])
{
	return !m->line[i] && memcmp(m->seq.row(m->seq.ctx, i), hash, 16) == 0;
}

static size_t slot_of(const struct rc_rowmatch *m, const uint8_t hash[16])
{
	uint64_t h;

	memcpy(&h, hash, sizeof(h));
	return (size_t)h & (m->index_size - 1);
}

static void make_index(struct rc_rowmatch *m)
{
	m->index_size = 1024;
	while (m->index_size < m->seq.n * 2)
		m->index_size *= 2;
	m->index = rc_xcalloc(m->index_size, sizeof(*m->index));
	for (size_t i = 0; i < m->seq.n; i++) {
		const uint8_t *hash = m->seq.row(m->seq.ctx, i);
		size_t at = slot_of(m, hash);

		if (m->line[i] || memcmp(hash, zero, 16) == 0)
			continue;
		while (m->index[at])
			at = (at + 1) & (m->index_size - 1);
		m->index[at] = (uint32_t)i + 1;
	}
}

static size_t by_index(const struct rc_rowmatch *m, const uint8_t hash[16])
{
	for (size_t at = slot_of(m, hash); m->index[at]; at = (at + 1) & (m->index_size - 1))
		if (same(m, m->index[at] - 1, hash))
			return m->index[at] - 1;
	return SIZE_MAX;
}

static size_t find(struct rc_rowmatch *m, const uint8_t hash[16])
{
	size_t end = m->at + LOOK_AHEAD < m->seq.n ? m->at + LOOK_AHEAD : m->seq.n;

	if (m->at < m->seq.n && same(m, m->at, hash))
		return m->at;
	if (m->index)
		return by_index(m, hash);
	for (size_t i = m->at; i < end; i++)
		if (same(m, i, hash))
			return i;
	if (m->missed > INDEX_FROM && m->missed > m->matched / INDEX_SHARE && m->seq.n) {
		make_index(m);
		return by_index(m, hash);
	}
	return SIZE_MAX;
}

void rc_rowmatch_take(struct rc_rowmatch *m, size_t i, uint64_t line)
{
	m->line[i] = line < RC_ROWMATCH_VOID ? (uint32_t)line : RC_ROWMATCH_VOID - 1;
	m->at = i + 1;
	m->matched++;
}

size_t rc_rowmatch_row(struct rc_rowmatch *m, const uint8_t hash[16], uint64_t line)
{
	size_t i = memcmp(hash, zero, 16) ? find(m, hash) : SIZE_MAX;

	if (i == SIZE_MAX) {
		m->missed++;
		return i;
	}
	rc_rowmatch_take(m, i, line);
	return i;
}
