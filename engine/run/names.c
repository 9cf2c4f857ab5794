/* Two people, one name: case-insensitively unique per provider server. */
#include "engine/run/adopt.h"
#include "engine/run/claims.h"
#include "engine/run/names_ahead.h"
#include "engine/base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { LONGEST_NAME = 512 }; /* bytes; no provider takes a longer one */

struct claim { /* of a name that is to be a person's: by a create or by an adoption */
	uint64_t hash;
	struct rc_slice name; /* folded, in the run's arena */
	size_t target, server;
	struct rc_op *op;  /* NULL: an adoption that needs no call */
	struct pending *q; /* that adoption */
	bool unfreed; /* theirs or free by the index, and nothing in this run removes another's account of the name */
};

struct freeing { /* a target's deletions in the order of names: thousands may want what thousands of leavers had */
	struct claim *v;
	size_t n;
};

static struct rc_slice key_of(const struct claim *c)
{
	return c->op ? c->op->key : c->q->o.key;
}

static unsigned long long line_of(const struct claim *c)
{
	return c->op ? c->op->source_line : c->q->o.source_line;
}

static int by_holder(const struct claim *x, const struct claim *y)
{
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	return rc_slice_cmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
	int way = by_holder(a, b);

	return way ? way : rc_slice_cmp(key_of(a), key_of(b));
}

static bool same_name(const struct claim *x, const struct claim *y)
{
	return x->server == y->server && rc_slice_eq(x->name, y->name);
}

static void refuse_pending(struct pending *q, const char *code, const char *message)
{
	q->o.status = RC_ST_FAILED;
	q->o.error_code = code;
	q->o.error_message = message;
	q->put = false;
	q->known.flags = 0; /* not adopted */
}

static void refuse(struct run *r, const struct claim *c, const char *code, const char *message)
{
	struct rc_op *op = c->op;
	struct op_info *info;

	message = rc_arena_strdup(&r->mem, message);
	if (!op) {
		refuse_pending(c->q, code, message);
		return;
	}
	info = op->owner;
	if (info->adopts)
		info->known = NULL;
	op->state = RC_STEP_FAILED;
	op->error_code = code;
	op->error_message = message;
	if (op->linked)
		op->linked->state = RC_STEP_DEFERRED;
}

/* Whether op would wait for itself: two people who swap their names. */
static bool waits_for(const struct rc_op *freeing, const struct rc_op *op)
{
	for (; freeing; freeing = freeing->linked ? freeing->linked->after : NULL)
		if (freeing == op->linked)
			return true;
	return false;
}

/* What removes the account that holds the name in this run. */
static struct rc_op *freed_by(const struct freeing *f, const struct claim *c)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_holder(&f->v[mid], c) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->n && by_holder(&f->v[lo], c) == 0 ? f->v[lo].op : NULL;
}

/* Whether a person who is renamed adopts the unmanaged account of the new name, by the rules of everybody else. */
static bool may_take_over(struct run *r, const struct claim *c, struct rc_slice label)
{
	const struct run_target *t = &r->targets[c->target];
	const struct rc_person *p = ((const struct op_info *)c->op->owner)->person;
	struct rc_slice owner = run_adopt_owner(r, c->target, c->op->name);
	struct rc_unmanaged u;
	struct rc_err err;
	bool theirs;

	if (owner.n)
		return rc_slice_eq(owner, c->op->key);
	return t->cfg->existing == RC_EXISTING_ADOPT && rc_view_unmanaged(r->view, t->number, label, c->op->name, &u) &&
	       !rc_mapping_adopt_if(p->later, c->target, &u.account, u.name, &theirs, &err) && theirs;
}

static void wait_for_name(struct rc_op *op, struct rc_op *freeing)
{
	op->after = freeing;
	freeing->heir = op;
	freeing->after_heir = op->in_doubt && !freeing->remote_id.n;
}

static struct rc_slice label_of(const struct run_target *t, const struct claim *c)
{
	return t->cfg->pool ? rc_slice_str(t->cfg->servers[c->server].label) : (struct rc_slice){0};
}

static void put_off(struct rc_op *op)
{
	op->state = RC_STEP_DEFERRED;
	op->error_code = "rollcall.name";
	op->error_message = "the account that has this name is to go first, and this run does not remove it";
	if (op->linked)
		op->linked->state = RC_STEP_DEFERRED;
}

/* Whoever has the name may be about to give it up: this run does not ask. */
static bool holder_left_out(struct run *r, const struct claim *c, struct rc_name_owner owner)
{
	struct rc_known k;

	return rc_view_known_hash(r->view, r->targets[c->target].number, owner.key_hash, &k) && !run_selected(r, k.key);
}

