/* Ceilings, deadline, stop, silence: when nothing may be sent, nothing is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/helper_exec_world.h"

static void check_window(const struct exec_world *w, size_t most)
{
	for (size_t i = 0; i + most < w->n_sent; i++)
		if (w->sent[i + most].t - w->sent[i].t <= 1.0)
			fail_msg("%zu calls between %.3f and %.3f s", most + 1, w->sent[i].t, w->sent[i + most].t);
}

static void test_requests_per_second(void **state)
{
	static const struct {
		const char *pace;
		size_t most;
	} limits[] = {{"0.5", 1}, {"1", 1}, {"7", 7}, {"7.9", 7}, {"60", 60}};

	(void)state;
	for (size_t l = 0; l < sizeof(limits) / sizeof(*limits); l++) {
		char pace[100];
		struct exec_world w;

		snprintf(pace, sizeof(pace),
			 "\"pace\": {\"max_requests_per_second\": %s}, \"batch\": {\"max_users\": 1}, ",
			 limits[l].pace);
		ew_begin(&w, NULL, NULL, pace);
		ew_start(&w);
		ew_list(&w);
		ew_creates(&w, 1, 40);
		ew_run(&w);
		assert_int_equal(ew_count(&w, RC_STEP_DONE), 40);
		check_window(&w, limits[l].most); /* reads included */
		ew_end(&w);
	}
}

static void day(struct exec_world *w, uint64_t used, double ends_s)
{
	ew_begin(w, NULL, NULL, "\"pace\": {\"max_requests_per_day\": 20}, \"batch\": {\"max_users\": 5}, ");
	w->opts.deadline_ns = 4 * 3600 * RC_SECOND;
	ew_start(w);
	rc_exec_day(w->x, 0, used, (int64_t)(ends_s * 1e9));
	ew_list(w);
	if (w->listings && w->accounts)
		ew_creates(w, 1, 500);
	ew_run(w);
}

static void test_requests_per_day(void **state)
{
	struct exec_world w;

	(void)state;
	day(&w, 0, 20 * 3600);
	assert_in_range(w.n_sent, 15, 20);
	assert_int_equal(ew_result(&w, 0).calls_today, w.n_sent);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), ew_users()); /* what was written was also looked at */
	assert_int_equal(ew_count(&w, RC_STEP_DONE) + ew_count(&w, RC_STEP_DEFERRED), 500);
	assert_string_equal(w.op[499].error_code, "rollcall.day");
	assert_true(ew_now(&w) < 3600); /* no waiting for a day that begins after the deadline */
	ew_end(&w);

	day(&w, 20, 20 * 3600); /* an earlier run had them all */
	assert_int_equal(w.n_sent, 0);
	assert_int_equal(w.listings, 1); /* told as not read */
	ew_end(&w);

	day(&w, 0, 1800); /* the day ends within the run */
	assert_true(ew_now(&w) > 1800);
	assert_in_range(w.n_sent, 21, 40);
	ew_end(&w);
}

static void begin_two(struct exec_world *w, const char *top)
{
	char text[2000];

	snprintf(text, sizeof(text),
		 "{%s " EW_CONFIG "\"targets\": {\"a\": {" EW_TARGET
		 "\"vpn_server_id\": \"A\", \"auth\": {\"method\": \"token\", \"token\": "
		 "{\"env\": \"TA\"}}}, \"b\": {" EW_TARGET
		 "\"servers\": [{\"vpn_server_id\": \"B1\"}, {\"vpn_server_id\": \"B2\"}], \"auth\": {\"method\": "
		 "\"token\", "
		 "\"token\": {\"env\": \"TB\"}}}}}",
		 top);
	ew_begin_config(w, NULL, text);
	ew_start(w);
}

static void add(struct exec_world *w, unsigned from, unsigned n, uint32_t target, uint32_t server)
{
	for (unsigned i = 0; i < n; i++) {
		struct rc_op *op = ew_prepare_create(w, from + i);

		op->target = target;
		op->server = server;
		rc_exec_add(w->x, op);
	}
}

