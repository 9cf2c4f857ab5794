/* report.html without a browser: values stay text, the policy names what is inside, large runs are cut to a bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/helper_report.h"

static struct report_dir dir;
/* The sanitizer measures the whole page at each strstr: 90 s for this file. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "intercept_strstr=0";
}

#define EVIL "</script><b>\"'&"

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

static size_t count_of(const char *in, const char *what)
{
	size_t n = 0;

	while ((in = strstr(in, what))) {
		n++;
		in += strlen(what);
	}
	return n;
}

static struct rc_report *open_report(const char *run_id)
{
	struct rc_report_opts opts = {.html = true};
	struct rc_report *r;
	struct rc_err err = {0};

	assert_int_equal(rc_report_open(dir.reports, run_id, &opts, &r, &err), RC_OK);
	return r;
}

static void test_values_stay_text(void **state)
{
	struct rc_report *r = open_report("evil");
	const struct rc_field_change field = {EVIL, RC_SLICE(EVIL), RC_SLICE(EVIL), false};
	struct rc_outcome o = outcome_of(EVIL, EVIL);
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("evil", targets);
	struct rc_summary_guard guard = {
		.guard = EVIL, .limit = EVIL, .tripped = true, .people = {RC_SLICE(EVIL)}, .n_people = 1};
	const char *const evil[] = {EVIL};
	struct rc_summary_source source = {.name = EVIL, .files = evil, .n_files = 1};
	struct rc_err err = {0};
	char *html;

	(void)state;
	o.fields = &field;
	o.n_fields = 1;
	o.error_code = o.error_message = o.reason = o.request_id = o.server = EVIL;
	o.source_file = o.linked_name = o.remote_id = RC_SLICE(EVIL);
	o.drift = true;
	for (int st = 0; st < RC_STATUS_COUNT; st++) {
		o.status = (enum rc_status)st;
		assert_int_equal(rc_report_row(r, &o, &err), RC_OK);
	}
	s.environment = s.operator_ = s.config_hash = s.command = s.version = EVIL;
	s.notes = s.invocation = evil;
	s.n_notes = s.n_invocation = 1;
	s.sources = &source;
	targets[0].stopped_by = targets[0].why = targets[0].connector = EVIL;
	targets[0].guards = &guard;
	targets[0].n_guards = 1;
	targets[1].name = EVIL;
	assert_int_equal(rc_report_finish(r, &s, RC_SLICE("{}"), &err), RC_OK);
	rc_report_free(r);
	html = report_read(&dir, "evil", "report.html");
	assert_int_equal(count_of(html, "</script>"), 2);
	assert_int_equal(count_of(html, "<b>"), 0);
	assert_true(count_of(html, "&lt;/script&gt;&lt;b&gt;&quot;&#39;&amp;") > 20);
	assert_int_equal(count_of(html, "http://"), 0);
	assert_int_equal(count_of(html, "https://"), 0);
	free(html);
}

/* The text between the last `begin` and its `end`, as the policy would name it. */
static void hash_of(const char *html, const char *begin, const char *end, char out[80])
{
	unsigned char sum[32], text[64];
	const char *p = NULL;
	unsigned n;

	for (const char *q = html; (q = strstr(q, begin)); q++)
		p = q + strlen(begin);
	assert_non_null(p);
	assert_true(EVP_Digest(p, (size_t)(strstr(p, end) - p), sum, &n, EVP_sha256(), NULL));
	EVP_EncodeBlock(text, sum, 32);
	snprintf(out, 80, "'sha256-%s'", (const char *)text);
}

static void test_policy_names_what_is_inside(void **state)
{
	struct rc_report *r = open_report("policy");
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("policy", targets);
	struct rc_err err = {0};
	char *html, style[80], script[80], policy[300];

	(void)state;
	assert_int_equal(rc_report_finish(r, &s, RC_SLICE("{}"), &err), RC_OK);
	rc_report_free(r);
	html = report_read(&dir, "policy", "report.html");
	hash_of(html, "<style>", "</style>", style);
	hash_of(html, "<script>", "</script>", script);
	snprintf(policy, sizeof(policy),
		 "content=\"default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'\"",
		 style, script);
	assert_non_null(strstr(html, policy));
	assert_non_null(strstr(html, "Nobody failed."));
	free(html);
}

static void test_troubles_come_first_when_there_are_too_many(void **state)
{
	struct rc_report *r = open_report("big");
	struct rc_outcome o = outcome_of("", "n");
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("big", targets);
	struct rc_err err = {0};
	char *html, key[16];

	(void)state;
	for (int i = 0; i < 50100; i++) {
		snprintf(key, sizeof(key), "K%d", i);
		o.key = rc_slice_str(key);
		o.status = i >= 50000 ? RC_ST_FAILED : RC_ST_DONE;
		assert_int_equal(rc_report_row(r, &o, &err), RC_OK);
	}
	assert_int_equal(rc_report_finish(r, &s, RC_SLICE("{}"), &err), RC_OK);
	rc_report_free(r);
	html = report_read(&dir, "big", "report.html");
	assert_non_null(strstr(html, "{\"total\":50100,\"rows\":["));
	assert_int_equal(count_of(html, "\n[\"vpn-eu\""), 50000);
	assert_int_equal(count_of(html, "\"create\",\"failed\""), 100);
	assert_non_null(strstr(html, "\"K49899\""));
	assert_null(strstr(html, "\"K49900\""));
	free(html);
}

static void test_a_run_under_way_can_be_rendered(void **state)
{
	struct rc_report *r = open_report("now");
	struct rc_outcome o = outcome_of("1", "a");
	struct rc_err err = {0};
	char *html;

	(void)state;
	assert_int_equal(rc_report_row(r, &o, &err), RC_OK);
	assert_int_equal(rc_report_tick(r, 1, &err), RC_OK);
	html = report_render(&dir, "now", RC_REPORT_HTML);
	assert_non_null(strstr(html, "was killed or is under way"));
	assert_non_null(strstr(html, "\"total\":1"));
	free(html);
	rc_report_free(r);
}

static void test_damaged_files_are_refused(void **state)
{
	struct rc_report *r = open_report("broken");
	struct rc_summary_target targets[2];
	struct rc_summary s = summary_of("broken", targets);
	struct rc_err err = {0};
	FILE *f = fopen("/dev/null", "w");

	(void)state;
	assert_int_equal(rc_report_finish(r, &s, RC_SLICE("{}"), &err), RC_OK);
	rc_report_free(r);
	report_write(&dir, "broken", "users.jsonl", "{\"target\":1}\n", 13);
	assert_int_equal(rc_report_render(dir.reports, "broken", RC_REPORT_HTML, f, &err), RC_CANTCREAT);
	assert_int_equal(rc_report_render(dir.reports, "broken", RC_REPORT_CSV, f, &err), RC_CANTCREAT);
	report_write(&dir, "broken", "users.jsonl", "", 0);
	report_write(&dir, "broken", "summary.json", "{", 1);
	assert_int_equal(rc_report_render(dir.reports, "broken", RC_REPORT_HTML, f, &err), RC_CANTCREAT);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_values_stay_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_policy_names_what_is_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_troubles_come_first_when_there_are_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_run_under_way_can_be_rendered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_files_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
