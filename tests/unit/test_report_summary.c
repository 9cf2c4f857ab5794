/* summary.json against its schema, the text on stdout, the time series, the books, metrics, and which runs there are.
 */
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
#include "tests/unit/helper_schema.h"

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

static void test_summary_obeys_its_schema(void **state)
{
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("run", targets);
	struct rc_timeline line = {0};
	struct rc_summary_guard guard = {.guard = "max_deletes",
					 .limit = "5%,200",
					 .allowed = UINT64_MAX,
					 .tripped = true,
					 .people = {RC_SLICE("a"), RC_SLICE("b")},
					 .n_people = 2};
	struct rc_buf b = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		rc_timeline_sample(&line, i * 1000000000LL, (uint64_t)i * 100, 0, 0, 8, 0);
	targets[0].pacing.timeline = &line;
	targets[0].pacing.learned_users_per_s = 99.5;
	targets[0].guards = &guard;
	targets[0].n_guards = 1;
	targets[0].counts[RC_ACT_CREATE][RC_ST_DONE] = 3;
	targets[0].counts[RC_ACT_CREATE][RC_ST_FAILED] = 1;
	rc_summary_json(&b, &s);
	assert_valid("summary.schema.json", rc_buf_slice(&b));
	assert_non_null(strstr(b.p, "\"create\":{\"done\":3,\"failed\":1}"));
	assert_non_null(strstr(b.p, "\"invocation\":[\"rollcall\",\"sync\",\"a <b>.json\"]"));
	rc_buf_clear(&b);
	s = (struct rc_summary){.run_id = "killed",
				.command = "sync",
				.started_at = 1,
				.exit_code = -1,
				.interrupted = true,
				.version = "1",
				.config_hash = ""};
	rc_summary_json(&b, &s);
	assert_valid("summary.schema.json", rc_buf_slice(&b));
	rc_buf_done(&b);
}

static void test_lines_obey_their_schema(void **state)
{
	const struct rc_field_change fields[] = {{"pw", RC_SLICE("x"), RC_SLICE("y"), true}};
	const char *const columns[] = {"dept"};
	struct rc_outcome o = outcome_of("k\n\"\xf0\x9f\x92\xa9", "n");
	struct rc_buf b = {0};

	(void)state;
	for (int a = 0; a < RC_ACTION_COUNT; a++)
		for (int st = 0; st < RC_STATUS_COUNT; st++) {
			o.action = (enum rc_action)a;
			o.status = (enum rc_status)st;
			o.fields = fields;
			o.n_fields = (size_t)(a % 2);
			rc_buf_clear(&b);
			rc_outcome_json(&b, "run", &o, columns, (size_t)(st % 2));
			assert_valid("report-line.schema.json", rc_buf_slice(&b));
		}
	rc_buf_done(&b);
}

static void test_text_has_at_most_25_lines(void **state)
{
	static struct rc_summary_target targets[3000];
	static struct rc_summary_source sources[3000];
	static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 17, 18, 19, 3000};
	struct rc_summary_guard guards[6];
	struct rc_summary_style style = {.report_dir = "reports/run"};
	struct rc_buf b = {0};

	static struct rc_reasons failed;
	char message[40];

	(void)state;
	for (int n = 0; n < 40; n++) {
		snprintf(message, sizeof(message), "reason %c\nhas %d lines", 'a' + n % 26, n);
		rc_reasons_add(&failed, message, RC_SLICE("some\nbody"));
	}
	for (size_t g = 0; g < 6; g++) {
		guards[g] = (struct rc_summary_guard){
			.guard = "max_deletes", .limit = "5%", .tripped = true, .planned = 9, .n_people = 20};
		for (size_t i = 0; i < RC_GUARD_PEOPLE; i++)
			guards[g].people[i] = RC_SLICE("somebody\nelse");
	}
	for (size_t i = 0; i < 3000; i++) {
		targets[i] = (struct rc_summary_target){.name = "t",
							.wanted = 1,
							.known = 2,
							.actual = 3,
							.stopped_by = "max_deletes",
							.guards = guards,
							.n_guards = 6,
							.failed = &failed,
							.pacing.calls = 3,
							.cost.calls = 7};
		targets[i].counts[RC_ACT_CREATE][RC_ST_DONE] = 1234567;
		for (int a = 0; a < RC_ACTION_COUNT; a++)
			for (size_t n = 0; n < RC_SUMMARY_NAMES; n++)
				targets[i].first[a][n] = RC_SLICE("a\nname");
		sources[i] = (struct rc_summary_source){.name = "s\ns", .rows = 5, .rejected = 1};
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (int planned = 0; planned < 2; planned++) {
			static const char *const notes[] = {"a\nnote", "another", "a third"};
			struct rc_summary s = {.command = "sync",
					       .notes = notes,
					       .n_notes = 3,
					       .sources = sources,
					       .n_sources = sizes[i],
					       .targets = targets,
					       .n_targets = sizes[i]};

			style.planned = planned;
			rc_buf_clear(&b);
			rc_summary_text(&b, &s, &style);
			assert_in_range(report_lines(b.p), 1, 25);
		}
	rc_buf_done(&b);
}

