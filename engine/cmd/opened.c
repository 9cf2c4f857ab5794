#include "engine/cmd/opened.h"

static enum rc_code bind_names(struct rc_opened *o, struct rc_err *err)
{
	o->numbers = rc_arena_zalloc(&o->mem, o->cfg->n_targets * sizeof(*o->numbers));
	for (size_t i = 0; i < o->cfg->n_targets; i++) {
		struct rc_target_bound bound;
		enum rc_code code = rc_store_bind(o->store, rc_slice_str(o->cfg->targets[i].name),
						  o->cfg->targets[i].schema, NULL, 0, &o->mem, &bound, err);

		if (code)
			return code;
		o->numbers[i] = bound.number;
	}
	return RC_OK;
}

int rc_open_read(const struct rc_cli *c, struct rc_opened *ret)
{
	struct rc_store_options so = {.mode = RC_STORE_READ};
	struct rc_err err;
	enum rc_code code;

	*ret = (struct rc_opened){0};
	code = rc_cli_config(c, &ret->cfg);
	if (code)
		return (int)code;
	so.dir = ret->cfg->state;
	code = rc_store_open(&so, &ret->store, &err);
	if (!code)
		code = bind_names(ret, &err);
	if (!code)
		code = rc_view_begin(ret->store, &ret->view, &err);
	return code ? rc_cli_fail(&err) : 0;
}

int rc_open_write(const struct rc_cli *c, struct rc_opened *ret)
{
	struct rc_store_options so = {.mode = RC_STORE_WRITE};
	struct rc_err err;
	enum rc_code code;

	*ret = (struct rc_opened){0};
	code = rc_cli_config(c, &ret->cfg);
	if (code)
		return (int)code;
	so.dir = ret->cfg->state;
	code = rc_lock_take(so.dir, c->name, &rc_clock_system, c->run.wait_lock_ns / RC_MS, &ret->lock, NULL, &err);
	so.lock = ret->lock;
	if (!code)
		code = rc_store_open(&so, &ret->store, &err);
	if (!code)
		code = rc_writer_start(ret->store, NULL, &ret->writer, &err);
	if (!code)
		code = rc_view_begin(ret->store, &ret->view, &err);
	return code ? rc_cli_fail(&err) : 0;
}

int rc_opened_flush(struct rc_opened *o)
{
	struct rc_err err;
	enum rc_code code = rc_view_end(o->view, &err);

	o->view = NULL;
	if (!code)
		code = rc_writer_flush_wait(o->writer, &err);
	return code ? rc_cli_fail(&err) : 0;
}

int rc_opened_done(struct rc_opened *o, int out)
{
	struct rc_err err;
	enum rc_code code = rc_view_end(o->view, &err), end;
	bool done;

	if (code)
		rc_cli_fail(&err);
	end = rc_writer_stop(o->writer, &err);
	if (!end && o->rewrite)
		end = rc_store_compact(o->store, true, &done, &err);
	if (end)
		rc_cli_fail(&err);
	rc_store_close(o->store);
	rc_lock_release(o->lock);
	rc_arena_done(&o->mem);
	rc_config_free(o->cfg);
	code = rc_graver(code, end);
	return out && !code ? out : out ? (int)rc_graver((enum rc_code)out, code) : (int)code;
}
