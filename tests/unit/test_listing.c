/* How many calls a list takes, as the plan says it and as the walk makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine/base/alloc.h"
#include "engine/exec/listing.h"

enum { FIRST_PAGE = 50 };

static char (*texts)[2][24];

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
		a.rows[i].name = rc_slice_str(texts[from + i][0]);
		a.rows[i].created_at = rc_slice_str(texts[from + i][1]);
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
	texts = rc_xcalloc(5000, sizeof(*texts));
	for (int i = 0; i < 5000; i++) {
		snprintf(texts[i][0], sizeof(texts[i][0]), "user%d", i);
		snprintf(texts[i][1], sizeof(texts[i][1]), "t%06d", i);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < 2; k++) {
			struct rc_list l;
			struct rc_call call = {0};

			rc_listing_begin(&l, 0, true, NULL, 0);
			while (rc_listing_next(&l, &call))
				serve(&l, &call, rows[i], largest[k]);
			assert_int_equal(l.state, RC_LISTING_COMPLETE);
			assert_int_equal(l.n, rows[i]);
			/* a border row is shown twice, so that the last page may be one more */
			assert_in_range(l.calls, rc_listing_calls(rows[i], largest[k]),
					rc_listing_calls(rows[i], largest[k]) + 1);
			rc_listing_done(&l);
		}
	free(texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(calls_are_foretold)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
