/* engine/exec/exec.h - carries operations out: what goes next, what an answer means for each user, when to look.
 *
 * One executor per run; targets and their servers run side by side on the caller's loop. It owns no thread, timer or
 * socket: rc_exec_pump sends what may go now and says when to be called again; the transport calls back. Time, network,
 * passwords and durability come through struct rc_exec_env, so that a run can be replayed in virtual time.
 *
 * Rules it keeps: no create is repeated before a look; `done` only when a complete listing, begun at least `settle`
 * after the answer, shows it; one operation in flight per person; nothing is sent after the deadline or a stop. */
#ifndef RC_EXEC_H
#define RC_EXEC_H
#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/connector.h"
#include "engine/exec/listing.h"
#include "engine/exec/pacer.h"
#include "engine/net/transport.h"
#include "engine/op.h"

struct rc_exec;

/* One request and its answer, for a log: nothing secret, nothing of a body. Valid during the call. */
struct rc_exec_seen {
	size_t target;
	const char *method, *path;
	int status; /* 0: no answer */
	double took_s;
	const char *request_id; /* the provider's; NULL: none told */
	const char *problem;    /* NULL, the provider's code, or why there is no answer */
};

/* A target that takes nothing: told once, and again when the cause is another. Valid during the call. */
struct rc_exec_trouble {
	size_t target;
	const char *endpoint, *cause;
	bool answered;   /* something answers there, and takes no call */
	int64_t left_ns; /* so long it is tried again */
	bool by_deadline;
};

struct rc_exec_env {
	const struct rc_clock *clock;
	struct rc_transport net;
	void *ctx;
	/* Secrets of a target into *ret, owned by the callee until the next call; renew: fetch them anew. */
	enum rc_code (*secrets)(void *ctx, size_t target, bool renew, struct rc_conn_auth *ret, struct rc_err *err);
	/* Gives each op that needs one its password, sealed and synced, before they leave. */
	enum rc_code (*passwords)(void *ctx, struct rc_op *const *ops, size_t n, struct rc_err *err);
	/* Every change of state, before it has an effect outside; DONE, FAILED, DEFERRED and UNKNOWN are final. */
	void (*changed)(void *ctx, struct rc_op *op, enum rc_step from);
	/* Whether the intent of these ops is on disk; if not, the caller pumps again when it is. */
	bool (*durable)(void *ctx, struct rc_op *const *ops, size_t n);
	/* A listing of a server ended (complete or not); rows live until the next listing of that server. */
	void (*listed)(void *ctx, size_t target, size_t server, const struct rc_list *l);
	/* Whether somebody would be taken for gone by this complete list. Asked only of lists that may hide accounts.
	 */
	bool (*misses)(void *ctx, size_t target, size_t server, const struct rc_list *l);
	/* Whether a listed account is what the op wanted. */
	uint32_t (*differs)(void *ctx, const struct rc_op *op, const struct rc_listed *row);
	/* A create that its server has no seat for, surely not made there: whether it may go to another server of the
	 * pool, then in op->server. NULL: never. */
	bool (*elsewhere)(void *ctx, struct rc_op *op);
	/* Every answer, or that there was none; may be NULL. */
	void (*answered)(void *ctx, const struct rc_exec_seen *seen);
	void (*trouble)(void *ctx, const struct rc_exec_trouble *trouble); /* may be NULL */
};

struct rc_exec_opts {
	int64_t deadline_ns; /* monotonic; 0: none */
	int64_t drain_timeout_ns;
	/* Not 0: somebody sits there and waits. In place of timeouts.unreachable, and three calls without an answer, or
	 * one that took long to fail, are enough. */
	int64_t patience_ns;
};

enum rc_exec_phase {
	RC_EXEC_IDLE,    /* nothing asked for */
	RC_EXEC_LIST,    /* reading lists */
	RC_EXEC_WRITE,   /* carrying out */
	RC_EXEC_CONFIRM, /* waiting for settle, then looking */
	RC_EXEC_DRAIN,   /* stopped: answers in flight, one confirming listing */
	RC_EXEC_END,
};

