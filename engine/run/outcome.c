/* What came of each operation: a row of the report, a record in the snapshot, an event of the history. */
#include "engine/run/run_int.h"
#include <stdio.h>

static const char *label_of(const struct run *r, const struct rc_op *op)
{
	const struct rc_target *t = r->targets[op->target].cfg;
	const struct op_info *info = op->owner;

	return t->pool && !info->unplaced ? t->servers[op->server].label : NULL;
}

static void add_field(const struct rc_account_schema *schema, size_t f, const struct rc_account *before,
		      const struct rc_account *after, struct rc_field_change *ret)
{
	*ret = (struct rc_field_change){.field = schema->fields[f].name, .secret = schema->fields[f].secret};
	if (before->set & 1u << f)
		ret->before = before->v[f];
	if (after->set & 1u << f)
		ret->after = after->v[f];
}

const struct rc_field_change *run_fields(struct run *r, const struct rc_account_schema *schema, uint32_t mask,
					 const struct rc_account *before, const struct rc_account *after, size_t *ret_n)
{
	struct rc_field_change *ret = rc_arena_alloc(&r->mem, RC_MAX_FIELDS * sizeof(*ret));

	*ret_n = 0;
	for (size_t f = 0; f < schema->n_fields; f++)
		if (mask & 1u << f)
			add_field(schema, f, before, after, &ret[(*ret_n)++]);
	return ret;
}

static size_t fill_fields(const struct run *r, const struct rc_op *op, struct rc_field_change ret[RC_MAX_FIELDS + 1])
{
	const struct rc_account_schema *schema = r->targets[op->target].cfg->schema;
	size_t n = 0;

	for (size_t f = 0; f < schema->n_fields; f++) {
		bool create = op->action == RC_ACT_CREATE && (op->want->set & 1u << f);
		bool named = op->linked && !op->retiring && schema->fields[f].is_name &&
			     !rc_slice_eq(op->name, op->linked->name);
		bool reset = run_is_reset(op) && schema->fields[f].secret;

		if (create && op->linked) /* a rename or move: what the old account has already is no change */
			create = !schema->fields[f].secret && (op->have->set & 1u << f) &&
				 !rc_account_same(schema, f, op->want->v[f], op->have->v[f]);
		if (create || named || reset || op->changed & 1u << f)
			add_field(schema, f, op->have, op->want, &ret[n++]);
		if (named)
			ret[n - 1].before = op->linked_name;
	}
	if (op->linked && !op->retiring && op->server != op->linked->server)
		ret[n++] = (struct rc_field_change){.field = "server",
						    .before = rc_slice_str(label_of(r, op->linked)),
						    .after = rc_slice_str(label_of(r, op))};
	return n;
}

static struct rc_known record_of(const struct run *r, const struct rc_op *op)
{
	const struct op_info *info = op->owner;
	const char *label = label_of(r, op);
	struct rc_known k = info->known ? *info->known : (struct rc_known){0};

	k.key = op->key;
	k.name = op->name;
	k.remote_id = op->remote_id;
	k.server = rc_slice_str(label);
	k.changed_at_ns = op->done_at;
	k.changed_run = rc_slice_str(r->run_id);
	if (!info->known) {
		k.created_at_ns = op->done_at;
		k.created_run = k.changed_run;
		k.first_seen_ns = r->started_ns;
	}
	k.error_code = rc_slice_str(op->error_code);
	k.error_message = rc_slice_str(op->error_message);
	k.missing_since_ns = 0;
	k.missing_count = 0;
	memset(k.missing_content, 0, sizeof(k.missing_content));
	k.due_at_ns = info->due_ns;
	k.due_cause = info->due_cause;
	if (info->person && info->person->kind != RC_PERSON_ABSENT)
		k.source = info->person->source;
	return k;
}

static void merge_account(const struct rc_account *want, struct rc_account *ret)
{
	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (want->set & 1u << f)
			ret->v[f] = want->v[f];
	ret->set |= want->set;
}

/* Undone people are held until their row is another one than that of the run that was undone. */
static void hold_undone(const struct run *r, const struct op_info *info, char reason[96], struct rc_known *k)
{
	if (!r->opts->undo_of)
		return;
	snprintf(reason, 96, "undone: run %s", r->opts->undo_of);
	k->flags |= RC_KNOWN_UNDONE;
	k->status = RC_KNOWN_SETTLED;
	k->reason = rc_slice_str(reason);
	k->missing_since_ns = 0;
	k->missing_count = 0;
	memcpy(k->fingerprint, info->person->row, 16);
}

