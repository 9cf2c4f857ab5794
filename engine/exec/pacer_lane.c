#include "engine/exec/pacer_lane.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

#define EST_MIN 0.02          /* no resource is believed to be slower than one unit in 50 s */
#define RATE_MIN 1e-3         /* keeps every pacing gap finite */
#define SAME_TIME 1e-9        /* a timer set for t may read t a rounding earlier */
#define DUR_MIN 0.02          /* two full marks closer than this are one */
#define ADD_SHARE 0.03        /* most that is added per second, of the estimate */
#define R0_MIN 5              /* least first rate: below it a slow start would take its time to double */
#define RETRY_AFTER_MAX 86400 /* a day: what is longer is not an instruction to a nightly job */

static double clamp(double x, double lo, double hi)
{
	return fmin(hi, fmax(lo, x));
}

void rc_lane_init(struct rc_lane *l, const struct rc_lane_params *params, bool work)
{
	memset(l, 0, sizeof(*l));
	l->P = *params;
	l->work = work;
	l->g = 1.0;
	l->epoch = NAN;
	l->epoch0 = NAN;
	l->t0 = NAN;
	l->hi = NAN;
	l->cut = -1.0;
}

void rc_lane_start(struct rc_lane *l, double units_per_s)
{
	if (!isfinite(units_per_s) || units_per_s <= 0)
		return;
	if (units_per_s >= l->P.r0)
		l->est = units_per_s;
	else
		l->P.r0 = fmin(l->P.r0, fmax(R0_MIN, units_per_s));
}

void rc_lane_begin(struct rc_lane *l, double now)
{
	if (!isnan(l->t0))
		return;
	l->t0 = now;
	/* A pause may already lie ahead when another server of the same credential was throttled. */
	l->s0 = fmax(l->s0, now);
}

void rc_lane_set_hint(struct rc_lane *l, double units_per_s)
{
	if (!isfinite(units_per_s) || units_per_s <= 0)
		return;
	l->hint = units_per_s;
	l->est = l->est > 0 ? fmin(l->est, units_per_s) : units_per_s;
}

/* A lane that serves less than `slow` units in tm would forget each call before the next one and could never grow
 * again, and its cubic would run off between two calls. It lives on a stretched time: the same curve per call, not per
 * second. */
static double stretch(const struct rc_lane *l)
{
	double per_tm = l->g * l->est * l->P.tm;

	return l->est > 0 && per_tm < l->P.slow ? l->P.slow / per_tm : 1;
}

double rc_lane_measured(const struct rc_lane *l, double now)
{
	return l->meas * exp(-fmax(0.0, now - l->mt) / (l->P.tm * stretch(l)));
}

double rc_lane_rate(const struct rc_lane *l, double now)
{
	const struct rc_lane_params *P = &l->P;
	double e = l->g * l->est;
	double s = fmax(0.0, now - l->s0);
	double slower, r;

	if (l->est <= 0) {
		if (P->r0 <= 0)
			return 0;
		r = P->r0 * pow(2.0, fmin(40.0, s / P->t_ss));
		return fmin(r, fmax(P->r0, P->gmax * rc_lane_measured(l, now)));
	}
	if (l->kk && s < l->kk * P->t_ss) {
		r = P->beta * e * pow(2.0, fmin(0.0, s / P->t_ss - l->kk));
		return l->hint > 0 ? fmin(r, l->hint) : r;
	}
	s -= l->kk * P->t_ss;
	slower = stretch(l);
	r = e * (1.0 + (1.0 - P->beta) * pow(s / (P->K * slower) - 1.0, 3.0)) +
	    fmin(P->add, ADD_SHARE * e) * s / slower;
	r = fmax(RATE_MIN, fmin(r, fmax(e, P->gmax * rc_lane_measured(l, now))));
	return l->hint > 0 ? fmin(r, l->hint) : r;
}

void rc_lane_charge(struct rc_lane *l, double now, double cost, double slack)
{
	double r = rc_lane_rate(l, now);
	double gap;

	l->out += cost;
	if (r <= 0)
		return;
	gap = cost / r;
	if (l->kk) /* the ramp rises during the gap: its low foot must not make the gap longer than the ramp */
		gap = fmin(gap, l->P.ramp_gap + cost / (l->P.beta * l->g * l->est));
	l->nxt = fmax(l->nxt, now - slack) + gap;
}

/* A long block of throttling ended with the call sent at `sent`. Two such blocks whose ends lie whole windows apart
 * show a gateway with fixed windows; each further one narrows down where the windows begin. */
static void opened(struct rc_lane *l, double sent)
{
	double w = l->P.wlen;

	if (!isnan(l->hi) && l->fail < sent) {
		double n = rint((sent - l->hi) / w);
		double lo = fmax(l->lo + n * w, l->fail);
		double hi = fmin(l->hi + n * w, sent);

		if (n >= 1 && lo < hi) {
			l->win = true;
			l->lo = lo;
			l->hi = hi;
			return;
		}
	}
	l->win = false;
	l->lo = l->fail;
	l->hi = sent;
}

