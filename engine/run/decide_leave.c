/* People who are not wanted: evidence, absence, and what the target's `missing` says. */
#include "engine/run/decide_int.h"

enum rc_action subject_leave_action(const struct run_target *t)
{
	switch (t->cfg->missing.action) {
	case RC_MISSING_DELETE:
		return RC_ACT_DELETE;
	case RC_MISSING_DISABLE:
		return RC_ACT_DISABLE;
	case RC_MISSING_LOCK:
		return RC_ACT_LOCK;
	case RC_MISSING_REPORT:
	case RC_MISSING_IGNORE:
		break;
	}
	return RC_ACT_NONE;
}

/* Of the source the person was in, or is filtered out of: another source's news says nothing about them. */
static const uint8_t *content_of(const struct subject *s)
{
	uint16_t source = s->p->kind == RC_PERSON_ABSENT ? s->k.source : s->p->source;

	return s->r->scan.sources[source < s->r->cfg->n_sources ? source : 0].content;
}

static void count_absence(const struct subject *s, struct rc_known *k)
{
	if (!k->missing_since_ns)
		k->missing_since_ns = s->r->started_ns;
	if (memcmp(k->missing_content, content_of(s), 16) != 0) {
		memcpy(k->missing_content, content_of(s), 16);
		k->missing_count++;
	}
}

/* Disabled, and the provider does not delete it before a date that is still to come. */
static bool in_use(const struct subject *s)
{
	return s->k.due_cause == RC_DUE_IN_USE && s->k.due_at_ns > s->r->started_ns && s->k.flags & RC_KNOWN_DISABLED;
}

static struct pending *wait_until(struct subject *s, const struct rc_known *k, int64_t due_ns, enum rc_due_cause cause)
{
	struct pending *q = subject_pend(s, subject_leave_action(s->t), RC_ST_WAITING);

	q->o.due_at = due_ns;
	q->known = *k;
	q->known.due_at_ns = due_ns;
	q->known.due_cause = due_ns ? cause : RC_DUE_NONE;
	q->known.status = RC_KNOWN_WAITING;
	q->known.error_code = q->known.error_message = (struct rc_slice){0}; /* of an earlier run */
	q->put = true;
	return q;
}

static void settle(struct subject *s, const struct rc_known *k, enum rc_status status, int64_t due_ns)
{
	struct pending *q = subject_pend(s, RC_ACT_NONE, status);

	q->o.due_at = due_ns;
	q->known = *k;
	if (!in_use(s)) { /* else the provider's date is the one to remember */
		q->known.due_at_ns = due_ns;
		q->known.due_cause = due_ns ? RC_DUE_OVERRIDE : RC_DUE_NONE;
	}
	q->put = true;
}

static void remove_access(struct subject *s, bool evidence)
{
	const struct rc_missing *m = &s->t->cfg->missing;
	struct rc_op *op = subject_order(s, subject_leave_action(s->t), RC_CLASS_LEAVE);
	int g = s->t->cfg->schema->group_field;
	struct rc_account *want;

	op->priority = evidence ? INT64_MIN : INT64_MIN + 1; /* whoever is known to have left goes first */
	if (op->action != RC_ACT_LOCK || !m->group || g < 0 ||
	    (op->have->set & 1u << g && rc_slice_eqs(op->have->v[g], m->group)))
		return;
	want = rc_arena_alloc(&s->r->mem, sizeof(*want));
	*want = *op->have;
	want->v[g] = op->group = rc_slice_str(m->group);
	want->set |= 1u << g;
	op->want = want;
	op->changed = 1u << g;
}

/* An override keeps the account; absence goes on counting, so that its end finds the leaver due. */
static bool kept(struct subject *s, const struct rc_known *k)
{
	const struct rc_override *o = s->override;

	if (!o || o->effect != RC_EFFECT_KEEP)
		return false;
	s->reason = rc_arena_printf(&s->r->mem, "%s; kept by an override%s%.*s", s->reason ? s->reason : "left",
				    o->reason.n ? ": " : "", (int)o->reason.n, o->reason.p);
	settle(s, k, RC_ST_SKIPPED, o->ends_ns == INT64_MAX ? 0 : o->ends_ns);
	return true;
}

