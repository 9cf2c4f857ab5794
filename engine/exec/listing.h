/* engine/exec/listing.h - the complete list of one server's accounts, proven or not used.
 *
 * A pure walk: next() names the call to make, answer() takes its rows. Pages overlap by the rows of the last time of
 * creation, because a marker made of it loses or repeats twins. De-duplicates by id (or name where there is
 * none), compares with total_count, walks again with a page that has no border (at most three walks), then adds each
 * group's users; still short means incomplete: nothing may be deleted, adopted or re-created on its word. Memory: about
 * 200 bytes and the fields of each account. Source: the providers' paging rules, connectors/<name>/API.md.
 *
 * Counted pages: when an account goes while they are read, those behind it move up and one may stand in no page, while
 * the one that went, already read, makes the count right. So a total that falls spoils a walk, and what a list of
 * several pages does not show counts as absent only after rc_listing_repeat(): another walk that shows every row of the
 * first proves that none went during the first, so nothing moved up. */
#ifndef RC_LISTING_H
#define RC_LISTING_H
#include "engine/base/arena.h"
#include "engine/connector.h"

enum rc_listing_state { RC_LISTING_RUNNING, RC_LISTING_COMPLETE, RC_LISTING_INCOMPLETE };

struct rc_listing_row {
	struct rc_listed listed; /* slices live in the listing's arena */
	unsigned walk;           /* the last one that showed it */
	bool mark, asked, kept;  /* the caller's scratch */
};

struct rc_list {
	struct rc_arena mem;
	struct rc_listing_row *rows;
	size_t n, cap;
	uint32_t *by_id, *by_name; /* open addressing, index + 1 */
	size_t table_size;
	struct rc_slice *groups; /* ids, for the last resort */
	size_t n_groups, group;
	struct rc_slice marker;
	int64_t total;                                  /* -1: not told */
	unsigned page, first_page, walk, pages, barren; /* barren: walks in a row that brought nothing new */
	size_t walk_began_with;
	int64_t walk_total;
	bool page_refused;
	bool in_groups, needs_proof;
	bool counted, fell;       /* pages are cut by row number; the total fell during this walk */
	bool repeating, repeated; /* this walk proves what the one before does not show; it is proven */
	enum rc_listing_state state;
	const char *problem;        /* of an incomplete listing */
	int64_t began_ns, ended_ns; /* monotonic, set by the caller */
	uint64_t calls;
};

/* groups: ids of the server's groups, borrowed until done; may be empty. needs_proof, counted: connector.h,
 * paging_needs_proof and pages_are_counted. */
void rc_listing_begin(struct rc_list *l, unsigned page, bool needs_proof, bool counted, const struct rc_slice *groups,
		      size_t n_groups);
/* Fills kind, marker, page_limit, group of the next call; false when the listing has ended (see state). */
bool rc_listing_next(struct rc_list *l, struct rc_call *ret);
/* An answer with verdict V_OK to the call that next() gave. */
void rc_listing_answer(struct rc_list *l, const struct rc_answer *a);
/* The provider refused a page as asked: a smaller page may do. False: there is none. */
bool rc_listing_refused(struct rc_list *l);
/* Whether what a complete list does not show may be there all the same, and only rc_listing_repeat can tell. */
bool rc_listing_may_hide(const struct rc_list *l);
/* Makes a complete list that may hide accounts run on, until another walk proves it complete or it is given up. */
void rc_listing_repeat(struct rc_list *l);
/* The call failed for good. */
void rc_listing_fail(struct rc_list *l, const char *problem);
void rc_listing_done(struct rc_list *l);

/* Calls that a list of so many rows takes when nothing changes meanwhile: the first page tells how many there are, then
 * it is walked in large pages. largest_page: the provider's, 0: none. */
uint64_t rc_listing_calls(uint64_t rows, unsigned largest_page);

/* Row of an account by exact name or by id; NULL: not listed. */
struct rc_listing_row *rc_listing_by_name(const struct rc_list *l, struct rc_slice name);
struct rc_listing_row *rc_listing_by_id(const struct rc_list *l, struct rc_slice id);

#endif
