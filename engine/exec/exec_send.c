/* Puts operations into calls and sends them when the pacer says so. */
#include "engine/exec/exec_int.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

struct call *call_new(struct server *s, enum rc_call_kind kind, size_t n)
{
	struct call *c = rc_xcalloc(1, sizeof(*c));

	c->x = s->t->x;
	c->s = s;
	c->n = n;
	c->req.kind = kind;
	c->req.server_id = s->cfg->id;
	c->req.n = n;
	if (n) {
		c->users = rc_arena_zalloc(&c->mem, n * sizeof(*c->users));
		c->ops = rc_arena_zalloc(&c->mem, n * sizeof(struct rc_op *));
		c->req.users = c->users;
	}
	return c;
}

void call_free(struct call *c)
{
	rc_arena_wipe(&c->mem); /* bodies hold passwords */
	free(c);
}

static int64_t answer_limit(const struct rc_exec *x)
{
	int64_t most = x->opts.patience_ns / 5 * 4;

	return most && most < x->cfg->timeouts.request_ns ? most : x->cfg->timeouts.request_ns;
}

void call_send(struct call *c)
{
	struct rc_exec *x = c->x;
	struct target *t = c->s->t;
	struct http_req req = {0};
	struct rc_err err;

	rc_random_uuid(x->env.clock, c->nonce);
	c->req.nonce = c->nonce;
	c->req.wall_ns = rc_wall_ns(x->env.clock) + t->clock_shift_ns;
	c->sent_ns = x_now(x);
	t->last_sent_ns = c->sent_ns;
	t->tried = true;
	t->writes_tried |= call_writes(c);
	if (c->s->waiting_since_ns == 0)
		c->s->waiting_since_ns = c->sent_ns;
	t->in_flight++;
	x->in_flight++;
	if (t->conn->build(&t->conf, &t->secrets, &c->req, &c->mem, &req, &err)) {
		struct http_resp none = {.fate = HTTP_NOT_SENT, .problem = err.what};

		target_stop(t, RC_INTERNAL, "request", "target %s: %s", t->cfg->name, err.what);
		call_answered(c, &none);
		return;
	}
	c->method = req.method;
	c->log_path = req.log_path;
	x->env.net.send(x->env.net.ctx, &req, answer_limit(x), call_answered, c);
}

static enum rc_call_kind kind_of(const struct rc_op *op)
{
	if (op->first_done)
		return CALL_UPDATE;
	if (op->sets_password)
		return CALL_PASSWORD;
	switch (op->action) {
	case RC_ACT_CREATE:
		return CALL_CREATE;
	case RC_ACT_DELETE:
		return CALL_DELETE;
	case RC_ACT_DISABLE:
		return CALL_DISABLE;
	case RC_ACT_ENABLE:
		return CALL_ENABLE;
	default:
		return CALL_UPDATE;
	}
}

static bool is_delete(const struct rc_op *op)
{
	return op->action == RC_ACT_DELETE;
}

static enum rc_pacer_op pacer_op_of(const struct rc_op *op)
{
	return op->action == RC_ACT_CREATE ? RC_PACER_CREATE : is_delete(op) ? RC_PACER_DELETE : RC_PACER_UPDATE;
}

static bool groups_settled(const struct server *s)
{
	for (size_t i = 0; i < s->n_groups; i++)
		if (s->groups[i].state != GROUP_PRESENT && s->groups[i].state != GROUP_FAILED)
			return false;
	return !s->groups_needed || s->groups_known;
}

static uint32_t *pending_of(struct rc_pacer_pending *p, const struct rc_op *op)
{
	return is_delete(op) ? &p->deletes : op->action == RC_ACT_CREATE ? &p->creates : &p->updates;
}

