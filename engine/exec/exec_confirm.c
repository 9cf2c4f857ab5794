/* What a listing proves: `done` only when it was begun at least `settle` after the answer and shows what was wanted. */
#include "engine/exec/exec_int.h"

enum { MAX_TRIES = 6, FIRST_PAUSE_S = 2, LONGEST_PAUSE_S = 15, PAUSE_PER_LOOK = 4 };

static int64_t settle_of(const struct server *s)
{
	return s->t->x->cfg->timeouts.settle_ns;
}

/* The account of its name, unless it is the one that is known to be another person's. */
static struct rc_listing_row *not_the_others(const struct server *s, const struct rc_op *op)
{
	struct rc_listing_row *r = op->remote_id.n ? NULL : rc_listing_by_name(&s->list, op->name);

	return r && op->others_id.n && !rc_slice_eq(r->listed.remote_id, op->others_id) ? r : NULL;
}

static struct rc_listing_row *row_of(const struct server *s, const struct rc_op *op)
{
	struct rc_listing_row *r = NULL;

	if (op->remote_id.n)
		r = rc_listing_by_id(&s->list, op->remote_id);
	if (!r && op->name_lost)
		return not_the_others(s, op);
	if (!r && op->heir && (op->remote_id.n || op->heir->state == RC_STEP_DONE))
		return NULL; /* the account of this name is, or may be, another person's by now */
	return r ? r : rc_listing_by_name(&s->list, op->name);
}

static bool shows(const struct server *s, const struct rc_op *op, const struct rc_listing_row *r)
{
	const struct rc_exec *x = s->t->x;

	switch (op->action) {
	case RC_ACT_DELETE:
		return !r;
	case RC_ACT_DISABLE:
		return r && r->listed.disabled;
	case RC_ACT_ENABLE:
		return r && !r->listed.disabled && !x->env.differs(x->env.ctx, op, &r->listed);
	default:
		return r && !x->env.differs(x->env.ctx, op, &r->listed);
	}
}

static void done(struct server *s, struct rc_op *op, const struct rc_listing_row *r)
{
	struct rc_exec *x = s->t->x;

	if (r && r->listed.remote_id.n)
		op->remote_id = rc_arena_copy(&x->mem, r->listed.remote_id);
	op->error_code = op->error_message = NULL;
	s->t->taken = s->t->writes_taken = true; /* also when every answer was lost */
	op_go(x, op, RC_STEP_DONE);
	s->last_seen_ns = x_now(x);
	s->looks = 0;
	if (op->action == RC_ACT_DELETE && s->pacer.parked)
		s->freed++;
	if (op->linked && !op->retiring && op->linked->state == RC_STEP_QUEUED && !op->swapped &&
	    !op->linked->after_heir)
		opq_push(&s->t->servers[op->linked->server].q[RC_CLASS_RETIRE], op->linked);
}

static void confirm_accepted(struct server *s)
{
	size_t n = s->accepted.n;

	while (n--) {
		struct rc_op *op = opq_pop(&s->accepted);
		struct rc_listing_row *r = row_of(s, op);

		if (s->list.state == RC_LISTING_COMPLETE && s->list.began_ns >= op->accepted_ns + settle_of(s) &&
		    shows(s, op, r))
			done(s, op, r);
		else
			opq_push(&s->accepted, op);
	}
}

static void resend(struct server *s, struct rc_op *op)
{
	struct rc_exec *x = s->t->x;

	if (op->attempts >= MAX_TRIES) {
		op_fail(x, op, op->error_code ? op->error_code : "rollcall.attempts",
			op->error_message ? op->error_message : "tried several times without a lasting effect");
		return;
	}
	op->not_before_ns = 0;
	op_requeue(x, s, op);
}

/* The name was there before our create, which was refused for it. */
static void meet_existing(struct server *s, struct rc_op *op, const struct rc_listing_row *r)
{
	struct rc_exec *x = s->t->x;
	uint32_t differs = x->env.differs(x->env.ctx, op, &r->listed);

	op->remote_id = rc_arena_copy(&x->mem, r->listed.remote_id);
	if (s->t->cfg->existing == RC_EXISTING_ADOPT) {
		op->action = RC_ACT_ADOPT;
		if (differs && s->t->cfg->on_adopt == RC_ENFORCE) {
			op->action = RC_ACT_UPDATE;
			op->class_ = RC_CLASS_UPDATE;
			op->changed = differs;
			resend(s, op);
			return;
		}
		done(s, op, r);
		return;
	}
	op_fail(x, op, "rollcall.exists", "an account of this name exists and is not managed by rollcall");
}

/* The account that had the name, on its way out. Where accounts have no ids it is gone once its delete is proven: only
 * then was this one sent; or an earlier run had got so far, and the account looks like this one and not like that. */
