/* What a plan asks for: calls, batches, seats, and minutes at the rate that was learned on earlier nights. */
#include "engine/run/carry.h"
#include "engine/exec/listing.h"
#include "engine/run/cost.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

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

static int by_text(const void *a, const void *b)
{
	return rc_slice_cmp(*(const struct rc_slice *)a, *(const struct rc_slice *)b);
}

/* The groups that the server's operations name, each once and in order; the caller frees them. */
static struct rc_slice *named_groups(const struct run_target *t, struct rc_op *const *ops, size_t server, size_t *ret_n)
{
	struct rc_slice *v = rc_xcalloc(t->n_ops + 1, sizeof(*v));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < t->n_ops; i++)
		if (ops[i]->server == server && planned(ops[i]) && ops[i]->group.n)
			v[n++] = ops[i]->group;
	qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 0; i < n; i++)
		if (!kept || !rc_slice_eq(v[kept - 1], v[i]))
			v[kept++] = v[i];
	*ret_n = kept;
	return v;
}

/* Of n groups in order, those that are nowhere to be seen: neither in the provider's list, where this run read it, nor
 * as the group of an account that the snapshot knows on this server. */
static uint64_t missing_groups(const struct run *r, size_t target, size_t server, const struct rc_slice *groups,
			       size_t n)
{
	const struct run_target *t = &r->targets[target];
	int field = t->cfg->schema->group_field;
	bool *there = rc_xcalloc(n + 1, sizeof(*there)), listed = false;
	struct rc_walk walk = {0};
	struct rc_known k;
	uint64_t missing = n;

	for (size_t i = 0; i < n; i++) {
		int seen = rc_exec_group_there(r->exec, target, server, groups[i]);

		there[i] = seen > 0;
		missing -= there[i];
		listed |= seen == 0;
	}
	rc_walk_known_begin(r->view, t->number, &walk);
	while (missing && !listed && field >= 0 && rc_walk_known(&walk, &k, NULL)) {
		struct rc_slice group = k.account.v[field], *g = bsearch(&group, groups, n, sizeof(*groups), by_text);

		if (!g || there[g - groups] || run_server_at(t, k.server) != server)
			continue;
		there[g - groups] = true;
		missing--;
	}
	rc_walk_end(&walk);
	free(there);
	return missing;
}

/* The list of groups is read before the first operation that names one, and again once new ones were made. */
static uint64_t group_calls(const struct run *r, size_t target, size_t server)
{
	const struct run_target *t = &r->targets[target];
	size_t n;
	struct rc_slice *groups = named_groups(t, r->ops + t->first_op, server, &n);
	uint64_t missing = n && t->cfg->create_groups ? missing_groups(r, target, server, groups, n) : 0;

	free(groups);
	return (n > 0) + missing + (missing > 0);
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
		ret->calls += (int64_t)group_calls(r, target, s);
		ret->calls += (int64_t)rc_listing_calls(on_each + y.creates, conn ? conn->largest_page : 0);
		ret->seats_needed += (int64_t)y.seats;
		users += y.creates + y.deletes + y.others;
	}
	if (res->seat_limit >= 0) {
		int64_t used = res->seats_used >= 0 ? res->seats_used : (int64_t)(t->known + t->unmanaged);

		ret->seats_free = res->seat_limit > used ? res->seat_limit - used : 0;
	}
	if (rate > 0 && users)
		ret->minutes = ((double)users / rate + (double)r->cfg->timeouts.settle_ns / 1e9) / 60;
}
