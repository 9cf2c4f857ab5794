/* Accounts that are there before rollcall: whose they are, and what becomes of what differs on them. */
#include "engine/run/adopt.h"
#include "engine/run/decide_int.h"
#include "engine/run/pool.h"
#include <stdio.h>

static void refuse(struct subject *s, enum rc_status status, const char *why)
{
	struct pending *q;

	s->reason = why;
	q = subject_pend(s, RC_ACT_CREATE, status);
	if (status == RC_ST_FAILED) {
		q->o.error_code = "rollcall.exists";
		q->o.error_message = why;
	}
}

/* The account as it is at the provider. */
static void found(struct subject *s, const struct rc_unmanaged *u)
{
	struct rc_arena *mem = &s->r->mem;

	s->k = (struct rc_known){.name = rc_arena_copy(mem, u->name),
				 .remote_id = rc_arena_copy(mem, u->remote_id),
				 .server = rc_arena_copy(mem, u->server),
				 .flags = RC_KNOWN_MANAGED | RC_KNOWN_ADOPTED |
					  (u->disabled ? (uint32_t)RC_KNOWN_DISABLED : 0u),
				 .created_at_ns = s->r->started_ns,
				 .first_seen_ns = s->r->started_ns};
	if (!rc_account_name_same(u->name, s->w->name))
		s->k.flags |= RC_KNOWN_KEEP_NAME;
	s->has = true;
	s->k.account.set = u->account.set;
	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (u->account.set & 1u << f)
			s->k.account.v[f] = rc_arena_copy(mem, u->account.v[f]);
}

static void enforce(struct subject *s, uint32_t differs)
{
	bool disabled = s->k.flags & RC_KNOWN_DISABLED;
	struct rc_op *op;

	op = subject_order(s, disabled ? RC_ACT_ENABLE : RC_ACT_UPDATE, RC_CLASS_UPDATE);
	subject_want_account(s, op);
	op->changed = differs;
	((struct op_info *)op->owner)->adopts = true;
}

/* What differs stays: kept as it is, or only looked at and named again by each listing. */
static void leave_as_is(struct subject *s, uint32_t differs)
{
	enum rc_policy policy = s->t->cfg->on_adopt;
	struct rc_account actual = s->k.account;
	struct pending *q;

	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (differs & 1u << f) {
			s->k.account.v[f] = s->w->account.v[f];
			s->k.account.set |= 1u << f;
			if (policy == RC_KEEP) {
				s->k.kept.v[f] = actual.set & 1u << f ? actual.v[f] : RC_SLICE("");
				s->k.kept.set |= 1u << f;
			}
		}
	if (s->k.flags & RC_KNOWN_DISABLED) {
		s->k.flags &= ~(uint32_t)RC_KNOWN_DISABLED;
		s->k.flags |= policy == RC_KEEP ? (uint32_t)RC_KNOWN_KEPT_DISABLED : 0u;
	}
	s->reason = differs ? policy == RC_KEEP ? "an account of this name was there; what differs is kept"
						: "an account of this name was there; what differs is reported only"
			    : "an account of this name was there";
	q = subject_pend(s, RC_ACT_ADOPT, RC_ST_DONE);
	subject_remember(q, s, RC_KNOWN_SETTLED);
	if (policy == RC_REPORT) {
		q->o.drift = differs != 0;
		q->o.fields = run_fields(s->r, s->t->cfg->schema, differs, &s->w->account, &actual, &q->o.n_fields);
	}
}

static void take(struct subject *s, const struct rc_unmanaged *u)
{
	const struct rc_account_schema *schema = s->t->cfg->schema;
	uint32_t differs;

	if (subject_protected(s->t->cfg, u->name)) {
		s->reason = "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	found(s, u);
	differs = rc_account_diff(schema, &s->w->account, &s->k.account) & schema->updatable;
	s->reason = s->k.flags & RC_KNOWN_KEEP_NAME ? "adopt_map names this account; it keeps its name"
						    : "an account of this name was there";
	if (s->t->cfg->on_adopt != RC_ENFORCE) {
		leave_as_is(s, differs);
	} else if (!differs && !u->disabled) {
		subject_remember(subject_pend(s, RC_ACT_ADOPT, RC_ST_DONE), s, RC_KNOWN_SETTLED);
	} else if (s->r->opts->list_only) { /* refresh changes nothing at the provider: the next sync does */
		struct pending *q = subject_pend(s, RC_ACT_ADOPT, RC_ST_DONE);

		subject_remember(q, s, RC_KNOWN_DEFERRED);
		q->o.fields = run_fields(s->r, schema, differs, &s->k.account, &s->w->account, &q->o.n_fields);
	} else {
		enforce(s, differs);
	}
}

bool subject_adopt(struct subject *s)
{
	struct run *r = s->r;
	const struct rc_target *cfg = s->t->cfg;
	struct rc_slice mapped = run_adopt_mapped(r, s->target, s->p->key), owner;
	struct rc_unmanaged u;
	struct rc_err err;
	bool theirs;
	size_t n;

	if (mapped.n) {
		run_find_unmanaged(r, s->target, mapped, &u);
		take(s, &u);
		return true;
	}
	if (!run_pool_unmanaged(r, s->target, s->w->server, s->w->name, &u))
		return false;
	n = rc_slice_eq(u.server, s->w->server) ? 1 : run_find_unmanaged(r, s->target, s->w->name, &u);
	owner = run_adopt_owner(r, s->target, u.name);
	if (owner.n)
		refuse(s, RC_ST_FAILED, "adopt_map gives the account of this name to another key");
	else if (cfg->existing != RC_EXISTING_ADOPT)
		refuse(s, cfg->existing == RC_EXISTING_FAIL ? RC_ST_FAILED : RC_ST_SKIPPED,
		       "an account of this name exists and is not managed by rollcall");
	else if (n > 1)
		refuse(s, RC_ST_FAILED,
		       "accounts of this name are on several servers: which one is theirs is not known");
	else if (rc_mapping_adopt_if(s->p->later, s->target, &u.account, u.name, &theirs, &err))
		refuse(s, RC_ST_FAILED, rc_arena_strdup(&r->mem, err.what));
	else if (!theirs)
		refuse(s, RC_ST_FAILED, "an account of this name exists, and adopt_if does not take it for theirs");
	else
		take(s, &u);
	return true;
}