/* What may go now: leavers before anybody, updates before creates; old halves of renames as soon as they may. */
static void count_pending(struct server *s, int64_t now, struct rc_pacer_pending *ret)
{
	bool asking = s->seats_wanted || s->seats_in_flight; /* creates hear the hint first */
	struct opq *leave = &s->q[RC_CLASS_LEAVE];

	*ret = (struct rc_pacer_pending){0};
	if (leave->n) {
		*pending_of(ret, opq_at(leave, 0)) = (uint32_t)leave->n;
		return;
	}
	ret->deletes = (uint32_t)s->q[RC_CLASS_RETIRE].n;
	for (const struct batch *b = s->halves; b; b = b->next)
		if (b->not_before_ns <= now)
			*pending_of(ret, b->ops[0]) += (uint32_t)b->n;
	if (!groups_settled(s))
		return;
	ret->updates += (uint32_t)s->q[RC_CLASS_UPDATE].n;
	if (!asking && !s->q[RC_CLASS_UPDATE].n)
		ret->creates += (uint32_t)s->q[RC_CLASS_CREATE].n;
}

static struct opq *queue_for(struct server *s, enum rc_pacer_op op)
{
	if (op == RC_PACER_CREATE)
		return &s->q[RC_CLASS_CREATE];
	if (op == RC_PACER_DELETE)
		return s->q[RC_CLASS_LEAVE].n ? &s->q[RC_CLASS_LEAVE] : &s->q[RC_CLASS_RETIRE];
	return s->q[RC_CLASS_LEAVE].n && !is_delete(opq_at(&s->q[RC_CLASS_LEAVE], 0)) ? &s->q[RC_CLASS_LEAVE]
										      : &s->q[RC_CLASS_UPDATE];
}

/* Whether the operation can go as it is; otherwise it has been put where it belongs. */
static bool sendable(struct server *s, struct rc_op *op)
{
	struct rc_exec *x = s->t->x;

	if (op->state != RC_STEP_QUEUED)
		return false;
	if (op->action != RC_ACT_CREATE && s->t->cfg->schema->has_ids && !op->remote_id.n) {
		op_go(x, op, RC_STEP_VERIFY); /* the id is the provider's secret until it is listed */
		opq_push(&s->verify, op);
		return false;
	}
	if (op->group.n && (op->action == RC_ACT_CREATE || op->action == RC_ACT_UPDATE || op->first_done)) {
		const struct group *g = group_find(s, op->group);

		if (!g || g->state != GROUP_PRESENT) {
			op_fail(x, op, g && g->code ? g->code : "rollcall.group",
				g && g->message ? g->message : "the group is not there");
			return false;
		}
	}
	return true;
}

/* Takes up to n operations of one kind from the head of the queue; ret has room for n. */
static size_t take(struct server *s, struct opq *q, size_t n, struct rc_op **ret)
{
	size_t got = 0;

	while (got < n && q->n) {
		struct rc_op *op = opq_at(q, 0);

		if (got && op->action != ret[0]->action)
			break;
		opq_pop(q);
		if (sendable(s, op))
			ret[got++] = op;
	}
	return got;
}

/* The next half of a refused batch of that kind; *ret_twin is its other half, now the call's. */
static size_t take_half(struct server *s, enum rc_pacer_op kind, size_t n, int64_t now, struct rc_op **ret,
			struct batch **ret_twin)
{
	struct batch **at = &s->halves, *b;
	size_t got;

	while (*at && (pacer_op_of((*at)->ops[0]) != kind || (*at)->not_before_ns > now))
		at = &(*at)->next;
	b = *at;
	if (!b)
		return 0;
	got = b->n < n ? b->n : n;
	memcpy(ret, b->ops, got * sizeof(struct rc_op *));
	*at = b->next;
	if (got < b->n) { /* only a part goes: the rest, and the other half, stand for themselves */
		push_half(s, b->ops + got, b->n - got, NULL, 0);
		release_twin(s, b->twin);
	} else {
		*ret_twin = b->twin;
	}
	free(b);
	return got;
}

static void put_back(struct server *s, struct rc_op **ops, size_t n)
{
	for (size_t i = n; i-- > 0;)
		opq_return(&s->q[ops[i]->class_], ops[i]);
}