static void leave(struct subject *s, bool evidence)
{
	const struct rc_missing *m = &s->t->cfg->missing;
	struct rc_known k = s->k;
	int64_t due, now = s->r->started_ns;

	if (subject_protected(s->t->cfg, s->k.name)) {
		s->reason = "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (!evidence)
		count_absence(s, &k);
	if (kept(s, &k))
		return;
	if (m->action == RC_MISSING_IGNORE || m->action == RC_MISSING_REPORT) {
		settle(s, &k, m->action == RC_MISSING_IGNORE ? RC_ST_DONE : RC_ST_SKIPPED, 0);
		return;
	}
	if (m->action == RC_MISSING_DELETE && in_use(s)) {
		s->reason = "used this month: disabled, deleted when the month is over";
		wait_until(s, &k, k.due_at_ns, RC_DUE_IN_USE);
		return;
	}
	due = evidence ? 0 : rc_calendar_days_after(s->r->zone, k.missing_since_ns, m->after_days);
	if (!evidence && (k.missing_count < m->after_runs || due > now)) {
		s->reason = "not in the source: waits for missing.after_runs and after_days";
		wait_until(s, &k, due > now ? due : 0, RC_DUE_ABSENT);
		return;
	}
	if ((m->action == RC_MISSING_DISABLE && k.flags & RC_KNOWN_DISABLED) ||
	    (m->action == RC_MISSING_LOCK && k.flags & RC_KNOWN_LOCKED && !(k.flags & RC_KNOWN_UNSURE_PASSWORD))) {
		settle(s, &k, RC_ST_DONE, 0);
		return;
	}
	remove_access(s, evidence);
}

/* A record without an account, of somebody who is to have none: nothing is left to remember but what an operator has
 * said. */
static void no_account(struct subject *s)
{
	if (s->has && s->p->kind != RC_PERSON_FROZEN && !(s->k.flags & RC_KNOWN_HELD))
		subject_pend(s, RC_ACT_NONE, RC_ST_DONE)->drop = true;
}

void subject_not_wanted(struct subject *s)
{
	struct rc_person *p = s->p;

	if (p->kind == RC_PERSON_FROZEN) { /* newcomers too: somebody waits for that account */
		s->reason = p->why;
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (!s->has || !(s->k.flags & RC_KNOWN_MANAGED)) {
		no_account(s);
		return;
	}
	if (p->kind == RC_PERSON_ABSENT || p->kind == RC_PERSON_FILTERED ||
	    (p->mapped.want && p->mapped.want[s->target].filtered && !s->reason)) {
		if (!s->r->scan.absence_ok) {
			s->reason = s->r->scan.frozen ? "a source could not be read: no absence counts"
						      : "a row whose key cannot be read keeps absence from counting";
			subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
			return;
		}
		s->reason = p->kind == RC_PERSON_ABSENT ? "not in the source" : "excluded by where";
		leave(s, false);
		return;
	}
	leave(s, true);
}

/* An operator's word is evidence, whatever the source says of the person or fails to say. */
void subject_denied(struct subject *s)
{
	if (!s->has || !(s->k.flags & RC_KNOWN_MANAGED)) {
		no_account(s);
		return;
	}
	s->reason = rc_arena_printf(&s->r->mem, "denied by an override%s%.*s", s->override->reason.n ? ": " : "",
				    (int)s->override->reason.n, s->override->reason.p);
	leave(s, true);
}

/* ---- the other half of a rename, left over from an earlier run */

static struct rc_op *op_of(const struct run *r, size_t target, struct rc_slice key)
{
	for (size_t i = r->targets[target].first_op; i < r->n_ops; i++)
		if (!r->ops[i]->retiring && rc_slice_eq(r->ops[i]->key, key))
			return r->ops[i];
	return NULL;
}

/* Somebody whose row asks for an account here today. */
static bool wanted_today(const struct run *r, size_t target, const struct rc_person *p)
{
	return p && p->kind == RC_PERSON_PRESENT && !p->mapped.left && p->mapped.until_ns > r->started_ns &&
	       p->mapped.from_ns <= r->started_ns && p->mapped.want && !p->mapped.want[target].filtered;
}

/* Whether an old account may go: its new one is there, or is made (other) by this run, or the person leaves with it. */
static bool may_retire(struct run *r, size_t target, const struct rc_known *old, const struct rc_op *other)
{
	struct rc_known live;
	uint8_t hash[16];
	const struct rc_person *today;
	const struct rc_override *o;

	rc_store_key_hash(r->store, old->key, hash);
	today = rc_sources_find(&r->scan, hash);
	o = rc_overrides_find(&r->overrides, hash, target);
	if ((today && today->kind == RC_PERSON_FROZEN) || (o && o->effect == RC_EFFECT_HOLD) ||
	    old->flags & RC_KNOWN_HELD || subject_protected(r->targets[target].cfg, old->name) ||
	    !run_selected(r, old->key))
		return false; /* nothing of theirs is touched */
	if (other && rc_slice_eq(other->name, old->name))
		return false; /* it is the person's account again */
	if (other && (other->action == RC_ACT_CREATE || other->class_ == RC_CLASS_LEAVE))
		return true;
	if (!rc_view_known(r->view, r->targets[target].number, old->key, &live))
		return true;
	if (live.flags & RC_KNOWN_HELD)
		return false;
	if (!(live.flags & RC_KNOWN_MANAGED)) /* the new one is gone, or was never made */
		return !wanted_today(r, target, today);
	return live.status != RC_KNOWN_UNKNOWN && !rc_slice_eq(live.name, old->name);
}

static void retire_one(struct run *r, size_t target, const struct rc_known *k, struct rc_op *other)
{
	struct rc_person *p = rc_arena_zalloc(&r->mem, sizeof(*p));
	struct subject s = {.r = r, .target = target, .t = &r->targets[target], .p = p, .has = true};
	struct rc_op *op;

	p->kind = RC_PERSON_ABSENT;
	rc_store_key_hash(r->store, k->key, p->hash);
	s.k = rc_known_copy(k, &r->mem);
	if (in_use(&s)) {
		struct pending *q;

		s.reason = "the old account of a changed name: used this month, deleted when the month is over";
		q = subject_pend(&s, RC_ACT_DELETE, RC_ST_WAITING);
		q->o.due_at = s.k.due_at_ns;
		q->o.linked_name = s.k.linked_name;
		q->known = (struct rc_known){0}; /* its record stays as it is, and counts as no person */
		return;
	}
	s.reason = "the old account of a changed name";
	op = subject_order(&s, RC_ACT_DELETE, RC_CLASS_RETIRE);
	op->linked_name = s.k.linked_name;
	/* One that only waited for its month to end has no part in what is made today. */
	if (other && other->action == RC_ACT_CREATE && !other->linked && s.k.due_cause != RC_DUE_IN_USE) {
		op->linked = other;
		other->linked = op;
		other->linked_name = s.k.name;
	}
}

/* Old accounts of renames whose deletion an earlier run did not reach. They go when the new account is there, after it
 * where this run makes it, and with it where the person leaves; else they stay. */
void retire_left_over(struct run *r, size_t target)
{
	struct rc_walk w = {0};
	struct rc_known k;

	rc_walk_retiring_begin(r->view, r->targets[target].number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		struct rc_op *other = op_of(r, target, k.key);

		if (may_retire(r, target, &k, other))
			retire_one(r, target, &k, other);
	}
	rc_walk_end(&w);
}
