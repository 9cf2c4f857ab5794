/* Carries a run out: what the executor asks of the run, and what the loop that drives it calls. */
#include "engine/run/run_int.h"
#include "engine/run/carry.h"
#include "engine/run/loop.h"
#include "engine/run/pool.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct carry {
	struct run *r;
	struct rc_loop loop;
	struct rc_loop_hooks hooks;
	struct rc_buf *secrets; /* per target: access key, secret key, security token, token, user, password */
	bool ended;
	int signals;
	struct rc_err no_proxy; /* its secret is missing: nothing may leave, and an offline plan sends nothing */
};

enum { SECRETS = 6 };

static struct rc_buf *secret_of(struct carry *c, size_t target, size_t i)
{
	return &c->secrets[target * SECRETS + i];
}

static enum rc_code hook_secrets(void *ctx, size_t target, bool renew, struct rc_conn_auth *ret, struct rc_err *err)
{
	struct run *r = ctx;
	struct carry *c = r->carry;
	const struct rc_auth *a = &r->cfg->targets[target].auth;
	const struct rc_secret *from[SECRETS] = {&a->access_key, &a->secret_key, &a->security_token,
						 &a->token,      &a->user,       &a->password};
	struct rc_slice *to[SECRETS] = {&ret->access_key, &ret->secret_key, &ret->security_token,
					&ret->token,      &ret->user,       &ret->password};

	if (c->no_proxy.code)
		return rc_fail(err, c->no_proxy.code, "%s", c->no_proxy.what);
	(void)renew; /* files, credentials and commands are read anew at each call */
	for (size_t i = 0; i < SECRETS; i++) {
		enum rc_code code;

		if (from[i]->kind == RC_SECRET_NONE)
			continue;
		rc_buf_wipe(secret_of(c, target, i));
		code = rc_secret_get(from[i], secret_of(c, target, i), err);
		if (code)
			return code;
		*to[i] = rc_buf_slice(secret_of(c, target, i));
	}
	return RC_OK;
}

static enum rc_code hook_passwords(void *ctx, struct rc_op *const *ops, size_t n, struct rc_err *err)
{
	struct run *r = ctx;

	return run_passwords(r, ops, n, err);
}

static enum rc_status status_of(enum rc_step step)
{
	return step == RC_STEP_DONE       ? RC_ST_DONE
	       : step == RC_STEP_FAILED   ? RC_ST_FAILED
	       : step == RC_STEP_DEFERRED ? RC_ST_DEFERRED
					  : RC_ST_UNKNOWN;
}

/* The provider itself said no. A bare status may be the word of a proxy that stands before a create that was made. */
static bool refused(const struct rc_op *op)
{
	return op->state == RC_STEP_FAILED && !(op->error_code && strncmp(op->error_code, "http.", 5) == 0);
}

static void hook_changed(void *ctx, struct rc_op *op, enum rc_step from)
{
	struct run *r = ctx;

	(void)from;
	if (op->state < RC_STEP_DONE)
		return;
	if (op->password.n) {
		OPENSSL_cleanse((char *)op->password.p, op->password.n);
		op->password = (struct rc_slice){0};
	}
	if (!(op->sets_password && op->first_done) && /* that password is real, whatever came of the fields */
	    !run_reset_unsure(op) && (refused(op) || op->foreign || (op->state == RC_STEP_DEFERRED && !op->unsure)))
		run_password_void(r, op);
	run_outcome_op(r, op, status_of(op->state));
}

static bool hook_durable(void *ctx, struct rc_op *const *ops, size_t n)
{
	struct run *r = ctx;

	for (size_t i = 0; i < n; i++)
		if (((struct op_info *)ops[i]->owner)->intent_seq > rc_writer_durable(r->writer))
			return false;
	return true;
}

static void hook_listed(void *ctx, size_t target, size_t server, const struct rc_list *l)
{
	run_listed(ctx, target, server, l);
}

static bool hook_misses(void *ctx, size_t target, size_t server, const struct rc_list *l)
{
	return run_list_misses(ctx, target, server, l);
}