/* One call at a time for the whole program: the small ones are done long before the large one. */
static void test_in_flight_is_shared(void **state)
{
	struct exec_world w;
	double small = 0, large = 0;

	(void)state;
	begin_two(&w, "\"max_in_flight\": 1, \"timeouts\": {\"settle\": \"100ms\"}, ");
	add(&w, 1, 3000, 0, 0);
	add(&w, 4001, 60, 1, 0);
	add(&w, 5001, 60, 1, 1);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 3120);
	assert_int_equal(w.max_in_flight, 1);
	for (size_t i = 0; i < w.n_ops; i++) {
		double at = (double)w.op[i].accepted_ns / 1e9;

		if (i < 3000)
			large = at > large ? at : large;
		else
			small = at > small ? at : small;
	}
	assert_true(small - 1 < (large - 1) / 3);
	ew_end(&w);
}

/* ---- the end of a run */

static void slow_service(struct exec_world *w, const char *top)
{
	ew_begin(w, "{\"settings\": {\"capacity\": 100, \"queue\": 60}}", top, NULL);
}

static size_t sent_after(const struct exec_world *w, double s, char kind)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_sent; i++)
		n += w->sent[i].t > s && (kind == '*' || w->sent[i].kind == kind);
	return n;
}

static void check_drained(const struct exec_world *w, double stopped)
{
	assert_int_equal(sent_after(w, stopped, '*'), sent_after(w, stopped, 'L')); /* a look, and nothing else */
	assert_in_range(sent_after(w, stopped, 'L'), 1, 4);                         /* one look: pages of one list */
	assert_true(ew_now(w) <= stopped + 10.1);
	assert_int_equal(ew_count(w, RC_STEP_DONE) + ew_count(w, RC_STEP_UNKNOWN), ew_users());
	assert_int_equal(ew_count(w, RC_STEP_DONE) + ew_count(w, RC_STEP_UNKNOWN) + ew_count(w, RC_STEP_DEFERRED),
			 w->n_ops);
	/* all but those of the last seconds have settled when the look begins */
	assert_true(ew_count(w, RC_STEP_DONE) > 4 * ew_count(w, RC_STEP_UNKNOWN));
}

static void test_deadline(void **state)
{
	struct exec_world w;

	(void)state;
	slow_service(&w, NULL);
	w.opts.deadline_ns = 31 * RC_SECOND;
	ew_start(&w);
	ew_creates(&w, 1, 20000);
	ew_run(&w);
	check_drained(&w, 31);
	ew_end(&w);
}

static void stop_at_31(struct exec_world *w)
{
	if (ew_now(w) >= 31)
		rc_exec_stop(w->x, false);
}

static void test_stop(void **state)
{
	struct exec_world w;
	struct rc_op *op;

	(void)state;
	slow_service(&w, NULL);
	w.at = stop_at_31;
	ew_start(&w);
	ew_creates(&w, 1, 20000);
	ew_run_until(&w, 30.9);
	op = ew_prepare_create(&w, 20001); /* a group that comes up now is not made any more */
	op->group = RC_SLICE("newcomers");
	rc_exec_add(w.x, op);
	ew_run_until(&w, 31);
	ew_run(&w);
	assert_int_equal(op->state, RC_STEP_DEFERRED);
	for (size_t i = 0; i < w.n_sent; i++)
		if (w.sent[i].t > 31 && w.sent[i].kind != 'L')
			fail_msg("%c at %.3f", w.sent[i].kind, w.sent[i].t);
	check_drained(&w, 31);
	ew_end(&w);
}

/* ---- silence */

static void check_probes(const struct exec_world *w, double from)
{
	double last = -1;

	for (size_t i = 0; i < w->n_sent; i++) {
		if (w->sent[i].t <= from)
			continue;
		assert_true(last < 0 || w->sent[i].t - last > 4.999);
		last = w->sent[i].t;
	}
}

static void silence(bool refused)
{
	struct exec_world w;
	struct rc_exec_target_result res;

	ew_begin(&w, NULL, "\"timeouts\": {\"request\": \"1s\", \"unreachable\": \"2m\"}, ", NULL);
	w.silent = !refused;
	w.refused = refused;
	ew_start(&w);
	ew_creates(&w, 1, 500);
	ew_run(&w);
	res = ew_result(&w, 0);
	assert_int_equal(res.code, RC_UNAVAILABLE);
	assert_string_equal(res.stopped_by, "unreachable");
	assert_int_equal(ew_count(&w, RC_STEP_DEFERRED), 500);
	assert_in_range((int)ew_now(&w), 120, 123);
	assert_in_range(w.n_sent, 5, 26);
	check_probes(&w, w.sent[1].t - 0.001);
	ew_end(&w);
}

