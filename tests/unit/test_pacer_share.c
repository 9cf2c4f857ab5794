/* The same service: classes, controllers and servers that share it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "tests/unit/helper_pacer_world.h"

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
	struct pw *w = pw_new(12);
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
			struct pw *w = pw_new(seed);
			struct rc_pacer_config k = pw_config(kind ? 1 : 50);

			w->mu = kind ? 0 : 110;
			w->depth = 500;
			if (kind) {
				w->bucket = 24;
				w->burst = w->level = 15;
			}
			pw_add(w, &k, pw_creates(1000000));
			pw_add(w, &k, pw_creates(1000000));
			pw_run(w, 150);
			assert_true(jain(w) >= 0.8);
			sum += jain(w);
			free(w);
		}
	}
	assert_true(sum / runs >= 0.85);
}

/* ---- two servers behind one credential share what the gateway allows */

static void test_shared_call_lane(void **state)
{
	struct pw *w = pw_new(20);
	struct rc_pacer_call call;
	struct rc_pacer_config k = pw_config(1);
	uint64_t accepted;

	(void)state;
	rc_pacer_call_init(&call, NULL);
	k.call = &call;
	w->bucket = 20;
	w->burst = w->level = 10;
	pw_add(w, &k, pw_creates(100000));
	pw_add(w, &k, pw_creates(100000));
	pw_run(w, 100);
	accepted = w->client[0].accepted + w->client[1].accepted;
	assert_true(accepted >= 1900 && accepted <= 2020);
	assert_true(jain(w) > 0.95);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes_share),
		cmocka_unit_test(test_two_controllers),
		cmocka_unit_test(test_shared_call_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
