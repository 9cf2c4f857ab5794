#include "engine/run/drift.h"
#include "engine/run/decide_int.h"
#include "engine/base/alloc.h"
#include <stdio.h>
#include <stdlib.h>

void run_drift_add(struct run *r, const struct run_drift *d, const uint8_t hash[16], const struct rc_known *known,
		   const struct rc_account *actual)
{
	struct run_drift *e;

	if (r->n_drifts == r->cap_drifts) {
		r->cap_drifts = r->cap_drifts ? r->cap_drifts * 2 : 64;
		r->drifts = rc_xreallocarray(r->drifts, r->cap_drifts, sizeof(*r->drifts));
	}
	e = &r->drifts[r->n_drifts++];
	*e = *d;
	memcpy(e->hash, hash, 16);
	e->known = rc_known_copy(known, &r->mem);
	e->actual.set = actual->set;
	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (actual->set & 1u << f)
			e->actual.v[f] = rc_arena_copy(&r->mem, actual->v[f]);
	r->drifts_sorted = false;
}

static int by_person(const void *a, const void *b)
{
	const struct run_drift *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return memcmp(x->hash, y->hash, 16);
}

struct run_drift *run_drift_find(struct run *r, size_t target, const uint8_t hash[16])
{
	struct run_drift what = {.target = target};

	if (!r->n_drifts)
		return NULL;
	if (!r->drifts_sorted)
		qsort(r->drifts, r->n_drifts, sizeof(*r->drifts), by_person);
	r->drifts_sorted = true;
	memcpy(what.hash, hash, 16);
	return bsearch(&what, r->drifts, r->n_drifts, sizeof(what), by_person);
}

const char *run_drift_reason(struct run *r, const struct run_drift *d)
{
	char text[400] = "changed at the provider:";
	const struct rc_target *cfg = r->targets[d->target].cfg;
	size_t n = strlen(text);

	if (d->gone)
		return "deleted at the provider by somebody else";
	if (d->remade)
		return "deleted and made anew at the provider by somebody else: its password is not the one that was "
		       "sealed";
	if (d->toggled)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", d->disabled ? "disabled" : "enabled");
	for (size_t f = 0; f < cfg->schema->n_fields; f++)
		if (d->fields & 1u << f && n < sizeof(text) - 80)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %s (%s)", cfg->schema->fields[f].name,
					      cfg->drift[f] == RC_ENFORCE ? "enforced"
					      : cfg->drift[f] == RC_KEEP  ? "kept"
									  : "reported only");
	return rc_arena_strdup(&r->mem, text);
}

void run_drift_tell(struct run *r, size_t target, const uint8_t hash[16], struct rc_outcome *o)
{
	struct run_drift *d = run_drift_find(r, target, hash);

	if (!d)
		return;
	d->told = o->drift = true;
	if (o->action != RC_ACT_NONE)
		return;
	o->fields =
		run_fields(r, r->targets[target].cfg->schema, d->fields, &d->known.account, &d->actual, &o->n_fields);
	if (!o->reason)
		o->reason = run_drift_reason(r, d);
}

void run_drift_rest(struct run *r, size_t target)
{
	for (size_t i = 0; i < r->n_drifts; i++) {
		struct run_drift *d = &r->drifts[i];
		struct rc_person *p;
		struct subject s = {
			.r = r, .target = d->target, .t = &r->targets[d->target], .k = d->known, .has = true};

		if (d->told || d->target != target)
			continue;
		s.p = p = rc_arena_zalloc(&r->mem, sizeof(*p));
		memcpy(p->hash, d->hash, 16);
		p->kind = RC_PERSON_ABSENT; /* no row of the source is told of */
		if (d->gone)                /* and so is the record: nobody whom the snapshot counts */
			s.k.flags &= ~(uint32_t)RC_KNOWN_MANAGED;
		else if (!r->opts->plan) /* which counted them already */
			s.t->wanted++;
		subject_pend(&s, RC_ACT_NONE, run_selected(r, d->known.key) ? RC_ST_DONE : RC_ST_NOT_SELECTED);
	}
}
