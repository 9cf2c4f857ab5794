/* Run ids, which runs there are, and which ones prune takes away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/unit/helper_report.h"

static struct report_dir dir;

static int setup(void **state)
{
	(void)state;
	report_dir_init(&dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_dir_done(&dir);
	return 0;
}

static void run_at(const char *run_id, int64_t started_at)
{
	struct rc_report_opts opts = {0};
	struct rc_report *r;
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of(run_id, targets);
	struct rc_err err = {0};

	s.started_at = started_at;
	assert_int_equal(rc_report_open(dir.reports, run_id, &opts, &r, &err), RC_OK);
	if (started_at)
		assert_int_equal(rc_report_finish(r, &s, RC_SLICE("{}"), &err), RC_OK);
	rc_report_free(r);
}

static void make(const char *below)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir.reports, below);
	assert_int_equal(mkdir(path, 0700), 0);
}

static bool is_there(const char *below)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir.reports, below);
	return lstat(path, &st) == 0;
}

static int64_t fixed(void *ctx)
{
	(void)ctx;
	return 1764000000999999999;
}

static void test_ids(void **state)
{
	struct rc_clock clock = rc_clock_system;
	char seen[200][RC_RUN_ID_MAX + 1];

	(void)state;
	clock.wall_ns = fixed;
	for (int i = 0; i < 200; i++) {
		rc_run_id_new(&clock, seen[i]);
		assert_true(rc_run_id_valid(seen[i]));
		assert_memory_equal(seen[i], "20251124T160000Z-", 17);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
	assert_true(rc_run_id_valid("a.b_c-D9"));
	assert_true(rc_run_id_valid("1234567890123456789012345678901234567890123456789012345678901234"));
	assert_false(rc_run_id_valid("."));
	assert_false(rc_run_id_valid(".."));
}

static void test_times(void **state)
{
	int64_t ns;
	char iso[32];

	(void)state;
	assert_true(rc_run_time_parse("2025-11-24T16:00:00Z", &ns));
	assert_int_equal(ns, 1764000000000000000);
	assert_true(rc_run_time_parse("2025-11-24T16:00:00.057Z", &ns));
	assert_int_equal(ns, 1764000000057000000);
	rc_time_iso_ms(ns, iso);
	assert_string_equal(iso, "2025-11-24T16:00:00.057Z");
	assert_false(rc_run_time_parse("2025-11-24", &ns));
	assert_false(rc_run_time_parse("2025-11-24T16:00:00", &ns));
	assert_false(rc_run_time_parse("", &ns));
}

static void test_list_is_by_start(void **state)
{
	struct rc_arena mem = {0};
	struct rc_run_entry *runs;
	struct rc_err err = {0};
	size_t n;

	(void)state;
	assert_int_equal(rc_run_list(dir.reports, &mem, &runs, &n, &err), RC_OK);
	assert_int_equal(n, 0);
	run_at("zebra", 1000000000);
	run_at("apple", 3000000000);
	run_at("killed", 0);
	run_at("middle", 2000000000);
	make("no-run");
	make(".hidden");
	assert_int_equal(rc_run_list(dir.reports, &mem, &runs, &n, &err), RC_OK);
	assert_int_equal(n, 4);
	assert_string_equal(runs[0].run_id, "zebra");
	assert_string_equal(runs[1].run_id, "middle");
	assert_string_equal(runs[2].run_id, "apple");
	assert_string_equal(runs[3].run_id, "killed"); /* by the directory's own time */
	assert_true(runs[0].finished);
	assert_false(runs[3].finished);
	rc_arena_done(&mem);
}

