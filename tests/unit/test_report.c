/* The report of a run: rows in both forms, what crashes and resumes leave, rendering, permissions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
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

static struct rc_report *open_report(const char *run_id, const struct rc_report_opts *opts)
{
	struct rc_report *r = NULL;
	struct rc_err err = {0};

	if (rc_report_open(dir.reports, run_id, opts, &r, &err))
		fail_msg("open: %s", err.what);
	return r;
}

static void put(struct rc_report *r, const struct rc_outcome *o)
{
	struct rc_err err = {0};

	if (rc_report_row(r, o, &err))
		fail_msg("row: %s", err.what);
}

static void finish(struct rc_report *r, const char *run_id)
{
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of(run_id, targets);
	struct rc_err err = {0};

	if (rc_report_finish(r, &s, RC_SLICE("{}\n"), &err))
		fail_msg("finish: %s", err.what);
	rc_report_free(r);
}

static unsigned mode_of(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir.reports, name);
	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 0777;
}

static void test_row_in_both_forms(void **state)
{
	const struct rc_field_change fields[] = {
		{"description", RC_SLICE("old"), RC_SLICE("n\"ew"), false},
		{"group", {NULL, 0}, RC_SLICE(""), false},
		{"password", RC_SLICE("hunter2"), RC_SLICE("hunter3"), true},
	};
	const char *const columns[] = {"dept", "name"};
	const struct rc_slice values[] = {RC_SLICE("IT"), RC_SLICE("=Ann")};
	struct rc_report_opts opts = {.columns = columns, .n_columns = 2};
	struct rc_report *r = open_report("one", &opts);
	struct rc_outcome o = outcome_of("7", "ann");
	char *csv, *jsonl;

	(void)state;
	o.action = RC_ACT_UPDATE;
	o.status = RC_ST_FAILED;
	o.fields = fields;
	o.n_fields = 3;
	o.error_code = "VPN.0001";
	o.error_message = "no, \"never\"";
	o.request_id = "req-1";
	o.remote_id = RC_SLICE("id-9");
	o.done_at = 0;
	o.server = "a";
	o.source_file = RC_SLICE("hr.csv");
	o.source_line = 17;
	o.reason = "wanted";
	o.linked_name = RC_SLICE("anne");
	o.due_at = 1764000000000000000;
	o.queue_position = 3;
	o.columns = values;
	put(r, &o);
	finish(r, "one");
	csv = report_read(&dir, "one", "users.csv");
	jsonl = report_read(&dir, "one", "users.jsonl");
	assert_string_equal(csv,
			    "run_id,target,key,name,action,status,changed_fields,attempts,error_code,error_message,"
			    "request_id,remote_id,planned_at,done_at,server,source,reason,linked_name,due_at,"
			    "queue_position,dept,source.name\n"
			    "one,vpn-eu,7,ann,update,failed,description group password,1,VPN.0001,"
			    "\"no, \"\"never\"\"\",req-1,id-9,2025-11-24T16:00:00.123Z,,a,hr.csv:17,wanted,anne,"
			    "2025-11-24T16:00:00.000Z,3,IT,\"'=Ann\"\n");
	assert_null(strstr(jsonl, "hunter"));
	assert_non_null(strstr(jsonl, "{\"field\":\"description\",\"before\":\"old\",\"after\":\"n\\\"ew\"}"));
	assert_non_null(strstr(jsonl, "{\"field\":\"group\",\"before\":null,\"after\":\"\"}"));
	assert_non_null(strstr(jsonl, "{\"field\":\"password\",\"before\":null,\"after\":null,\"secret\":true}"));
	assert_non_null(strstr(jsonl, "\"source_file\":\"hr.csv\",\"source_line\":17"));
	assert_non_null(strstr(jsonl, "\"columns\":{\"dept\":\"IT\",\"name\":\"=Ann\"}"));
	free(csv);
	free(jsonl);
}

static void test_modes_and_used_ids(void **state)
{
	struct rc_report_opts opts = {.html = true, .sync = true};
	struct rc_report *r = open_report("twice", &opts), *again = NULL;
	struct rc_err err = {0};
	static const char *const bad[] = {
		"", ".x", "a/b", "a b", "ü", "12345678901234567890123456789012345678901234567890123456789012345"};

	(void)state;
	finish(r, "twice");
	assert_int_equal(rc_report_open(dir.reports, "twice", &opts, &again, &err), RC_USAGE);
	assert_non_null(strstr(err.what, "was used before"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(rc_report_open(dir.reports, bad[i], &opts, &again, &err), RC_USAGE);
	assert_null(again);
	assert_int_equal(mode_of(""), 0700);
	assert_int_equal(mode_of("twice"), 0700);
	assert_int_equal(mode_of("twice/users.csv"), 0600);
	assert_int_equal(mode_of("twice/users.jsonl"), 0600);
	assert_int_equal(mode_of("twice/summary.json"), 0600);
	assert_int_equal(mode_of("twice/config.json"), 0600);
	assert_int_equal(mode_of("twice/report.html"), 0600);
}

static void test_quiet_rows_are_counted_only(void **state)
{
	struct rc_report_opts changed = {0}, all = {.all_users = true};
	struct rc_outcome o = outcome_of("1", "a");
	char *text;

	(void)state;
	o.action = RC_ACT_NONE;
	for (int i = 0; i < 2; i++) {
		struct rc_report *r = open_report(i ? "all" : "changed", i ? &all : &changed);

		put(r, &o);
		rc_report_count(r, "vpn-eu", RC_ACT_NONE, RC_ST_DONE, 41);
		assert_int_equal(rc_report_counted(r, "vpn-eu", RC_ACT_NONE, RC_ST_DONE), 42);
		assert_int_equal(rc_report_counted(r, "nobody", RC_ACT_NONE, RC_ST_DONE), 0);
		finish(r, i ? "all" : "changed");
		text = report_read(&dir, i ? "all" : "changed", "users.jsonl");
		assert_int_equal(report_lines(text), i);
		free(text);
		text = report_read(&dir, i ? "all" : "changed", "summary.json");
		assert_non_null(strstr(text, "\"none\":{\"done\":42}"));
		free(text);
	}
}

static void test_tick_writes_at_most_every_200_ms(void **state)
{
	struct rc_report_opts opts = {0};
	struct rc_report *r = open_report("ticks", &opts);
	struct rc_outcome o = outcome_of("1", "a");
	struct rc_err err = {0};
	const int64_t ms = 1000000, at[] = {1000, 1100, 1199, 1200, 1399, 1400};
	const size_t lines[] = {1, 1, 1, 4, 4, 6};
	char *text;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		put(r, &o);
		assert_int_equal(rc_report_tick(r, at[i] * ms, &err), RC_OK);
		text = report_read(&dir, "ticks", "users.jsonl");
		assert_int_equal(report_lines(text), lines[i]);
		free(text);
	}
	rc_report_free(r);
}

static void test_render_equals_what_was_written(void **state)
{
	const char *const columns[] = {"a,b"};
	const struct rc_slice value[] = {RC_SLICE("line\nbreak")};
	struct rc_report_opts opts = {.columns = columns, .n_columns = 1, .html = true};
	struct rc_report *r = open_report("past", &opts);
	struct rc_outcome o = outcome_of("Jos\xc3\xa9 <script>", "=cmd()");
	const struct rc_field_change fields[] = {{"name", RC_SLICE("a\xe2\x80\xa8 \"\\</b>"), RC_SLICE(""), false},
						 {"password", RC_SLICE("old"), RC_SLICE("new"), true},
						 {"description", {NULL, 0}, RC_SLICE("x"), false}};
	static const char *const files[] = {"users.csv", "users.jsonl", "summary.json", "report.html"};
	static const enum rc_report_format formats[] = {RC_REPORT_CSV, RC_REPORT_JSONL, RC_REPORT_JSON, RC_REPORT_HTML};

	(void)state;
	o.columns = value;
	put(r, &o);
	o.fields = fields;
	o.n_fields = 3;
	o.drift = true;
	o.server = "cn-1";
	o.source_file = RC_SLICE("hr/\xc3\xa9 & co.csv");
	o.source_line = 18446744073709551615u >> 11;
	o.linked_name = RC_SLICE("old'name");
	o.due_at = 1764999999987654321;
	for (int st = 0; st < RC_STATUS_COUNT; st++) {
		char key[8];

		snprintf(key, sizeof(key), "S%d", st);
		o.key = rc_slice_str(key);
		o.status = (enum rc_status)st;
		o.error_code = st % 2 ? "E-1" : NULL;
		o.error_message = st % 3 ? "it\tfailed" : NULL;
		o.reason = st % 4 ? NULL : "because";
		o.queue_position = (uint32_t)st * 1000000000u;
		put(r, &o);
	}
	o.key = RC_SLICE("\xff\x01");
	o.columns = NULL;
	put(r, &o);
	finish(r, "past");
	for (size_t i = 0; i < 4; i++) {
		char *file = report_read(&dir, "past", files[i]), *text = report_render(&dir, NULL, formats[i]);

		if (formats[i] != RC_REPORT_CSV) /* the second key is not UTF-8: JSON holds U+FFFD for it */
			assert_string_equal(file, text);
		else
			assert_memory_equal(file, text, (size_t)(strstr(file, "\\xff") - file));
		free(file);
		free(text);
	}
}

