/* Replays decisions of the reference controller (tests/pacer/make_trace): the answers and draws it met go in, and what
 * leaves, when, and the state after every answer must come out. An argument names another trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <zlib.h>
#include <cmocka.h>
#include "engine/exec/pacer.h"

#define HELD_MAX 4096
#define TOLERANCE 1e-9
#define WAKE_MIN 1e-4 /* the simulator polls again this much later at the earliest, so it may be this much late */

static const char *trace_path = TEST_DIR "/pacer/reference.trace.gz";

struct held {
	double t;
	enum rc_pacer_op op;
	uint32_t n;
};

struct replay {
	struct rc_pacer_call call;
	struct rc_pacer pacer;
	struct rc_pacer_pending pending;
	struct rc_pacer_token *sent;
	size_t sent_n, sent_cap;
	struct held held[HELD_MAX]; /* refused items that wait for their own Retry-After */
	size_t held_n;
	double draw; /* NAN: the reference drew nothing here */
	double due;  /* the reference would poll again at this time; INFINITY: at the next answer */
	char job[64];
	size_t line, events;
};

static void at(const struct replay *r, const char *what)
{
	print_error("job %s, trace line %zu: %s\n", r->job, r->line, what);
}

static double next_draw(void *ctx)
{
	struct replay *r = ctx;
	double u = r->draw;

	r->draw = NAN;
	if (isnan(u)) {
		at(r, "a draw where the reference made none");
		fail();
	}
	return u;
}

static uint32_t *pending_of(struct replay *r, enum rc_pacer_op op)
{
	if (op == RC_PACER_CREATE)
		return &r->pending.creates;
	return op == RC_PACER_UPDATE ? &r->pending.updates : &r->pending.deletes;
}

static enum rc_pacer_op op_of(const char *word)
{
	for (enum rc_pacer_op op = 0; op < RC_PACER_READ; op++)
		if (strcmp(word, rc_pacer_op_name(op)) == 0)
			return op;
	fail();
	return RC_PACER_READ;
}

static enum rc_pacer_outcome outcome_of(const char *word)
{
	for (enum rc_pacer_outcome o = 0; o < RC_PACER_OUTCOME_COUNT; o++)
		if (strcmp(word, rc_pacer_outcome_name(o)) == 0)
			return o;
	fail();
	return RC_PACER_ERROR;
}

static void release_held(struct replay *r, double now)
{
	for (size_t i = 0; i < r->held_n;) {
		if (r->held[i].t > now) {
			i++;
			continue;
		}
		*pending_of(r, r->held[i].op) += r->held[i].n;
		r->held[i] = r->held[--r->held_n];
		r->due = now;
	}
}

/* The reference polled until it had to wait; so nothing may be sendable, and it will look again at `due`. */
static void settle(struct replay *r, double now)
{
	struct rc_pacer_decision d;

	rc_pacer_poll(&r->pacer, now, &r->pending, &d);
	if (d.verb == RC_PACER_SEND) {
		at(r, "a call leaves where the reference waits");
		fail();
	}
	r->due = fmax(d.until, now + WAKE_MIN);
}

/* Where this controller leaves the reference, it does so by settings of its own. */
static struct rc_pacer_params reference_params(void)
{
	struct rc_pacer_params p;

	rc_pacer_params_default(&p);
	p.user.slow = p.call.slow = 0;
	p.pcap = 15;
	p.user.block_m = p.call.block_m = 0;
	p.user.ramp_max = p.call.ramp_max = UINT32_MAX;
	p.user.ramp_gap = p.call.ramp_gap = INFINITY;
	p.credit_back = false;
	p.call.add = 0;
	p.call.drop = 0.5;
	return p;
}

static void begin_job(struct replay *r, const char *line)
{
	struct rc_pacer_params params = reference_params();
	uint32_t batch_max;

	assert_int_equal(sscanf(line, "J %63s %u %u %u %u", r->job, &batch_max, &r->pending.creates,
				&r->pending.updates, &r->pending.deletes),
			 5);
	rc_pacer_call_init(&r->call, &params);
	rc_pacer_init(&r->pacer, &(struct rc_pacer_config){.params = &params,
							   .batch_max = {batch_max, 1, 1},
							   .u = next_draw,
							   .u_ctx = r,
							   .call = &r->call});
	r->sent_n = 0;
	r->held_n = 0;
	r->draw = NAN;
	r->due = 0;
}

