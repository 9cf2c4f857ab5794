/* People who are not wanted: evidence, absence, and what the target's `missing` says. */
#include "engine/run/decide_int.h"

/* Of the source the person was in, or is filtered out of: another source's news says nothing about them. */
static const uint8_t *content_of(const struct subject *s)
{
	uint16_t source = s->p->kind == RC_PERSON_ABSENT ? s->k.source : s->p->source;

	return s->r->scan.sources[source < s->r->cfg->n_sources ? source : 0].content;
}

static void count_absence(struct subject *s, struct pending *q)
{
	if (!q->known.missing_since_ns)
		q->known.missing_since_ns = s->r->started_ns;
	if (memcmp(q->known.missing_content, content_of(s), 16) != 0) {
		memcpy(q->known.missing_content, content_of(s), 16);
		q->known.missing_count++;
	}
	q->put = true;
}

static void leave(struct subject *s, bool evidence)
{
	const struct rc_missing *m = &s->t->cfg->missing;
	struct pending *q;
	struct rc_op *op;
	int64_t due;
	struct rc_known counted = s->k;

	if (s->k.flags & RC_KNOWN_HELD || subject_protected(s->t->cfg, s->k.name)) {
		s->reason = s->k.flags & RC_KNOWN_HELD ? "held" : "protected";
		subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (m->action == RC_MISSING_IGNORE || m->action == RC_MISSING_REPORT) {
		q = subject_pend(s, RC_ACT_NONE, m->action == RC_MISSING_IGNORE ? RC_ST_DONE : RC_ST_SKIPPED);
		count_absence(s, q);
		return;
	}
	if (!counted.missing_since_ns)
		counted.missing_since_ns = s->r->started_ns;
	if (memcmp(counted.missing_content, content_of(s), 16) != 0)
		counted.missing_count++;
	due = counted.missing_since_ns + (int64_t)m->after_days * RC_DAY;
	if (!evidence && (counted.missing_count < m->after_runs || due > s->r->started_ns)) {
		s->reason = "not in the source: waits for missing.after_runs and after_days";
		q = subject_pend(s,
				 m->action == RC_MISSING_DELETE ? RC_ACT_DELETE
				 : m->action == RC_MISSING_LOCK ? RC_ACT_LOCK
								: RC_ACT_DISABLE,
				 RC_ST_WAITING);
		q->o.due_at = due > s->r->started_ns ? due : 0;
		count_absence(s, q);
		q->known.status = RC_KNOWN_WAITING;
		return;
	}
	if ((m->action == RC_MISSING_DISABLE && s->k.flags & RC_KNOWN_DISABLED) ||
	    (m->action == RC_MISSING_LOCK && s->k.flags & RC_KNOWN_LOCKED)) {
		q = subject_pend(s, RC_ACT_NONE, RC_ST_DONE);
		count_absence(s, q);
		return;
	}
	op = subject_order(s,
			   m->action == RC_MISSING_DELETE ? RC_ACT_DELETE
			   : m->action == RC_MISSING_LOCK ? RC_ACT_LOCK
							  : RC_ACT_DISABLE,
			   RC_CLASS_LEAVE);
	if (m->action == RC_MISSING_LOCK && m->group) {
		int g = s->t->cfg->schema->group_field;

		if (g >= 0 && !(op->have->set & 1u << g && rc_slice_eqs(op->have->v[g], m->group))) {
			struct rc_account *want = rc_arena_alloc(&s->r->mem, sizeof(*want));

			*want = *op->have;
			want->v[g] = op->group = rc_slice_str(m->group);
			want->set |= 1u << g;
			op->want = want;
			op->changed = 1u << g;
		}
	}
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
		if (s->has && p->kind == RC_PERSON_ABSENT)
			subject_pend(s, RC_ACT_NONE, RC_ST_DONE)->drop = true;
		return;
	}
	if (p->kind == RC_PERSON_ABSENT || p->kind == RC_PERSON_FILTERED ||
	    (p->mapped.want && p->mapped.want[s->target].filtered)) {
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

static struct rc_op *op_of(const struct run *r, size_t target, struct rc_slice key)
{
	for (size_t i = r->targets[target].first_op; i < r->n_ops; i++)
		if (r->ops[i]->class_ != RC_CLASS_RETIRE && rc_slice_eq(r->ops[i]->key, key))
			return r->ops[i];
	return NULL;
}

/* Whether an old account may go: its new one is there, or is made (other) by this run, or the person leaves with it. */
static bool may_retire(struct run *r, size_t target, struct rc_slice key, const struct rc_op *other)
{
	struct rc_known live;
	uint8_t hash[16];
	const struct rc_person *today;

	rc_store_key_hash(r->store, key, hash);
	today = rc_sources_find(&r->scan, hash);
	if (today && today->kind == RC_PERSON_FROZEN)
		return false; /* nothing of theirs is touched */
	if (other && (other->action == RC_ACT_CREATE || other->class_ == RC_CLASS_LEAVE))
		return true;
	return !rc_view_known(r->view, r->targets[target].number, key, &live) ||
	       (live.flags & RC_KNOWN_MANAGED && live.status != RC_KNOWN_UNKNOWN);
}

/* Old accounts of renames whose deletion an earlier run did not reach. They go when the new account is there, after it
 * where this run makes it, and with it where the person leaves; else they stay. */
void retire_left_over(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	struct rc_walk w = {0};
	struct rc_known k;

	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		struct rc_person *p = rc_arena_zalloc(&r->mem, sizeof(*p));
		struct subject s = {.r = r, .target = target, .t = t, .p = p, .has = true};
		struct rc_op *op, *other = op_of(r, target, k.key);

		if (!may_retire(r, target, k.key, other))
			continue;
		p->kind = RC_PERSON_ABSENT;
		rc_store_key_hash(r->store, k.key, p->hash);
		s.k = rc_known_copy(&k, &r->mem);
		s.reason = "the old account of a changed name";
		if (s.k.flags & RC_KNOWN_HELD || subject_protected(t->cfg, s.k.name))
			continue;
		op = subject_order(&s, RC_ACT_DELETE, RC_CLASS_RETIRE);
		op->linked_name = s.k.linked_name;
		if (other && other->action == RC_ACT_CREATE && !other->linked) {
			op->linked = other;
			other->linked = op;
			other->linked_name = s.k.name;
		}
	}
	rc_walk_end(&w);
}
