/* The seat gate, batches by op, reads, ceilings and what the executor asks for beside pacing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include "engine/exec/pacer.h"

struct fixture {
	struct rc_pacer_call call;
	struct rc_pacer p;
	double now;
};

static double middle(void *ctx)
{
	(void)ctx;
	return 0.5;
}

static void setup(struct fixture *f, struct rc_pacer_config k)
{
	memset(f, 0, sizeof(*f));
	f->now = 100;
	rc_pacer_call_init(&f->call, NULL);
	k.call = &f->call;
	k.u = middle;
	rc_pacer_init(&f->p, &k);
}

static struct rc_pacer_config batches(uint32_t create, uint32_t delete)
{
	return (struct rc_pacer_config){.batch_max = {create, 1, delete}};
}

/* Polls past pacing; stops at anything else than a wait for PACE or a lane's pause. */
static struct rc_pacer_decision ask(struct fixture *f, struct rc_pacer_pending q)
{
	struct rc_pacer_decision d;

	for (int i = 0; i < 100; i++) {
		rc_pacer_poll(&f->p, f->now, &q, &d);
		if (d.verb != RC_PACER_WAIT || d.reason > RC_PACER_WAIT_BREAKER)
			return d;
		f->now = d.until;
	}
	fail();
	return d;
}

static struct rc_pacer_token send(struct fixture *f, struct rc_pacer_decision d)
{
	struct rc_pacer_token t;

	assert_int_equal(d.verb, RC_PACER_SEND);
	rc_pacer_sent(&f->p, f->now, d.op, d.n, &t);
	return t;
}

static void answer(struct fixture *f, struct rc_pacer_token t, enum rc_pacer_outcome outcome)
{
	struct rc_pacer_answer a = {.outcome = outcome};

	f->now += 0.05;
	rc_pacer_result(&f->p, f->now, &t, &a);
}

#define PENDING(c, u, d) ((struct rc_pacer_pending){.creates = (c), .updates = (u), .deletes = (d)})

static void park(struct fixture *f)
{
	answer(f, send(f, ask(f, PENDING(1, 0, 0))), RC_PACER_QUOTA);
	assert_true(f->p.parked);
}

/* ---- seats */

static void test_halving_finds_the_rest(void **state)
{
	struct fixture f;
	struct rc_pacer_decision d;

	(void)state;
	setup(&f, batches(64, 1));
	f.p.U.est = 1e4; /* so that the rate does not bound the batch */
	d = ask(&f, PENDING(500, 0, 0));
	assert_int_equal(d.n, 64);
	answer(&f, send(&f, d), RC_PACER_QUOTA);
	for (uint32_t n = 32; n >= 1; n /= 2) {
		d = ask(&f, PENDING(500, 0, 0));
		assert_int_equal(d.n, n);
		struct rc_pacer_token t = send(&f, d);

		assert_int_equal(ask(&f, PENDING(500, 0, 0)).reason, RC_PACER_WAIT_SEATS); /* one at a time */
		answer(&f, t, RC_PACER_QUOTA);
	}
	assert_true(f.p.parked);
	assert_true(f.p.U.k == 0 && f.call.lane.k == 0 && f.p.ek == 0);
}

static void test_acceptance_doubles_again(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, batches(16, 1));
	f.p.U.est = 1e4;
	answer(&f, send(&f, ask(&f, PENDING(500, 0, 0))), RC_PACER_QUOTA);
	assert_int_equal(f.p.nq, 8);
	answer(&f, send(&f, ask(&f, PENDING(500, 0, 0))), RC_PACER_QUOTA);
	answer(&f, send(&f, ask(&f, PENDING(500, 0, 0))), RC_PACER_ACCEPTED);
	assert_int_equal(f.p.nq, 8);
	answer(&f, send(&f, ask(&f, PENDING(500, 0, 0))), RC_PACER_ACCEPTED);
	assert_int_equal(f.p.nq, 0);
}

