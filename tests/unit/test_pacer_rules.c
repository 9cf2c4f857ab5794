/* The pacer's rules (docs/pacing.md, "Invariants") against a service on a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/helper_pacer_world.h"

static struct pw *world(uint64_t seed)
{
	struct pw *w = malloc(sizeof(*w));

	assert_non_null(w);
	pw_init(w, seed);
	return w;
}

static struct rc_pacer_pending creates(uint32_t n)
{
	return (struct rc_pacer_pending){.creates = n};
}

/* ---- 1: nothing before a long or repeated Retry-After */

struct silence {
	double until;
	unsigned refusals;
};

static void note_retry_after(struct pw *w, int i, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	struct silence *s = w->ctx;

	(void)i;
	(void)t;
	if (a->outcome == RC_PACER_THROTTLED && w->client[0].pacer.call->lane.cut >= w->now) {
		s->until = w->now + a->retry_after_s;
		s->refusals++;
	}
}

static void check_silence(struct pw *w, int i, const struct rc_pacer_token *t)
{
	(void)i;
	assert_true(t->sent >= ((struct silence *)w->ctx)->until - 1e-9);
}

static void test_retry_after(void **state)
{
	struct silence s = {0};
	struct pw *w = world(1);
	struct rc_pacer_config k = pw_config(1);

	(void)state;
	w->bucket = 2;
	w->burst = 4;
	w->level = 4;
	w->retry_after = 3;
	w->ctx = &s;
	w->on_result = note_retry_after;
	w->on_sent = check_silence;
	pw_add(w, &k, creates(200));
	pw_run(w, 1e4);
	assert_true(pw_done(w) && s.refusals > 3);
	free(w);
}

/* ---- 2: between refusals no more is sent than the rate allows */

struct integral {
	double t, users, calls; /* allowed since the last refusal */
	double sent_users, sent_calls;
	double most_over;
};

static void integrate(struct pw *w)
{
	struct integral *s = w->ctx;
	const struct rc_pacer *p = &w->client[0].pacer;
	double dt = (w->now - s->t) / 16;

	for (int i = 0; i < 16; i++) {
		s->users += rc_lane_rate(&p->U, s->t + (i + 0.5) * dt) * dt;
		s->calls += rc_lane_rate(&p->call->lane, s->t + (i + 0.5) * dt) * dt;
	}
	s->t = w->now;
}

static void integrate_before(struct pw *w, int i, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	struct integral *s = w->ctx;

	(void)i;
	(void)t;
	integrate(w);
	if (a->outcome != RC_PACER_ACCEPTED)
		*s = (struct integral){.t = w->now};
}

static void integrate_sent(struct pw *w, int i, const struct rc_pacer_token *t)
{
	struct integral *s = w->ctx;
	const struct rc_pacer *p = &w->client[0].pacer;

	(void)i;
	integrate(w);
	s->sent_users += t->n;
	s->sent_calls += 1;
	assert_true(s->sent_users <= 1.03 * s->users + p->batch_max[t->op] + 1e-6);
	if (p->call->lane.est > 0)
		assert_true(s->sent_calls <= 1.03 * s->calls + 1 + 1e-6);
}

static void test_never_faster_than_the_rate(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct integral s = {0};
		struct pw *w = world(2);
		struct rc_pacer_config k = pw_config(kind ? 1 : 40);

		w->mu = kind ? 0 : 80;
		w->depth = 500;
		if (kind) {
			w->bucket = 20;
			w->burst = w->level = 10;
		}
		w->ctx = &s;
		w->before_result = integrate_before;
		w->on_sent = integrate_sent;
		pw_add(w, &k, creates(kind ? 1500 : 6000));
		pw_run(w, 1e4);
		assert_true(pw_done(w));
		free(w);
	}
}

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
	struct pw *w = world(6);
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
	pw_add(w, &k, creates(job));
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
	struct pw *w = world(seed);
	struct rc_pacer_config k = pw_config(50);

	w->mu = 100;
	w->depth = 600;
	w->out_from = 30;
	w->out_to = 400;
	w->out_how = how;
	w->ctx = &s;
	w->on_result = watch_outage;
	pw_add(w, &k, creates(8000));
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
	struct pw *w = world(9);
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
		struct pw *w = world(seed);
		struct rc_pacer_config k = pw_config(1);
		int windows;

		w->window_n = 100;
		w->window_s = 60;
		w->ctx = &s;
		w->before_result = causes_before;
		w->on_result = causes_after;
		pw_add(w, &k, creates(1500));
		pw_run(w, 1e4);
		assert_true(pw_done(w));
		windows = (int)(w->now / 60);
		assert_in_range(windows, 14, 17);
		for (int i = 2; i <= windows; i++)
			assert_true(s.per_window[i] <= 10);
		free(w);
	}
}

/* ---- 12: neither class starves */

struct fair {
	double sent[2];
	uint32_t job[2];
};

static void check_fair(struct pw *w, int i, const struct rc_pacer_token *t)
{
	struct fair *s = w->ctx;
	const struct rc_pacer_pending *q = &w->client[0].pending;
	double ahead;

	(void)i;
	s->sent[t->op] += t->n;
	if (!q->creates || !q->updates)
		return;
	ahead = s->sent[0] / s->job[0] - s->sent[1] / s->job[1];
	assert_true(ahead <= 20.0 / s->job[0] + 1e-9);
	assert_true(-ahead <= 1.0 / s->job[1] + 20.0 / s->job[0] + 1e-9);
}

static void fair_refused(struct pw *w, int i, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	(void)i;
	if (a->outcome != RC_PACER_ACCEPTED)
		((struct fair *)w->ctx)->sent[t->op] -= t->n;
}