/* A report is somebody's as long as it is open, and nobody's when its run has ended without finishing it. */
static void test_abandoned(void **state)
{
	struct rc_report_opts opts = {.began = RC_SLICE("{\"command\":\"plan\"}")};
	struct rc_report *r = NULL, *again = NULL;
	struct rc_arena mem = {0};
	struct rc_run_entry *runs;
	struct rc_summary s = {.run_id = "held"};
	struct rc_err err = {0};
	size_t n;

	(void)state;
	assert_int_equal(rc_run_abandoned(dir.reports, &mem, &runs, &n, &err), RC_OK);
	assert_int_equal(n, 0);
	run_at("done", 1000000000);
	make("no-run");
	assert_int_equal(rc_report_open(dir.reports, "held", &opts, &r, &err), RC_OK);
	assert_int_equal(rc_run_abandoned(dir.reports, &mem, &runs, &n, &err), RC_OK);
	assert_int_equal(n, 0);
	rc_report_free(r);
	assert_true(is_there("held/.began"));
	assert_int_equal(rc_run_abandoned(dir.reports, &mem, &runs, &n, &err), RC_OK);
	assert_int_equal(n, 1);
	assert_string_equal(runs[0].run_id, "held");
	opts.began.n = 0;
	assert_int_equal(rc_report_resume(dir.reports, "held", &opts, &again, &err), RC_OK);
	assert_true(rc_slice_eqs(rc_report_began(again, &mem), "{\"command\":\"plan\"}"));
	assert_int_equal(rc_report_finish(again, &s, RC_SLICE("{}"), &err), RC_OK);
	rc_report_free(again);
	assert_false(is_there("held/.began"));
	assert_int_equal(rc_run_abandoned(dir.reports, &mem, &runs, &n, &err), RC_OK);
	assert_int_equal(n, 0);
	rc_arena_done(&mem);
}

static void count(void *ctx, const char *run_id)
{
	(void)run_id;
	++*(int *)ctx;
}

static void test_prune(void **state)
{
	struct rc_err err = {0};
	size_t n;
	int told = 0;

	(void)state;
	assert_int_equal(rc_run_prune(dir.reports, 9, NULL, false, NULL, NULL, &n, &err), RC_OK);
	run_at("old", 1000000000);
	run_at("kept", 1500000000);
	run_at("odd", 1600000000);
	make("odd/mine");
	run_at("new", 3000000000);
	make("no-run");
	assert_int_equal(rc_run_prune(dir.reports, 2000000000, "kept", true, count, &told, &n, &err), RC_OK);
	assert_int_equal(n, 2);
	assert_int_equal(told, 2);
	assert_true(is_there("old"));
	assert_int_equal(rc_run_prune(dir.reports, 2000000000, "kept", false, count, &told, &n, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "odd"));
	assert_int_equal(n, 1);
	assert_false(is_there("old"));
	assert_true(is_there("kept/summary.json"));
	assert_true(is_there("odd/summary.json"));
	assert_true(is_there("odd/mine"));
	assert_true(is_there("new"));
	assert_true(is_there("no-run"));
}

/* The name of a run that named itself is believed, any other is not. */
static void test_prune_by_name(void **state)
{
	struct rc_err err = {0};
	size_t n;

	(void)state;
	run_at("20260102T030405Z-abcdefgh", 1000000000);
	run_at("19600102T030405Z-abcdefgh", 1000000000);
	run_at("20260102T030405Z-abcdefghi", 1000000000);
	run_at("20261302T030405Z-abcdefgh", 1000000000);
	run_at("19600102T030405Z-kept1234", 3000000000);
	assert_int_equal(rc_run_prune(dir.reports, 2000000000, NULL, false, NULL, NULL, &n, &err), RC_OK);
	assert_int_equal(n, 3);
	assert_true(is_there("20260102T030405Z-abcdefgh"));
	assert_true(is_there("19600102T030405Z-kept1234"));
}

static void test_prune_leaves_what_links_point_to(void **state)
{
	struct rc_err err = {0};
	char link[256], out[256];
	size_t n;
	FILE *f;

	(void)state;
	run_at("old", 1000000000);
	snprintf(out, sizeof(out), "%s/outside", dir.root);
	f = fopen(out, "w");
	fclose(f);
	snprintf(link, sizeof(link), "%s/old/link", dir.reports);
	assert_int_equal(symlink(out, link), 0);
	assert_int_equal(rc_run_prune(dir.reports, 2000000000, NULL, false, NULL, NULL, &n, &err), RC_OK);
	assert_int_equal(n, 1);
	assert_false(is_there("old"));
	assert_int_equal(access(out, F_OK), 0);
}

static void test_reports_dir_faults(void **state)
{
	struct rc_err err = {0};
	char file[256];
	int fd;
	FILE *f;

	(void)state;
	snprintf(file, sizeof(file), "%s/file", dir.root);
	f = fopen(file, "w");
	fclose(f);
	assert_int_equal(rc_run_dir_create(file, "r", true, &fd, &err), RC_CANTCREAT);
	snprintf(file, sizeof(file), "%s/file/below", dir.root);
	assert_int_equal(rc_run_dir_create(file, "r", true, &fd, &err), RC_CANTCREAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_times),
		cmocka_unit_test_setup_teardown(test_list_is_by_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_abandoned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prune, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prune_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prune_leaves_what_links_point_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reports_dir_faults, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
