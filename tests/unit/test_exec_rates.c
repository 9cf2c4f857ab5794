/* The learned rate as a start and never a ceiling, two programs on one account, and the whole executor against an
 * omniscient oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "engine/run/pace.h"
#include "tests/unit/helper_exec_world.h"
#include "tests/unit/helper_store.h"

static void test_halved_after_a_week(void **state)
{
	const int64_t now = 1767312000 * RC_SECOND, day = 86400 * RC_SECOND;
	struct rc_rate rate = {.users_per_s = 80, .learned_ns = now - 7 * day};

	(void)state;
	assert_true(fabs(rc_pace_start(&rate, now) - 80) < 1e-9);
	rate.learned_ns--;
	assert_true(fabs(rc_pace_start(&rate, now) - 40) < 1e-9);
	rate.learned_ns = now + day; /* the clock was set back since */
	assert_true(fabs(rc_pace_start(&rate, now) - 80) < 1e-9);
}

static void test_kept_per_account_and_server(void **state)
{
	struct exec_world w;
	struct test_store st;
	struct rc_buf account = {0};
	struct rc_rate rate = {.users_per_s = 12.5, .learned_ns = 77}, got;
	struct rc_view *v;

	(void)state;
	ew_begin(&w, NULL, NULL, NULL);
	ew_start(&w);
	rc_exec_account(&w.cfg->targets[0], &account);
	assert_non_null(strstr(account.p, "http://127.0.0.1:1"));
	assert_non_null(strstr(account.p, "TOKEN")); /* the reference */
	assert_null(strstr(account.p, "tok-good"));  /* never the secret */
	test_store_dir(&st);
	test_store_open(&st);
	test_store_write(&st);
	rc_writer_rate(st.writer, rc_buf_slice(&account), RC_SLICE("S"), &rate);
	assert_int_equal(rc_writer_flush_wait(st.writer, &(struct rc_err){0}), RC_OK);
	v = test_view(&st);
	assert_true(rc_pace_rate(v, &w.cfg->targets[0], 0, &got));
	assert_true(fabs(got.users_per_s - 12.5) < 1e-9 && got.learned_ns == 77);
	assert_true(fabs(rc_pace_target(v, &w.cfg->targets[0], NULL) - 12.5) < 1e-9);
	test_view_end(v);
	test_store_done(&st);
	rc_buf_done(&account);
	ew_end(&w);
}

/* Users accepted in the first s seconds of creating. */
static size_t accepted_by(struct exec_world *w, double s)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_ops; i++)
		n += w->op[i].accepted_ns && (double)w->op[i].accepted_ns / 1e9 <= s;
	return n;
}

static void test_a_start_and_no_ceiling(void **state)
{
	static const double learned[] = {0, 200, 5};
	size_t early[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct exec_world w;

		ew_begin(&w, "{\"settings\": {\"capacity\": 200, \"queue\": 200}}", NULL, NULL);
		ew_start(&w);
		if (learned[i] > 0)
			rc_exec_learned(w.x, 0, 0, learned[i]);
		ew_creates(&w, 1, 4000);
		ew_run(&w);
		assert_int_equal(ew_count(&w, RC_STEP_DONE), 4000);
		early[i] = accepted_by(&w, 3);
		/* even the far too low one has caught up: 20 s is the least it can take */
		assert_true((double)accepted_by(&w, 40) == 4000);
		ew_end(&w);
	}
	assert_true(early[1] > early[0]);
}

