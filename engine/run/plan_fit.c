/* Whether a saved plan may be carried out, and what the state keeps of it. */
#include "engine/run/plan_run.h"
#include "engine/run/carry.h"
#include <stdio.h>

enum rc_code run_plan_fits(const struct run *r, struct rc_err *err)
{
	const struct rc_plan *p = r->opts->plan;

	if (!p)
		return RC_OK;
	if (!rc_slice_eqs(p->version, ROLLCALL_VERSION))
		return rc_fail(err, RC_GUARD, "%s: the plan was made by rollcall %.*s, and this is %s: make a new plan",
			       r->opts->plan_path, (int)p->version.n, p->version.p ? p->version.p : "",
			       ROLLCALL_VERSION);
	if (!rc_slice_eqs(p->config_hash, r->cfg->hash))
		return rc_fail(err, RC_GUARD,
			       "%s: the plan was made with another config, or this one was changed since: make a new "
			       "plan",
			       r->opts->plan_path);
	return RC_OK;
}

static void note_name(const struct rc_plan *p, char ret[100])
{
	snprintf(ret, 100, "applied/%s", p->integrity);
}

static enum rc_code check_applied(struct run *r, struct rc_err *err)
{
	struct rc_run was = {0};
	struct rc_slice by;
	char name[100];

	note_name(r->opts->plan, name);
	if (!rc_view_note(r->view, rc_slice_str(name), &by))
		return RC_OK;
	if (rc_view_run(r->view, by, &was) && !was.finished_ns)
		return rc_fail(
			err, RC_GUARD,
			"%s: run %.*s began to apply this plan and was interrupted; the next sync asks the provider "
			"and goes on from there",
			r->opts->plan_path, (int)by.n, by.p);
	return rc_fail(err, RC_GUARD, "%s: the plan was applied already, by run %.*s", r->opts->plan_path, (int)by.n,
		       by.p);
}

static void snapshots(struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].selected)
			run_bind_target(r, i, r->targets[i].snapshot);
}

/* The error itself is the run's, told once; the targets say what stopped them. */
static void stop_stale(struct run *r, enum rc_code code, const struct rc_err *err)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct run_target *t = &r->targets[i];

		if (!t->selected)
			continue;
		t->known = rc_view_known_count(r->view, t->number, true);
		t->stopped = true;
		t->code = code;
		t->stopped_by = "stale_plan";
	}
	if (r->n_notes < sizeof(r->notes) / sizeof(*r->notes))
		r->notes[r->n_notes++] = rc_arena_strdup(&r->mem, err->what);
}

enum rc_code run_plan_fresh(struct run *r, struct rc_err *err)
{
	const struct rc_plan *p = r->opts->plan;
	enum rc_code code;

	if (p || r->opts->plan_out)
		snapshots(r);
	if (!p)
		return RC_OK;
	code = check_applied(r, err);
	for (size_t i = 0; i < p->n_targets && !code; i++)
		for (size_t t = 0; t < r->cfg->n_targets; t++)
			if (rc_slice_eqs(p->targets[i].name, r->cfg->targets[t].name) &&
			    memcmp(p->targets[i].snapshot, r->targets[t].snapshot, 16) != 0)
				code = rc_fail(
					err, RC_GUARD,
					"%s: the plan is stale: what is known of target %s has changed since it was "
					"made; make a new plan",
					r->opts->plan_path, r->cfg->targets[t].name);
	if (code)
		stop_stale(r, code, err);
	return code;
}

void run_plan_applied(struct run *r)
{
	char name[100];

	if (!r->opts->plan)
		return;
	note_name(r->opts->plan, name);
	rc_writer_note(r->writer, rc_slice_str(name), rc_slice_str(r->run_id));
}

/* Whether the sources are, byte for byte and meaning for meaning, what the plan was made from. */
static bool same_sources(const struct run *r)
{
	const struct rc_plan *p = r->opts->plan;

	if (p->n_sources != r->cfg->n_sources || memcmp(p->mapping, r->scan.seed, 16) != 0)
		return false;
	for (size_t i = 0; i < p->n_sources; i++)
		if (memcmp(p->sources[i].content, r->scan.sources[i].content, 16) != 0)
			return false;
	return true;
}

/* The source has moved on: its rows are for the next run to look at, one and all, beside what the plan saw. */
static void store_seen(struct run *r)
{
	const struct rc_plan *p = r->opts->plan;

	for (size_t i = 0; i < p->n_sources && i < r->cfg->n_sources; i++) {
		const struct rc_plan_source *s = &p->sources[i];
		struct rc_source_facts facts = {.rows = s->rows,
						.filtered = s->filtered,
						.rejected = s->rejected,
						.bytes = s->bytes,
						.stamp_ns = s->stamp,
						.mtime_ns = s->mtime,
						.applied_ns = r->started_ns,
						.run_id = rc_slice_str(r->run_id),
						.columns = s->columns,
						.n_columns = s->n_columns,
						.files = s->files,
						.n_files = s->n_files};

		memcpy(facts.content, s->content, 16);
		rc_writer_source(r->writer, (uint16_t)i, &facts);
		rc_writer_order_drop(r->writer, (uint16_t)i);
	}
}

void run_plan_sources(struct run *r)
{
	if (!r->opts->plan->whole || !r->scanned)
		return;
	if (!same_sources(r)) {
		store_seen(r);
		return;
	}
	run_rejects_store(r, true);
	rc_sources_store(&r->scan, r->view, r->numbers, r->writer, true, r->run_id, r->started_ns);
}
