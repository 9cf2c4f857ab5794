/* People who are wanted: compare, make, adopt, rename. */
#include "engine/run/decide_int.h"
#include "engine/run/pool.h"

void subject_want_account(struct subject *s, struct rc_op *op)
{
	int g = s->t->cfg->schema->group_field;

	op->priority = s->w->priority;
	if (g >= 0 && (s->w->account.set & 1u << g))
		op->group = s->w->account.v[g];
}

void subject_remember(struct pending *q, const struct subject *s, enum rc_known_status status)
{
	q->put = true;
	q->known = s->k;
	q->known.key = q->o.key;
	q->known.status = status;
	q->known.source = s->p->source;
	q->known.missing_since_ns = 0;
	q->known.missing_count = 0;
	q->known.due_at_ns = 0;
	q->known.due_cause = RC_DUE_NONE;
	q->known.in_use_month = 0;
	q->known.error_code = q->known.error_message = (struct rc_slice){0}; /* of an earlier run */
	memset(q->known.missing_content, 0, 16);
	if (status == RC_KNOWN_SETTLED)
		memcpy(q->known.fingerprint, s->p->row, 16);
	else
		memset(q->known.fingerprint, 0, 16);
}

static void invalid(struct subject *s)
{
	bool there = s->has && s->k.flags & RC_KNOWN_MANAGED; /* a record alone is no account */
	struct pending *q = subject_pend(s, there ? RC_ACT_UPDATE : RC_ACT_CREATE, RC_ST_FAILED);

	q->o.error_code = s->w->invalid_code ? s->w->invalid_code : "rollcall.invalid";
	q->o.error_message = s->w->invalid;
	if (s->has) {
		subject_remember(q, s, RC_KNOWN_FAILED);
		q->known.error_code = rc_slice_str(q->o.error_code);
		q->known.error_message = rc_slice_str(q->o.error_message);
	}
}

struct rc_op *subject_remake(struct subject *s)
{
	struct rc_op *create = subject_order(s, RC_ACT_CREATE, RC_CLASS_CREATE), *retire;

	create->name = s->w->name;
	create->remote_id = (struct rc_slice){0};
	subject_want_account(s, create);
	create->linked_name = s->k.name;
	retire = subject_order(s, RC_ACT_DELETE, RC_CLASS_RETIRE);
	retire->linked_name = s->w->name;
	retire->state = RC_STEP_QUEUED; /* waits for the create, also where the old account itself is in doubt */
	retire->in_doubt = false;
	create->linked = retire;
	retire->linked = create;
	s->t->renames++;
	return create;
}

static void rename_account(struct subject *s)
{
	if (subject_protected(s->t->cfg, s->k.name) || subject_protected(s->t->cfg, s->w->name)) {
		s->reason = "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (subject_take_back(s))
		return;
	s->reason = "the name changed under the same key";
	subject_remake(s);
}

static void compare(struct subject *s)
{
	const struct rc_account_schema *schema = s->t->cfg->schema;
	uint32_t differs = rc_account_diff(schema, &s->w->account, &s->k.account) & schema->updatable;
	bool disabled, unsure = s->k.flags & RC_KNOWN_UNSURE_PASSWORD, locked = unsure || s->k.flags & RC_KNOWN_LOCKED;
	struct rc_op *op;

	for (size_t f = 0; f < schema->n_fields; f++)
		if (differs & s->k.kept.set & 1u << f) { /* the source asks for something new: kept no longer */
			s->k.account.v[f] = s->k.kept.v[f];
			s->k.kept.set &= ~(1u << f);
		}
	differs = rc_account_diff(schema, &s->w->account, &s->k.account) & schema->updatable;
	disabled = s->k.flags & RC_KNOWN_DISABLED && schema->can_disable;
	if (!differs && !disabled && !locked) {
		subject_remember(subject_pend(s, RC_ACT_NONE, RC_ST_DONE), s, RC_KNOWN_SETTLED);
		return;
	}
	if (subject_protected(s->t->cfg, s->k.name)) {
		s->reason = "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	s->reason = unsure   ? "an interrupted run was setting a password, and which one the account has is not known: "
			       "gets a new one"
		    : locked ? "wanted again: gets a new password"
		    : disabled ? "wanted again"
			       : "fields differ";
	op = subject_order(s, disabled || locked ? RC_ACT_ENABLE : RC_ACT_UPDATE, RC_CLASS_UPDATE);
	op->sets_password = locked; /* nobody knows the one that locked it */
	subject_want_account(s, op);
	op->changed = differs;
	if (schema->group_field < 0 || !(differs & 1u << schema->group_field))
		op->group = (struct rc_slice){0};
}

static void make(struct subject *s)
{
	size_t home = s->k.server.n ? run_server_at(s->t, s->k.server) : SIZE_MAX;
	struct op_info *info;
	struct rc_op *op;

	if (subject_protected(s->t->cfg, s->w->name)) {
		s->reason = "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (subject_come_back(s) || subject_adopt(s))
		return;
	s->k = (struct rc_known){0};
	s->has = false;
	s->reason = "in the source, no account yet";
	op = subject_order(s, RC_ACT_CREATE, RC_CLASS_CREATE);
	subject_want_account(s, op);
	info = op->owner;
	info->newcomer = s->t->cfg->pool;
	info->home = home == SIZE_MAX ? 0 : home + 1;
}

/* Names are equal but for ASCII case: the account keeps its own, for both cannot be there at once. A provider that took
 * a later field as the name keeps that name when the field changes. */
static bool renames(const struct subject *s)
{
	return s->w->account.set >> s->t->cfg->schema->names[0] & 1 && !(s->k.flags & RC_KNOWN_KEEP_NAME) &&
	       !rc_account_name_same(s->w->name, s->k.name);
}

void subject_wanted(struct subject *s)
{
	s->t->wanted++;
	if (s->w->invalid) {
		invalid(s);
		return;
	}
	if (!s->has || !(s->k.flags & RC_KNOWN_MANAGED)) {
		make(s);
		return;
	}
	if (s->k.status == RC_KNOWN_UNKNOWN && rc_slice_eq(s->w->name, s->k.name)) {
		struct rc_op *op;

		s->reason = "an earlier run sent it and saw no answer";
		op = subject_order(s, RC_ACT_CREATE, RC_CLASS_CREATE);
		subject_want_account(s, op);
		op->mail_sent = true;
		return;
	}
	if (renames(s))
		rename_account(s);
	else
		compare(s);
}