static bool is_holders(const struct rc_exec *x, const struct rc_op *op, const struct rc_listing_row *r)
{
	if (op->after->remote_id.n || r->listed.remote_id.n)
		return rc_slice_eq(op->after->remote_id, r->listed.remote_id);
	return op->after->state != RC_STEP_DONE &&
	       (x->env.differs(x->env.ctx, op, &r->listed) || !x->env.differs(x->env.ctx, op->after, &r->listed));
}

/* Not before the name is free, whatever one list says of it: the delete may still be on its way, and would take the
 * new account. */
static void wait_for_name(struct server *s, struct rc_op *op)
{
	op_go(s->t->x, op, RC_STEP_QUEUED);
	opq_push(&s->retiring, op);
}

static void settle_present(struct server *s, struct rc_op *op, struct rc_listing_row *r)
{
	struct rc_exec *x = s->t->x;

	if (op->after && is_holders(x, op, r)) {
		if (op->after->state == RC_STEP_DONE)
			resend(s, op);
		else
			wait_for_name(s, op);
	} else if (op->sets_password && !op->first_done) {
		op->password =
			(struct rc_slice){0}; /* whether it was set cannot be seen: another one, never the same */
		resend(s, op);
	} else if (op->action == RC_ACT_CREATE && !op->mail_sent) {
		meet_existing(s, op, r);
	} else if (shows(s, op, r)) {
		done(s, op, r);
	} else {
		op->remote_id = rc_arena_copy(&x->mem, r->listed.remote_id);
		if (op->action == RC_ACT_CREATE) {
			op->class_ = RC_CLASS_UPDATE; /* ours, with another description or group than wanted */
			op->action = RC_ACT_UPDATE;
			op->changed = x->env.differs(x->env.ctx, op, &r->listed);
		}
		resend(s, op);
	}
}

/* Unanswered operations, and those whose id was not known. */
static void settle_verify(struct server *s)
{
	struct rc_exec *x = s->t->x;
	size_t n = s->verify.n;

	while (n--) {
		struct rc_op *op = opq_pop(&s->verify);
		struct rc_listing_row *r = row_of(s, op);
		bool proven = s->list.state == RC_LISTING_COMPLETE &&
			      (!op->sent_ns || s->list.began_ns >= op->sent_ns + settle_of(s));

		if (!proven || (op->after_heir && r && op->heir->in_doubt)) {
			opq_push(&s->verify, op);
			continue;
		}
		op->in_doubt = false;
		if (r) {
			settle_present(s, op, r);
		} else if (op->action == RC_ACT_DELETE) {
			done(s, op, NULL);
		} else if (op->action == RC_ACT_CREATE && op->after && op->after->state != RC_STEP_DONE) {
			wait_for_name(s, op);
		} else if (op->action == RC_ACT_CREATE) {
			resend(s, op);
		} else {
			op_fail(x, op, "rollcall.gone",
				"the account is no longer at the provider; the next run makes it anew");
		}
	}
}

/* Whether something would be concluded from an account's not being in the list. */
bool listing_misses(const struct server *s)
{
	const struct rc_exec *x = s->t->x;

	for (size_t i = 0; i < s->verify.n; i++)
		if (!row_of(s, opq_at(&s->verify, i)))
			return true;
	for (size_t i = 0; i < s->accepted.n; i++) {
		const struct rc_op *op = opq_at(&s->accepted, i);

		if (op->action == RC_ACT_DELETE && s->list.began_ns >= op->accepted_ns + settle_of(s) && !row_of(s, op))
			return true;
	}
	return s->list_asked && x->env.misses(x->env.ctx, s->t->index, s->index, &s->list);
}

/* A login, and a look at each server as long as its last one. */
void target_reserve(struct target *t)
{
	uint64_t calls = 1, most = t->ceiling.max_per_day / 4;

	for (size_t i = 0; i < t->n_servers; i++)
		calls += t->servers[i].list.calls ? t->servers[i].list.calls + 1 : 3;
	t->ceiling.reserve = calls < most ? calls : most;
}

void listing_ended(struct server *s)
{
	struct rc_exec *x = s->t->x;
	bool complete = s->list.state == RC_LISTING_COMPLETE;

	if (s->list_asked || complete)
		x->env.listed(x->env.ctx, s->t->index, s->index, &s->list);
	s->list_asked = false;
	if (complete) {
		s->seats_used = (int64_t)s->list.n;
		target_reserve(s->t);
	}
	confirm_accepted(s);
	settle_verify(s);
	s->looks++;
	s->drained = x->stopping && s->list.began_ns >= x->stopped_ns;
	if (s->pacer.parked && s->freed > 0) { /* seats that a refused create could not have yet */
		rc_pacer_set_seats(&s->pacer, x_sec(x_now(x)), (uint32_t)s->freed);
		s->freed = 0;
	}
}

