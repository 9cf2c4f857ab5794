/* Books, summary, exit code. */
#include "engine/run/carry.h"
#include "engine/run/pool.h"
#include "engine/run/cost.h"
#include "engine/run/finish_int.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static enum rc_code code_of(const struct run *r, size_t i, const struct rc_exec_target_result *res)
{
	const struct run_target *t = &r->targets[i];
	uint64_t failed = 0, open = 0;

	if (t->stopped)
		return t->code;
	/* What a signal left in flight was given up by ourselves: that is no refusal. */
	if (res->code && res->code != RC_PARTIAL && !(r->signal && res->code == RC_UNAVAILABLE && !res->stopped_by))
		return res->code;
	for (int a = 0; a < RC_ACTION_COUNT; a++) {
		failed += rc_report_counted(r->report, t->cfg->name, (enum rc_action)a, RC_ST_FAILED);
		open += rc_report_counted(r->report, t->cfg->name, (enum rc_action)a, RC_ST_DEFERRED) +
			rc_report_counted(r->report, t->cfg->name, (enum rc_action)a, RC_ST_UNKNOWN);
	}
	if (failed || res->code == RC_PARTIAL)
		return RC_PARTIAL;
	return open ? RC_TEMPFAIL : RC_OK;
}

static void add_name(struct rc_summary_target *s, enum rc_action action, struct rc_slice name)
{
	for (size_t i = 0; i < RC_SUMMARY_NAMES; i++)
		if (!s->first[action][i].p) {
			s->first[action][i] = name;
			return;
		}
}

/* Of what is only planned: its cost, and the first few names of each action. */
static void fill_plan(const struct run *r, size_t i, const struct rc_exec_target_result *res,
		      struct rc_summary_target *s)
{
	const struct run_target *t = &r->targets[i];
	struct rc_plan_cost cost;

	run_cost(r, i, res, &cost);
	s->cost.calls = cost.calls;
	s->cost.batches = cost.batches;
	s->cost.seats_needed = cost.seats_needed;
	s->cost.seats_free = cost.seats_free;
	s->cost.minutes = cost.minutes;
	for (size_t p = 0; p < t->n_ops && !t->stopped; p++) {
		const struct rc_op *op = r->ops[t->first_op + p];

		if (op->state != RC_STEP_QUEUED || (op->class_ == RC_CLASS_RETIRE && op->linked))
			continue; /* a rename is one row: that of its create, and called an update */
		add_name(s, op->linked ? RC_ACT_UPDATE : op->action, op->name);
	}
	for (size_t p = 0; p < t->n_pending && !t->stopped; p++)
		if (r->pending[t->first_pending + p].o.action == RC_ACT_ADOPT)
			add_name(s, RC_ACT_ADOPT, r->pending[t->first_pending + p].o.name);
}

