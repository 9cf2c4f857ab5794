/* Accounts that nobody manages: seen, reported, left alone. */
#include "engine/run/candidates.h"
#include "engine/run/carry.h"
#include "engine/base/alloc.h"
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Accounts of a target that this run adopts, so that they are not called unmanaged in the same report. */
struct adopted {
	struct rc_slice server, name;
};

struct names {
	struct adopted *slot;
	size_t size;
};

static size_t slot_of(const struct names *n, struct rc_slice server, struct rc_slice name)
{
	size_t at = XXH3_64bits(name.p, name.n) & (n->size - 1);

	while (n->slot[at].name.n && !(rc_slice_eq(n->slot[at].name, name) && rc_slice_eq(n->slot[at].server, server)))
		at = (at + 1) & (n->size - 1);
	return at;
}

/* A person who is renamed onto an account that nobody manages adopts it. */
static bool takes_over(const struct run *r, const struct rc_op *op)
{
	return op->linked && op->action == RC_ACT_CREATE && op->state != RC_STEP_FAILED &&
	       r->targets[op->target].cfg->existing == RC_EXISTING_ADOPT;
}

static void add(struct names *n, struct rc_slice server, struct rc_slice name)
{
	n->slot[slot_of(n, server, name)] = (struct adopted){server, name};
}

static bool adopted(const struct run *r, const struct rc_op *op)
{
	const struct op_info *info = op->owner;

	return (info->adopts && info->known) || takes_over(r, op);
}

/* Most nights nobody is adopted: room for everybody who is touched would cost more than the rest. */
static void make_room(const struct run *r, const struct run_target *t, struct names *n)
{
	size_t most = 0;

	for (size_t i = 0; i < t->n_pending; i++)
		most += (r->pending[t->first_pending + i].known.flags & RC_KNOWN_ADOPTED) != 0;
	for (size_t i = 0; i < t->n_ops; i++)
		most += adopted(r, r->ops[t->first_op + i]);
	n->size = 64;
	while (n->size < most * 2)
		n->size *= 2;
	n->slot = rc_xcalloc(n->size, sizeof(*n->slot));
}

static void collect(const struct run *r, size_t target, struct names *n)
{
	const struct run_target *t = &r->targets[target];
	const struct pending *pending = r->pending + t->first_pending;
	struct rc_op *const *ops = r->ops + t->first_op;

	make_room(r, t, n);
	for (size_t i = 0; i < t->n_pending; i++)
		if (pending[i].known.flags & RC_KNOWN_ADOPTED)
			add(n, pending[i].known.server, pending[i].known.name);
	for (size_t i = 0; i < t->n_ops; i++) {
		if (adopted(r, ops[i]))
			add(n,
			    t->cfg->pool ? rc_slice_str(t->cfg->servers[ops[i]->server].label) : (struct rc_slice){0},
			    ops[i]->name);
	}
}

void run_report_unmanaged(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	struct rc_walk w = {0};
	struct rc_unmanaged u;
	struct candidates *candidates = run_candidates_new(r, target);
	struct names adopted;

	collect(r, target, &adopted);
	rc_walk_unmanaged_begin(r->view, t->number, &w);
	while (rc_walk_unmanaged(&w, &u)) {
		struct rc_outcome o = {.target = t->cfg->name,
				       .name = u.name,
				       .action = RC_ACT_NONE,
				       .status = RC_ST_UNMANAGED,
				       .remote_id = u.remote_id,
				       .reason = "not managed by rollcall"};
		struct rc_err err;

		if (adopted.slot[slot_of(&adopted, u.server, u.name)].name.n)
			continue;
		t->unmanaged++;
		run_candidates_add(candidates, &u);
		if (u.server.n)
			o.server = rc_arena_copy(&r->mem, u.server).p;
		if (rc_report_row(r->report, &o, &err) && !r->fault.code)
			r->fault = err;
	}
	rc_walk_end(&w);
	run_candidates_free(candidates);
	free(adopted.slot);
}
