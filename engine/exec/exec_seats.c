/* Seats: who waits for one, what frees one, and when waiting ends. */
#include "engine/exec/exec_int.h"

static bool is_create(const struct rc_op *op)
{
	return op->action == RC_ACT_CREATE;
}

/* A rename whose old account is already going has that one's seat; then priority, then key. */
bool goes_before(const struct rc_op *a, const struct rc_op *b)
{
	if (a->swapped != b->swapped)
		return a->swapped;
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return rc_slice_cmp(a->key, b->key) < 0;
}

bool seats_read(struct server *s, int64_t now, int64_t *next)
{
	struct rc_pacer_decision d;
	struct call *c;

	if (!s->seats_wanted || s->seats_in_flight)
		return s->seats_in_flight;
	if (target_held(s->t, now, next))
		return true;
	rc_pacer_poll_read(&s->pacer, x_sec(now), &d);
	if (d.verb == RC_PACER_WAIT && (int64_t)(d.until * 1e9) + 1 < *next)
		*next = (int64_t)(d.until * 1e9) + 1;
	if (d.verb != RC_PACER_SEND)
		return true;
	c = call_new(s, CALL_SEATS, 0);
	s->seats_asked = true;
	s->seats_wanted = false; /* a hint: asked for once, and an answer that says nothing is an answer */
	s->seats_in_flight = true;
	rc_pacer_sent(&s->pacer, x_sec(now), RC_PACER_READ, 1, &c->token);
	c->paced = true;
	call_send(c);
	return true;
}

static void hint(struct server *s, int64_t now)
{
	int64_t free_seats = s->seat_limit - s->seats_used;

	if (s->seat_limit < 0 || s->seats_used < 0 || free_seats >= (int64_t)s->q[RC_CLASS_CREATE].n)
		return;
	rc_pacer_set_seats(&s->pacer, x_sec(now), free_seats > 0 ? (uint32_t)free_seats : 0);
}

void seats_answered(struct call *c, const struct rc_answer *a)
{
	struct server *s = c->s;

	s->seats_in_flight = false;
	if (a->v != V_OK || a->seat_limit < 0)
		return;
	s->seat_limit = a->seat_limit;
	if (a->seats_used >= 0)
		s->seats_used = a->seats_used;
	hint(s, x_now(c->x));
}

bool only_parked(const struct server *s)
{
	if (!s->pacer.parked || !s->q[RC_CLASS_CREATE].n || s->held.n || s->q[RC_CLASS_LEAVE].n ||
	    s->q[RC_CLASS_UPDATE].n || s->q[RC_CLASS_RETIRE].n)
		return false;
	for (const struct batch *b = s->halves; b; b = b->next)
		if (!is_create(b->ops[0]))
			return false;
	return true;
}

/* Seats that are about to be free: own deletes not yet confirmed, old accounts of renames on their way. */
static bool more_to_come(const struct server *s)
{
	for (size_t i = 0; i < s->accepted.n; i++)
		if (opq_at(&s->accepted, i)->action == RC_ACT_DELETE || opq_at(&s->accepted, i)->linked)
			return true;
	for (size_t i = 0; i < s->verify.n; i++)
		if (opq_at(&s->verify, i)->action == RC_ACT_DELETE || opq_at(&s->verify, i)->linked)
			return true;
	return false;
}

static bool can_swap(const struct server *s, const struct rc_op *op)
{
	return op->linked && !op->swapped && op->linked->state == RC_STEP_QUEUED && op->linked->server == s->index &&
	       op->linked->remote_id.n;
}

static void take_out(struct opq *q, const struct rc_op *op)
{
	for (size_t n = q->n; n--;) {
		struct rc_op *one = opq_pop(q);

		if (one != op)
			opq_push(q, one);
	}
}

/* No seat is free at all: one rename at a time gives up its old account first. Its create was refused for nothing but
 * the seat, so its fields passed. */
static bool swap_rename(struct server *s)
{
	for (size_t i = 0; i < s->q[RC_CLASS_CREATE].n; i++) {
		struct rc_op *op = opq_at(&s->q[RC_CLASS_CREATE], i);

		if (!can_swap(s, op))
			continue;
		take_out(&s->q[RC_CLASS_CREATE], op);
		take_out(&s->retiring, op->linked);
		op->swapped = true;
		opq_push_front(&s->q[RC_CLASS_CREATE], op);
		opq_push(&s->q[RC_CLASS_RETIRE], op->linked);
		return true;
	}
	return false;
}

/* Creates that wait for a seat go where the pool has one. */
static bool elsewhere(struct server *s)
{
	struct rc_exec *x = s->t->x;
	bool any = false;
	size_t n;

	if (s->t->n_servers < 2 || !x->env.elsewhere)
		return false;
	server_gather(s);
	n = s->q[RC_CLASS_CREATE].n;
	while (n--) {
		struct rc_op *op = opq_pop(&s->q[RC_CLASS_CREATE]);

		if (op->state == RC_STEP_QUEUED && x->env.elsewhere(x->env.ctx, op)) {
			server_take(&s->t->servers[op->server], op);
			any = true;
		} else {
			opq_push(&s->q[RC_CLASS_CREATE], op);
		}
	}
	return any;
}

bool seats_end(struct server *s, int64_t now, int64_t *next)
{
	struct target *t = s->t;
	int64_t until;

	if (!s->pacer.parked) {
		s->parked_since_ns = 0;
		s->last_probe_sent = false;
		return false;
	}
	if (!only_parked(s) || s->pacer.in_flight || t->stopped || s->pacer.credit)
		return false;
	if (!s->parked_since_ns)
		s->parked_since_ns = now;
	if (more_to_come(s))
		return false; /* the look comes first */
	if (elsewhere(s)) {
		*next = now;
		return true;
	}
	until = s->parked_since_ns + t->cfg->pace.wait_for_seats_ns;
	if (now < until) {
		if (until < *next)
			*next = until;
		return false;
	}
	if (!s->last_probe_sent) {
		s->last_probe_sent = true;
		rc_pacer_probe_seats(&s->pacer, x_sec(now));
		*next = now;
		return false;
	}
	if (swap_rename(s))
		*next = now;
	else
		server_defer_all(s, NULL, NULL);
	return false;
}
