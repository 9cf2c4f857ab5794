/* The same service: what the pacer takes each refusal for, and what it learns of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include "tests/unit/helper_pacer_world.h"

/* ---- 6: the full-to-full estimate */

struct estimate {
	double lo, hi;
	uint32_t from;
	unsigned seen;
};

static void check_estimate(struct pw *w, int i, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	struct estimate *s = w->ctx;
	const struct rc_lane *U = &w->client[0].pacer.U;

	(void)i;
	(void)t;
	(void)a;
	if (U->samples < s->from)
		return;
	assert_true(U->est >= s->lo * w->mu && U->est <= s->hi * w->mu);
	s->seen++;
}

static void run_estimate(double relearn, double mu, double depth, uint32_t batch, uint32_t job, struct estimate s)
{
	struct pw *w = pw_new(6);
	struct rc_pacer_params params;
	struct rc_pacer_config k = pw_config(batch);

	rc_pacer_params_default(&params);
	if (relearn > 0)
		params.user.relearn = relearn;
	k.params = &params;
	w->mu = mu;
	w->depth = depth;
	w->ctx = &s;
	w->on_result = check_estimate;
	pw_add(w, &k, pw_creates(job));
	pw_run(w, 1e5);
	assert_true(pw_done(w) && s.seen > 10);
	free(w);
}

static void test_full_to_full(void **state)
{
	(void)state;
	run_estimate(1e9, 90, 700, 30, 40000, (struct estimate){.lo = 0.8, .hi = 1.2, .from = 6});
	run_estimate(1e9, 60, 400, 1, 20000, (struct estimate){.lo = 0.97, .hi = 1.03, .from = 20});
	run_estimate(0, 90, 700, 30, 40000, (struct estimate){.lo = 0.95, .hi = 1.45, .from = 6});
}

/* ---- 8: an outage leaves the estimate alone and its end is seen */

struct outage {
	double est, first_after;
};

static void watch_outage(struct pw *w, int i, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	struct outage *s = w->ctx;
	const struct rc_lane *U = &w->client[0].pacer.U;

	(void)i;
	if (a->outcome == RC_PACER_ACCEPTED && t->sent > w->out_to && s->first_after <= 0)
		s->first_after = t->sent;
	if (t->sent <= w->out_from + 0.1 || t->sent > w->out_to)
		return;
	if (s->est <= 0 && (U->k >= 2 || w->client[0].pacer.ek >= 3))
		s->est = U->est;
	if (s->est > 0)
		assert_true(fabs(U->est - s->est) < 1e-12);
}

static void run_outage(enum rc_pacer_outcome how, uint64_t seed)
{
	struct outage s = {0};
	struct pw *w = pw_new(seed);
	struct rc_pacer_config k = pw_config(50);

	w->mu = 100;
	w->depth = 600;
	w->out_from = 30;
	w->out_to = 400;
	w->out_how = how;
	w->ctx = &s;
	w->on_result = watch_outage;
	pw_add(w, &k, pw_creates(8000));
	pw_run(w, 1e4);
	assert_true(pw_done(w) && s.est > 0);
	assert_true(s.first_after > 0 && s.first_after - w->out_to <= 15 * 1.25 + 0.2);
	assert_true(w->now < 470); /* 80 s of work and 370 s of outage: the way back must not be another outage */
	free(w);
}

static void test_outage(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		run_outage(RC_PACER_BUSY, seed);
		run_outage(RC_PACER_ERROR, seed);
		run_outage(RC_PACER_TIMEOUT, seed);
	}
}

/* ---- 9: each refusal corrects its own cause */

struct causes {
	double uest, cest;
	unsigned per_window[64];
};

static void causes_before(struct pw *w, int i, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	struct causes *s = w->ctx;

	(void)i;
	(void)t;
	(void)a;
	s->uest = w->client[0].pacer.U.est;
	s->cest = w->client[0].pacer.call->lane.est;
}