static void fill_user(struct server *s, struct rc_call_user *u, const struct rc_op *op)
{
	const struct group *g = op->group.n ? group_find(s, op->group) : NULL;

	*u = (struct rc_call_user){.name = op->name,
				   .remote_id = op->remote_id,
				   .want = op->want,
				   .have = op->have,
				   .changed = op->changed,
				   .password = op->password};
	if (g)
		u->group_id = g->id;
}

/* Sends one call of the pacer's choice; false when nothing could be put into it. */
static bool send_writes(struct server *s, const struct rc_pacer_decision *d, int64_t now)
{
	struct rc_exec *x = s->t->x;
	struct rc_op **ops = rc_xmalloc(d->n * sizeof(struct rc_op *));
	struct batch *twin = NULL;
	size_t n = take_half(s, d->op, d->n, now, ops, &twin);
	bool is_half = n > 0;
	struct rc_err err;
	struct call *c;

	if (!n)
		n = take(s, queue_for(s, d->op), d->n, ops);
	if (!n) {
		free(ops);
		return false;
	}
	if (!x->env.durable(x->env.ctx, ops, n)) {
		put_back(s, ops, n);
		release_twin(s, twin);
		x->durable_wait = true;
		free(ops);
		return false;
	}
	if ((ops[0]->action == RC_ACT_CREATE || (ops[0]->sets_password && !ops[0]->first_done)) &&
	    x->env.passwords(x->env.ctx, ops, n, &err)) {
		put_back(s, ops, n);
		release_twin(s, twin);
		free(ops);
		target_stop(s->t, err.code, "credentials", "target %s: %s", s->t->cfg->name, err.what);
		return false;
	}
	c = call_new(s, kind_of(ops[0]), n);
	c->is_half = is_half;
	c->twin = twin;
	for (size_t i = 0; i < n; i++) {
		c->ops[i] = ops[i];
		fill_user(s, &c->users[i], ops[i]);
		ops[i]->attempts++;
		ops[i]->sent_ns = now;
		op_go(x, ops[i], RC_STEP_SENT);
	}
	free(ops);
	if (c->req.kind == CALL_CREATE && s->t->conn->client_token) {
		rc_random_uuid(x->env.clock, c->client_token);
		c->req.client_token = c->client_token;
	}
	rc_pacer_sent(&s->pacer, x_sec(now), d->op, (uint32_t)n, &c->token);
	c->paced = true;
	call_send(c);
	return true;
}

static void release_held(struct server *s, int64_t now, int64_t *next)
{
	size_t n = s->held.n;

	while (n--) {
		struct rc_op *op = opq_pop(&s->held);

		if (op->not_before_ns > now) {
			opq_push(&s->held, op);
			if (op->not_before_ns < *next)
				*next = op->not_before_ns;
		} else {
			opq_return(&s->q[op->class_], op);
		}
	}
	for (const struct batch *b = s->halves; b; b = b->next)
		if (b->not_before_ns > now && b->not_before_ns < *next)
			*next = b->not_before_ns;
}

bool server_pump(struct server *s, int64_t now, int64_t *next)
{
	release_held(s, now, next);
	for (;;) {
		struct rc_pacer_pending pending;
		struct rc_pacer_decision d;

		if (s->t->stopped || s->given_up || s->t->x->stopping || target_held(s->t, now, next))
			return false;
		count_pending(s, now, &pending);
		if (!pending.creates && !pending.updates && !pending.deletes)
			return false;
		rc_pacer_poll(&s->pacer, x_sec(now), &pending, &d);
		if (d.verb == RC_PACER_WAIT) {
			int64_t at = (int64_t)(d.until * 1e9) + 1;

			if (at < *next)
				*next = at;
		}
		if (d.verb != RC_PACER_SEND)
			return false;
		if (send_writes(s, &d, now))
			return true;
		if (s->t->x->durable_wait)
			return false;
		/* the queue's head was settled without a call: ask again */
	}
}
