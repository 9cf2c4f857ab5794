/* engine/exec/pacer_ceiling.h - the operator's hard limits, on top of whatever the pacer finds out.
 *
 * Unlike a lane a ceiling learns nothing: it is a promise. One per target (shared by the servers of a pool), and one
 * for the whole program that only limits calls in flight.
 *
 * Time    monotonic seconds, an argument. Owns nothing; embed by value. Loop thread only. Every function is total.
 * Source  contract, "pace": max_in_flight, max_requests_per_second, max_requests_per_day, and the top max_in_flight. */
#ifndef RC_PACER_CEILING_H
#define RC_PACER_CEILING_H
#include <stdbool.h>
#include <stdint.h>

enum rc_ceiling_hit { RC_CEILING_FREE, RC_CEILING_IN_FLIGHT, RC_CEILING_SECOND, RC_CEILING_DAY };

struct rc_ceiling {
	uint32_t max_in_flight; /* 0: no limit, as everywhere here */
	double max_per_second;  /* below 1: one call in 1/max_per_second s */
	uint64_t max_per_day;
	uint64_t reserve; /* of the day's calls, kept for reads: what was written must be looked at */
	uint32_t in_flight;
	uint64_t day_used;  /* calls since the day began; the caller stores it between runs */
	double day_ends;    /* when the count begins anew; then every 86,400 s */
	double next;        /* earliest moment at which a call would be exactly on the beat */
	double beat, slack; /* seconds between calls, and how far ahead of the beat one may leave */
};

/* max_per_second holds for every window of one second and also after the network has shifted calls by up to 50 ms:
 * calls leave on a beat, never as one burst per second. */
void rc_ceiling_init(struct rc_ceiling *c, uint32_t max_in_flight, double max_per_second, uint64_t max_per_day);

/* What earlier runs of this day have used, and when (monotonic seconds) the day ends. */
void rc_ceiling_set_day(struct rc_ceiling *c, uint64_t used, double day_ends);

/* May a call leave now? A write must leave the reserve to reads. If not, *ret_until is when to ask again; INFINITY
 * after RC_CEILING_IN_FLIGHT: at an answer. */
enum rc_ceiling_hit rc_ceiling_poll(struct rc_ceiling *c, double now, bool read, double *ret_until);
void rc_ceiling_take(struct rc_ceiling *c, double now); /* a call leaves */
void rc_ceiling_give(struct rc_ceiling *c);             /* it was answered, failed or was abandoned */
void rc_ceiling_unsent(struct rc_ceiling *c);           /* it never left: the day's count is given back too */

#endif
