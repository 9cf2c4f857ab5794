/* --only and --exclude-keys: who takes part in this run; the others are named and left alone. */
#include "engine/run/drift.h"
#include "engine/run/run_int.h"
#include <stdlib.h>

static int by_text(const void *a, const void *b)
{
	return rc_slice_cmp(*(const struct rc_slice *)a, *(const struct rc_slice *)b);
}

static struct rc_slice *sorted(struct run *r, const char *const *keys, size_t n)
{
	struct rc_slice *v = rc_arena_alloc(&r->mem, (n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = rc_slice_str(keys[i]);
	if (n)
		qsort(v, n, sizeof(*v), by_text);
	return v;
}

static const char *const *joined(struct run *r, const char *const *a, size_t n_a, const struct rc_slice *b, size_t n_b)
{
	const char **v = rc_arena_alloc(&r->mem, (n_a + n_b + 1) * sizeof(*v));

	for (size_t i = 0; i < n_a; i++)
		v[i] = a[i];
	for (size_t i = 0; i < n_b; i++)
		v[n_a + i] = rc_arena_copy(&r->mem, b[i]).p;
	return v;
}

/* Whom a saved plan left out its apply leaves out; what an undo says of people stands in its rows, one and all. */
static void take_selection(struct run *r)
{
	const struct rc_plan *p = r->own.plan;

	if (p->undo_of.n)
		return;
	if (p->selects) {
		r->own.only = joined(r, NULL, 0, p->only, p->n_only);
		r->own.n_only = p->n_only;
	}
	r->own.exclude = joined(r, r->own.exclude, r->own.n_exclude, p->exclude, p->n_exclude);
	r->own.n_exclude += p->n_exclude;
}

void run_selection(struct run *r)
{
	if (r->opts->plan)
		take_selection(r);
	r->only = sorted(r, r->opts->only, r->opts->n_only);
	r->exclude = sorted(r, r->opts->exclude, r->opts->n_exclude);
}

static bool among(const struct rc_slice *v, size_t n, struct rc_slice key)
{
	return n && bsearch(&key, v, n, sizeof(*v), by_text);
}

bool run_excluded(const struct run *r, struct rc_slice key)
{
	return among(r->exclude, r->opts->n_exclude, key);
}

bool run_selected(const struct run *r, struct rc_slice key)
{
	return (!r->opts->only || among(r->only, r->opts->n_only, key)) && !run_excluded(r, key);
}

static void report_unselected(struct run *r, struct run_target *t, const struct rc_known *k)
{
	struct rc_outcome o = {.target = t->cfg->name,
			       .key = k->key,
			       .name = k->name,
			       .action = RC_ACT_NONE,
			       .status = RC_ST_NOT_SELECTED,
			       .remote_id = k->remote_id,
			       .planned_at = r->started_ns};
	struct rc_err err;

	if (k->server.n)
		o.server = rc_arena_copy(&r->mem, k->server).p;
	if (rc_report_row(r->report, &o, &err) && !r->fault.code)
		r->fault = err;
	t->unselected++;
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, RC_HASH_BYTES);
}

/* By a decision, by a row of the plan, or as somebody whose account was changed. */
static bool is_told(struct run *r, size_t target, const struct run_told *told, const uint8_t hash[RC_HASH_BYTES])
{
	if (run_drift_find(r, target, hash))
		return true;
	return told ? told->n && bsearch(hash, told->v, told->n, RC_HASH_BYTES, by_hash)
		    : rc_sources_find(&r->scan, hash) != NULL;
}

void run_told_sort(struct run_told *told)
{
	if (told->n)
		qsort(told->v, told->n, RC_HASH_BYTES, by_hash);
}

void run_report_unselected(struct run *r, size_t target, const struct run_told *told)
{
	struct run_target *t = &r->targets[target];
	struct rc_walk w = {0};
	const uint8_t *hash;
	struct rc_known k;

	if (!r->opts->only) { /* a few are left out */
		for (size_t i = 0; i < r->opts->n_exclude; i++) {
			uint8_t of[RC_HASH_BYTES];

			if (i && rc_slice_eq(r->exclude[i], r->exclude[i - 1]))
				continue;
			rc_store_key_hash(r->store, r->exclude[i], of);
			if (rc_view_known_hash(r->view, t->number, of, &k) && k.flags & RC_KNOWN_MANAGED &&
			    !is_told(r, target, told, of))
				report_unselected(r, t, &k);
		}
		return;
	}
	rc_walk_known_begin(r->view, t->number, &w);
	while (rc_walk_known(&w, &k, &hash))
		if (k.flags & RC_KNOWN_MANAGED && !run_selected(r, k.key) && !is_told(r, target, told, hash))
			report_unselected(r, t, &k);
	rc_walk_end(&w);
}
