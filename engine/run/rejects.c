/* What of a run's refused rows is new, and for how many runs an unreadable key has kept absences from counting. */
#include "engine/run/carry.h"
#include "engine/base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Of the last applied run's refused rows the state keeps a hash each, seeded, 8 bytes little endian, in ascending
 * order. Beyond so many a row counts as new: nobody lives with that many known rejects. */
enum { KEPT = 65536, HASH = 8 };

static struct rc_slice note_name(uint16_t source, char out[32])
{
	int n = snprintf(out, 32, "rejected/%u", source);

	return (struct rc_slice){out, (size_t)n};
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* A row is the one of last time when its bytes are; one that could not be told apart, when its fault is. */
static size_t hashes_of(const struct run *r, uint16_t source, uint64_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < r->scan.n_refused; i++) {
		const struct rc_refused *q = &r->scan.refused[i];
		struct rc_slice what = q->raw.p ? q->raw : rc_slice_str(q->why);

		if (q->source == source)
			ret[n++] = XXH3_64bits_withSeed(what.p, what.n, rc_store_seed(r->store));
	}
	if (n)
		qsort(ret, n, sizeof(*ret), by_value);
	return n;
}

static uint64_t kept_at(struct rc_slice note, size_t i)
{
	uint64_t v = 0;

	for (size_t b = 0; b < HASH; b++)
		v |= (uint64_t)(unsigned char)note.p[i * HASH + b] << (8 * b);
	return v;
}

/* Both lists are in order; equal rows count as often as they stand there. */
static uint64_t count_new(const uint64_t *now, size_t n, struct rc_slice note)
{
	size_t at = 0, kept = note.n / HASH;
	uint64_t fresh = 0;

	for (size_t i = 0; i < n; i++) {
		while (at < kept && kept_at(note, at) < now[i])
			at++;
		if (at < kept && kept_at(note, at) == now[i])
			at++;
		else
			fresh++;
	}
	return fresh;
}

void run_rejects_judge(struct run *r)
{
	uint64_t *now = rc_xcalloc(r->scan.n_refused + 1, sizeof(*now));

	for (uint16_t i = 0; i < r->cfg->n_sources; i++) {
		struct rc_scan_source *src = &r->scan.sources[i];
		struct rc_source_facts facts = {0};
		struct rc_slice note = {0};
		char name[32];

		rc_view_note(r->view, note_name(i, name), &note);
		src->rejected_new = count_new(now, hashes_of(r, i, now), note);
		if (!src->unreadable)
			continue;
		rc_view_source(r->view, i, &r->mem, &facts);
		src->unreadable_runs = facts.unreadable_runs + 1;
		src->unreadable_where = rc_arena_printf(&r->mem, "%s:%llu", src->files[src->unreadable_file],
							(unsigned long long)src->unreadable_line);
	}
	free(now);
}

static void store_hashes(struct run *r, uint16_t source)
{
	uint64_t *now = rc_xcalloc(r->scan.n_refused + 1, sizeof(*now));
	size_t n = hashes_of(r, source, now);
	struct rc_slice before = {0};
	struct rc_buf b = {0};
	char name[32];

	n = n < KEPT ? n : KEPT;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < HASH; k++)
			rc_buf_addc(&b, (char)(now[i] >> (8 * k) & 0xff));
	rc_view_note(r->view, note_name(source, name), &before);
	if (!rc_slice_eq(before, rc_buf_slice(&b)))
		rc_writer_note(r->writer, note_name(source, name), rc_buf_slice(&b));
	rc_buf_done(&b);
	free(now);
}

void run_rejects_store(struct run *r, bool applied)
{
	for (uint16_t i = 0; i < r->cfg->n_sources; i++) {
		const struct rc_scan_source *src = &r->scan.sources[i];
		struct rc_source_facts facts = {0};

		if (src->frozen)
			continue;
		if (applied) {
			store_hashes(r, i);
			continue;
		}
		/* The baseline stays; for how long nobody's absence has counted is told all the same. */
		rc_view_source(r->view, i, &r->mem, &facts);
		if (facts.unreadable_runs == src->unreadable_runs)
			continue;
		facts.unreadable_runs = src->unreadable_runs;
		facts.unreadable_where = rc_slice_str(src->unreadable_where);
		rc_writer_source(r->writer, i, &facts);
	}
}
