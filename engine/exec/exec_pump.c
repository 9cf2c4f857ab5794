/* The executor's turn: what may be sent goes, in turn; what has ended is looked at; the rest says when to come again.
 */
#include "engine/exec/exec_int.h"

static bool past_deadline(const struct rc_exec *x, int64_t now)
{
	return x->opts.deadline_ns && now >= x->opts.deadline_ns;
}

static const char *silence(struct server *s)
{
	struct rc_exec *x = s->t->x;
	struct rc_pacer_view v;

	rc_pacer_look(&s->pacer, x_sec(x_now(x)), &v);
	return rc_arena_printf(&x->mem, "server %s took nothing for %lld s (%s), while others of the pool did",
			       s->cfg->label, (long long)(reach_limit(x) / RC_SECOND),
			       v.counts->busy        ? "busy"
			       : v.counts->throttled ? "throttled"
						     : "no usable answer");
}

/* A server that took nothing for too long ends the target, unless others of its pool did take something. */
static void check_reach(struct server *s, int64_t now, int64_t *next)
{
	struct target *t = s->t;
	int64_t limit = s->waiting_since_ns + reach_limit(t->x);

	if (t->stopped || s->given_up || !s->waiting_since_ns)
		return;
	if (now >= limit && t->n_servers > 1 && t->taken && (t->writes_taken || !t->writes_tried))
		s->given_up = silence(s);
	else if (now >= limit)
		target_stop(t, RC_UNAVAILABLE, "unreachable",
			    "target %s: %s accepted nothing for %lld s: check that it is up and reachable%s%s",
			    t->cfg->name, t->cfg->endpoint, (long long)(reach_limit(t->x) / RC_SECOND),
			    s->said[0] ? ": " : "", s->said);
	else if (limit < *next)
		*next = limit;
}

static bool ended(const struct rc_op *op)
{
	return op->state == RC_STEP_DONE || op->state == RC_STEP_FAILED || op->state == RC_STEP_DEFERRED ||
	       op->state == RC_STEP_UNKNOWN;
}

/* A create whose name another account held: goes when that one is proven gone, is put off with it, fails when it
 * stays. Whether it went on.
 */
static bool release_name(struct server *s, struct rc_op *op, bool ending)
{
	if (op->after->state == RC_STEP_DONE && !op->after->in_use && !ending) {
		opq_push(&s->q[op->class_], op);
		return true;
	}
	if (ending || op->after->state == RC_STEP_UNKNOWN || op->after->state == RC_STEP_DEFERRED)
		op_defer(s->t->x, op, "rollcall.name", "the account that holds the name is not yet seen to be gone");
	else if (ended(op->after))
		op_fail(s->t->x, op, "rollcall.name", "the account that holds the name was not freed in this run");
	else
		opq_push(&s->retiring, op);
	return false;
}

/* A delete by name goes when it is known that the account is not the heir's. Whether it went on. */
static bool release_heir(struct server *s, struct rc_op *op, bool ending)
{
	bool waits = !ending && op->heir->in_doubt && !ended(op->heir);

	if (op->heir->state == RC_STEP_DONE) {
		op_go(s->t->x, op, RC_STEP_VERIFY); /* which finds the account gone */
		opq_push(&s->verify, op);
		return true;
	}
	if (waits)
		opq_push(&s->retiring, op);
	else if (ending || op->heir->in_doubt)
		op_defer(s->t->x, op, "rollcall.name",
			 "whose the account of this name is could not be seen in this run");
	else
		opq_push(&s->q[op->class_], op);
	return !waits;
}

/* Whether any of those who wait for another operation may go on. */
static bool settle_waiting(struct server *s, bool only_settled)
{
	bool any = false;
	size_t n = s->retiring.n;

	while (n--) {
		struct rc_op *op = opq_pop(&s->retiring);
		bool create_open = op->linked && !ended(op->linked);
		bool create_done = op->linked && op->linked->state == RC_STEP_DONE;

		if (op->state != RC_STEP_QUEUED)
			continue; /* ended with its create */
		if (op->after)
			any |= release_name(s, op, !only_settled);
		else if (op->after_heir && (!op->linked || create_done))
			any |= release_heir(s, op, !only_settled);
		else if (create_done)
			continue; /* waits in its queue now */
		else if (only_settled && create_open)
			opq_push(&s->retiring, op);
		else
			op_defer(s->t->x, op, "rollcall.linked",
				 "the new account is not confirmed, so the old one stays");
	}
	return any;
}

/* Nothing more is sent to this server, but a look at what was. */
static void server_ends(struct server *s)
{
	const char *silent = s->t->stopped ? NULL : s->given_up;

	listing_dropped(s, s->t->stopped ? s->t->why : silent ? silent : "the run ended before the list was read");
	s->seats_wanted = false;
	s->to_cut.n = 0;
	server_defer_all(s, silent ? "rollcall.unreachable" : NULL, silent);
	settle_waiting(s, false);
}

static void day_ends(struct server *s, int64_t now)
{
	static const char why[] = "the calls of this day are used up (pace.max_requests_per_day)";

	s->t->day_over = true;
	if (day_is_over(s, now, true))
		listing_dropped(s, why);
	server_defer_all(s, "rollcall.day", why);
	settle_waiting(s, false);
}

