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

static int by_hash(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->op->id < y->op->id ? -1 : x->op->id > y->op->id;
}

static void refuse(struct run *r, struct rc_op *op, const char *message)
{
	op->state = RC_STEP_FAILED;
	op->error_code = "rollcall.name";
	op->error_message = rc_arena_strdup(&r->mem, message);
	if (op->linked)
		op->linked->state = RC_STEP_DEFERRED;
}

/* Whether the account that holds the name leaves in this run. */
static struct rc_op *freed_by(struct run *r, const struct rc_op *op, const uint8_t holder[16])
{
	for (size_t i = 0; i < r->n_ops; i++) {
		struct rc_op *other = r->ops[i];
		const struct op_info *info = other->owner;

		if (other != op && other->target == op->target && other->action == RC_ACT_DELETE &&
		    memcmp(info->person->hash, holder, 16) == 0)
			return other;
	}
	return NULL;
}

static void check_holder(struct run *r, struct rc_op *op)
{
	const struct run_target *t = &r->targets[op->target];
	const struct op_info *info = op->owner;
	struct rc_slice label = t->cfg->pool ? rc_slice_str(t->cfg->servers[op->server].label) : (struct rc_slice){0};
	struct rc_name_owner owner = rc_view_name(r->view, t->number, label, op->name);

	if ((owner.kind != RC_NAME_MANAGED && owner.kind != RC_NAME_RETIRING) ||
	    memcmp(owner.key_hash, info->person->hash, 16) == 0)
		return;
	if (!freed_by(r, op, owner.key_hash))
		refuse(r, op, "another person's account has this name: give one of them another name");
}

static void check_equal(struct run *r, struct claim *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n && c[j].hash == c[i].hash; j++) {
			char message[400];

			if (c[i].op->target != c[j].op->target || c[i].op->server != c[j].op->server ||
			    !rc_slice_eq(c[i].name, c[j].name))
				continue;
			snprintf(message, sizeof(message),
				 "two people want the name %.*s: keys %.*s (line %llu) and %.*s (line %llu)",
				 (int)c[i].op->name.n, c[i].op->name.p, (int)c[i].op->key.n, c[i].op->key.p,
				 (unsigned long long)c[i].op->source_line, (int)c[j].op->key.n, c[j].op->key.p,
				 (unsigned long long)c[j].op->source_line);
			rc_printable(message, sizeof(message));
			refuse(r, c[i].op, message);
			refuse(r, c[j].op, message);
		}
}

void run_settle_names(struct run *r)
{
	struct claim *claims = rc_xcalloc(r->n_ops, sizeof(*claims));
	size_t n = 0;

	for (size_t i = 0; i < r->n_ops; i++) {
		struct rc_op *op = r->ops[i];
		char *folded;

		if (op->action != RC_ACT_CREATE)
			continue;
		folded = rc_arena_alloc(&r->mem, op->name.n + 1);
		rc_account_name_fold(op->name, folded);
		claims[n++] = (struct claim){XXH3_64bits(folded, op->name.n), {folded, op->name.n}, op};
		check_holder(r, op);
	}
	qsort(claims, n, sizeof(*claims), by_hash);
	check_equal(r, claims, n);
	free(claims);
}