static uint32_t hook_differs(void *ctx, const struct rc_op *op, const struct rc_listed *row)
{
	const struct run *r = ctx;
	const struct rc_account_schema *schema = r->targets[op->target].cfg->schema;
	uint32_t differs = rc_account_diff(schema, op->want, &row->account);

	if (op->action == RC_ACT_DELETE)
		return differs;
	return differs & (op->action == RC_ACT_CREATE ? schema->updatable : op->changed);
}

static bool hook_elsewhere(void *ctx, struct rc_op *op)
{
	return run_pool_elsewhere(ctx, op);
}

/* -v: one line a request, never a body. */
static void hook_answered(void *ctx, const struct rc_exec_seen *seen)
{
	const struct run *r = ctx;

	if (!rc_log_on(RC_LOG_VERBOSE))
		return;
	rc_log(RC_LOG_VERBOSE, "%s: %s %s -> %d in %.0f ms%s%s%s%s", r->cfg->targets[seen->target].name, seen->method,
	       seen->path, seen->status, seen->took_s * 1000, seen->request_id ? " request_id=" : "",
	       seen->request_id ? seen->request_id : "", seen->problem ? ": " : "", seen->problem ? seen->problem : "");
}

/* Nobody should have to wait for timeouts.unreachable to learn of a mistyped address. */
static void hook_trouble(void *ctx, const struct rc_exec_trouble *trouble)
{
	const struct run *r = ctx;
	char until[32];

	if (!r->report)
		return; /* check --online and why say it all at once */
	rc_time_iso(rc_wall_ns(r->clock) + trouble->left_ns, until);
	rc_log(RC_LOG_WARN, "target %s: %s %s: %s; it is tried again until %s (%s)",
	       r->cfg->targets[trouble->target].name, trouble->endpoint,
	       trouble->answered ? "takes no call" : "does not answer", trouble->cause, until,
	       trouble->by_deadline ? "the deadline" : "timeouts.unreachable");
}

static int64_t on_pump(void *arg, bool *ret_paused)
{
	struct carry *c = arg;
	int64_t next = rc_exec_pump(c->r->exec, &c->ended);

	*ret_paused = c->ended || run_wave_due(c->r);
	return next;
}

static void sample(struct run *r, int64_t now)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct rc_exec_target_result res;
		uint32_t in_flight = 0;
		uint64_t parked = 0;

		rc_exec_target_result(r->exec, i, &res);
		for (size_t s = 0; s < r->cfg->targets[i].n_servers; s++) {
			struct rc_pacer_view v;

			rc_exec_look(r->exec, i, s, &v);
			in_flight += v.in_flight;
			parked += v.parked;
		}
		rc_timeline_sample(&r->targets[i].timeline, now, res.counts.accepted_users, res.counts.busy,
				   res.counts.throttled, in_flight, parked);
	}
}

static void on_tick(void *arg)
{
	struct carry *c = arg;
	struct run *r = c->r;
	int64_t now = rc_mono_ns(r->clock);
	struct rc_err err;

	if (!r->report)
		return; /* check --online writes nothing */
	if (rc_report_tick(r->report, now, &err) && !r->fault.code)
		r->fault = err;
	if (r->writer && rc_writer_error(r->writer, &err) && !r->fault.code)
		r->fault = err;
	if (r->fault.code)
		rc_exec_stop(r->exec, false); /* nothing more may be done that cannot be recorded */
	run_pace_tick(r);
	sample(r, now);
	run_progress(r, now);
}

static void on_signal(void *arg, int signum)
{
	struct carry *c = arg;

	if (c->signals && signum == SIGHUP)
		return; /* a closed terminal tells its shell and its jobs, so that it often comes twice */
	c->r->signal = signum;
	rc_exec_stop(c->r->exec, c->signals++ > 0);
	if (c->signals == 1)
		rc_log(RC_LOG_WARN, "stopping: answers in flight are awaited; a second signal stops at once");
}

static enum rc_code start_loop(struct run *r, struct rc_err *err)
{
	struct rc_transport_opts net = {.connect_timeout_ns = r->cfg->timeouts.connect_ns,
					.ca_file = r->cfg->tls_ca_file};
	struct rc_buf proxy = {0};
	enum rc_code code;

	if (r->cfg->proxy.kind != RC_SECRET_NONE && (!r->opts->explain || r->opts->refresh)) {
		rc_secret_get(&r->cfg->proxy, &proxy, &r->carry->no_proxy);
		net.proxy = proxy.p;
	}
	code = rc_loop_uv(r->clock, &net, &r->carry->loop, err);
	rc_buf_wipe(&proxy);
	return code;
}

