#include "engine/run/carry.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <stdio.h>
#include <stdlib.h>

static enum rc_code select_targets(struct run *r, struct rc_err *err)
{
	r->targets = rc_xcalloc(r->cfg->n_targets, sizeof(*r->targets));
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		r->targets[i].cfg = &r->cfg->targets[i];
		r->targets[i].selected = r->opts->n_targets == 0;
		r->targets[i].servers = rc_xcalloc(r->cfg->targets[i].n_servers, sizeof(*r->targets[i].servers));
	}
	for (size_t n = 0; n < r->opts->n_targets; n++) {
		const struct rc_target *t = rc_config_target(r->cfg, r->opts->targets[n]);

		if (!t)
			return rc_fail(err, RC_USAGE, "--target %s: the config has no such target",
				       r->opts->targets[n]);
		r->targets[t - r->cfg->targets].selected = true;
	}
	return RC_OK;
}

static enum rc_code name_run(struct run *r, struct rc_err *err)
{
	if (r->opts->run_id && !rc_run_id_valid(r->opts->run_id))
		return rc_fail(err, RC_USAGE, "--run-id %s: 1 to 64 of letters, digits, '.', '_', '-', no leading dot",
			       r->opts->run_id);
	if (r->opts->run_id)
		snprintf(r->run_id, sizeof(r->run_id), "%s", r->opts->run_id);
	else
		rc_run_id_new(r->clock, r->run_id);
	rc_log_run_id(r->run_id);
	return RC_OK;
}

/* A target whose list could not be proven complete: nothing is deleted, adopted or made on its word. */
static void judge_listing(struct run *r, size_t i)
{
	struct run_target *t = &r->targets[i];
	struct rc_exec_target_result res;

	if (!t->list_needed || !t->selected)
		return;
	t->listed = true;
	for (size_t s = 0; s < t->cfg->n_servers; s++) {
		t->listed &= t->servers[s].list_complete;
		t->actual += (uint64_t)(t->servers[s].rows > 0 ? t->servers[s].rows : 0);
	}
	if (t->listed)
		return;
	rc_exec_target_result(r->exec, i, &res);
	if (res.code)
		run_stop_target(r, i, res.code, res.stopped_by ? res.stopped_by : "listing", "%s",
				res.why[0] ? res.why : "the list of accounts could not be read");
	else
		run_stop_target(r, i, RC_UNAVAILABLE, "listing",
				"target %s: the list of accounts is not proven complete (%s), so nothing is changed "
				"there; run again later",
				t->cfg->name, t->servers[0].problem[0] ? t->servers[0].problem : "not read");
}

static enum rc_code read_lists(struct run *r, struct rc_err *err)
{
	bool any = false;
	enum rc_code code;

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].list_needed && r->targets[i].selected) {
			rc_exec_list(r->exec, i);
			any = true;
		}
	if (!any)
		return RC_OK;
	code = run_loop(r, err);
	if (code)
		return code;
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		judge_listing(r, i);
	rc_view_end(r->view, err);
	r->view = NULL;
	code = rc_writer_flush_wait(r->writer, err);
	return code ? code : run_view(r, err);
}

/* Everybody whose row and record are both untouched: counted, not named. */
static void count_unchanged(struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct run_target *t = &r->targets[i];
		uint64_t touched = 0;

		if (!t->selected || t->stopped)
			continue;
		for (size_t p = 0; p < r->n_ops; p++) {
			const struct rc_known *k = ((struct op_info *)r->ops[p]->owner)->known;

			touched += r->ops[p]->target == i && k && k->key.n && r->ops[p]->class_ != RC_CLASS_RETIRE;
		}
		for (size_t p = 0; p < r->n_pending; p++)
			touched += strcmp(r->pending[p].o.target, t->cfg->name) == 0 && r->pending[p].known.key.n &&
				   r->pending[p].known.flags & RC_KNOWN_MANAGED &&
				   r->pending[p].o.action != RC_ACT_ADOPT;
		if (t->known > touched) {
			rc_report_count(r->report, t->cfg->name, RC_ACT_NONE, RC_ST_DONE, t->known - touched);
			t->wanted += t->known - touched;
		}
	}
}

static void plan_only(struct run *r)
{
	for (size_t i = 0; i < r->n_ops; i++)
		run_outcome_op(r, r->ops[i],
			       r->ops[i]->state == RC_STEP_FAILED ? RC_ST_FAILED
			       : r->ops[i]->state == RC_STEP_DEFERRED || r->targets[r->ops[i]->target].stopped
				       ? RC_ST_DEFERRED
				       : RC_ST_PLANNED);
	run_outcome_pending(r, true);
}

