/* Lookup tables; time zones that are not there or damaged; dates at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/map/dates.h"
#include "engine/map/lookup.h"

static void fill(struct rc_lookup *t, int from, int to, int step)
{
	char key[16], value[16];

	for (int i = from; i != to; i += step) {
		snprintf(key, sizeof(key), "k%d", i);
		snprintf(value, sizeof(value), "v%d", i);
		assert_int_equal(rc_lookup_add(t, rc_slice_str(key), rc_slice_str(value), NULL), RC_OK);
	}
}

static void test_lookup(void **state)
{
	struct rc_lookups *a = rc_lookups_new(), *b = rc_lookups_new();
	struct rc_lookup *t = rc_lookups_table(a, "sites"), *u;
	uint8_t ha[16], hb[16];
	struct rc_slice s;
	struct rc_err err = {0};

	(void)state;
	assert_false(rc_lookup_get(t, RC_SLICE("k1"), &s));
	fill(t, 0, 5000, 1);
	assert_true(rc_lookup_get(t, RC_SLICE("k4999"), &s));
	assert_true(rc_slice_eqs(s, "v4999"));
	assert_false(rc_lookup_get(t, RC_SLICE("K4999"), &s));
	assert_int_equal(rc_lookup_add(t, RC_SLICE("k1"), RC_SLICE("v1"), &err), RC_OK);
	assert_int_equal(rc_lookup_add(t, RC_SLICE("k1"), RC_SLICE("other"), &err), RC_DATA);
	assert_non_null(strstr(err.what, "sites"));
	assert_int_equal(rc_lookup_add(t, RC_SLICE(""), RC_SLICE("empty"), &err), RC_OK);
	assert_true(rc_lookup_get(t, RC_SLICE(""), &s));
	assert_ptr_equal(rc_lookups_find(a, RC_SLICE("sites")), t);
	assert_null(rc_lookups_find(a, RC_SLICE("site")));
	assert_null(rc_lookups_find(NULL, RC_SLICE("site")));

	rc_lookups_table(b, "empty");
	u = rc_lookups_table(b, "sites");
	fill(u, 4999, -1, -1);
	rc_lookups_table(a, "empty");
	rc_lookups_hash(a, ha);
	rc_lookups_hash(b, hb);
	assert_memory_not_equal(ha, hb, 16);
	assert_int_equal(rc_lookup_add(u, RC_SLICE(""), RC_SLICE("empty"), &err), RC_OK);
	rc_lookups_hash(b, hb);
	assert_memory_equal(ha, hb, 16); /* the order of tables and pairs does not matter */
	assert_int_equal(rc_lookups_count(a), 2);
	assert_string_equal(rc_lookups_name(a, 1), "empty");
	rc_lookups_free(a);
	rc_lookups_free(b);
}

static void test_no_such_zone(void **state)
{
	static const char *const names[] = {"",       "Europe/Nowhere", "../../../etc/passwd", "/etc/localtime",
					    "Europe", "zone.tab"};
	struct rc_zone *z = NULL;
	struct rc_err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (rc_zone_open(names[i], &z, &err) != RC_CONFIG)
			fail_msg("%s", names[i]);
	assert_int_equal(rc_zone_open(NULL, &z, &err), RC_OK);
	assert_int_equal(rc_zone_offset(z, 0), 0);
	rc_zone_free(z);
	assert_int_equal(rc_zone_offset(NULL, 0), 0);
	rc_zone_free(NULL);
}

static void write_zone(const char *dir, const unsigned char *p, size_t n)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/X", dir);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

