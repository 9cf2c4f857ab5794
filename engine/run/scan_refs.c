/* What each row of a source was: an entry of the last sequence, a person, or nobody. Of rows that are entries in their
 * order only the first is written down, and how many more there are. */
#include "engine/run/scan_int.h"
#include "engine/base/large.h"

enum { LONGEST_RUN = 0x3ffffffe }; /* RC_REF_NONE is none */

static void push(struct rc_scan_source *src, uint32_t ref)
{
	if (src->n_refs == src->cap_refs) {
		size_t cap = src->cap_refs ? src->cap_refs * 2 : 4096;

		src->refs = rc_large_grow(src->refs, src->cap_refs, cap, sizeof(*src->refs));
		src->cap_refs = cap;
	}
	src->refs[src->n_refs++] = ref;
}

void scan_refs_room(struct rc_scan_source *src, size_t cap)
{
	if (src->keep_raws) {
		src->raws = rc_large_grow(src->raws, src->cap_raws, cap, sizeof(*src->raws));
		src->cap_raws = cap;
	} else {
		rc_large_free(src->raws, src->cap_raws, sizeof(*src->raws));
		src->raws = NULL;
		src->n_raws = src->cap_raws = 0;
	}
}

static void keep_raws(struct rc_scan_source *src, const uint8_t (*raw)[16], size_t n)
{
	if (!src->keep_raws)
		return;
	while (src->cap_raws - src->n_raws < n)
		scan_refs_room(src, src->cap_raws ? src->cap_raws * 2 : 4096);
	memcpy(src->raws[src->n_raws], raw, n * sizeof(*raw));
	src->n_raws += n;
}

void scan_add_ref(struct rc_scan_source *src, uint32_t ref)
{
	keep_raws(src, (const uint8_t(*)[16]) & src->raw, 1);
	src->n_entries += ref != RC_REF_NONE;
	push(src, ref);
}

/* The n rows as more of what the last ref says, if they are. */
static bool joined(struct rc_scan_source *src, uint32_t entry, size_t n)
{
	uint32_t last = src->n_refs ? src->refs[src->n_refs - 1] : RC_REF_NONE, more = last & ~RC_REF_MORE;

	if (last < RC_REF_PERSON && last + 1 == entry && n <= LONGEST_RUN) {
		push(src, RC_REF_MORE | (uint32_t)n);
		return true;
	}
	if (last < RC_REF_MORE || last == RC_REF_NONE || src->refs[src->n_refs - 2] + more + 1 != entry ||
	    n > LONGEST_RUN - more)
		return false;
	src->refs[src->n_refs - 1] += (uint32_t)n;
	return true;
}

void scan_add_run(struct rc_scan_source *src, uint32_t entry, const uint8_t (*raw)[16], size_t n)
{
	if (!n)
		return;
	keep_raws(src, raw, n);
	src->n_entries += n;
	if (joined(src, entry, n))
		return;
	push(src, entry);
	if (n > 1)
		push(src, RC_REF_MORE | (uint32_t)(n - 1));
}

size_t rc_scan_refs(const struct rc_scan_source *src, size_t *at, uint32_t *ret)
{
	uint32_t more;

	if (*at == src->n_refs)
		return 0;
	*ret = src->refs[(*at)++];
	more = *at < src->n_refs ? src->refs[*at] : 0;
	if (more < RC_REF_MORE || more == RC_REF_NONE)
		return 1;
	(*at)++;
	return (size_t)(more & ~RC_REF_MORE) + 1;
}

void scan_refs_free(struct rc_scan_source *src)
{
	rc_large_free(src->refs, src->cap_refs, sizeof(*src->refs));
	rc_large_free(src->raws, src->cap_raws, sizeof(*src->raws));
	rc_large_free(src->groups, src->cap_groups, sizeof(*src->groups));
}
