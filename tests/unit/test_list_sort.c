/* Lines come out in the order of their keys whatever fits in memory: all of it, a few lines, or less than one. */
#include "engine/cmd/list_sort.h"
#include "engine/base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LINES = 4000 };

struct seen {
	char last[64];
	size_t n, most;
	unsigned long sum;
};

static bool look(void *ctx, struct rc_slice line)
{
	struct seen *s = ctx;
	char text[64];

	assert_true(line.n >= 12);
	memcpy(text, line.p, 12);
	text[12] = 0;
	assert_true(strcmp(s->last, text) <= 0);
	memcpy(s->last, text, sizeof(text));
	s->sum += strtoul(text, NULL, 10);
	return ++s->n < s->most;
}

static void fill(struct list_sort *s, unsigned long *ret_sum)
{
	static char tail[200000];
	unsigned x = 7;

	memset(tail, 'x', sizeof(tail));
	*ret_sum = 0;
	for (size_t i = 0; i < LINES; i++) {
		char text[16];
		struct rc_buf line = {0};

		x = x * 1103515245 + 12345;
		snprintf(text, sizeof(text), "%06u%06u", x >> 16 & 511,
			 (unsigned)i); /* keys repeat: the first is first */
		*ret_sum += strtoul(text, NULL, 10);
		rc_buf_add(&line, text, 12);
		rc_buf_add(&line, tail, i % 1000 == 999 ? sizeof(tail) : i % 50);
		list_sort_add(s, (struct rc_slice){text, 6}, rc_buf_slice(&line));
		rc_buf_done(&line);
	}
}

static void test_order(void **state)
{
	static const size_t limits[] = {1 << 30, 20000, 3000};

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct list_sort *s = list_sort_new(limits[i]);
		struct rc_err err;

		for (int again = 0; again < 2; again++) { /* empty again after its end */
			struct seen seen = {.most = SIZE_MAX};
			unsigned long sum;

			fill(s, &sum);
			assert_int_equal(list_sort_end(s, look, &seen, &err), RC_OK);
			assert_int_equal(seen.n, LINES);
			assert_true(seen.sum == sum);
		}
		fill(s, &(unsigned long){0});
		struct seen few = {.most = 3};

		assert_int_equal(list_sort_end(s, look, &few, &err), RC_OK);
		assert_int_equal(few.n, 3);
		list_sort_free(s);
	}
}

static void test_nothing(void **state)
{
	struct list_sort *s = list_sort_new(100);
	struct seen seen = {.most = SIZE_MAX};
	struct rc_err err;

	(void)state;
	assert_int_equal(list_sort_end(s, look, &seen, &err), RC_OK);
	assert_int_equal(seen.n, 0);
	list_sort_free(s);
	list_sort_free(NULL);
}

static void test_no_room(void **state)
{
	struct list_sort *s = list_sort_new(100);
	struct seen seen = {.most = SIZE_MAX};
	struct rc_err err;
	unsigned long sum;

	(void)state;
	setenv("TMPDIR", "/nonexistent", 1);
	fill(s, &sum);
	assert_int_equal(list_sort_end(s, look, &seen, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "temporary file"));
	assert_int_equal(seen.n, 0);
	unsetenv("TMPDIR");
	list_sort_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_nothing),
					   cmocka_unit_test(test_no_room)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
