/* Sixteen rows at once: the text of a group of the last sequence, from its first row to the end of its last, is hashed
 * as a whole, five times as fast as row by row, and compared with what it was then. The same bytes were cut into the
 * same rows. Beside that, the groups of the next sequence are hashed, where one is to be written. */
#include "engine/run/scan_int.h"
#include "engine/base/large.h"

_Static_assert((int)RC_ROWMATCH_GROUP == (int)RC_ORDER_GROUP, "rows are matched in the groups that are stored");

/* libxxhash built with run-time dispatch has this too, several times as fast; other builds lack it. */
XXH128_hash_t XXH3_128bits_withSeed_dispatch(const void *p, size_t n, XXH64_hash_t seed) __attribute__((weak));

static void hash_text(const struct walk *w, const char *from, const char *to, uint8_t ret[16])
{
	size_t n = (size_t)(to - from);
	XXH128_canonical_t c;

	XXH128_canonicalFromHash(&c, XXH3_128bits_withSeed_dispatch
					     ? XXH3_128bits_withSeed_dispatch(from, n, w->raw_seed)
					     : XXH3_128bits_withSeed(from, n, w->raw_seed));
	memcpy(ret, c.digest, 16);
}

static const char *end_of(const struct rc_row *row)
{
	return row->raw.p + row->raw.n;
}

/* ---- of the last sequence */

bool scan_groups_used(const struct walk *w)
{
	return w->match.seq.group && w->match.seq.raw && !w->match.by_raw.size && !w->src->ldif;
}

bool scan_group(struct walk *w, const struct rc_row *rows, size_t n)
{
	const uint8_t *group = n < RC_ORDER_GROUP ? NULL : rc_rowmatch_group(&w->match);
	size_t at = w->match.at;
	uint8_t hash[16];

	if (!group)
		return false;
	hash_text(w, rows[0].raw.p, end_of(&rows[RC_ORDER_GROUP - 1]), hash);
	if (memcmp(hash, group, 16) != 0)
		return false;
	scan_add_run(w->src, (uint32_t)at, (const uint8_t(*)[16])w->raws[at / RC_ORDER_BLOCK] + at % RC_ORDER_BLOCK,
		     RC_ORDER_GROUP);
	rc_rowmatch_take_group(&w->match);
	w->src->rows += RC_ORDER_GROUP;
	w->file_rows += RC_ORDER_GROUP;
	return true;
}

/* ---- of the next one */

void scan_groups_room(struct rc_scan_source *src, size_t entries)
{
	size_t cap = entries / RC_ORDER_GROUP + 1;

	if (!src->keep_raws || cap <= src->cap_groups)
		return;
	src->groups = rc_large_grow(src->groups, src->cap_groups, cap, sizeof(*src->groups));
	src->cap_groups = cap;
}

/* Of group number i; all zero: it was no one text. */
static uint8_t *next_group(struct rc_scan_source *src, size_t i)
{
	if (i >= src->cap_groups)
		scan_groups_room(src, i * RC_ORDER_GROUP * 2);
	return src->groups[i];
}

/* One row: how many entries it became tells whether it belongs to the group that is being built. */
static void one_row(struct walk *w, const struct rc_row *row, size_t entry, bool is_entry)
{
	if (!is_entry) {
		w->group_from = NULL;
		return;
	}
	if (entry % RC_ORDER_GROUP == 0)
		w->group_from = row->raw.p;
	if (entry % RC_ORDER_GROUP == RC_ORDER_GROUP - 1 && w->group_from)
		hash_text(w, w->group_from, end_of(row), next_group(w->src, entry / RC_ORDER_GROUP));
}

void scan_group_rows(struct walk *w, const struct rc_row *rows, size_t n, size_t entries_before)
{
	size_t added = w->src->n_entries - entries_before;

	if (!w->src->keep_raws || w->src->ldif)
		return;
	for (size_t i = 0; i < n; i++)
		one_row(w, &rows[i], entries_before + i, added == n);
}

void scan_group_break(struct walk *w)
{
	w->group_from = NULL;
}
