/* Targets side by side: each is decided, guarded and handed to the executor as soon as its list is there, while others
 * are still listing. A wave is what became ready together; the guards of all of it are asked before its first write. */
#include "engine/run/carry.h"
#include "engine/run/plan_run.h"
#include "engine/run/undo.h"
#include "engine/run/pool.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

static bool heard(const struct run_target *t)
{
	for (size_t s = 0; s < t->cfg->n_servers; s++)
		if (!t->servers[s].list_done)
			return false;
	return true;
}

/* Without a list to wait for, or with one that is there; with `all`, also with one that never came. */
static bool ready(const struct run_target *t, bool all)
{
	return t->selected && !t->decided && (!t->list_needed || all || heard(t));
}

bool run_wave_due(const struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].list_needed && ready(&r->targets[i], false))
			return true;
	return false;
}

/* A target whose list could not be proven complete: nothing is deleted, adopted or made on its word. */
static void judge_listing(struct run *r, size_t i)
{
	struct run_target *t = &r->targets[i];
	const char *problem = "not read";
	struct rc_exec_target_result res;

	t->listed = true;
	for (size_t s = 0; s < t->cfg->n_servers; s++) {
		t->listed &= t->servers[s].list_complete;
		t->actual += (uint64_t)(t->servers[s].rows > 0 ? t->servers[s].rows : 0);
		if (!t->servers[s].list_complete && t->servers[s].problem[0])
			problem = t->servers[s].problem;
	}
	if (t->listed)
		return;
	rc_exec_target_result(r->exec, i, &res);
	if (res.code)
		run_stop_target(r, i, res.code, res.stopped_by ? res.stopped_by : "listing", "%s",
				res.why[0] ? res.why : "the list of accounts could not be read");
	else if (res.day_over) /* it refused nothing: our own ceiling is reached */
		run_stop_target(r, i, RC_TEMPFAIL, "max_requests_per_day", "target %s: the list was not read: %s",
				t->cfg->name, problem);
	else
		run_stop_target(r, i, RC_UNAVAILABLE, "listing",
				"target %s: the list of accounts is not proven complete (%s), so nothing is changed "
				"there; run again later",
				t->cfg->name, problem);
}

/* The lists that came in go into the snapshot before anything is decided by it. */
static enum rc_code take_lists(struct run *r, const bool *now, struct rc_err *err)
{
	bool any = false;
	enum rc_code code = run_view(r, err);

	for (size_t i = 0; i < r->cfg->n_targets && !code; i++)
		if (now[i] && r->targets[i].list_needed) {
			run_lists_match(r, i);
			judge_listing(r, i);
			any = true;
		}
	if (!any || code)
		return code;
	code = rc_view_end(r->view, err);
	r->view = NULL;
	if (!code)
		code = rc_writer_flush_wait(r->writer, err);
	return code ? code : run_view(r, err);
}

/* The error itself is the run's, told once; the targets say what stopped them. */
static void stop_by_source(struct run *r, enum rc_code code, const struct rc_err *err)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct run_target *t = &r->targets[i];

		if (!t->selected || t->stopped)
			continue;
		t->stopped = true;
		t->code = code;
		t->stopped_by = code == RC_GUARD ? "stale_source" : "source";
	}
	if (r->n_notes < sizeof(r->notes) / sizeof(*r->notes))
		r->notes[r->n_notes++] = rc_arena_strdup(&r->mem, err->what);
}

/* Once: a run that reads no rows comes here with each wave of targets. */
static enum rc_code begin_sources(struct run *r, struct rc_err *err)
{
	enum rc_code code;

	if (r->scan.sources)
		return RC_OK;
	code = rc_overrides_load(r->cfg, r->store, r->zone, r->started_ns, &r->mem, &r->overrides, err);
	return code ? code : rc_sources_begin(&r->scan, r->cfg, r->store, r->opts->writes, err);
}

static enum rc_code scan(struct run *r, const bool *now, struct rc_err *err)
{
	enum rc_code code = begin_sources(r, err);

	if (code || r->opts->n_reset || (r->opts->undo_of && !run_plan_needs_rows(r)))
		return code;
	r->scan.ask = (const uint8_t(*)[16])r->overrides.hashes;
	r->scan.n_ask = r->overrides.n;
	run_plan_ask(r);
	run_only_begin(r);
	r->scanned = true;
	r->scan.accept_source = r->opts->accept_source;
	r->scan.now_ns = r->started_ns;
	r->scan.everybody = r->cfg->report.all_users || r->opts->rebalance;
	for (size_t i = 0; i < r->cfg->n_targets; i++) /* a list that comes later may touch anybody's record */
		r->scan.everybody |= r->targets[i].selected && !now[i] && !r->targets[i].decided;
	if (r->opts->explain)
		run_explain_look(r);
	code = rc_sources_run(&r->scan, r->view, r->numbers, err);
	run_rejects_judge(r);
	run_report_refused(r);
	for (size_t i = 0; i < r->scan.n_notes && r->n_notes < sizeof(r->notes) / sizeof(*r->notes); i++)
		r->notes[r->n_notes++] = r->scan.notes[i];
	run_settle_people(r);
	if (!code && !r->opts->explain)
		run_hint_where(r);
	if (!code)
		run_hint_only(r);
	if (code)
		stop_by_source(r, code, err);
	return code;
}

