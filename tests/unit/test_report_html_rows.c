/* The rows of report.html as they are kept and written: one behind the other over many chunks, without those that were
 * pushed out; and a file that cannot be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "engine/base/alloc.h"
#include "engine/report/html_int.h"
#include "tests/unit/helper_report.h"

/* The written object, parsed. */
static cJSON *put(const struct rc_html_rows *r, uint64_t total)
{
	struct rc_err err = {0};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	cJSON *doc;

	assert_non_null(f);
	assert_int_equal(rc_html_rows_put(r, total, f, &err), RC_OK);
	assert_int_equal(fclose(f), 0);
	assert_null(strpbrk(text, "<>&"));
	doc = cJSON_ParseWithLength(text, n);
	assert_non_null(doc);
	assert_int_equal((uint64_t)cJSON_GetObjectItem(doc, "total")->valuedouble, total);
	free(text);
	return doc;
}

static void add(struct rc_html_rows *r, size_t i, struct rc_slice name, bool troubled)
{
	char key[24];
	struct rc_outcome o;

	snprintf(key, sizeof(key), "K%zu", i);
	o = outcome_of(key, "");
	o.name = name;
	rc_html_rows_add(r, &o, troubled);
}

/* That row `at` is person i, named n times the letter. */
static void is_row(const cJSON *row, size_t i, char letter, size_t n)
{
	const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(row, 2));
	char key[24];

	snprintf(key, sizeof(key), "K%zu", i);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(row, 1)), key);
	assert_int_equal(strlen(name), n);
	for (size_t k = 0; k < n; k++)
		if (name[k] != letter)
			fail_msg("%s: %c at %zu", key, name[k], k);
}

static void test_no_rows(void **state)
{
	struct rc_html_rows r = {0};
	cJSON *doc = put(&r, 0);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "rows")), 0);
	cJSON_Delete(doc);
	rc_html_rows_done(&r);
}

/* Chunks that end in any way: rows that fit to the byte, are larger than one, or have to be escaped. */
static void test_rows_of_any_size(void **state)
{
	static const size_t sizes[] = {0, 1, 300, 9000, 65000, 130000, 131072, 140000, 700000, 5};
	enum { N_SIZES = sizeof(sizes) / sizeof(*sizes), ROUNDS = 7 };
	char *names[2] = {rc_xmalloc(700000), rc_xmalloc(700000)};
	struct rc_html_rows r = {0};
	const cJSON *row;
	size_t i = 0;
	cJSON *doc;

	(void)state;
	memset(names[0], 'n', 700000);
	memset(names[1], '<', 700000);
	for (; i < N_SIZES * ROUNDS; i++)
		add(&r, i, (struct rc_slice){names[i / 3 % 2], sizes[i * 7 % N_SIZES]}, i % 5 == 0);
	doc = put(&r, i);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "rows")), i);
	i = 0;
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(doc, "rows"))
	{
		is_row(row, i, i / 3 % 2 ? '<' : 'n', sizes[i * 7 % N_SIZES]);
		i++;
	}
	cJSON_Delete(doc);
	rc_html_rows_done(&r);
	free(names[0]);
	free(names[1]);
}

/* The first of all and every second one are no trouble and go; then nothing is left that may. */
static void test_pushed_out_rows_are_left_out(void **state)
{
	struct rc_html_rows r = {0};
	const cJSON *row;
	size_t i, n = 0;
	cJSON *doc;

	(void)state;
	for (i = 0; i < RC_HTML_ROWS; i++)
		add(&r, i, RC_SLICE("n"), i % 2);
	for (; i < RC_HTML_ROWS * 3 / 2; i++)
		add(&r, i, RC_SLICE("n"), true);
	add(&r, i, RC_SLICE("too late"), true);
	add(&r, i, RC_SLICE("too late"), false);
	doc = put(&r, i + 2);
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(doc, "rows"))
	{
		is_row(row, n < RC_HTML_ROWS / 2 ? 2 * n + 1 : n + RC_HTML_ROWS / 2, 'n', 1);
		n++;
	}
	assert_int_equal(n, RC_HTML_ROWS);
	cJSON_Delete(doc);
	rc_html_rows_done(&r);
}

/* At the head, which only an unbuffered file tells at once, and in the midst of the rows. */
static void test_a_full_disk_is_told(void **state)
{
	struct rc_html_rows r = {0};

	(void)state;
	for (size_t i = 0; i < 5000; i++)
		add(&r, i, RC_SLICE("n"), false);
	for (int unbuffered = 0; unbuffered < 2; unbuffered++) {
		FILE *f = fopen("/dev/full", "w");
		struct rc_err err = {0};

		assert_non_null(f);
		if (unbuffered)
			setvbuf(f, NULL, _IONBF, 0);
		assert_int_equal(rc_html_rows_put(&r, 5000, f, &err), RC_CANTCREAT);
		assert_non_null(strstr(err.what, "No space left"));
		fclose(f);
	}
	rc_html_rows_done(&r);
}

/* Not even half a page stays. */
static void test_a_run_whose_page_does_not_fit(void **state)
{
	struct rc_report_opts opts = {.html = true};
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("r", targets);
	struct rlimit before, small;
	struct rc_err err = {0};
	struct rc_report *r;
	struct report_dir d;

	(void)state;
	report_dir_init(&d);
	assert_int_equal(rc_report_open(d.reports, "r", &opts, &r, &err), RC_OK);
	for (int i = 0; i < 2000; i++) {
		struct rc_outcome o = outcome_of("k", "n");

		assert_int_equal(rc_report_row(r, &o, &err), RC_OK);
	}
	assert_int_equal(rc_report_tick(r, 1, &err), RC_OK);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 100000;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(rc_report_finish(r, &s, RC_SLICE("{}"), &err), RC_CANTCREAT);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_null(report_read(&d, "r", "report.html"));
	assert_null(report_read(&d, "r", ".report.html.new"));
	rc_report_free(r);
	report_dir_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_rows_of_any_size),
		cmocka_unit_test(test_pushed_out_rows_are_left_out),
		cmocka_unit_test(test_a_full_disk_is_told),
		cmocka_unit_test(test_a_run_whose_page_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
