/* What ties a snapshot to one place: connector, endpoint, project and server ids. A pool may grow, and shrink by
 * servers on which nobody is left; anything else that differs needs a word from the operator. */
#include "engine/run/bind.h"
#include "engine/run/run_int.h"
#include "engine/base/alloc.h"
#include <stdio.h>
#include <stdlib.h>

static const char server_prefix[] = "server/";

static bool is_server(struct rc_slice name)
{
	return name.n >= sizeof(server_prefix) - 1 && memcmp(name.p, server_prefix, sizeof(server_prefix) - 1) == 0;
}

static struct rc_slice label_of(struct rc_slice name)
{
	return (struct rc_slice){name.p + sizeof(server_prefix) - 1, name.n - (sizeof(server_prefix) - 1)};
}

struct rc_pair *rc_target_ids(const struct rc_target *t, struct rc_arena *mem, size_t *ret_n)
{
	struct rc_pair *ids = rc_arena_zalloc(mem, (2 + t->n_keys + t->n_servers) * sizeof(*ids));
	size_t n = 0;

	ids[n++] = (struct rc_pair){RC_SLICE("connector"), rc_slice_str(t->connector)};
	ids[n++] = (struct rc_pair){RC_SLICE("endpoint"), rc_slice_str(t->endpoint)};
	for (size_t k = 0; k < t->n_keys; k++)
		ids[n++] = (struct rc_pair){rc_slice_str(t->keys[k].name), rc_slice_str(t->keys[k].value)};
	for (size_t s = 0; t->pool && s < t->n_servers; s++)
		ids[n++] =
			(struct rc_pair){rc_slice_str(rc_arena_printf(mem, "%s%s", server_prefix, t->servers[s].label)),
					 rc_slice_str(t->servers[s].id)};
	*ret_n = n;
	return ids;
}

static const struct rc_pair *find(const struct rc_pair *v, size_t n, struct rc_slice name)
{
	for (size_t i = 0; i < n; i++)
		if (rc_slice_eq(v[i].name, name))
			return &v[i];
	return NULL;
}

struct people { /* on a server that the config has no more */
	uint64_t n;
	char first[200];
};

static void count(struct people *p, const struct rc_known *k)
{
	size_t at = strlen(p->first);

	if (p->n++ < 5)
		snprintf(p->first + at, sizeof(p->first) - at, "%s%.*s", at ? ", " : "", (int)k->key.n, k->key.p);
}

static enum rc_code people_on(struct run *r, uint16_t target, struct rc_slice label, struct people *ret,
			      struct rc_err *err)
{
	struct rc_view *v;
	struct rc_walk w = {0};
	struct rc_known k;
	enum rc_code code = rc_view_begin(r->store, &v, err);

	*ret = (struct people){0};
	if (code)
		return code;
	rc_walk_known_begin(v, target, &w);
	while (rc_walk_known(&w, &k, NULL))
		if (k.flags & RC_KNOWN_MANAGED && rc_slice_eq(k.server, label))
			count(ret, &k);
	rc_walk_end(&w);
	rc_walk_retiring_begin(v, target, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k))
		if (rc_slice_eq(k.server, label))
			count(ret, &k);
	rc_walk_end(&w);
	rc_printable(ret->first, sizeof(ret->first));
	return rc_view_end(v, err);
}

