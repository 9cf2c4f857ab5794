/* --canary N: so many people of each target go first; the others only when all of those are confirmed. */
#include "engine/run/carry.h"
#include "engine/base/log.h"

static bool waits(const struct rc_op *op)
{
	return op->state == RC_STEP_QUEUED || op->state == RC_STEP_VERIFY;
}

/* Whoever needs somebody else's name first is none to begin with; the old half of a rename goes with its create. */
static bool can_begin(const struct rc_op *op, enum rc_op_class class_)
{
	return op->class_ == class_ && waits(op) && !op->after && !(op->class_ == RC_CLASS_RETIRE && op->linked);
}

static void choose_one(struct rc_op *op)
{
	((struct op_info *)op->owner)->canary = true;
	if (op->linked)
		((struct op_info *)op->linked->owner)->canary = true;
}

/* In turn from what there is to do, so that each kind of call is tried. */
void run_canary_choose(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];
	struct rc_op **ops = r->ops + t->first_op;
	size_t at[RC_CLASS_COUNT] = {0};
	unsigned left = r->opts->canary;

	for (bool any = true; any && left;) {
		any = false;
		for (int c = 0; c < RC_CLASS_COUNT && left; c++) {
			while (at[c] < t->n_ops && !can_begin(ops[at[c]], (enum rc_op_class)c))
				at[c]++;
			if (at[c] == t->n_ops)
				continue;
			choose_one(ops[at[c]++]);
			left--;
			any = true;
		}
	}
}

static bool is_canary(const struct rc_op *op)
{
	return ((const struct op_info *)op->owner)->canary;
}

bool run_canary_waits(const struct run *r, const struct rc_op *op)
{
	return r->opts->canary && !is_canary(op);
}

/* NULL: all well. */
static const struct rc_op *first_unwell(const struct run *r)
{
	for (size_t i = 0; i < r->n_ops; i++)
		if (is_canary(r->ops[i]) && r->ops[i]->state != RC_STEP_DONE)
			return r->ops[i];
	return NULL;
}

static void stop_targets(struct run *r, const struct rc_op *bad)
{
	for (size_t t = 0; t < r->cfg->n_targets; t++) {
		struct rc_exec_target_result res;

		rc_exec_target_result(r->exec, t, &res);
		if (r->targets[t].selected && !res.code)
			run_stop_target(r, t, RC_PARTIAL, "canary",
					"target %s: the canary was not all well (target %s, key %.*s: %s), so nothing "
					"else was sent",
					r->cfg->targets[t].name, r->cfg->targets[bad->target].name, (int)bad->key.n,
					bad->key.p, bad->error_message ? bad->error_message : "not confirmed");
	}
}

static void defer(struct run *r, struct rc_op *op)
{
	op->state = RC_STEP_DEFERRED;
	op->done_at = rc_wall_ns(r->clock);
	op->error_code = "rollcall.canary";
	op->error_message = "the canary was not all well, so this was not sent";
	run_outcome_op(r, op, RC_ST_DEFERRED);
}

bool run_canary_next(struct run *r)
{
	const struct rc_op *bad;
	bool any = false;

	if (!r->opts->canary || r->canary_over)
		return false;
	r->canary_over = true;
	bad = first_unwell(r);
	if (bad)
		stop_targets(r, bad);
	for (size_t i = 0; i < r->n_ops; i++) {
		if (!waits(r->ops[i]))
			continue;
		any = true;
		if (bad)
			defer(r, r->ops[i]);
		else
			rc_exec_add(r->exec, r->ops[i]);
	}
	if (any && !bad)
		rc_log(RC_LOG_INFO, "the canary is confirmed; the rest follows");
	return any && !bad;
}
