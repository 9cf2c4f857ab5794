/* A saved plan's operations and outcomes in place of decided ones. */
#include "engine/run/plan_run.h"
#include "engine/run/drift.h"
#include "engine/run/claims.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

static const struct rc_account nothing;

struct taking { /* one row of the plan */
	struct run *r;
	const struct rc_plan_row *row;
	size_t target;
	struct run_target *t;
	const struct rc_person *now; /* what the source says today; NULL: nothing */
	struct rc_person *p;         /* as the plan saw them */
	bool moved;                  /* somebody else changed the account since */
	struct rc_err *err;
};

static enum rc_code odd(const struct taking *k, const char *what)
{
	return rc_fail(k->err, RC_DATA, "%s: %s of %.*s is none that rollcall saves: the plan was edited",
		       k->r->opts->plan_path, what, (int)k->row->key.n, k->row->key.p ? k->row->key.p : "");
}

static bool find_target(const struct run *r, struct rc_slice name, size_t *ret)
{
	for (*ret = 0; *ret < r->cfg->n_targets; (*ret)++)
		if (rc_slice_eqs(name, r->cfg->targets[*ret].name))
			return true;
	return false;
}

/* The scan's own person where the row is still the plan's; else one with the plan's row, and of today's only what a
 * password is made of. */
static void find_person(struct taking *k)
{
	uint8_t hash[16];
	struct rc_person *now;

	rc_store_key_hash(k->r->store, k->row->key, hash);
	now = rc_sources_find(&k->r->scan, hash);
	k->now = now;
	if (now && k->row->has_row && memcmp(now->row, k->row->row, 16) == 0 && now->kind != RC_PERSON_FROZEN) {
		k->p = now;
		return;
	}
	k->p = rc_arena_zalloc(&k->r->mem, sizeof(*k->p));
	memcpy(k->p->hash, hash, 16);
	memcpy(k->p->row, k->row->row, 16);
	k->p->key = k->row->key;
	k->p->source = k->row->source < k->r->cfg->n_sources ? k->row->source : 0;
	k->p->kind = k->row->has_row ? RC_PERSON_PRESENT : RC_PERSON_ABSENT;
	if (now && now->kind == RC_PERSON_PRESENT)
		k->p->mapped = now->mapped;
}

static void fail(struct rc_op *op, const char *code, const char *message)
{
	if (op->state != RC_STEP_QUEUED && op->state != RC_STEP_VERIFY)
		return;
	op->state = RC_STEP_FAILED;
	op->error_code = code;
	op->error_message = message;
}

/* A password by expression comes from today's row of the key. */
static void check_password(const struct taking *k, struct rc_op *op)
{
	const struct rc_account_schema *schema = k->t->cfg->schema;
	const struct rc_want *w = k->p->mapped.want ? &k->p->mapped.want[k->target] : NULL;
	int f = schema->secret_field;
	struct rc_err rule;

	if (f < 0 || op->action != RC_ACT_CREATE || k->t->cfg->account[f].kind != RC_RULE_EXPR ||
	    !rc_account_takes_secret(schema, op->want))
		return;
	if (k->now && k->now->kind == RC_PERSON_FROZEN)
		fail(op, "rollcall.row_gone",
		     "the password comes from the source, and the row of this key was refused");
	else if (!k->now || !w || w->filtered)
		fail(op, "rollcall.row_gone",
		     "the password comes from the source, and no row of this key is there any more");
	else if (k->r->opts->writes && /* who only shows makes no password */
		 rc_account_check_field(schema, (size_t)f, w->password, op->name, &rule))
		fail(op, "rollcall.invalid", rc_arena_strdup(&k->r->mem, rule.what));
}

