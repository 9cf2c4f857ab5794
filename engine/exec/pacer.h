/* engine/exec/pacer.h - decides WHEN the next call may leave and with how many users, never what it says.
 *
 * One struct rc_pacer per server instance: the work lane U (users/s, learned from "busy"), the in-flight limit W, the
 * batch size, the seat gate and the breaker. One struct rc_pacer_call per endpoint and credential: the call lane C
 * (calls/s, learned from "throttled"), shared by the pacers of all its servers, because gateways count per account.
 * No call has a retry timer of its own: the items of a refused call go back to the head of the caller's pending list
 * (not before now + its Retry-After) and the pacer decides when anything is sent again.
 *
 * Use     poll -> RC_PACER_SEND op n -> send that call -> rc_pacer_sent(); at its answer rc_pacer_result(), then poll
 * again every pacer of the same call lane. Poll until the decision is not SEND. Rotate the order in which pacers that
 * share a call lane or a ceiling are polled: the first that asks gets the slot. Time    monotonic seconds, an argument
 * everywhere; this module reads no clock and draws no random number of its own. Owns    nothing on the heap; embed by
 * value. Neither struct may move while another points to it. Loop thread only. Errors  none: every function is total;
 * absent or absurd numbers from an answer are ignored. Source  docs/pacing.md. */
#ifndef RC_PACER_H
#define RC_PACER_H
#include "engine/exec/pacer_ceiling.h"
#include "engine/exec/pacer_lane.h"

/* READ is any call that changes no account (listing, look-up, token): it costs lane C only. A write of another kind,
 * such as a group, is polled as an UPDATE. */
#define RC_PACER_OPS(X) X(CREATE, "create") X(UPDATE, "update") X(DELETE, "delete") X(READ, "read")
enum rc_pacer_op {
#define X(name, text) RC_PACER_##name,
	RC_PACER_OPS(X)
#undef X
		RC_PACER_OP_COUNT
};

/* What an answer means for pacing.
 *   ACCEPTED   taken by the service                       BUSY      the server's queue is full
 *   THROTTLED  the gateway counts too many calls          QUOTA     no seat is free; other calls still work
 *   REJECTED   refused for what it says (bad user, 413, already gone): tells nothing about any resource
 *   ERROR      transport failed or 5xx: outcome unknown   TIMEOUT   no answer in time: outcome unknown */
#define RC_PACER_OUTCOMES(X)                                                                                           \
	X(ACCEPTED, "accepted")                                                                                        \
	X(BUSY, "busy")                                                                                                \
	X(THROTTLED, "throttled")                                                                                      \
	X(QUOTA, "quota")                                                                                              \
	X(REJECTED, "rejected")                                                                                        \
	X(ERROR, "error")                                                                                              \
	X(TIMEOUT, "timeout")
enum rc_pacer_outcome {
#define X(name, text) RC_PACER_##name,
	RC_PACER_OUTCOMES(X)
#undef X
		RC_PACER_OUTCOME_COUNT
};

/* Why nothing is sent now. NONE: nothing is pending. */
#define RC_PACER_REASONS(X)                                                                                            \
	X(NONE, "nothing to send")                                                                                     \
	X(PACE, "pacing")                                                                                              \
	X(BUSY_PAUSE, "busy")                                                                                          \
	X(THROTTLE_PAUSE, "throttled")                                                                                 \
	X(BREAKER, "errors")                                                                                           \
	X(SEATS, "seat limit")                                                                                         \
	X(IN_FLIGHT, "calls in flight")                                                                                \
	X(CEILING, "requests per second")                                                                              \
	X(DAY, "requests per day")
enum rc_pacer_reason {
#define X(name, text) RC_PACER_WAIT_##name,
	RC_PACER_REASONS(X)
#undef X
		RC_PACER_REASON_COUNT
};

const char *rc_pacer_op_name(enum rc_pacer_op op);
const char *rc_pacer_outcome_name(enum rc_pacer_outcome outcome);
const char *rc_pacer_reason_text(enum rc_pacer_reason reason);

struct rc_pacer_params {
	struct rc_lane_params user, call;
	double tb;               /* wanted spacing of batched calls, s */
	double w0, wmax, wf, wa; /* in-flight limit: first, largest; after a throttle: wf * est * srtt + wa */
	double wgrow;            /* growth per accepted call that used it fully */
	double pcap, p2, jit;    /* breaker and read pauses */
	double q0, qcap;         /* seat probe interval: first, longest */
	bool credit_back;        /* a create refused for another cause keeps the seat that a delete freed */
};
void rc_pacer_params_default(struct rc_pacer_params *ret);

/* ---- lane C, shared by all servers of one endpoint and credential */
struct rc_pacer_call {
	struct rc_lane lane;
};
void rc_pacer_call_init(struct rc_pacer_call *c, const struct rc_pacer_params *params /* NULL: defaults */);
/* A limit known beforehand (provider profile, documentation), calls/s; used like one that an answer announced. */
void rc_pacer_call_set_limit(struct rc_pacer_call *c, double calls_per_s);

/* ---- one server instance */
#define RC_PACER_ERRORS_OPEN 3 /* errors in a row that open the breaker */
#define RC_PACER_CEILINGS 2    /* the target's and the program's */

struct rc_pacer_config {
	const struct rc_pacer_params *params; /* NULL: defaults; copied */
	uint32_t batch_max[3];                /* users per call by op: [RC_PACER_CREATE] and so on; 0 counts as 1 */
	uint32_t max_in_flight;               /* upper bound of W; 0: the default */
	double start_users_per_s; /* learned on an earlier night: where to begin, never a ceiling; 0: unknown */
	double timer_slack_s;     /* timers fire up to this late (0.002 on a millisecond loop); 0: never */
	double (*u)(void *ctx);   /* one draw in [0,1) */
	void *u_ctx;
	struct rc_pacer_call *call;
	struct rc_ceiling *ceiling[RC_PACER_CEILINGS]; /* each may be NULL */
};