/* Pause until the next window begins; negative when this refusal contradicts the grid. */
static double next_window(struct rc_lane *l, double now, double sent, double u)
{
	double w = l->P.wlen;
	double c = sent - w * floor((sent - l->lo) / w);
	double aim;

	if (l->k >= 3 && l->hi < c && c < l->hi + 2.0) {
		l->win = false;
		l->hi = NAN;
		return -1;
	}
	if (l->k >= 3 && l->lo < c && c < l->hi)
		l->lo = c;
	aim = l->hi - l->lo < 1.0 ? l->hi : 0.5 * (l->lo + l->hi);
	aim += 0.3 * u;
	return aim + w * ceil((now + 0.05 - aim) / w) - now;
}

void rc_lane_accept(struct rc_lane *l, double now, double sent, double units)
{
	l->meas = rc_lane_measured(l, now) + units / (l->P.tm * stretch(l));
	l->mt = now;
	l->tot += units;
	if (sent > l->epoch) { /* false while there is no epoch */
		l->acc += units;
		l->m++;
	}
	if (!l->k || sent < l->resume - SAME_TIME)
		return;
	if (l->k >= l->P.k_out || (l->k == 2 && l->win)) { /* keep the block out of the estimate */
		if (!l->work) {
			l->epoch0 = l->epoch;
			l->acc0 = l->acc;
		}
		l->epoch = sent;
		l->acc = units;
		l->m = 1;
		if (!l->work)
			opened(l, sent);
	}
	l->kk = l->k - 1 < l->P.ramp_max ? l->k - 1 : l->P.ramp_max;
	l->k = 0;
	l->s0 = now;
}

/* Refusals are steered to about rho per accepted call. */
static void steer_boldness(struct rc_lane *l)
{
	double m = l->m > 1 ? l->m : 1;
	double f = l->f > 1 ? l->f : 1;
	double e = clamp(log(m * l->P.rho / f), -1.0, 1.0);

	l->g = clamp(l->g * exp(l->P.eta * e), l->P.glo, l->P.ghi);
}

/* One full-to-full cycle ends with the refusal of the call sent at `sent`. */
static void learn(struct rc_lane *l, double now, double sent, double units)
{
	const struct rc_lane_params *P = &l->P;
	bool late = now - l->s0 - l->kk * P->t_ss > P->relearn * P->K * stretch(l) && l->hint <= 0;
	double got = l->acc + P->opt * l->out;

	if (!isnan(l->epoch0) && l->m <= P->block_m) {
		l->epoch = l->epoch0;
		got += l->acc0;
	}
	l->epoch0 = NAN;
	if (!isnan(l->epoch) && got > 0) {
		double dur = fmax(DUR_MIN, sent - l->epoch);
		double sample = got / dur;

		if (late) { /* the curve had to leave the estimate far behind: the resource has grown */
			l->est = fmax(sample, fmin(P->beta * rc_lane_rate(l, now), rc_lane_measured(l, now)));
			l->cycles = 0;
		} else {
			double w = fmax(1.0 - exp(-dur / P->tau), l->cycles == 0 ? 0.8 : 1.0 / (1.0 + l->cycles));

			if (sample < P->drop * l->est)
				w = fmax(w, P->wdrop);
			l->est += w * (sample - l->est);
			l->cycles++;
		}
		if (l->samples < UINT32_MAX)
			l->samples++;
		steer_boldness(l);
	} else if (l->est <= 0) {
		l->est = fmax(l->tot, units) / fmax(0.5, now - l->t0);
	} else if (isnan(l->epoch) && late) { /* began with an older night's rate, and that was far too low */
		l->est = fmax(l->est, fmin(P->beta * rc_lane_rate(l, now), rc_lane_measured(l, now)));
	}
	l->est = fmax(l->est, EST_MIN);
	l->epoch = sent;
	l->acc = 0;
	l->m = 0;
	l->f = 1;
}

/* The pause after the k-th refusal in a row, k >= 2. */
static double outage_pause(struct rc_lane *l, double now, double sent, double units, double u)
{
	const struct rc_lane_params *P = &l->P;
	double p = l->win ? next_window(l, now, sent, u) : -1;

	if (p >= 0)
		return p;
	p = fmax(P->p2 * pow(2.0, (double)l->k - 2), fmin(P->pmax, P->kappa * units / l->est));
	return fmin(P->pcap, p) * (1.0 + P->jit * (2.0 * u - 1.0));
}

bool rc_lane_refuse(struct rc_lane *l, double now, double sent, double units, double retry_after, double u)
{
	const struct rc_lane_params *P = &l->P;
	double p;

	l->fail = fmax(l->fail, sent);
	if (sent < l->cut || (l->k && sent < l->resume - SAME_TIME)) {
		l->f++;
		return false;
	}
	l->k++;
	if (l->k == 1) {
		learn(l, now, sent, units);
		p = clamp(P->kappa * units / l->est, P->pmin, P->pmax);
		p *= 1.0 + P->jit * (2.0 * u - 1.0);
	} else {
		l->f++;
		if (l->work && l->k >= P->k_out) {
			if (l->k == P->k_out) {
				l->epoch0 = l->epoch;
				l->acc0 = l->acc;
			}
			l->epoch = sent;
			l->acc = 0;
			l->m = 0;
		}
		p = outage_pause(l, now, sent, units, u);
	}
	if (isfinite(retry_after) && retry_after > 0 && (retry_after > P->soft || l->k >= 2))
		p = fmax(p, fmin(retry_after, RETRY_AFTER_MAX) * (1.0 + 0.1 * u));
	l->cut = now;
	l->resume = now + p;
	l->nxt = l->resume;
	l->s0 = l->resume;
	l->kk = 0;
	return true;
}
