#include "engine/exec/pacer.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

#define SRTT_FIRST 0.2    /* s, before anything was answered */
#define SRTT_GAIN 0.1     /* weight of one answer */
#define WMAX_BOUND 256.0  /* of any in-flight limit */
#define DOUBLINGS_MAX 64u /* of a pause: far beyond every cap, and still finite */

void rc_pacer_params_default(struct rc_pacer_params *ret)
{
	static const struct rc_pacer_params params = {
		.user = {.r0 = 20,
			 .t_ss = 0.5,
			 .beta = 0.8,
			 .K = 2.5,
			 .gmax = 6,
			 .tau = 15,
			 .drop = 0.5,
			 .wdrop = 0.7,
			 .relearn = 2,
			 .opt = 0,
			 .kappa = 2,
			 .pmin = 0.05,
			 .pmax = 6,
			 .p2 = 0.5,
			 .pcap = 15,
			 .k_out = 3,
			 .rho = 0.05,
			 .eta = 0.1,
			 .glo = 1,
			 .ghi = 1.2,
			 .soft = 1,
			 .wlen = 60,
			 .jit = 0.25,
			 .tm = 1,
			 .slow = 1,
			 .block_m = 1,
			 .ramp_max = 8,
			 .ramp_gap = 5},
		.call = {.r0 = 0,
			 .t_ss = 0.5,
			 .beta = 0.95,
			 .K = 2,
			 .gmax = 6,
			 .tau = 15,
			 .drop = 0.3,
			 .wdrop = 0.7,
			 .relearn = 3,
			 .opt = 1,
			 .kappa = 1,
			 .pmin = 0.05,
			 .pmax = 6,
			 .p2 = 0.5,
			 .pcap = 20,
			 .k_out = 3,
			 .rho = 0.04,
			 .eta = 0.1,
			 .glo = 0.9,
			 .ghi = 1.5,
			 .soft = 1,
			 .wlen = 60,
			 .jit = 0.25,
			 .tm = 1,
			 .slow = 1,
			 .block_m = 1,
			 .ramp_max = 8,
			 .ramp_gap = 5,
			 .add = 0.5},
		.tb = 0.35,
		.w0 = 8,
		.wmax = 64,
		.wf = 1.2,
		.wa = 1,
		.wgrow = 0.05,
		.pcap = 6,
		.p2 = 0.5,
		.jit = 0.25,
		.q0 = 5,
		.qcap = 30,
		.credit_back = true,
	};

	*ret = params;
}

void rc_pacer_call_init(struct rc_pacer_call *c, const struct rc_pacer_params *params)
{
	struct rc_pacer_params defaults;

	if (!params) {
		rc_pacer_params_default(&defaults);
		params = &defaults;
	}
	rc_lane_init(&c->lane, &params->call, false);
}

void rc_pacer_call_set_limit(struct rc_pacer_call *c, double calls_per_s)
{
	rc_lane_set_hint(&c->lane, calls_per_s);
}

static double largest_batch(const struct rc_pacer *p)
{
	uint32_t most = 1;

	for (size_t i = 0; i < 3; i++)
		most = p->batch_max[i] > most ? p->batch_max[i] : most;
	return most;
}

void rc_pacer_init(struct rc_pacer *p, const struct rc_pacer_config *config)
{
	memset(p, 0, sizeof(*p));
	if (config->params)
		p->P = *config->params;
	else
		rc_pacer_params_default(&p->P);
	if (config->max_in_flight)
		p->P.wmax = fmin(config->max_in_flight, WMAX_BOUND);
	rc_lane_init(&p->U, &p->P.user, true);
	rc_lane_start(&p->U, config->start_users_per_s);
	p->call = config->call;
	memcpy(p->ceiling, config->ceiling, sizeof(p->ceiling));
	p->u = config->u;
	p->u_ctx = config->u_ctx;
	p->slack = fmax(0.0, config->timer_slack_s);
	for (size_t i = 0; i < 3; i++)
		p->batch_max[i] = config->batch_max[i] ? config->batch_max[i] : 1;
	p->W = fmin(p->P.w0, p->P.wmax);
	p->wss = true;
	p->bcap = largest_batch(p);
	p->srtt = SRTT_FIRST;
	p->ecut = -1;
	p->qcut = -1;
	p->until = INFINITY;
}

void rc_pacer_set_batch_max(struct rc_pacer *p, enum rc_pacer_op op, uint32_t batch_max)
{
	if (op >= RC_PACER_READ)
		return;
	p->batch_max[op] = batch_max ? batch_max : 1;
	p->bcap = fmin(p->bcap, largest_batch(p));
}