static bool values(const struct taking *k, const struct rc_plan_values *v, struct rc_account *ret)
{
	const struct rc_account_schema *schema = k->t->cfg->schema;

	for (size_t i = 0; i < v->n; i++) {
		int f = rc_account_field(schema, v->v[i].field);

		if (f < 0 || schema->fields[f].secret)
			return false;
		ret->set |= 1u << f;
		ret->v[f] = v->v[i].value;
	}
	return true;
}

static const char *text(struct run *r, struct rc_slice s)
{
	return s.n ? rc_arena_copy(&r->mem, s).p : NULL;
}

static bool to_carry(const struct rc_plan_row *row)
{
	return row->state == RC_STEP_QUEUED || row->state == RC_STEP_VERIFY;
}

static bool server(const struct taking *k, uint32_t *ret)
{
	*ret = 0;
	if (!k->t->cfg->pool || (!k->row->server.n && !to_carry(k->row)))
		return true;
	for (uint32_t i = 0; i < k->t->cfg->n_servers; i++)
		if (rc_slice_eqs(k->row->server, k->t->cfg->servers[i].label)) {
			*ret = i;
			return true;
		}
	return false;
}

static enum rc_code take_order(struct taking *k, struct rc_op *op)
{
	struct run *r = k->r;
	const struct rc_plan_row *row = k->row;
	struct op_info *info = rc_arena_zalloc(&r->mem, sizeof(*info));
	struct rc_account *want = rc_arena_zalloc(&r->mem, sizeof(*want)), changed = {0};
	struct rc_known *known = NULL;

	if (row->record.n) {
		known = rc_arena_zalloc(&r->mem, sizeof(*known));
		if (!rc_known_decode(row->record, k->t->cfg->schema, known))
			return odd(k, "the record");
	}
	if (!values(k, &row->want, want) || !values(k, &row->changed, &changed))
		return odd(k, "a field");
	*op = (struct rc_op){.id = row->id,
			     .target = (uint32_t)k->target,
			     .action = row->action,
			     .class_ = (enum rc_op_class)row->class_,
			     .state = (enum rc_step)row->state,
			     .key = row->key,
			     .name = row->name,
			     .remote_id = row->remote_id,
			     .have = known ? &known->account : &nothing,
			     .want = want,
			     .changed = changed.set,
			     .group = row->group,
			     .priority = row->has_priority ? row->priority : INT64_MAX,
			     .linked_name = row->linked_name,
			     .reason = text(r, row->reason),
			     .source_file = row->source_file,
			     .source_line = row->source_line,
			     .owner = info,
			     .error_code = text(r, row->error_code),
			     .error_message = text(r, row->error_message),
			     .planned_at = r->started_ns,
			     .mail_sent = row->mail_sent,
			     .retiring = row->retiring,
			     .sets_password = row->sets_password,
			     .disabled = row->disabled};
	*info = (struct op_info){.person = k->p,
				 .known = known,
				 .drift = row->drift,
				 .adopts = row->adopts,
				 .newcomer = k->t->cfg->pool && row->action == RC_ACT_CREATE && !known,
				 .unplaced = k->t->cfg->pool && !row->server.n,
				 .due_ns = row->due_at,
				 .due_cause = row->due_at ? RC_DUE_UNTIL : RC_DUE_NONE};
	if (known && row->adopts)
		known->key = (struct rc_slice){0}; /* nobody's until its first call was sent */
	if (!server(k, &op->server) || !row->key.n || row->action == RC_ACT_NONE || row->action == RC_ACT_ADOPT)
		return odd(k, "an operation");
	if (op->state != RC_STEP_QUEUED && op->state != RC_STEP_VERIFY && op->state != RC_STEP_FAILED &&
	    op->state != RC_STEP_DEFERRED)
		return odd(k, "a state");
	if (op->state == RC_STEP_VERIFY) {
		op->sent_ns = r->started_mono;
		op->in_doubt = true;
	}
	if (k->moved)
		fail(op, "rollcall.stale",
		     "the account is no longer as it was when the plan was made; make a new plan");
	check_password(k, op);
	return RC_OK;
}