static void test_silent_for_ever(void **state)
{
	(void)state;
	silence(false);
	silence(true);
}

static void silent_from_10(struct exec_world *w)
{
	w->silent = ew_now(w) >= 10;
}

static void test_falls_silent(void **state)
{
	struct exec_world w;

	(void)state;
	slow_service(&w, "\"timeouts\": {\"request\": \"2s\", \"unreachable\": \"1m\"}, ");
	w.at = silent_from_10;
	ew_start(&w);
	ew_creates(&w, 1, 20000);
	ew_run(&w);
	assert_int_equal(ew_result(&w, 0).code, RC_UNAVAILABLE);
	assert_true(ew_now(&w) < 75);
	check_probes(&w, 15);
	assert_int_equal(ew_count(&w, RC_STEP_QUEUED) + ew_count(&w, RC_STEP_SENT), 0);
	ew_end(&w);
}

/* ---- what is told of it meanwhile */

static const char *says;

static void tell_now(struct exec_world *w)
{
	static char text[60];

	w->says = says;
	if (says && strchr(says, '#')) {
		snprintf(text, sizeof(text), "timed out after %d ms", (int)(ew_now(w) * 1000));
		w->says = text;
	}
}

static void test_trouble_told(void **state)
{
	struct exec_world w;

	(void)state;
	ew_begin(&w, NULL, "\"timeouts\": {\"unreachable\": \"2m\"}, ", NULL);
	w.refused = true;
	w.at = tell_now;
	says = "no such host";
	ew_start(&w);
	rc_exec_list(w.x, 0);
	ew_run_until(&w, 1.5);
	assert_int_equal(w.troubles, 1);
	assert_string_equal(w.cause, "no such host");
	assert_false(w.trouble.answered || w.trouble.by_deadline);
	assert_true(w.trouble.left_ns > 119 * RC_SECOND && w.trouble.left_ns <= 120 * RC_SECOND);
	ew_run_until(&w, 40);
	assert_int_equal(w.troubles, 1);
	says = "#";
	ew_run_until(&w, 80);
	assert_int_equal(w.troubles, 2); /* its digits are no other cause */
	ew_run(&w);
	assert_int_equal(w.troubles, 2);
	assert_non_null(strstr(ew_result(&w, 0).why, "timed out"));
	ew_end(&w);
}

static void test_trouble_at_deadline(void **state)
{
	struct exec_world w;

	(void)state;
	ew_begin(&w, "{\"settings\": {\"outage\": 503}}", NULL, NULL);
	w.opts.deadline_ns = 30 * RC_SECOND;
	ew_start(&w);
	rc_exec_list(w.x, 0);
	ew_run(&w);
	assert_int_equal(w.troubles, 1);
	assert_true(w.trouble.answered && w.trouble.by_deadline);
	assert_int_equal(ew_result(&w, 0).code, RC_UNAVAILABLE);
	assert_non_null(strstr(ew_result(&w, 0).why, w.cause));
	ew_end(&w);
}

/* A few calls lost in a night that goes on are nothing to tell; a provider that falls silent is, each time. */
static void silent_twice(struct exec_world *w)
{
	double s = ew_now(w);

	w->silent = (s >= 10 && s < 40) || (s >= 60 && s < 90);
}

static void test_trouble_again(void **state)
{
	struct exec_world w;

	(void)state;
	slow_service(&w, "\"timeouts\": {\"request\": \"2s\"}, ");
	w.at = silent_twice;
	ew_start(&w);
	ew_creates(&w, 1, 20000);
	ew_run(&w);
	assert_int_equal(w.troubles, 2);
	ew_end(&w);
	slow_service(&w, NULL);
	ew_start(&w);
	ew_creates(&w, 1, 500);
	ew_run(&w);
	assert_int_equal(w.troubles, 0);
	ew_end(&w);
}

