/* Wanted against known: what each person who is not simply unchanged needs on each target. */
#include "engine/run/decide_int.h"
#include "engine/run/drift.h"
#include "engine/run/names_ahead.h"
#include "engine/base/alloc.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

struct pending *subject_pend(struct subject *s, enum rc_action action, enum rc_status status)
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
				   .name = s->k.name.n ? s->k.name
					   : s->w      ? s->w->name
						       : (struct rc_slice){0},
				   .action = action,
				   .status = status,
				   .remote_id = s->k.remote_id,
				   .reason = s->reason,
				   .columns = s->p->mapped.columns,
				   .planned_at = r->started_ns};
	if (s->p->line && r->scanned) { /* a row of theirs was read */
		q->o.source_file = rc_slice_str(r->scan.sources[s->p->source].files[s->p->file]);
		q->o.source_line = s->p->line;
	}
	if ((s->has || action == RC_ACT_ADOPT) && s->k.server.n)
		q->o.server = s->k.server.p;
	run_drift_tell(r, s->target, s->p->hash, &q->o);
	return q;
}

static const struct rc_account nothing;

struct rc_op *subject_order(struct subject *s, enum rc_action action, enum rc_op_class class_)
{
	struct run *r = s->r;
	struct rc_op *op = rc_arena_zalloc(&r->mem, sizeof(*op));
	struct op_info *info = rc_arena_zalloc(&r->mem, sizeof(*info));
	struct rc_known *known = NULL;
	struct run_drift *drift;
	size_t server;

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
	op->retiring = class_ == RC_CLASS_RETIRE;
	op->sets_password = action == RC_ACT_LOCK;
	op->disabled = s->k.flags & RC_KNOWN_DISABLED;
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
		op->in_doubt = true;
		op->sent_ns = r->started_mono;
	}
	op->owner = info;
	*info = (struct op_info){.person = s->p, .known = known, .due_ns = s->due_ns, .due_cause = s->due_cause};
	drift = run_drift_find(r, s->target, s->p->hash);
	if (drift) {
		info->drift = drift->told = true;
		op->reason = rc_arena_printf(&r->mem, "%s; %s", s->reason ? s->reason : "", run_drift_reason(r, drift));
	}
	server = run_server_at(s->t, s->k.server);
	op->server = server == SIZE_MAX ? 0 : (uint32_t)server;
	if (s->p->line && r->scanned) { /* a row of theirs was read */
		op->source_file = rc_slice_str(r->scan.sources[s->p->source].files[s->p->file]);
		op->source_line = s->p->line;
	}
	return op;
}

bool subject_protected(const struct rc_target *t, struct rc_slice name)
{
	char text[600];

	if (!t->protect.n)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(name.n < 512 ? name.n : 512), name.p ? name.p : "");
	for (size_t i = 0; i < t->protect.n; i++)
		if (fnmatch(t->protect.v[i], text, FNM_CASEFOLD) == 0) /* as providers compare names */
			return true;
	return false;
}

/* An operator's hand stays on this person: `hold`, or an override. */
static bool held(struct subject *s)
{
	struct pending *q;

	if (s->override && s->override->effect == RC_EFFECT_HOLD)
		s->reason = rc_arena_printf(&s->r->mem, "held by an override%s%.*s", s->override->reason.n ? ": " : "",
					    (int)s->override->reason.n, s->override->reason.p);
	else if (s->k.flags & RC_KNOWN_HELD)
		s->reason = rc_arena_printf(&s->r->mem, "held%s%.*s", s->k.reason.n ? ": " : "", (int)s->k.reason.n,
					    s->k.reason.p);
	else
		return false;
	q = subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
	if (s->override && s->override->effect == RC_EFFECT_HOLD && s->override->ends_ns != INT64_MAX)
		q->o.due_at = s->override->ends_ns;
	return true;
}

/* Whoever stays as they are until a day that is known already waits for it. */
static void wait_for_due(struct subject *s, size_t first_pending)
{
	enum rc_action leaves = subject_leave_action(s->t);

	for (size_t i = first_pending; i < s->r->n_pending; i++) {
		struct pending *q = &s->r->pending[i];

		q->o.due_at = s->due_ns;
		if (q->put) {
			q->known.due_at_ns = s->due_ns;
			q->known.due_cause = s->due_cause;
		}
		if (leaves == RC_ACT_NONE || q->o.action != RC_ACT_NONE || q->o.status != RC_ST_DONE)
			continue;
		q->o.action = leaves;
		q->o.status = RC_ST_WAITING;
		q->o.reason = "active_until is not over yet";
		if (q->put)
			q->known.status = RC_KNOWN_WAITING;
	}
}

static void wanted(struct subject *s)
{
	size_t first = s->r->n_pending;
	int64_t until = s->p->mapped.until_ns;

	if (until != INT64_MAX) {
		s->due_ns = until;
		s->due_cause = RC_DUE_UNTIL;
	}
	subject_wanted(s);
	if (s->due_ns)
		wait_for_due(s, first);
}

/* `undo` holds a person until their row is another one than it was then; without a row: until there is one. */
static bool still_undone(struct subject *s)
{
	if (!s->has || !(s->k.flags & RC_KNOWN_UNDONE))
		return false;
	if (s->p->kind == RC_PERSON_FROZEN || memcmp(s->p->row, s->k.fingerprint, 16) == 0)
		return true;
	s->k.flags &= ~(uint32_t)RC_KNOWN_UNDONE;
	s->k.reason = (struct rc_slice){0};
	return false;
}

