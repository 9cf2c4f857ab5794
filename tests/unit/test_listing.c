/* How many calls a list takes, as the plan says it and as the walk makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/alloc.h"
#include "engine/exec/listing.h"

enum { FIRST_PAGE = 50, ROWS = 5000 };

static struct text {
	char name[24], time[24];
} texts[ROWS];

/* Rows each of a time of its own, in pages of `limit`; the marker is the last row's time. */
static void serve(struct rc_list *l, const struct rc_call *call, size_t rows, unsigned largest)
{
	size_t limit = call->page_limit ? call->page_limit : FIRST_PAGE, from = 0;
	struct rc_answer a = {.v = V_OK, .total_count = (int64_t)rows};

	if (largest && limit > largest)
		limit = largest;
	if (call->marker.n)
		from = (size_t)strtoul(call->marker.p + 1, NULL, 10) + 1;
	a.n_rows = from < rows ? (rows - from < limit ? rows - from : limit) : 0;
	a.rows = rc_xcalloc(a.n_rows + 1, sizeof(*a.rows));
	for (size_t i = 0; i < a.n_rows; i++) {
		a.rows[i].name = rc_slice_str(texts[from + i].name);
		a.rows[i].created_at = rc_slice_str(texts[from + i].time);
	}
	if (a.n_rows && from + a.n_rows < rows)
		a.next_marker = a.rows[a.n_rows - 1].created_at;
	rc_listing_answer(l, &a);
	free(a.rows);
}

static void calls_are_foretold(void **state)
{
	const size_t rows[] = {0, 1, 50, 51, 999, 1000, 1001, 4321};
	const unsigned largest[] = {0, 100};

	(void)state;
	for (int i = 0; i < ROWS; i++) {
		snprintf(texts[i].name, sizeof(texts[i].name), "user%d", i);
		snprintf(texts[i].time, sizeof(texts[i].time), "t%06d", i);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < 2; k++) {
			struct rc_list l;
			struct rc_call call = {0};

			rc_listing_begin(&l, 0, true, false, NULL, 0);
			while (rc_listing_next(&l, &call))
				serve(&l, &call, rows[i], largest[k]);
			assert_int_equal(l.state, RC_LISTING_COMPLETE);
			assert_int_equal(l.n, rows[i]);
			/* a border row is shown twice, so that the last page may be one more */
			assert_in_range(l.calls, rc_listing_calls(rows[i], largest[k]),
					rc_listing_calls(rows[i], largest[k]) + 1);
			rc_listing_done(&l);
		}
}

/* A service that cuts its pages by row number, ten to a page; accounts may go or come before any of its answers. */
struct counted {
	char names[64][8];
	size_t n, answers;
};

static void counted_begin(struct counted *c, struct rc_list *l, size_t n)
{
	memset(c, 0, sizeof(*c));
	c->n = n;
	for (size_t i = 0; i < n; i++)
		snprintf(c->names[i], sizeof(c->names[i]), "u%02u", (unsigned)(i % 100));
	rc_listing_begin(l, 10, true, true, NULL, 0);
	l->first_page = 10;
	assert_true(!rc_listing_may_hide(l));
}

static void goes(struct counted *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->names[i], name)) {
			memmove(c->names[i], c->names[i + 1], (c->n - i - 1) * sizeof(*c->names));
			c->n--;
			return;
		}
	fail_msg("%s is not there", name);
}

static void comes(struct counted *c, const char *name)
{
	snprintf(c->names[c->n++], sizeof(*c->names), "%s", name);
}

static void counted_answer(struct counted *c, struct rc_list *l)
{
	struct rc_listed rows[10];
	struct rc_answer a = {.v = V_OK, .total_count = (int64_t)c->n, .rows = rows};
	struct rc_call call = {0};
	size_t page;
	char next[24];

	memset(rows, 0, sizeof(rows));
	assert_true(rc_listing_next(l, &call));
	page = call.marker.n ? (size_t)strtoul(call.marker.p, NULL, 10) : 0;
	for (size_t i = page * 10; i < c->n && a.n_rows < 10; i++)
		rows[a.n_rows++].name = rc_slice_str(c->names[i]);
	snprintf(next, sizeof(next), "%zu", page + 1);
	if (a.n_rows && page * 10 + a.n_rows < c->n)
		a.next_marker = rc_slice_str(next);
	c->answers++;
	rc_listing_answer(l, &a);
}

