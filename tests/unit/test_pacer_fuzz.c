/* Any event sequence: random outcomes, numbers no server should send, time going forward by 0 to 600 s. Everything
 * stays finite and within its bounds, and the controller never sleeps with work, nothing in flight and no time to wake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/helper_pacer_world.h"

#define FLIGHT 300
#define STEPS 20000

struct flight {
	struct rc_pacer_token t;
	int client;
};

struct fuzz {
	uint64_t random;
	double now;
	struct rc_pacer_call call;
	struct rc_pacer p[2];
	struct rc_pacer_pending pending[2];
	struct rc_ceiling ceiling;
	struct flight flight[FLIGHT];
	uint32_t flights;
};

static uint32_t pick(struct fuzz *f, uint32_t n)
{
	return (uint32_t)(pw_draw(&f->random) * n);
}

static double odd_number(struct fuzz *f)
{
	static const double odd[] = {0, 0, 0, 0, 1, 1, 0.3, 2, 30, 1e-300, 1e300, -1, NAN, INFINITY, -INFINITY, 1e9};

	return odd[pick(f, sizeof(odd) / sizeof(*odd))];
}

static void check_lane(const struct rc_lane *l, double now)
{
	double rate = rc_lane_rate(l, now);

	assert_true(isfinite(l->est) && l->est >= 0 && l->est < 1e7);
	assert_true(isfinite(rate) && rate >= 0 && rate < 1e9);
	assert_true(l->g >= l->P.glo && l->g <= l->P.ghi);
	assert_true(isfinite(l->resume) && isfinite(l->nxt) && isfinite(l->meas) && isfinite(l->s0));
	assert_true(l->out >= 0);
}

static void check(const struct fuzz *f)
{
	uint32_t out = f->p[0].in_flight + f->p[1].in_flight;

	check_lane(&f->call.lane, f->now);
	assert_int_equal(out, f->flights);
	assert_int_equal(f->ceiling.in_flight, f->flights);
	for (int i = 0; i < 2; i++) {
		const struct rc_pacer *p = &f->p[i];

		check_lane(&p->U, f->now);
		assert_true(p->W >= 1 && p->W <= p->P.wmax);
		assert_true(p->bcap >= 1 && p->bcap <= 100);
		assert_true(isfinite(p->srtt) && isfinite(p->eres) && isfinite(p->probe_at) && isfinite(p->rres));
		assert_true(p->U.resume <= f->now + 1.1 * 86400 + 1);
	}
}

static void leave(struct fuzz *f, int i, const struct rc_pacer_decision *d)
{
	assert_true(f->flights < FLIGHT);
	assert_true(d->n >= 1 && (d->op == RC_PACER_READ || d->n <= f->p[i].batch_max[d->op]));
	f->flight[f->flights].client = i;
	rc_pacer_sent(&f->p[i], f->now, d->op, d->n, &f->flight[f->flights].t);
	f->flights++;
}

static void do_poll(struct fuzz *f)
{
	int i = (int)pick(f, 2);
	struct rc_pacer_decision d;

	f->pending[i] =
		(struct rc_pacer_pending){.creates = pick(f, 300), .updates = pick(f, 30), .deletes = pick(f, 5)};
	if (pick(f, 8) == 0)
		f->pending[i].deletes = f->pending[i].updates = 0;
	if (pick(f, 10) == 0)
		rc_pacer_poll_read(&f->p[i], f->now, &d);
	else
		rc_pacer_poll(&f->p[i], f->now, &f->pending[i], &d);
	if (d.verb == RC_PACER_SEND)
		leave(f, i, &d);
	else if (d.verb == RC_PACER_WAIT)
		assert_true(isfinite(d.until) && d.until > f->now);
	else if (d.verb == RC_PACER_WAIT_ANSWER)
		assert_true(f->flights > 0);
}

static void do_answer(struct fuzz *f, uint32_t mood)
{
	struct flight c;
	struct rc_pacer_answer a = {.outcome = RC_PACER_ACCEPTED};
	uint32_t which;

	if (!f->flights)
		return;
	which = pick(f, f->flights);
	c = f->flight[which];
	f->flight[which] = f->flight[--f->flights];
	if (pick(f, 10) < mood)
		a.outcome = (enum rc_pacer_outcome)pick(f, RC_PACER_OUTCOME_COUNT);
	a.retry_after_s = odd_number(f);
	a.hint_calls_per_s = pick(f, 20) ? 0 : odd_number(f);
	a.without_effect = pick(f, 3);
	if (pick(f, 50) == 0)
		rc_pacer_abandon(&f->p[c.client], &c.t, pick(f, 2));
	else
		rc_pacer_result(&f->p[c.client], f->now, &c.t, &a);
}

static void do_time(struct fuzz *f)
{
	static const double step[] = {0, 1e-6, 0.001, 0.01, 0.1, 1, 10, 600};
	uint32_t i = pick(f, 40);

	f->now += i < 8 ? step[i] : 0.05 * pw_draw(&f->random);
}

static void run(uint64_t seed)
{
	struct fuzz f = {.random = seed, .now = seed % 2 ? 0 : 1e6};

	rc_pacer_call_init(&f.call, NULL);
	rc_ceiling_init(&f.ceiling, 200, seed % 3 ? 0 : 50, 0);
	for (uint32_t i = 0; i < 2; i++)
		rc_pacer_init(&f.p[i], &(struct rc_pacer_config){
					       .batch_max = {1 + pick(&f, 100), 1 + pick(&f, 3), 1 + pick(&f, 50)},
					       .start_users_per_s = odd_number(&f) > 1 ? 30 : 0,
					       .timer_slack_s = 0.002 * i,
					       .u = pw_draw,
					       .u_ctx = &f.random,
					       .call = &f.call,
					       .ceiling = {&f.ceiling}});
	for (int step = 0; step < STEPS; step++) {
		switch (pick(&f, 4)) {
		case 0:
			do_time(&f);
			break;
		case 1:
			do_answer(&f, (uint32_t)(step / 2000) % 11);
			break;
		default:
			do_poll(&f);
		}
		if (pick(&f, 500) == 0)
			rc_pacer_set_seats(&f.p[0], f.now, pick(&f, 40));
		if (pick(&f, 500) == 0)
			rc_pacer_probe_seats(&f.p[1], f.now);
		check(&f);
	}
}

static void test_any_sequence(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