static void causes_after(struct pw *w, int i, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	struct causes *s = w->ctx;
	double du = fabs(w->client[0].pacer.U.est - s->uest);
	double dc = fabs(w->client[0].pacer.call->lane.est - s->cest);

	(void)i;
	(void)t;
	if (a->outcome != RC_PACER_BUSY)
		assert_true(du <= 0);
	if (a->outcome != RC_PACER_THROTTLED)
		assert_true(dc <= 0);
	else if (w->window_s > 0 && w->now < 64 * w->window_s)
		s->per_window[(int)(w->now / w->window_s)]++;
}

static void test_causes_stay_apart(void **state)
{
	struct causes s = {0};
	struct pw *w = pw_new(9);
	struct rc_pacer_config k = pw_config(20);
	struct rc_pacer_pending job = {.creates = 4000, .updates = 300, .deletes = 100};

	(void)state;
	w->mu = 40;
	w->depth = 200;
	w->bucket = 30;
	w->burst = w->level = 15;
	w->seats = 2000;
	w->ctx = &s;
	w->before_result = causes_before;
	w->on_result = causes_after;
	pw_add(w, &k, job);
	pw_run(w, 200);
	assert_true(w->client[0].pacer.counts.busy && w->client[0].pacer.counts.throttled &&
		    w->client[0].pacer.counts.quota);
	free(w);
}

static void test_fixed_windows(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct causes s = {0};
		struct pw *w = pw_new(seed);
		struct rc_pacer_config k = pw_config(1);
		int windows;

		w->window_n = 100;
		w->window_s = 60;
		w->ctx = &s;
		w->before_result = causes_before;
		w->on_result = causes_after;
		pw_add(w, &k, pw_creates(1500));
		pw_run(w, 1e4);
		assert_true(pw_done(w));
		windows = (int)(w->now / 60);
		assert_in_range(windows, 14, 17);
		for (int i = 2; i <= windows; i++)
			assert_true(s.per_window[i] <= 10);
		free(w);
	}
}

/* ---- a lane that is slower than a call per second still finds out when it may go faster */

static void test_slow_lane_grows(void **state)
{
	struct pw *w = pw_new(16);
	struct rc_pacer_config k = pw_config(1);
	uint64_t before;

	(void)state;
	w->bucket = 0.2;
	w->burst = w->level = 3;
	pw_add(w, &k, pw_creates(100000));
	pw_run(w, 200);
	before = w->client[0].accepted;
	assert_in_range(before, 30, 44);
	assert_true(w->client[0].pacer.call->lane.est < 0.3);
	assert_true(w->client[0].pacer.counts.throttled < before);
	w->bucket = 10;
	w->burst = 10;
	pw_run(w, 320);
	before = w->client[0].accepted;
	pw_run(w, 360);
	assert_true(w->client[0].accepted - before > 340);
	free(w);
}

/* ---- a rate that a bad spell taught locks no later night into a crawl */

static struct pw *night(double service, uint32_t people, double learned)
{
	struct pw *w = pw_new(22);
	struct rc_pacer_config k = pw_config(50);

	k.start_users_per_s = learned;
	w->mu = service;
	w->depth = 200;
	pw_add(w, &k, pw_creates(people));
	pw_run(w, 1e6);
	assert_true(pw_done(w));
	return w;
}

static void test_good_night_after_a_bad_one(void **state)
{
	static const double learned[] = {0.02, 0.05, 0.5, 2, 19};
	struct pw *first = night(200, 12000, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(learned) / sizeof(*learned); i++) {
		struct pw *w = night(200, 12000, learned[i]);

		assert_true(w->now < first->now + 5);
		free(w);
	}
	free(first);
}

static void test_bad_night_after_a_bad_one(void **state)
{
	struct pw *first = night(0.05, 260, 0), *w = night(0.05, 260, 0.05);

	(void)state;
	assert_true(w->now < 1.05 * first->now);
	assert_true(w->client[0].pacer.counts.busy <= first->client[0].pacer.counts.busy + 3);
	free(w);
	free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_to_full),
		cmocka_unit_test(test_outage),
		cmocka_unit_test(test_causes_stay_apart),
		cmocka_unit_test(test_fixed_windows),
		cmocka_unit_test(test_slow_lane_grows),
		cmocka_unit_test(test_good_night_after_a_bad_one),
		cmocka_unit_test(test_bad_night_after_a_bad_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
