#include "engine/exec/exec_int.h"
#include "engine/base/alloc.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define TO(s) (1u << RC_STEP_##s)

static const unsigned may_go[RC_STEP_COUNT] = {
	[RC_STEP_QUEUED] = TO(SENT) | TO(FAILED) | TO(DEFERRED) | TO(DONE) | TO(VERIFY),
	[RC_STEP_SENT] = TO(ACCEPTED) | TO(QUEUED) | TO(VERIFY) | TO(FAILED) | TO(DONE),
	[RC_STEP_ACCEPTED] = TO(DONE) | TO(UNKNOWN) | TO(QUEUED) | TO(FAILED),
	[RC_STEP_VERIFY] = TO(ACCEPTED) | TO(DONE) | TO(QUEUED) | TO(UNKNOWN) | TO(FAILED),
};

static void make_room(struct opq *q)
{
	size_t cap = q->cap ? q->cap * 2 : 64;
	struct rc_op **v;

	if (q->n < q->cap)
		return;
	v = rc_xmalloc(cap * sizeof(struct rc_op *));
	for (size_t i = 0; i < q->n; i++)
		v[i] = opq_at(q, i);
	free(q->v);
	q->v = v;
	q->cap = cap;
	q->head = 0;
}

void opq_push(struct opq *q, struct rc_op *op)
{
	make_room(q);
	q->v[(q->head + q->n++) % q->cap] = op;
}

void opq_push_front(struct opq *q, struct rc_op *op)
{
	make_room(q);
	q->head = (q->head + q->cap - 1) % q->cap;
	q->v[q->head] = op;
	q->n++;
}

/* A create goes back to its place in the order: batches are answered in any order. */
static void push_in_order(struct opq *q, struct rc_op *op)
{
	opq_push_front(q, op);
	for (size_t i = 0; i + 1 < q->n && goes_before(opq_at(q, i + 1), op); i++) {
		q->v[(q->head + i) % q->cap] = opq_at(q, i + 1);
		q->v[(q->head + i + 1) % q->cap] = op;
	}
}

void opq_return(struct opq *q, struct rc_op *op)
{
	if (op->class_ == RC_CLASS_CREATE)
		push_in_order(q, op);
	else
		opq_push_front(q, op);
}

struct rc_op *opq_pop(struct opq *q)
{
	struct rc_op *op = q->v[q->head];

	assert(q->n);
	q->head = (q->head + 1) % q->cap;
	q->n--;
	return op;
}

struct rc_op *opq_at(const struct opq *q, size_t i)
{
	return q->v[(q->head + i) % q->cap];
}

void opq_done(struct opq *q)
{
	free(q->v);
	*q = (struct opq){0};
}

/* The one place that assigns an operation's state. */
void op_go(struct rc_exec *x, struct rc_op *op, enum rc_step to)
{
	enum rc_step from = op->state;

	assert(may_go[from] & (1u << to));
	op->state = to;
	if (to == RC_STEP_DONE || to == RC_STEP_FAILED || to == RC_STEP_DEFERRED || to == RC_STEP_UNKNOWN)
		op->done_at = rc_wall_ns(x->env.clock);
	x->done += to == RC_STEP_DONE;
	x->failed += to == RC_STEP_FAILED;
	x->deferred += to == RC_STEP_DEFERRED;
	x->unknown += to == RC_STEP_UNKNOWN;
	x->env.changed(x->env.ctx, op, from);
}

static void say(struct rc_exec *x, struct rc_op *op, const char *code, const char *message)
{
	op->error_code = code ? rc_arena_strdup(&x->mem, code) : NULL;
	op->error_message = message ? rc_arena_strdup(&x->mem, message) : NULL;
}

/* The breaker: too many failures of those planned stop the target; what is left is deferred. */
static void count_failure(struct target *t, const struct rc_op *op)
{
	const struct rc_limit *limit = &t->cfg->guards.max_failures;

	if (op->attempts == 0)
		return; /* broke a local rule: no call was spent on it */
	t->failed++;
	if (!t->stopped && t->failed > rc_limit_max(limit, t->planned))
		target_stop(t, RC_PARTIAL, "max_failures",
			    "target %s: %llu of %llu operations failed (guards.max_failures); the rest is deferred, "
			    "see the "
			    "report for the causes",
			    t->cfg->name, (unsigned long long)t->failed, (unsigned long long)t->planned);
}