static void test_unknown_runs(void **state)
{
	struct rc_err err = {0};
	FILE *f = fopen("/dev/null", "w");

	(void)state;
	assert_int_equal(rc_report_render(dir.reports, NULL, RC_REPORT_CSV, f, &err), RC_USAGE);
	assert_int_equal(rc_report_render(dir.reports, "nope", RC_REPORT_CSV, f, &err), RC_USAGE);
	assert_int_equal(rc_report_render(dir.reports, "../etc", RC_REPORT_CSV, f, &err), RC_USAGE);
	fclose(f);
	assert_int_equal(rc_report_format_find("jsonl"), RC_REPORT_JSONL);
	assert_int_equal(rc_report_format_find("pdf"), -1);
}

static void test_killed_run_is_finished(void **state)
{
	struct rc_report_opts opts = {0};
	struct rc_report *r = open_report("killed", &opts);
	struct rc_outcome o = outcome_of("1", "a");
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("killed", targets);
	struct rc_err err = {0};
	char *jsonl, *csv, *summary;
	size_t whole;

	(void)state;
	put(r, &o);
	o.key = RC_SLICE("2");
	put(r, &o);
	rc_report_free(r); /* no finish: killed */
	jsonl = report_read(&dir, "killed", "users.jsonl");
	whole = (size_t)(strchr(jsonl, '\n') - jsonl) + 1;
	report_write(&dir, "killed", "users.jsonl", jsonl, whole + 40); /* torn */
	report_write(&dir, "killed", "users.csv", "run_id,tar", 10);
	free(jsonl);

	assert_int_equal(rc_report_resume(dir.reports, "killed", &opts, &r, &err), RC_OK);
	for (int i = 1; i <= 3; i++) {
		char key[2] = {(char)('0' + i), 0};

		o.key = rc_slice_str(key);
		o.status = RC_ST_UNKNOWN;
		put(r, &o); /* the first is there already, as done */
	}
	s.exit_code = -1;
	s.interrupted = true;
	s.resumed_by = "next";
	assert_int_equal(rc_report_finish(r, &s, RC_SLICE("{}\n"), &err), RC_OK);
	rc_report_free(r);
	csv = report_read(&dir, "killed", "users.csv");
	jsonl = report_read(&dir, "killed", "users.jsonl");
	summary = report_read(&dir, "killed", "summary.json");
	assert_int_equal(report_lines(csv), 4);
	assert_int_equal(report_lines(jsonl), 3);
	assert_non_null(strstr(summary, "\"create\":{\"done\":1,\"unknown\":2}"));
	assert_non_null(strstr(summary, "\"exit_code\":null"));
	assert_non_null(strstr(summary, "\"interrupted\":true"));
	assert_non_null(strstr(summary, "\"resumed_by\":\"next\""));
	free(csv);
	free(jsonl);
	free(summary);
}