/* The person stays in the state without an account. */
static void keep_held(struct run *r, const struct rc_op *op)
{
	struct rc_known k = {.key = op->key};
	char reason[96];

	hold_undone(r, op->owner, reason, &k);
	if (k.flags)
		rc_writer_put_known(r->writer, r->targets[op->target].number, &k);
}

/* The create of a rename or move, unless an earlier run has already put the old account aside. */
static bool leaves_old(const struct run *r, const struct rc_op *op)
{
	const struct op_info *info = op->owner;

	return op->linked && !op->retiring && info->known &&
	       (!rc_slice_eq(info->known->name, op->name) ||
		!rc_slice_eq(info->known->server, rc_slice_str(label_of(r, op))));
}

static void keep_retiring(struct run *r, const struct rc_op *op)
{
	struct rc_known old = *((const struct op_info *)op->owner)->known;

	if (op->linked->state == RC_STEP_DONE)
		return; /* it went first, where no seat was free */
	old.linked_name = op->name;
	old.key = op->key;
	rc_writer_put_retiring(r->writer, r->targets[op->target].number, &old);
}

/* Disabled, because the provider does not delete what was used this month: goes when the month is over. */
static void keep_in_use(struct run *r, const struct rc_op *op)
{
	const struct run_target *t = &r->targets[op->target];
	struct rc_known k = *((const struct op_info *)op->owner)->known;

	k.flags |= RC_KNOWN_DISABLED;
	k.status = RC_KNOWN_WAITING;
	k.due_at_ns = rc_calendar_next_month(t->month, r->started_ns, &k.in_use_month);
	k.due_cause = RC_DUE_IN_USE;
	k.changed_at_ns = op->done_at;
	k.changed_run = rc_slice_str(r->run_id);
	if (!k.missing_since_ns)
		k.missing_since_ns = r->started_ns;
	memset(k.fingerprint, 0, 16);
	if (op->retiring)
		k.linked_name = op->linked_name;
	if (op->retiring)
		rc_writer_put_retiring(r->writer, t->number, &k);
	else
		rc_writer_put_known(r->writer, t->number, &k);
}

/* The old account of a changed name is the person's again: the one that had replaced it retires. */
static void keep_taken_back(struct run *r, const struct rc_op *op)
{
	const struct run_target *t = &r->targets[op->target];
	struct rc_known other = *((const struct op_info *)op->linked->owner)->known;

	rc_writer_del_retiring(r->writer, t->number, op->key, other.server, op->name, 0);
	if (op->linked->state == RC_STEP_DONE)
		return;
	other.linked_name = op->name;
	rc_writer_put_retiring(r->writer, t->number, &other);
}

/* What happened, until a record has taken it with it: the two are one entry of the state then. */
struct happened {
	struct rc_event event;
	bool told;
};

static void put_known(struct run *r, const struct rc_op *op, const struct rc_known *k, struct happened *h)
{
	rc_writer_put_known_event(r->writer, r->targets[op->target].number, k, &h->event);
	h->told = true;
}

static void keep_done(struct run *r, struct rc_op *op, struct happened *h)
{
	struct run_target *t = &r->targets[op->target];
	const struct op_info *info = op->owner;
	struct rc_known k = record_of(r, op);
	char reason[96];

	if (op->in_use) {
		keep_in_use(r, op);
		return;
	}
	if (op->retiring) {
		rc_writer_del_retiring(r->writer, t->number, op->key, rc_slice_str(label_of(r, op)), op->name,
				       op->done_at);
		return;
	}
	if (op->action == RC_ACT_DELETE) {
		rc_writer_del_known(r->writer, t->number, op->key, op->done_at);
		keep_held(r, op);
		return;
	}
	if (op->takes_back) {
		keep_taken_back(r, op);
		k.linked_name = (struct rc_slice){0};
	} else if (leaves_old(r, op)) {
		keep_retiring(r, op);
		k.account = k.kept = (struct rc_account){0};
		k.flags &= ~(uint32_t)RC_KNOWN_ADOPTED;
	}
	k.in_use_month = 0;
	merge_account(op->want, &k.account);
	k.kept.set &= ~op->changed;
	k.flags |= RC_KNOWN_MANAGED;
	k.flags &= ~(uint32_t)(RC_KNOWN_DISABLED | RC_KNOWN_LOCKED | RC_KNOWN_PROMISED | RC_KNOWN_UNSURE_PASSWORD);
	if (op->action == RC_ACT_ENABLE || op->action == RC_ACT_DISABLE)
		k.flags &= ~(uint32_t)RC_KNOWN_KEPT_DISABLED;
	k.status = RC_KNOWN_SETTLED;
	if (op->action == RC_ACT_DISABLE || op->action == RC_ACT_LOCK) {
		k.flags |= op->action == RC_ACT_DISABLE ? RC_KNOWN_DISABLED : RC_KNOWN_LOCKED;
		k.missing_since_ns = info->known->missing_since_ns ? info->known->missing_since_ns : r->started_ns;
		k.missing_count = info->known->missing_count + 1;
		memset(k.fingerprint, 0, 16);
	} else if (info->person) {
		memcpy(k.fingerprint, info->person->row, 16);
	}
	hold_undone(r, info, reason, &k);
	put_known(r, op, &k, h);
}

