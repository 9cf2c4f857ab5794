#include "engine/exec/listing.h"
#include "engine/base/alloc.h"
#include <stdlib.h>
#include <xxhash.h>

enum {
	MAX_WALKS = 12,
	MAX_BARREN = 3,
	LARGEST_PAGE = 1000,
	PAGE_STEP = 83,
	SMALLEST_PAGE = 50 /* what a connector asks for first */,
	MAX_PAGES = 100000
};

void rc_listing_begin(struct rc_list *l, unsigned page, bool needs_proof, bool counted, const struct rc_slice *groups,
		      size_t n_groups)
{
	*l = (struct rc_list){
		.page = page, .needs_proof = needs_proof, .counted = counted, .total = -1, .n_groups = n_groups};
	l->groups = rc_arena_alloc(&l->mem, (n_groups + 1) * sizeof(*l->groups));
	for (size_t i = 0; i < n_groups; i++)
		l->groups[i] = rc_arena_copy(&l->mem, groups[i]);
}

void rc_listing_done(struct rc_list *l)
{
	rc_arena_done(&l->mem);
	free(l->rows);
	free(l->by_id);
	free(l->by_name);
	*l = (struct rc_list){0};
}

uint64_t rc_listing_calls(uint64_t rows, unsigned largest_page)
{
	uint64_t page = largest_page && largest_page < LARGEST_PAGE ? largest_page : LARGEST_PAGE;

	return rows <= SMALLEST_PAGE ? 1 : 1 + (rows - 1) / page + 1;
}

static size_t slot_of(const struct rc_list *l, const uint32_t *table, struct rc_slice s, bool by_id)
{
	size_t mask = l->table_size - 1, i = XXH3_64bits(s.p, s.n) & mask;

	while (table[i]) {
		const struct rc_listed *r = &l->rows[table[i] - 1].listed;

		if (rc_slice_eq(by_id ? r->remote_id : r->name, s))
			break;
		i = (i + 1) & mask;
	}
	return i;
}

static struct rc_listing_row *find(const struct rc_list *l, const uint32_t *table, struct rc_slice s, bool by_id)
{
	uint32_t at;

	if (!l->table_size || !s.n)
		return NULL;
	at = table[slot_of(l, table, s, by_id)];
	return at ? &l->rows[at - 1] : NULL;
}

struct rc_listing_row *rc_listing_by_name(const struct rc_list *l, struct rc_slice name)
{
	return find(l, l->by_name, name, false);
}

struct rc_listing_row *rc_listing_by_id(const struct rc_list *l, struct rc_slice id)
{
	return find(l, l->by_id, id, true);
}

static void grow_tables(struct rc_list *l)
{
	l->table_size = l->table_size ? l->table_size * 2 : 256;
	free(l->by_id);
	free(l->by_name);
	l->by_id = rc_xcalloc(l->table_size, sizeof(*l->by_id));
	l->by_name = rc_xcalloc(l->table_size, sizeof(*l->by_name));
	for (size_t i = 0; i < l->n; i++) {
		const struct rc_listed *r = &l->rows[i].listed;

		if (r->remote_id.n)
			l->by_id[slot_of(l, l->by_id, r->remote_id, true)] = (uint32_t)i + 1;
		l->by_name[slot_of(l, l->by_name, r->name, false)] = (uint32_t)i + 1;
	}
}

/* Texts of one row, one after the other in one piece of memory; at NULL: they are only counted. */
struct texts {
	char *at;
	size_t n;
};

static struct rc_slice put_text(struct texts *t, struct rc_slice s)
{
	char *p = t->at ? t->at + t->n : NULL;

	t->n += s.n + 1;
	if (!p)
		return s;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return (struct rc_slice){p, s.n};
}

/* What the name or the row before has too is not copied: many rows share their group. */
static struct rc_slice put_shared(struct texts *t, struct rc_slice s, struct rc_slice name, struct rc_slice before)
{
	if (before.p && rc_slice_eq(s, before))
		return before;
	return rc_slice_eq(s, name) ? name : put_text(t, s);
}

static void put_row(struct texts *t, struct rc_listed *to, const struct rc_listed *from, const struct rc_listed *before)
{
	to->name = put_text(t, from->name);
	to->remote_id = put_text(t, from->remote_id);
	to->created_at = put_text(t, from->created_at);
	to->group_id = put_shared(t, from->group_id, to->name, before->group_id);
	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (from->account.set & 1u << f)
			to->account.v[f] = put_shared(t, from->account.v[f], to->name, before->account.v[f]);
	to->account.set = from->account.set;
	to->disabled = from->disabled;
}