/* Everybody whose row and record are both untouched: counted, not named. */
static void count_unchanged(struct run *r, size_t i)
{
	struct run_target *t = &r->targets[i];
	uint64_t touched = t->unselected;

	for (size_t p = 0; p < t->n_ops; p++) {
		const struct rc_op *op = r->ops[t->first_op + p];
		const struct rc_known *k = ((struct op_info *)op->owner)->known;

		touched += k && k->key.n && !op->retiring;
	}
	for (size_t p = 0; p < t->n_pending; p++) {
		const struct pending *q = &r->pending[t->first_pending + p];

		touched += q->known.key.n && q->known.flags & RC_KNOWN_MANAGED && q->o.action != RC_ACT_ADOPT;
	}
	if (t->known > touched)
		rc_report_count(r->report, t->cfg->name, RC_ACT_NONE, RC_ST_DONE, t->known - touched);
	if (!r->opts->plan) /* which counted them already */
		t->wanted += t->unselected + (t->known > touched ? t->known - touched : 0);
}

static void show_plan(struct run *r, size_t i)
{
	struct run_target *t = &r->targets[i];
	struct rc_err err;

	rc_report_apart_begin(r->report, t->n_ops); /* their texts stay where they are to the end of the run */
	for (size_t p = 0; p < t->n_ops; p++) {
		struct rc_op *op = r->ops[t->first_op + p];

		run_outcome_op(r, op,
			       op->state == RC_STEP_FAILED                   ? RC_ST_FAILED
			       : op->state == RC_STEP_DEFERRED || t->stopped ? RC_ST_DEFERRED
									     : RC_ST_PLANNED);
	}
	if (rc_report_apart_end(r->report, &err) && !r->fault.code)
		r->fault = err;
	run_outcome_pending(r, i, true);
}

static int by_priority(const void *a, const void *b)
{
	const struct rc_op *x = *(struct rc_op *const *)a, *y = *(struct rc_op *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return rc_slice_cmp(x->key, y->key);
}

static bool to_carry(const struct rc_op *op)
{
	return op->state == RC_STEP_QUEUED || op->state == RC_STEP_VERIFY;
}

/* What needs no call is settled; the intents of the rest are on their way to the disk. */
static void prepare(struct run *r, size_t i)
{
	struct run_target *t = &r->targets[i];

	if (!t->stopped)
		run_plan_applied(r);
	run_outcome_pending(r, i, false);
	if (t->n_ops)
		qsort(r->ops + t->first_op, t->n_ops, sizeof(struct rc_op *), by_priority);
	for (size_t p = 0; p < t->n_ops; p++) {
		struct rc_op *op = r->ops[t->first_op + p];

		if (to_carry(op) && t->stopped) {
			op->state = RC_STEP_DEFERRED;
			op->error_code = "rollcall.stopped";
			op->error_message = t->why;
		}
		if (to_carry(op))
			continue;
		op->done_at = r->started_ns;
		run_outcome_op(r, op, op->state == RC_STEP_FAILED ? RC_ST_FAILED : RC_ST_DEFERRED);
	}
	run_journal(r, i);
}

static void carry_out(struct run *r, size_t i)
{
	struct run_target *t = &r->targets[i];

	run_canary_choose(r, i);
	for (size_t p = 0; p < t->n_ops; p++)
		if (to_carry(r->ops[t->first_op + p]) && !run_canary_waits(r, r->ops[t->first_op + p]))
			rc_exec_add(r->exec, r->ops[t->first_op + p]);
}

/* Wanted against known, or what a saved plan or a past run says. */
static enum rc_code decide_one(struct run *r, size_t i, struct rc_err *err)
{
	enum rc_code code;

	if (r->opts->plan) { /* names and servers were settled when it was made */
		code = run_plan_take(r, i, err);
		run_pool_placed(r, i);
		return code;
	}
	if (r->opts->n_reset)
		return run_reset(r, i, err);
	code = r->opts->undo_of ? run_undo(r, i, err) : run_decide(r, i, err);
	if (code)
		return code;
	if (!r->opts->undo_of)
		run_hint_zeros(r, i);
	run_pool_place(r, i);
	run_rebalance(r, i);
	run_settle_names(r, i);
	return RC_OK;
}

/* Somebody whom the next sync has something to do for; a refresh leaves them as they are. */
static void report_left(struct run *r, const struct run_target *t, const struct rc_known *k)
{
	struct rc_outcome o = {.target = t->cfg->name,
			       .key = k->key,
			       .name = k->name,
			       .action = RC_ACT_NONE,
			       .status = RC_ST_DONE,
			       .remote_id = k->remote_id,
			       .planned_at = r->started_ns,
			       .reason = "left to sync"};
	struct rc_err err;

	if (k->server.n)
		o.server = rc_arena_copy(&r->mem, k->server).p;
	if (rc_report_row(r->report, &o, &err) && !r->fault.code)
		r->fault = err;
}

static bool refresh_tells(const struct pending *q)
{
	return q->o.action == RC_ACT_ADOPT || q->o.drift ||
	       (q->o.action == RC_ACT_NONE && !q->drop &&
		(q->o.status == RC_ST_DONE || q->o.status == RC_ST_SKIPPED || q->o.status == RC_ST_NOT_SELECTED));
}

/* refresh: what the list says about the snapshot is told and kept, what sync would do about it is left to sync. */
static void only_adoptions(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	size_t n = 0;

	for (size_t i = 0; i < t->n_ops; i++) {
		struct rc_op *op = r->ops[t->first_op + i];
		const struct op_info *info = op->owner;
		bool counted = info->known && info->known->key.n && !op->retiring;

		if (info->drift || (counted && op->action == RC_ACT_CREATE && !op->linked)) /* it is gone */
			run_outcome_op(r, op, RC_ST_PLANNED);
		else if (counted)
			report_left(r, t, info->known);
	}
	t->n_ops = 0;
	for (size_t i = 0; i < t->n_pending; i++) {
		struct pending *q = &r->pending[t->first_pending + i];

		if (refresh_tells(q)) {
			q->put &= q->o.action == RC_ACT_ADOPT;
			q->drop = false;
			r->pending[t->first_pending + n++] = *q;
		} else if (q->known.key.n && q->known.flags & RC_KNOWN_MANAGED) {
			report_left(r, t, &q->known);
		}
	}
	t->n_pending = n;
}

/* Decides what became ready, all guards first; then everything on its way at once. */
static enum rc_code decide(struct run *r, const bool *now, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < r->cfg->n_targets && !code; i++)
		if (now[i])
			code = decide_one(r, i, err);
	for (size_t i = 0; i < r->cfg->n_targets && !code; i++)
		if (now[i] && !r->opts->n_reset && !r->targets[i].stopped)
			run_guards(r, i);
	for (size_t i = 0; i < r->cfg->n_targets && !code; i++) {
		if (!now[i])
			continue;
		if (!r->opts->n_reset)
			run_report_unmanaged(r, i);
		if (!r->opts->n_reset)
			count_unchanged(r, i);
		if (r->opts->list_only)
			only_adoptions(r, i);
		if (r->opts->list_only)
			run_outcome_pending(r, i, false);
		else if (r->opts->writes)
			prepare(r, i);
		else
			show_plan(r, i);
	}
	return code;
}