/* What an earlier run sent, and this one neither saw nor proved absent: the next one must still look first. */
static bool still_in_doubt(const struct rc_op *op)
{
	const struct op_info *info = op->owner;

	return info->known && op->in_doubt;
}

/* Absence goes on being counted from where it was while the account is not yet seen to have gone, and from nothing
 * once its person was back. */
static void keep_absence(const struct rc_op *op, struct rc_known *ret)
{
	const struct rc_known *was = ((const struct op_info *)op->owner)->known;

	if (!was || (op->action != RC_ACT_DELETE && op->action != RC_ACT_DISABLE && op->action != RC_ACT_LOCK))
		return;
	ret->missing_since_ns = was->missing_since_ns;
	ret->missing_count = was->missing_count;
	memcpy(ret->missing_content, was->missing_content, sizeof(ret->missing_content));
}

static void keep_open(struct run *r, struct rc_op *op, enum rc_known_status status, struct happened *h)
{
	struct run_target *t = &r->targets[op->target];
	const struct op_info *info = op->owner;
	struct rc_known k = record_of(r, op);

	if (op->retiring)
		return;                                     /* the retiring record stays as it is */
	if (op->takes_back && status != RC_KNOWN_UNKNOWN) { /* so does the account that was to be replaced */
		k = *((const struct op_info *)op->linked->owner)->known;
		k.status = status;
		memset(k.fingerprint, 0, 16);
		rc_writer_put_known(r->writer, t->number, &k);
		return;
	}
	if (op->takes_back)
		keep_taken_back(r, op);
	if (status != RC_KNOWN_UNKNOWN && still_in_doubt(op)) {
		rc_writer_put_known(r->writer, t->number, info->known);
		return;
	}
	if (info->known && status != RC_KNOWN_UNKNOWN) {
		k.name = info->known->name;
		k.server = info->known->server;
		k.remote_id = info->known->remote_id;
		k.changed_at_ns = info->known->changed_at_ns;
		k.changed_run = info->known->changed_run;
	}
	keep_absence(op, &k);
	if (info->newcomer && status != RC_KNOWN_UNKNOWN)
		k.server = info->home ? rc_slice_str(r->targets[op->target].cfg->servers[info->home - 1].label)
				      : (struct rc_slice){0}; /* the next run places them anew */
	k.status = status;
	memset(k.fingerprint, 0, 16);
	if (op->sets_password && (op->unsure || op->first_done)) /* of a leaver or of one who is back */
		k.flags |= RC_KNOWN_UNSURE_PASSWORD;
	if (status != RC_KNOWN_UNKNOWN && op->action == RC_ACT_CREATE && !leaves_old(r, op) &&
	    rc_slice_eq(k.name, op->name)) {
		k.flags &= ~(uint32_t)(RC_KNOWN_MANAGED |
				       RC_KNOWN_PROMISED); /* proven absent: it is to be made like any other */
		k.account = (struct rc_account){0};
	}
	if (status == RC_KNOWN_UNKNOWN && leaves_old(r, op))
		keep_retiring(r, op);
	if (status == RC_KNOWN_UNKNOWN) {
		k.sent_at_ns = rc_wall_ns(r->clock);
		k.flags |= RC_KNOWN_MANAGED;
		if (op->action == RC_ACT_CREATE)
			merge_account(op->want, &k.account);
	}
	put_known(r, op, &k, h);
}

static enum rc_known_status open_status(const struct rc_op *op, enum rc_status status)
{
	if (status == RC_ST_UNKNOWN)
		return RC_KNOWN_UNKNOWN;
	if (status == RC_ST_FAILED)
		return RC_KNOWN_FAILED;
	return op->queue_position ? RC_KNOWN_PARKED : RC_KNOWN_DEFERRED;
}