/* First of a pump: what is read. */
static void begin_server(struct server *s, int64_t now, int64_t *next)
{
	struct target *t = s->t;

	s->busy = false;
	if (t->stopped || s->given_up || t->x->stopping)
		server_ends(s);
	else if (!s->pacer.in_flight && day_is_over(s, now, false))
		day_ends(s, now);
	if (!server_dead(s) && !t->x->at_once)
		s->busy = server_reads(s, now, next);
}

/* Last of a pump, when everything that may be sent has been. Whether the server still has something to do. */
static bool end_server(struct server *s, int64_t now, int64_t *next)
{
	struct target *t = s->t;
	bool waits;

	if (server_dead(s) || t->x->at_once) {
		server_ends(s); /* the target may have stopped in this pump */
		if (!s->list_in_flight && !s->pacer.in_flight)
			server_give_up(s);
		return s->pacer.in_flight > 0;
	}
	if (!t->stopped && !t->x->stopping) {
		if (seats_end(s, now, next))
			return true;
		s->busy |= server_disconnects(s, now, next);
		if (settle_waiting(s, true))
			*next = now;
	}
	waits = only_parked(s); /* meanwhile what was accepted is confirmed: that frees seats */
	if (s->pacer.in_flight || (server_queued(s) && !waits) || s->busy)
		return true;
	return server_confirm(s, now, next) || s->retiring.n || server_queued(s) || s->list_wanted;
}

static bool server_wants(const struct server *s)
{
	return s->list_wanted || s->seats_wanted || server_queued(s) || s->verify.n || s->accepted.n || s->retiring.n ||
	       s->to_cut.n || s->pacer.in_flight;
}

static bool wants_anything(const struct target *t)
{
	for (size_t i = 0; i < t->n_servers; i++)
		if (server_wants(&t->servers[i]))
			return true;
	return t->whoami_wanted && t->auth != AUTH_OK;
}

static void begin_target(struct target *t, int64_t now, int64_t *next)
{
	uint32_t before = t->x->in_flight;

	t->ready = false;
	if (!wants_anything(t))
		return;
	for (size_t i = 0; i < t->n_servers; i++)
		if (i == 0 || server_wants(&t->servers[i])) /* the first one asks who we are, too */
			check_reach(&t->servers[i], now, next);
	t->ready = target_dead(t) || t->x->stopping || (!t->in_flight && day_is_over(&t->servers[0], now, true)) ||
		   target_ready(t, now, next) || target_dead(t);
	for (size_t i = 0; t->ready && i < t->n_servers; i++)
		begin_server(&t->servers[(i + t->rotate) % t->n_servers], now, next);
	if (t->x->in_flight > before)
		t->x->rotate = t->index + 1;
}

/* One call for one server of this target: whoever sent last comes last the next time. */
static bool send_one(struct target *t, int64_t now, int64_t *next)
{
	for (size_t i = 0; t->ready && i < t->n_servers; i++) {
		size_t at = (i + t->rotate) % t->n_servers;

		if (!server_pump(&t->servers[at], now, next))
			continue;
		t->rotate = (at + 1) % t->n_servers;
		t->x->rotate = t->index + 1;
		return true;
	}
	return false;
}

static bool end_target(struct target *t, int64_t now, int64_t *next)
{
	bool busy = t->in_flight > 0 || (!t->ready && wants_anything(t));

	for (size_t i = 0; t->ready && i < t->n_servers; i++)
		busy |= end_server(&t->servers[i], now, next);
	return busy;
}

static void begin_drain(struct rc_exec *x, int64_t now)
{
	x->stopping = true;
	x->stopped_ns = now;
	x->drain_until = now + x->opts.drain_timeout_ns;
}

int64_t rc_exec_pump(struct rc_exec *x, bool *ret_ended)
{
	int64_t now = x_now(x), next = INT64_MAX;
	bool busy = false, sent;
	size_t first;

	x->durable_wait = false;
	if (!x->stopping && past_deadline(x, now))
		begin_drain(x, now);
	if (x->stopping && !x->at_once && now >= x->drain_until)
		x->at_once = true;
	if (x->at_once && x->in_flight)
		x->env.net.cancel_all(x->env.net.ctx);
	holds_begin(x, now);
	first = x->rotate;
	for (size_t i = 0; i < x->n_targets; i++)
		begin_target(&x->targets[(i + first) % x->n_targets], now, &next);
	do { /* a call each in turn, so that nobody takes all that a shared ceiling allows */
		sent = false;
		first = x->rotate;
		for (size_t i = 0; i < x->n_targets; i++)
			sent |= send_one(&x->targets[(i + first) % x->n_targets], now, &next);
	} while (sent);
	for (size_t i = 0; i < x->n_targets; i++)
		busy |= end_target(&x->targets[i], now, &next);
	holds_end(x, now);
	if (!x->stopping && x->opts.deadline_ns && x->opts.deadline_ns < next)
		next = x->opts.deadline_ns;
	if (x->stopping && !x->at_once && x->drain_until < next)
		next = x->drain_until;
	*ret_ended = !busy && !x->in_flight;
	return next;
}

void rc_exec_stop(struct rc_exec *x, bool at_once)
{
	if (!x->stopping)
		begin_drain(x, x_now(x));
	x->at_once |= at_once;
}