static enum rc_code wave(struct run *r, bool all, struct rc_err *err)
{
	bool *now = rc_xcalloc(r->cfg->n_targets + 1, sizeof(*now)), any = false;
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		any |= now[i] = ready(&r->targets[i], all);
	if (any)
		code = take_lists(r, now, err);
	for (size_t i = 0; i < r->cfg->n_targets && any; i++)
		if (r->view && (now[i] || !r->targets[i].selected))
			r->targets[i].known = rc_view_known_count(r->view, r->targets[i].number, true);
	if (any && !code && !r->scanned)
		code = scan(r, now, err);
	if (any && !code)
		code = decide(r, now, err);
	if (any && !code) { /* no view stays open while the network is waited for */
		code = rc_view_end(r->view, err);
		r->view = NULL;
	}
	if (any && !code && r->writer)
		code = rc_writer_flush_wait(r->writer, err);
	for (size_t i = 0; i < r->cfg->n_targets && any; i++) {
		r->targets[i].decided |= now[i];
		if (now[i] && !code && r->opts->writes)
			carry_out(r, i);
	}
	free(now);
	return code;
}

/* Lists still on their way when the run has failed are of no use to anybody. */
static void abandon(struct run *r)
{
	struct rc_err ignored;
	bool ended = false;

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		r->targets[i].decided = true;
	rc_exec_stop(r->exec, true);
	while (!ended)
		run_loop(r, &ended, &ignored);
}

static bool undecided(const struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (ready(&r->targets[i], true))
			return true;
	return false;
}

enum rc_code run_waves(struct run *r, struct rc_err *err)
{
	bool ended = false;
	enum rc_code code;

	r->numbers = rc_arena_zalloc(&r->mem, r->cfg->n_targets * sizeof(*r->numbers));
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		r->numbers[i] = r->targets[i].number;
		if (r->targets[i].list_needed && r->targets[i].selected)
			rc_exec_list(r->exec, i);
	}
	do {
		code = wave(r, ended, err);
		if (code) {
			abandon(r);
			return code;
		}
		code = run_loop(r, &ended, err);
	} while (!code && (!ended || undecided(r) || run_canary_next(r)));
	run_sealing_flush(r);
	return code ? code : run_view(r, err);
}