/* k: its texts are taken to where they stay. */
static void decide(struct run *r, size_t target, struct rc_person *p, struct rc_known *k)
{
	struct run_target *t = &r->targets[target];
	struct subject s = {.r = r, .target = target, .t = t, .p = p};
	bool present = p->kind == RC_PERSON_PRESENT;
	bool until_passed = present && p->mapped.until_ns <= r->started_ns;
	bool not_begun = present && p->mapped.from_ns > r->started_ns;
	bool is_wanted = present && !p->mapped.left && !until_passed && !not_begun && !p->mapped.want[target].filtered;

	if (!k && !p->key.n)
		return; /* in no row, and known on another target only: there is nobody here to speak of */
	if (k) {
		rc_known_keep(k, &r->mem);
		s.k = *k;
		s.has = true;
	}
	s.override = rc_overrides_find(&r->overrides, p->hash, target);
	if (is_wanted)
		s.w = &p->mapped.want[target];
	if (!run_selected(r, p->key.n ? p->key : s.k.key)) {
		subject_pend(&s, RC_ACT_NONE, RC_ST_NOT_SELECTED);
		t->wanted += is_wanted;
		return;
	}
	if (still_undone(&s)) {
		s.reason = s.k.reason.n ? s.k.reason.p : "undone";
		subject_pend(&s, RC_ACT_NONE, RC_ST_SKIPPED);
		t->wanted += is_wanted;
		return;
	}
	if (held(&s)) {
		t->wanted += is_wanted;
		return;
	}
	if (s.override && s.override->effect == RC_EFFECT_DENY) {
		s.w = NULL;
		subject_denied(&s);
		return;
	}
	if (is_wanted) {
		wanted(&s);
		return;
	}
	s.reason = p->mapped.left ? "left"
		   : until_passed ? "active_until has passed"
		   : not_begun    ? "active_from is not yet"
				  : NULL;
	subject_not_wanted(&s);
}

enum { PEOPLE_AT_ONCE = 16384 };

struct group { /* people whose records are asked for at once */
	uint8_t (*hash)[16];
	struct rc_known *known;
	bool *found;
	size_t n;
	struct rc_arena mem;
};

/* The scan has looked already, and in this very view: another one may show another record. */
static bool has_records(const struct run *r, const struct rc_person *p)
{
	return p->records && r->scan.records_of == rc_view_serial(r->view);
}

static void ask(struct run *r, size_t target, struct group *g, size_t from, size_t n)
{
	g->n = 0;
	for (size_t i = from; i < from + n; i++)
		if (!has_records(r, &r->scan.people[i]))
			memcpy(g->hash[g->n++], r->scan.people[i].hash, 16);
	rc_arena_reset(&g->mem);
	if (!g->n)
		return;
	rc_view_known_many(r->view, r->targets[target].number, (const uint8_t(*)[16])g->hash, g->n, &g->mem, g->known,
			   g->found);
}

enum { FETCH_AHEAD = 8 }; /* people: as long as a record takes to come from memory */

/* Records lie in the order of keys, people in that of the file. */
static void fetch_record(const struct run *r, size_t target, size_t i)
{
	const struct rc_slice *s =
		i < r->scan.n && r->scan.people[i].records ? &r->scan.people[i].records[target] : NULL;

	for (size_t at = 0; s && at < s->n; at += 64)
		__builtin_prefetch(s->p + at);
}

static void decide_group(struct run *r, size_t target, const struct group *g, size_t from, size_t n)
{
	size_t asked = 0;

	for (size_t i = from; i < from + n; i++) {
		struct rc_person *p = &r->scan.people[i];
		struct rc_known *k = NULL, known;

		fetch_record(r, target, i + FETCH_AHEAD);
		if (!has_records(r, p)) {
			k = g->found[asked] ? &g->known[asked] : NULL;
			asked++;
		} else if (p->records[target].p &&
			   rc_view_record(r->view, r->targets[target].number, p->records[target], &known)) {
			k = &known;
		}
		decide(r, target, p, k);
	}
}

/* Records are asked for in groups: sorted look-ups are several times cheaper, and memory stays bounded. */
static void decide_target(struct run *r, size_t target)
{
	struct group g = {.hash = rc_xcalloc(PEOPLE_AT_ONCE, 16),
			  .known = rc_xcalloc(PEOPLE_AT_ONCE, sizeof(*g.known)),
			  .found = rc_xcalloc(PEOPLE_AT_ONCE, sizeof(*g.found))};

	for (size_t from = 0; from < r->scan.n; from += PEOPLE_AT_ONCE) {
		size_t n = r->scan.n - from < PEOPLE_AT_ONCE ? r->scan.n - from : PEOPLE_AT_ONCE;

		ask(r, target, &g, from, n);
		decide_group(r, target, &g, from, n);
	}
	free(g.hash);
	free(g.known);
	free(g.found);
	rc_arena_done(&g.mem);
}

enum rc_code run_decide(struct run *r, size_t target, struct rc_err *err)
{
	struct run_target *t = &r->targets[target];

	t->first_op = r->n_ops;
	t->first_pending = r->n_pending;
	run_choose_names(r, target);
	run_names_ahead(r, target);
	decide_target(r, target);
	retire_left_over(r, target);
	run_drift_rest(r, target);
	run_report_unselected(r, target, NULL);
	run_names_wait(r);
	t->n_ops = r->n_ops - t->first_op;
	t->n_pending = r->n_pending - t->first_pending;
	if (rc_view_failed(r->view)) {
		struct rc_view *v = r->view;

		r->view = NULL;
		return rc_view_end(v, err);
	}
	return RC_OK;
}