/* An account is this person's once a call for them has left, whatever came of it. */
static bool is_adopted(const struct rc_op *op, enum rc_status status)
{
	return status == RC_ST_PLANNED || status == RC_ST_DONE || op->attempts;
}

/* The new account of a rename is there, and its row says so; the old one did not go, and somebody must know. */
static bool left_standing(const struct rc_op *op, enum rc_status status)
{
	return op->linked->state == RC_STEP_DONE && status != RC_ST_DONE && status != RC_ST_WAITING &&
	       status != RC_ST_PLANNED;
}

/* The record and the event of it. */
static void keep(struct run *r, struct rc_op *op, enum rc_status status, const struct rc_field_change *fields,
		 size_t n_fields)
{
	struct op_info *info = op->owner;
	char changed[RUN_CHANGED_MAX];
	struct happened h = {.told = false};

	if (r->opts->plan && r->targets[op->target].stopped && r->targets[op->target].code == RC_GUARD)
		return; /* the plan stays good for another try, so nothing it is bound to may move */
	if (info->person)
		info->person->settled &= status == RC_ST_DONE;
	h.event = run_event_op(r, op, status, fields, n_fields, changed);
	rc_writer_together_begin(r->writer);
	if (!op->linked && !op->retiring) /* it may have been the old account of a changed name, and is theirs again */
		rc_writer_del_retiring(r->writer, r->targets[op->target].number, op->key, rc_slice_str(label_of(r, op)),
				       op->name, 0);
	if (run_is_reset(op))
		run_reset_keep(r, op, status);
	else if (status == RC_ST_DONE || status == RC_ST_WAITING)
		keep_done(r, op, &h);
	else
		keep_open(r, op, open_status(op, status), &h);
	if (!h.told)
		rc_writer_event(r->writer, r->targets[op->target].number, &h.event);
	if (info->adopts && info->known)
		rc_writer_del_unmanaged(r->writer, r->targets[op->target].number, info->known->server, op->name);
	if (info->journal_id)
		rc_writer_op_end(r->writer, info->journal_id);
	rc_writer_together_end(r->writer);
}

void run_outcome_op(struct run *r, struct rc_op *op, enum rc_status status)
{
	struct op_info *info = op->owner;
	struct rc_field_change fields[RC_MAX_FIELDS + 1];
	struct rc_outcome o = {.target = r->targets[op->target].cfg->name,
			       .key = op->key,
			       .name = op->name,
			       .action = op->action,
			       .status = status,
			       .fields = fields,
			       .attempts = op->attempts,
			       .error_code = op->error_code,
			       .error_message = op->error_message,
			       .request_id = op->request_id,
			       .remote_id = op->remote_id,
			       .planned_at = op->planned_at,
			       .done_at = status == RC_ST_PLANNED ? 0 : op->done_at,
			       .server = label_of(r, op),
			       .source_file = op->source_file,
			       .source_line = op->source_line,
			       .reason = op->reason,
			       .linked_name = op->linked_name,
			       .due_at = info->due_ns,
			       .queue_position = op->queue_position,
			       .drift = info->drift,
			       .columns = info->person ? info->person->mapped.columns : NULL};
	struct rc_err err;

	o.n_fields = fill_fields(r, op, fields);
	if (op->in_use && status == RC_ST_DONE) {
		uint32_t month;

		status = o.status = RC_ST_WAITING;
		o.action = RC_ACT_DELETE;
		o.due_at = rc_calendar_next_month(r->targets[op->target].month, r->started_ns, &month);
		o.reason = "used this month: disabled, deleted when the month is over";
	}
	if (op->linked || op->linked_name.n) {
		if (op->retiring && op->linked && !left_standing(op, status))
			goto store; /* a rename is one row: that of the new account */
		if (!op->retiring)
			o.action = RC_ACT_UPDATE;
	}
	if (info->adopts && !is_adopted(op, status)) {
		o.action = RC_ACT_ADOPT;
		info->known = NULL; /* the next run finds the account as it is */
	} else if (info->adopts) {
		o.action = RC_ACT_ADOPT;
	}
	if (rc_report_row(r->report, &o, &err) && !r->fault.code)
		r->fault = err;
store:
	if (r->writer && !r->scratch && r->opts->writes)
		keep(r, op, status, fields, o.n_fields);
}