/* Spreads the moments at which many controllers try again. */
static double jitter(struct rc_pacer *p)
{
	return 1.0 + p->P.jit * (2.0 * p->u(p->u_ctx) - 1.0);
}

static double doubling(double first, uint32_t times, double cap)
{
	return fmin(cap, first * pow(2.0, times < DOUBLINGS_MAX ? times : DOUBLINGS_MAX));
}

void rc_pacer_sent(struct rc_pacer *p, double now, enum rc_pacer_op op, uint32_t n, struct rc_pacer_token *ret)
{
	struct rc_pacer_token t = {.op = op, .n = n, .sent = now};

	for (size_t i = 0; i < RC_PACER_CEILINGS; i++)
		if (p->ceiling[i])
			rc_ceiling_take(p->ceiling[i], now);
	if (op != RC_PACER_READ)
		rc_lane_charge(&p->U, now, n, p->slack);
	rc_lane_charge(&p->call->lane, now, 1, p->slack);
	if (op == RC_PACER_CREATE) {
		p->creates_out++;
		if (p->parked && p->credit >= n) {
			p->credit -= n;
			t.credited = true;
		}
	}
	if (op == RC_PACER_CREATE || op == RC_PACER_UPDATE)
		p->share[op] += n;
	p->counts.calls++;
	t.in_flight = ++p->in_flight;
	*ret = t;
}

/* ---- what does an answer tell? */

/* A create that was sent back unopened still has its seat. Not so after a quota answer, nor after silence. */
static void give_credit_back(struct rc_pacer *p, const struct rc_pacer_token *t)
{
	if (t->credited && p->parked && p->P.credit_back && t->sent >= p->qcut)
		p->credit += t->n;
}

/* The call is not in flight any more. */
static void landed(struct rc_pacer *p, const struct rc_pacer_token *t, bool accepted)
{
	if (p->in_flight)
		p->in_flight--;
	p->call->lane.out = fmax(0.0, p->call->lane.out - 1);
	if (t->op != RC_PACER_READ)
		p->U.out = fmax(0.0, p->U.out - t->n);
	if (t->op == RC_PACER_CREATE && p->creates_out)
		p->creates_out--;
	if (!accepted && t->op <= RC_PACER_UPDATE)
		p->share[t->op] -= t->n;
}

void rc_pacer_abandon(struct rc_pacer *p, const struct rc_pacer_token *call, bool left)
{
	landed(p, call, false);
	for (size_t i = 0; i < RC_PACER_CEILINGS; i++) {
		if (p->ceiling[i] && left)
			rc_ceiling_give(p->ceiling[i]);
		else if (p->ceiling[i])
			rc_ceiling_unsent(p->ceiling[i]);
	}
	if (left)
		return;
	p->counts.calls--;
	give_credit_back(p, call);
}

static void on_silence(struct rc_pacer *p, double now, const struct rc_pacer_token *t, enum rc_pacer_outcome outcome)
{
	if (outcome == RC_PACER_TIMEOUT) {
		p->W = fmax(1.0, p->W * 0.5);
		p->counts.timeouts++;
	} else {
		p->counts.errors++;
	}
	if (t->sent < p->ecut)
		return;
	p->ek++;
	p->ecut = now;
	if (p->ek >= RC_PACER_ERRORS_OPEN) { /* one or two errors change nothing */
		p->eres = now + doubling(p->P.p2, p->ek - RC_PACER_ERRORS_OPEN, p->P.pcap) * jitter(p);
		p->ecut = p->eres;
	}
}

static void on_throttled(struct rc_pacer *p, double now, const struct rc_pacer_token *t,
			 const struct rc_pacer_answer *a)
{
	struct rc_lane *C = &p->call->lane;

	p->counts.throttled++;
	give_credit_back(p, t);
	rc_lane_set_hint(C, a->hint_calls_per_s);
	if (!rc_lane_refuse(C, now, t->sent, 1, a->retry_after_s, p->u(p->u_ctx)))
		return;
	if (t->in_flight >= 2) { /* perhaps it is concurrency that is capped */
		double least = fmax(t->in_flight - 1.0, p->P.wf * C->est * p->srtt + p->P.wa);

		p->W = fmax(1.0, fmin(p->W, least));
	}
	p->wss = false;
}

static bool batched(const struct rc_pacer *p, const struct rc_pacer_token *t)
{
	return t->op == RC_PACER_CREATE || p->batch_max[t->op] > 1;
}

static void on_busy(struct rc_pacer *p, double now, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	p->counts.busy++;
	give_credit_back(p, t);
	if (!rc_lane_refuse(&p->U, now, t->sent, t->n, a->retry_after_s, p->u(p->u_ctx)))
		return;
	if (p->U.k >= 2 && batched(p, t)) /* the room for one batch may be smaller than this one */
		p->bcap = fmax(1.0, fmin(p->bcap, t->n * 0.5));
}

