/* engine/exec/exec_int.h - the executor's own types, shared by exec_*.c only. */
#ifndef RC_EXEC_INT_H
#define RC_EXEC_INT_H
#include "engine/exec/exec.h"

struct opq { /* ring of operations */
	struct rc_op **v;
	size_t head, n, cap;
};

void opq_push(struct opq *q, struct rc_op *op);
void opq_push_front(struct opq *q, struct rc_op *op);
void opq_return(struct opq *q, struct rc_op *op); /* to the head; a create to its place in the order */
struct rc_op *opq_pop(struct opq *q);
struct rc_op *opq_at(const struct opq *q, size_t i);
void opq_done(struct opq *q);

enum group_state { GROUP_WANTED, GROUP_CREATING, GROUP_SETTLING, GROUP_PRESENT, GROUP_FAILED };

struct group {
	struct rc_slice name, id;
	enum group_state state;
	bool sent; /* a create left: never repeated without a look */
	int64_t look_from, give_up;
	const char *code, *message;
};

struct batch { /* operations that must travel together, by themselves: halves of a refused batch */
	struct batch *next;
	struct batch *twin; /* the other half, kept until this one is answered; NULL: on its own */
	int64_t not_before_ns;
	size_t n;
	struct rc_op *ops[];
};

struct server {
	struct target *t;
	size_t index;
	const struct rc_server *cfg;
	struct rc_pacer pacer;
	struct opq q[RC_CLASS_COUNT];
	struct opq verify;   /* unanswered: need a look */
	struct opq accepted; /* need the confirming look */
	struct opq held;     /* own Retry-After has not passed */
	struct opq
		retiring;  /* old halves of renames, until the new account is confirmed; creates that wait for a name */
	struct opq to_cut; /* their access has ended: live connections are cut */
	struct batch *halves; /* first to go */
	struct group *groups;
	size_t n_groups, cap_groups;
	bool groups_known, groups_needed, groups_in_flight;
	bool groups_read;     /* whole, at least once */
	int64_t groups_at;    /* next reading of the group list */
	unsigned group_looks; /* for groups that were made and are not shown yet */
	struct rc_slice groups_marker;
	struct rc_list list;
	bool list_wanted, list_asked, list_running, list_in_flight;
	int64_t list_again;
	int64_t last_seen_ns;  /* when a listing last showed an account it had not shown before */
	int64_t last_write_ns; /* last accepted write */
	bool last_probe_sent;
	int64_t parked_since_ns;
	int64_t freed;     /* while parked: own deletes confirmed, less creates that took their seats */
	bool seats_wanted; /* the provider can tell its seats, and has not been asked */
	bool seats_asked, seats_in_flight;
	int64_t seat_limit, seats_used; /* -1: not known */
	uint64_t waiting;               /* creates deferred for want of a seat */
	bool busy, drained;       /* of this pump: reads or waits for an answer; the look after the stop is over */
	unsigned looks;           /* confirming listings since the last one that showed something new */
	char said[200];           /* why the last call was not taken, printable; "": it was */
	int64_t waiting_since_ns; /* first call since the last one that was taken; 0: none; monotonic */
	const char *given_up;     /* it took nothing for too long while others of its pool did: says so; NULL: no */
};

enum auth_state { AUTH_NONE, AUTH_LOGIN, AUTH_PROBE, AUTH_OK };

struct target {
	struct rc_exec *x;
	size_t index;
	const struct rc_target *cfg;
	const struct connector *conn;
	struct rc_conn_config conf;
	struct rc_pacer_call *lane;
	struct rc_ceiling ceiling;
	size_t n_servers;
	struct server *servers;
	enum auth_state auth;
	unsigned renewals;
	bool probe_in_flight, renewed, clock_fixed, whoami_wanted, lane_owned;
	struct rc_conn_auth secrets;
	struct rc_buf token;    /* from a login */
	int64_t token_renew_at; /* wall */
	int64_t clock_shift_ns;
	bool stopped;
	enum rc_code code;
	const char *stopped_by;
	char why[500];
	uint64_t planned, failed; /* for the breaker */
	uint64_t in_flight;
	size_t rotate;         /* the server that comes first: after the one that sent last */
	bool ready;            /* in this pump */
	unsigned untaken;      /* calls in a row that were not taken */
	char told[200];        /* the trouble that was told, without its digits; "": none since the last call taken */
	unsigned silent;       /* rounds of calls in a row without any answer */
	int64_t silent_cut_ns; /* a failure of a call sent before is no new round */
	int64_t last_sent_ns;
	int64_t held_since_ns, held_ns; /* nothing could be sent though there was work */
	const char *odd_code;           /* the refusal that no table lists, and how many users in a row met it */
	unsigned odd;
	bool tried, taken;               /* any call, one that was taken */
	bool day_over;                   /* the calls of this day are used up, and the deadline comes before the next */
	bool writes_tried, writes_taken; /* taken: the service dealt with it, whatever it said of the user */
};

struct call { /* one request on its way */
	struct rc_exec *x;
	struct server *s;
	struct rc_call req;
	struct rc_call_user *users;
	size_t n;
	struct rc_op **ops;
	struct rc_pacer_token token;
	bool paced;
	bool is_half;       /* of a refused batch */
	struct batch *twin; /* its other half, or NULL */
	size_t group_index;
	struct rc_op *cut; /* CALL_DISCONNECT */
	char client_token[37], nonce[37];
	const char *method, *log_path; /* NULL: could not be built */
	struct rc_arena mem;
	int64_t sent_ns;
};

