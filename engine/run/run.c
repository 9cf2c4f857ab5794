#include "engine/run/adopt.h"
#include "engine/run/carry.h"
#include "engine/run/names_ahead.h"
#include "engine/run/plan_run.h"
#include "engine/run/undo.h"
#include "engine/run/pool.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <stdio.h>
#include <stdlib.h>

/* A saved plan speaks of some targets only. */
static bool in_plan(const struct run *r, const char *target)
{
	const struct rc_plan *p = r->opts->plan;

	for (size_t i = 0; p && i < p->n_targets; i++)
		if (rc_slice_eqs(p->targets[i].name, target))
			return true;
	return !p;
}

static enum rc_code select_targets(struct run *r, struct rc_err *err)
{
	r->targets = rc_xcalloc(r->cfg->n_targets, sizeof(*r->targets));
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		r->targets[i].cfg = &r->cfg->targets[i];
		r->targets[i].selected = r->opts->n_targets == 0 && in_plan(r, r->cfg->targets[i].name);
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

static bool whole_source(const struct run *r)
{
	return !r->opts->only && r->opts->n_exclude == 0;
}

static bool order_to_store(const struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].stopped || !r->targets[i].selected)
			return false;
	return whole_source(r);
}

static bool nothing_new(const struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_sources; i++)
		if (!r->scan.sources[i].order_same || r->scan.sources[i].raws_stale)
			return false;
	return r->scan.n == 0;
}

/* What this run saw of the sources becomes the last applied input. */
static void store_sources(struct run *r)
{
	bool baseline = order_to_store(r);

	if (!r->opts->writes || !r->scanned)
		return;
	if (r->opts->plan) {
		if (baseline)
			run_plan_sources(r);
		return;
	}
	if (whole_source(r))
		run_rejects_store(r, baseline);
	if (baseline)
		rc_sources_store(&r->scan, r->view, r->numbers, r->writer, !nothing_new(r), r->run_id, r->started_ns);
}

static enum rc_code run_body(struct run *r, struct rc_err *err)
{
	enum rc_code code = run_plan_fresh(r, err);

	if (!code)
		code = run_resume(r, err);
	if (!code && !r->opts->plan && !r->opts->undo_of)
		code = run_adopt_load(r, err);
	if (!code && r->opts->undo_of) { /* which reads no rows */
		run_only_begin(r);
		run_hint_only(r);
	}
	if (!code)
		code = run_waves(r, err);
	if (code)
		return code;
	store_sources(r);
	return r->opts->plan_out ? run_plan_save(r, err) : RC_OK;
}

/* A killed run is one that began and never ended. The record is on disk before the report's directory is there, so that
 * no directory is left without somebody to finish it. */
static enum rc_code tell_begun(struct run *r, struct rc_err *err)
{
	struct rc_run before;
	enum rc_code code;

	if (rc_view_run(r->view, rc_slice_str(r->run_id), &before) || rc_report_exists(r->cfg->reports, r->run_id))
		return rc_fail(err, RC_USAGE, "run id '%s' was used before; choose another", r->run_id);
	if (!r->writer || r->scratch)
		return RC_OK;
	run_began(r);
	code = rc_view_end(r->view, err);
	r->view = NULL;
	if (!code)
		code = rc_writer_flush_wait(r->writer, err);
	return code ? code : run_view(r, err);
}

static enum rc_code open_zones(struct run *r, struct rc_err *err)
{
	enum rc_code code = rc_calendar_zone(r->cfg, &r->zone, err);

	for (size_t i = 0; i < r->cfg->n_targets && !code; i++)
		if (r->targets[i].cfg->schema->in_use_timezone)
			code = rc_zone_open(r->targets[i].cfg->schema->in_use_timezone, &r->targets[i].month, err);
	return code;
}

/* A saved plan that is not carried out stays good: what it is bound to must not move on. */
static void list_nothing(struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		r->targets[i].list_needed = false;
		for (size_t s = 0; s < r->cfg->targets[i].n_servers; s++)
			r->targets[i].servers[s].list_needed = false;
	}
}

/* A pause, or a freeze window of the config: a sync, or the apply of a saved plan, plans, says so, and changes nothing.
 */
static void check_pause(struct run *r)
{
	const struct rc_date_range *frozen = rc_calendar_frozen(r->cfg, r->zone, r->started_ns);
	struct rc_pause p = {0};
	const char *why = NULL;
	char until[32];

	if (rc_view_pause(r->view, &p) && p.until_ns > r->started_ns) {
		rc_time_iso(p.until_ns, until);
		why = rc_arena_printf(&r->mem, "paused until %s%s%.*s", p.until_ns == INT64_MAX ? "resume" : until,
				      p.reason.n ? ": " : "", (int)p.reason.n, p.reason.p);
	} else if (frozen) {
		why = rc_arena_printf(&r->mem, "frozen by the config (%s)", frozen->text);
	}
	if (!why || r->opts->list_only || r->opts->n_reset) /* a reset is somebody's decision about a few people */
		return;
	r->notes[r->n_notes++] =
		rc_arena_printf(&r->mem, r->opts->writes ? "%s: this %s only plans" : "%s: a sync would only plan", why,
				r->opts->command);
	if (!r->opts->writes)
		return;
	if (r->opts->plan)
		list_nothing(r);
	rc_log(RC_LOG_WARN, "%s", r->notes[r->n_notes - 1]);
	r->own.writes = false;
	r->paused = true;
}