static void test_parked_creates_hold_nobody_up(void **state)
{
	struct fixture f;
	struct rc_pacer_decision d;
	double first = 0;

	(void)state;
	setup(&f, batches(1, 1));
	park(&f);
	d = ask(&f, PENDING(9, 1, 1));
	assert_int_equal(d.op, RC_PACER_DELETE);
	answer(&f, send(&f, d), RC_PACER_BUSY); /* a refused delete frees no seat */
	assert_int_equal(f.p.credit, 0);
	d = ask(&f, PENDING(9, 1, 0));
	assert_int_equal(d.op, RC_PACER_UPDATE);
	answer(&f, send(&f, d), RC_PACER_ACCEPTED);
	d = ask(&f, PENDING(9, 0, 0));
	assert_int_equal(d.verb, RC_PACER_WAIT);
	assert_int_equal(d.reason, RC_PACER_WAIT_SEATS);
	first = d.until;
	assert_true(first <= 105.2);
	f.now = first - 0.01;
	assert_int_equal(ask(&f, PENDING(9, 0, 0)).reason, RC_PACER_WAIT_SEATS);
	f.now = first;
	d = ask(&f, PENDING(9, 0, 0));
	assert_int_equal(d.n, 1);
	answer(&f, send(&f, d), RC_PACER_QUOTA); /* the interval doubles, up to qcap */
	assert_true(fabs(f.p.probe_at - f.now - 10) < 1e-6);
	d = ask(&f, PENDING(9, 0, 0));
	for (int i = 0; i < 8; i++) {
		f.now = d.until;
		answer(&f, send(&f, ask(&f, PENDING(9, 0, 0))), RC_PACER_QUOTA);
		assert_true(f.p.probe_at - f.now <= 30 + 1e-6);
		d = ask(&f, PENDING(9, 0, 0));
	}
	assert_true(d.until - f.now > 20);
	f.now = d.until;
	answer(&f, send(&f, ask(&f, PENDING(9, 0, 0))), RC_PACER_ACCEPTED);
	assert_false(f.p.parked);
	assert_int_equal(f.p.nq, 2);
}

static void test_each_freed_seat_lets_one_create_go(void **state)
{
	struct fixture f;
	struct rc_pacer_decision d;
	struct rc_pacer_token t;

	(void)state;
	setup(&f, batches(10, 20));
	f.p.U.est = 1e4;
	f.p.batch_max[RC_PACER_CREATE] = 1;
	park(&f);
	f.p.batch_max[RC_PACER_CREATE] = 10;
	d = ask(&f, PENDING(50, 0, 7));
	assert_int_equal(d.op, RC_PACER_DELETE);
	assert_int_equal(d.n, 7); /* a batch delete, so seat credit is its users */
	t = send(&f, d);
	f.now += 0.05;
	rc_pacer_result(&f.p, f.now, &t, &(struct rc_pacer_answer){.outcome = RC_PACER_ACCEPTED, .without_effect = 2});
	assert_int_equal(f.p.credit, 5);
	d = ask(&f, PENDING(50, 0, 0));
	assert_int_equal(d.op, RC_PACER_CREATE);
	assert_int_equal(d.n, 5);
	t = send(&f, d);
	assert_true(t.credited);
	assert_int_equal(f.p.credit, 0);
	rc_pacer_abandon(&f.p, &t, false);
	assert_int_equal(f.p.credit, 5);
	answer(&f, send(&f, ask(&f, PENDING(50, 0, 0))), RC_PACER_BUSY);
	assert_int_equal(f.p.credit, 5); /* the seat is still free */
	assert_int_equal(f.p.in_flight, 0);
	answer(&f, send(&f, ask(&f, PENDING(50, 0, 0))), RC_PACER_ACCEPTED);
	assert_true(f.p.parked);
	assert_int_equal(ask(&f, PENDING(45, 0, 0)).reason, RC_PACER_WAIT_SEATS);
}

