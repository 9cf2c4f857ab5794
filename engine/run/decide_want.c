/* People who are wanted: compare, make, adopt, rename. */
#include "engine/run/decide_int.h"
#include "engine/run/pool.h"

static void want_account(struct subject *s, struct rc_op *op)
{
	int g = s->t->cfg->schema->group_field;

	op->priority = s->w->priority;
	if (g >= 0 && (s->w->account.set & 1u << g))
		op->group = s->w->account.v[g];
}

static void remember(struct pending *q, const struct subject *s, enum rc_known_status status)
{
	q->put = true;
	q->known = s->k;
	q->known.key = q->o.key;
	q->known.status = status;
	q->known.source = s->p->source;
	q->known.missing_since_ns = 0;
	q->known.missing_count = 0;
	memset(q->known.missing_content, 0, 16);
	if (status == RC_KNOWN_SETTLED)
		memcpy(q->known.fingerprint, s->p->row, 16);
	else
		memset(q->known.fingerprint, 0, 16);
}

static void invalid(struct subject *s)
{
	struct pending *q = subject_pend(s, s->has ? RC_ACT_UPDATE : RC_ACT_CREATE, RC_ST_FAILED);

	q->o.error_code = "rollcall.invalid";
	q->o.error_message = s->w->invalid;
	if (s->has) {
		remember(q, s, RC_KNOWN_FAILED);
		q->known.error_code = RC_SLICE("rollcall.invalid");
	}
}

struct rc_op *subject_remake(struct subject *s)
{
	struct rc_op *create = subject_order(s, RC_ACT_CREATE, RC_CLASS_CREATE), *retire;

	create->name = s->w->name;
	create->remote_id = (struct rc_slice){0};
	want_account(s, create);
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
	if (subject_protected(s->t->cfg, s->k.name)) {
		s->reason = "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	s->reason = "the name changed under the same key";
	subject_remake(s);
}

static void compare(struct subject *s)
{
	const struct rc_account_schema *schema = s->t->cfg->schema;
	uint32_t differs = rc_account_diff(schema, &s->w->account, &s->k.account) & schema->updatable;
	struct rc_op *op;

	if (s->k.flags & RC_KNOWN_HELD) {
		s->reason = "held";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (s->k.flags & RC_KNOWN_DISABLED && schema->can_disable) {
		s->reason = "wanted again";
		op = subject_order(s, RC_ACT_ENABLE, RC_CLASS_UPDATE);
		want_account(s, op);
		op->changed = differs;
		return;
	}
	if (!differs) {
		s->k.flags &= ~(uint32_t)RC_KNOWN_LOCKED; /* wanted again: the next leave locks anew */
		remember(subject_pend(s, RC_ACT_NONE, RC_ST_DONE), s, RC_KNOWN_SETTLED);
		return;
	}
	if (subject_protected(s->t->cfg, s->k.name)) {
		s->reason = "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	s->reason = "fields differ";
	op = subject_order(s, RC_ACT_UPDATE, RC_CLASS_UPDATE);
	want_account(s, op);
	op->changed = differs;
	if (schema->group_field < 0 || !(differs & 1u << schema->group_field))
		op->group = (struct rc_slice){0};
	for (size_t f = 0; f < schema->n_fields; f++)
		if (differs & 1u << f && rc_account_blank(schema, f, s->w->account.v[f]) &&
		    !rc_account_blank(schema, f, s->k.account.v[f])) {
			s->t->blanked++;
			break;
		}
}

static void adopt(struct subject *s, const struct rc_unmanaged *u)
{
	const struct rc_account_schema *schema = s->t->cfg->schema;
	uint32_t differs;

	if (s->t->cfg->existing != RC_EXISTING_ADOPT) {
		struct pending *q;

		s->reason = "an account of this name exists and is not managed by rollcall";
		q = subject_pend(s, RC_ACT_CREATE,
				 s->t->cfg->existing == RC_EXISTING_FAIL ? RC_ST_FAILED : RC_ST_SKIPPED);
		q->o.error_code = s->t->cfg->existing == RC_EXISTING_FAIL ? "rollcall.exists" : NULL;
		q->o.error_message = s->t->cfg->existing == RC_EXISTING_FAIL ? s->reason : NULL;
		return;
	}
	s->k = (struct rc_known){.name = rc_arena_copy(&s->r->mem, u->name),
				 .remote_id = rc_arena_copy(&s->r->mem, u->remote_id),
				 .server = rc_arena_copy(&s->r->mem, u->server),
				 .flags = RC_KNOWN_MANAGED | RC_KNOWN_ADOPTED |
					  (u->disabled ? (uint32_t)RC_KNOWN_DISABLED : 0u),
				 .created_at_ns = s->r->started_ns,
				 .first_seen_ns = s->r->started_ns};
	s->k.account.set = u->account.set;
	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (u->account.set & 1u << f)
			s->k.account.v[f] = rc_arena_copy(&s->r->mem, u->account.v[f]);
	differs = rc_account_diff(schema, &s->w->account, &s->k.account) & schema->updatable;
	s->reason = "an account of this name was there";
	if (s->t->cfg->on_adopt == RC_ENFORCE && (differs || u->disabled)) {
		struct rc_op *op;

		s->has = true;
		op = subject_order(s, u->disabled ? RC_ACT_ENABLE : RC_ACT_UPDATE, RC_CLASS_UPDATE);
		want_account(s, op);
		op->changed = differs;
		return;
	}
	remember(subject_pend(s, RC_ACT_ADOPT, RC_ST_DONE), s, RC_KNOWN_SETTLED);
}

static void make(struct subject *s)
{
	size_t home = s->k.server.n ? run_server_at(s->t, s->k.server) : SIZE_MAX;
	struct op_info *info;
	struct rc_unmanaged u;
	struct rc_op *op;

	if (subject_protected(s->t->cfg, s->w->name)) {
		s->reason = "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (run_pool_unmanaged(s->r, s->target, s->w->server, s->w->name, &u)) {
		adopt(s, &u);
		return;
	}
	s->k = (struct rc_known){0};
	s->has = false;
	s->reason = "in the source, no account yet";
	op = subject_order(s, RC_ACT_CREATE, RC_CLASS_CREATE);
	want_account(s, op);
	info = op->owner;
	info->newcomer = s->t->cfg->pool;
	info->home = home == SIZE_MAX ? 0 : home + 1;
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
		want_account(s, op);
		op->mail_sent = true;
		return;
	}
	if (!rc_slice_eq(s->w->name, s->k.name) && !(s->k.flags & RC_KNOWN_KEEP_NAME))
		rename_account(s);
	else
		compare(s);
}