void listing_dropped(struct server *s, const char *problem)
{
	if (!s->list_asked || s->list_in_flight)
		return;
	if (s->list.state == RC_LISTING_RUNNING)
		rc_listing_fail(&s->list, problem);
	s->list_wanted = s->list_running = s->list_asked = false;
	s->t->x->env.listed(s->t->x->env.ctx, s->t->index, s->index, &s->list);
}

/* Time to leave for a listing before the drain ends. */
static int64_t look_takes(const struct server *s)
{
	int64_t last = s->list.ended_ns - s->list.began_ns, most = s->t->x->opts.drain_timeout_ns / 2;
	int64_t ns = last > 0 ? 2 * last + RC_SECOND : 2 * RC_SECOND;

	return ns < most ? ns : most;
}

static int64_t settled_at(const struct server *s, const struct opq *q)
{
	int64_t at = 0;

	for (size_t i = 0; i < q->n; i++) {
		const struct rc_op *op = opq_at(q, i);
		int64_t since = op->state == RC_STEP_ACCEPTED ? op->accepted_ns : op->sent_ns;

		if (since && since + settle_of(s) > at)
			at = since + settle_of(s);
	}
	return at;
}

/* When the next confirming listing may begin: what it is to prove has settled, and pauses grow while nothing new is
 * seen. Unanswered operations do not wait for the last accepted ones: they may have to be sent again. */
int64_t look_at(const struct server *s)
{
	int64_t unanswered = settled_at(s, &s->verify), accepted = settled_at(s, &s->accepted);
	int64_t took = s->list.ended_ns - s->list.began_ns, pause = FIRST_PAUSE_S * RC_SECOND;
	int64_t at = s->verify.n ? unanswered : accepted;

	if (s->t->x->stopping) { /* one look, as late as it can still be read */
		int64_t last = s->t->x->drain_until - look_takes(s);

		at = unanswered > accepted ? unanswered : accepted;
		return at < last ? at : last;
	}
	if (!s->looks)
		return at;
	for (unsigned i = 1; i < s->looks && pause < LONGEST_PAUSE_S * RC_SECOND; i++)
		pause += pause / 2;
	if (pause > settle_of(s) + RC_SECOND / 5)
		pause = settle_of(s) + RC_SECOND / 5;
	if (pause < PAUSE_PER_LOOK * took) /* a long list is not read all the time */
		pause = PAUSE_PER_LOOK * took;
	return s->list.ended_ns + pause > at ? s->list.ended_ns + pause : at;
}

static int64_t give_up_at(const struct server *s)
{
	int64_t from = s->last_write_ns > s->last_seen_ns ? s->last_write_ns : s->last_seen_ns;

	for (size_t i = 0; i < s->verify.n; i++)
		if (opq_at(&s->verify, i)->sent_ns > from)
			from = opq_at(&s->verify, i)->sent_ns;
	return from ? from + settle_of(s) + s->t->x->cfg->timeouts.confirm_ns : INT64_MAX;
}

void server_give_up(struct server *s)
{
	struct rc_exec *x = s->t->x;

	while (s->accepted.n) {
		struct rc_op *op = opq_pop(&s->accepted);

		op->error_code = "rollcall.unconfirmed";
		op->error_message = "accepted by the provider, not yet seen in its list; the next run looks first";
		op_go(x, op, RC_STEP_UNKNOWN);
	}
	while (s->verify.n) {
		struct rc_op *op = opq_pop(&s->verify);

		if (!op->sent_ns) {
			op_go(x, op, RC_STEP_QUEUED);
			op_defer(x, op, "rollcall.deadline", "not done before the run ended");
			continue;
		}
		if (!op->error_code)
			op->error_code = "rollcall.unanswered";
		if (!op->error_message)
			op->error_message = "sent, and the provider's answer is not known; the next run looks first";
		op_go(x, op, RC_STEP_UNKNOWN);
	}
}

bool server_confirm(struct server *s, int64_t now, int64_t *next)
{
	int64_t at, limit;

	if (!s->accepted.n && !s->verify.n)
		return false;
	if (!s->list_in_flight && day_is_over(s, now, true)) {
		s->list_wanted = false;
		server_give_up(s);
		return false;
	}
	if (s->list_wanted || s->list_in_flight)
		return true;
	limit = give_up_at(s);
	if ((now >= limit && s->looks) || s->drained) {
		server_give_up(s);
		return false;
	}
	at = look_at(s);
	if (now >= at) {
		s->list_wanted = true;
		*next = now;
		return true;
	}
	if (at < *next)
		*next = at;
	return true;
}