static void test_seats_reported_by_the_provider(void **state)
{
	struct fixture f;
	struct rc_pacer_decision d;

	(void)state;
	setup(&f, batches(50, 1));
	f.p.U.est = 1e4;
	rc_pacer_set_seats(&f.p, f.now, 0);
	d = ask(&f, PENDING(100, 0, 0));
	assert_int_equal(d.reason, RC_PACER_WAIT_SEATS);
	rc_pacer_probe_seats(&f.p, f.now); /* a hint, never a verdict: the last look before giving up */
	d = ask(&f, PENDING(100, 0, 0));
	assert_int_equal(d.verb, RC_PACER_SEND);
	assert_int_equal(d.n, 1);
	rc_pacer_set_seats(&f.p, f.now, 30);
	assert_int_equal(ask(&f, PENDING(100, 0, 0)).n, 30);
	rc_pacer_set_seats(&f.p, f.now, 3000); /* no reason to go one call at a time */
	assert_int_equal(f.p.nq, 0);
	assert_int_equal(ask(&f, PENDING(100, 0, 0)).n, 50);
}

/* ---- batches, reads, other outcomes */

static void test_deletes_first_then_shares(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, batches(50, 1));
	assert_int_equal(ask(&f, PENDING(50, 50, 2)).op, RC_PACER_DELETE);
	assert_int_equal(ask(&f, PENDING(50, 50, 2)).n, 1);
	answer(&f, send(&f, ask(&f, PENDING(50, 50, 0))), RC_PACER_ACCEPTED);
	assert_int_equal(ask(&f, PENDING(43, 50, 0)).op, RC_PACER_UPDATE);
	assert_int_equal(ask(&f, PENDING(0, 0, 0)).verb, RC_PACER_IDLE);
}

static void test_batch_limit_after_too_large(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, batches(50, 1));
	f.p.U.est = 1e4;
	assert_int_equal(ask(&f, PENDING(100, 0, 0)).n, 50);
	rc_pacer_set_batch_max(&f.p, RC_PACER_CREATE, 25);
	assert_int_equal(ask(&f, PENDING(100, 0, 0)).n, 25);
	rc_pacer_set_batch_max(&f.p, RC_PACER_CREATE, 0);
	rc_pacer_set_batch_max(&f.p, RC_PACER_READ, 9);
	assert_int_equal(ask(&f, PENDING(100, 0, 0)).n, 1);
}

static void test_reads_cost_calls_only(void **state)
{
	struct fixture f;
	struct rc_pacer_decision d;
	struct rc_pacer_token t;
	double est, nxt;

	(void)state;
	setup(&f, batches(50, 1));
	answer(&f, send(&f, ask(&f, PENDING(50, 0, 0))), RC_PACER_BUSY);
	est = f.p.U.est;
	nxt = f.p.U.nxt;
	rc_pacer_poll_read(&f.p, f.now, &d); /* the work queue is full: a look is still possible */
	assert_int_equal(d.op, RC_PACER_READ);
	t = send(&f, d);
	answer(&f, t, RC_PACER_ACCEPTED);
	assert_true(fabs(f.p.U.est - est) <= 0 && fabs(f.p.U.nxt - nxt) <= 0 && f.p.U.out <= 0);
	for (uint32_t i = 1; i <= 20; i++) { /* refused reads: pauses of their own, never an event of the lane */
		rc_pacer_poll_read(&f.p, f.now, &d);
		answer(&f, send(&f, d), RC_PACER_BUSY);
		rc_pacer_poll_read(&f.p, f.now, &d);
		assert_int_equal(d.verb, RC_PACER_WAIT);
		assert_int_equal(d.reason, RC_PACER_WAIT_BUSY_PAUSE);
		assert_true(fabs(d.until - f.now - fmin(6, 0.5 * pow(2, i - 1.0))) < 1e-6);
		f.now = d.until;
	}
	assert_int_equal(f.p.U.k, 1);
	rc_pacer_poll_read(&f.p, f.now, &d);
	answer(&f, send(&f, d), RC_PACER_THROTTLED);
	rc_pacer_poll_read(&f.p, f.now, &d);
	assert_int_equal(d.reason, RC_PACER_WAIT_THROTTLE_PAUSE);
}

