/* Durations, limits, sizes and dates at their edges; nearest names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "engine/base/nearest.h"
#include "engine/config/limits.h"

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ns; /* -1: refused */
	} t[] = {
		{"500ms", 500 * RC_MS},
		{"30s", 30 * RC_SECOND},
		{"5m", 300 * RC_SECOND},
		{"2h", 7200 * RC_SECOND},
		{"7d", 7 * RC_DAY},
		{"0s", 0},
		{"400d", 400 * RC_DAY},
		{"36525d", 36525 * RC_DAY},
		{"36526d", -1},
		{"", -1},
		{"5", -1},
		{"m", -1},
		{"-5m", -1},
		{"5 m", -1},
		{"1.5h", -1},
		{"5mm", -1},
		{"1w", -1},
		{"99999999999999999999s", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		int64_t ns = -1;
		struct rc_err err = {0};
		enum rc_code code = rc_duration_parse(rc_slice_str(t[i].text), &ns, &err);

		if (ns != t[i].ns || (code == RC_OK) != (t[i].ns >= 0))
			fail_msg("%s: %lld", t[i].text, (long long)ns);
		if (code)
			assert_true(err.what[0]);
	}
}

static void test_limits(void **state)
{
	static const struct {
		const char *text;
		uint64_t base, most;
		const char *written;
	} t[] = {
		{"0", 1000, 0, "0"},
		{"12", 1000, 12, "12"},
		{"5%", 1000, 50, "5%"},
		{"5%", 100, 5, "5%"},
		{"5%", 10, 5, "5%"},
		{"5%", 0, 5, "5%"},
		{"0%", 1000, 5, "0%"},
		{"5%,200", 1000, 50, "5%,200"},
		{"5%,200", 10000, 200, "5%,200"},
		{"200,5%", 10000, 200, "5%,200"},
		{"5%, 3", 10000, 3, "5%,3"},
		{"2.5%", 1000, 25, "2.5%"},
		{"100%", 7, 7, "100%"},
		{"20%", 119, 23, "20%"},
		{"0.3%", 10000, 30, "0.3%"},
		{"unlimited", 5, UINT64_MAX, "unlimited"},
	};
	static const char *const bad[] = {"",    "x",   "-1", "5 %", "%",   "101%",      "5%,6%",
					  "5,6", "5%,", ",5", "1e3", "5%%", "Unlimited", "1.5"};
	struct rc_limit l = {0};
	char text[64];

	(void)state;
	assert_int_equal(rc_limit_max(&l, 100), 0);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_int_equal(rc_limit_parse(rc_slice_str(t[i].text), &l, NULL), RC_OK);
		if (rc_limit_max(&l, t[i].base) != t[i].most)
			fail_msg("%s of %llu", t[i].text, (unsigned long long)t[i].base);
		rc_limit_text(&l, text);
		assert_string_equal(text, t[i].written);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (rc_limit_parse(rc_slice_str(bad[i]), &l, NULL) != RC_USAGE)
			fail_msg("taken: %s", bad[i]);
}

static void test_sizes(void **state)
{
	uint64_t n = 0;

	(void)state;
	assert_int_equal(rc_size_parse(RC_SLICE("65536"), &n, NULL), RC_OK);
	assert_int_equal(n, 65536);
	assert_int_equal(rc_size_parse(RC_SLICE("1MiB"), &n, NULL), RC_OK);
	assert_int_equal(n, 1 << 20);
	assert_int_equal(rc_size_parse(RC_SLICE("64K"), &n, NULL), RC_OK);
	assert_int_equal(n, 65536);
	assert_int_equal(rc_size_parse(RC_SLICE("2GB"), &n, NULL), RC_OK);
	assert_int_equal(n, 2ULL << 30);
	assert_int_equal(rc_size_parse(RC_SLICE("12B"), &n, NULL), RC_OK);
	for (const char *const *p = (const char *const[]){"", "x", "1Mi", "1 M", "-1", "1PiB", "99999999999999T", NULL};
	     *p; p++)
		if (rc_size_parse(rc_slice_str(*p), &n, NULL) != RC_USAGE)
			fail_msg("taken: %s", *p);
}

static void test_dates(void **state)
{
	int32_t days = -1;
	int y;
	unsigned m, d;

	(void)state;
	assert_int_equal(rc_date_parse(RC_SLICE("1970-01-01"), &days, NULL), RC_OK);
	assert_int_equal(days, 0);
	assert_int_equal(rc_date_parse(RC_SLICE("2026-12-18"), &days, NULL), RC_OK);
	assert_int_equal(days, 20805);
	assert_int_equal(rc_date_parse(RC_SLICE("2024-02-29"), &days, NULL), RC_OK);
	for (const char *const *p =
		     (const char *const[]){"2023-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-04-31",
					   "2026-1-1", "20260101", "2026-01-01 ", "", NULL};
	     *p; p++)
		if (rc_date_parse(rc_slice_str(*p), &days, NULL) != RC_USAGE)
			fail_msg("taken: %s", *p);
	for (int32_t i = -800000; i < 3000000; i += 13) {
		rc_date_civil(i, &y, &m, &d);
		assert_int_equal(rc_date_days(y, m, d), i);
	}
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"missing", "existing", "guards", "batch", "user_name"};

	(void)state;
	assert_string_equal(rc_nearest(RC_SLICE("mising"), names, 5), "missing");
	assert_string_equal(rc_nearest(RC_SLICE("gaurds"), names, 5), "guards");
	assert_string_equal(rc_nearest(RC_SLICE("USER_NAME"), names, 5), "user_name");
	assert_string_equal(rc_nearest(RC_SLICE("batsh"), names, 5), "batch");
	assert_null(rc_nearest(RC_SLICE("pace"), names, 5));
	assert_null(rc_nearest(RC_SLICE(""), names, 5));
	assert_null(rc_nearest(RC_SLICE("x"), names, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations), cmocka_unit_test(test_limits),  cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_dates),     cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