struct rc_exec_target_result {
	enum rc_code code;              /* RC_OK, or why the target stopped: 69, 77, 78, 76 (breaker) */
	const char *stopped_by;         /* one phrase, NULL when it was not stopped */
	char why[500];                  /* the sentence for the operator */
	struct rc_pacer_counts counts;  /* over its servers */
	double waited_s;                /* nothing could be sent though there was work: pauses, ceilings, seats */
	bool day_over;                  /* what is left waits for tomorrow's calls */
	uint64_t calls_today;           /* what rc_exec_day began with, and this run's since the day began */
	int64_t seat_limit, seats_used; /* as provider or config tell, and as listed; -1: not known */
	uint64_t seats_waiting;         /* creates that were deferred for want of a seat */
};

struct rc_exec_progress {
	uint64_t total, done, failed, deferred, in_flight_users, accepted;
	uint32_t in_flight;
	uint64_t busy, throttled;
	uint64_t parked;             /* creates that wait for a seat */
	enum rc_pacer_reason reason; /* of the server that waits longest; pacing itself is no reason */
	double wait_s;
	double look_s; /* until the next confirming look; 0: none is due, or it is being read */
	enum rc_exec_phase phase;
};

/* config and env.ctx must outlive it. */
struct rc_exec *rc_exec_new(const struct rc_config *config, const struct rc_exec_env *env,
			    const struct rc_exec_opts *opts);
void rc_exec_free(struct rc_exec *x); /* only when nothing is in flight */

/* Appends who this target is to the provider: endpoint and credential, by its reference, never the secret. Targets with
 * one account share a call lane, and a rate is learned per account and server. */
void rc_exec_account(const struct rc_target *t, struct rc_buf *ret);

/* Where the pacer of a server begins, from an earlier night; before the first pump. */
void rc_exec_learned(struct rc_exec *x, size_t target, size_t server, double users_per_s);

/* The calls that earlier runs of this day made, and when the day ends (monotonic); before the first pump. */
void rc_exec_day(struct rc_exec *x, size_t target, uint64_t used, int64_t ends_ns);

/* What earlier runs know of a server's seats, -1 where they do not; a hint, never a verdict. Before the first pump. */
void rc_exec_seats(struct rc_exec *x, size_t target, size_t server, int64_t limit, int64_t used);

void rc_exec_seats_known(const struct rc_exec *x, size_t target, size_t server, int64_t *ret_limit, int64_t *ret_used);

/* What the list of groups that was read in this run says: 1 the group is there, 0 it is not, -1 no list was read. */
int rc_exec_group_there(const struct rc_exec *x, size_t target, size_t server, struct rc_slice name);

/* Asks for a complete listing of a target's servers; ends with env.listed for each. */
void rc_exec_list(struct rc_exec *x, size_t target);
/* Only asks who we are (check --online). */
void rc_exec_whoami(struct rc_exec *x, size_t target);
/* Adds operations, in the plan's order; each begins QUEUED or VERIFY. They stay the caller's. */
void rc_exec_add(struct rc_exec *x, struct rc_op *op);

/* Sends what may go now. Returns the monotonic time of the next call, INT64_MAX when only an answer can change
 * anything, and sets *ret_ended when all that was asked for has ended. */
int64_t rc_exec_pump(struct rc_exec *x, bool *ret_ended);

/* Stops sending; what is in flight is awaited up to the drain timeout. At once: nothing is awaited. */
void rc_exec_stop(struct rc_exec *x, bool at_once);

void rc_exec_target_result(const struct rc_exec *x, size_t target, struct rc_exec_target_result *ret);
void rc_exec_progress(const struct rc_exec *x, struct rc_exec_progress *ret);
/* The pacer of a server, for the time series and the snapshot. */
void rc_exec_look(const struct rc_exec *x, size_t target, size_t server, struct rc_pacer_view *ret);

#endif
