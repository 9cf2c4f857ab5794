/* The history: what happened to whom in which run, and whether they have access since. */
#include "engine/run/run_int.h"
#include <stdio.h>

static bool had_access(const struct rc_known *k)
{
	return k && k->flags & RC_KNOWN_MANAGED && !(k->flags & (RC_KNOWN_DISABLED | RC_KNOWN_LOCKED)) &&
	       (k->status != RC_KNOWN_UNKNOWN || k->remote_id.n);
}

/* The old account of a rename goes while the new one stays. */
static bool access_after(const struct rc_op *op, enum rc_status status)
{
	const struct op_info *info = op->owner;
	bool removes = op->action == RC_ACT_DELETE || op->action == RC_ACT_DISABLE || op->action == RC_ACT_LOCK;

	if (op->retiring)
		return true;
	return status == RC_ST_DONE || op->in_use ? !removes : had_access(info->known);
}

/* The fields of an account that an operation changed, so that it can be undone. */
static struct rc_account part_of(const struct rc_account *a, uint32_t fields)
{
	struct rc_account part = *a;

	part.set &= fields;
	return part;
}

static void what_changed(const struct rc_op *op, struct rc_event *e)
{
	bool removes = op->action == RC_ACT_DELETE || op->action == RC_ACT_DISABLE || op->action == RC_ACT_LOCK;

	e->before = part_of(op->have, removes || op->linked ? ~0u : op->changed);
	e->after = part_of(op->want, op->action == RC_ACT_CREATE ? ~0u : op->changed);
	if (op->action == RC_ACT_DELETE)
		e->after.set = 0;
	e->linked_name = op->linked_name;
}

struct rc_event run_event_op(struct run *r, const struct rc_op *op, enum rc_status status,
			     const struct rc_field_change *fields, size_t n, char changed[RUN_CHANGED_MAX])
{
	const struct run_target *t = &r->targets[op->target];
	const struct op_info *info = op->owner;
	struct rc_event e = {.key = op->key,
			     .run_id = rc_slice_str(r->run_id),
			     .at_ns = op->done_at ? op->done_at : r->started_ns,
			     .action = (uint8_t)op->action,
			     .status = (uint8_t)status,
			     .access = access_after(op, status),
			     .name = op->name,
			     .error_code = rc_slice_str(op->error_code),
			     .reason = rc_slice_str(op->reason)};

	if (t->cfg->pool && !info->unplaced)
		e.server = rc_slice_str(t->cfg->servers[op->server].label);
	*changed = 0;
	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(changed);

		snprintf(changed + at, RUN_CHANGED_MAX - at, "%s%s", at ? " " : "", fields[i].field);
	}
	if (op->in_use && status == RC_ST_WAITING) /* disabled now, deleted later */
		e.action = RC_ACT_DELETE;
	e.changed_fields = rc_slice_str(changed);
	what_changed(op, &e);
	if (info->person)
		memcpy(e.fingerprint, info->person->row, 16);
	return e;
}

/* Nothing was done to them: whoever had access, perhaps by the old account of a changed name, has it by that one.
 * False: the last entry, of this absence (since_ns), says all of it already, as of a leaver who waits for months; the
 * first night's stands. */
static bool as_before(struct run *r, const struct run_target *t, int64_t since_ns, struct rc_event *e)
{
	struct rc_walk w = {0};
	struct rc_event was;
	bool said = false;

	rc_walk_history_begin(r->view, t->number, e->key, &w);
	while (rc_walk_history(&w, &was)) {
		e->access = was.access;
		if (was.access) {
			e->name = was.name;
			e->server = was.server;
		}
		said = was.at_ns >= since_ns && was.action == e->action && was.status == e->status &&
		       rc_slice_eq(was.name, e->name) && rc_slice_eq(was.server, e->server) &&
		       rc_slice_eq(was.error_code, e->error_code) && rc_slice_eq(was.reason, e->reason);
	}
	rc_walk_end(&w);
	return !said;
}

void run_event_pending(struct run *r, const struct run_target *t, const struct pending *q, const struct rc_outcome *o)
{
	/* The old account of a changed name waits for its month to end: the person has the new one. */
	bool old_half = o->linked_name.n && !q->known.key.n;
	struct rc_event e = {.key = o->key,
			     .run_id = rc_slice_str(r->run_id),
			     .at_ns = r->started_ns,
			     .action = (uint8_t)o->action,
			     .status = (uint8_t)o->status,
			     .access = old_half || had_access(&q->known),
			     .name = o->name,
			     .server = q->known.server,
			     .error_code = rc_slice_str(o->error_code),
			     .reason = rc_slice_str(o->reason)};

	if (as_before(r, t, q->known.missing_since_ns, &e))
		rc_writer_event(r->writer, t->number, &e);
}

/* Action none: there is nothing that `undo` could take back. */
void run_event_seen(struct run *r, const struct run_target *t, const struct rc_known *k, bool access,
		    const char *reason)
{
	struct rc_event e = {.key = k->key,
			     .run_id = rc_slice_str(r->run_id),
			     .at_ns = r->started_ns,
			     .action = RC_ACT_NONE,
			     .status = RC_ST_DONE,
			     .access = access,
			     .name = k->name,
			     .server = k->server,
			     .reason = rc_slice_str(reason)};

	rc_writer_event(r->writer, t->number, &e);
}

/* Sent or not, it may have come about: the list tells, and what it shows is the next entry's. */
void run_event_killed(struct run *r, const struct rc_op_entry *op, const struct rc_known *known)
{
	struct rc_event e = {.key = op->key,
			     .run_id = op->run_id,
			     .at_ns = op->at_ns,
			     .action = op->action,
			     .status = RC_ST_UNKNOWN,
			     .access = had_access(known),
			     .name = op->name,
			     .server = op->server,
			     .error_code = RC_SLICE("rollcall.interrupted"),
			     .reason = RC_SLICE("the run was killed; the next one asked the provider first"),
			     .before = op->before,
			     .after = op->after,
			     .linked_name = op->linked_name};

	memcpy(e.fingerprint, op->fingerprint, 16);
	rc_writer_event(r->writer, op->target, &e);
}
