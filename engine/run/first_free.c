/* first_free: which name somebody gets when several may do.
 *
 * Decided over all people of the run in the order of their keys, so that the order of rows does not matter. Whoever has
 * an account keeps its name, and whoever was given a name by an earlier run without an account yet keeps that if it is
 * still free. Taken: what a managed, retiring or unmanaged account holds on any server of the target, what somebody
 * before them in this run was given, and what was retired less than name_reuse_days ago by somebody else. */
#include "engine/run/adopt.h"
#include "engine/run/run_int.h"
#include "engine/base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

struct seeker {
	struct rc_person *p;
	struct rc_want *w;
	struct rc_slice before; /* the name an earlier run gave them; n 0: none */
};

struct chooser {
	struct run *r;
	size_t target;
	struct seeker *v;
	size_t n;
	struct rc_slice *given; /* names of this run, hashed by their folding */
	size_t size;
};

static size_t slot_of(const struct chooser *c, struct rc_slice name)
{
	char folded[600];
	size_t n = name.n < sizeof(folded) ? name.n : sizeof(folded), at;

	rc_account_name_fold((struct rc_slice){name.p, n}, folded);
	at = XXH3_64bits(folded, n) & (c->size - 1);
	while (c->given[at].p && !rc_account_name_same(c->given[at], name))
		at = (at + 1) & (c->size - 1);
	return at;
}

static bool held(const struct chooser *c, const struct seeker *s, struct rc_slice label, struct rc_slice name)
{
	const struct run_target *t = &c->r->targets[c->target];
	struct rc_name_owner o = rc_view_name(c->r->view, t->number, label, name);
	bool own = memcmp(o.key_hash, s->p->hash, 16) == 0;
	struct rc_unmanaged u;

	switch (o.kind) {
	case RC_NAME_FREE:
		return false;
	case RC_NAME_MANAGED:
		return !own;
	case RC_NAME_RETIRING:
		return true;
	case RC_NAME_UNMANAGED:
		return !rc_view_unmanaged(c->r->view, t->number, label, name, &u) ||
		       !run_adopt_proven(c->r, c->target, s->p, &u);
	case RC_NAME_RETIRED:
		return !own && c->r->started_ns - o.since_ns < (int64_t)t->cfg->name_reuse_days * RC_DAY;
	}
	return true;
}

static bool taken(const struct chooser *c, const struct seeker *s, struct rc_slice name)
{
	const struct rc_target *cfg = c->r->targets[c->target].cfg;
	bool ret = c->given[slot_of(c, name)].p != NULL;

	for (size_t i = 0; i < cfg->n_servers && !ret; i++)
		ret = held(c, s, cfg->pool ? rc_slice_str(cfg->servers[i].label) : (struct rc_slice){0}, name);
	return ret;
}

static void give(struct chooser *c, struct seeker *s, struct rc_slice name)
{
	const struct rc_account_schema *schema = c->r->targets[c->target].cfg->schema;
	int f = rc_mapping_chosen_field(s->p->later, c->target);

	c->given[slot_of(c, name)] = name;
	s->w->account.v[f] = name;
	s->w->account.set |= 1u << f;
	s->w->chosen = false;
	rc_want_settle(schema, s->w, &c->r->mem);
}

/* Whether the account may have this name at all: a choice that breaks a rule of the field is passed over. */
static bool fits(struct chooser *c, const struct seeker *s, struct rc_slice name, struct rc_err *why)
{
	const struct rc_account_schema *schema = c->r->targets[c->target].cfg->schema;

	return !rc_account_check_field(schema, (size_t)rc_mapping_chosen_field(s->p->later, c->target), name,
				       (struct rc_slice){0}, why);
}