/* A zone cut short anywhere is refused; the whole one follows its rule. */
static void test_damaged_zone(void **state)
{
	unsigned char file[256] = "TZif2";
	char dir[] = "/tmp/rollcall-zone-XXXXXX", path[64];
	const char *rule = "\n<+03>-3<+04>,J60/2:30,M12.1.0/-1\n";
	size_t n = 44 + 6 + 4;
	struct rc_zone *z = NULL;
	struct rc_err err = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("TZDIR", dir, 1);
	file[39] = 1; /* one type, four characters of names, no transition */
	file[43] = 4;
	memcpy(file + n, file, n);
	file[n + 44 + 2] = 0x2a; /* +3 h = 10800 = 0x2a30 */
	file[n + 44 + 3] = 0x30;
	n += n;
	memcpy(file + n, rule, strlen(rule));
	n += strlen(rule);
	for (size_t cut = 0; cut < n; cut++) {
		write_zone(dir, file, cut);
		if (rc_zone_open("X", &z, &err) != RC_CONFIG)
			fail_msg("cut at %zu", cut);
	}
	write_zone(dir, file, n);
	assert_int_equal(rc_zone_open("X", &z, &err), RC_OK);
	assert_int_equal(rc_zone_offset(z, 1767225600), 10800); /* 2026-01-01 */
	assert_int_equal(rc_zone_offset(z, 1772321399), 10800); /* 2026-03-01 02:29:59 local */
	assert_int_equal(rc_zone_offset(z, 1772321400), 14400);
	assert_int_equal(rc_zone_offset(z, 1796497199), 14400); /* 2026-12-05 22:59:59 local */
	assert_int_equal(rc_zone_offset(z, 1796497200), 10800);
	rc_zone_free(z);
	unsetenv("TZDIR");
	snprintf(path, sizeof(path), "%s/X", dir);
	unlink(path);
	rmdir(dir);
}

static void test_date_edges(void **state)
{
	struct rc_date d;
	struct rc_err err = {0};
	char iso[16];

	(void)state;
	assert_int_equal(rc_date_read(RC_SLICE("5000-01-01"), NULL, NULL, &d, &err), RC_OK);
	assert_int_equal(rc_date_due_ns(&d, NULL), INT64_MAX);
	assert_int_equal(rc_date_read(RC_SLICE("0001-01-01"), NULL, NULL, &d, &err), RC_OK);
	assert_int_equal(rc_date_start_ns(&d, NULL), INT64_MIN);
	rc_date_iso(&d, iso);
	assert_string_equal(iso, "0001-01-01");
	assert_int_equal(rc_date_read(RC_SLICE("999999999999999999"), NULL, NULL, &d, &err), RC_OK);
	assert_int_equal(d.kind, RC_DATE_OPEN);
	assert_int_equal(rc_date_read(RC_SLICE("9999999999999999999"), NULL, NULL, &d, &err), RC_DATA);
	assert_int_equal(rc_date_read(RC_SLICE("10000000000000000"), NULL, NULL, &d, &err), RC_OK);
	rc_date_iso(&d, iso);
	assert_string_equal(iso, "1632-09-09");
	assert_int_equal(rc_date_read(RC_SLICE("2026-06-30\x1b[2J"), NULL, NULL, &d, &err), RC_DATA);
	assert_null(strchr(err.what, 0x1b));
	assert_int_equal(rc_date_read(RC_SLICE(""), NULL, NULL, &d, &err), RC_OK);
	assert_int_equal(rc_date_start_ns(&d, NULL), INT64_MIN);
	assert_int_equal(rc_date_read(RC_SLICE("2026-06-30"), NULL, NULL, &d, &err), RC_OK);
	assert_int_equal(rc_date_start_ns(&d, NULL), 1782777600000000000);
	assert_int_equal(rc_date_format_check("%Q", &err), RC_CONFIG);
	assert_int_equal(rc_date_format_check("%d.%m", &err), RC_CONFIG);
	assert_int_equal(rc_date_format_check("%Y%", &err), RC_CONFIG);
	assert_int_equal(rc_date_format_check("%F", &err), RC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_no_such_zone),
		cmocka_unit_test(test_damaged_zone),
		cmocka_unit_test(test_date_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
