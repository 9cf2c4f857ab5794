/* engine/exec/pacer_lane.h - one resource of the server, seen through its refusals.
 *
 * Two kinds exist. Lane U is the work queue of one server instance: its unit is a user, it refuses by "busy". Lane C is
 * the call budget of one endpoint and credential: its unit is a call, it refuses by "throttled". Both learn the
 * resource's rate from full-to-full cycles: between two moments at which the resource was full, exactly as much was
 * accepted as was served.
 *
 * Time    monotonic seconds, always an argument. Units: users or calls, and per second.
 * Owns    nothing; embed by value. Loop thread only. Every function is total.
 * Used    by pacer.c only; other code includes pacer.h and reads lanes through rc_pacer_look().
 * Source  docs/pacing.md, "Lanes". */
#ifndef RC_PACER_LANE_H
#define RC_PACER_LANE_H
#include <stdbool.h>
#include <stdint.h>

/* Defaults and meaning of each: docs/pacing.md, "Parameters". */
struct rc_lane_params {
	double r0;      /* first rate; 0: no limit is known before the first refusal */
	double t_ss;    /* doubling time of slow start and of the ramp after a run of refusals */
	double beta;    /* rate right after a full mark, share of g * est */
	double K;       /* time until the cubic is back at the estimate */
	double gmax;    /* the rate is never above gmax * what is really accepted */
	double tau;     /* memory of the estimator */
	double drop;    /* a sample below drop * est is a collapse ... */
	double wdrop;   /* ... and weighs at least this much */
	double relearn; /* a refusal later than relearn * K begins the estimate anew */
	double opt;     /* share of unanswered units counted as accepted in a sample */
	double kappa;   /* calls' worth of room to let drain after a full mark */
	double pmin, pmax;
	double p2, pcap; /* second pause, doubling, and the longest one */
	uint32_t k_out;  /* refusals in a row that count as an outage */
	double rho, eta; /* refusal budget per accepted call, and its gain */
	double glo, ghi;
	double soft;       /* longest Retry-After that holds only the refused items */
	double wlen;       /* length of the fixed windows that are looked for */
	double jit;        /* half-width of the jitter */
	double tm;         /* memory of the measured rate */
	double add;        /* growth that is the same for everyone, units/s per s: it makes two controllers equal */
	double slow;       /* units in tm below which the lane lives on a stretched time; 0: never */
	uint32_t block_m;  /* a cycle of so few calls after an outage takes the outage in: it was the resource's pace */
	uint32_t ramp_max; /* doublings of the ramp after a run of refusals, however long it was */
	double ramp_gap;   /* longest gap on that ramp, beside the one call's own time at its end */
};

struct rc_lane {
	struct rc_lane_params P;
	bool work;           /* lane U: an outage restarts the cycle; lane C: an outage may be a fixed window */
	double est;          /* units/s the resource was seen to serve; 0: not known */
	double g;            /* boldness: the growth curve runs around g * est */
	uint32_t cycles;     /* full-to-full cycles since the estimate was last begun anew */
	uint32_t samples;    /* full-to-full cycles in all */
	double epoch;        /* send time of the call that met the last full mark; NAN: none yet */
	double acc;          /* units accepted in this cycle */
	double epoch0, acc0; /* the cycle that an outage ended; epoch0 is NAN when none did */
	uint32_t m, f;       /* calls accepted, refusals met in this cycle */
	double out;          /* units sent and unanswered */
	uint32_t k, kk;      /* refusals in a row now; k - 1 at the last recovery */
	double cut;          /* when the last counted refusal was handled */
	double resume;       /* nothing is sent before this time */
	double s0;           /* start of the growth curve */
	double t0;           /* time of the first poll; NAN before it */
	double nxt;          /* earliest next call by pacing */
	double meas, mt;     /* exponentially faded accepted rate, and when it was brought up to date */
	double tot;          /* all units ever accepted */
	double hint;         /* limit announced by the server; 0: none */
	double fail;         /* send time of the last refused call */
	bool win;            /* refills come on a grid of wlen seconds ... */
	double lo, hi;       /* ... whose point lies in (lo, hi]; hi is NAN when nothing is known */
};

void rc_lane_init(struct rc_lane *l, const struct rc_lane_params *params, bool work);
/* What an earlier night learned; ignores what is not a positive number. A rate of r0 or more is believed. A lower one
 * may be that of a bad spell, and a lane that believes it lives on its time: it opens a slow start at that rate, so
 * that a good night is at its own rate in seconds and a bad one meets no more refusals than a first night. */
void rc_lane_start(struct rc_lane *l, double units_per_s);
void rc_lane_begin(struct rc_lane *l, double now);            /* first poll; later calls do nothing */
void rc_lane_set_hint(struct rc_lane *l, double units_per_s); /* ignores what is not a positive number */
double rc_lane_measured(const struct rc_lane *l, double now); /* accepted units/s of the last second or so */
double rc_lane_rate(const struct rc_lane *l, double now);     /* allowed units/s; 0: no limit known */

/* A call of `cost` units leaves. slack: how late the caller's timers may fire without losing rate, seconds. */
void rc_lane_charge(struct rc_lane *l, double now, double cost, double slack);

/* The call sent at `sent` was taken. */
void rc_lane_accept(struct rc_lane *l, double now, double sent, double units);

/* The call sent at `sent` was refused. retry_after: seconds, 0 none. u: one fresh draw in [0,1). True when this is a
 * new event, false when the call left before the last cut, so that the refusal tells nothing new. */
bool rc_lane_refuse(struct rc_lane *l, double now, double sent, double units, double retry_after, double u);

#endif