static void replay_send(struct replay *r, const char *line, double now)
{
	struct rc_pacer_decision d;
	char op[16];
	uint32_t n;

	assert_int_equal(sscanf(line, "S %*s %15s %u", op, &n), 2);
	rc_pacer_poll(&r->pacer, now, &r->pending, &d);
	if (d.verb != RC_PACER_SEND || d.op != op_of(op) || d.n != n) {
		at(r, line);
		print_error("verb %d op %s n %u until %.9f\n", d.verb, rc_pacer_op_name(d.op), d.n, d.until);
		fail();
	}
	if (r->sent_n == r->sent_cap) {
		r->sent_cap = r->sent_cap ? 2 * r->sent_cap : 1024;
		r->sent = reallocarray(r->sent, r->sent_cap, sizeof(*r->sent));
		assert_non_null(r->sent);
	}
	rc_pacer_sent(&r->pacer, now, d.op, n, &r->sent[r->sent_n++]);
	*pending_of(r, d.op) -= n;
}

static void same(const struct replay *r, const char *what, const char *want, double got)
{
	double w = strcmp(want, "-") == 0 ? 0 : strtod(want, NULL);

	if (fabs(w - got) <= TOLERANCE * fmax(1e-3, fabs(w)))
		return;
	at(r, what);
	print_error("want %.15g, got %.15g\n", w, got);
	fail();
}

static double number(const char *word, double absent)
{
	return strcmp(word, "-") == 0 ? absent : strtod(word, NULL);
}

static void replay_result(struct replay *r, const char *line, double now)
{
	char w[13][32];
	const struct rc_pacer_token *call;
	struct rc_pacer_answer a = {0};
	size_t id;

	assert_int_equal(sscanf(line, "R %*s %zu %31s %31s %31s %31s %31s %31s %31s %31s %31s %31s %31s %31s", &id,
				w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11]),
			 13);
	assert_in_range(id, 1, r->sent_n);
	call = &r->sent[id - 1];
	a.outcome = outcome_of(w[0]);
	a.retry_after_s = number(w[1], 0);
	a.hint_calls_per_s = number(w[2], 0);
	r->draw = number(w[3], NAN);
	if (a.outcome != RC_PACER_ACCEPTED && a.retry_after_s > 0) {
		assert_true(r->held_n < HELD_MAX);
		r->held[r->held_n++] = (struct held){now + a.retry_after_s, call->op, call->n};
	} else if (a.outcome != RC_PACER_ACCEPTED) {
		*pending_of(r, call->op) += call->n;
	}
	rc_pacer_result(&r->pacer, now, call, &a);
	if (!isnan(r->draw)) {
		at(r, "no draw where the reference made one");
		fail();
	}
	same(r, "est", w[4], r->pacer.U.est);
	same(r, "resume", w[5], r->pacer.U.resume);
	same(r, "g", w[6], r->pacer.U.g);
	same(r, "cest", w[7], r->call.lane.est);
	same(r, "cresume", w[8], r->call.lane.resume);
	same(r, "W", w[9], r->pacer.W);
	same(r, "bcap", w[10], r->pacer.bcap);
	assert_int_equal(strtol(w[11], NULL, 10), r->pacer.parked);
	r->due = now;
}

/* Whatever the reference looked at between two events led to nothing. A look may tell it to look again later. */
static void keep_quiet(struct replay *r, double last, double now)
{
	if (now > last)
		settle(r, last);
	while (r->due < now - 2 * WAKE_MIN)
		settle(r, r->due);
}

static void one_event(struct replay *r, const char *line, double *last)
{
	double now;

	if (line[0] == 'J') {
		begin_job(r, line);
		*last = 0;
		return;
	}
	now = strtod(line + 2, NULL);
	assert_true(now >= *last);
	keep_quiet(r, *last, now);
	release_held(r, now);
	if (line[0] == 'S')
		replay_send(r, line, now);
	else
		replay_result(r, line, now);
	*last = now;
	r->events++;
}

static void test_follows_the_reference(void **state)
{
	struct replay *r = calloc(1, sizeof(*r));
	gzFile f = gzopen(trace_path, "rb");
	char line[512];
	double last = 0;

	(void)state;
	assert_non_null(r);
	assert_non_null(f);
	while (gzgets(f, line, sizeof(line))) {
		r->line++;
		one_event(r, line, &last);
	}
	gzclose(f);
	print_message("%zu events agree\n", r->events);
	assert_true(r->events > 1000);
	free(r->sent);
	free(r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows_the_reference),
	};

	if (argc > 1)
		trace_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