static void counted_walk(struct counted *c, struct rc_list *l)
{
	while (l->state == RC_LISTING_RUNNING)
		counted_answer(c, l);
}

/* The list ends complete, with so many accounts; there: one that it shows. */
static void complete_with(struct counted *c, struct rc_list *l, size_t n, const char *there)
{
	counted_walk(c, l);
	assert_int_equal(l->state, RC_LISTING_COMPLETE);
	assert_int_equal(l->n, n);
	assert_non_null(rc_listing_by_name(l, rc_slice_str(there)));
}

/* What rollcall did before: u00 goes between two pages, u10 moves to the page that was read, and the count is right. */
static void a_falling_total_spoils_a_walk(void **state)
{
	struct counted c;
	struct rc_list l;

	(void)state;
	counted_begin(&c, &l, 15);
	counted_answer(&c, &l);
	goes(&c, "u00");
	complete_with(&c, &l, 14, "u10");
	assert_null(rc_listing_by_name(&l, rc_slice_str("u00")));
	rc_listing_done(&l);
}

/* One goes and one comes between two pages: the total stands, and only another walk can tell. */
static void what_one_walk_hides_another_shows(void **state)
{
	struct counted c;
	struct rc_list l;

	(void)state;
	counted_begin(&c, &l, 15);
	counted_answer(&c, &l);
	goes(&c, "u00");
	comes(&c, "u99");
	complete_with(&c, &l, 15, "u00");
	assert_null(rc_listing_by_name(&l, rc_slice_str("u10")));
	assert_true(rc_listing_may_hide(&l));
	rc_listing_repeat(&l);
	complete_with(&c, &l, 15, "u10");
	assert_null(rc_listing_by_name(&l, rc_slice_str("u00")));
	rc_listing_done(&l);
}

static void a_repeated_list_hides_nobody(void **state)
{
	struct counted c;
	struct rc_list l;

	(void)state;
	counted_begin(&c, &l, 15);
	counted_walk(&c, &l);
	assert_true(rc_listing_may_hide(&l));
	rc_listing_repeat(&l);
	counted_answer(&c, &l);
	comes(&c, "u99"); /* one more hides nobody */
	complete_with(&c, &l, 16, "u99");
	assert_false(rc_listing_may_hide(&l));
	assert_int_equal(c.answers, 4);
	rc_listing_done(&l);
}

static void a_list_that_never_rests_is_not_complete(void **state)
{
	struct counted c;
	struct rc_list l;
	char name[8];

	(void)state;
	counted_begin(&c, &l, 60);
	for (size_t i = 0; l.state == RC_LISTING_RUNNING; i++) {
		counted_answer(&c, &l);
		if (i % 4 == 1) {
			snprintf(name, sizeof(name), "%s", c.names[0]);
			goes(&c, name);
		}
	}
	assert_int_equal(l.state, RC_LISTING_INCOMPLETE);
	assert_non_null(strstr(l.problem, "accounts went"));
	rc_listing_done(&l);
}

static void a_list_by_markers_or_of_one_page_hides_nobody(void **state)
{
	struct counted c;
	struct rc_list l;

	(void)state;
	counted_begin(&c, &l, 10);
	complete_with(&c, &l, 10, "u09");
	assert_false(rc_listing_may_hide(&l));
	rc_listing_done(&l);
	counted_begin(&c, &l, 15);
	l.counted = false;
	complete_with(&c, &l, 15, "u14");
	assert_false(rc_listing_may_hide(&l));
	rc_listing_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_foretold),
		cmocka_unit_test(a_falling_total_spoils_a_walk),
		cmocka_unit_test(what_one_walk_hides_another_shows),
		cmocka_unit_test(a_repeated_list_hides_nobody),
		cmocka_unit_test(a_list_that_never_rests_is_not_complete),
		cmocka_unit_test(a_list_by_markers_or_of_one_page_hides_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