struct rc_pacer_pending {
	uint32_t creates, updates, deletes; /* users waiting, without those in flight or held by a Retry-After */
};

struct rc_pacer_counts {
	uint64_t calls, accepted, accepted_users, busy, throttled, quota, rejected, errors, timeouts;
};

struct rc_pacer {
	struct rc_pacer_params P;
	struct rc_lane U;
	struct rc_pacer_call *call;
	struct rc_ceiling *ceiling[RC_PACER_CEILINGS];
	double (*u)(void *ctx);
	void *u_ctx;
	double slack;
	uint32_t batch_max[3];
	uint32_t in_flight; /* calls, reads included */
	double W;           /* in-flight limit ... */
	bool wss;           /* ... in its slow start */
	double bcap;        /* largest batch thought to fit */
	double srtt;        /* smoothed answer time, s */
	uint32_t ek;        /* errors in a row */
	double ecut, eres;  /* an error sent before ecut is no news; nothing leaves before eres */
	uint32_t rk;        /* reads refused by the server itself in a row */
	double rres;        /* no read leaves before this time */
	bool parked;        /* the seat gate is shut for creates */
	uint32_t nq;        /* batch limit while the number of free seats is being found; 0: none */
	uint32_t credit;    /* seats freed by our deletes while parked */
	uint32_t qk;        /* quota refusals in a row */
	double probe_at, qcut;
	uint32_t creates_out; /* create calls in flight */
	double share[2];      /* users sent and not refused: creates, updates */
	struct rc_pacer_counts counts;
	enum rc_pacer_reason reason; /* of the last poll */
	double until;
};

enum rc_pacer_verb {
	RC_PACER_SEND,        /* send op with n users */
	RC_PACER_WAIT,        /* poll again at `until` or after the next answer, whichever is first */
	RC_PACER_WAIT_ANSWER, /* poll again after the next answer (of any pacer that shares call lane or ceiling) */
	RC_PACER_IDLE         /* nothing is pending */
};
struct rc_pacer_decision {
	enum rc_pacer_verb verb;
	enum rc_pacer_op op;
	uint32_t n;
	enum rc_pacer_reason reason; /* of WAIT and WAIT_ANSWER */
	double until;                /* WAIT: monotonic seconds, later than now; else INFINITY */
};

/* Kept by the caller from rc_pacer_sent to rc_pacer_result. */
struct rc_pacer_token {
	enum rc_pacer_op op;
	uint32_t n;
	uint32_t in_flight; /* of this pacer when the call left, itself included */
	bool credited;      /* a create that went on a seat freed by our deletes */
	double sent;
};

struct rc_pacer_answer {
	enum rc_pacer_outcome outcome;
	double retry_after_s;    /* 0: none */
	double hint_calls_per_s; /* limit named in a throttling answer; 0: none */
	uint32_t without_effect; /* users of an ACCEPTED delete that were gone before: they free no seat */
};

void rc_pacer_init(struct rc_pacer *p, const struct rc_pacer_config *config);

/* What may leave now? Deletes first (they free seats), then creates and updates in proportion. When only parked creates
 * are left the reason is SEATS: the caller may wait for `until` or end and report them as waiting for a seat. */
void rc_pacer_poll(struct rc_pacer *p, double now, const struct rc_pacer_pending *pending,
		   struct rc_pacer_decision *ret);
/* May one READ leave now? Not held by a busy pause: the queue of work does not answer reads. */
void rc_pacer_poll_read(struct rc_pacer *p, double now, struct rc_pacer_decision *ret);

/* The call leaves. n may be smaller than decided, never larger. */
void rc_pacer_sent(struct rc_pacer *p, double now, enum rc_pacer_op op, uint32_t n, struct rc_pacer_token *ret);
void rc_pacer_result(struct rc_pacer *p, double now, const struct rc_pacer_token *call,
		     const struct rc_pacer_answer *a);
/* It never left, or nobody waits for its answer any more. */
void rc_pacer_abandon(struct rc_pacer *p, const struct rc_pacer_token *call, bool left);

/* The provider reports its seats: a hint, so at 0 creates park but a probe is still sent. */
void rc_pacer_set_seats(struct rc_pacer *p, double now, uint32_t free_seats);
/* Lets the next poll send the one-user probe at once when creates are parked (the last look before giving up). */
void rc_pacer_probe_seats(struct rc_pacer *p, double now);
/* Another largest batch for an op from now on, for example after "request too large". */
void rc_pacer_set_batch_max(struct rc_pacer *p, enum rc_pacer_op op, uint32_t batch_max);

/* For the progress line, the time series and the snapshot. */
struct rc_pacer_view {
	double users_per_s;    /* allowed now */
	double accepted_per_s; /* users really accepted, last second or so */
	double calls_per_s;    /* allowed by lane C; 0: no limit known */
	uint32_t window, in_flight, batch;
	enum rc_pacer_reason reason; /* of the last poll, and until when (INFINITY: the next answer) */
	double until;
	bool parked;
	uint32_t credit;
	bool learned; /* three full-to-full cycles: learned_users_per_s may be stored */
	double learned_users_per_s;
	const struct rc_pacer_counts *counts;
};
void rc_pacer_look(const struct rc_pacer *p, double now, struct rc_pacer_view *ret);

#endif
