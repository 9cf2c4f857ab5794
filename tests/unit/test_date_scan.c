/* What is read as a date, form by form, and what is refused: a wrong day ends or begins somebody's access. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "engine/map/date_scan.h"

struct reading {
	const char *fmt, *text, *want; /* want NULL: no date */
};

static void say(const struct rc_date_parts *p, char *out, size_t cap)
{
	size_t n = (size_t)snprintf(out, cap, "%d-%u-%u %d:%d:%d", p->year, p->month, p->day, p->hour, p->minute,
				    p->second);

	if (p->has_offset)
		n += (size_t)snprintf(out + n, cap - n, " %+d", (int)p->offset_s);
	if (p->generalized)
		snprintf(out + n, cap - n, " moment");
}

static void read_all(const struct reading *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rc_slice text = rc_slice_str(v[i].text);
		struct rc_date_parts p;
		char got[80];
		bool is = v[i].fmt ? rc_date_scan_format(text, v[i].fmt, &p) : rc_date_scan_iso(text, &p);

		say(&p, got, sizeof(got));
		if (is != (v[i].want != NULL) || (is && strcmp(got, v[i].want) != 0))
			fail_msg("\"%s\" (%s): %s, not %s", v[i].text, v[i].fmt ? v[i].fmt : "no format",
				 is ? got : "no date", v[i].want ? v[i].want : "no date");
	}
}

static void test_days(void **state)
{
	static const struct reading v[] = {
		{NULL, "2024-06-30", "2024-6-30 0:0:0"},
		{NULL, "20240630", "2024-6-30 0:0:0"},
		{NULL, "2024-02-29", "2024-2-29 0:0:0"},
		{NULL, "2000-02-29", "2000-2-29 0:0:0"},
		{NULL, "0001-01-01", "1-1-1 0:0:0"},
		{NULL, "9999-12-31", "9999-12-31 0:0:0"},
		{NULL, "", NULL},
		{NULL, "202", NULL},
		{NULL, "2024", NULL},
		{NULL, "0000-01-01", NULL},
		{NULL, "2024-00-10", NULL},
		{NULL, "2024-13-10", NULL},
		{NULL, "2024-01-00", NULL},
		{NULL, "2024-01-32", NULL},
		{NULL, "2024-04-31", NULL},
		{NULL, "2023-02-29", NULL},
		{NULL, "1900-02-29", NULL},
		{NULL, "2024-6-30", NULL},
		{NULL, "2024-06-3", NULL},
		{NULL, "2024-0630", NULL},
		{NULL, "202406-30", NULL},
		{NULL, "2024063", NULL},
		{NULL, "20240", NULL},
		{NULL, "2024-06-30x", NULL},
		{NULL, " 2024-06-30", NULL},
		{NULL, "24-06-30", NULL},
	};

	(void)state;
	read_all(v, sizeof(v) / sizeof(*v));
}

static void test_times(void **state)
{
	static const struct reading v[] = {
		{NULL, "2024-06-30T10:15", "2024-6-30 10:15:0"},
		{NULL, "2024-06-30t10:15", "2024-6-30 10:15:0"},
		{NULL, "2024-06-30 10:15:59", "2024-6-30 10:15:59"},
		{NULL, "2024-06-30T10:15:59.123", "2024-6-30 10:15:59"},
		{NULL, "2024-06-30T10:15:59,5Z", "2024-6-30 10:15:59 +0"},
		{NULL, "2024-06-30T10:15z", "2024-6-30 10:15:0 +0"},
		{NULL, "2024-06-30T10:15+02", "2024-6-30 10:15:0 +7200"},
		{NULL, "2024-06-30T10:15+0530", "2024-6-30 10:15:0 +19800"},
		{NULL, "2024-06-30T10:15-03:30", "2024-6-30 10:15:0 -12600"},
		{NULL, "2024-06-30T10:15+14:00", "2024-6-30 10:15:0 +50400"},
		{NULL, "2024-06-30T23:59:60", "2024-6-30 23:59:59"},
		{NULL, "2024-06-30T24:00", "2024-6-30 24:0:0"},
		{NULL, "2024-06-30T24:01", NULL},
		{NULL, "2024-06-30T24:00:01", NULL},
		{NULL, "2024-06-30T25:00", NULL},
		{NULL, "2024-06-30T10:60", NULL},
		{NULL, "2024-06-30T10:15:61", NULL},
		{NULL, "2024-06-30T", NULL},
		{NULL, "2024-06-30 ", NULL},
		{NULL, "2024-06-30T1:15", NULL},
		{NULL, "2024-06-30T1015", NULL},
		{NULL, "2024-06-30T10:5", NULL},
		{NULL, "2024-06-30T10:15:5", NULL},
		{NULL, "2024-06-30T10:15:59.", NULL},
		{NULL, "2024-06-30T10:15:59.Z", NULL},
		{NULL, "2024-06-30T10:15 UTC", NULL},
		{NULL, "2024-06-30T10:15+2", NULL},
		{NULL, "2024-06-30T10:15+02:", NULL},
		{NULL, "2024-06-30T10:15+020", NULL},
		{NULL, "2024-06-30T10:15+02:60", NULL},
		{NULL, "2024-06-30T10:15+15:00", NULL},
		{NULL, "2024-06-30T10:15Zx", NULL},
	};

	(void)state;
	read_all(v, sizeof(v) / sizeof(*v));
}