static void test_rejection_is_no_signal(void **state)
{
	struct fixture f;
	struct rc_lane before;

	(void)state;
	setup(&f, batches(50, 1));
	answer(&f, send(&f, ask(&f, PENDING(50, 0, 0))), RC_PACER_BUSY);
	before = f.p.U;
	answer(&f, send(&f, ask(&f, PENDING(50, 0, 0))), RC_PACER_REJECTED);
	assert_true(fabs(before.est - f.p.U.est) <= 0 && before.k == f.p.U.k && fabs(before.tot - f.p.U.tot) <= 0);
	assert_int_equal(f.p.counts.rejected, 1);
	assert_int_equal(f.p.counts.calls, 2);
}

static void test_breaker(void **state)
{
	struct fixture f;
	struct rc_pacer_decision d;

	(void)state;
	setup(&f, batches(1, 1));
	for (int i = 0; i < 2; i++)
		answer(&f, send(&f, ask(&f, PENDING(9, 0, 0))), RC_PACER_ERROR);
	assert_true(f.p.eres <= 0); /* one or two change nothing */
	for (uint32_t i = 0; i < 9; i++) {
		answer(&f, send(&f, ask(&f, PENDING(9, 0, 0))), RC_PACER_TIMEOUT);
		rc_pacer_poll(&f.p, f.now, &PENDING(9, 0, 0), &d);
		assert_int_equal(d.reason, RC_PACER_WAIT_BREAKER);
		assert_true(fabs(d.until - f.now - fmin(6, 0.5 * pow(2, i))) < 1e-6);
	}
	assert_true(f.p.W >= 1);
	send(&f, ask(&f, PENDING(9, 0, 0)));
	d = ask(&f, PENDING(8, 0, 0));
	assert_int_equal(d.verb, RC_PACER_WAIT_ANSWER); /* one probe at a time */
}

/* ---- ceilings */

static void test_in_flight_limits(void **state)
{
	struct fixture f;
	struct rc_ceiling target, program;
	struct rc_pacer_config k = batches(1, 1);
	struct rc_pacer_token t = {0};

	(void)state;
	rc_ceiling_init(&target, 3, 0, 0);
	rc_ceiling_init(&program, 2, 0, 0);
	k.ceiling[0] = &target;
	k.ceiling[1] = &program;
	setup(&f, k);
	for (int i = 0; i < 2; i++)
		t = send(&f, ask(&f, PENDING(9, 0, 0)));
	assert_int_equal(ask(&f, PENDING(9, 0, 0)).reason, RC_PACER_WAIT_IN_FLIGHT);
	answer(&f, t, RC_PACER_ACCEPTED);
	t = send(&f, ask(&f, PENDING(9, 0, 0)));
	rc_pacer_abandon(&f.p, &t, true);
	assert_int_equal(program.in_flight, 1);
	k = batches(1, 1);
	k.max_in_flight = 1;
	setup(&f, k);
	send(&f, ask(&f, PENDING(9, 0, 0)));
	assert_int_equal(ask(&f, PENDING(9, 0, 0)).verb, RC_PACER_WAIT_ANSWER);
}

static void test_no_second_holds_more(void **state)
{
	static const double limits[] = {0.5, 1, 2, 2.5, 3, 7, 49, 50, 51, 100, 999};

	(void)state;
	for (size_t l = 0; l < sizeof(limits) / sizeof(*limits); l++) {
		struct rc_ceiling c;
		static double sent[4096];
		size_t n = 0, first = 0;

		rc_ceiling_init(&c, 0, limits[l], 0);
		for (double now = 0; now < 4 && n < 4096; now += 0.00037) {
			double until = 0;

			if (now > 1.1 && now < 1.9)
				continue; /* silence must not save up a burst */
			if (rc_ceiling_poll(&c, now, true, &until) != RC_CEILING_FREE) {
				assert_true(until > now);
				continue;
			}
			rc_ceiling_take(&c, now);
			sent[n++] = now;
			while (sent[n - 1] - sent[first] > 1.0)
				first++;
			assert_true((double)(n - first) <= fmax(1, limits[l]));
		}
		assert_true((double)n >= 0.85 * 3.2 * (limits[l] < 2 ? limits[l] : floor(limits[l])) - 1);
	}
}

