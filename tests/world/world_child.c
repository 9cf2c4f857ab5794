/* The child's side: a loop, a network and a clock that jump from event to event. */
#include "tests/world/world.h"
#include "engine/base/buf.h"
#include "engine/run/loop.h"
#include "engine/run/run.h"
#include "engine/store/writer.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_EVENTS = 4096, TICK_NS = 100000000 };
#define MS INT64_C(1000000)

int64_t world_wall0_ns = INT64_C(1764300000000000000);

enum kind { ARRIVES, ANSWERED };

struct event {
	int64_t at_ns;
	uint64_t order;
	enum kind kind;
	struct transfer *t;
};

struct transfer {
	struct wire_ask ask;
	struct rc_buf bytes;
	rc_transport_done_fn *done; /* NULL: told already, or nobody asks */
	void *arg;
	enum http_fate fate;
	int status;      /* of a proxy on the way; 0: the provider's own answer */
	int64_t back_ns; /* from arrival to the answer; -1: none comes back */
	struct rc_buf body;
	unsigned events;
};

struct child {
	struct world_link link;
	struct dice dice;
	const struct world_faults *f;
	int64_t now_ns, skew_ns, tick_ns;
	uint64_t order;
	struct event events[MAX_EVENTS];
	size_t n_events;
	unsigned steps, commits;
	bool watching;
	const struct rc_loop_hooks *hooks;
};

static void fail(const char *what)
{
	fprintf(stderr, "world: %s\n", what);
	_exit(98);
}

uint64_t dice_u64(struct dice *d) /* splitmix64 */
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t dice_below(struct dice *d, uint64_t n)
{
	return n ? dice_u64(d) % n : 0;
}

bool dice_chance(struct dice *d, unsigned per_mille)
{
	return dice_below(d, 1000) < per_mille;
}

static int64_t clock_mono(void *ctx)
{
	return ((struct child *)ctx)->now_ns;
}

static int64_t clock_wall(void *ctx)
{
	struct child *c = ctx;

	return world_wall0_ns + c->now_ns + c->skew_ns;
}

static void clock_random(void *ctx, void *buf, size_t n)
{
	struct child *c = ctx;

	for (size_t i = 0; i < n; i++)
		((unsigned char *)buf)[i] = (unsigned char)dice_u64(&c->dice);
}

static int ask(struct child *c, struct transfer *t, bool later, struct rc_buf *body)
{
	struct wire_answer a = {0};
	char *bytes;
	size_t n;

	t->ask.later = later;
	if (c->link.provider) {
		a.status = provider_ask(c->link.provider, &t->ask, t->bytes.p, &bytes, &n);
		rc_buf_add(body, bytes, n);
		free(bytes);
		return a.status;
	}
	if (!wire_put(c->link.fd, &t->ask, sizeof(t->ask)) || !wire_put(c->link.fd, t->bytes.p, t->bytes.n))
		fail("the provider is gone");
	if (later)
		return 0;
	if (!wire_get(c->link.fd, &a, sizeof(a)) ||
	    (a.body_n && !wire_get(c->link.fd, rc_buf_reserve(body, a.body_n), a.body_n)))
		fail("the provider does not answer");
	body->n = a.body_n;
	return a.status;
}

/* Sent by somebody who will not hear the answer. */
static void ask_later(struct child *c, const struct event *e)
{
	struct rc_buf none = {0};

	e->t->ask.mono_ns = e->at_ns;
	(void)ask(c, e->t, true, &none);
	rc_buf_done(&none);
}

/* The process ends here; what it has sent may still arrive. */
static void die(struct child *c)
{
	for (size_t i = 0; i < c->n_events; i++) {
		struct event *e = &c->events[i];

		if (e->kind != ARRIVES || dice_chance(&c->dice, 300))
			continue;
		ask_later(c, e);
	}
	_exit(WORLD_CRASHED);
}

static void step(struct child *c)
{
	c->steps++;
	if (c->f->crash_at && c->steps == c->f->crash_at)
		die(c);
	if (c->f->clock_jumps && dice_chance(&c->dice, 20))
		c->skew_ns += ((int64_t)dice_below(&c->dice, 14400) - 7200) * 1000 * MS;
}

static void add_event(struct child *c, int64_t at_ns, enum kind kind, struct transfer *t)
{
	if (c->n_events == MAX_EVENTS)
		fail("too many events");
	c->events[c->n_events++] = (struct event){at_ns, c->order++, kind, t};
	t->events++;
}

