/* tests/simulator/limits.h - what stands between a caller and the service: the work queue and the gateway's limiters.
 *
 * Time    seconds on the simulator's clock, passed in; nothing here reads a clock.
 * Units   the queue counts users, the gateway counts calls. */
#ifndef SIMULATOR_LIMITS_H
#define SIMULATOR_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* A bounded first-in first-out queue drained at `capacity`. Work is identified by its mark: the total accepted up to
 * and including it. Work with mark m is served once `served` has reached m. */
struct sim_queue {
	double capacity; /* users per second; 0: served the moment it is accepted */
	double room;     /* most users that may wait; 0: any number */
	double accepted, served;
	double at_s; /* `served` is right for this moment */
};

void sim_queue_advance(struct sim_queue *q, double now_s);
/* Takes n users in and gives their mark, or returns false because the queue has no room for all of them (busy). */
bool sim_queue_take(struct sim_queue *q, double n, double now_s, double *ret_mark);
/* When the work with this mark was served, for a queue not yet advanced to now_s; false: not served by then. */
bool sim_queue_served(const struct sim_queue *q, double mark, double now_s, double *ret_s);

/* A token bucket in calls: `rate` a second, at most `burst` at once. rate 0: off. */
struct sim_bucket {
	double rate, burst, tokens, at_s;
	bool begun;
};
bool sim_bucket_take(struct sim_bucket *b, double now_s, double *ret_wait_s);

/* At most `limit` calls in each fixed window of `period_s` seconds, counted from time 0. limit 0: off. */
struct sim_window {
	uint64_t limit, used;
	double period_s;
	int64_t index;
};
bool sim_window_take(struct sim_window *w, double now_s, double *ret_wait_s);

#endif
