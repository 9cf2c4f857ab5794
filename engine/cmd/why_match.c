#include "engine/cmd/why.h"
#include "engine/run/find.h"
#include "engine/store/history.h"
#include <stdio.h>

static void add(struct rc_opened *o, struct why_matches *m, struct why_match match)
{
	bool there = !match.key.n;
	struct why_match *v;
	struct rc_slice *keys;

	for (size_t i = 0; i < m->n; i++)
		if (rc_slice_eq(m->v[i].key, match.key) && rc_slice_eq(m->v[i].name, match.name) &&
		    m->v[i].target == match.target)
			return;
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 16;
		v = rc_arena_alloc(&o->mem, m->cap * sizeof(*v));
		keys = rc_arena_alloc(&o->mem, m->cap * sizeof(*keys));
		if (m->n) {
			memcpy(v, m->v, m->n * sizeof(*v));
			memcpy(keys, m->keys, m->n_keys * sizeof(*keys));
		}
		m->v = v;
		m->keys = keys;
	}
	for (size_t i = 0; i < m->n_keys && !there; i++)
		there = rc_slice_eq(m->keys[i], match.key);
	match.key = rc_arena_copy(&o->mem, match.key);
	match.name = rc_arena_copy(&o->mem, match.name);
	m->v[m->n++] = match;
	if (!there)
		m->keys[m->n_keys++] = match.key;
}

/* Whether a name is the one asked for, or a text has the one asked for. */
struct query {
	struct rc_slice text;
	bool whole;
};

static bool fits(const struct query *q, struct rc_slice s)
{
	return q->whole ? s.n == q->text.n && rc_text_in(s, q->text) : rc_text_in(s, q->text);
}

static bool account_fits(const struct query *q, const struct rc_account *a)
{
	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (a->set & 1u << f && fits(q, a->v[f]))
			return true;
	return false;
}

static bool record_fits(const struct query *q, const struct rc_known *k)
{
	if (fits(q, k->name) || fits(q, k->linked_name))
		return true;
	return !q->whole && (fits(q, k->key) || fits(q, k->remote_id) || account_fits(q, &k->account));
}

static void search_target(struct rc_opened *o, size_t i, const struct query *q, struct why_matches *ret)
{
	const char *target = o->cfg->targets[i].name;
	struct rc_walk w = {0};
	struct rc_unmanaged u;
	struct rc_event e;
	struct rc_known k;

	rc_walk_known_begin(o->view, o->numbers[i], &w);
	while (rc_walk_known(&w, &k, NULL))
		if (record_fits(q, &k))
			add(o, ret, (struct why_match){k.key, k.name, target, "known"});
	rc_walk_end(&w);
	rc_walk_retiring_begin(o->view, o->numbers[i], (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k))
		if (record_fits(q, &k))
			add(o, ret, (struct why_match){k.key, k.name, target, "retiring"});
	rc_walk_end(&w);
	rc_walk_history_begin(o->view, o->numbers[i], (struct rc_slice){0}, &w);
	while (rc_walk_history(&w, &e))
		if (fits(q, e.name) || (!q->whole && fits(q, e.key)))
			add(o, ret, (struct why_match){e.key, e.name, target, "in the history"});
	rc_walk_end(&w);
	rc_walk_unmanaged_begin(o->view, o->numbers[i], &w);
	while (rc_walk_unmanaged(&w, &u))
		if (fits(q, u.name) || (!q->whole && (fits(q, u.remote_id) || account_fits(q, &u.account))))
			add(o, ret, (struct why_match){{0}, u.name, target, "unmanaged"});
	rc_walk_end(&w);
}

struct rows {
	struct rc_opened *o;
	const struct query *q;
	struct why_matches *ret;
};

static bool wanted_as(const struct rows *r, const struct rc_mapped *m)
{
	for (size_t t = 0; m->want && t < r->o->cfg->n_targets; t++)
		if (!m->want[t].filtered && fits(r->q, m->want[t].name))
			return true;
	return false;
}

static void take_row(void *ctx, const struct rc_mapped *m, const char *file, uint64_t line)
{
	struct rows *r = ctx;
	const char *where = rc_arena_printf(&r->o->mem, "%s:%llu", file, (unsigned long long)line);

	if (!r->q->whole || wanted_as(r, m))
		add(r->o, r->ret, (struct why_match){m->key, {0}, NULL, where});
}

/* A name may be made of anything in a row, so for it every row is looked at. */
static void search(struct rc_opened *o, const struct query *q, struct why_matches *ret, char *problem, size_t cap)
{
	struct rows r = {o, q, ret};
	struct rc_err err;

	*ret = (struct why_matches){0};
	for (size_t i = 0; i < o->cfg->n_targets; i++)
		search_target(o, i, q, ret);
	if (rc_find_rows(o->cfg, q->whole ? (struct rc_slice){0} : q->text, take_row, &r, &err))
		snprintf(problem, cap, "%s", err.what);
}

void why_by_text(struct rc_opened *o, struct rc_slice text, struct why_matches *ret, char *problem, size_t cap)
{
	search(o, &(struct query){text, false}, ret, problem, cap);
}

void why_by_name(struct rc_opened *o, struct rc_slice name, struct why_matches *ret, char *problem, size_t cap)
{
	search(o, &(struct query){name, true}, ret, problem, cap);
}
