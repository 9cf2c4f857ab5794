/* What an answer means for each operation of a call: batch surgery, pacing signals, breakers. */
#include "engine/exec/exec_int.h"
#include <stdio.h>
#include "engine/base/alloc.h"
#include <stdlib.h>

enum { ODD_USERS = 5 };

static enum rc_pacer_outcome outcome_of(const struct rc_answer *a, const struct http_resp *resp)
{
	switch (a->v) {
	case V_OK:
	case V_EXISTS:
	case V_GONE:
	case V_IN_USE:
		return RC_PACER_ACCEPTED;
	case V_BUSY:
		return RC_PACER_BUSY;
	case V_THROTTLED:
		return RC_PACER_THROTTLED;
	case V_QUOTA:
		return RC_PACER_QUOTA;
	case V_UNSURE:
	case V_NOT_SENT:
		return resp->fate == HTTP_TIMEOUT ? RC_PACER_TIMEOUT : RC_PACER_ERROR;
	default:
		return RC_PACER_REJECTED;
	}
}

static void tell_pacer(struct call *c, const struct rc_answer *a, const struct http_resp *resp, int64_t now)
{
	struct rc_pacer_answer p = {
		.outcome = outcome_of(a, resp), .retry_after_s = a->retry_after_s, .hint_calls_per_s = a->hint_rate};
	struct target *t = c->s->t;
	bool taken;

	if (c->req.kind == CALL_DELETE)
		for (size_t i = 0; i < c->n && a->each; i++)
			p.without_effect += a->each[i].v == V_GONE || a->each[i].v == V_IN_USE;
	taken = p.outcome == RC_PACER_ACCEPTED || p.outcome == RC_PACER_QUOTA || p.outcome == RC_PACER_REJECTED;
	if (taken) {
		c->s->waiting_since_ns = 0;
		t->taken = true;
		t->writes_taken |= call_writes(c);
	}
	if (resp->fate != HTTP_CANCELLED) /* that we gave it up ourselves is no cause */
		snprintf(c->s->said, sizeof(c->s->said), "%s",
			 taken           ? ""
			 : resp->problem ? resp->problem
			 : a->message    ? a->message
					 : "");
	trouble_told(c, resp, taken, now);
	if (c->paced)
		rc_pacer_result(&c->s->pacer, x_sec(now), &c->token, &p);
}

static void note_words(struct rc_exec *x, struct rc_op *op, const struct rc_user_verdict *v, const char *request_id)
{
	if (v->code)
		op->error_code = rc_arena_strdup(&x->mem, v->code);
	if (v->message)
		op->error_message = rc_arena_strdup(&x->mem, v->message);
	if (request_id)
		op->request_id = rc_arena_strdup(&x->mem, request_id);
}

static void forget_words(struct rc_op *op)
{
	op->error_code = op->error_message = NULL;
}

static void verify_later(struct server *s, struct rc_op *op)
{
	op_go(s->t->x, op, RC_STEP_VERIFY);
	opq_push(&s->verify, op);
}

static void accepted(struct server *s, struct rc_op *op, int64_t now)
{
	forget_words(op);
	op->accepted_ns = now;
	s->last_write_ns = now;
	op_go(s->t->x, op, RC_STEP_ACCEPTED);
	opq_push(&s->accepted, op);
	disconnect_later(s, op);
}

/* The provider keeps an account that was used this month: it loses its access now, and goes when the month is over. */
static void in_use(struct server *s, struct rc_op *op, const struct rc_user_verdict *v)
{
	struct rc_exec *x = s->t->x;

	if (!s->t->cfg->schema->can_disable) {
		op_fail(x, op, v->code, v->message);
		return;
	}
	if (op->linked && op->linked->state != RC_STEP_DONE) { /* went first to free its seat: it is still needed */
		op_go(x, op, RC_STEP_QUEUED);
		op_defer(x, op, v->code, v->message);
		return;
	}
	op->in_use = true;
	forget_words(op);
	if (op->disabled) {
		op_go(x, op, RC_STEP_DONE);
		return;
	}
	op->action = RC_ACT_DISABLE;
	op->class_ = RC_CLASS_LEAVE;
	op_requeue(x, s, op);
}

/* When the service lets it come again. Long waits end with the deadline; a day is as good as for ever. */
static int64_t not_before(const struct rc_answer *a, int64_t now)
{
	double s = a->retry_after_s;

	return s > 0 ? now + (int64_t)((s < 86400 ? s : 86400) * 1e9) : 0;
}