static void none_left(struct chooser *c, struct seeker *s, struct rc_slice last, const struct rc_err *rule)
{
	const struct rc_target *cfg = c->r->targets[c->target].cfg;
	unsigned max_n = cfg->account[rc_mapping_chosen_field(s->p->later, c->target)].max_n;

	if (last.n) {
		s->w->invalid_code = "rollcall.name";
		s->w->invalid = rc_arena_printf(&c->r->mem,
						"first_free: every name up to n = %u is taken (the last one was %.*s): "
						"raise max_n or add an expression",
						max_n, (int)(last.n < 200 ? last.n : 200), last.p);
	} else {
		s->w->invalid = rc_arena_printf(&c->r->mem, "first_free: no choice makes a name: %s",
						rule->what[0] ? rule->what : "each is blank");
	}
	s->w->chosen = false;
}

static void choose(struct chooser *c, struct seeker *s)
{
	struct rc_slice name = {0}, last = {0};
	struct rc_err rule = {0}, err;
	enum rc_code code = RC_OK;

	for (size_t i = 0; !code; i++) {
		code = rc_mapping_choice(s->p->later, c->target, i, &c->r->mem, &name, &err);
		if (code || !name.n || rc_slice_eq(name, last) || !fits(c, s, name, &rule))
			continue;
		last = name;
		if (taken(c, s, name))
			continue;
		give(c, s, name);
		return;
	}
	if (code == RC_USAGE) {
		none_left(c, s, last, &rule);
		return;
	}
	s->w->invalid = rc_arena_strdup(&c->r->mem, err.what);
	s->w->chosen = false;
}

static int by_key(const void *a, const void *b)
{
	return rc_slice_cmp(((const struct seeker *)a)->p->key, ((const struct seeker *)b)->p->key);
}

/* Whoever has an account keeps its name; the others are collected. */
static void take_in(struct chooser *c, struct rc_person *p)
{
	struct rc_want *w = p->kind == RC_PERSON_PRESENT ? &p->mapped.want[c->target] : NULL;
	struct seeker s = {.p = p, .w = w};
	struct rc_known k;
	struct rc_slice mapped;

	if (!w || w->filtered || !w->chosen)
		return;
	if (rc_view_known_hash(c->r->view, c->r->targets[c->target].number, p->hash, &k)) {
		s.before = rc_arena_copy(&c->r->mem, k.name);
		if (k.flags & RC_KNOWN_MANAGED) {
			give(c, &s, s.before);
			return;
		}
	}
	mapped = run_adopt_mapped(c->r, c->target, p->key);
	if (mapped.n) {
		give(c, &s, mapped);
		return;
	}
	if (p->mapped.left || p->mapped.until_ns <= c->r->started_ns || p->mapped.from_ns > c->r->started_ns)
		return; /* not wanted now: no name is kept for them */
	c->v[c->n++] = s;
}

static bool has_choice(const struct rc_target *cfg)
{
	for (size_t f = 0; f < cfg->schema->n_fields; f++)
		if (cfg->account[f].kind == RC_RULE_FIRST_FREE)
			return true;
	return false;
}

void run_choose_names(struct run *r, size_t target)
{
	struct chooser c = {.r = r, .target = target, .size = 64};

	if (!has_choice(r->targets[target].cfg))
		return;
	while (c.size < r->scan.n * 2)
		c.size *= 2;
	c.v = rc_xcalloc(r->scan.n + 1, sizeof(*c.v));
	c.given = rc_xcalloc(c.size, sizeof(*c.given));
	for (size_t i = 0; i < r->scan.n; i++)
		take_in(&c, &r->scan.people[i]);
	qsort(c.v, c.n, sizeof(*c.v), by_key);
	for (size_t i = 0; i < c.n; i++)
		if (c.v[i].before.n && !taken(&c, &c.v[i], c.v[i].before))
			give(&c, &c.v[i], c.v[i].before);
	for (size_t i = 0; i < c.n; i++)
		if (c.v[i].w->chosen)
			choose(&c, &c.v[i]);
	free(c.given);
	free(c.v);
}