static void check_holder(struct run *r, struct claim *c, const struct freeing *f, struct rc_name_owner owner)
{
	struct rc_op *op = c->op, *freeing;
	const struct run_target *t = &r->targets[c->target];
	const struct op_info *info = op->owner;
	bool own;

	if (owner.kind == RC_NAME_UNMANAGED && op->linked && !may_take_over(r, c, label_of(t, c))) {
		refuse(r, c, "rollcall.exists",
		       "an account of the new name exists and is not theirs to adopt: remove one of the two");
		return;
	}
	freeing = freed_by(f, c);
	own = owner.kind == RC_NAME_MANAGED && memcmp(owner.key_hash, info->person->hash, 16) == 0;
	/* Theirs or free by the index; but it may have been promised to them by a run that ended before the other
	 * account had left it. */
	if ((own || (owner.kind != RC_NAME_MANAGED && owner.kind != RC_NAME_RETIRING)) &&
	    (!freeing || freeing == op->linked || rc_slice_eq(freeing->key, op->key))) {
		c->unfreed = !freeing;
		return;
	}
	if (!freeing && holder_left_out(r, c, owner))
		put_off(op);
	else if (!freeing)
		refuse(r, c, "rollcall.name", "another person's account has this name: give one of them another name");
	else if (op->linked && waits_for(freeing, op))
		refuse(r, c, "rollcall.name",
		       "two people swap their names, and an account carries its password: give one of them a third "
		       "name first");
	else
		wait_for_name(op, freeing);
}

/* claims are in order, so equal names are neighbours; each of them is told about another one. */
static void check_equal(struct run *r, const struct claim *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool before = i && same_name(&c[i], &c[i - 1]), behind = i + 1 < n && same_name(&c[i], &c[i + 1]);
		const struct claim *x = before ? &c[i - 1] : &c[i], *y = before ? &c[i] : &c[i + behind];
		struct rc_slice name = c[i].op ? c[i].op->name : c[i].q->o.name, a = key_of(x), b = key_of(y);
		char message[400];

		if (!before && !behind)
			continue;
		snprintf(message, sizeof(message),
			 "two people want the name %.*s: keys %.*s (line %llu) and %.*s (line %llu)", (int)name.n,
			 name.p, (int)a.n, a.p, line_of(x), (int)b.n, b.p, line_of(y));
		rc_printable(message, sizeof(message));
		refuse(r, &c[i], "rollcall.name", message);
	}
}

/* Who waits for a name that will not be freed after all fails, too. */
static void check_waiting(struct run *r, const struct claim *c, size_t n)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < n; i++) {
			struct rc_op *op = c[i].op;

			if (!op || !op->after || op->state != RC_STEP_QUEUED || op->after->state == RC_STEP_QUEUED ||
			    op->after->state == RC_STEP_VERIFY)
				continue;
			refuse(r, &c[i], "rollcall.name",
			       "another person's account keeps this name: give one of them another name");
			again = true;
		}
	}
}

static struct claim claim_of(struct run *r, size_t target, size_t server, struct rc_slice name)
{
	char *folded = rc_arena_alloc(&r->mem, name.n + 1);

	rc_account_name_fold(name, folded);
	return (struct claim){
		.hash = XXH3_64bits(folded, name.n), .name = {folded, name.n}, .target = target, .server = server};
}

static bool adopts(const struct claim *c)
{
	return ((const struct op_info *)c->op->owner)->adopts;
}

/* The names of claims that are operations. What is adopted is looked at by its own rules. */
static void check_holders(struct run *r, size_t target, struct claim *claims, size_t n, const struct freeing *f)
{
	const struct run_target *t = &r->targets[target];
	struct rc_name_asked *asked = rc_xcalloc(n + 1, sizeof(*asked));
	struct rc_name_owner owner;
	size_t n_asked = 0;

	for (size_t i = 0; i < n; i++)
		if (!adopts(&claims[i]) && !run_names_told(r, claims[i].op, &owner))
			asked[n_asked++] = (struct rc_name_asked){label_of(t, &claims[i]), claims[i].op->name, {0}};
	rc_view_names(r->view, t->number, asked, n_asked);
	n_asked = 0;
	for (size_t i = 0; i < n; i++) {
		if (adopts(&claims[i]))
			continue;
		if (!run_names_told(r, claims[i].op, &owner))
			owner = asked[n_asked++].owner;
		check_holder(r, &claims[i], f, owner);
	}
	free(asked);
	run_names_done(r);
}

struct unfreed { /* in the order of names */
	struct claim *v;
	size_t n;
	bool in_doubt; /* of some it is not known whether they were made */
};

/* Whoever is to have the name of an account that somebody else's record still holds is not looked for, nor made: the
 * account of the name is that one, or it may be, until its delete is proven. */