/* The same refusal that no table lists, for several users in a row: the target is out of order, not the users. */
static void count_odd(struct target *t, const struct rc_user_verdict *v, bool unlisted)
{
	if (v->v != V_REJECTED || !unlisted || !v->code) {
		t->odd = 0;
		return;
	}
	t->odd = t->odd_code && strcmp(t->odd_code, v->code) == 0 ? t->odd + 1 : 1;
	if (t->odd == 1)
		t->odd_code = rc_arena_strdup(&t->x->mem, v->code);
	if (t->odd >= ODD_USERS)
		target_stop(t, RC_PARTIAL, "unlisted_code",
			    "target %s: %u users in a row were refused with %s, a code that no table lists: %s",
			    t->cfg->name, t->odd, v->code, v->message ? v->message : "no reason given");
}

/* One operation whose batch was answered. `again` collects those that must be sent again as they are. */
static void settle_op(struct call *c, struct rc_op *op, const struct rc_user_verdict *v, const struct rc_answer *a,
		      int64_t now)
{
	struct server *s = c->s;
	struct rc_exec *x = c->x;

	note_words(x, op, v, a->request_id);
	op->not_before_ns = not_before(a, now);
	switch (v->v) {
	case V_OK:
		if ((op->sets_password || op->action == RC_ACT_ENABLE) && !op->first_done) {
			op->first_done = true;
			if (op->changed) {
				op->class_ = RC_CLASS_UPDATE; /* a group may still have to be made */
				op_requeue(x, s, op);
				break;
			}
		}
		if (a->remote_id.n && c->n == 1 && op->action == RC_ACT_CREATE)
			op->remote_id = rc_arena_copy(&x->mem, a->remote_id);
		accepted(s, op, now);
		break;
	case V_GONE:
		if (op->action == RC_ACT_DELETE)
			accepted(s, op, now); /* the look confirms it like any other */
		else
			verify_later(s, op);
		break;
	case V_UNSURE:
	case V_REREAD:
		op->mail_sent |= v->v == V_UNSURE || op->attempts > 1;
		op->unsure |= v->v == V_UNSURE;
		verify_later(s, op);
		break;
	case V_EXISTS:
		op->foreign = !op->unsure;
		verify_later(s, op);
		break;
	case V_IN_USE:
		in_use(s, op, v);
		break;
	case V_REJECTED:
		op_fail(x, op, v->code, v->message);
		break;
	case V_BUSY:
	case V_THROTTLED:
	case V_QUOTA:
	case V_INNOCENT:
	case V_NOT_SENT:
	default:
		op_requeue(x, s, op);
		break;
	}
}

static void requeue_all(struct call *c)
{
	for (size_t i = 0; i < c->n; i++)
		op_go(c->x, c->ops[i], RC_STEP_QUEUED);
}

/* All-or-nothing refusal with nobody named, or a body too large: both halves go again, by themselves. The second waits
 * for the first: when that one is clean the culprit is in the second, which need not be asked as a whole. */
static void split(struct call *c, const struct rc_answer *a)
{
	struct server *s = c->s;
	size_t half = c->n / 2;

	/* A bare status may be a proxy's word over a batch that was carried out: what is there then is this run's own.
	 */
	for (size_t i = 0; a->v == V_SPLIT && a->code && strncmp(a->code, "http.", 5) == 0 && i < c->n; i++)
		c->ops[i]->unsure = true;
	if (a->v == V_TOO_BIG)
		rc_pacer_set_batch_max(&s->pacer, c->token.op, (uint32_t)(half ? half : 1));
	requeue_all(c);
	release_twin(s, c->twin);
	push_half(s, c->ops + half, c->n - half, NULL, 0);
	if (a->v == V_SPLIT) {
		struct batch *second = s->halves;

		s->halves = second->next;
		push_half(s, c->ops, half, second, 0);
	} else {
		push_half(s, c->ops, half, NULL, 0);
	}
	c->twin = NULL;
}

/* The first half was clean, so its twin is not: halved at once. A twin of one goes as it is, to be told its cause. */
static void first_half_clean(struct call *c)
{
	struct server *s = c->s;
	struct batch *b = c->twin;
	size_t half = b->n / 2;

	c->twin = NULL;
	if (!half) {
		release_twin(s, b);
		return;
	}
	push_half(s, b->ops + half, b->n - half, NULL, 0);
	{
		struct batch *second = s->halves;

		s->halves = second->next;
		push_half(s, b->ops, half, second, 0);
	}
	free(b);
}

/* A half that met a full queue or a throttle goes again as the half it is. */
static bool half_again(struct call *c, const struct rc_answer *a, int64_t now)
{
	if (!c->is_half || (a->v != V_BUSY && a->v != V_THROTTLED && a->v != V_NOT_SENT && a->v != V_AUTH))
		return false;
	requeue_all(c);
	push_half(c->s, c->ops, c->n, c->twin, not_before(a, now));
	c->twin = NULL;
	return true;
}