/* Absence counts only for those who are absent from a source that this run read whole, too. */
static bool counts_absence(const struct taking *k, const struct pending *q)
{
	struct rc_known before = {0};

	rc_view_known(k->r->view, k->t->number, q->o.key, &before);
	return q->known.missing_count > before.missing_count;
}

static enum rc_code take_outcome(struct taking *k, struct pending *q)
{
	struct run *r = k->r;
	const struct rc_plan_row *row = k->row;

	*q = (struct pending){
		.person = k->p, .put = row->put && !k->moved, .drop = row->drop && !k->moved, .release = row->release};
	q->o = (struct rc_outcome){.target = k->t->cfg->name,
				   .key = row->key,
				   .name = row->name,
				   .action = row->action,
				   .status = row->status,
				   .error_code = text(r, row->error_code),
				   .error_message = text(r, row->error_message),
				   .remote_id = row->remote_id,
				   .planned_at = r->started_ns,
				   .server = text(r, row->server),
				   .source_file = row->source_file,
				   .source_line = row->source_line,
				   .reason = text(r, row->reason),
				   .linked_name = row->linked_name,
				   .due_at = row->due_at,
				   .drift = row->drift,
				   .columns = k->p->mapped.columns};
	run_drift_tell(r, k->target, k->p->hash, &q->o);
	if (row->record.n && !rc_known_decode(row->record, k->t->cfg->schema, &q->known))
		return odd(k, "the record");
	if (row->put && !row->record.n)
		return odd(k, "an outcome");
	if (q->put && counts_absence(k, q) && (!r->scan.absence_ok || (k->now && k->now->kind != RC_PERSON_ABSENT)))
		q->put = false;
	if (k->moved && (row->action == RC_ACT_ADOPT || row->release)) {
		q->release = false;
		q->o.status = RC_ST_FAILED;
		q->o.error_code = "rollcall.stale";
		q->o.error_message = "the account is no longer as it was when the plan was made; make a new plan";
	}
	return RC_OK;
}

/* The plan has something for them, and --exclude-keys was given since. */
static enum rc_code leave_out(struct taking *k)
{
	struct run *r = k->r;
	const struct rc_plan_row *row = k->row;
	struct rc_known known = {0};
	struct pending *q;
	uint8_t hash[16];

	if (row->retiring && row->linked)
		return RC_OK; /* a rename is one row */
	if (row->record.n && !rc_known_decode(row->record, k->t->cfg->schema, &known))
		return odd(k, "the record");
	q = &r->pending[r->n_pending++];
	*q = (struct pending){.known = known,
			      .o = {.target = k->t->cfg->name,
				    .key = row->key,
				    .name = known.name.n ? known.name : row->name,
				    .action = RC_ACT_NONE,
				    .status = RC_ST_NOT_SELECTED,
				    .remote_id = known.remote_id,
				    .server = text(r, known.server),
				    .source_file = row->source_file,
				    .source_line = row->source_line,
				    .planned_at = r->started_ns}};
	rc_store_key_hash(r->store, row->key, hash);
	run_drift_tell(r, k->target, hash, &q->o);
	return RC_OK;
}

/* In the place of an operation that needs no call any more. */
static struct rc_op came_true;

/* What was in doubt when the plan was made, and a list has answered since: the account is what it was to become. */
static bool is_true_by_now(const struct taking *k, struct rc_known *ret)
{
	const struct rc_account_schema *schema = k->t->cfg->schema;
	const struct rc_plan_row *row = k->row;
	struct rc_account want = {0};
	bool has;

	if (row->state != RC_STEP_VERIFY || row->linked || row->retiring || row->sets_password)
		return false;
	has = rc_view_known(k->r->view, k->t->number, row->key, ret) && ret->flags & RC_KNOWN_MANAGED;
	if (row->action == RC_ACT_DELETE)
		return !has;
	return has && ret->status != RC_KNOWN_UNKNOWN && rc_slice_eq(ret->name, row->name) &&
	       rc_slice_eq(ret->server, row->server) && (ret->flags & RC_KNOWN_DISABLED) == 0 && !row->disabled &&
	       values(k, &row->want, &want) && rc_account_diff(schema, &want, &ret->account) == 0;
}

