/* The inverse of a past run, person by person, from the history: what it made goes, what it removed is made anew, what
 * it changed gets its old values. Whoever changed since is left alone and named. */
#include "engine/run/decide_int.h"
#include "engine/run/undo.h"
#include "engine/base/log.h"

enum { NAMED = 20 };

struct undoing {
	struct run *r;
	struct rc_event e;
	struct subject s;
	struct rc_want want;
	uint64_t *left_alone;
};

enum rc_code run_undo_begin(struct run *r, struct rc_err *err)
{
	struct rc_run was;

	if (r->opts->undo_of && !r->opts->plan && !rc_view_run(r->view, rc_slice_str(r->opts->undo_of), &was))
		return rc_fail(err, RC_USAGE, "%s: the state remembers no run of this id that could be undone",
			       r->opts->undo_of);
	return RC_OK;
}

static void leave_alone(struct undoing *u, const char *why)
{
	u->s.reason = why;
	subject_pend(&u->s, RC_ACT_NONE, RC_ST_SKIPPED);
	if ((*u->left_alone)++ < NAMED)
		rc_log(RC_LOG_WARN, "target %s: key %.*s (%.*s) is left alone: %s", u->s.t->cfg->name, (int)u->e.key.n,
		       u->e.key.p, (int)u->e.name.n, u->e.name.p, why);
}

/* Whether the account still is what that run left. */
static bool as_left(const struct undoing *u)
{
	const struct subject *s = &u->s;
	const struct rc_account_schema *schema = s->t->cfg->schema;

	if (!s->has || !(s->k.flags & RC_KNOWN_MANAGED) || !rc_slice_eqs(s->k.changed_run, u->r->opts->undo_of) ||
	    !rc_slice_eq(s->k.name, u->e.name))
		return false;
	for (size_t f = 0; f < schema->n_fields; f++)
		if (u->e.after.set & schema->comparable & 1u << f &&
		    !rc_account_same(schema, f, u->e.after.v[f],
				     s->k.account.set & 1u << f ? s->k.account.v[f] : (struct rc_slice){0}))
			return false;
	return true;
}

static void want(struct undoing *u, const struct rc_account *account, struct rc_slice name)
{
	u->want.account = *account;
	u->want.account.set &= ~u->s.t->cfg->schema->secret;
	u->want.name = name;
	u->s.w = &u->want;
}

static struct rc_op *order(struct undoing *u, enum rc_action action, enum rc_op_class class_, const char *reason)
{
	const struct rc_account_schema *schema = u->s.t->cfg->schema;
	struct rc_op *op;
	int g = schema->group_field;

	u->s.reason = reason;
	op = subject_order(&u->s, action, class_);
	if (u->s.w) { /* lives as long as the operation */
		struct rc_account *own = rc_arena_alloc(&u->r->mem, sizeof(*own));

		*own = u->want.account;
		op->want = own;
	}
	if (action == RC_ACT_CREATE && g >= 0 && op->want->set & 1u << g)
		op->group = op->want->v[g];
	return op;
}

static void make_again(struct undoing *u)
{
	struct rc_unmanaged there;

	if (u->s.has && u->s.k.flags & RC_KNOWN_MANAGED) {
		leave_alone(u, "changed since: there is an account again");
		return;
	}
	if (rc_view_unmanaged(u->r->view, u->s.t->number, u->e.server, u->e.name, &there)) {
		leave_alone(u, "changed since: somebody else has an account of this name");
		return;
	}
	u->s.has = false;
	u->s.k = (struct rc_known){.server = u->e.server};
	want(u, &u->e.before, u->e.name);
	order(u, RC_ACT_CREATE, RC_CLASS_CREATE, "that run removed the account; it gets a new password");
}

