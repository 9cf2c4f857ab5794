/* The reports of killed runs get their end from the next run. */
#include "engine/run/carry.h"
#include "engine/base/log.h"

static const char *target_name(const struct run *r, uint16_t number)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].number == number)
			return r->targets[i].cfg->name;
	return NULL;
}

static void close_row(struct run *r, struct rc_report *report, const struct rc_op_entry *e)
{
	const char *target = target_name(r, e->target);
	struct rc_err err;
	struct rc_outcome o = {.target = target,
			       .key = e->key,
			       .name = e->name,
			       .action = e->action < RC_ACTION_COUNT ? (enum rc_action)e->action : RC_ACT_NONE,
			       .status = RC_ST_UNKNOWN,
			       .remote_id = e->remote_id,
			       .planned_at = e->planned_ns,
			       .error_code = "rollcall.interrupted",
			       .error_message = "the run was killed; the next run asked the provider first",
			       .linked_name = e->linked_name};

	if (target && rc_report_row(report, &o, &err))
		rc_log(RC_LOG_WARN, "%s", err.what);
}

/* The rows of which nobody knows what came. */
static void close_rows(struct run *r, struct rc_report *report)
{
	struct rc_walk w = {0};
	struct rc_op_entry e;

	rc_journal_unfinished(r->view, &w);
	while (rc_walk_ops(&w, &e))
		if (rc_slice_eqs(e.run_id, rc_report_run_id(report)))
			close_row(r, report, &e);
	rc_walk_end(&w);
}

static struct rc_summary_target *no_books(struct run *r)
{
	struct rc_summary_target *targets = rc_arena_zalloc(&r->mem, r->cfg->n_targets * sizeof(*targets));

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		targets[i] = (struct rc_summary_target){.name = r->cfg->targets[i].name,
							.connector = r->cfg->targets[i].connector,
							.exit_code = -1,
							.wanted = -1,
							.known = -1,
							.actual = -1,
							.unmanaged = -1,
							.drift = -1,
							.seats = {-1, -1, 0},
							.cost = {-1, -1, -1, -1, -1}};
	return targets;
}

/* Gives the killed run's report its end; *began is what it said of itself when it began, and gets when that was. A
 * fault here is told and stops nothing: that report is history. */
static void close_report(struct run *r, const char *id, struct rc_slice json, int64_t *began_ns)
{
	struct rc_report_opts o = {.all_users = r->cfg->report.all_users,
				   .html = r->cfg->report.html,
				   .sync = true,
				   .columns = r->cfg->report.columns.v,
				   .n_columns = r->cfg->report.columns.n};
	struct rc_report *report = NULL;
	struct rc_slice config = rc_slice_str(r->cfg->effective);
	struct rc_err err;
	struct rc_summary s = {.run_id = id,
			       .command = r->opts->command,
			       .started_at = *began_ns,
			       .exit_code = -1,
			       .version = ROLLCALL_VERSION,
			       .config_hash = r->cfg->hash,
			       .environment = r->cfg->environment,
			       .interrupted = true,
			       .resumed_by = r->run_id,
			       .targets = no_books(r),
			       .n_targets = r->cfg->n_targets,
			       .balanced = true};

	if (rc_report_resume(r->cfg->reports, id, &o, &report, &err)) {
		rc_log(RC_LOG_WARN, "the report of the interrupted run %s cannot be finished: %s", id, err.what);
		return;
	}
	run_began_read(json.n ? json : rc_report_began(report, &r->mem), &r->mem, &s);
	*began_ns = s.started_at;
	if (strcmp(s.config_hash, r->cfg->hash) != 0)
		config = (struct rc_slice){0}; /* it ran with another one, which nobody has any more */
	close_rows(r, report);
	if (rc_report_finish(report, &s, config, &err))
		rc_log(RC_LOG_WARN, "%s", err.what);
	rc_report_free(report);
}

/* This run holds the lock, so whatever the state says began before it and has no end was killed. */
static void close_known(struct run *r)
{
	struct rc_walk w = {0};
	struct rc_run was;

	rc_walk_runs_begin(r->view, &w);
	while (rc_walk_runs(&w, &was)) {
		if (was.finished_ns || rc_slice_eqs(was.run_id, r->run_id))
			continue;
		if (!was.started_ns)
			was.started_ns = r->started_ns;
		close_report(r, rc_arena_copy(&r->mem, was.run_id).p, was.json, &was.started_ns);
		was.finished_ns = r->started_ns;
		was.exit_code = -1;
		rc_writer_run(r->writer, &was);
	}
	rc_walk_end(&w);
}

/* A plan leaves nothing in the state: its report alone says that it was killed, and that nobody holds it any more. */
static void close_abandoned(struct run *r)
{
	struct rc_run_entry *v = NULL;
	size_t n = 0;
	struct rc_err err;

	if (rc_run_abandoned(r->cfg->reports, &r->mem, &v, &n, &err))
		rc_log(RC_LOG_WARN, "%s", err.what);
	for (size_t i = 0; i < n; i++) {
		struct rc_run was;

		if (!rc_view_run(r->view, rc_slice_str(v[i].run_id), &was))
			close_report(r, v[i].run_id, (struct rc_slice){0}, &v[i].started_at);
	}
}

void run_killed_reports(struct run *r)
{
	if (r->writer && !r->scratch)
		close_known(r);
	close_abandoned(r);
}