/* check --online: somebody waits. */
static void patience(bool refused, int least_s, int most_s)
{
	struct exec_world w;

	ew_begin(&w, NULL, NULL, NULL);
	w.opts.patience_ns = 15 * RC_SECOND;
	w.refused = refused;
	w.silent = !refused;
	ew_start(&w);
	rc_exec_whoami(w.x, 0);
	ew_run(&w);
	assert_int_equal(ew_result(&w, 0).code, RC_UNAVAILABLE);
	assert_non_null(strstr(ew_result(&w, 0).why, "target vpn: http://127.0.0.1:1 does not answer: simulated"));
	assert_in_range((int)ew_now(&w), least_s, most_s);
	ew_end(&w);
}

static void test_patience(void **state)
{
	(void)state;
	patience(true, 4, 6);
	patience(false, 12, 13);
}

/* ---- hostile numbers */

static void test_absurd_retry_after(void **state)
{
	static const char *const values[] = {"99999999999999999999", "-5", "1e300", "86399"};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char script[300];
		struct exec_world w;

		snprintf(script, sizeof(script),
			 "{\"rules\": [{\"match\": {\"writes\": true}, \"do\": {\"status\": 429, \"code\": "
			 "\"APIGW.0308\", "
			 "\"message\": \"limit:0,time:999999999999 day\", \"headers\": {\"Retry-After\": \"%s\"}}}]}",
			 values[i]);
		ew_begin(&w, script, NULL, NULL);
		w.opts.deadline_ns = 60 * RC_SECOND;
		ew_start(&w);
		ew_creates(&w, 1, 100);
		ew_run(&w);
		assert_true(ew_now(&w) <= 71);
		assert_int_equal(ew_count(&w, RC_STEP_DEFERRED), 100);
		assert_int_equal(ew_result(&w, 0).code, RC_UNAVAILABLE);
		ew_end(&w);
	}
}

/* ---- credentials */

static void test_one_renewal_for_all(void **state)
{
	struct exec_world w;

	(void)state;
	ew_begin_config(
		&w, "{\"timeline\": [{\"at_s\": 8, \"expire_tokens\": true}]}",
		"{" EW_CONFIG "\"targets\": {\"vpn\": {" EW_TARGET
		"\"vpn_server_id\": \"S\", \"batch\": {\"max_users\": 1}, \"auth\": {\"method\": \"password\", "
		"\"iam_endpoint\": \"http://127.0.0.1:1\", \"user\": \"u\", \"domain\": \"d\", \"password\": {\"env\": "
		"\"P\"}}}}}");
	w.rtt_ns = 500 * RC_MS;
	ew_start(&w);
	ew_creates(&w, 1, 900);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 900);
	assert_int_equal(w.renewed, 1);
	assert_int_equal(sim_test_world.tokens_issued, 2);
	assert_true(w.max_in_flight > 4);
	ew_end(&w);
}

static void test_lone_first_read(void **state)
{
	struct exec_world w;

	(void)state;
	ew_begin_config(&w, NULL,
			"{" EW_CONFIG "\"targets\": {\"vpn\": {" EW_TARGET
			"\"vpn_server_id\": \"S\", \"auth\": {\"method\": \"aksk\", \"access_key\": {\"env\": \"AK\"}, "
			"\"secret_key\": {\"env\": \"SK\"}}}}}");
	w.rtt_ns = 400 * RC_MS;
	ew_start(&w);
	ew_creates(&w, 1, 300);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 300);
	assert_int_equal(w.sent[0].kind, 'A');
	assert_true(w.sent[1].t - w.sent[0].t >= 0.399); /* nothing else before its answer */
	ew_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_per_second),
		cmocka_unit_test(test_requests_per_day),
		cmocka_unit_test(test_in_flight_is_shared),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_silent_for_ever),
		cmocka_unit_test(test_falls_silent),
		cmocka_unit_test(test_trouble_told),
		cmocka_unit_test(test_trouble_at_deadline),
		cmocka_unit_test(test_trouble_again),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_absurd_retry_after),
		cmocka_unit_test(test_one_renewal_for_all),
		cmocka_unit_test(test_lone_first_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
