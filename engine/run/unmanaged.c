/* Accounts that nobody manages: seen, reported, left alone. */
#include "engine/run/carry.h"
#include "engine/base/alloc.h"
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Names of a target that this run adopts, so that they are not called unmanaged in the same report. */
struct names {
	const struct rc_slice **slot;
	size_t size;
};

static size_t slot_of(const struct names *n, struct rc_slice name)
{
	size_t at = XXH3_64bits(name.p, name.n) & (n->size - 1);

	while (n->slot[at] && !rc_slice_eq(*n->slot[at], name))
		at = (at + 1) & (n->size - 1);
	return at;
}

/* A person who is renamed onto an account that nobody manages adopts it. */
static bool takes_over(const struct run *r, const struct rc_op *op)
{
	return op->linked && r->targets[op->target].cfg->existing == RC_EXISTING_ADOPT;
}

static void collect(const struct run *r, size_t target, struct names *n)
{
	const struct run_target *t = &r->targets[target];
	const struct pending *pending = r->pending + t->first_pending;
	struct rc_op *const *ops = r->ops + t->first_op;

	n->size = 64;
	while (n->size < (t->n_ops + t->n_pending) * 2)
		n->size *= 2;
	n->slot = rc_xcalloc(n->size, sizeof(*n->slot));
	for (size_t i = 0; i < t->n_pending; i++)
		if (pending[i].known.flags & RC_KNOWN_ADOPTED)
			n->slot[slot_of(n, pending[i].known.name)] = &pending[i].known.name;
	for (size_t i = 0; i < t->n_ops; i++)
		if (ops[i]->action != RC_ACT_CREATE || takes_over(r, ops[i]))
			n->slot[slot_of(n, ops[i]->name)] = &ops[i]->name;
}

void run_report_unmanaged(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	struct rc_walk w = {0};
	struct rc_unmanaged u;
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

		if (adopted.slot[slot_of(&adopted, u.name)])
			continue;
		t->unmanaged++;
		if (u.server.n)
			o.server = rc_arena_copy(&r->mem, u.server).p;
		if (rc_report_row(r->report, &o, &err) && !r->fault.code)
			r->fault = err;
	}
	rc_walk_end(&w);
	free(adopted.slot);
}
