/* A service on a virtual clock for the pacer's tests: gateway, queue of work, seats, outages, up to two clients.
 * It is deliberately plain; the tests state the rules, this only makes them happen. */
#ifndef HELPER_PACER_WORLD_H
#define HELPER_PACER_WORLD_H
#include "engine/exec/pacer.h"

#define PW_CLIENTS 2
#define PW_EVENTS 1024

struct pw_client {
	struct rc_pacer pacer;
	struct rc_pacer_call own_call;
	struct rc_pacer_pending pending;
	uint64_t random;
	uint64_t job, accepted, held, in_flight; /* users */
	uint32_t calls_out;
	double due; /* when to poll again */
	uint64_t sends;
};

struct pw_event {
	double t;
	int client;
	bool arrives; /* the call reaches the service; else its answer reaches the client, or a held call is free again
		       */
	bool held;
	struct rc_pacer_token token;
	struct rc_pacer_answer answer;
};

struct pw {
	double now;
	uint64_t random;
	struct pw_client client[PW_CLIENTS];
	int clients, turn;
	struct pw_event event[PW_EVENTS];
	int events;

	/* the service; a zero switches the part off */
	double mu, depth, backlog, seen;          /* queue of work: users/s, users */
	double bucket, burst, level, bucket_seen; /* calls/s, calls */
	double window_n, window_s, window_count;  /* calls per fixed window */
	double window_id;
	double hint;        /* named in throttling answers */
	double retry_after; /* in throttling answers */
	uint64_t seats, seats_used;
	double out_from, out_to;       /* outage ... */
	enum rc_pacer_outcome out_how; /* ... and its answer */
	double one_way;                /* s, mean */

	void (*on_sent)(struct pw *w, int client, const struct rc_pacer_token *t);
	void (*before_result)(struct pw *w, int client, const struct rc_pacer_token *t,
			      const struct rc_pacer_answer *a);
	void (*on_result)(struct pw *w, int client, const struct rc_pacer_token *t, const struct rc_pacer_answer *a);
	void *ctx;
};

double pw_draw(void *state); /* uint64_t *, splitmix64 */

/* A world with one client of seed `seed`; further clients by pw_add. call NULL: a call lane of its own. */
void pw_init(struct pw *w, uint64_t seed);
struct pw *pw_new(uint64_t seed);               /* the same on the heap, the caller frees it */
struct rc_pacer_pending pw_creates(uint32_t n); /* a job of nothing else */
struct pw_client *pw_add(struct pw *w, const struct rc_pacer_config *config, struct rc_pacer_pending job);
struct rc_pacer_config pw_config(uint32_t batch_max);

/* Runs until every client is done or `until`; checks conservation and invariants 1, 3 and 5 at every event. */
void pw_run(struct pw *w, double until);
bool pw_done(const struct pw *w);

#endif
