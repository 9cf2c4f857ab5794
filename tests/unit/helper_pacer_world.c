#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/helper_pacer_world.h"

double pw_draw(void *state)
{
	uint64_t *s = state;
	uint64_t z = *s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return (double)(z >> 11) * 0x1p-53;
}

struct rc_pacer_config pw_config(uint32_t batch_max)
{
	return (struct rc_pacer_config){.batch_max = {batch_max, 1, 1}};
}

void pw_init(struct pw *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->random = seed;
	w->one_way = 0.03;
	w->window_id = -1;
}

struct pw *pw_new(uint64_t seed)
{
	struct pw *w = malloc(sizeof(*w));

	assert_non_null(w);
	pw_init(w, seed);
	return w;
}

struct rc_pacer_pending pw_creates(uint32_t n)
{
	return (struct rc_pacer_pending){.creates = n};
}

struct pw_client *pw_add(struct pw *w, const struct rc_pacer_config *config, struct rc_pacer_pending job)
{
	struct pw_client *c = &w->client[w->clients];
	struct rc_pacer_config k = *config;

	assert_true(w->clients < PW_CLIENTS);
	c->random = w->random * 1009 + (uint64_t)w->clients * 17 + 3;
	c->pending = job;
	c->job = (uint64_t)job.creates + job.updates + job.deletes;
	c->due = w->now;
	if (!k.call) {
		rc_pacer_call_init(&c->own_call, k.params);
		k.call = &c->own_call;
	}
	k.u = pw_draw;
	k.u_ctx = &c->random;
	rc_pacer_init(&c->pacer, &k);
	w->clients++;
	return c;
}

bool pw_done(const struct pw *w)
{
	for (int i = 0; i < w->clients; i++)
		if (w->client[i].accepted < w->client[i].job)
			return false;
	return true;
}

static uint32_t *pending_of(struct pw_client *c, enum rc_pacer_op op)
{
	if (op == RC_PACER_CREATE)
		return &c->pending.creates;
	return op == RC_PACER_UPDATE ? &c->pending.updates : &c->pending.deletes;
}

static void push(struct pw *w, struct pw_event e)
{
	assert_true(w->events < PW_EVENTS);
	w->event[w->events++] = e;
}

static double leg(struct pw *w)
{
	return w->one_way * (0.6 + 0.8 * pw_draw(&w->random));
}

static enum rc_pacer_outcome gateway(struct pw *w, double t)
{
	if (w->bucket > 0) {
		w->level = fmin(w->burst, w->level + (t - w->bucket_seen) * w->bucket);
		w->bucket_seen = t;
		if (w->level < 1)
			return RC_PACER_THROTTLED;
		w->level -= 1;
	}
	if (w->window_n > 0) {
		double id = floor(t / w->window_s);

		if (id > w->window_id) {
			w->window_id = id;
			w->window_count = 0;
		}
		if (w->window_count >= w->window_n)
			return RC_PACER_THROTTLED;
		w->window_count += 1;
	}
	return RC_PACER_ACCEPTED;
}

static enum rc_pacer_outcome serve(struct pw *w, double t, const struct rc_pacer_token *c)
{
	if (t >= w->out_from && t < w->out_to)
		return w->out_how;
	if (gateway(w, t) != RC_PACER_ACCEPTED)
		return RC_PACER_THROTTLED;
	if (w->seats && c->op == RC_PACER_CREATE && w->seats_used + c->n > w->seats)
		return RC_PACER_QUOTA;
	if (w->mu > 0) {
		w->backlog = fmax(0, w->backlog - (t - w->seen) * w->mu);
		w->seen = t;
		if (w->backlog + c->n > w->depth)
			return RC_PACER_BUSY;
		w->backlog += c->n;
	}
	if (c->op == RC_PACER_CREATE)
		w->seats_used += c->n;
	else if (c->op == RC_PACER_DELETE)
		w->seats_used -= w->seats_used < c->n ? w->seats_used : c->n;
	return RC_PACER_ACCEPTED;
}