static void keep_adopted(struct run *r, size_t target, const struct pending *q)
{
	struct rc_event e = {.key = q->o.key,
			     .run_id = rc_slice_str(r->run_id),
			     .at_ns = r->started_ns,
			     .action = RC_ACT_ADOPT,
			     .status = RC_ST_DONE,
			     .access = !(q->known.flags & RC_KNOWN_DISABLED),
			     .name = q->known.name,
			     .server = q->known.server,
			     .reason = rc_slice_str(q->o.reason),
			     .after = q->known.account};

	memcpy(e.fingerprint, q->known.fingerprint, 16);
	rc_writer_together_begin(r->writer);
	rc_writer_del_unmanaged(r->writer, r->targets[target].number, q->known.server, q->known.name);
	rc_writer_put_known_event(r->writer, r->targets[target].number, &q->known, &e);
	rc_writer_together_end(r->writer);
}

/* Management ends, the account stays: nobody's, as the next list would show it. */
static void keep_released(struct run *r, size_t target, const struct pending *q)
{
	struct rc_known k;

	if (rc_view_known(r->view, r->targets[target].number, q->o.key, &k))
		rc_writer_put_unmanaged(r->writer, r->targets[target].number,
					&(struct rc_unmanaged){.name = k.name,
							       .remote_id = k.remote_id,
							       .server = k.server,
							       .account = k.account,
							       .disabled = k.flags & RC_KNOWN_DISABLED,
							       .seen_ns = r->started_ns});
}

/* People who need no call, of a first adoption all there are. planned: this run only shows. */
void run_outcome_pending(struct run *r, size_t target, bool planned)
{
	const struct run_target *t = &r->targets[target];

	if (r->writer)
		rc_writer_bulk(r->writer, true);
	for (size_t i = 0; i < t->n_pending; i++) {
		struct pending *q = &r->pending[t->first_pending + i];
		struct rc_outcome o = q->o;
		struct rc_err err;

		if (t->stopped && o.status != RC_ST_NOT_SELECTED && (!planned || o.action == RC_ACT_ADOPT)) {
			o.status = o.status == RC_ST_DONE && o.action == RC_ACT_NONE ? RC_ST_DONE : RC_ST_DEFERRED;
			if (o.status == RC_ST_DEFERRED)
				o.error_message = t->why;
		}
		o.done_at = o.status == RC_ST_DONE && o.action != RC_ACT_NONE ? r->started_ns : 0;
		if (planned && o.action != RC_ACT_NONE && o.status == RC_ST_DONE)
			o.status = RC_ST_PLANNED;
		if (!q->drop && rc_report_row(r->report, &o, &err) && !r->fault.code)
			r->fault = err; /* a record to be dropped is nobody: no account, no row of a source */
		if (planned || !r->writer || r->scratch || t->stopped)
			continue;
		if (q->person && (o.status == RC_ST_FAILED || (q->put && q->known.status != RC_KNOWN_SETTLED)))
			q->person->settled = false;
		if (q->person && o.status == RC_ST_SKIPPED)
			q->person->settled = false;
		if (o.action == RC_ACT_ADOPT)
			q->known.changed_run = rc_slice_str(r->run_id);
		if (q->drop)
			rc_writer_del_known(r->writer, t->number, o.key, 0);
		else if (q->put && o.action == RC_ACT_ADOPT)
			keep_adopted(r, target, q);
		else if (q->put)
			rc_writer_put_known(r->writer, t->number, &q->known);
		if (o.status == RC_ST_FAILED || o.status == RC_ST_WAITING)
			run_event_pending(r, t, q, &o);
		if (q->release)
			keep_released(r, target, q);
	}
	if (r->writer)
		rc_writer_bulk(r->writer, false);
}

/* Before any outcome: whoever was read whole begins settled, and every outcome that is not may take that away. */
void run_settle_people(struct run *r)
{
	for (size_t i = 0; i < r->scan.n; i++) {
		struct rc_person *p = &r->scan.people[i];

		p->settled = p->kind == RC_PERSON_PRESENT || p->kind == RC_PERSON_FILTERED;
		/* A date to come acts without a change of the row. */
		if (p->kind == RC_PERSON_PRESENT &&
		    (p->mapped.from_ns > r->started_ns ||
		     (p->mapped.until_ns != INT64_MAX && p->mapped.until_ns > r->started_ns)))
			p->settled = false;
		for (size_t t = 0; t < r->cfg->n_targets; t++) /* an override may go as it came, without the row */
			p->settled &= r->targets[t].selected && !rc_overrides_find(&r->overrides, p->hash, t);
	}
}
