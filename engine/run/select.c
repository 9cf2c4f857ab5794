/* --only and --exclude-keys: who takes part in this run; the others are named and left alone. */
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

void run_selection(struct run *r)
{
	r->only = sorted(r, r->opts->only, r->opts->n_only);
	r->exclude = sorted(r, r->opts->exclude, r->opts->n_exclude);
}

static bool among(const struct rc_slice *v, size_t n, struct rc_slice key)
{
	return n && bsearch(&key, v, n, sizeof(*v), by_text);
}

bool run_selected(const struct run *r, struct rc_slice key)
{
	return (!r->opts->only || among(r->only, r->opts->n_only, key)) && !among(r->exclude, r->opts->n_exclude, key);
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

/* Managed people whom the scan had no reason to look at and who are not selected. */
void run_report_unselected(struct run *r, size_t target)
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
			    !rc_sources_find(&r->scan, of))
				report_unselected(r, t, &k);
		}
		return;
	}
	rc_walk_known_begin(r->view, t->number, &w);
	while (rc_walk_known(&w, &k, &hash))
		if (k.flags & RC_KNOWN_MANAGED && !rc_sources_find(&r->scan, hash) && !run_selected(r, k.key))
			report_unselected(r, t, &k);
	rc_walk_end(&w);
}
