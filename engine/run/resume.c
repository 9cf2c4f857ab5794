/* What a killed run left: its operations may or may not have reached the provider, so each is a question to the list.
 */
#include "engine/run/carry.h"
#include "engine/base/log.h"
#include <stdio.h>

static const struct rc_account_schema *schema_of(const struct run *r, uint16_t number)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].number == number)
			return r->targets[i].cfg->schema;
	return NULL;
}

/* The record says "sent, not seen": the list that follows settles it (lists.c), or the executor's look does. */
static void ask_again(struct run *r, const struct rc_op_entry *e)
{
	const struct rc_account_schema *schema = schema_of(r, e->target);
	struct rc_known k = {0};
	bool has = rc_view_known(r->view, e->target, e->key, &k);

	if (e->action == RC_ACT_DELETE && e->linked_name.n)
		return; /* the retiring half of a rename: that of its create says what is to be asked */
	if (e->action == RC_ACT_CREATE) {
		if (has && k.flags & RC_KNOWN_MANAGED &&
		    (!rc_slice_eq(k.name, e->name) || !rc_slice_eq(k.server, e->server))) {
			struct rc_known old = k;

			old.linked_name = e->name;
			rc_writer_put_retiring(r->writer, e->target, &old);
			k = (struct rc_known){.first_seen_ns = k.first_seen_ns};
		}
		k.key = e->key;
		k.name = e->name;
		k.server = e->server;
		k.account = e->after;
		if (!k.created_at_ns) {
			k.first_seen_ns = k.first_seen_ns ? k.first_seen_ns : e->planned_ns;
			k.created_at_ns = k.changed_at_ns = e->at_ns;
			k.created_run = k.changed_run = e->run_id;
		}
	} else if (!has) {
		return;
	}
	if (e->action == RC_ACT_UPDATE && schema && schema->secret_field >= 0 &&
	    e->changed & 1u << schema->secret_field)
		k.flags |= RC_KNOWN_LOCKED; /* a password was on its way: nobody knows which one it has */
	k.flags |= RC_KNOWN_MANAGED;
	k.status = RC_KNOWN_UNKNOWN;
	k.sent_at_ns = r->started_ns; /* at the latest: nobody has sent anything since the killed run held the lock */
	memset(k.fingerprint, 0, 16);
	rc_writer_put_known(r->writer, e->target, &k);
}

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

/* Gives the killed run's report its end. A fault here is told and stops nothing: that report is history. */
static void close_report(struct run *r, struct rc_slice run_id)
{
	struct rc_report_opts o = {.all_users = r->cfg->report.all_users, .html = r->cfg->report.html, .sync = true};
	struct rc_summary_target *targets = rc_arena_zalloc(&r->mem, r->cfg->n_targets * sizeof(*targets));
	const char *id = rc_arena_copy(&r->mem, run_id).p;
	struct rc_report *report = NULL;
	struct rc_walk w = {0};
	struct rc_op_entry e;
	struct rc_err err;
	struct rc_run was = {.exit_code = -1};
	struct rc_summary s = {.run_id = id,
			       .command = "sync",
			       .exit_code = -1,
			       .version = ROLLCALL_VERSION,
			       .config_hash = r->cfg->hash,
			       .environment = r->cfg->environment,
			       .interrupted = true,
			       .resumed_by = r->run_id,
			       .targets = targets,
			       .n_targets = r->cfg->n_targets,
			       .balanced = true};

	if (rc_report_resume(r->cfg->reports, id, &o, &report, &err)) {
		rc_log(RC_LOG_WARN, "the report of the interrupted run %s cannot be finished: %s", id, err.what);
		return;
	}
	rc_journal_unfinished(r->view, &w);
	while (rc_walk_ops(&w, &e))
		if (rc_slice_eqs(e.run_id, id))
			close_row(r, report, &e);
	rc_walk_end(&w);
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
	s.started_at = r->started_ns;
	if (rc_view_run(r->view, rc_slice_str(id), &was)) {
		s.started_at = was.started_ns;
		run_began_read(was.json, &r->mem, &s);
	}
	if (rc_report_finish(report, &s, rc_slice_str(r->cfg->effective), &err))
		rc_log(RC_LOG_WARN, "%s", err.what);
	rc_report_free(report);
	was.run_id = rc_slice_str(id);
	was.started_ns = s.started_at;
	was.finished_ns = r->started_ns;
	was.exit_code = -1;
	rc_writer_run(r->writer, &was);
}

/* This run holds the lock, so whatever began before it and has no end was killed. */
static void close_killed(struct run *r)
{
	struct rc_walk w = {0};
	struct rc_run was;

	rc_walk_runs_begin(r->view, &w);
	while (rc_walk_runs(&w, &was))
		if (!was.finished_ns && !rc_slice_eqs(was.run_id, r->run_id))
			close_report(r, was.run_id);
	rc_walk_end(&w);
}

enum rc_code run_resume(struct run *r, struct rc_err *err)
{
	struct rc_walk w = {0};
	struct rc_op_entry e;
	uint64_t n = 0;
	enum rc_code code;

	if (!r->writer)
		return RC_OK;
	if (!r->scratch)
		close_killed(r);
	if (rc_view_op_count(r->view) == 0)
		return RC_OK;
	rc_journal_unfinished(r->view, &w);
	while (rc_walk_ops(&w, &e)) {
		ask_again(r, &e);
		rc_writer_op_end(r->writer, e.id);
		n++;
	}
	rc_walk_end(&w);
	r->notes[r->n_notes++] = rc_arena_printf(
		&r->mem, "an interrupted run left %llu operations; the provider is asked first", (unsigned long long)n);
	rc_view_end(r->view, err);
	r->view = NULL;
	code = rc_writer_flush_wait(r->writer, err);
	return code ? code : run_view(r, err);
}