/* generalizedTime names a moment: without an offset it is none. */
static void test_generalized(void **state)
{
	static const struct reading v[] = {
		{NULL, "20240630101559Z", "2024-6-30 10:15:59 +0 moment"},
		{NULL, "202406301015Z", "2024-6-30 10:15:0 +0 moment"},
		{NULL, "20240630101559.0Z", "2024-6-30 10:15:59 +0 moment"},
		{NULL, "20240630101559,25+0200", "2024-6-30 10:15:59 +7200 moment"},
		{NULL, "202406301015-05", "2024-6-30 10:15:0 -18000 moment"},
		{NULL, "20240630101559", NULL},
		{NULL, "20240630101559.", NULL},
		{NULL, "20240630101559.Z", NULL},
		{NULL, "2024063010155Z", NULL},
		{NULL, "2024063010Z", NULL},
		{NULL, "202406301Z", NULL},
		{NULL, "20240630T101559Z", NULL},
		{NULL, "20240631101559Z", NULL},
	};

	(void)state;
	read_all(v, sizeof(v) / sizeof(*v));
}

static void test_formats(void **state)
{
	static const struct reading v[] = {
		{"%d.%m.%Y", "3.2.2024", "2024-2-3 0:0:0"},
		{"%d.%m.%y", "03.02.68", "2068-2-3 0:0:0"},
		{"%d.%m.%y", "03.02.69", "1969-2-3 0:0:0"},
		{"%e.%m.%Y", " 3.02.2024", "2024-2-3 0:0:0"},
		{"%D", "02/03/24", "2024-2-3 0:0:0"},
		{"%F %T", "2024-02-03 04:05:06", "2024-2-3 4:5:6"},
		{"%FT%R%z", "2024-02-03T04:05-0100", "2024-2-3 4:5:0 -3600"},
		{"%d %B %Y", "3 february 2024", "2024-2-3 0:0:0"},
		{"%d-%b-%Y", "31-MAY-2024", "2024-5-31 0:0:0"},
		{"%h %d %Y", "Sept 3 2024", NULL},
		{"%h %d %Y", "Sep 3 2024", "2024-9-3 0:0:0"},
		{"%B %d,%Y", "December 31,2024", "2024-12-31 0:0:0"},
		{"%Y%j", "2024366", "2024-12-31 0:0:0"},
		{"%Y%j", "2024060", "2024-2-29 0:0:0"},
		{"%Y%j", "2023366", NULL},
		{"%Y%j", "2024367", NULL},
		{"%Y%j", "2024000", NULL},
		{"%Y%j", "2024", NULL},
		{"%F %I:%M %p", "2024-02-03 12:05 AM", "2024-2-3 0:5:0"},
		{"%F %I:%M %p", "2024-02-03 12:05 pm", "2024-2-3 12:5:0"},
		{"%F %I:%M %p", "2024-02-03 1:05 PM", "2024-2-3 13:5:0"},
		{"%F %I:%M", "2024-02-03 1:05", "2024-2-3 1:5:0"},
		{"%F %I:%M %p", "2024-02-03 1:05 XM", NULL},
		{"%F %I:%M %p", "2024-02-03 1:05 P", NULL},
		{"%F %I", "2024-02-03 13", NULL},
		{"%F %I", "2024-02-03 0", NULL},
		{"%F %I", "2024-02-03 x", NULL},
		{"%F %H:%M:%S", "2024-02-03 4:5:60", "2024-2-3 4:5:59"},
		{"%F%%", "2024-02-03%", "2024-2-3 0:0:0"},
		{"%F%%", "2024-02-03", NULL},
		{"%F %Q", "2024-02-03 %Q", NULL},
		{"%d\t%m %Y", "3 \r\n 2\v2024", "2024-2-3 0:0:0"},
		{"%F", "2024-02-03 ", NULL},
		{"%F", "2024-02-30", NULL},
		{"%d %B %Y", "3 Brumaire 2024", NULL},
		{"%d %B %Y", "3 Feb", NULL},
		{"%d.%m.%Y", "3.2.24", NULL},
		{"%d.%m.%y", "3.2.4", NULL},
		{"%d.%m.%Y", "3/2/2024", NULL},
		{"%d.%m.%Y", "x.2.2024", NULL},
		{"%F %z", "2024-02-03 CET", NULL},
	};

	(void)state;
	read_all(v, sizeof(v) / sizeof(*v));
}

/* A format that cannot give a whole date is a fault of the config, told before any row is read. */
static void test_format_faults(void **state)
{
	static const char *const good[] = {"%Y-%m-%d", "%F", "%D", "%Y%j", "%y %b %e", "%d %h %Y at 100%%", "%B %d %Y"};
	static const char *const halves[] = {"",   "%Y",    "%Y-%m", "%m-%d",   "%d %B",
					     "%T", "%Y %d", "%j",    "no date", "%%Y%%m%%d"};
	static const char *const unknown[] = {"%Y-%m-%d %Q", "%F%", "%A %F", "%s"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (rc_date_format_fault(good[i]))
			fail_msg("\"%s\": %s", good[i], rc_date_format_fault(good[i]));
	for (size_t i = 0; i < sizeof(halves) / sizeof(*halves); i++)
		if (!rc_date_format_fault(halves[i]) || !strstr(rc_date_format_fault(halves[i]), "no whole date"))
			fail_msg("\"%s\" is taken for a whole date", halves[i]);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		if (!rc_date_format_fault(unknown[i]) || !strstr(rc_date_format_fault(unknown[i]), "none of %Y"))
			fail_msg("\"%s\" is taken", unknown[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),          cmocka_unit_test(test_times),
		cmocka_unit_test(test_generalized),   cmocka_unit_test(test_formats),
		cmocka_unit_test(test_format_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
