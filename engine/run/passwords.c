/* The password of a create or lock, at the moment before its call leaves. */
#include "engine/run/carry.h"

static enum rc_code by_expression(struct run *r, struct rc_op *op)
{
	const struct op_info *info = op->owner;
	struct rc_slice have = {0};

	if (info->person && info->person->mapped.want)
		have = info->person->mapped.want[op->target].password;
	op->password = rc_arena_copy(&r->scan.secret_mem, have);
	return RC_OK;
}

enum rc_code run_passwords(struct run *r, struct rc_op *const *ops, size_t n, struct rc_err *err)
{
	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct rc_target *t = r->targets[ops[i]->target].cfg;
		int f = t->schema->secret_field;

		if (ops[i]->password.n || f < 0 || !rc_account_takes_secret(t->schema, &ops[i]->want))
			continue;
		if (t->account[f].kind == RC_RULE_EXPR && ops[i]->action == RC_ACT_CREATE)
			by_expression(r, ops[i]);
	}
	return RC_OK;
}