/* Two programs, each with an executor of its own, take turns on one service of 200 users/s. */
static void test_two_programs(void **state)
{
	struct exec_world w[2];
	uint64_t refused = 0, calls = 0;
	double ended[2] = {0, 0};

	(void)state;
	ew_begin(&w[0], "{\"settings\": {\"capacity\": 200, \"queue\": 200}}", NULL, NULL);
	ew_begin_beside(&w[1], &w[0]);
	for (unsigned i = 0; i < 2; i++) {
		ew_start(&w[i]);
		ew_creates(&w[i], 1 + 10000 * i, 3000);
	}
	for (double s = 1; s < 200 && (!ended[0] || !ended[1]); s += 0.005)
		for (unsigned i = 0; i < 2; i++)
			if (!ended[i] && ew_run_until(&w[i], s))
				ended[i] = s;
	for (unsigned i = 0; i < 2; i++) {
		struct rc_exec_target_result res = ew_result(&w[i], 0);

		assert_int_equal(ew_count(&w[i], RC_STEP_DONE), 3000);
		refused += res.counts.busy;
		calls += res.counts.accepted;
	}
	assert_true(accepted_by(&w[0], 20) > 900 && accepted_by(&w[1], 20) > 900); /* of 4000: neither starves */
	assert_true((double)refused < 0.15 * (double)calls);
	ew_end(&w[1]);
	ew_end(&w[0]);
}

/* ---- against the oracle: a service of 200 users/s and 20,000 creates */

struct course {
	const char *name, *script;
	double oracle_s, ratio, waste; /* the bounds */
};

static void run_course(const struct course *c)
{
	struct exec_world w;
	struct rc_exec_target_result res;
	double last = 0, waste;

	ew_begin(&w, c->script, NULL, NULL);
	w.rtt_ns = 60 * RC_MS;
	ew_start(&w);
	ew_creates(&w, 1, 20000);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 20000);
	for (size_t i = 0; i < w.n_ops; i++)
		last = fmax(last, (double)w.op[i].accepted_ns / 1e9 - 1);
	res = ew_result(&w, 0);
	waste = (double)(res.counts.busy + res.counts.throttled) / (double)res.counts.accepted;
	print_message("%-14s %7.1f s, oracle %6.1f s, ratio %.3f, waste %.3f, %zu pages of lists\n", c->name, last,
		      c->oracle_s, last / c->oracle_s, waste, ew_calls(&w, 'L'));
	assert_true(last / c->oracle_s <= c->ratio);
	assert_true(waste <= c->waste);
	assert_in_range(ew_calls(&w, 'L'), 20, 63); /* of 20 pages: one look, or one and the look for the unanswered */
	ew_end(&w);
}

static void test_against_the_oracle(void **state)
{
	/* The queue of 200 is part of what the service takes: its last 200 users are accepted before they are served.
	 */
	static const struct course courses[] = {
		{"constant", "{\"settings\": {\"capacity\": 200, \"queue\": 200}}", 99, 1.09, 0.10},
		{"step down",
		 "{\"settings\": {\"capacity\": 200, \"queue\": 200}, \"timeline\": [{\"at_s\": 40, \"set\": "
		 "{\"capacity\": "
		 "40}}]}",
		 40 + 11800 / 40.0, 1.12, 0.09},
		{"step up",
		 "{\"settings\": {\"capacity\": 200, \"queue\": 200}, \"timeline\": [{\"at_s\": 40, \"set\": "
		 "{\"capacity\": "
		 "1000}}]}",
		 40 + 11800 / 1000.0, 1.12, 0.09},
		{"outage 60 s",
		 "{\"settings\": {\"capacity\": 200, \"queue\": 200}, \"timeline\": [{\"at_s\": 30, \"set\": "
		 "{\"outage\": "
		 "503}}, {\"at_s\": 90, \"set\": {\"outage\": false}}]}",
		 99 + 60 - 1, 1.07, 0.12},
		{"gateway bucket",
		 "{\"settings\": {\"capacity\": 200, \"queue\": 200, \"bucket\": {\"rate\": 3, \"burst\": 10}}}",
		 390 / 3.0, 1.04, 0.07}, /* 400 calls: the first refusals weigh more */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(courses) / sizeof(*courses); i++)
		run_course(&courses[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_halved_after_a_week),    cmocka_unit_test(test_kept_per_account_and_server),
		cmocka_unit_test(test_a_start_and_no_ceiling), cmocka_unit_test(test_two_programs),
		cmocka_unit_test(test_against_the_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