static void test_text_says_what_matters(void **state)
{
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("run", targets);
	struct rc_summary_style style = {.report_dir = "reports/run"};
	struct rc_buf b = {0};

	(void)state;
	targets[0].counts[RC_ACT_CREATE][RC_ST_DONE] = 10000;
	targets[0].counts[RC_ACT_UPDATE][RC_ST_FAILED] = 2;
	targets[0].counts[RC_ACT_NONE][RC_ST_DONE] = 77;
	targets[0].pacing.calls = 1000;
	targets[0].pacing.busy = 12;
	rc_summary_text(&b, &s, &style);
	assert_string_equal(b.p, "Finished with failures: 10,000 created, 2 failed, 2 rows rejected.\n"
				 "note: the snapshot was empty: both targets were listed first\n"
				 "source hr/*.csv.gz: 10 rows, filtered 1, rejected 2\n"
				 "vpn-eu: wanted 7, known 3\n"
				 "  10,000 created, 77 unchanged, 2 failed\n"
				 "  1,000 calls, busy 12, throttled 0\n"
				 "sag-cn: wanted 7, known 3\n"
				 "  nothing to do\n"
				 "report: reports/run\n");
	rc_buf_done(&b);
}

static void test_text_says_why_people_failed(void **state)
{
	static struct rc_reasons failed;
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("run", targets);
	struct rc_summary_style style = {0};
	struct rc_buf b = {0};

	(void)state;
	rc_reasons_add(&failed, "name has 'x' (U+0078) at character 3; allowed: [a-w]", RC_SLICE("9"));
	rc_reasons_add(&failed, "two people want the name ada: keys 1 (line 2) and 2 (line 3)", RC_SLICE("1"));
	rc_reasons_add(&failed, "two people want the name bob: keys 4 (line 5) and 6 (line 7)", RC_SLICE("4"));
	rc_reasons_add(&failed, "busy: job 17 of 'a b'", RC_SLICE("5"));
	rc_reasons_add(&failed, "busy: job 4 of 'c'", RC_SLICE("6"));
	rc_reasons_add(&failed, "two people want the name ada: keys 1 (line 2) and 2 (line 3)", RC_SLICE("2"));
	rc_reasons_add(&failed, "two people want the name bob: keys 4 (line 5) and 6 (line 7)", RC_SLICE("6"));
	rc_reasons_add(&failed, "gone", RC_SLICE("8"));
	rc_reasons_sort(&failed);
	s.n_targets = 1;
	s.n_sources = s.n_notes = 0;
	targets[0].counts[RC_ACT_CREATE][RC_ST_FAILED] = 8;
	targets[0].failed = &failed;
	rc_summary_text(&b, &s, &style);
	assert_non_null(strstr(b.p, "  8 failed\n"
				    "  failed 4: two people want the same name (1, 4, 2, …): see \"first_free\"\n"
				    "  failed 2: busy: job 17 of 'a b' (5, 6)\n"
				    "  failed 1: gone (8)\n"));
	rc_reasons_add(&failed, "name has U+0020 at character 13; allowed: [a-w]", RC_SLICE("10"));
	rc_reasons_sort(&failed);
	rc_buf_clear(&b);
	rc_summary_text(&b, &s, &style);
	assert_non_null(strstr(b.p, "  failed 2: name has a character that is not allowed; allowed: [a-w] (9, 10)\n"));
	rc_buf_done(&b);
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

/* However many targets share the lines, each says why people failed before any names who is planned. */
static void test_text_of_many_targets_says_why(void **state)
{
	static struct rc_reasons failed;
	static struct rc_summary_target targets[16];
	static struct rc_summary_source sources[3];
	static const char *const notes[] = {"a", "b"};
	struct rc_summary s = {.command = "plan", .notes = notes, .n_notes = 2, .sources = sources, .targets = targets};
	struct rc_summary_style style = {.planned = true, .report_dir = "reports/run"};
	struct rc_buf b = {0};

	(void)state;
	rc_reasons_add(&failed, "gone", RC_SLICE("8"));
	rc_reasons_add(&failed, "gone", RC_SLICE("9"));
	rc_reasons_add(&failed, "too long", RC_SLICE("7"));
	for (size_t i = 0; i < 16; i++) {
		targets[i] = (struct rc_summary_target){.name = "t", .cost.calls = 1, .failed = &failed};
		for (int a = 0; a < RC_ACTION_COUNT; a++)
			targets[i].first[a][0] = RC_SLICE("ada");
	}
	for (size_t i = 0; i < 3; i++)
		sources[i].name = "s";
	for (s.n_targets = 1; s.n_targets <= 16; s.n_targets++) {
		size_t room;

		s.n_sources = s.n_targets % 4;
		room = 25 - 4 - s.n_sources - s.n_targets;
		rc_buf_clear(&b);
		rc_summary_text(&b, &s, &style);
		assert_in_range(report_lines(b.p), 1, 25);
		assert_int_equal(times(b.p, "  failed 2: gone (8, 9)\n"), s.n_targets < room ? s.n_targets : room);
		if (s.n_targets <= 4)
			assert_int_equal(times(b.p, "  cost: 1 call,"), s.n_targets);
	}
	rc_buf_done(&b);
}

static void test_text_of_a_plan(void **state)
{
	struct rc_summary_guard guards[] = {
		{.guard = "max_deletes", .limit = "10", .allowed = 10, .planned = 8},
		{.guard = "max_updates", .limit = "10", .allowed = 10, .planned = 7},
		{.guard = "max_creates", .limit = "unlimited", .allowed = UINT64_MAX, .planned = 100},
		{.guard = "max_renames", .limit = "0", .allowed = 0, .planned = 0},
		{.guard = "min_source_rows", .limit = "1", .allowed = 1, .planned = 61},
	};
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("run", targets);
	struct rc_summary_style style = {.planned = true};
	struct rc_buf b = {0};

	(void)state;
	s.command = "plan";
	s.exit_code = 0;
	s.n_targets = 1;
	s.n_sources = s.n_notes = 0;
	targets[0].guards = guards;
	targets[0].n_guards = 5;
	targets[0].counts[RC_ACT_CREATE][RC_ST_PLANNED] = 100;
	targets[0].counts[RC_ACT_DELETE][RC_ST_PLANNED] = 2;
	for (size_t i = 0; i < RC_SUMMARY_NAMES; i++)
		targets[0].first[RC_ACT_CREATE][i] = RC_SLICE("ada");
	targets[0].first[RC_ACT_DELETE][0] = RC_SLICE("b\033[1m");
	targets[0].first[RC_ACT_DELETE][1] = RC_SLICE("");
	targets[0].cost.calls = 5;
	targets[0].cost.batches = 2;
	targets[0].cost.seats_needed = 100;
	targets[0].cost.seats_free = 40;
	targets[0].cost.minutes = 2.55;
	rc_summary_text(&b, &s, &style);
	assert_string_equal(b.p,
			    "Planned: 100 to create, 2 to delete.\n"
			    "vpn-eu: wanted 7, known 3\n"
			    "  100 to create, 2 to delete\n"
			    "  near guard max_deletes (10): 8 planned, 10 allowed\n"
			    "  to create: ada, ada, ada, ada, ada and 95 more\n"
			    "  to delete: b\\x1b[1m, (unnamed)\n"
			    "  cost: 5 calls, batches 2, seats needed 100, seats free 40, about 2.5 min at the learned "
			    "rate\n");
	rc_buf_done(&b);
}

static void test_timeline_is_bounded_and_keeps_its_sums(void **state)
{
	struct rc_timeline t = {0};
	uint64_t busy = 0, users = 0, sum = 0;
	double area = 0, from = 0;
	int64_t at = 5000000000;

	(void)state;
	for (int i = 0; i <= 40000; i++, at += 1000000000) {
		rc_timeline_sample(&t, at, users, busy, 0, 4, 7);
		assert_true(t.n <= RC_TIMELINE_MAX);
		users += 10;
		busy += (uint64_t)(i % 3 == 0);
	}
	rc_timeline_end(&t, at, users, busy, 0, 4, 7);
	for (size_t i = 0; i < t.n; i++) {
		assert_true(t.p[i].t_s > from);
		area += t.p[i].users_per_s * (t.p[i].t_s - from);
		from = t.p[i].t_s;
		sum += t.p[i].busy;
		assert_true(t.p[i].in_flight > 3.99 && t.p[i].in_flight < 4.01);
		assert_int_equal(t.p[i].parked, 7);
	}
	assert_true(t.n > RC_TIMELINE_MAX / 4);
	assert_int_equal(sum, busy);
	assert_true(area > (double)users - 1 && area < (double)users + 1);
}

static void test_timeline_survives_odd_clocks(void **state)
{
	struct rc_timeline t = {0};

	(void)state;
	rc_timeline_end(&t, 0, 0, 0, 0, 0, 0);
	rc_timeline_sample(&t, 100, 5, 5, 5, 1, 0);
	rc_timeline_sample(&t, 100, 6, 5, 5, 1, 0);
	rc_timeline_sample(&t, 50, 7, 5, 5, 1, 0);
	rc_timeline_sample(&t, 3000000000, 1, 0, 0, 1, 0);
	assert_int_equal(t.n, 0);
	rc_timeline_sample(&t, 3000000000, 8, 5, 5, 1, 0);
	assert_int_equal(t.n, 1);
}

static void test_books(void **state)
{
	const struct rc_bucket ok[] = {{"a", 1}, {"b", 2}}, wrap[] = {{"a", UINT64_MAX}, {"b", 4}};
	struct rc_err err = {0};

	(void)state;
	assert_int_equal(rc_balance_check("rows", 3, ok, 2, &err), RC_OK);
	assert_int_equal(rc_balance_check("rows", 0, NULL, 0, &err), RC_OK);
	assert_int_equal(rc_balance_check("rows of x", 4, ok, 2, &err), RC_INTERNAL);
	assert_non_null(strstr(err.what, "4 rows of x, but a 1 + b 2 = 3"));
	assert_int_equal(rc_balance_check("rows", 3, wrap, 2, &err), RC_INTERNAL);
}

static void test_metrics(void **state)
{
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("run", targets);
	struct rc_summary_guard guard = {.guard = "max_deletes", .limit = "5%", .tripped = true};
	struct rc_metrics m = {1764000060000000000, 1764000061500000000, 61.5};
	struct rc_err err = {0};
	struct stat st;
	char path[128], *text;

	(void)state;
	targets[0].name = "a\"b\\c\nd";
	targets[0].counts[RC_ACT_CREATE][RC_ST_DONE] = 10;
	targets[0].guards = &guard;
	targets[0].n_guards = 1;
	snprintf(path, sizeof(path), "%s/rollcall.prom", dir.root);
	assert_int_equal(rc_metrics_write(path, &s, &m, &err), RC_OK);
	assert_int_equal(rc_metrics_write(path, &s, &m, &err), RC_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	snprintf(dir.reports, sizeof(dir.reports), "%s", dir.root);
	text = report_read(&dir, ".", "rollcall.prom");
	assert_non_null(
		strstr(text, "\nrollcall_users{target=\"a\\\"b\\\\c\\nd\",action=\"create\",status=\"done\"} 10\n"));
	assert_non_null(strstr(text, "\nrollcall_last_success_timestamp_seconds 1764000060\n"));
	assert_non_null(strstr(text, "\nrollcall_last_attempt_timestamp_seconds 1764000061.5\n"));
	assert_non_null(strstr(text, "\nrollcall_exit_code 1\n"));
	assert_non_null(strstr(text, "guard=\"max_deletes\"} 1\n"));
	assert_non_null(strstr(text, "\nrollcall_seats{target=\"sag-cn\",kind=\"limit\"} 500\n"));
	assert_null(strstr(text, "kind=\"used\""));
	free(text);
	snprintf(path, sizeof(path), "%s/none/rollcall.prom", dir.root);
	assert_int_equal(rc_metrics_write(path, &s, &m, &err), RC_CANTCREAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_summary_obeys_its_schema),
		cmocka_unit_test(test_lines_obey_their_schema),
		cmocka_unit_test(test_text_has_at_most_25_lines),
		cmocka_unit_test(test_text_says_what_matters),
		cmocka_unit_test(test_text_says_why_people_failed),
		cmocka_unit_test(test_text_of_many_targets_says_why),
		cmocka_unit_test(test_text_of_a_plan),
		cmocka_unit_test(test_timeline_is_bounded_and_keeps_its_sums),
		cmocka_unit_test(test_timeline_survives_odd_clocks),
		cmocka_unit_test(test_books),
		cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
