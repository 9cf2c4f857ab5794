/* Names that come back while the old account of the person is still there: that account is taken again. Where another
 * one had replaced it, that one retires. */
#include "engine/run/decide_int.h"

/* The old account of this name, on this server; server NULL: on any. */
static bool find_old(const struct subject *s, const struct rc_slice *server, struct rc_known *ret)
{
	struct rc_walk w = {0};
	struct rc_known k;
	bool found = false;

	rc_walk_retiring_begin(s->r->view, s->t->number, s->p->key, &w);
	while (!found && rc_walk_retiring(&w, &k))
		if (rc_slice_eq(k.name, s->w->name) && (!server || rc_slice_eq(k.server, *server))) {
			*ret = rc_known_copy(&k, &s->r->mem);
			found = true;
		}
	rc_walk_end(&w);
	return found;
}

/* Makes an old account what the row wants. */
static struct rc_op *revive(struct subject *old)
{
	const struct rc_account_schema *schema = old->t->cfg->schema;
	bool disabled = old->k.flags & RC_KNOWN_DISABLED;
	struct rc_op *op = subject_order(old, disabled ? RC_ACT_ENABLE : RC_ACT_UPDATE, RC_CLASS_UPDATE);

	op->changed = rc_account_diff(schema, &old->w->account, &old->k.account) & schema->updatable;
	if (schema->group_field >= 0 && op->changed & 1u << schema->group_field)
		op->group = old->w->account.v[schema->group_field];
	if (!disabled && !op->changed) /* nothing to send: the list says whether it is there */
		op->state = RC_STEP_VERIFY;
	return op;
}

bool subject_come_back(struct subject *s)
{
	struct rc_known old;

	if (!s->p->key.n || !find_old(s, NULL, &old))
		return false;
	s->k = old;
	s->has = true;
	s->reason = "wanted again: the old account of a changed name is still there";
	revive(s)->priority = s->w->priority;
	return true;
}

bool subject_take_back(struct subject *s)
{
	struct subject old = *s;
	struct rc_op *back, *retire;

	if (!find_old(s, &s->k.server, &old.k))
		return false;
	old.reason = s->reason = "the name changed back under the same key";
	back = revive(&old);
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