static void keep(struct rc_list *l, size_t i, const struct rc_listed *from)
{
	static const struct rc_listed nobody;
	const struct rc_listed *before = i ? &l->rows[i - 1].listed : &nobody;
	struct rc_listed counted = nobody;
	struct texts t = {NULL, 0};

	put_row(&t, &counted, from, before);
	t = (struct texts){rc_arena_alloc(&l->mem, t.n), 0};
	put_row(&t, &l->rows[i].listed, from, before);
}

/* Whether the row was new. */
static bool add(struct rc_list *l, const struct rc_listed *row)
{
	struct rc_listing_row *known =
		row->remote_id.n ? rc_listing_by_id(l, row->remote_id) : rc_listing_by_name(l, row->name);

	if (known) {
		known->walk = l->walk;
		if (!l->in_groups)
			keep(l, (size_t)(known - l->rows),
			     row); /* a later page knows better; a group's list knows less */
		return false;
	}
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap + l->cap / 2 : 128; /* rows are large */
		l->rows = rc_xreallocarray(l->rows, l->cap, sizeof(*l->rows));
	}
	if ((l->n + 1) * 2 > l->table_size)
		grow_tables(l);
	l->rows[l->n] = (struct rc_listing_row){.walk = l->walk};
	keep(l, l->n, row);
	l->n++;
	if (row->remote_id.n)
		l->by_id[slot_of(l, l->by_id, row->remote_id, true)] = (uint32_t)l->n;
	l->by_name[slot_of(l, l->by_name, row->name, false)] = (uint32_t)l->n;
	return true;
}

bool rc_listing_next(struct rc_list *l, struct rc_call *ret)
{
	if (l->state != RC_LISTING_RUNNING)
		return false;
	ret->kind = l->in_groups ? CALL_LIST_GROUP_USERS : CALL_LIST_USERS;
	ret->marker = l->marker;
	ret->page_limit = l->page;
	if (l->in_groups)
		ret->group = l->groups[l->group];
	return true;
}

static bool proven(const struct rc_list *l)
{
	return l->total < 0 ? !l->needs_proof : (uint64_t)l->total == l->n;
}

static void end(struct rc_list *l, const char *problem)
{
	l->state = problem ? RC_LISTING_INCOMPLETE : RC_LISTING_COMPLETE;
	l->problem = problem;
}

static void forget_rows(struct rc_list *l)
{
	l->n = 0;
	if (l->table_size) {
		memset(l->by_id, 0, l->table_size * sizeof(*l->by_id));
		memset(l->by_name, 0, l->table_size * sizeof(*l->by_name));
	}
}

/* Another walk. What the last one saw stays while the count stands still: accounts that vanished in between would
 * change it. */
static void restart(struct rc_list *l, unsigned page)
{
	if (l->total != l->walk_total && l->walk)
		forget_rows(l);
	l->walk_total = l->total;
	l->marker = (struct rc_slice){0};
	l->pages = 0;
	l->walk++;
	l->page = page;
	l->walk_began_with = l->n;
	l->fell = false;
}

/* A page that holds everything has no border; where there is none, borders move from walk to walk. */
static unsigned next_page(const struct rc_list *l)
{
	if (l->page_refused)
		return l->first_page > l->walk + 1 ? l->first_page - l->walk : l->first_page;
	if (l->total > 0 && l->total < LARGEST_PAGE && l->page <= (unsigned)l->total)
		return (unsigned)l->total + 1;
	if (l->page < LARGEST_PAGE && l->walk == 0)
		return LARGEST_PAGE;
	return LARGEST_PAGE - PAGE_STEP * (l->walk % 10);
}

bool rc_listing_refused(struct rc_list *l)
{
	if (l->page_refused || l->page <= l->first_page || l->in_groups)
		return false;
	l->page_refused = true;
	restart(l, l->first_page);
	return true;
}

bool rc_listing_may_hide(const struct rc_list *l)
{
	return l->state == RC_LISTING_COMPLETE && l->counted && l->pages > 1 && !l->repeated;
}

void rc_listing_repeat(struct rc_list *l)
{
	l->state = RC_LISTING_RUNNING;
	l->repeating = true;
	l->walk_total = l->total;
	restart(l, l->page);
}

static bool all_shown(const struct rc_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->rows[i].walk != l->walk)
			return false;
	return true;
}