void op_fail(struct rc_exec *x, struct rc_op *op, const char *code, const char *message)
{
	say(x, op, code, message);
	op_go(x, op, RC_STEP_FAILED);
	count_failure(&x->targets[op->target], op);
	/* The retiring half waits for its create: without it the old account stays. */
	if (op->linked && !op->retiring && op->linked->state == RC_STEP_QUEUED) {
		say(x, op->linked, "rollcall.linked", "the new account was not made, so the old one stays");
		op_go(x, op->linked, RC_STEP_DEFERRED);
	}
}

void op_defer(struct rc_exec *x, struct rc_op *op, const char *code, const char *message)
{
	if (code && !op->error_code)
		say(x, op, code, message);
	op_go(x, op, RC_STEP_DEFERRED);
}

void op_requeue(struct rc_exec *x, struct server *s, struct rc_op *op)
{
	op_go(x, op, RC_STEP_QUEUED);
	if (op->not_before_ns > x_now(x))
		opq_push(&s->held, op);
	else
		opq_return(&s->q[op->class_], op);
}

size_t server_queued(const struct server *s)
{
	size_t n = s->held.n;

	for (int c = 0; c < RC_CLASS_COUNT; c++)
		n += s->q[c].n;
	for (const struct batch *b = s->halves; b; b = b->next)
		n += b->n + (b->twin ? b->twin->n : 0);
	return n;
}

void push_half(struct server *s, struct rc_op **ops, size_t n, struct batch *twin, int64_t not_before_ns)
{
	struct batch *b = rc_xmalloc(sizeof(*b) + n * sizeof(struct rc_op *));

	*b = (struct batch){.next = s->halves, .twin = twin, .not_before_ns = not_before_ns, .n = n};
	memcpy(b->ops, ops, n * sizeof(struct rc_op *));
	s->halves = b;
}

void release_twin(struct server *s, struct batch *twin)
{
	if (!twin)
		return;
	twin->next = s->halves;
	s->halves = twin;
}

void server_gather(struct server *s)
{
	while (s->halves) {
		struct batch *b = s->halves;

		s->halves = b->next;
		release_twin(s, b->twin);
		for (size_t i = b->n; i-- > 0;)
			opq_return(&s->q[b->ops[i]->class_], b->ops[i]);
		free(b);
	}
	while (s->held.n) {
		struct rc_op *op = opq_pop(&s->held);

		opq_return(&s->q[op->class_], op);
	}
}

/* Why an operation is not done in this run. */
static void defer_one(struct server *s, struct rc_op *op, const char *code, const char *message)
{
	if (op->state != RC_STEP_QUEUED)
		return; /* a linked half that ended with its create */
	if (op->action == RC_ACT_CREATE && s->pacer.parked) {
		op->queue_position = (uint32_t)++s->waiting;
		op_defer(s->t->x, op, "rollcall.seats", "no seat is free: waits for one");
	} else {
		op_defer(s->t->x, op, code, message);
	}
}

/* Nothing of this server is sent any more: what waits is deferred, in the order in which it waits. */
void server_defer_all(struct server *s, const char *code, const char *message)
{
	if (!code) {
		code = s->t->stopped ? "rollcall.stopped" : "rollcall.deadline";
		message = s->t->stopped ? s->t->why : "not done before the run ended";
	}
	server_gather(s);
	for (int c = 0; c < RC_CLASS_COUNT; c++)
		while (s->q[c].n)
			defer_one(s, opq_pop(&s->q[c]), code, message);
}

void target_stop(struct target *t, enum rc_code code, const char *by, const char *fmt, ...)
{
	va_list ap;

	if (t->stopped)
		return;
	t->stopped = true;
	t->code = code;
	t->stopped_by = by;
	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
	rc_printable(t->why, sizeof(t->why));
}