static void fill_target(struct run *r, size_t i, struct rc_summary_target *s)
{
	struct run_target *t = &r->targets[i];
	struct rc_exec_target_result res = {.seat_limit = -1, .seats_used = -1};
	const char *why;

	if (r->exec)
		rc_exec_target_result(r->exec, i, &res);
	t->code = t->selected ? code_of(r, i, &res) : RC_OK;
	why = t->stopped && t->why[0] ? t->why : res.why[0] ? rc_arena_strdup(&r->mem, res.why) : NULL;
	if (t->stopped && t->told)
		why = t->told;
	if (why && t->selected)
		rc_log(RC_LOG_ERROR, "%s", why);
	*s = (struct rc_summary_target){.name = t->cfg->name,
					.connector = t->cfg->connector,
					.exit_code = (int)t->code,
					.stopped_by = t->stopped ? t->stopped_by : res.stopped_by,
					.why = why,
					.wanted = r->opts->n_reset ? -1 : (int64_t)t->wanted, /* no source was read */
					.known = (int64_t)t->known,
					.actual = t->listed ? (int64_t)t->actual : -1,
					.unmanaged = (int64_t)t->unmanaged,
					.drift = (int64_t)t->drift,
					.guards = t->guards,
					.n_guards = t->n_guards};
	s->pacing.calls = res.counts.calls;
	s->pacing.accepted = res.counts.accepted;
	s->pacing.busy = res.counts.busy;
	s->pacing.throttled = res.counts.throttled;
	s->pacing.quota = res.counts.quota;
	s->pacing.errors = res.counts.errors + res.counts.timeouts;
	s->pacing.learned_users_per_s = run_pace_learned(r, i);
	s->pacing.waited_s = res.waited_s;
	s->pacing.timeline = &t->timeline;
	s->seats.limit = res.seat_limit;
	s->seats.used = res.seats_used;
	s->seats.waiting = res.seats_waiting + t->seats_waited_for;
	run_pool_seats(r, i, &s->seats.limit, &s->seats.used);
	s->cost.calls = s->cost.batches = s->cost.seats_needed = s->cost.seats_free = -1;
	s->cost.minutes = -1;
	res.seat_limit = s->seats.limit;
	res.seats_used = s->seats.used;
	if (!r->opts->writes && !r->opts->list_only && t->decided && r->view)
		fill_plan(r, i, &res, s);
}

static enum rc_code whole_code(const struct run *r)
{
	enum rc_code code = r->code;

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].selected)
			code = rc_graver(code, r->targets[i].code);
	code = rc_graver(code, finish_sources_code(r));
	if (r->signal)
		code = rc_graver(code, r->signal == SIGINT ? RC_SIGINT : RC_SIGTERM);
	if (r->fault.code)
		code = rc_graver(code, r->fault.code);
	return code;
}

/* Something to do: what plan --detailed-exitcode and the question on a terminal ask. */
static bool has_changes(const struct run *r)
{
	bool changes = r->n_ops > 0;

	for (size_t i = 0; i < r->n_pending && !changes; i++)
		changes = r->pending[i].o.action == RC_ACT_ADOPT || r->pending[i].release;
	return changes;
}

/* As the process ends. */
static enum rc_code told_code(const struct run *r)
{
	enum rc_code code = whole_code(r);

	return code == RC_OK && r->opts->detailed_exitcode && has_changes(r) ? RC_CHANGES : code;
}

/* A plan, also that of a paused sync, a refresh and a reset bring nobody what the source says: no success of the job.
 */
static bool is_success(const struct run *r, const struct rc_summary *s)
{
	return s->exit_code == 0 && r->opts->writes && !r->opts->n_reset;
}

static void write_metrics(struct run *r, struct rc_summary *s)
{
	struct rc_run_marks marks = {.attempt_exit = -1};
	struct rc_metrics m = {.last_attempt_at = r->started_ns};
	struct rc_err err;

	if (r->view)
		rc_view_marks(r->view, &marks);
	m.last_success_at = marks.success_ns;
	if (is_success(r, s))
		m.last_success_at = s->finished_at;
	m.duration_s = (double)(s->finished_at - s->started_at) / 1e9;
	if (r->cfg->report.metrics_file && rc_metrics_write(r->cfg->report.metrics_file, s, &m, &err) && !r->fault.code)
		r->fault = err;
}

/* told: the report has its end; else the next run gives it one, and this one was no success. */
static void store_run(struct run *r, const struct rc_summary *s, bool told)
{
	struct rc_run_marks marks = {.attempt_exit = -1};
	struct rc_buf json = {0};
	struct rc_run run = {.run_id = rc_slice_str(r->run_id),
			     .started_ns = r->started_ns,
			     .finished_ns = told ? s->finished_at : 0,
			     .exit_code = told ? s->exit_code : -1};

	if (!r->writer || r->scratch)
		return;
	rc_summary_json(&json, s);
	run.json = rc_buf_slice(&json);
	if (r->view)
		rc_view_marks(r->view, &marks);
	marks.attempt_run = rc_slice_str(r->run_id);
	marks.attempt_ns = r->started_ns;
	marks.attempt_exit = told ? s->exit_code : (int)whole_code(r);
	if (told && is_success(r, s)) {
		marks.success_run = marks.attempt_run;
		marks.success_ns = s->finished_at;
	}
	rc_writer_run(r->writer, &run);
	if (!r->opts->n_reset) /* no success of the job, and no attempt at it */
		rc_writer_marks(r->writer, &marks);
	rc_buf_done(&json);
}

