/* One lane by hand: what moves on a refusal, and how long the pauses are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>
#include "engine/exec/pacer.h"

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

static struct rc_lane lane(bool work)
{
	struct rc_pacer_params p;
	struct rc_lane l;

	rc_pacer_params_default(&p);
	rc_lane_init(&l, work ? &p.user : &p.call, work);
	rc_lane_begin(&l, 0);
	return l;
}

static void test_slow_start_needs_answers(void **state)
{
	struct rc_lane l = lane(true);

	(void)state;
	assert_true(near(rc_lane_rate(&l, 0), 20));
	assert_true(near(rc_lane_rate(&l, 5), 20)); /* nothing was accepted: no reason to go faster */
	rc_lane_accept(&l, 5, 4.9, 100);
	assert_true(near(rc_lane_rate(&l, 5), 600));
	assert_true(rc_lane_rate(&l, 9) < 20.0001);
}

static void test_call_lane_is_open_at_first(void **state)
{
	struct rc_lane l = lane(false);

	(void)state;
	assert_true(near(rc_lane_rate(&l, 1), 0));
	rc_lane_charge(&l, 1, 1, 0);
	assert_true(near(l.nxt, 0) && near(l.out, 1));
}

static void test_one_event_moves_once(void **state)
{
	struct rc_lane l = lane(true);
	double est;

	(void)state;
	for (int i = 0; i < 10; i++)
		rc_lane_accept(&l, 1 + 0.1 * i, 0.9 + 0.1 * i, 10);
	assert_true(rc_lane_refuse(&l, 2.0, 1.80, 10, 0, 0.5));
	est = l.est;
	assert_true(near(est, 100 / 2.0));
	for (int i = 0; i < 20; i++) /* all of them left before the first refusal was handled */
		assert_false(rc_lane_refuse(&l, 2.01 + 0.01 * i, 1.81 + 0.009 * i, 10, 0, 0.5));
	assert_int_equal(l.k, 1);
	assert_true(near(l.est, est));
	assert_int_equal(l.f, 21);
}

static void test_full_to_full_sample(void **state)
{
	struct rc_lane l = lane(true);

	(void)state;
	rc_lane_accept(&l, 1, 0.9, 10);
	rc_lane_refuse(&l, 1.1, 1.0, 10, 0, 0.5); /* full at 1.0 */
	l.est = 40;
	rc_lane_accept(&l, 2.4, l.resume, 30);
	rc_lane_accept(&l, 2.9, 2.5, 30);
	rc_lane_refuse(&l, 3.1, 3.0, 10, 0, 0.5); /* full again at 3.0: 60 users in 2 s */
	assert_true(near(l.est, 40 + 0.8 * (30 - 40)));
	assert_int_equal(l.samples, 1);
}

static void test_pauses_double_up_to_a_cap(void **state)
{
	(void)state;
	for (int u = 0; u < 2; u++) {
		struct rc_lane l = lane(true);
		double now = 10, draw = u ? 0.999999 : 0;

		rc_lane_accept(&l, 1, 0.9, 1000);
		for (uint32_t k = 1; k <= 40; k++) {
			double pause, least;

			assert_true(rc_lane_refuse(&l, now, now - 0.05, 1, 0, draw));
			assert_int_equal(l.k, k);
			pause = l.resume - now;
			least = fmin(15, 0.5 * pow(2, k - 2.0));
			if (k >= 2)
				assert_true(pause >= least * 0.75 - 1e-9 && pause <= 15 * 1.25);
			now = l.resume + 0.05;
		}
		assert_true(isfinite(l.resume) && l.est > 0);
	}
}

static struct rc_lane fast_call_lane(void)
{
	struct rc_lane l = lane(false);

	for (int i = 0; i < 20; i++)
		rc_lane_accept(&l, 0.5, 0.4, 1);
	return l;
}

static void test_retry_after_is_a_floor(void **state)
{
	struct rc_lane l = fast_call_lane();

	(void)state;
	rc_lane_refuse(&l, 1, 0.9, 1, 1.0, 0.5); /* whole-second rounding: only the refused call waits for it */
	assert_true(l.resume - 1 < 1);
	rc_lane_refuse(&l, 3, 2.9, 1, 1.0, 0.5); /* the second in a row means it */
	assert_true(l.resume - 3 >= 1);
	l = fast_call_lane();
	rc_lane_refuse(&l, 1, 0.9, 1, 7, 0.5);
	assert_true(l.resume - 1 >= 7 && l.resume - 1 <= 7.7);
	l = fast_call_lane();
	rc_lane_refuse(&l, 1, 0.9, 1, 1e300, 0.5);
	assert_true(l.resume <= 1 + 1.1 * 86400);
	l = fast_call_lane();
	rc_lane_refuse(&l, 1, 0.9, 1, NAN, 0.5);
	assert_true(l.resume - 1 < 1);
}

static void test_hint(void **state)
{
	struct rc_lane l = lane(false);

	(void)state;
	rc_lane_set_hint(&l, NAN);
	rc_lane_set_hint(&l, -1);
	rc_lane_set_hint(&l, 0);
	rc_lane_set_hint(&l, INFINITY);
	assert_true(near(rc_lane_rate(&l, 1), 0));
	rc_lane_set_hint(&l, 5);
	assert_true(rc_lane_rate(&l, 1) <= 5 && rc_lane_rate(&l, 1) >= 4);
	rc_lane_accept(&l, 60, 59.9, 100);
	assert_true(near(rc_lane_rate(&l, 60), 5)); /* however long nothing is refused */
}

static void test_the_ramp_back_is_bounded(void **state)
{
	struct rc_lane l = lane(true);
	double now = 10;

	(void)state;
	rc_lane_accept(&l, 1, 0.9, 1000);
	for (int k = 0; k < 60; k++) {
		rc_lane_refuse(&l, now, now - 0.05, 1, 0, 0.5);
		now = l.resume + 0.05;
	}
	rc_lane_accept(&l, now, l.resume, 1);
	assert_int_equal(l.k, 0);
	rc_lane_charge(&l, now, 1, 0);
	assert_true(l.nxt - now < 5.1);
	assert_true(near(rc_lane_rate(&l, now + 8 * 0.5), 0.8 * l.est));
}

static void test_timer_slack(void **state)
{
	struct rc_lane l = lane(true);

	(void)state;
	rc_lane_charge(&l, 1, 1, 0.002);
	assert_true(near(l.nxt, 1.048));
	rc_lane_charge(&l, 1.0495, 1, 0.002); /* the timer fired late, and no rate is lost */
	assert_true(near(l.nxt, 1.098));
	rc_lane_charge(&l, 1.2, 1, 0.002);
	assert_true(near(l.nxt, 1.248));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_start_needs_answers),
		cmocka_unit_test(test_call_lane_is_open_at_first),
		cmocka_unit_test(test_one_event_moves_once),
		cmocka_unit_test(test_full_to_full_sample),
		cmocka_unit_test(test_pauses_double_up_to_a_cap),
		cmocka_unit_test(test_retry_after_is_a_floor),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_the_ramp_back_is_bounded),
		cmocka_unit_test(test_timer_slack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