enum rc_code run_make_exec(struct run *r, struct rc_err *err)
{
	struct carry *c = r->carry = rc_xcalloc(1, sizeof(*c));
	struct rc_exec_env env = {.clock = r->clock,
				  .ctx = r,
				  .secrets = hook_secrets,
				  .passwords = hook_passwords,
				  .changed = hook_changed,
				  .durable = hook_durable,
				  .listed = hook_listed,
				  .misses = hook_misses,
				  .differs = hook_differs,
				  .elsewhere = hook_elsewhere,
				  .answered = hook_answered,
				  .trouble = hook_trouble};
	struct rc_exec_opts opts = {.drain_timeout_ns = r->opts->drain_timeout_ns, .patience_ns = r->patience_ns};
	enum rc_code code;

	c->r = r;
	c->secrets = rc_xcalloc(r->cfg->n_targets * SECRETS, sizeof(*c->secrets));
	opts.deadline_ns = r->started_mono + (r->opts->deadline_ns ? r->opts->deadline_ns : r->cfg->deadline_ns);
	c->hooks = (struct rc_loop_hooks){c, on_pump, on_tick, on_signal};
	if (r->opts->loop) {
		c->loop = *r->opts->loop;
	} else {
		code = start_loop(r, err);
		if (code)
			return code;
	}
	env.net = c->loop.net;
	r->exec = rc_exec_new(r->cfg, &env, &opts);
	return RC_OK;
}

/* Signals stay caught between two turns of the loop once something may be on its way. */
enum rc_code run_loop(struct run *r, bool *ret_ended, struct rc_err *err)
{
	struct carry *c = r->carry;

	(void)err;
	c->ended = false;
	c->loop.watch(c->loop.ctx, &c->hooks, true);
	c->loop.turn(c->loop.ctx, &c->hooks);
	if (c->ended)
		c->loop.watch(c->loop.ctx, &c->hooks, false);
	*ret_ended = c->ended;
	return RC_OK;
}

void run_carry_done(struct run *r)
{
	struct carry *c = r->carry;

	if (!c)
		return;
	rc_exec_free(r->exec);
	r->exec = NULL;
	if (c->loop.free)
		c->loop.free(c->loop.ctx);
	for (size_t i = 0; i < r->cfg->n_targets * SECRETS; i++)
		rc_buf_wipe(&c->secrets[i]);
	free(c->secrets);
	free(c);
	r->carry = NULL;
}

void run_intent(struct run *r, struct rc_op *op)
{
	const struct run_target *t = &r->targets[op->target];
	struct op_info *info = op->owner;
	struct rc_op_entry e = {.run_id = rc_slice_str(r->run_id),
				.target = t->number,
				.key = op->key,
				.name = op->name,
				.remote_id = op->remote_id,
				.action = (uint8_t)op->action,
				.state = RC_OP_INTENT,
				.planned_ns = op->planned_at,
				.at_ns = r->started_ns,
				.changed = op->changed,
				.linked_name = op->linked_name};

	if (op->sets_password && t->cfg->schema->secret_field >= 0)
		e.changed |= 1u << t->cfg->schema->secret_field; /* a crash leaves a password in doubt */
	if (op->action == RC_ACT_CREATE)
		e.after = *op->want; /* what a resume knows of an account that nobody has seen yet */
	if (t->cfg->pool)
		e.server = rc_slice_str(t->cfg->servers[op->server].label);
	if (info->person)
		memcpy(e.fingerprint, info->person->row, 16);
	if (!info->journal_id)
		info->journal_id = rc_writer_id(r->writer);
	e.id = info->journal_id;
	info->intent_seq = rc_writer_op(r->writer, &e);
}

/* The intent of every operation goes to disk before its bytes may leave. One that was settled without a call has no
 * intent: left in the journal it would be taken for sent. */
void run_journal(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];

	for (size_t i = 0; i < t->n_ops; i++) {
		struct rc_op *op = r->ops[t->first_op + i];

		if (op->state == RC_STEP_QUEUED || op->state == RC_STEP_VERIFY)
			run_intent(r, op);
	}
	rc_writer_flush(r->writer);
}