static void test_requests_per_day(void **state)
{
	struct rc_ceiling c;
	double until = 0;

	(void)state;
	rc_ceiling_init(&c, 0, 0, 10);
	rc_ceiling_set_day(&c, 8, 5000);
	rc_ceiling_take(&c, 1);
	rc_ceiling_take(&c, 1);
	assert_int_equal(rc_ceiling_poll(&c, 1, false, &until), RC_CEILING_DAY);
	assert_true(fabs(until - 5000) < 1e-9);
	rc_ceiling_unsent(&c);
	assert_int_equal(rc_ceiling_poll(&c, 1, false, &until), RC_CEILING_FREE);
	rc_ceiling_take(&c, 2);
	assert_int_equal(rc_ceiling_poll(&c, 5000 + 86400.5, false, &until), RC_CEILING_FREE);
	assert_int_equal(c.day_used, 0);
	assert_true(fabs(c.day_ends - (5000 + 2 * 86400)) < 1e-6);
}

/* ---- what is shown and kept */

static void test_learned_rate_is_a_start(void **state)
{
	struct fixture f;
	struct rc_pacer_view v;
	struct rc_pacer_config k = batches(100, 1);

	(void)state;
	k.start_users_per_s = 200;
	setup(&f, k);
	rc_pacer_look(&f.p, f.now, &v);
	assert_false(v.learned);
	assert_int_equal(ask(&f, PENDING(1000, 0, 0)).n, 56); /* 0.8 * 200 * 0.35 */
	f.p.U.samples = 3;
	rc_pacer_look(&f.p, f.now, &v);
	assert_true(v.learned && fabs(v.learned_users_per_s - 200) < 1e-9);
	for (int i = 0; i < 400; i++) { /* nothing is refused: it is no ceiling */
		f.now += 0.05;
		rc_lane_accept(&f.p.U, f.now, f.now - 0.04, 60);
	}
	assert_true(rc_lane_rate(&f.p.U, f.now) > 1000);
}

static void test_view_and_names(void **state)
{
	struct fixture f;
	struct rc_pacer_view v;

	(void)state;
	setup(&f, batches(100, 1));
	answer(&f, send(&f, ask(&f, PENDING(100, 0, 0))), RC_PACER_BUSY);
	rc_pacer_poll(&f.p, f.now, &PENDING(100, 0, 0), &(struct rc_pacer_decision){0});
	rc_pacer_look(&f.p, f.now, &v);
	assert_int_equal(v.reason, RC_PACER_WAIT_BUSY_PAUSE);
	assert_true(v.until > f.now && v.users_per_s > 0 && v.window == 8 && v.in_flight == 0 && v.batch >= 1);
	assert_int_equal(v.counts->busy, 1);
	assert_string_equal(rc_pacer_reason_text(v.reason), "busy");
	assert_string_equal(rc_pacer_op_name(RC_PACER_READ), "read");
	assert_string_equal(rc_pacer_outcome_name(RC_PACER_QUOTA), "quota");
	assert_string_equal(rc_pacer_op_name(RC_PACER_OP_COUNT), "unknown");
	assert_string_equal(rc_pacer_outcome_name(RC_PACER_OUTCOME_COUNT), "unknown");
	assert_string_equal(rc_pacer_reason_text(RC_PACER_REASON_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_halving_finds_the_rest),
		cmocka_unit_test(test_acceptance_doubles_again),
		cmocka_unit_test(test_parked_creates_hold_nobody_up),
		cmocka_unit_test(test_each_freed_seat_lets_one_create_go),
		cmocka_unit_test(test_seats_reported_by_the_provider),
		cmocka_unit_test(test_deletes_first_then_shares),
		cmocka_unit_test(test_batch_limit_after_too_large),
		cmocka_unit_test(test_reads_cost_calls_only),
		cmocka_unit_test(test_rejection_is_no_signal),
		cmocka_unit_test(test_breaker),
		cmocka_unit_test(test_in_flight_limits),
		cmocka_unit_test(test_no_second_holds_more),
		cmocka_unit_test(test_requests_per_day),
		cmocka_unit_test(test_learned_rate_is_a_start),
		cmocka_unit_test(test_view_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