/* A walk during which accounts went proves nothing, and what it showed is no ground for the next. */
static bool moved(const struct rc_list *l)
{
	return l->counted && l->pages > 1 && (l->fell || (l->repeating && !all_shown(l)));
}

static void walk_moved(struct rc_list *l)
{
	l->repeating = false;
	if (l->walk + 1 >= MAX_WALKS) {
		end(l, "accounts went each time while the list was read, page by page");
		return;
	}
	restart(l, l->page);
	forget_rows(l);
	l->walk_began_with = 0;
}

static void walk_ended(struct rc_list *l, bool broken)
{
	if (moved(l)) {
		walk_moved(l);
		return;
	}
	l->repeated = l->repeating;
	if (proven(l) && (!broken || l->total >= 0)) {
		end(l, NULL);
		return;
	}
	if (l->total < 0 && l->needs_proof && !broken) {
		end(l, "the provider did not tell how many accounts there are");
		return;
	}
	l->barren = l->n > l->walk_began_with ? 0 : l->barren + 1;
	if (l->total >= 0 && l->n > (uint64_t)l->total)
		forget_rows(l); /* some have gone since */
	if (l->walk + 1 < MAX_WALKS && l->barren < MAX_BARREN) {
		restart(l, next_page(l));
		return;
	}
	if (l->n_groups && (l->total < 0 || l->n < (uint64_t)l->total)) {
		l->in_groups = true;
		l->marker = (struct rc_slice){0};
		return;
	}
	end(l, broken ? "the listing's pages do not advance"
		      : "the number of accounts listed differs from the total told");
}

static void group_ended(struct rc_list *l)
{
	l->marker = (struct rc_slice){0};
	if (proven(l))
		end(l, NULL);
	else if (++l->group >= l->n_groups)
		end(l, "accounts are missing from the listing, also from those of the groups");
}

/* Where the next page begins. A marker that is the last row's time of creation loses or repeats that row's twins; the
 * time before it, also the provider's own text, cuts between rows that differ. Empty: the page shows one time only. */
static struct rc_slice marker_after(const struct rc_list *l, const struct rc_answer *a)
{
	struct rc_slice none = {0};
	size_t i = a->n_rows;

	if (l->in_groups || !i || !rc_slice_eq(a->rows[i - 1].created_at, a->next_marker))
		return a->next_marker;
	while (i && rc_slice_eq(a->rows[i - 1].created_at, a->next_marker))
		i--;
	return i && rc_slice_cmp(a->rows[i - 1].created_at, l->marker) > 0 ? a->rows[i - 1].created_at : none;
}

/* More pages are to come. A page too small to get past rows of one time is asked for again, larger. */
static void turn_page(struct rc_list *l, const struct rc_answer *a, size_t fresh)
{
	struct rc_slice marker = marker_after(l, a);
	bool stuck;

	if (!marker.n && !l->page_refused && l->page && l->page < LARGEST_PAGE) {
		l->page = l->page * 2 < LARGEST_PAGE ? l->page * 2 : LARGEST_PAGE;
		return;
	}
	if (!marker.n)
		marker = a->next_marker;
	/* In a later walk a page may hold known rows only; a marker that stands still never leads on. */
	stuck = rc_slice_eq(marker, l->marker) || l->pages > MAX_PAGES ||
		(fresh == 0 && l->walk == 0 && !l->in_groups && rc_slice_eq(marker, a->next_marker));
	if (stuck && l->in_groups)
		group_ended(l);
	else if (stuck)
		walk_ended(l, !proven(l));
	else if (l->walk == 0 && l->pages == 1 && l->total > 2 * (int64_t)l->page && !l->in_groups)
		restart(l, next_page(l)); /* many pages: take them larger from the start */
	else
		l->marker = rc_arena_copy(&l->mem, marker);
}

void rc_listing_answer(struct rc_list *l, const struct rc_answer *a)
{
	size_t fresh = 0;

	l->calls++;
	l->pages++;
	l->fell |= l->pages > 1 && a->total_count >= 0 && a->total_count < l->total;
	if (!l->in_groups && a->total_count >= 0)
		l->total = a->total_count;
	if (l->walk == 0 && l->pages == 1)
		l->walk_total = l->total;
	for (size_t i = 0; i < a->n_rows; i++)
		fresh += add(l, &a->rows[i]);
	if (a->next_marker.n)
		turn_page(l, a, fresh);
	else if (l->in_groups)
		group_ended(l);
	else
		walk_ended(l, false);
}

void rc_listing_fail(struct rc_list *l, const char *problem)
{
	end(l, rc_arena_strdup(&l->mem, problem));
}