/* Of the targets this run is about; every missing one is told, the last by the caller. */
static enum rc_code check_secrets(struct run *r, struct rc_err *err)
{
	struct rc_config_errors faults = {0};
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].selected)
			rc_config_check_secrets(r->cfg, &r->cfg->targets[i], &faults);
	for (size_t i = 0; i < faults.n; i++) {
		if (i)
			rc_log(RC_LOG_ERROR, "%s", err->what);
		code = rc_fail(err, RC_CONFIG, "%s: %s", faults.v[i].pointer, faults.v[i].reason);
	}
	rc_config_errors_done(&faults);
	return code;
}

static enum rc_code begin(struct run *r, struct rc_err *err)
{
	struct rc_report_opts o = {.all_users = r->cfg->report.all_users,
				   .html = r->cfg->report.html,
				   .columns = r->cfg->report.columns.v,
				   .n_columns = r->cfg->report.columns.n};
	enum rc_code code = run_plan_fits(r, err);
	bool calls = r->opts->writes || r->opts->list_only || r->opts->refresh;

	if (!code)
		code = select_targets(r, err);
	if (!code)
		code = run_rebalance_check(r, err);
	if (!code)
		code = name_run(r, err);
	if (!code && calls)
		code = run_check_ca(r->cfg, err);
	if (!code && calls)
		code = check_secrets(r, err);
	if (!code)
		code = open_zones(r, err);
	if (!code && r->opts->writes)
		code = run_sealing_begin(r, err);
	if (!code)
		code = run_open_state(r, err);
	if (!code && r->opts->explain) {
		run_explain_begin(r);
		return RC_OK;
	}
	if (!code)
		code = run_undo_begin(r, err);
	if (!code)
		check_pause(r);
	if (!code)
		code = tell_begun(r, err);
	if (!code && (!r->writer || r->scratch)) /* the state will not tell of it */
		o.began = run_began_words(r);
	if (!code)
		o.sync = r->writer && !r->scratch; /* what only a plan says can be said again */
	if (!code)
		code = rc_report_open(r->cfg->reports, r->run_id, &o, &r->report, err);
	return code;
}

static void clean(struct run *r)
{
	rc_report_free(r->report);
	run_carry_done(r);
	run_names_done(r);
	run_sealing_end(r);
	run_close_state(r);
	if (r->scan.cfg)
		rc_sources_done(&r->scan);
	run_adopt_done(r);
	free(r->drifts);
	for (size_t i = 0; r->targets && i < r->cfg->n_targets; i++) {
		free(r->targets[i].servers);
		run_pool_free(r->targets[i].pool);
		rc_zone_free(r->targets[i].month);
	}
	free(r->targets);
	rc_zone_free(r->zone);
	free(r->ops);
	free(r->pending);
	rc_arena_done(&r->mem);
}

enum rc_code rc_run(const struct rc_config *cfg, const struct rc_run_opts *opts, struct rc_run_result *ret,
		    struct rc_err *err)
{
	struct run r = {.cfg = cfg, .own = *opts, .clock = opts->clock ? opts->clock : &rc_clock_system};
	enum rc_code code;
	bool began;

	r.opts = &r.own;
	*ret = (struct rc_run_result){0};
	r.started_ns = rc_wall_ns(r.clock);
	r.started_mono = rc_mono_ns(r.clock);
	run_selection(&r);
	code = begin(&r, err);
	if (!code)
		code = run_make_exec(&r, err);
	if (!code) {
		run_pace_begin(&r);
		run_progress_begin(&r);
		code = run_body(&r, err);
		run_progress_end(&r);
	}
	if (opts->explain) {
		if (r.report)
			run_explain_end(&r, code, err);
	} else if (r.report) {
		struct rc_err late;

		r.code = code;
		snprintf(ret->run_id, sizeof(ret->run_id), "%s", r.run_id);
		code = run_finish(&r, ret, &late);
		if (r.fault.code && r.code == RC_OK)
			*err = r.fault;
		else if (r.code == RC_OK)
			err->what[0] = 0;
	} else {
		run_metrics_early(&r, code);
	}
	began = r.report != NULL;
	clean(&r);
	if (r.fault.code && !err->what[0])
		*err = r.fault;
	if (r.fault.code)
		code = rc_graver(code, r.fault.code);
	ret->code = code;
	if (began && cfg->on_finish.n && !opts->explain && !opts->preview)
		rc_run_on_finish(cfg, ret->run_id, (int)ret->code);
	return code;
}