static void decide(struct child *c, struct transfer *t, bool create, int64_t timeout_ns)
{
	const struct world_faults *f = c->f;
	int64_t there = (int64_t)dice_below(&c->dice, 20) * MS, back = (int64_t)dice_below(&c->dice, 40) * MS;
	static const int statuses[] = {500, 502, 503, 504};

	t->fate = HTTP_ANSWERED;
	if (dice_chance(&c->dice, f->not_sent)) {
		t->fate = HTTP_NOT_SENT;
		add_event(c, c->now_ns + there, ANSWERED, t);
		return;
	}
	if (dice_chance(&c->dice, f->lost_before)) {
		t->fate = dice_chance(&c->dice, 500) ? HTTP_LOST : HTTP_TIMEOUT;
		add_event(c, c->now_ns + (t->fate == HTTP_LOST ? there : timeout_ns), ANSWERED, t);
		return;
	}
	if (dice_chance(&c->dice, f->server_error)) {
		t->status = statuses[dice_below(&c->dice, 4)];
		add_event(c, c->now_ns + there, ANSWERED, t);
		return;
	}
	if (dice_chance(&c->dice, f->late)) { /* it arrives after the answer was given up, within the settling time */
		t->fate = HTTP_LOST;
		add_event(c, c->now_ns + there, ANSWERED, t);
		add_event(c, c->now_ns + there + (int64_t)dice_below(&c->dice, 8000) * MS, ARRIVES, t);
		return;
	}
	if (dice_chance(&c->dice, f->lost_after))
		t->fate = HTTP_LOST;
	else if (dice_chance(&c->dice, f->server_error_after))
		t->status = statuses[dice_below(&c->dice, 4)];
	t->back_ns = back;
	add_event(c, c->now_ns + there, ARRIVES, t);
	if (!create && dice_chance(&c->dice, f->twice)) /* a network that repeats what can be repeated */
		add_event(c, c->now_ns + there + back, ARRIVES, t);
}

static void net_send(void *ctx, const struct http_req *req, int64_t timeout_ns, rc_transport_done_fn *done, void *arg)
{
	struct child *c = ctx;
	struct transfer *t = calloc(1, sizeof(*t));
	const char *target = strchr(strstr(req->url, "//") + 2, '/');
	bool create;

	if (!t)
		abort();
	step(c);
	if (!target)
		target = "/";
	t->done = done;
	t->arg = arg;
	t->back_ns = -1;
	t->ask = (struct wire_ask){.method_n = (uint32_t)strlen(req->method),
				   .target_n = (uint32_t)strlen(target),
				   .n_headers = (uint32_t)req->n_headers,
				   .body_n = (uint32_t)req->body.n};
	rc_buf_adds(&t->bytes, req->method);
	rc_buf_adds(&t->bytes, target);
	for (size_t i = 0; i < req->n_headers; i++) {
		rc_buf_add(&t->bytes, req->headers[i].name, strlen(req->headers[i].name) + 1);
		rc_buf_addslice(&t->bytes, req->headers[i].value);
		rc_buf_addc(&t->bytes, 0);
	}
	t->ask.headers_n = (uint32_t)t->bytes.n - t->ask.method_n - t->ask.target_n;
	rc_buf_addslice(&t->bytes, req->body);
	create = req->body.n && !rc_slice_eqs(rc_slice_str(req->method), "PUT") && strstr(target, "sag") == NULL;
	decide(c, t, create, timeout_ns);
}

static void net_cancel_all(void *ctx)
{
	struct child *c = ctx;

	for (size_t i = 0, n = c->n_events; i < n; i++)
		if (c->events[i].t->done && c->events[i].t->fate != HTTP_CANCELLED) {
			c->events[i].t->fate = HTTP_CANCELLED;
			c->events[i].t->back_ns = -1;
			add_event(c, c->now_ns, ANSWERED, c->events[i].t);
		}
}

static void arrive(struct child *c, struct transfer *t)
{
	struct rc_buf body = {0};
	int status;

	t->ask.mono_ns = c->now_ns;
	status = ask(c, t, false, &body);
	if (t->back_ns >= 0 && !t->body.p) {
		t->body = body;
		if (!t->status)
			t->status = status;
		else
			rc_buf_clear(&t->body);
		add_event(c, c->now_ns + t->back_ns, ANSWERED, t);
		t->back_ns = -1;
		return;
	}
	rc_buf_done(&body);
}

static void answered(struct transfer *t)
{
	struct http_resp r = {.fate = t->fate, .problem = t->fate == HTTP_ANSWERED ? NULL : "the world is like that"};
	rc_transport_done_fn *done = t->done;

	if (!done)
		return;
	t->done = NULL;
	if (t->fate == HTTP_ANSWERED) {
		r.status = t->status;
		r.body = rc_buf_slice(&t->body);
	}
	done(t->arg, &r);
}