static void test_resume_without_a_directory(void **state)
{
	struct rc_report_opts opts = {0};
	struct rc_report *r;
	struct rc_err err = {0};

	(void)state;
	assert_int_equal(rc_report_resume(dir.reports, "early", &opts, &r, &err), RC_OK);
	finish(r, "early");
	assert_int_equal(rc_report_resume(dir.reports, "..", &opts, &r, &err), RC_USAGE);
}

static void test_symlinks_are_not_followed(void **state)
{
	struct rc_report_opts opts = {0};
	struct rc_report *r = open_report("real", &opts);
	struct rc_err err = {0};
	char from[256], to[256];
	FILE *f = fopen("/dev/null", "w");

	(void)state;
	finish(r, "real");
	snprintf(from, sizeof(from), "%s/link", dir.reports);
	assert_int_equal(symlink("real", from), 0);
	assert_int_not_equal(rc_report_render(dir.reports, "link", RC_REPORT_CSV, f, &err), RC_OK);
	assert_int_equal(rc_report_open(dir.reports, "link", &opts, &r, &err), RC_USAGE);
	snprintf(from, sizeof(from), "%s/real/users.jsonl", dir.reports);
	snprintf(to, sizeof(to), "%s/elsewhere", dir.root);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(symlink(to, from), 0);
	assert_int_equal(rc_report_render(dir.reports, "real", RC_REPORT_JSONL, f, &err), RC_CANTCREAT);
	assert_int_equal(rc_report_resume(dir.reports, "real", &opts, &r, &err), RC_CANTCREAT);
	fclose(f);
}

static void test_a_failed_write_sticks(void **state)
{
	struct rc_report_opts opts = {0};
	struct rc_report *r = open_report("full", &opts);
	struct rc_outcome o = outcome_of("1", "a");
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("full", targets);
	struct rc_err err = {0};
	char path[256];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/full/users.jsonl", dir.reports);
	assert_int_equal(stat(path, &st), 0);
	for (int fd = 3; fd < 64; fd++) { /* as if the disk were full */
		struct stat is;

		if (fstat(fd, &is) == 0 && is.st_ino == st.st_ino && is.st_dev == st.st_dev) {
			FILE *f = fopen("/dev/full", "w");

			assert_true(dup2(fileno(f), fd) == fd);
			fclose(f);
		}
	}
	put(r, &o);
	assert_int_equal(rc_report_tick(r, 1, &err), RC_CANTCREAT);
	assert_int_equal(rc_report_row(r, &o, &err), RC_CANTCREAT);
	assert_int_equal(rc_report_finish(r, &s, RC_SLICE("{}"), &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "users.jsonl"));
	rc_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_row_in_both_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modes_and_used_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quiet_rows_are_counted_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tick_writes_at_most_every_200_ms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_render_equals_what_was_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_run_is_finished, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resume_without_a_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_symlinks_are_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_failed_write_sticks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
