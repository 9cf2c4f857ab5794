/* hold and release: an operator takes a person out of rollcall's hands, for a while or for good. */
#include "engine/cmd/state_edit.h"
#include "engine/run/overrides.h"

enum { MAX_KEY = 511 };

static struct rc_slice printable(struct rc_arena *mem, const char *text)
{
	size_t cap = 4 * strlen(text) + 1;
	char *s = rc_arena_zalloc(mem, cap);

	memcpy(s, text, strlen(text) + 1);
	rc_printable(s, cap);
	return rc_slice_str(s);
}

static enum rc_code hold(const struct rc_cli *c, struct state_edit *e, struct rc_buf *out, struct rc_err *err)
{
	struct rc_slice key = rc_slice_str(c->argument);

	(void)err;
	for (size_t i = 0; i < e->cfg->n_targets; i++) {
		struct rc_known k = {.status = RC_KNOWN_SKIPPED};

		rc_view_known(e->view, e->numbers[i], key, &k); /* somebody without a record is held beforehand */
		k.key = key;
		k.flags |= RC_KNOWN_HELD;
		k.reason = printable(&e->mem, c->reason);
		memset(k.fingerprint, 0, sizeof(k.fingerprint));
		rc_writer_put_known(e->writer, e->numbers[i], &k);
	}
	rc_buf_addf(out, "%.*s is held: no run touches their accounts until release\n", (int)key.n, key.p);
	return RC_OK;
}

/* Ends holds and what undo left behind; whether there was one. */
static bool end_hold(struct state_edit *e, struct rc_slice key)
{
	bool any = false;

	for (size_t i = 0; i < e->cfg->n_targets; i++) {
		struct rc_known k;

		if (!rc_view_known(e->view, e->numbers[i], key, &k) || !(k.flags & (RC_KNOWN_HELD | RC_KNOWN_UNDONE)))
			continue;
		any = true;
		if (!(k.flags & RC_KNOWN_MANAGED)) {
			rc_writer_del_known(e->writer, e->numbers[i], key, 0);
			continue;
		}
		k.flags &= ~(uint32_t)(RC_KNOWN_HELD | RC_KNOWN_UNDONE);
		k.reason = (struct rc_slice){0};
		memset(k.fingerprint, 0, sizeof(k.fingerprint)); /* the next run looks at the row */
		rc_writer_put_known(e->writer, e->numbers[i], &k);
	}
	return any;
}

static void put_unmanaged(struct state_edit *e, uint16_t target, const struct rc_known *k)
{
	struct rc_unmanaged u = {.name = k->name,
				 .remote_id = k->remote_id,
				 .server = k->server,
				 .group = k->group,
				 .group_id = k->group_id,
				 .account = k->account,
				 .disabled = k->flags & RC_KNOWN_DISABLED,
				 .seen_ns = e->now_ns};

	rc_writer_put_unmanaged(e->writer, target, &u);
}

/* Ends management on one target and keeps the accounts, also the old one of a rename. */
static enum rc_code unmanage(struct state_edit *e, size_t i, struct rc_slice key, bool *ret_any, struct rc_err *err)
{
	struct rc_walk w = {0};
	struct rc_known k;

	if (rc_view_known(e->view, e->numbers[i], key, &k) && k.flags & RC_KNOWN_MANAGED) {
		if (k.status == RC_KNOWN_UNKNOWN)
			return rc_fail(
				err, RC_TEMPFAIL,
				"%.*s: an operation on target %s is not settled yet; run refresh first, then release",
				(int)key.n, key.p, e->cfg->targets[i].name);
		*ret_any = true;
		rc_writer_del_known(e->writer, e->numbers[i], key, 0);
		put_unmanaged(e, e->numbers[i], &k);
	}
	rc_walk_retiring_begin(e->view, e->numbers[i], key, &w);
	while (rc_walk_retiring(&w, &k)) {
		*ret_any = true;
		rc_writer_del_retiring(e->writer, e->numbers[i], key, k.server, k.name, 0);
		put_unmanaged(e, e->numbers[i], &k);
	}
	rc_walk_end(&w);
	return RC_OK;
}

/* A hold by the overrides file ends there, not here: release must not take it for a person without a hold. */
static enum rc_code check_overrides(struct state_edit *e, struct rc_slice key, struct rc_err *err)
{
	struct rc_overrides o;
	uint8_t hash[RC_HASH_BYTES];
	enum rc_code code = rc_overrides_load(e->cfg, e->store, e->zone, e->now_ns, &e->mem, &o, err);

	rc_store_key_hash(e->store, key, hash);
	for (size_t i = 0; i < e->cfg->n_targets && !code; i++) {
		const struct rc_override *x = rc_overrides_find(&o, hash, i);

		if (x && x->effect == RC_EFFECT_HOLD)
			code = rc_fail(err, RC_USAGE, "%.*s is held by %s:%llu: take that line out", (int)key.n, key.p,
				       e->cfg->overrides_file, (unsigned long long)x->line);
	}
	return code;
}

static enum rc_code release(const struct rc_cli *c, struct state_edit *e, struct rc_buf *out, struct rc_err *err)
{
	struct rc_slice key = rc_slice_str(c->argument);
	bool any = false;
	enum rc_code code;

	if (end_hold(e, key)) {
		rc_buf_addf(out, "%.*s is no longer held; the next run looks at their row again\n", (int)key.n, key.p);
		return RC_OK;
	}
	code = check_overrides(e, key, err);
	for (size_t i = 0; i < e->cfg->n_targets && !code; i++)
		code = unmanage(e, i, key, &any, err);
	if (!code && !any)
		code = rc_fail(err, RC_USAGE, "%.*s is neither held nor managed", (int)key.n, key.p);
	if (!code)
		rc_buf_addf(out, "%.*s is no longer managed; the account stays as it is\n", (int)key.n, key.p);
	return code;
}

int rc_cmd_hold(struct rc_cli *c)
{
	struct rc_err err;
	enum rc_code code = RC_OK;

	if (!c->argument || !c->argument[0] || strlen(c->argument) > MAX_KEY)
		code = rc_fail(&err, RC_USAGE, "%s needs a config and a key; see rollcall %s --help", c->name, c->name);
	else if (c->command == RC_CMD_HOLD && (!c->reason || !c->reason[0]))
		code = rc_fail(&err, RC_USAGE, "hold needs --reason: whoever finds the hold will ask");
	return code ? rc_cli_fail(&err) : state_edit_run(c, c->command == RC_CMD_HOLD ? hold : release);
}
