/* What reports are written with, against the C library: times, numbers, and the bound of a buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "engine/base/buf.h"
#include "engine/base/clock.h"

static void check_time(int64_t ns)
{
	int64_t ms = ns / 1000000 - (ns % 1000000 < 0);
	time_t sec = (time_t)(ms / 1000 - (ms % 1000 < 0));
	char want[64], day[32], got[32];
	struct tm tm;

	gmtime_r(&sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(want, sizeof(want), "%sZ", day);
	rc_time_iso(ns, got);
	assert_string_equal(got, want);
	assert_int_equal(strlen(got), RC_TIME_ISO_LEN);
	snprintf(want, sizeof(want), "%s.%03dZ", day, (int)(ms - (int64_t)sec * 1000));
	rc_time_iso_ms(ns, got);
	assert_string_equal(got, want);
	assert_int_equal(strlen(got), RC_TIME_ISO_MS_LEN);
}

static void test_times(void **state)
{
	uint64_t x = 1;

	(void)state;
	check_time(0);
	check_time(-1);
	check_time(-1000000);
	check_time(INT64_MAX);
	check_time(INT64_MIN);
	check_time(951782399999999999); /* the last moment of 28 February 2000, a leap year */
	check_time(951782400000000000);
	for (int i = 0; i < 20000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		check_time((int64_t)x);
	}
}

static void check_number(uint64_t v)
{
	struct rc_buf b = {0};
	char want[32];

	rc_buf_addu(&b, v);
	snprintf(want, sizeof(want), "%llu", (unsigned long long)v);
	assert_string_equal(b.p, want);
	assert_int_equal(b.n, strlen(want));
	rc_buf_done(&b);
}

static void test_numbers(void **state)
{
	uint64_t power = 1;
	struct rc_buf b = {.max = 21};

	(void)state;
	for (int digits = 1; digits <= 20; digits++, power *= 10) {
		check_number(power - 1);
		check_number(power);
		check_number(power + 1);
		check_number(power / 10 * 9 + 7);
	}
	check_number(UINT64_MAX);
	rc_buf_addu(&b, UINT64_MAX);
	rc_buf_addu(&b, 10);
	assert_true(b.overflow);
	assert_string_equal(b.p, "18446744073709551615");
	rc_buf_done(&b);
}

/* A buffer with a bound takes what fits to the last byte and nothing beyond, however it is appended. */
static void test_bound(void **state)
{
	(void)state;
	for (size_t max = 1; max < 300; max++) {
		struct rc_buf b = {.max = max};

		for (size_t i = 0; i < max; i++)
			rc_buf_addc(&b, (char)('a' + i % 26));
		assert_false(b.overflow);
		assert_int_equal(b.n, max);
		rc_buf_add(&b, "", 0);
		assert_false(b.overflow);
		rc_buf_addc(&b, 'z');
		assert_true(b.overflow);
		rc_buf_adds(&b, "");
		rc_buf_adds(&b, "late");
		assert_int_equal(b.n, max);
		assert_int_equal(strlen(b.p), max);
		rc_buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_numbers),
					   cmocka_unit_test(test_bound)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