static void note_true(const struct taking *k, const struct rc_known *known)
{
	struct pending *q = &k->r->pending[k->r->n_pending++];

	k->p->settled = false; /* the next sync finishes the record */
	*q = (struct pending){.person = k->p, .known = *known};
	q->o = (struct rc_outcome){.target = k->t->cfg->name,
				   .key = k->row->key,
				   .name = k->row->name,
				   .action = RC_ACT_NONE,
				   .status = RC_ST_DONE,
				   .planned_at = k->r->started_ns,
				   .server = text(k->r, k->row->server),
				   .source_file = k->row->source_file,
				   .source_line = k->row->source_line,
				   .reason = k->row->action == RC_ACT_DELETE ? "no longer in the provider's list"
									     : "seen in the provider's list",
				   .columns = k->p->mapped.columns};
}

/* by_id: the operations by their number; NULL where there is none in this run. */
static void join(struct run *r, size_t target, struct rc_op **by_id)
{
	const struct rc_plan *plan = r->opts->plan;
	const struct run_target *t = &r->targets[target];
	size_t max = plan->n_rows;

	for (size_t i = 0; i < plan->n_rows; i++) {
		const struct rc_plan_row *row = &plan->rows[i];
		struct rc_op *op = row->call && row->id <= max ? by_id[row->id] : NULL;

		if (!op || op == &came_true || !rc_slice_eqs(row->target, t->cfg->name))
			continue;
		if (row->linked && row->linked <= max)
			op->linked = by_id[row->linked];
		op->takes_back = op->linked && !op->retiring && op->action != RC_ACT_CREATE;
		if (row->after && row->after <= max && by_id[row->after] != &came_true) {
			op->after = by_id[row->after];
			if (op->after) {
				op->after->heir = op;
				op->after->after_heir = op->in_doubt && !op->after->remote_id.n;
			} else {
				fail(op, "rollcall.name", "another person's account keeps this name in this run");
			}
		}
		run_leave_name(r, t, op);
	}
	for (size_t i = 0; i < t->n_ops; i++) { /* without its new account the old one stays */
		struct rc_op *op = r->ops[t->first_op + i];

		if (op->retiring && op->linked && op->linked->state != RC_STEP_QUEUED &&
		    op->linked->state != RC_STEP_VERIFY)
			op->state = RC_STEP_DEFERRED;
	}
}

static enum rc_code take_row(struct run *r, size_t target, const struct rc_plan_row *row, struct rc_op **by_id,
			     struct rc_err *err)
{
	struct taking k = {.r = r, .row = row, .target = target, .t = &r->targets[target], .err = err};
	struct rc_known known = {0};
	uint8_t today[16];
	struct rc_op *op;
	enum rc_code code;

	if (r->n_pending == r->cap_pending) { /* whoever drifted came in between */
		r->cap_pending *= 2;
		r->pending = rc_xreallocarray(r->pending, r->cap_pending, sizeof(*r->pending));
	}
	if (run_excluded(r, row->key))
		return leave_out(&k);
	find_person(&k);
	run_bind_person(r, k.target, row->key, row->server, row->name, today);
	k.moved = memcmp(today, row->precondition, 16) != 0;
	if (!row->call)
		return take_outcome(&k, &r->pending[r->n_pending++]);
	if (k.moved && is_true_by_now(&k, &known)) {
		by_id[row->id] = &came_true;
		note_true(&k, &known);
		return RC_OK;
	}
	op = rc_arena_zalloc(&r->mem, sizeof(*op));
	code = take_order(&k, op);
	by_id[row->id] = op;
	r->ops[r->n_ops++] = op;
	return code;
}

