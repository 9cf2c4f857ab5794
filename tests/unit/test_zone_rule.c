/* The rule at the end of a time zone file, which holds for every date of the future. The C library reads the same
 * rules from TZ and is asked for each moment, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>
#include "engine/base/civil.h"
#include "engine/map/zone_rule.h"

static void compare(const char *rule, int year)
{
	const int64_t day = 86400;
	int64_t from = rc_date_days(year, 1, 1) * day - 2 * day, to = rc_date_days(year + 1, 1, 1) * day + 2 * day;
	struct rc_zone_rule r;

	assert_true(rc_zone_rule_parse(rc_slice_str(rule), &r));
	assert_true(r.there);
	for (int64_t t = from; t <= to; t += 900)
		for (int before = 0; before < 2; before++) {
			time_t at = (time_t)(t - before);
			struct tm tm;

			assert_non_null(localtime_r(&at, &tm));
			if (rc_zone_rule_offset(&r, at) != tm.tm_gmtoff)
				fail_msg("%s at %lld: %d, not %ld", rule, (long long)at,
					 (int)rc_zone_rule_offset(&r, at), tm.tm_gmtoff);
		}
}

static void test_like_the_library(void **state)
{
	static const char *const rules[] = {
		"UTC0",
		"<+0330>-3:30",
		"EST+5",
		"CET-1CEST,M3.5.0,M10.5.0/3",
		"AEST-10AEDT,M10.1.0,M4.1.0/3", /* the year begins in summer */
		"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
		"NST3:30NDT2:30:00,M3.2.0/0:01,M11.1.0/0:01:30",
		"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", /* half an hour */
		"EST5EDT,J60/2,J305/2",
		"EST5EDT,59,304/1",
		"XST-2XDT,M3.4.4/26,M12.5.0",
		"XST-2XDT,M2.5.0,M11.5.0",
	};
	static const int years[] = {1972, 1999, 2000, 2024, 2099, 2100};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		assert_int_equal(setenv("TZ", rules[i], 1), 0);
		tzset();
		for (size_t k = 0; k < sizeof(years) / sizeof(*years); k++)
			compare(rules[i], years[k]);
	}
	unsetenv("TZ");
}

static void test_far_away(void **state)
{
	struct rc_zone_rule r;

	(void)state;
	assert_true(rc_zone_rule_parse(RC_SLICE("CET-1CEST,M3.5.0,M10.5.0/3"), &r));
	assert_int_equal(rc_zone_rule_offset(&r, rc_date_days(1901, 7, 1) * 86400LL + 1), 7200);
	assert_int_equal(rc_zone_rule_offset(&r, rc_date_days(1901, 1, 1) * 86400LL - 1), 3600);
	assert_int_equal(rc_zone_rule_offset(&r, 1000000000000000000), 3600);
	assert_int_equal(rc_zone_rule_offset(&r, -1000000000000000000), 3600);
}

/* An empty rule is none, and no fault (RFC 8536, 3.3). */
static void test_none(void **state)
{
	struct rc_zone_rule r;

	(void)state;
	assert_true(rc_zone_rule_parse(RC_SLICE(""), &r));
	assert_false(r.there);
}

static void test_damaged(void **state)
{
	static const char *const bad[] = {
		"CE-1",
		"1",
		"<CET-1",
		"<",
		"CET",
		"CET-",
		"CET168",
		"CET1:60",
		"CET1:",
		"CET1:00:60",
		"CET12345",
		"CET-1CE",
		"CET-1<CEST",
		"CET-1CEST",
		"CET-1CEST-x,M3.5.0,M10.5.0",
		"CET-1CEST-2:77,M3.5.0,M10.5.0",
		"CET-1CEST,",
		"CET-1CEST,M3.5.0",
		"CET-1CEST,M3.5.0,",
		"CET-1CEST,M3.5.0/,M10.5.0",
		"CET-1CEST,M3.5.0/200,M10.5.0",
		"CET-1CEST,M0.5.0,M10.5.0",
		"CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.0.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,M3.5,M10.5.0",
		"CET-1CEST,M3,M10.5.0",
		"CET-1CEST,M.5.0,M10.5.0",
		"CET-1CEST,J0,M10.5.0",
		"CET-1CEST,J366,M10.5.0",
		"CET-1CEST,366,M10.5.0",
		"CET-1CEST,x,M10.5.0",
		"CET-1CEST,M3.5.0;M10.5.0",
		"CET-1CEST,M3.5.0,M10.5.0 ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rc_zone_rule r = {.there = true};

		if (rc_zone_rule_parse(rc_slice_str(bad[i]), &r) || r.there || r.has_dst)
			fail_msg("\"%s\" is taken for a rule", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_the_library),
		cmocka_unit_test(test_far_away),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
