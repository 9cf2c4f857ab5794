/* Two people, one name: case-insensitively unique per provider server. */
#include "engine/run/run_int.h"
#include "engine/base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

struct claim {
	uint64_t hash;
	struct rc_slice name; /* folded, in the run's arena */
	struct rc_op *op;
};

static int by_name(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->op->server != y->op->server)
		return x->op->server < y->op->server ? -1 : 1;
	if (!rc_slice_eq(x->name, y->name))
		return rc_slice_cmp(x->name, y->name);
	return x->op->id < y->op->id ? -1 : x->op->id > y->op->id;
}

static bool same_name(const struct claim *x, const struct claim *y)
{
	return x->op->server == y->op->server && rc_slice_eq(x->name, y->name);
}

static void refuse(struct run *r, struct rc_op *op, const char *message)
{
	op->state = RC_STEP_FAILED;
	op->error_code = "rollcall.name";
	op->error_message = rc_arena_strdup(&r->mem, message);
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

static bool frees(const struct rc_op *other, const struct claim *c)
{
	char folded[600];

	if (other->action != RC_ACT_DELETE || other->server != c->op->server || other->name.n != c->name.n ||
	    c->name.n > sizeof(folded))
		return false;
	rc_account_name_fold(other->name, folded);
	return memcmp(folded, c->name.p, c->name.n) == 0;
}

/* What removes the account that holds the name in this run. */
static struct rc_op *freed_by(struct run *r, const struct claim *c)
{
	const struct run_target *t = &r->targets[c->op->target];

	for (size_t i = 0; i < t->n_ops; i++)
		if (frees(r->ops[t->first_op + i], c))
			return r->ops[t->first_op + i];
	return NULL;
}

static void check_holder(struct run *r, const struct claim *c)
{
	struct rc_op *op = c->op, *freeing;
	const struct run_target *t = &r->targets[op->target];
	const struct op_info *info = op->owner;
	struct rc_slice label = t->cfg->pool ? rc_slice_str(t->cfg->servers[op->server].label) : (struct rc_slice){0};
	struct rc_name_owner owner = rc_view_name(r->view, t->number, label, op->name);

	if ((owner.kind != RC_NAME_MANAGED && owner.kind != RC_NAME_RETIRING) ||
	    memcmp(owner.key_hash, info->person->hash, 16) == 0)
		return;
	freeing = freed_by(r, c);
	if (!freeing)
		refuse(r, op, "another person's account has this name: give one of them another name");
	else if (op->linked && waits_for(freeing, op))
		refuse(r, op,
		       "two people swap their names, and an account carries its password: give one of them a third "
		       "name first");
	else
		op->after = freeing;
}

/* claims are in order, so equal names are neighbours; each of them is told about another one. */
static void check_equal(struct run *r, const struct claim *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool before = i && same_name(&c[i], &c[i - 1]), behind = i + 1 < n && same_name(&c[i], &c[i + 1]);
		const struct rc_op *x = before ? c[i - 1].op : c[i].op, *y = before ? c[i].op : c[i + behind].op;
		char message[400];

		if (!before && !behind)
			continue;
		snprintf(message, sizeof(message),
			 "two people want the name %.*s: keys %.*s (line %llu) and %.*s (line %llu)",
			 (int)c[i].op->name.n, c[i].op->name.p, (int)x->key.n, x->key.p,
			 (unsigned long long)x->source_line, (int)y->key.n, y->key.p,
			 (unsigned long long)y->source_line);
		rc_printable(message, sizeof(message));
		refuse(r, c[i].op, message);
	}
}

/* Who waits for a name that will not be freed after all fails, too. */
static void check_waiting(struct run *r, const struct claim *c, size_t n)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < n; i++) {
			struct rc_op *op = c[i].op;

			if (!op->after || op->state != RC_STEP_QUEUED || op->after->state == RC_STEP_QUEUED ||
			    op->after->state == RC_STEP_VERIFY)
				continue;
			refuse(r, op, "another person's account keeps this name: give one of them another name");
			again = true;
		}
	}
}

void run_settle_names(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];
	struct claim *claims = rc_xcalloc(t->n_ops + 1, sizeof(*claims));
	size_t n = 0;

	for (size_t i = 0; i < t->n_ops; i++) {
		struct rc_op *op = r->ops[t->first_op + i];
		char *folded;

		if (op->action != RC_ACT_CREATE || ((const struct op_info *)op->owner)->unplaced)
			continue;
		folded = rc_arena_alloc(&r->mem, op->name.n + 1);
		rc_account_name_fold(op->name, folded);
		claims[n++] = (struct claim){XXH3_64bits(folded, op->name.n), {folded, op->name.n}, op};
		check_holder(r, &claims[n - 1]);
	}
	qsort(claims, n, sizeof(*claims), by_name);
	check_equal(r, claims, n);
	check_waiting(r, claims, n);
	free(claims);
}
