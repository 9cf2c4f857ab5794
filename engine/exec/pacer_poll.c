/* The deciding half of pacer.h: looks, and changes nothing but the note of why the last poll waited. */
#include "engine/exec/pacer.h"
#include <math.h>
#include <stddef.h>

#define SAME_TIME 1e-9   /* a timer set for t may read t a rounding earlier */
#define LEARNED_CYCLES 3 /* full-to-full cycles after which a rate is worth keeping */

static void decide_send(struct rc_pacer_decision *d, enum rc_pacer_op op, uint32_t n)
{
	d->verb = RC_PACER_SEND;
	d->op = op;
	d->n = n;
	d->reason = RC_PACER_WAIT_NONE;
	d->until = INFINITY;
}

static void decide_wait(struct rc_pacer_decision *d, enum rc_pacer_reason reason, double until)
{
	d->verb = isfinite(until) ? RC_PACER_WAIT : RC_PACER_WAIT_ANSWER;
	d->n = 0;
	d->reason = reason;
	d->until = until;
}

static void keep_later(struct rc_pacer_decision *d, enum rc_pacer_reason reason, double t)
{
	if (t > d->until) {
		d->until = t;
		d->reason = reason;
	}
}

/* True, with *d filled, while a pause or the pacing of a lane holds the call back. */
static bool held_by_time(const struct rc_pacer *p, double now, bool read, struct rc_pacer_decision *d)
{
	const struct rc_lane *C = &p->call->lane;

	d->until = -INFINITY;
	keep_later(d, RC_PACER_WAIT_THROTTLE_PAUSE, C->resume);
	keep_later(d, RC_PACER_WAIT_BREAKER, p->eres);
	keep_later(d, RC_PACER_WAIT_BUSY_PAUSE, read ? p->rres : p->U.resume);
	keep_later(d, RC_PACER_WAIT_PACE, C->nxt);
	if (!read)
		keep_later(d, RC_PACER_WAIT_PACE, p->U.nxt);
	if (d->until <= now + SAME_TIME)
		return false;
	decide_wait(d, d->reason, d->until);
	return true;
}

/* True, with *d filled, while too many calls are unanswered. After refusals in a row one probe goes at a time. */
static bool held_by_flight(const struct rc_pacer *p, bool read, struct rc_pacer_decision *d)
{
	const struct rc_lane *C = &p->call->lane;

	if (p->in_flight >= (uint32_t)fmax(1.0, p->W))
		decide_wait(d, RC_PACER_WAIT_IN_FLIGHT, INFINITY);
	else if (!read && p->U.k >= 2 && p->U.out > 0)
		decide_wait(d, RC_PACER_WAIT_BUSY_PAUSE, INFINITY);
	else if (C->k >= 2 && C->out > 0)
		decide_wait(d, RC_PACER_WAIT_THROTTLE_PAUSE, INFINITY);
	else if (p->ek >= RC_PACER_ERRORS_OPEN && p->in_flight)
		decide_wait(d, RC_PACER_WAIT_BREAKER, INFINITY);
	else
		return false;
	return true;
}

static void held_by_ceiling(struct rc_pacer *p, double now, bool read, struct rc_pacer_decision *d)
{
	static const enum rc_pacer_reason reason[] = {
		[RC_CEILING_IN_FLIGHT] = RC_PACER_WAIT_IN_FLIGHT,
		[RC_CEILING_SECOND] = RC_PACER_WAIT_CEILING,
		[RC_CEILING_DAY] = RC_PACER_WAIT_DAY,
	};

	for (size_t i = 0; i < RC_PACER_CEILINGS && d->verb == RC_PACER_SEND; i++) {
		double until = INFINITY;
		enum rc_ceiling_hit hit =
			p->ceiling[i] ? rc_ceiling_poll(p->ceiling[i], now, read, &until) : RC_CEILING_FREE;

		if (hit != RC_CEILING_FREE)
			decide_wait(d, reason[hit], until);
	}
}