/* Room for every row, once: operations and outcomes of later targets follow. */
static void make_room(struct run *r)
{
	const struct rc_plan *plan = r->opts->plan;

	if (r->ops)
		return;
	r->cap_ops = r->cap_pending = plan->n_rows + 1;
	r->ops = rc_xcalloc(r->cap_ops, sizeof(struct rc_op *));
	r->pending = rc_xcalloc(r->cap_pending, sizeof(*r->pending));
}

/* Whom the plan has no row for: whose account was changed since is told as by any other run, and so is who was left
 * out. */
static void tell_others(struct run *r, size_t target)
{
	const struct rc_plan *plan = r->opts->plan;
	struct run_told told = {.v = rc_xcalloc(plan->n_rows + 1, RC_HASH_BYTES)};

	for (size_t i = 0; i < plan->n_rows; i++) {
		struct run_drift *d;

		if (!rc_slice_eqs(plan->rows[i].target, r->targets[target].cfg->name))
			continue;
		rc_store_key_hash(r->store, plan->rows[i].key, told.v[told.n]);
		d = run_drift_find(r, target, told.v[told.n++]);
		if (d)
			d->told = true;
	}
	run_drift_rest(r, target);
	run_told_sort(&told);
	if (!r->opts->undo_of)
		run_report_unselected(r, target, &told);
	free(told.v);
}

enum rc_code run_plan_take(struct run *r, size_t target, struct rc_err *err)
{
	const struct rc_plan *plan = r->opts->plan;
	struct run_target *t = &r->targets[target];
	struct rc_op **by_id = rc_xcalloc(plan->n_rows + 1, sizeof(struct rc_op *));
	enum rc_code code = RC_OK;

	make_room(r);
	t->first_op = r->n_ops;
	t->first_pending = r->n_pending;
	for (size_t i = 0; i < plan->n_rows && !code; i++) {
		const struct rc_plan_row *row = &plan->rows[i];

		if (!rc_slice_eqs(row->target, t->cfg->name))
			continue;
		if (row->call && (row->id == 0 || row->id > plan->n_rows || by_id[row->id]))
			code = rc_fail(err, RC_DATA, "%s: an operation's number is wrong: the plan was edited",
				       r->opts->plan_path);
		else
			code = take_row(r, target, row, by_id, err);
	}
	if (!code)
		tell_others(r, target);
	t->n_ops = r->n_ops - t->first_op;
	t->n_pending = r->n_pending - t->first_pending;
	if (!code)
		join(r, target, by_id);
	free(by_id);
	for (size_t i = 0; i < plan->n_targets; i++)
		if (rc_slice_eqs(plan->targets[i].name, t->cfg->name))
			t->wanted = plan->targets[i].wanted;
	return code;
}

bool run_plan_needs_rows(const struct run *r)
{
	const struct rc_plan *plan = r->opts->plan;

	for (size_t i = 0; plan && i < plan->n_rows; i++) {
		size_t t;

		if (plan->rows[i].call && plan->rows[i].action == RC_ACT_CREATE &&
		    find_target(r, plan->rows[i].target, &t)) {
			int f = r->cfg->targets[t].schema->secret_field;

			if (f >= 0 && r->cfg->targets[t].account[f].kind == RC_RULE_EXPR)
				return true;
		}
	}
	return false;
}

void run_plan_ask(struct run *r)
{
	const struct rc_plan *plan = r->opts->plan;
	uint8_t(*ask)[16];

	if (!plan)
		return;
	ask = rc_arena_alloc(&r->mem, (plan->n_rows + 1) * 16);
	for (size_t i = 0; i < plan->n_rows; i++)
		rc_store_key_hash(r->store, plan->rows[i].key, ask[i]);
	r->scan.ask = (const uint8_t(*)[16])ask;
	r->scan.n_ask = plan->n_rows;
}