static void test_classes_share(void **state)
{
	struct fair s = {.job = {3000, 900}};
	struct pw *w = world(12);
	struct rc_pacer_config k = pw_config(20);
	struct rc_pacer_pending job = {.creates = 3000, .updates = 900};

	(void)state;
	w->mu = 2000; /* without refusals the shares are exact */
	w->depth = 1e9;
	w->ctx = &s;
	w->on_sent = check_fair;
	w->on_result = fair_refused;
	pw_add(w, &k, job);
	pw_run(w, 1e4);
	assert_true(pw_done(w));
	free(w);
}

/* ---- 13: an announced limit is kept */

struct sends {
	double t[4096];
	size_t n;
	double known; /* since when the limit is known; 0: not yet */
	uint64_t digest;
};

static void note_send(struct pw *w, int i, const struct rc_pacer_token *t)
{
	struct sends *s = w->ctx;
	uint64_t bits;

	(void)i;
	memcpy(&bits, &t->sent, sizeof(bits));
	s->digest = (s->digest ^ bits ^ t->n) * UINT64_C(0x100000001b3);
	if (s->known > 0 && s->n < 4096)
		s->t[s->n++] = t->sent;
}

static void note_hint(struct pw *w, int i, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	struct sends *s = w->ctx;

	(void)i;
	(void)t;
	if (a->hint_calls_per_s > 0 && s->known <= 0)
		s->known = w->now;
}

static void test_hint_is_kept(void **state)
{
	struct sends *s = calloc(1, sizeof(*s));
	struct pw *w = world(13);
	struct rc_pacer_config k = pw_config(1);

	(void)state;
	assert_non_null(s);
	w->window_n = 30;
	w->window_s = 10;
	w->hint = 3;
	w->ctx = s;
	w->on_sent = note_send;
	w->on_result = note_hint;
	pw_add(w, &k, creates(900));
	pw_run(w, 1e4);
	assert_true(pw_done(w) && s->n > 500);
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = i; j < s->n; j++)
			assert_true((double)(j - i + 1) <= 3 * (s->t[j] - s->t[i]) + 1 + 1e-6);
	free(w);
	free(s);
}

/* ---- 14: a pure function of inputs and draws */

static uint64_t digest_of(uint64_t seed)
{
	struct sends *s = calloc(1, sizeof(*s));
	struct pw *w = world(seed);
	struct rc_pacer_config k = pw_config(30);
	uint64_t digest;

	assert_non_null(s);
	w->mu = 70;
	w->depth = 200;
	w->ctx = s;
	w->on_sent = note_send;
	pw_add(w, &k, creates(4000));
	pw_run(w, 1e4);
	digest = s->digest;
	free(w);
	free(s);
	return digest;
}

static void test_replay(void **state)
{
	(void)state;
	assert_true(digest_of(14) == digest_of(14));
	assert_true(digest_of(14) != digest_of(15));
}

/* ---- 15: two controllers share without talking */

static double jain(struct pw *w)
{
	double a = (double)w->client[0].accepted, b = (double)w->client[1].accepted;

	return (a + b) * (a + b) / (2 * (a * a + b * b));
}

static void test_two_controllers(void **state)
{
	double sum = 0;
	int runs = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		for (int kind = 0; kind < 2; kind++, runs++) {
			struct pw *w = world(seed);
			struct rc_pacer_config k = pw_config(kind ? 1 : 50);

			w->mu = kind ? 0 : 110;
			w->depth = 500;
			if (kind) {
				w->bucket = 24;
				w->burst = w->level = 15;
			}
			pw_add(w, &k, creates(1000000));
			pw_add(w, &k, creates(1000000));
			pw_run(w, 150);
			assert_true(jain(w) >= 0.8);
			sum += jain(w);
			free(w);
		}
	}
	assert_true(sum / runs >= 0.85);
}

/* ---- a lane that is slower than a call per second still finds out when it may go faster */

static void test_slow_lane_grows(void **state)
{
	struct pw *w = world(16);
	struct rc_pacer_config k = pw_config(1);
	uint64_t before;

	(void)state;
	w->bucket = 0.2;
	w->burst = w->level = 3;
	pw_add(w, &k, creates(100000));
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
	struct pw *w = world(22);
	struct rc_pacer_config k = pw_config(50);

	k.start_users_per_s = learned;
	w->mu = service;
	w->depth = 200;
	pw_add(w, &k, creates(people));
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

/* ---- two servers behind one credential share what the gateway allows */

static void test_shared_call_lane(void **state)
{
	struct pw *w = world(20);
	struct rc_pacer_call call;
	struct rc_pacer_config k = pw_config(1);
	uint64_t accepted;

	(void)state;
	rc_pacer_call_init(&call, NULL);
	k.call = &call;
	w->bucket = 20;
	w->burst = w->level = 10;
	pw_add(w, &k, creates(100000));
	pw_add(w, &k, creates(100000));
	pw_run(w, 100);
	accepted = w->client[0].accepted + w->client[1].accepted;
	assert_true(accepted >= 1900 && accepted <= 2020);
	assert_true(jain(w) > 0.95);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_never_faster_than_the_rate),
		cmocka_unit_test(test_full_to_full),
		cmocka_unit_test(test_outage),
		cmocka_unit_test(test_causes_stay_apart),
		cmocka_unit_test(test_fixed_windows),
		cmocka_unit_test(test_classes_share),
		cmocka_unit_test(test_hint_is_kept),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_two_controllers),
		cmocka_unit_test(test_slow_lane_grows),
		cmocka_unit_test(test_good_night_after_a_bad_one),
		cmocka_unit_test(test_bad_night_after_a_bad_one),
		cmocka_unit_test(test_shared_call_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