/* A server that is too busy to read from is left alone for a while; its work lane is not touched. */
static void on_read_refused(struct rc_pacer *p, double now)
{
	p->counts.busy++;
	p->rres = now + doubling(p->P.p2, p->rk, p->P.pcap) * jitter(p);
	p->rk++;
}

static void park(struct rc_pacer *p, double now)
{
	p->parked = true;
	p->credit = 0;
	p->probe_at = now + doubling(p->P.q0, p->qk, p->P.qcap) * jitter(p);
	p->qk++;
}

static void on_quota(struct rc_pacer *p, double now, const struct rc_pacer_token *t)
{
	p->counts.quota++;
	if (t->sent < p->qcut)
		return;
	p->qcut = now;
	if (t->n > 1 && !p->parked)
		p->nq = t->n / 2; /* fewer seats than n are left: find how many */
	else
		park(p, now);
}

static void gate_accepted(struct rc_pacer *p, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	if (t->op == RC_PACER_DELETE && p->parked)
		p->credit += t->n > a->without_effect ? t->n - a->without_effect : 0;
	if (t->op != RC_PACER_CREATE)
		return;
	if (p->parked) {
		if (!t->credited && t->sent >= p->qcut && t->n == 1 && t->sent >= p->probe_at) {
			p->parked = false; /* the probe got a seat */
			p->qk = 0;
			p->nq = 2;
		}
	} else if (p->nq) {
		p->nq = p->nq < p->batch_max[RC_PACER_CREATE] / 2.0 ? p->nq * 2 : 0;
	}
}

static void on_accepted(struct rc_pacer *p, double now, const struct rc_pacer_token *t, const struct rc_pacer_answer *a)
{
	p->counts.accepted++;
	if (p->wss)
		p->W = fmin(p->P.wmax, p->W + 1);
	else if (t->in_flight >= (uint32_t)p->W)
		p->W = fmin(p->P.wmax, p->W + p->P.wgrow);
	if (t->op == RC_PACER_READ)
		return;
	p->counts.accepted_users += t->n;
	rc_lane_accept(&p->U, now, t->sent, t->n);
	if (batched(p, t) && t->n >= floor(p->bcap))
		p->bcap = fmin(largest_batch(p), p->bcap + fmax(1.0, 0.1 * p->bcap));
	gate_accepted(p, t, a);
}

static void on_rejected(struct rc_pacer *p, const struct rc_pacer_token *t)
{
	p->counts.rejected++;
	give_credit_back(p, t);
}

void rc_pacer_result(struct rc_pacer *p, double now, const struct rc_pacer_token *call, const struct rc_pacer_answer *a)
{
	bool read = call->op == RC_PACER_READ;

	landed(p, call, a->outcome == RC_PACER_ACCEPTED);
	for (size_t i = 0; i < RC_PACER_CEILINGS; i++)
		if (p->ceiling[i])
			rc_ceiling_give(p->ceiling[i]);
	if (a->outcome == RC_PACER_ERROR || a->outcome == RC_PACER_TIMEOUT) {
		on_silence(p, now, call, a->outcome);
		return;
	}
	p->ek = 0;
	p->srtt += SRTT_GAIN * (now - call->sent - p->srtt);
	if (a->outcome == RC_PACER_THROTTLED) {
		on_throttled(p, now, call, a);
		return;
	}
	rc_lane_accept(&p->call->lane, now, call->sent, 1); /* whatever it says, it passed the gateway */
	if (read && (a->outcome == RC_PACER_BUSY || a->outcome == RC_PACER_QUOTA)) {
		on_read_refused(p, now);
		return;
	}
	if (read)
		p->rk = 0;
	if (a->outcome == RC_PACER_BUSY)
		on_busy(p, now, call, a);
	else if (a->outcome == RC_PACER_QUOTA)
		on_quota(p, now, call);
	else if (a->outcome == RC_PACER_ACCEPTED)
		on_accepted(p, now, call, a);
	else
		on_rejected(p, call);
}

/* ---- seats */

void rc_pacer_set_seats(struct rc_pacer *p, double now, uint32_t free_seats)
{
	if (!free_seats) {
		if (!p->parked)
			park(p, now);
		return;
	}
	p->parked = false;
	p->qk = 0;
	p->nq = free_seats < p->batch_max[RC_PACER_CREATE] ? free_seats : 0;
}

void rc_pacer_probe_seats(struct rc_pacer *p, double now)
{
	if (p->parked && !p->credit)
		p->probe_at = fmin(p->probe_at, now);
}