/* What the report will call done is on disk before it says so. */
static void flush_state(struct run *r)
{
	struct rc_err err = {0};

	if (!r->writer || r->scratch)
		return;
	if (r->view && rc_view_end(r->view, &err) && !r->fault.code)
		r->fault = err;
	r->view = NULL;
	if ((rc_writer_flush_wait(r->writer, &err) || run_view(r, &err)) && !r->fault.code)
		r->fault = err;
}

enum rc_code run_finish(struct run *r, struct rc_run_result *ret, struct rc_err *err)
{
	struct rc_summary s = {.run_id = r->run_id,
			       .command = r->opts->command,
			       .started_at = r->started_ns,
			       .finished_at = rc_wall_ns(r->clock),
			       .version = ROLLCALL_VERSION,
			       .config_hash = r->cfg->hash,
			       .environment = r->cfg->environment,
			       .operator_ = run_operator(&r->mem),
			       .invocation = r->opts->invocation,
			       .n_invocation = r->opts->n_invocation,
			       .notes = r->notes,
			       .n_notes = r->n_notes,
			       .n_sources = r->scanned ? r->cfg->n_sources : 0,
			       .n_targets = r->cfg->n_targets,
			       .balanced = true};
	struct rc_summary_source *sources = rc_xcalloc(r->cfg->n_sources, sizeof(*sources));
	struct rc_summary_target *targets = rc_xcalloc(r->cfg->n_targets, sizeof(*targets));
	struct rc_ledger *ledgers = rc_xcalloc(r->cfg->n_sources, sizeof(*ledgers));
	struct rc_bucket *buckets = rc_xcalloc(r->cfg->n_sources * FINISH_BUCKETS, sizeof(*buckets));
	enum rc_code code;
	struct rc_err odd;

	for (size_t i = 0; i < s.n_sources; i++) {
		finish_fill_source(r, i, &sources[i]);
		finish_count_rows(r, i, &buckets[i * FINISH_BUCKETS]);
		ledgers[i] = (struct rc_ledger){sources[i].name, sources[i].rows, &buckets[i * FINISH_BUCKETS],
						FINISH_BUCKETS};
		if (r->code != RC_OK || r->scan.sources[i].frozen)
			continue; /* not read to its end: the last row is in no bucket yet */
		if (rc_balance_check(sources[i].name, sources[i].rows, ledgers[i].buckets, FINISH_BUCKETS, &odd)) {
			s.balanced = false;
			r->fault = r->fault.code ? r->fault : odd;
		}
	}
	run_pace_end(r);
	flush_state(r);
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		fill_target(r, i, &targets[i]);
	s.sources = sources;
	s.targets = targets;
	s.ledgers = ledgers;
	s.n_ledgers = s.n_sources;
	s.exit_code = (int)told_code(r);
	code = rc_report_finish(r->report, &s, rc_slice_str(r->cfg->effective), err);
	if (code && !r->fault.code)
		r->fault = *err;
	store_run(r, &s, code == RC_OK);
	write_metrics(r, &s);
	run_retain(r);
	ret->code = told_code(r);
	ret->changes = has_changes(r);
	rc_summary_text(&ret->text, &s,
			&(struct rc_summary_style){r->opts->colour, !r->opts->writes && !r->opts->list_only,
						   rc_report_dir(r->report)});
	ret->summary_valid = true;
	free(sources);
	free(targets);
	free(ledgers);
	free(buckets);
	return ret->code;
}
