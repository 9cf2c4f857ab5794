/* The password of a create or lock: by expression, or generated and sealed (synced) before the call that needs it. */
#include "engine/run/carry.h"
#include "engine/seal/seal.h"
#include <openssl/crypto.h>
#include <stdlib.h>

struct sealing { /* of one target */
	struct rc_seal_certs *certs;
	struct rc_seal_batch *batch;
};

static enum rc_code open_file(struct run *r, struct rc_err *err)
{
	return r->seal ? RC_OK : rc_seal_open(r->cfg->credentials.file, &r->seal, err);
}

/* Certificates are judged before the first write anywhere: an expired one ends the run as a config error. */
enum rc_code run_sealing_begin(struct run *r, struct rc_err *err)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct run_target *t = &r->targets[i];
		enum rc_code code;

		if (!t->selected || !t->cfg->seal_to.n)
			continue;
		t->sealing = rc_arena_zalloc(&r->mem, sizeof(*t->sealing));
		code = rc_seal_certs_load(t->cfg->seal_to.v, t->cfg->seal_to.n, r->started_ns, &t->sealing->certs, err);
		if (code)
			return code;
		t->sealing->batch = rc_seal_batch_new(t->sealing->certs, t->cfg->include.v, t->cfg->include.n);
	}
	return RC_OK;
}

void run_sealing_end(struct run *r)
{
	for (size_t i = 0; r->targets && i < r->cfg->n_targets; i++)
		if (r->targets[i].sealing) {
			rc_seal_batch_free(r->targets[i].sealing->batch);
			rc_seal_certs_free(r->targets[i].sealing->certs);
		}
	rc_seal_close(r->seal);
	r->seal = NULL;
}

static const char *label_of(const struct run_target *t, const struct rc_op *op)
{
	return t->cfg->pool ? t->cfg->servers[op->server].label : "";
}

static void wipe(struct rc_slice *password)
{
	if (password->n)
		OPENSSL_cleanse((char *)password->p, password->n);
	*password = (struct rc_slice){0};
}

static enum rc_code add(struct run *r, struct run_target *t, const struct rc_op *op, enum rc_seal_kind kind,
			struct rc_slice password, struct rc_err *err)
{
	struct rc_seal_entry e = {.kind = kind,
				  .run_id = rc_slice_str(r->run_id),
				  .target = rc_slice_str(t->cfg->name),
				  .server = rc_slice_str(label_of(t, op)),
				  .key = op->key,
				  .name = op->name,
				  .password = password,
				  .created_at_ns = kind == RC_SEAL_VOID ? 0 : rc_wall_ns(r->clock)};
	const struct op_info *info = op->owner;
	enum rc_code code = open_file(r, err);

	if (info->person && info->person->mapped.want)
		e.columns = info->person->mapped.want[op->target].include;
	if (!code && rc_seal_full(t->sealing->batch))
		code = rc_seal_commit(r->seal, t->sealing->batch, err);
	return code ? code : rc_seal_add(t->sealing->batch, &e, err);
}

static enum rc_code generate(struct run *r, struct run_target *t, struct rc_op *op, struct rc_err *err)
{
	struct rc_buf b = {.secret = true};
	bool lock = op->action == RC_ACT_LOCK;
	int f = t->cfg->schema->secret_field;
	enum rc_code code;

	rc_account_generate(t->cfg->schema, t->cfg->account[f].generate_length, op->name, r->clock, &b);
	op->password = rc_arena_copy(&r->scan.secret_mem, rc_buf_slice(&b));
	rc_buf_wipe(&b);
	if (!t->sealing)
		return lock ? RC_OK
			    : rc_fail(err, RC_INTERNAL,
				      "a password was to be generated without a certificate to seal it to");
	code = add(r, t, op, lock ? RC_SEAL_LOCK : RC_SEAL_PASSWORD, lock ? (struct rc_slice){0} : op->password, err);
	if (!code)
		((struct op_info *)op->owner)->sealed = true;
	return code;
}

static enum rc_code by_expression(struct run *r, struct rc_op *op)
{
	const struct op_info *info = op->owner;

	if (info->person && info->person->mapped.want)
		op->password = rc_arena_copy(&r->scan.secret_mem, info->person->mapped.want[op->target].password);
	return RC_OK;
}

/* Nothing that is not on disk may be used, now or by a later flush. */
static void drop_unsealed(struct run *r, struct rc_op *const *ops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wipe(&ops[i]->password);
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct run_target *t = &r->targets[i];

		if (!t->sealing)
			continue;
		rc_seal_batch_free(t->sealing->batch);
		t->sealing->batch = rc_seal_batch_new(t->sealing->certs, t->cfg->include.v, t->cfg->include.n);
	}
}

enum rc_code run_passwords(struct run *r, struct rc_op *const *ops, size_t n, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < n && !code; i++) {
		struct run_target *t = &r->targets[ops[i]->target];
		int f = t->cfg->schema->secret_field;
		bool lock = ops[i]->action == RC_ACT_LOCK;
		/* A lock ends with a password that never was: providers refuse the ones an account had before. */
		bool anew = lock || (ops[i]->sets_password && t->sealing);

		if (ops[i]->password.n || f < 0 || (!anew && !rc_account_takes_secret(t->cfg->schema, ops[i]->want)))
			continue;
		if (anew || t->cfg->account[f].kind == RC_RULE_GENERATE)
			code = generate(r, t, ops[i], err);
		else if (t->cfg->account[f].kind == RC_RULE_EXPR)
			code = by_expression(r, ops[i]);
	}
	for (size_t i = 0; i < r->cfg->n_targets && !code; i++)
		if (r->targets[i].sealing && rc_seal_count(r->targets[i].sealing->batch))
			code = rc_seal_commit(r->seal, r->targets[i].sealing->batch, err);
	if (code)
		drop_unsealed(r, ops, n);
	return code;
}

/* A sealed create that did not take: a void entry makes readers fall back on the entry before. It rides with the next
 * block, at the latest that of the run's end. */
void run_password_void(struct run *r, const struct rc_op *op)
{
	struct run_target *t = &r->targets[op->target];
	struct op_info *info = op->owner;
	struct rc_err err;

	if (!info->sealed || !t->sealing)
		return;
	info->sealed = false;
	if (add(r, t, op, RC_SEAL_VOID, (struct rc_slice){0}, &err) && !r->fault.code)
		r->fault = err;
}

void run_sealing_flush(struct run *r)
{
	struct rc_err err;

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].sealing && rc_seal_count(r->targets[i].sealing->batch) &&
		    rc_seal_commit(r->seal, r->targets[i].sealing->batch, &err) && !r->fault.code)
			r->fault = err;
}