static void arrive(struct pw *w, struct pw_event *e)
{
	e->answer = (struct rc_pacer_answer){.outcome = serve(w, w->now, &e->token)};
	if (e->answer.outcome == RC_PACER_THROTTLED) {
		e->answer.retry_after_s = w->retry_after;
		e->answer.hint_calls_per_s = w->hint;
	}
	e->arrives = false;
	e->t = w->now + leg(w);
	push(w, *e);
}

static void answered(struct pw *w, const struct pw_event *e)
{
	struct pw_client *c = &w->client[e->client];

	if (e->held) {
		c->held -= e->token.n;
		*pending_of(c, e->token.op) += e->token.n;
		return;
	}
	if (w->before_result)
		w->before_result(w, e->client, &e->token, &e->answer);
	c->calls_out--;
	c->in_flight -= e->token.n;
	if (e->answer.outcome == RC_PACER_ACCEPTED) {
		c->accepted += e->token.n;
	} else if (e->answer.retry_after_s > 0) {
		struct pw_event later = *e;

		later.held = true;
		later.t = w->now + e->answer.retry_after_s;
		c->held += e->token.n;
		push(w, later);
	} else {
		*pending_of(c, e->token.op) += e->token.n;
	}
	rc_pacer_result(&c->pacer, w->now, &e->token, &e->answer);
	if (w->on_result)
		w->on_result(w, e->client, &e->token, &e->answer);
}

static void check_send(const struct pw *w, const struct pw_client *c, const struct rc_pacer_decision *d)
{
	const struct rc_pacer *p = &c->pacer;
	const struct rc_lane *C = &p->call->lane;
	uint32_t pending = *pending_of((struct pw_client *)c, d->op);

	assert_true(w->now >= p->U.resume - 1e-9 && w->now >= C->resume - 1e-9 && w->now >= p->eres - 1e-9);
	assert_true(p->in_flight < floor(fmax(1, p->W)));
	assert_true(p->in_flight == c->calls_out);
	if (p->U.k >= 2 || p->ek >= 3)
		assert_int_equal(p->in_flight, 0);
	if (C->k >= 2)
		assert_true(C->out < 0.5);
	assert_in_range(d->n, 1, pending);
	assert_true(d->n <= p->batch_max[d->op]);
}

static void poll_client(struct pw *w, int i)
{
	struct pw_client *c = &w->client[i];

	for (;;) {
		struct rc_pacer_decision d;
		struct pw_event e = {.client = i, .arrives = true};

		rc_pacer_poll(&c->pacer, w->now, &c->pending, &d);
		c->due = d.until;
		if (d.verb != RC_PACER_SEND) {
			assert_true(d.until > w->now);
			return;
		}
		check_send(w, c, &d);
		*pending_of(c, d.op) -= d.n;
		rc_pacer_sent(&c->pacer, w->now, d.op, d.n, &e.token);
		c->calls_out++;
		c->in_flight += d.n;
		c->sends++;
		e.t = w->now + leg(w);
		push(w, e);
		if (w->on_sent)
			w->on_sent(w, i, &e.token);
	}
}

static void check_books(const struct pw *w)
{
	for (int i = 0; i < w->clients; i++) {
		const struct pw_client *c = &w->client[i];

		assert_int_equal(c->job, c->accepted + c->held + c->in_flight + c->pending.creates +
						 c->pending.updates + c->pending.deletes);
	}
}

void pw_run(struct pw *w, double until)
{
	while (!pw_done(w)) {
		double t = INFINITY;
		int first = -1;

		for (int i = 0; i < w->clients; i++)
			poll_client(w, (i + w->turn) % w->clients);
		w->turn++;
		check_books(w);
		for (int i = 0; i < w->clients; i++)
			t = fmin(t, w->client[i].due);
		for (int i = 0; i < w->events; i++) {
			if (w->event[i].t <= t) {
				t = w->event[i].t;
				first = i;
			}
		}
		if (t > until) {
			w->now = fmax(w->now, until);
			return;
		}
		w->now = fmax(w->now, t);
		if (first >= 0) {
			struct pw_event e = w->event[first];

			w->event[first] = w->event[--w->events];
			if (e.arrives)
				arrive(w, &e);
			else
				answered(w, &e);
		}
	}
}
