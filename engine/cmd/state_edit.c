#include "engine/cmd/state_edit.h"
#include "engine/run/bind.h"
#include "engine/run/calendar.h"

/* Ids that differ are for the next run to judge: what is written here is about a person, not a place. */
static enum rc_code bind(struct state_edit *e, size_t target, struct rc_err *err)
{
	const struct rc_target *t = &e->cfg->targets[target];
	struct rc_target_bound bound = {0};
	size_t n;
	struct rc_pair *ids = rc_target_ids(t, &e->mem, &n);
	enum rc_code code = rc_store_bind(e->store, rc_slice_str(t->name), t->schema, ids, n, &e->mem, &bound, err);

	e->numbers[target] = bound.number;
	return code;
}

static enum rc_code open_all(const struct rc_cli *c, struct state_edit *e, struct rc_err *err)
{
	struct rc_store_options o = {.dir = e->cfg->state, .mode = RC_STORE_WRITE};
	enum rc_code code = rc_calendar_zone(e->cfg, &e->zone, err);

	if (!code)
		code = rc_lock_take(e->cfg->state, c->name, &rc_clock_system, 0, &e->lock, NULL, err);
	o.lock = e->lock;
	if (!code)
		code = rc_store_open(&o, &e->store, err);
	for (size_t i = 0; i < e->cfg->n_targets && !code; i++)
		code = bind(e, i, err);
	if (!code)
		code = rc_writer_start(e->store, NULL, &e->writer, err);
	return code ? code : rc_view_begin(e->store, &e->view, err);
}

/* Everything queued is on disk on RC_OK. */
static enum rc_code end(struct state_edit *e, struct rc_err *err)
{
	enum rc_code code = rc_view_end(e->view, err), wrote;
	struct rc_err late;

	wrote = rc_writer_stop(e->writer, &late);
	if (wrote && !code) {
		*err = late;
		code = wrote;
	}
	rc_store_close(e->store);
	rc_lock_release(e->lock);
	rc_zone_free(e->zone);
	rc_arena_done(&e->mem);
	return code;
}

int state_edit_run(const struct rc_cli *c, state_edit_fn *fn)
{
	struct state_edit e = {.now_ns = rc_wall_ns(&rc_clock_system)};
	struct rc_config *cfg = NULL;
	struct rc_buf out = {0};
	struct rc_err err, late;
	enum rc_code code = rc_cli_config(c, &cfg), ended;
	int ret;

	if (code)
		return (int)code;
	e.cfg = cfg;
	e.numbers = rc_arena_zalloc(&e.mem, cfg->n_targets * sizeof(*e.numbers));
	code = open_all(c, &e, &err);
	if (!code)
		code = fn(c, &e, &out, &err);
	ended = end(&e, &late);
	if (!code && ended) {
		code = ended;
		err = late;
	}
	ret = code ? rc_cli_fail(&err) : c->run.quiet ? 0 : rc_cli_print(rc_buf_slice(&out));
	rc_buf_done(&out);
	rc_config_free(cfg);
	return ret;
}