/* The old name again: the new account goes when the old one is back, as in any rename. */
static void rename_back(struct undoing *u)
{
	struct rc_walk w = {0};
	struct rc_known old;
	struct rc_op *create, *retire;
	bool pending;

	if (rc_slice_eq(u->e.linked_name, u->e.name)) {
		leave_alone(u, "that run moved the account to another server: plan --rebalance moves people");
		return;
	}
	rc_walk_retiring_begin(u->r->view, u->s.t->number, u->e.key, &w);
	pending = rc_walk_retiring(&w, &old);
	rc_walk_end(&w);
	if (pending) {
		leave_alone(u, "its old account is not removed yet");
		return;
	}
	want(u, &u->e.before, u->e.linked_name);
	create = order(u, RC_ACT_CREATE, RC_CLASS_CREATE, "that run changed the name");
	create->name = u->e.linked_name;
	create->remote_id = (struct rc_slice){0};
	create->linked_name = u->e.name;
	u->s.w = NULL;
	retire = order(u, RC_ACT_DELETE, RC_CLASS_RETIRE, "that run changed the name");
	retire->linked_name = u->e.linked_name;
	create->linked = retire;
	retire->linked = create;
	u->s.t->renames++;
}

static void set_back(struct undoing *u)
{
	const struct rc_account_schema *schema = u->s.t->cfg->schema;
	struct rc_account old = u->s.k.account;
	uint32_t changed = 0;
	struct rc_op *op;

	for (size_t f = 0; f < schema->n_fields; f++) {
		if (!(u->e.after.set & schema->updatable & 1u << f))
			continue;
		if (u->e.before.set & 1u << f)
			old.v[f] = u->e.before.v[f];
		else if (schema->fields[f].clear)
			old.v[f] = rc_slice_str(schema->fields[f].clear);
		else
			continue; /* there was no value, and the provider cannot take one away */
		changed |= 1u << f;
	}
	old.set |= changed;
	changed &= rc_account_diff(schema, &old, &u->s.k.account);
	if (!changed) {
		leave_alone(u, "the state does not remember other values, or the provider cannot take them back");
		return;
	}
	want(u, &old, u->s.k.name);
	op = order(u, RC_ACT_UPDATE, RC_CLASS_UPDATE, "that run changed these fields");
	op->changed = changed;
	if (schema->group_field >= 0 && changed & 1u << schema->group_field)
		op->group = op->want->v[schema->group_field];
}

static void release(struct undoing *u)
{
	struct pending *q;

	u->s.reason = "that run adopted the account: it is left to whoever had it";
	q = subject_pend(&u->s, RC_ACT_NONE, RC_ST_DONE);
	q->release = q->put = true;
	q->known = (struct rc_known){
		.key = u->e.key,
		.flags = RC_KNOWN_UNDONE,
		.server = u->s.k.server,
		.reason = rc_slice_str(rc_arena_printf(&u->r->mem, "undone: run %s", u->r->opts->undo_of)),
		.status = RC_KNOWN_SETTLED};
	memcpy(q->known.fingerprint, u->s.p->row, 16);
}

static void invert_standing(struct undoing *u)
{
	const struct rc_account_schema *schema = u->s.t->cfg->schema;
	bool made = rc_slice_eqs(u->s.k.created_run, u->r->opts->undo_of);

	/* A create whose answer was lost may end as the update that completes it. */
	switch (made && !u->e.linked_name.n ? RC_ACT_CREATE : (enum rc_action)u->e.action) {
	case RC_ACT_CREATE:
		if (u->e.linked_name.n)
			rename_back(u);
		else
			order(u, RC_ACT_DELETE, RC_CLASS_LEAVE, "that run made the account");
		break;
	case RC_ACT_UPDATE:
		if (u->e.linked_name.n)
			rename_back(u);
		else
			set_back(u);
		break;
	case RC_ACT_DISABLE:
		order(u, RC_ACT_ENABLE, RC_CLASS_UPDATE, "that run disabled the account");
		break;
	case RC_ACT_ENABLE:
		if (schema->can_disable && u->s.k.flags & RC_KNOWN_DISABLED)
			leave_alone(u, "changed since: it is disabled already");
		else if (schema->can_disable)
			order(u, RC_ACT_DISABLE, RC_CLASS_LEAVE, "that run enabled the account");
		else
			leave_alone(u, "this provider cannot disable an account");
		break;
	case RC_ACT_LOCK:
		leave_alone(u, "a lock throws the password away: reset-password gives a new one");
		break;
	case RC_ACT_ADOPT:
		release(u);
		break;
	default:
		break;
	}
}

