/* Lock, store and the view of a run; a plan that must list first works on a copy that goes away. */
#include "engine/run/run_int.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/store/scratch.h"

static enum rc_code open_store(struct run *r, const char *dir, bool write, struct rc_err *err)
{
	struct rc_store_options o = {.dir = dir,
				     .mode = write ? RC_STORE_WRITE : RC_STORE_READ,
				     .lock = r->lock,
				     .clock = r->clock,
				     .scratch = r->scratch};
	enum rc_code code = rc_store_open(&o, &r->store, err);

	if (!code && write)
		code = rc_writer_start(r->store, r->opts->writer, &r->writer, err);
	return code ? code : run_bind_targets(r, err);
}

/* An empty or aged list must be read anew. */
static void mark_listings(struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct run_target *t = &r->targets[i];

		for (size_t s = 0; s < t->cfg->n_servers; s++) {
			struct rc_listing l = {0};
			struct rc_slice label =
				t->cfg->pool ? rc_slice_str(t->cfg->servers[s].label) : (struct rc_slice){0};
			bool have = rc_view_listing(r->view, t->number, label, &l) && l.complete;

			t->servers[s].list_needed =
				t->selected && (r->opts->refresh || r->opts->list_only || !have ||
						r->started_ns - l.finished_ns > t->cfg->list_max_age_ns);
			t->list_needed |= t->servers[s].list_needed;
		}
	}
}

static void mark_unsettled(struct run *r)
{
	struct rc_walk w = {0};
	struct rc_op_entry e;

	rc_journal_unfinished(r->view, &w);
	while (rc_walk_ops(&w, &e))
		for (size_t i = 0; i < r->cfg->n_targets; i++)
			if (r->targets[i].number == e.target && r->targets[i].selected)
				r->targets[i].list_needed = true;
	rc_walk_end(&w);
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct rc_known k;

		rc_walk_open_begin(r->view, r->targets[i].number, &w);
		while (!r->targets[i].list_needed && rc_walk_open(&w, &k, NULL))
			r->targets[i].list_needed = r->targets[i].selected && k.status == RC_KNOWN_UNKNOWN;
		rc_walk_end(&w);
	}
}

enum rc_code run_view(struct run *r, struct rc_err *err)
{
	if (r->view) {
		enum rc_code code = rc_view_end(r->view, err);

		r->view = NULL;
		if (code)
			return code;
	}
	return rc_view_begin(r->store, &r->view, err);
}

enum rc_code run_open_state(struct run *r, struct rc_err *err)
{
	bool write = r->opts->writes || r->opts->list_only;
	bool list = false;
	enum rc_code code = RC_OK;

	if (write)
		code = rc_lock_take(r->cfg->state, r->run_id, r->clock, r->opts->wait_lock_ns / RC_MS, &r->lock, NULL,
				    err);
	if (!code)
		code = open_store(r, r->cfg->state, write, err);
	if (!code)
		code = run_view(r, err);
	if (code)
		return code;
	if (!r->opts->explain || r->opts->refresh) {
		mark_listings(r);
		mark_unsettled(r);
	}
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		list |= r->targets[i].list_needed;
	if (write || !list)
		return RC_OK;
	rc_view_end(r->view, err);
	r->view = NULL;
	rc_store_close(r->store);
	r->store = NULL;
	r->scratch = true;
	/* A plan may list and adopt there as sync would, and leaves no trace. */
	code = rc_store_clone(r->cfg->state, r->scratch_dir, err);
	if (!code)
		code = rc_lock_take(r->scratch_dir, r->run_id, r->clock, 0, &r->lock, NULL, err);
	if (!code)
		code = open_store(r, r->scratch_dir, true, err);
	if (!code)
		rc_scratch_drop(r->scratch_dir);
	return code ? code : run_view(r, err);
}

void run_close_state(struct run *r)
{
	struct rc_err err;
	bool compacted;

	rc_view_end(r->view, &err);
	r->view = NULL;
	if (r->writer && rc_writer_stop(r->writer, &err) && !r->fault.code)
		r->fault = err;
	else if (r->writer && !r->scratch && !r->fault.code && rc_store_compact(r->store, false, &compacted, &err))
		rc_log(RC_LOG_WARN, "%s", err.what); /* the state is as it was: only larger than it need be */
	r->writer = NULL;
	rc_store_close(r->store);
	rc_lock_release(r->lock);
	rc_scratch_drop(r->scratch_dir); /* it could not be opened */
}