/* RC_CONFIG: the ids differ by more than a pool may. */
static enum rc_code judge(struct run *r, const struct rc_target *cfg, const struct rc_target_bound *was,
			  const struct rc_pair *ids, size_t n, struct rc_err *err)
{
	struct people p;

	for (size_t i = 0; i < was->n_ids; i++) {
		const struct rc_pair *now = find(ids, n, was->ids[i].name);
		struct rc_slice label = label_of(was->ids[i].name);
		enum rc_code code;

		if (now && rc_slice_eq(now->value, was->ids[i].value))
			continue;
		if (now || !cfg->pool || !is_server(was->ids[i].name))
			return rc_fail(
				err, RC_CONFIG,
				"/targets/%s: %.*s is not the one that the snapshot was made with: put it back, or "
				"run refresh --rebind",
				cfg->name, (int)was->ids[i].name.n, was->ids[i].name.p);
		code = people_on(r, was->number, label, &p, err);
		if (code)
			return code;
		if (p.n)
			return rc_fail(
				err, RC_CONFIG,
				"/targets/%s/servers: server %.*s is gone, and %llu people have their account on "
				"it (%s%s): put it back with \"drain\": true and move them off with plan "
				"--rebalance, or run refresh --rebind",
				cfg->name, (int)label.n, label.p, (unsigned long long)p.n, p.first,
				p.n > 5 ? ", ..." : "");
	}
	for (size_t i = 0; i < n; i++)
		if (!find(was->ids, was->n_ids, ids[i].name) && !(cfg->pool && is_server(ids[i].name)))
			return rc_fail(
				err, RC_CONFIG,
				"/targets/%s: %.*s was not there when the snapshot was made: take it out, or run "
				"refresh --rebind",
				cfg->name, (int)ids[i].name.n, ids[i].name.p);
	return RC_OK;
}

/* Accounts that were listed on servers which are no more are nobody's news. */
static void forget_servers(struct run *r, const struct rc_target *cfg, const struct rc_target_bound *was,
			   const struct rc_pair *ids, size_t n)
{
	bool was_pool = false;

	for (size_t i = 0; i < was->n_ids; i++) {
		if (!is_server(was->ids[i].name))
			continue;
		was_pool = true;
		if (!find(ids, n, was->ids[i].name))
			rc_writer_clear_unmanaged(r->writer, was->number, label_of(was->ids[i].name));
	}
	if (cfg->pool && !was_pool)
		rc_writer_clear_unmanaged(r->writer, was->number, (struct rc_slice){0});
}

static bool was_listed(struct rc_view *v, uint16_t target, struct rc_slice label)
{
	struct rc_listing l;

	return rc_view_listing(v, target, label, &l) && l.complete;
}

/* Nothing was ever listed or made there: there is no snapshot yet that could belong to another place. */
static enum rc_code untouched(struct run *r, const struct rc_target_bound *was, bool *ret, struct rc_err *err)
{
	struct rc_view *v;
	enum rc_code code = rc_view_begin(r->store, &v, err);

	if (code)
		return code;
	*ret = rc_view_known_count(v, was->number, true) == 0 && !was_listed(v, was->number, (struct rc_slice){0});
	for (size_t i = 0; i < was->n_ids && *ret; i++)
		*ret = !is_server(was->ids[i].name) || !was_listed(v, was->number, label_of(was->ids[i].name));
	return rc_view_end(v, err);
}

static enum rc_code bind(struct run *r, struct run_target *t, struct rc_err *err)
{
	struct rc_target_bound bound;
	bool fresh = false;
	size_t n;
	struct rc_pair *ids = rc_target_ids(t->cfg, &r->mem, &n);
	enum rc_code code =
		rc_store_bind(r->store, rc_slice_str(t->cfg->name), t->cfg->schema, ids, n, &r->mem, &bound, err);

	if (code)
		return code;
	t->number = bound.number;
	if (!bound.ids_differ)
		return RC_OK;
	code = untouched(r, &bound, &fresh, err);
	if (!code && !fresh && !(r->opts->rebind && r->writer))
		code = judge(r, t->cfg, &bound, ids, n, err);
	if (code || !r->writer)
		return code;
	forget_servers(r, t->cfg, &bound, ids, n);
	return rc_store_rebind(r->store, bound.number, ids, n, err);
}

enum rc_code run_bind_targets(struct run *r, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < r->cfg->n_targets && !code; i++)
		code = bind(r, &r->targets[i], err);
	return code;
}