/* What that run sent and did not see, or was killed over, has been seen since: the record says whose doing it is. */
static bool made_after_all(const struct undoing *u)
{
	return u->e.action == RC_ACT_CREATE && !u->e.linked_name.n && u->s.has && u->s.k.status != RC_KNOWN_UNKNOWN &&
	       rc_slice_eqs(u->s.k.created_run, u->r->opts->undo_of);
}

static void invert(struct undoing *u)
{
	static const uint8_t none[16];
	struct subject *s = &u->s;
	struct rc_known k;

	s->has = rc_view_known(u->r->view, s->t->number, u->e.key, &k);
	if (s->has)
		s->k = rc_known_copy(&k, &u->r->mem);
	s->p = rc_arena_zalloc(&u->r->mem, sizeof(*s->p));
	rc_store_key_hash(u->r->store, u->e.key, s->p->hash);
	s->p->key = u->e.key;
	s->p->source = s->has && k.source < u->r->cfg->n_sources ? k.source : 0;
	memcpy(s->p->row, s->has && memcmp(k.fingerprint, none, 16) != 0 ? k.fingerprint : u->e.fingerprint, 16);
	s->p->kind = memcmp(s->p->row, none, 16) == 0 ? RC_PERSON_ABSENT : RC_PERSON_PRESENT;
	if (!run_selected(u->r, u->e.key))
		subject_pend(s, RC_ACT_NONE, RC_ST_NOT_SELECTED);
	else if (u->e.status == RC_ST_UNKNOWN && !made_after_all(u))
		leave_alone(u, "whether that run changed the account is not known");
	else if (s->has && s->k.flags & RC_KNOWN_HELD)
		leave_alone(u, "held");
	else if (subject_protected(s->t->cfg, u->e.name))
		leave_alone(u, "protected");
	else if (u->e.action == RC_ACT_DELETE)
		make_again(u);
	else if (!as_left(u))
		leave_alone(u, "changed since");
	else
		invert_standing(u);
}

/* One event says what became of an account; of a rename its create does. */
static bool speaks(const struct run *r, const struct rc_event *e)
{
	return rc_slice_eqs(e->run_id, r->opts->undo_of) && (e->status == RC_ST_DONE || e->status == RC_ST_UNKNOWN) &&
	       e->action != RC_ACT_NONE && !(e->action == RC_ACT_DELETE && e->linked_name.n);
}

static void keep_account(struct rc_account *a, struct rc_arena *mem)
{
	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (a->set & 1u << f)
			a->v[f] = rc_arena_copy(mem, a->v[f]);
}

/* Operations outlive the view. */
static void keep_event(struct rc_event *e, struct rc_arena *mem)
{
	struct rc_slice *const s[] = {&e->key, &e->name, &e->server, &e->linked_name};

	for (size_t i = 0; i < sizeof(s) / sizeof(*s); i++)
		*s[i] = rc_arena_copy(mem, *s[i]);
	keep_account(&e->before, mem);
	keep_account(&e->after, mem);
}

enum rc_code run_undo(struct run *r, size_t target, struct rc_err *err)
{
	struct run_target *t = &r->targets[target];
	uint64_t left_alone = 0;
	struct undoing u = {.r = r, .left_alone = &left_alone};
	struct rc_walk w = {0};
	struct rc_view *v = r->view;

	t->first_op = r->n_ops;
	t->first_pending = r->n_pending;
	rc_walk_history_begin(v, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_history(&w, &u.e)) {
		if (!speaks(r, &u.e))
			continue;
		keep_event(&u.e, &r->mem);
		u.s = (struct subject){.r = r, .target = target, .t = t};
		invert(&u);
	}
	rc_walk_end(&w);
	t->n_ops = r->n_ops - t->first_op;
	t->n_pending = r->n_pending - t->first_pending;
	if (left_alone > NAMED)
		rc_log(RC_LOG_WARN, "target %s: and %llu more are left alone: see users.csv", t->cfg->name,
		       (unsigned long long)(left_alone - NAMED));
	if (!rc_view_failed(v))
		return RC_OK;
	r->view = NULL;
	return rc_view_end(v, err);
}