static int by_priority(const void *a, const void *b)
{
	const struct rc_op *x = *(struct rc_op *const *)a, *y = *(struct rc_op *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return rc_slice_cmp(x->key, y->key);
}

static enum rc_code carry_out(struct run *r, struct rc_err *err)
{
	bool any = false;
	enum rc_code code;

	run_settle_people(r);
	run_outcome_pending(r, false);
	if (r->n_ops)
		qsort(r->ops, r->n_ops, sizeof(struct rc_op *), by_priority);
	for (size_t i = 0; i < r->n_ops; i++) {
		struct rc_op *op = r->ops[i];

		if ((op->state == RC_STEP_QUEUED || op->state == RC_STEP_VERIFY) && r->targets[op->target].stopped) {
			op->state = RC_STEP_DEFERRED;
			op->error_code = "rollcall.stopped";
			op->error_message = r->targets[op->target].why;
		}
		if (op->state != RC_STEP_QUEUED && op->state != RC_STEP_VERIFY) {
			op->done_at = r->started_ns;
			run_outcome_op(r, op, op->state == RC_STEP_FAILED ? RC_ST_FAILED : RC_ST_DEFERRED);
			continue;
		}
		any = true;
	}
	if (!any)
		return RC_OK;
	run_journal(r);
	rc_view_end(r->view, err);
	r->view = NULL;
	code = rc_writer_flush_wait(r->writer, err);
	if (code)
		return code;
	for (size_t i = 0; i < r->n_ops; i++)
		if (r->ops[i]->state == RC_STEP_QUEUED || r->ops[i]->state == RC_STEP_VERIFY)
			rc_exec_add(r->exec, r->ops[i]);
	code = run_loop(r, err);
	run_sealing_flush(r);
	return code ? code : run_view(r, err);
}

static bool order_to_store(const struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].stopped || !r->targets[i].selected)
			return false;
	return r->opts->n_only == 0 && r->opts->n_exclude == 0;
}

static bool nothing_new(const struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_sources; i++)
		if (!r->scan.sources[i].order_same || r->scan.sources[i].raws_stale)
			return false;
	return r->scan.n == 0;
}

static enum rc_code run_body(struct run *r, struct rc_err *err)
{
	uint16_t *numbers = rc_arena_zalloc(&r->mem, r->cfg->n_targets * sizeof(*numbers));
	enum rc_code code = run_resume(r, err);

	if (!code)
		code = read_lists(r, err);

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		numbers[i] = r->targets[i].number;
	if (!code && !r->opts->list_only)
		code = rc_sources_begin(&r->scan, r->cfg, r->store, r->opts->writes, err);
	if (!code && !r->opts->list_only) {
		r->scanned = true;
		r->scan.accept_source = r->opts->accept_source;
		code = rc_sources_run(&r->scan, r->view, numbers, err);
		run_report_refused(r);
	}
	if (code || r->opts->list_only) {
		if (!code)
			run_report_unmanaged(r);
		return code;
	}
	code = run_decide(r, err);
	if (code)
		return code;
	run_settle_names(r);
	run_guards(r);
	run_report_unmanaged(r);
	count_unchanged(r);
	if (!r->opts->writes) {
		plan_only(r);
		return RC_OK;
	}
	code = carry_out(r, err);
	if (!code && order_to_store(r) && !nothing_new(r))
		rc_sources_store(&r->scan, r->view, numbers, r->writer, r->run_id, r->started_ns);
	return code;
}

static enum rc_code begin(struct run *r, struct rc_err *err)
{
	struct rc_report_opts o = {.all_users = r->cfg->report.all_users, .html = r->cfg->report.html};
	struct rc_config_errors faults = {0};
	enum rc_code code = select_targets(r, err);
	bool calls = r->opts->writes || r->opts->list_only;

	if (!code)
		code = name_run(r, err);
	if (!code && calls && rc_config_check_secrets(r->cfg, NULL, &faults)) {
		code = rc_fail(err, RC_CONFIG, "%s: %s", faults.v[0].pointer, faults.v[0].reason);
	}
	rc_config_errors_done(&faults);
	if (!code && r->opts->writes)
		code = run_sealing_begin(r, err);
	if (!code)
		code = run_open_state(r, err);
	if (!code)
		code = rc_report_open(r->cfg->reports, r->run_id, &o, &r->report, err);
	if (!code && r->writer && !r->scratch) { /* a killed run is one that began and never ended */
		struct rc_run began = {.run_id = rc_slice_str(r->run_id), .started_ns = r->started_ns, .exit_code = -1};

		rc_writer_run(r->writer, &began);
		rc_writer_flush(r->writer);
	}
	return code;
}

static void clean(struct run *r)
{
	rc_report_free(r->report);
	run_carry_done(r);
	run_sealing_end(r);
	run_close_state(r);
	if (r->scan.cfg)
		rc_sources_done(&r->scan);
	for (size_t i = 0; r->targets && i < r->cfg->n_targets; i++)
		free(r->targets[i].servers);
	free(r->targets);
	free(r->ops);
	free(r->pending);
	rc_arena_done(&r->mem);
	rc_log_run_id(NULL);
}

enum rc_code rc_run(const struct rc_config *cfg, const struct rc_run_opts *opts, struct rc_run_result *ret,
		    struct rc_err *err)
{
	struct run r = {.cfg = cfg, .opts = opts, .clock = opts->clock ? opts->clock : &rc_clock_system};
	enum rc_code code;

	*ret = (struct rc_run_result){0};
	r.started_ns = rc_wall_ns(r.clock);
	r.started_mono = rc_mono_ns(r.clock);
	code = begin(&r, err);
	if (!code)
		code = run_make_exec(&r, err);
	if (!code) {
		run_progress_begin(&r);
		code = run_body(&r, err);
		run_progress_end(&r);
	}
	if (r.report) {
		struct rc_err late;

		r.code = code;
		snprintf(ret->run_id, sizeof(ret->run_id), "%s", r.run_id);
		code = run_finish(&r, ret, &late);
		if (r.fault.code && r.code == RC_OK)
			*err = r.fault;
		else if (r.code == RC_OK)
			err->what[0] = 0;
	}
	clean(&r);
	if (r.fault.code)
		code = rc_graver(code, r.fault.code);
	ret->code = code;
	return code;
}