static void put_off_for(const struct run *r, size_t target, const struct unfreed *u, const struct rc_known *holder)
{
	char folded[LONGEST_NAME];
	struct claim held = {.name = {folded, holder->name.n}, .target = target};
	size_t lo = 0, hi = u->n;

	if (!holder->name.n || holder->name.n > sizeof(folded))
		return;
	rc_account_name_fold(holder->name, folded);
	held.hash = XXH3_64bits(folded, holder->name.n);
	held.server = run_server_at(&r->targets[target], holder->server);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_holder(&u->v[mid], &held) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < u->n && by_holder(&u->v[lo], &held) == 0; lo++) {
		if (!rc_slice_eq(u->v[lo].op->key, holder->key))
			put_off(u->v[lo].op);
	}
}

static struct unfreed unfreed_of(const struct claim *claims, size_t n)
{
	struct unfreed u = {.v = rc_xcalloc(n + 1, sizeof(*u.v))};

	for (size_t i = 0; i < n; i++)
		if (claims[i].unfreed && claims[i].op->state != RC_STEP_FAILED) {
			u.v[u.n++] = claims[i];
			u.in_doubt |= claims[i].op->in_doubt;
		}
	qsort(u.v, u.n, sizeof(*u.v), by_name);
	return u;
}

/* After a killed run the index may name whom the name was promised to, or nobody, and not who has it: most of all
 * where the one who has it is not part of this run. Few accounts are retiring, and few runs find creates in doubt. */
static void check_left_out(struct run *r, size_t target, const struct claim *claims, size_t n)
{
	const struct run_target *t = &r->targets[target];
	struct unfreed u = {0};
	struct rc_walk w = {0};
	struct rc_known k;

	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		if (!u.v)
			u = unfreed_of(claims, n);
		put_off_for(r, target, &u, &k);
	}
	rc_walk_end(&w);
	for (size_t i = 0; !u.v && i < n; i++)
		if (claims[i].unfreed && claims[i].op->in_doubt)
			u = unfreed_of(claims, n);
	rc_walk_known_begin(r->view, t->number, &w);
	while (u.in_doubt && rc_walk_known(&w, &k, NULL))
		if (k.flags & RC_KNOWN_MANAGED)
			put_off_for(r, target, &u, &k);
	rc_walk_end(&w);
	free(u.v);
}

static bool is_delete(const struct rc_op *op)
{
	return op->action == RC_ACT_DELETE;
}

static bool asks_for_name(const struct rc_op *op)
{
	const struct op_info *info = op->owner;

	return (op->action == RC_ACT_CREATE || info->adopts) && !info->unplaced;
}

/* Most of a day's operations are neither: room for all of them would be memory touched for nothing. */
static size_t count(const struct run *r, const struct run_target *t, bool (*is)(const struct rc_op *))
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_ops; i++)
		n += is(r->ops[t->first_op + i]);
	return n;
}

static struct freeing deletions(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];
	struct freeing f = {rc_xcalloc(count(r, t, is_delete) + 1, sizeof(*f.v)), 0};

	for (size_t i = 0; i < t->n_ops; i++) {
		struct rc_op *op = r->ops[t->first_op + i];

		if (!is_delete(op))
			continue;
		f.v[f.n] = claim_of(r, target, op->server, op->name);
		f.v[f.n++].op = op;
	}
	qsort(f.v, f.n, sizeof(*f.v), by_name);
	return f;
}

static size_t collect(struct run *r, size_t target, struct claim *claims, const struct freeing *f)
{
	const struct run_target *t = &r->targets[target];
	size_t n = 0;

	for (size_t i = 0; i < t->n_ops; i++) {
		struct rc_op *op = r->ops[t->first_op + i];

		if (!asks_for_name(op))
			continue;
		claims[n] = claim_of(r, target, op->server, op->name);
		claims[n++].op = op;
	}
	check_holders(r, target, claims, n, f);
	check_left_out(r, target, claims, n);
	for (size_t i = 0; i < t->n_pending; i++) {
		struct pending *q = &r->pending[t->first_pending + i];

		if (q->o.action != RC_ACT_ADOPT || q->o.status != RC_ST_DONE)
			continue;
		claims[n] = claim_of(r, target, run_server_at(t, q->known.server), q->known.name);
		claims[n++].q = q;
	}
	return n;
}

void run_settle_names(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];
	struct claim *claims = rc_xcalloc(count(r, t, asks_for_name) + t->n_pending + 1, sizeof(*claims));
	struct freeing f = deletions(r, target);
	size_t n = collect(r, target, claims, &f);

	qsort(claims, n, sizeof(*claims), by_name);
	check_equal(r, claims, n);
	check_waiting(r, claims, n);
	for (size_t i = 0; i < t->n_ops; i++)
		run_leave_name(r, t, r->ops[t->first_op + i]);
	free(f.v);
	free(claims);
}
