/* Cuts the live connections of those whose access has just ended. Best effort: what the provider answers changes
 * nothing for the operation, which is settled by the list alone. */
#include "engine/exec/exec_int.h"

void disconnect_later(struct server *s, struct rc_op *op)
{
	bool ends = op->action == RC_ACT_DELETE || op->action == RC_ACT_DISABLE || op->action == RC_ACT_LOCK;

	if (ends && !op->retiring && s->t->cfg->missing.disconnect && s->t->conn->calls & 1u << CALL_DISCONNECT)
		opq_push(&s->to_cut, op);
}

static bool may_send(struct server *s, int64_t now, int64_t *next)
{
	struct rc_pacer_pending pending = {.updates = 1};
	struct rc_pacer_decision d;

	rc_pacer_poll(&s->pacer, x_sec(now), &pending, &d);
	if (d.verb == RC_PACER_WAIT && (int64_t)(d.until * 1e9) + 1 < *next)
		*next = (int64_t)(d.until * 1e9) + 1;
	return d.verb == RC_PACER_SEND;
}

bool server_disconnects(struct server *s, int64_t now, int64_t *next)
{
	while (s->to_cut.n && may_send(s, now, next)) {
		struct rc_op *op = opq_pop(&s->to_cut);
		struct call *c = call_new(s, CALL_DISCONNECT, 0); /* no operation hangs on its answer */

		c->users = rc_arena_zalloc(&c->mem, sizeof(*c->users));
		*c->users = (struct rc_call_user){
			.name = op->name, .remote_id = op->remote_id, .want = op->want, .have = op->have};
		c->req.users = c->users;
		c->req.n = 1;
		c->cut = op;
		rc_pacer_sent(&s->pacer, x_sec(now), RC_PACER_UPDATE, 1, &c->token);
		c->paced = true;
		call_send(c);
	}
	return s->to_cut.n > 0;
}

void disconnect_answered(struct call *c, const struct rc_answer *a)
{
	if (a->v == V_BUSY || a->v == V_THROTTLED) /* nothing was done: once more when the pacer says so */
		opq_push(&c->s->to_cut, c->cut);
}
