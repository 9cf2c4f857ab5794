/* Large arrays: zeroed, moved whole, the same to their user whether they are malloc's or the system's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include "engine/base/large.h"

enum { SIZE = 8, AT_THE_EDGE = RC_LARGE / SIZE, PAGE = 2 << 20 };

static bool all_zero(const uint64_t *v, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (v[i])
			return false;
	return true;
}

static void fill(uint64_t *v, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		v[i] = i + 1;
}

static bool filled(const uint64_t *v, size_t to)
{
	for (size_t i = 0; i < to; i++)
		if (v[i] != i + 1)
			return false;
	return true;
}

static void is_zeroed_also_where_others_were(void **state)
{
	static const size_t counts[] = {0, 1, AT_THE_EDGE - 1, AT_THE_EDGE, AT_THE_EDGE + 1, 3 * PAGE / SIZE - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (int again = 0; again < 2; again++) {
			uint64_t *v = rc_large_calloc(counts[i], SIZE);

			assert_true(all_zero(v, 0, counts[i]));
			fill(v, 0, counts[i]);
			assert_true(filled(v, counts[i]));
			rc_large_free(v, counts[i], SIZE);
		}
	rc_large_free(NULL, 0, SIZE);
}

/* Small to small, small to large, large to large, by a little and by much. */
static void what_was_there_stays_and_the_rest_is_zero(void **state)
{
	static const size_t counts[] = {1,
					2,
					AT_THE_EDGE - 1,
					AT_THE_EDGE,
					AT_THE_EDGE + 1,
					PAGE / SIZE,
					PAGE / SIZE + 1,
					5 * PAGE / SIZE + 7,
					11 * PAGE / SIZE};
	size_t n = 0;
	uint64_t *v = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		v = rc_large_grow(v, n, counts[i], SIZE);
		assert_true(filled(v, n));
		assert_true(all_zero(v, n, counts[i]));
		fill(v, n, counts[i]);
		n = counts[i];
	}
	rc_large_free(v, n, SIZE);
}

static void large_ones_begin_where_a_large_page_does(void **state)
{
	uint64_t *one = rc_large_calloc(AT_THE_EDGE, SIZE), *other = rc_large_calloc(AT_THE_EDGE, SIZE);

	(void)state;
	assert_int_equal((uintptr_t)one % PAGE, 0);
	assert_int_equal((uintptr_t)other % PAGE, 0);
	other = rc_large_grow(other, AT_THE_EDGE, 4 * AT_THE_EDGE, SIZE);
	assert_int_equal((uintptr_t)other % PAGE, 0);
	fill(one, 0, AT_THE_EDGE);
	assert_true(all_zero(other, 0, 4 * AT_THE_EDGE));
	assert_true(filled(one, AT_THE_EDGE));
	rc_large_free(one, AT_THE_EDGE, SIZE);
	rc_large_free(other, 4 * AT_THE_EDGE, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_zeroed_also_where_others_were),
		cmocka_unit_test(what_was_there_stays_and_the_rest_is_zero),
		cmocka_unit_test(large_ones_begin_where_a_large_page_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
