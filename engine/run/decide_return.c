/* A changed name that changes back while the old account is still there: that account is taken again, and the one that
 * had replaced it retires. */
#include "engine/run/decide_int.h"

static bool find_old(const struct subject *s, struct rc_known *ret)
{
	struct rc_walk w = {0};
	struct rc_known k;
	bool found = false;

	rc_walk_retiring_begin(s->r->view, s->t->number, s->k.key, &w);
	while (!found && rc_walk_retiring(&w, &k))
		if (rc_slice_eq(k.name, s->w->name) && rc_slice_eq(k.server, s->k.server)) {
			*ret = rc_known_copy(&k, &s->r->mem);
			found = true;
		}
	rc_walk_end(&w);
	return found;
}

bool subject_take_back(struct subject *s)
{
	const struct rc_account_schema *schema = s->t->cfg->schema;
	struct subject old = *s;
	struct rc_op *back, *retire;
	bool disabled;

	if (!find_old(s, &old.k))
		return false;
	disabled = old.k.flags & RC_KNOWN_DISABLED;
	old.reason = s->reason = "the name changed back under the same key";
	back = subject_order(&old, disabled ? RC_ACT_ENABLE : RC_ACT_UPDATE, RC_CLASS_UPDATE);
	back->changed = rc_account_diff(schema, &s->w->account, &old.k.account) & schema->updatable;
	if (schema->group_field >= 0 && back->changed & 1u << schema->group_field)
		back->group = s->w->account.v[schema->group_field];
	if (!disabled && !back->changed) /* nothing to send: the list says whether it is there */
		back->state = RC_STEP_VERIFY;
	back->linked_name = s->k.name;
	retire = subject_order(s, RC_ACT_DELETE, RC_CLASS_RETIRE);
	retire->linked_name = s->w->name;
	retire->state = RC_STEP_QUEUED; /* waits for the other, also where it is itself in doubt */
	retire->in_doubt = false;
	back->takes_back = true;
	back->linked = retire;
	retire->linked = back;
	s->t->renames++;
	return true;
}
