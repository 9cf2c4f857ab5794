/* The pacer's rules (docs/pacing.md, "Invariants") against a service on a virtual clock: what may be sent and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/helper_pacer_world.h"

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
	struct pw *w = pw_new(1);
	struct rc_pacer_config k = pw_config(1);

	(void)state;
	w->bucket = 2;
	w->burst = 4;
	w->level = 4;
	w->retry_after = 3;
	w->ctx = &s;
	w->on_result = note_retry_after;
	w->on_sent = check_silence;
	pw_add(w, &k, pw_creates(200));
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
		struct pw *w = pw_new(2);
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
		pw_add(w, &k, pw_creates(kind ? 1500 : 6000));
		pw_run(w, 1e4);
		assert_true(pw_done(w));
		free(w);
	}
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
	struct pw *w = pw_new(13);
	struct rc_pacer_config k = pw_config(1);

	(void)state;
	assert_non_null(s);
	w->window_n = 30;
	w->window_s = 10;
	w->hint = 3;
	w->ctx = s;
	w->on_sent = note_send;
	w->on_result = note_hint;
	pw_add(w, &k, pw_creates(900));
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
	struct pw *w = pw_new(seed);
	struct rc_pacer_config k = pw_config(30);
	uint64_t digest;

	assert_non_null(s);
	w->mu = 70;
	w->depth = 200;
	w->ctx = s;
	w->on_sent = note_send;
	pw_add(w, &k, pw_creates(4000));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_never_faster_than_the_rate),
		cmocka_unit_test(test_hint_is_kept),
		cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