static size_t next_event(const struct child *c)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < c->n_events; i++)
		if (best == SIZE_MAX || c->events[i].at_ns < c->events[best].at_ns ||
		    (c->events[i].at_ns == c->events[best].at_ns && c->events[i].order < c->events[best].order))
			best = i;
	return best;
}

/* One of its events is over. */
static void let_go(struct transfer *t)
{
	if (--t->events || t->done)
		return;
	rc_buf_done(&t->bytes);
	rc_buf_done(&t->body);
	free(t);
}

static void take(struct child *c, size_t i)
{
	struct event e = c->events[i];

	c->events[i] = c->events[--c->n_events];
	step(c);
	if (e.kind == ARRIVES)
		arrive(c, e.t);
	else
		answered(e.t);
	let_go(e.t);
}

static void turn(void *ctx, const struct rc_loop_hooks *h)
{
	struct child *c = ctx;

	for (;;) {
		bool paused = false;
		int64_t next = h->pump(h->arg, &paused);
		size_t i = next_event(c);

		if (paused)
			return;
		if (i == SIZE_MAX && next == INT64_MAX && c->tick_ns > c->now_ns + 3600 * 1000 * MS)
			fail("nothing is left to happen");
		if (i != SIZE_MAX && c->events[i].at_ns < next)
			next = c->events[i].at_ns;
		if (c->tick_ns < next)
			next = c->tick_ns;
		if (next > c->now_ns)
			c->now_ns = next;
		if (c->f->signal_at && c->steps >= c->f->signal_at && c->watching) {
			h->signal(h->arg, SIGTERM);
			c->watching = false;
		}
		if (c->now_ns >= c->tick_ns) {
			c->tick_ns = c->now_ns + TICK_NS;
			h->tick(h->arg);
		}
		if (i != SIZE_MAX && c->events[i].at_ns <= c->now_ns)
			take(c, i);
		else
			c->now_ns += 1000; /* time never stands still */
	}
}

static void watch(void *ctx, const struct rc_loop_hooks *h, bool on)
{
	(void)h;
	((struct child *)ctx)->watching = on;
}

static int before_commit(void *ctx)
{
	struct child *c = ctx;

	step(c);
	return c->f->disk_at && ++c->commits == c->f->disk_at ? ENOSPC : 0;
}

int world_run_said(const char *config, struct world_link link, uint64_t seed, const struct world_faults *f,
		   int64_t start_ns, int64_t *ret_end_ns, const struct rc_run_opts *opts, struct rc_buf *ret_said,
		   struct rc_err *ret_err)
{
	struct child *c = calloc(1, sizeof(*c));
	struct rc_config_errors errs = {0};
	struct rc_config *cfg = NULL;
	struct rc_run_result res;
	int code;
	struct rc_clock clock = {c, clock_wall, clock_mono, clock_random};
	struct rc_loop loop = {c, {c, NULL, net_send, net_cancel_all}, turn, watch, NULL};
	struct rc_writer_options writer = {.manual = true, .before_commit = before_commit, .ctx = c};
	struct rc_run_opts o = opts ? *opts : (struct rc_run_opts){.command = "sync", .writes = true};

	if (!c)
		abort();
	c->link = link;
	c->dice.state = seed;
	c->f = f;
	c->now_ns = start_ns;
	c->tick_ns = start_ns + TICK_NS;
	*ret_err = (struct rc_err){0};
	if (rc_config_load(config, &cfg, &errs, ret_err))
		fail(errs.n ? errs.v[0].reason : ret_err->what);
	o.drain_timeout_ns = 10000 * MS;
	o.clock = &clock;
	o.loop = &loop;
	o.writer = &writer;
	rc_run(cfg, &o, &res, ret_err);
	*ret_said = res.text;
	rc_config_free(cfg);
	*ret_end_ns = c->now_ns;
	code = (int)res.code;
	for (size_t i = 0; i < c->n_events; i++) { /* late ones are still on their way */
		if (c->events[i].kind == ARRIVES)
			ask_later(c, &c->events[i]);
		c->events[i].t->done = NULL;
		let_go(c->events[i].t);
	}
	free(c);
	return code;
}

int world_run(const char *config, struct world_link link, uint64_t seed, const struct world_faults *f, int64_t start_ns,
	      int64_t *ret_end_ns, const struct rc_run_opts *opts)
{
	struct rc_buf said = {0};
	struct rc_err err;
	int code = world_run_said(config, link, seed, f, start_ns, ret_end_ns, opts, &said, &err);

	fprintf(stderr, "exit %d %s\n%.*s", code, err.what, (int)said.n, said.p ? said.p : "");
	rc_buf_done(&said);
	return code;
}