static uint32_t batch(const struct rc_pacer *p, double now, enum rc_pacer_op op, uint32_t pending)
{
	double ru = rc_lane_rate(&p->U, now);
	double rc = rc_lane_rate(&p->call->lane, now);
	double n = ru * p->P.tb;

	if (rc > 0)
		n = fmax(n, ru / rc); /* fewer, larger calls when calls are what is scarce */
	n = fmin(n, p->bcap);
	if (p->U.k >= 2)
		n /= pow(2.0, p->U.k - 1.0);
	n = fmin(n, fmin(p->batch_max[op], pending));
	return n < 1 ? 1 : (uint32_t)n;
}

/* How many creates the seat gate lets go; 0 with *ret_look, when to look again. */
static uint32_t creates_allowed(const struct rc_pacer *p, double now, uint32_t pending, double *ret_look)
{
	uint32_t n;

	*ret_look = INFINITY;
	if (!pending)
		return 0;
	n = batch(p, now, RC_PACER_CREATE, pending);
	if (p->parked) {
		if (p->credit)
			return n < p->credit ? n : p->credit;
		if (p->creates_out)
			return 0;
		if (now >= p->probe_at)
			return 1;
		*ret_look = p->probe_at;
		return 0;
	}
	if (p->nq) {
		if (p->creates_out)
			return 0;
		return n < p->nq ? n : p->nq;
	}
	return n;
}

static void choose(const struct rc_pacer *p, double now, const struct rc_pacer_pending *q, struct rc_pacer_decision *d)
{
	double look;
	uint32_t n;

	if (q->deletes) {
		n = p->batch_max[RC_PACER_DELETE] > 1 ? batch(p, now, RC_PACER_DELETE, q->deletes) : 1;
		decide_send(d, RC_PACER_DELETE, n);
		return;
	}
	n = creates_allowed(p, now, q->creates, &look);
	if (n && q->updates && !p->parked && p->share[0] * q->updates > p->share[1] * q->creates)
		n = 0; /* the class that is behind goes first, so neither starves */
	if (n) {
		decide_send(d, RC_PACER_CREATE, n);
	} else if (q->updates) {
		n = p->batch_max[RC_PACER_UPDATE] > 1 ? batch(p, now, RC_PACER_UPDATE, q->updates) : 1;
		decide_send(d, RC_PACER_UPDATE, n);
	} else {
		decide_wait(d, RC_PACER_WAIT_SEATS, look);
	}
}

void rc_pacer_poll(struct rc_pacer *p, double now, const struct rc_pacer_pending *pending,
		   struct rc_pacer_decision *ret)
{
	struct rc_pacer_decision d = {.verb = RC_PACER_IDLE, .until = INFINITY};

	if (pending->creates || pending->updates || pending->deletes) {
		rc_lane_begin(&p->U, now);
		rc_lane_begin(&p->call->lane, now);
		if (!held_by_time(p, now, false, &d) && !held_by_flight(p, false, &d)) {
			choose(p, now, pending, &d);
			held_by_ceiling(p, now, false, &d);
		}
	}
	p->reason = d.reason;
	p->until = d.until;
	*ret = d;
}

void rc_pacer_poll_read(struct rc_pacer *p, double now, struct rc_pacer_decision *ret)
{
	struct rc_pacer_decision d = {.until = INFINITY};

	rc_lane_begin(&p->call->lane, now);
	if (!held_by_time(p, now, true, &d) && !held_by_flight(p, true, &d)) {
		decide_send(&d, RC_PACER_READ, 1);
		held_by_ceiling(p, now, true, &d);
	}
	p->reason = d.reason;
	p->until = d.until;
	*ret = d;
}

void rc_pacer_look(const struct rc_pacer *p, double now, struct rc_pacer_view *ret)
{
	struct rc_pacer_view v = {
		.users_per_s = rc_lane_rate(&p->U, now),
		.accepted_per_s = rc_lane_measured(&p->U, now),
		.calls_per_s = rc_lane_rate(&p->call->lane, now),
		.window = (uint32_t)fmax(1.0, p->W),
		.in_flight = p->in_flight,
		.batch = batch(p, now, RC_PACER_CREATE, UINT32_MAX),
		.reason = p->reason,
		.until = p->until,
		.parked = p->parked,
		.credit = p->credit,
		.learned = p->U.samples >= LEARNED_CYCLES,
		.learned_users_per_s = p->U.est,
		.counts = &p->counts,
	};

	*ret = v;
}
