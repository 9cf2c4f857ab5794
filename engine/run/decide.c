/* Wanted against known: what each person who is not simply unchanged needs on each target. */
#include "engine/run/run_int.h"
#include "engine/base/alloc.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

struct subject { /* one person on one target */
	struct run *r;
	size_t target;
	struct run_target *t;
	struct rc_person *p;
	struct rc_known k;
	bool has;
	const struct rc_want *w; /* NULL: not wanted here */
	const char *reason;
};

static struct pending *pend(struct subject *s, enum rc_action action, enum rc_status status)
{
	struct run *r = s->r;
	struct pending *q;

	if (r->n_pending == r->cap_pending) {
		r->cap_pending = r->cap_pending ? r->cap_pending * 2 : 256;
		r->pending = rc_xreallocarray(r->pending, r->cap_pending, sizeof(*r->pending));
	}
	q = &r->pending[r->n_pending++];
	*q = (struct pending){.person = s->p, .known = s->k};
	q->o = (struct rc_outcome){.target = s->t->cfg->name,
				   .key = s->p->key.n ? s->p->key : s->k.key,
				   .name = s->has ? s->k.name
					   : s->w ? s->w->name
						  : (struct rc_slice){0},
				   .action = action,
				   .status = status,
				   .remote_id = s->k.remote_id,
				   .reason = s->reason,
				   .planned_at = r->started_ns};
	if (s->p->kind != RC_PERSON_ABSENT) {
		q->o.source_file = rc_slice_str(r->scan.sources[s->p->source].files[s->p->file]);
		q->o.source_line = s->p->line;
	}
	if (s->has && s->k.server.n)
		q->o.server = s->k.server.p;
	return q;
}

static const struct rc_account nothing;

static struct rc_op *order(struct subject *s, enum rc_action action, enum rc_op_class class_)
{
	struct run *r = s->r;
	struct rc_op *op = rc_arena_zalloc(&r->mem, sizeof(*op));
	struct op_info *info = rc_arena_zalloc(&r->mem, sizeof(*info));
	struct rc_known *known = NULL;

	if (s->has) {
		known = rc_arena_alloc(&r->mem, sizeof(*known));
		*known = s->k;
	}
	if (r->n_ops == r->cap_ops) {
		r->cap_ops = r->cap_ops ? r->cap_ops * 2 : 256;
		r->ops = rc_xreallocarray(r->ops, r->cap_ops, sizeof(struct rc_op *));
	}
	r->ops[r->n_ops] = op;
	op->id = ++r->n_ops;
	op->target = (uint32_t)s->target;
	op->action = action;
	op->class_ = class_;
	op->key = s->p->key.n ? s->p->key : s->k.key;
	op->name = s->has ? s->k.name : s->w->name;
	op->remote_id = s->k.remote_id;
	op->have = known ? &known->account : &nothing;
	op->want = s->w ? &s->w->account : op->have;
	op->reason = s->reason;
	op->planned_at = r->started_ns;
	op->priority = INT64_MAX;
	if (s->has && s->k.status == RC_KNOWN_UNKNOWN) { /* sent by an earlier run: look before anything else */
		op->state = RC_STEP_VERIFY;
		op->sent_ns = r->started_mono;
	}
	op->owner = info;
	*info = (struct op_info){.person = s->p, .known = known};
	for (size_t i = 0; s->k.server.n && i < s->t->cfg->n_servers; i++)
		if (rc_slice_eqs(s->k.server, s->t->cfg->servers[i].label))
			op->server = (uint32_t)i;
	if (s->p->kind != RC_PERSON_ABSENT) {
		op->source_file = rc_slice_str(r->scan.sources[s->p->source].files[s->p->file]);
		op->source_line = s->p->line;
	}
	return op;
}

static void want_account(struct subject *s, struct rc_op *op)
{
	int g = s->t->cfg->schema->group_field;

	op->priority = s->w->priority;
	if (g >= 0 && (s->w->account.set & 1u << g))
		op->group = s->w->account.v[g];
}

static bool is_protected(const struct rc_target *t, struct rc_slice name)
{
	char text[600];

	snprintf(text, sizeof(text), "%.*s", (int)(name.n < 512 ? name.n : 512), name.p ? name.p : "");
	for (size_t i = 0; i < t->protect.n; i++)
		if (fnmatch(t->protect.v[i], text, 0) == 0)
			return true;
	return false;
}

/* ---- people who are not wanted */

