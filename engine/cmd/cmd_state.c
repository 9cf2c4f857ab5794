/* state export, state import: the state as one file. */
#include "engine/cmd/opened.h"
#include "engine/store/backup.h"

static int export(struct rc_cli *c)
{
	struct rc_store_options so = {.mode = RC_STORE_READ};
	struct rc_config *cfg = NULL;
	struct rc_store *store = NULL;
	struct rc_err err;
	enum rc_code code = rc_cli_config(c, &cfg);

	if (code)
		return (int)code;
	so.dir = cfg->state;
	code = rc_store_open(&so, &store, &err);
	if (!code)
		code = rc_store_export(store, c->argument, &err);
	rc_store_close(store);
	rc_config_free(cfg);
	return code ? rc_cli_fail(&err) : 0;
}

static int import(struct rc_cli *c)
{
	struct rc_store_options so = {.mode = RC_STORE_WRITE};
	struct rc_config *cfg = NULL;
	struct rc_store *store = NULL;
	struct rc_lock *lock = NULL;
	struct rc_err err;
	enum rc_code code = rc_cli_config(c, &cfg);

	if (code)
		return (int)code;
	so.dir = cfg->state;
	code = rc_lock_take(so.dir, "state import", &rc_clock_system, c->run.wait_lock_ns / RC_MS, &lock, NULL, &err);
	so.lock = lock;
	if (!code)
		code = rc_store_open(&so, &store, &err);
	if (!code)
		code = rc_store_import(store, c->argument, &err);
	rc_store_close(store);
	rc_lock_release(lock);
	rc_config_free(cfg);
	return code ? rc_cli_fail(&err) : 0;
}

int rc_cmd_state(struct rc_cli *c)
{
	return c->verb[0] == 'e' ? export(c) : import(c);
}
