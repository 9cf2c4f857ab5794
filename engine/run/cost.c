/* What a plan asks for: calls, batches, seats, and minutes at the rate that was learned on earlier nights. */
#include "engine/run/carry.h"
#include "engine/run/cost.h"

enum { ROWS_A_PAGE = 50 }; /* of a list, where the connector leaves the size to itself */

struct tally { /* of one server */
	uint64_t creates, deletes, others, seats;
};

static uint64_t pieces(uint64_t n, uint64_t size)
{
	return n ? (n - 1) / (size ? size : 1) + 1 : 0;
}

static bool planned(const struct rc_op *op)
{
	return op->state == RC_STEP_QUEUED || op->state == RC_STEP_VERIFY;
}

/* The halves of a rename are a create and a delete; one seat is enough for all of them, one after the other. */
static void count(const struct run_target *t, struct rc_op *const *ops, size_t server, struct tally *y)
{
	bool renames = false;

	for (size_t i = 0; i < t->n_ops; i++) {
		const struct rc_op *op = ops[i];

		if (op->server != server || !planned(op))
			continue;
		y->creates += op->action == RC_ACT_CREATE;
		y->deletes += op->action == RC_ACT_DELETE;
		y->others += op->action != RC_ACT_CREATE && op->action != RC_ACT_DELETE;
		y->seats += op->action == RC_ACT_CREATE && !op->linked;
		renames |= op->action == RC_ACT_CREATE && op->linked;
	}
	y->seats += renames && !y->seats;
}

void run_cost(const struct run *r, size_t target, const struct rc_exec_target_result *res, struct rc_plan_cost *ret)
{
	const struct run_target *t = &r->targets[target];
	const struct rc_account_schema *schema = t->cfg->schema;
	const struct connector *conn = rc_connector_find(t->cfg->connector);
	uint64_t users = 0, on_each = t->cfg->n_servers ? t->known / t->cfg->n_servers : 0;
	double rate = run_pace_learned(r, target);

	*ret = (struct rc_plan_cost){.seats_free = -1, .minutes = -1};
	for (size_t s = 0; s < t->cfg->n_servers; s++) {
		struct tally y = {0};
		uint64_t creates, deletes;

		count(t, r->ops + t->first_op, s, &y);
		if (!y.creates && !y.deletes && !y.others)
			continue;
		creates = pieces(y.creates, schema->batch_create ? t->cfg->batch_users : 1);
		deletes = pieces(y.deletes, schema->batch_delete ? t->cfg->batch_users : 1);
		ret->batches += (int64_t)((schema->batch_create ? creates : 0) + (schema->batch_delete ? deletes : 0));
		ret->calls += (int64_t)(creates + deletes + y.others); /* and the list that confirms them */
		ret->calls += (int64_t)pieces(on_each + y.creates + 1,
					      conn && conn->list_page ? conn->list_page : ROWS_A_PAGE);
		ret->seats_needed += (int64_t)y.seats;
		users += y.creates + y.deletes + y.others;
	}
	if (res->seat_limit >= 0) {
		int64_t used = res->seats_used >= 0 ? res->seats_used : (int64_t)(t->known + t->unmanaged);

		ret->seats_free = res->seat_limit > used ? res->seat_limit - used : 0;
	}
	if (rate > 0)
		ret->minutes = (double)users / rate / 60;
}