static void settle_all(struct call *c, const struct rc_answer *a, int64_t now)
{
	struct rc_user_verdict whole = {a->v, a->code, a->message};

	if (half_again(c, a, now))
		return;
	if ((a->v == V_SPLIT || a->v == V_TOO_BIG) && c->n > 1) {
		split(c, a);
		return;
	}
	if (a->v == V_OK && c->twin)
		first_half_clean(c);
	release_twin(c->s, c->twin);
	c->twin = NULL;
	if (a->v == V_OK && c->token.credited)
		c->s->freed -= (int64_t)c->n;
	/* A half is on trial for a batch that somebody in it spoilt: that says nothing about the target. */
	if (!c->is_half && (a->v == V_OK || a->v == V_SPLIT || a->v == V_REJECTED))
		count_odd(c->s->t, &(struct rc_user_verdict){a->v == V_SPLIT ? V_REJECTED : a->v, a->code, a->message},
			  a->unlisted);
	if (a->v == V_SPLIT || a->v == V_TOO_BIG)
		whole.v = V_REJECTED;
	/* From the tail, so that what goes back to the head of its queue keeps its order. */
	for (size_t i = c->n; i-- > 0;)
		settle_op(c, c->ops[i], a->each && a->v == V_OK ? &a->each[i] : &whole, a, now);
}

/* Nothing was done for any of them. */
static void settle_unsent(struct call *c, const struct rc_answer *a, int64_t now)
{
	if (half_again(c, a, now))
		return;
	release_twin(c->s, c->twin);
	c->twin = NULL;
	for (size_t i = c->n; i-- > 0;)
		op_requeue(c->x, c->s, c->ops[i]);
}

static void refused_by_target(struct call *c, const struct rc_answer *a)
{
	struct target *t = c->s->t;

	target_stop(t, RC_UNAVAILABLE, "target", "target %s: %s (%s)%s%s", t->cfg->name,
		    a->message ? a->message : "the provider refuses every call", a->code ? a->code : "no code",
		    a->remedy ? ": " : "", a->remedy ? a->remedy : "");
	settle_unsent(c, a, x_now(c->x));
}

static void judge(struct call *c, const struct http_resp *resp, struct rc_answer *a)
{
	*a = (struct rc_answer){.total_count = -1, .seat_limit = -1, .seats_used = -1};
	c->s->t->conn->judge(&c->s->t->conf, &c->req, resp, &c->mem, a);
	if (resp->tls_problem) {
		struct target *t = c->s->t;

		target_stop(t, RC_UNAVAILABLE, "tls", "target %s: %s: %s", t->cfg->name, t->cfg->endpoint,
			    resp->problem);
	}
}

static void tell_seen(const struct call *c, const struct rc_answer *a, const struct http_resp *resp)
{
	const struct rc_exec *x = c->x;
	struct rc_exec_seen seen = {.target = c->s->t->index,
				    .method = c->method,
				    .path = c->log_path,
				    .status = resp->status,
				    .took_s = x_sec(x_now(x) - c->sent_ns),
				    .request_id = a->request_id,
				    .problem = resp->problem  ? resp->problem
					       : a->v == V_OK ? NULL
							      : a->code};

	if (x->env.answered && c->method)
		x->env.answered(x->env.ctx, &seen);
}

void call_answered(void *arg, const struct http_resp *resp)
{
	struct call *c = arg;
	struct rc_exec *x = c->x;
	struct target *t = c->s->t;
	int64_t now = x_now(x);
	struct rc_answer a;

	t->in_flight--;
	x->in_flight--;
	target_heard(t, c, resp->fate == HTTP_ANSWERED || resp->fate == HTTP_CANCELLED, now);
	judge(c, resp, &a);
	tell_seen(c, &a, resp);
	tell_pacer(c, &a, resp, now);
	if (c->req.kind == CALL_SEATS) {
		seats_answered(c, &a); /* a hint: nothing hangs on it, not even the credentials */
	} else if (c->req.kind == CALL_LOGIN || (t->auth != AUTH_OK && c->req.kind == CALL_WHOAMI)) {
		auth_answered(c, &a);
	} else if (a.v == V_AUTH || a.v == V_CLOCK) {
		auth_refused(c, &a);
		settle_unsent(c, &a, now);
		if (!c->n)
			read_answered(c, &a);
	} else if (a.v == V_TARGET && c->n) {
		refused_by_target(c, &a);
	} else if (c->n) {
		settle_all(c, &a, now);
	} else {
		read_answered(c, &a);
	}
	call_free(c);
}