struct rc_exec {
	const struct rc_config *cfg;
	struct rc_exec_env env;
	struct rc_exec_opts opts;
	struct rc_ceiling ceiling;
	size_t n_targets;
	struct target *targets;
	size_t rotate;
	uint32_t in_flight;
	bool stopping, at_once, durable_wait;
	int64_t stopped_ns, drain_until;
	uint64_t total, done, failed, deferred, unknown;
	struct rc_arena mem; /* messages of operations */
};

static inline int64_t x_now(const struct rc_exec *x)
{
	return rc_mono_ns(x->env.clock);
}
/* Nothing may be asked of it any more. A tripped breaker is no such end: what was accepted is still confirmed. */
static inline bool target_dead(const struct target *t)
{
	return t->stopped && t->code != RC_PARTIAL;
}
static inline bool server_dead(const struct server *s)
{
	return s->given_up || target_dead(s->t);
}
static inline bool call_writes(const struct call *c)
{
	return c->n > 0 || c->req.kind == CALL_GROUP_CREATE;
}
static inline double x_sec(int64_t ns)
{
	return (double)ns / 1e9;
}

/* exec_queue.c */
void op_go(struct rc_exec *x, struct rc_op *op, enum rc_step to);
void op_fail(struct rc_exec *x, struct rc_op *op, const char *code, const char *message);
void op_requeue(struct rc_exec *x, struct server *s, struct rc_op *op); /* at the head of its class */
void op_defer(struct rc_exec *x, struct rc_op *op, const char *code, const char *message);
void target_stop(struct target *t, enum rc_code code, const char *by, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
size_t server_queued(const struct server *s);
void server_gather(struct server *s); /* halves and what is held go back to where they came from */
void server_defer_all(struct server *s, const char *code, const char *message); /* NULL: by the server's state */
void push_half(struct server *s, struct rc_op **ops, size_t n, struct batch *twin, int64_t not_before_ns);
void release_twin(struct server *s, struct batch *twin); /* it may go now; NULL is fine */

/* exec.c */
void server_take(struct server *s, struct rc_op *op); /* into the queue where it belongs */

/* exec_seats.c */
bool seats_read(struct server *s, int64_t now, int64_t *next); /* false: nothing to ask */
void seats_answered(struct call *c, const struct rc_answer *a);
bool only_parked(const struct server *s); /* all that waits to be sent waits for a seat */
/* What to do when only parked creates are left: another server, wait, look, swap a rename, probe once more, give up for
 * today. Returns whether another server got any. */
bool seats_end(struct server *s, int64_t now, int64_t *next);
bool goes_before(const struct rc_op *a, const struct rc_op *b); /* in the queue for a seat */

/* exec_hold.c: reasons of the executor's own not to send */
bool target_held(struct target *t, int64_t now, int64_t *next); /* it is silent: a probe every few seconds */
void target_heard(struct target *t, const struct call *c, bool answered, int64_t now);
bool day_is_over(const struct server *s, int64_t now, bool read); /* no such call is left before the deadline */
void holds_begin(struct rc_exec *x, int64_t now);
void holds_end(struct rc_exec *x, int64_t now);

/* exec_trouble.c: nothing is taken, and somebody wants to know why */
int64_t reach_limit(const struct rc_exec *x); /* so long a target may take nothing */
void trouble_told(struct call *c, const struct http_resp *resp, bool taken, int64_t now);
/* What was said of the last call that a target did not take; NULL: nothing. */
const char *trouble_of(const struct target *t);

/* exec_send.c */
struct call *call_new(struct server *s, enum rc_call_kind kind, size_t n);
void call_send(struct call *c); /* its users are set, pacing is counted */
void call_free(struct call *c);
bool server_pump(struct server *s, int64_t now, int64_t *next); /* sends at most one call; whether it did */

/* exec_auth.c */
bool target_ready(struct target *t, int64_t now, int64_t *next); /* credentials are proven; else works towards that */
void auth_answered(struct call *c, const struct rc_answer *a);
bool auth_refused(struct call *c, const struct rc_answer *a); /* whether the call may be sent again */

/* exec_answer.c */
void call_answered(void *arg, const struct http_resp *resp);

/* exec_disconnect.c */
void disconnect_later(struct server *s, struct rc_op *op); /* op was accepted */
bool server_disconnects(struct server *s, int64_t now, int64_t *next);
void disconnect_answered(struct call *c, const struct rc_answer *a);

/* exec_read.c: groups and listings; exec_confirm.c: what a listing proves */
bool server_reads(struct server *s, int64_t now, int64_t *next);
void read_answered(struct call *c, const struct rc_answer *a);
bool server_confirm(struct server *s, int64_t now, int64_t *next); /* false: nothing is left to look for */
int64_t look_at(const struct server *s);                           /* when the next look may begin */
bool listing_misses(const struct server *s); /* a complete list: somebody would be taken for gone by it */
void listing_ended(struct server *s);
void listing_dropped(struct server *s, const char *problem); /* it was asked for, and will not be read */
void target_reserve(struct target *t);                       /* calls of the day that are kept for looking */
void server_give_up(struct server *s);                       /* what is unsettled becomes unknown */
struct group *group_find(struct server *s, struct rc_slice name);
void group_want(struct server *s, struct rc_slice name);

#endif
