#include "engine/run/names_ahead.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

enum { WORTH_A_THREAD = 512 };

struct names_ahead {
	size_t target, n;
	struct rc_name_asked *asked;
	uint32_t *of_person; /* place + 1 in asked, by person of the scan; 0: not asked */
	struct rc_names_ahead *thread;
	uint64_t view;
};

/* They are to have an account and the scan found no record of theirs. */
static const struct rc_want *newcomer(const struct rc_person *p, size_t target)
{
	const struct rc_want *w = p->kind == RC_PERSON_PRESENT && p->mapped.want ? &p->mapped.want[target] : NULL;

	return w && !w->filtered && !w->invalid && w->name.n && p->records && !p->records[target].p ? w : NULL;
}

void run_names_ahead(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];
	struct names_ahead *a;
	size_t n = 0;

	if (t->cfg->pool || r->names_ahead || r->scan.records_of != rc_view_serial(r->view))
		return;
	for (size_t i = 0; i < r->scan.n; i++)
		n += newcomer(&r->scan.people[i], target) != NULL;
	if (n < WORTH_A_THREAD)
		return;
	a = r->names_ahead = rc_xcalloc(1, sizeof(*a));
	*a = (struct names_ahead){.target = target,
				  .asked = rc_xcalloc(n, sizeof(*a->asked)),
				  .of_person = rc_xcalloc(r->scan.n, sizeof(*a->of_person)),
				  .view = rc_view_serial(r->view)};
	for (size_t i = 0; i < r->scan.n; i++) {
		const struct rc_want *w = newcomer(&r->scan.people[i], target);

		if (!w)
			continue;
		a->asked[a->n++].name = w->name;
		a->of_person[i] = (uint32_t)a->n;
	}
	a->thread = rc_view_names_ahead(r->view, t->number, a->asked, a->n);
	if (!a->thread)
		run_names_done(r);
}

void run_names_wait(struct run *r)
{
	if (!r->names_ahead)
		return;
	rc_view_names_told(r->view, r->names_ahead->thread);
	r->names_ahead->thread = NULL;
}

bool run_names_told(const struct run *r, const struct rc_op *op, struct rc_name_owner *ret)
{
	const struct names_ahead *a = r->names_ahead;
	const struct rc_person *p = ((const struct op_info *)op->owner)->person;
	const struct rc_name_asked *asked;

	if (!a || a->target != op->target || a->view != rc_view_serial(r->view) || p < r->scan.people ||
	    p >= r->scan.people + r->scan.n || !a->of_person[p - r->scan.people])
		return false;
	asked = &a->asked[a->of_person[p - r->scan.people] - 1];
	*ret = asked->owner;
	return rc_slice_eq(asked->name, op->name);
}

void run_names_done(struct run *r)
{
	if (!r->names_ahead)
		return;
	free(r->names_ahead->asked);
	free(r->names_ahead->of_person);
	free(r->names_ahead);
	r->names_ahead = NULL;
}
