/* Rows that two threads write: the same files as one makes of them, and errors that are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/report/report_int.h"
#include "tests/unit/helper_report.h"

enum { ROWS = 5003, FEW = 100 };

/* In a directory of its own. */
static struct rc_report *open_in(struct report_dir *d)
{
	struct rc_report_opts opts = {.html = true};
	struct rc_report *r = NULL;
	struct rc_err err = {0};

	report_dir_init(d);
	if (rc_report_open(d->reports, "r", &opts, &r, &err))
		fail_msg("open: %s", err.what);
	return r;
}

/* Texts that live on, fields that do not. */
static void put_rows(struct rc_report *r, size_t n)
{
	static char keys[ROWS][24];
	struct rc_field_change fields[3];
	struct rc_err err = {0};

	for (size_t i = 0; i < n; i++) {
		struct rc_outcome o;

		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		o = outcome_of(keys[i], i % 3 ? "plain" : "with, \"quotes\"");
		for (size_t f = 0; f < 3; f++)
			fields[f] = (struct rc_field_change){
				.field = keys[i], .before = rc_slice_str(keys[i / 2]), .after = RC_SLICE("</script>")};
		o.fields = fields;
		o.n_fields = i % 4;
		if (i % 7 == 0)
			o.status = RC_ST_FAILED;
		if (rc_report_row(r, &o, &err))
			fail_msg("row: %s", err.what);
		memset(fields, 0x5a, sizeof(fields));
	}
}

static void finish(struct rc_report *r)
{
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("r", targets);
	struct rc_err err = {0};

	if (rc_report_finish(r, &s, RC_SLICE("{}\n"), &err))
		fail_msg("finish: %s", err.what);
	rc_report_free(r);
}

static void same_file(const struct report_dir *a, const struct report_dir *b, const char *name)
{
	char *x = report_read(a, "r", name), *y = report_read(b, "r", name);

	assert_non_null(x);
	assert_non_null(y);
	assert_true(strlen(x) > 1000);
	assert_string_equal(x, y);
	free(x);
	free(y);
}

static void two_make_what_one_makes(void **state)
{
	struct report_dir one, two;
	struct rc_err err = {0};
	struct rc_report *r;

	(void)state;
	r = open_in(&one);
	put_rows(r, ROWS);
	put_rows(r, FEW);
	finish(r);
	r = open_in(&two);
	rc_report_apart_begin(r, ROWS);
	assert_non_null(r->apart);
	put_rows(r, ROWS);
	assert_int_equal(rc_report_apart_end(r, &err), RC_OK);
	assert_null(r->apart);
	put_rows(r, FEW);
	finish(r);
	same_file(&one, &two, "users.jsonl");
	same_file(&one, &two, "users.csv");
	same_file(&one, &two, "report.html");
	report_dir_done(&one);
	report_dir_done(&two);
}

static void for_few_there_is_no_thread(void **state)
{
	struct rc_err err = {0};
	struct report_dir d;
	struct rc_report *r;

	(void)state;
	r = open_in(&d);
	rc_report_apart_begin(r, FEW);
	assert_null(r->apart);
	put_rows(r, FEW);
	assert_int_equal(rc_report_apart_end(r, &err), RC_OK);
	rc_report_apart_begin(r, ROWS); /* one that has nothing to do, and one whose end is the report's */
	assert_int_equal(rc_report_apart_end(r, &err), RC_OK);
	rc_report_apart_begin(r, ROWS);
	put_rows(r, FEW);
	rc_report_free(r);
	report_dir_done(&d);
}

static void a_full_disk_is_told(void **state)
{
	struct rc_outcome o = outcome_of("k", "n");
	struct rc_err err = {0};
	struct report_dir d;
	struct rc_report *r;

	(void)state;
	r = open_in(&d);
	close(r->csv.fd);
	r->csv.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(r->csv.fd >= 0);
	rc_report_apart_begin(r, ROWS);
	put_rows(r, ROWS);
	assert_int_equal(rc_report_apart_end(r, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "users.csv"));
	assert_int_equal(rc_report_row(r, &o, &err), RC_CANTCREAT);
	rc_report_free(r);
	report_dir_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_make_what_one_makes),
		cmocka_unit_test(for_few_there_is_no_thread),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