static void count_absence(struct subject *s, struct pending *q)
{
	const struct rc_scan_source *src = &s->r->scan.sources[0];

	if (!q->known.missing_since_ns)
		q->known.missing_since_ns = s->r->started_ns;
	if (memcmp(q->known.missing_content, src->content, 16) != 0) {
		memcpy(q->known.missing_content, src->content, 16);
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

	if (s->k.flags & RC_KNOWN_HELD || is_protected(s->t->cfg, s->k.name)) {
		s->reason = s->k.flags & RC_KNOWN_HELD ? "held" : "protected";
		pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (m->action == RC_MISSING_IGNORE || m->action == RC_MISSING_REPORT) {
		q = pend(s, RC_ACT_NONE, m->action == RC_MISSING_IGNORE ? RC_ST_DONE : RC_ST_SKIPPED);
		count_absence(s, q);
		return;
	}
	if (!counted.missing_since_ns)
		counted.missing_since_ns = s->r->started_ns;
	if (memcmp(counted.missing_content, s->r->scan.sources[0].content, 16) != 0)
		counted.missing_count++;
	due = counted.missing_since_ns + (int64_t)m->after_days * RC_DAY;
	if (!evidence && (counted.missing_count < m->after_runs || due > s->r->started_ns)) {
		s->reason = "not in the source: waits for missing.after_runs and after_days";
		q = pend(s,
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
		q = pend(s, RC_ACT_NONE, RC_ST_DONE);
		count_absence(s, q);
		return;
	}
	op = order(s,
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

static void not_wanted(struct subject *s)
{
	struct rc_person *p = s->p;

	if (!s->has || !(s->k.flags & RC_KNOWN_MANAGED)) {
		if (s->has && p->kind == RC_PERSON_ABSENT)
			pend(s, RC_ACT_NONE, RC_ST_DONE)->drop = true;
		return;
	}
	if (p->kind == RC_PERSON_FROZEN) {
		s->reason = p->why;
		pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (p->kind == RC_PERSON_ABSENT || p->kind == RC_PERSON_FILTERED ||
	    (p->mapped.want && p->mapped.want[s->target].filtered)) {
		if (!s->r->scan.absence_ok) {
			s->reason = "a row whose key cannot be read keeps absence from counting";
			pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
			return;
		}
		s->reason = p->kind == RC_PERSON_ABSENT ? "not in the source" : "excluded by where";
		leave(s, false);
		return;
	}
	leave(s, true);
}

/* ---- people who are wanted */

static void remember(struct pending *q, const struct subject *s, enum rc_known_status status)
{
	q->put = true;
	q->known = s->k;
	q->known.key = q->o.key;
	q->known.status = status;
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
	struct pending *q = pend(s, s->has ? RC_ACT_UPDATE : RC_ACT_CREATE, RC_ST_FAILED);

	q->o.error_code = "rollcall.invalid";
	q->o.error_message = s->w->invalid;
	if (s->has) {
		remember(q, s, RC_KNOWN_FAILED);
		q->known.error_code = RC_SLICE("rollcall.invalid");
	}
}

static void rename_account(struct subject *s)
{
	struct rc_op *create, *retire;

	if (is_protected(s->t->cfg, s->k.name)) {
		s->reason = "protected";
		pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	s->reason = "the name changed under the same key";
	create = order(s, RC_ACT_CREATE, RC_CLASS_CREATE);
	create->name = s->w->name;
	create->remote_id = (struct rc_slice){0};
	want_account(s, create);
	create->linked_name = s->k.name;
	retire = order(s, RC_ACT_DELETE, RC_CLASS_RETIRE);
	retire->linked_name = s->w->name;
	create->linked = retire;
	retire->linked = create;
	s->t->renames++;
}

static void compare(struct subject *s)
{
	const struct rc_account_schema *schema = s->t->cfg->schema;
	uint32_t differs = rc_account_diff(schema, &s->w->account, &s->k.account) & schema->updatable;
	struct rc_op *op;

	if (s->k.flags & RC_KNOWN_HELD) {
		s->reason = "held";
		pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (s->k.flags & RC_KNOWN_DISABLED && schema->can_disable) {
		s->reason = "wanted again";
		op = order(s, RC_ACT_ENABLE, RC_CLASS_UPDATE);
		want_account(s, op);
		op->changed = differs;
		return;
	}
	if (!differs) {
		s->k.flags &= ~(uint32_t)RC_KNOWN_LOCKED; /* wanted again: the next leave locks anew */
		remember(pend(s, RC_ACT_NONE, RC_ST_DONE), s, RC_KNOWN_SETTLED);
		return;
	}
	if (is_protected(s->t->cfg, s->k.name)) {
		s->reason = "protected";
		pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	s->reason = "fields differ";
	op = order(s, RC_ACT_UPDATE, RC_CLASS_UPDATE);
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
		q = pend(s, RC_ACT_CREATE, s->t->cfg->existing == RC_EXISTING_FAIL ? RC_ST_FAILED : RC_ST_SKIPPED);
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
		op = order(s, u->disabled ? RC_ACT_ENABLE : RC_ACT_UPDATE, RC_CLASS_UPDATE);
		want_account(s, op);
		op->changed = differs;
		return;
	}
	remember(pend(s, RC_ACT_ADOPT, RC_ST_DONE), s, RC_KNOWN_SETTLED);
}

static void make(struct subject *s)
{
	struct rc_slice label = s->t->cfg->pool ? rc_slice_str(s->t->cfg->servers[0].label) : (struct rc_slice){0};
	struct rc_unmanaged u;
	struct rc_op *op;

	if (is_protected(s->t->cfg, s->w->name)) {
		s->reason = "protected";
		pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
		return;
	}
	if (rc_view_unmanaged(s->r->view, s->t->number, label, s->w->name, &u)) {
		adopt(s, &u);
		return;
	}
	s->k = (struct rc_known){0};
	s->has = false;
	s->reason = "in the source, no account yet";
	op = order(s, RC_ACT_CREATE, RC_CLASS_CREATE);
	want_account(s, op);
}

static void wanted(struct subject *s)
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
		op = order(s, RC_ACT_CREATE, RC_CLASS_CREATE);
		want_account(s, op);
		op->mail_sent = true;
		return;
	}
	if (!rc_slice_eq(s->w->name, s->k.name) && !(s->k.flags & RC_KNOWN_KEEP_NAME))
		rename_account(s);
	else
		compare(s);
}

static bool selected(const struct run *r, struct rc_slice key)
{
	const struct rc_run_opts *o = r->opts;
	bool in = o->n_only == 0;

	for (size_t i = 0; i < o->n_only && !in; i++)
		in = rc_slice_eqs(key, o->only[i]);
	for (size_t i = 0; i < o->n_exclude && in; i++)
		in = !rc_slice_eqs(key, o->exclude[i]);
	return in;
}

static void decide(struct run *r, size_t target, struct rc_person *p, const struct rc_known *k)
{
	struct run_target *t = &r->targets[target];
	struct subject s = {.r = r, .target = target, .t = t, .p = p};
	bool until_passed = p->kind == RC_PERSON_PRESENT && p->mapped.until_ns <= r->started_ns;
	bool not_begun = p->kind == RC_PERSON_PRESENT && p->mapped.from_ns > r->started_ns;

	if (k) {
		s.k = rc_known_copy(k, &r->mem);
		s.has = true;
	}
	if (!selected(r, p->key.n ? p->key : s.k.key)) {
		pend(&s, RC_ACT_NONE, RC_ST_NOT_SELECTED);
		return;
	}
	if (p->kind == RC_PERSON_PRESENT && !p->mapped.left && !until_passed && !not_begun &&
	    !p->mapped.want[target].filtered) {
		s.w = &p->mapped.want[target];
		wanted(&s);
		return;
	}
	s.reason = p->mapped.left ? "left"
		   : until_passed ? "active_until has passed"
		   : not_begun    ? "active_from is not yet"
				  : NULL;
	not_wanted(&s);
}

/* Old accounts of renames whose new account is there: their deletion was not reached in an earlier run. */
static void retire_left_over(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	struct rc_walk w = {0};
	struct rc_known k, live;

	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		struct rc_person *p = rc_arena_zalloc(&r->mem, sizeof(*p));
		struct subject s = {.r = r, .target = target, .t = t, .p = p, .has = true};
		struct rc_op *op;

		if (rc_view_known(r->view, t->number, k.key, &live) &&
		    (!(live.flags & RC_KNOWN_MANAGED) || live.status == RC_KNOWN_UNKNOWN))
			continue; /* the new account is not confirmed: the old one stays */
		p->kind = RC_PERSON_ABSENT;
		rc_store_key_hash(r->store, k.key, p->hash);
		s.k = rc_known_copy(&k, &r->mem);
		s.reason = "the old account of a changed name";
		if (s.k.flags & RC_KNOWN_HELD || is_protected(t->cfg, s.k.name))
			continue;
		op = order(&s, RC_ACT_DELETE, RC_CLASS_RETIRE);
		op->linked_name = s.k.linked_name;
	}
	rc_walk_end(&w);
}

enum { PEOPLE_AT_ONCE = 4096 };

/* Records are asked for in groups: sorted look-ups are several times cheaper, and memory stays bounded. */
static void decide_target(struct run *r, size_t target)
{
	uint8_t(*hashes)[16] = rc_xcalloc(PEOPLE_AT_ONCE, 16);
	struct rc_known *known = rc_xcalloc(PEOPLE_AT_ONCE, sizeof(*known));
	bool *found = rc_xcalloc(PEOPLE_AT_ONCE, sizeof(*found));

	for (size_t from = 0; from < r->scan.n; from += PEOPLE_AT_ONCE) {
		size_t n = r->scan.n - from < PEOPLE_AT_ONCE ? r->scan.n - from : PEOPLE_AT_ONCE;

		for (size_t i = 0; i < n; i++)
			memcpy(hashes[i], r->scan.people[from + i].hash, 16);
		memset(found, 0, n * sizeof(*found));
		rc_view_known_many(r->view, r->targets[target].number, (const uint8_t(*)[16])hashes, n, known, found);
		for (size_t i = 0; i < n; i++)
			decide(r, target, &r->scan.people[from + i], found[i] ? &known[i] : NULL);
	}
	free(hashes);
	free(known);
	free(found);
}

enum rc_code run_decide(struct run *r, struct rc_err *err)
{
	for (size_t t = 0; t < r->cfg->n_targets; t++) {
		struct run_target *target = &r->targets[t];

		target->known = rc_view_known_count(r->view, target->number, true);
		if (!target->selected || target->stopped)
			continue;
		decide_target(r, t);
		retire_left_over(r, t);
	}
	return rc_view_failed(r->view) ? rc_view_end(r->view, err) : RC_OK;
}
