#include "engine/run/explain.h"
#include "engine/run/run_int.h"
#include <stdio.h>

static struct rc_story *story_of(const struct rc_explain *e, struct rc_slice key)
{
	for (size_t i = 0; i < e->n; i++)
		if (rc_slice_eq(e->keys[i], key))
			return &e->stories[i];
	return NULL;
}

static const char *text_of(struct rc_explain *e, const char *s)
{
	return s ? rc_arena_strdup(e->mem, s) : NULL;
}

/* Rows of the report that is never written. */
static void take_row(void *ctx, const struct rc_outcome *o)
{
	struct run *r = ctx;
	struct rc_explain *e = r->opts->explain;
	struct rc_story *s = o->key.n ? story_of(e, o->key) : NULL;
	struct rc_story_target *t;

	for (size_t i = 0; s && i < r->cfg->n_targets; i++) {
		if (strcmp(r->cfg->targets[i].name, o->target) != 0)
			continue;
		t = &s->targets[i];
		t->has_row = true;
		t->action = o->action;
		t->status = o->status;
		t->reason = text_of(e, o->reason);
		t->error_code = text_of(e, o->error_code);
		t->error_message = text_of(e, o->error_message);
		t->due_ns = o->due_at;
		t->queue_position = o->queue_position;
	}
}

void run_explain_begin(struct run *r)
{
	struct rc_explain *e = r->opts->explain;

	e->stories = rc_arena_zalloc(e->mem, e->n * sizeof(*e->stories));
	for (size_t i = 0; i < e->n; i++) {
		e->stories[i].key = e->keys[i];
		e->stories[i].kind = RC_PERSON_ABSENT;
		e->stories[i].targets = rc_arena_zalloc(e->mem, r->cfg->n_targets * sizeof(struct rc_story_target));
	}
	rc_report_listen(take_row, r, &r->report);
}

void run_explain_look(struct run *r)
{
	const struct rc_explain *e = r->opts->explain;
	uint8_t(*hashes)[16] = rc_arena_alloc(&r->mem, (r->scan.n_ask + e->n) * 16);

	if (r->scan.n_ask)
		memcpy(hashes, r->scan.ask, r->scan.n_ask * 16);
	for (size_t i = 0; i < e->n; i++)
		rc_store_key_hash(r->store, e->keys[i], hashes[r->scan.n_ask + i]);
	r->scan.ask = (const uint8_t(*)[16])hashes;
	r->scan.n_ask += e->n;
}

static struct rc_account account_copy(struct rc_explain *e, const struct rc_account *a)
{
	struct rc_account c = *a;

	for (size_t f = 0; f < RC_MAX_FIELDS; f++)
		if (c.set & 1u << f)
			c.v[f] = rc_arena_copy(e->mem, a->v[f]);
	return c;
}

static void set_actual(struct rc_explain *e, struct rc_story_target *t, const struct rc_account *a, bool disabled)
{
	t->has_actual = true;
	t->actual = account_copy(e, a);
	t->disabled = disabled;
}

/* A fresh list of a server: what is there under the known id or name. */
void run_explain_listed(struct run *r, size_t target, const struct rc_list *l)
{
	struct rc_explain *e = r->opts->explain;

	for (size_t i = 0; i < e->n; i++) {
		struct rc_listing_row *row = NULL;
		struct rc_known k;

		if (!rc_view_known(r->view, r->targets[target].number, e->keys[i], &k) || !k.name.n)
			continue;
		if (k.remote_id.n)
			row = rc_listing_by_id(l, k.remote_id);
		if (!row)
			row = rc_listing_by_name(l, k.name);
		if (row)
			set_actual(e, &e->stories[i].targets[target], &row->listed.account, row->listed.disabled);
	}
}

static const char *rule_of(struct run *r, const struct rc_person *p)
{
	struct rc_explain *e = r->opts->explain;
	const char *where = r->cfg->sources[p->source].where;

	switch (p->kind) {
	case RC_PERSON_FILTERED:
		return rc_arena_printf(e->mem, "excluded by /sources/%u/where: %s", (unsigned)p->source, where);
	case RC_PERSON_FROZEN:
		return rc_arena_printf(e->mem, "rejected: %s", p->why);
	case RC_PERSON_ABSENT:
		return "in no row of the sources";
	case RC_PERSON_PRESENT:
		break;
	}
	if (p->mapped.left)
		return "in the source, and it says that they have left";
	if (p->mapped.until_ns <= r->started_ns)
		return "in the source, and active_until has passed";
	if (p->mapped.from_ns > r->started_ns)
		return "in the source, and active_from is not yet";
	return "in the source";
}

static void tell_wanted(struct run *r, const struct rc_want *w, size_t target, struct rc_story_target *t)
{
	struct rc_explain *e = r->opts->explain;
	const struct rc_target *cfg = &r->cfg->targets[target];

	if (w->filtered) {
		t->rule = rc_arena_printf(e->mem, "excluded by /targets/%s/where: %s", cfg->name, cfg->where);
		return;
	}
	t->wanted = true;
	t->wanted_name = rc_arena_copy(e->mem, w->name);
	t->wanted_account = account_copy(e, &w->account);
	t->rule = text_of(e, w->invalid);
}

static void tell_source(struct run *r, struct rc_story *s, bool read)
{
	uint8_t hash[16];
	const struct rc_person *p;

	rc_store_key_hash(r->store, s->key, hash);
	p = read ? rc_sources_find(&r->scan, hash) : NULL;
	if (!p || p->kind == RC_PERSON_ABSENT) {
		s->rule = read ? "in no row of the sources" : "the sources could not be read";
		return;
	}
	s->in_source = true;
	s->kind = p->kind;
	s->file = text_of(r->opts->explain, r->scan.sources[p->source].files[p->file]);
	s->line = p->line;
	s->rule = rule_of(r, p);
	for (size_t t = 0; p->kind == RC_PERSON_PRESENT && p->mapped.want && t < r->cfg->n_targets; t++)
		tell_wanted(r, &p->mapped.want[t], t, &s->targets[t]);
}

static void tell_unmanaged(struct run *r, size_t target, struct rc_story_target *t)
{
	const struct rc_target *cfg = &r->cfg->targets[target];
	struct rc_slice name = t->wanted ? t->wanted_name : t->known.name;
	struct rc_unmanaged u;

	for (size_t i = 0; name.n && i < cfg->n_servers; i++) {
		struct rc_slice label = cfg->pool ? rc_slice_str(cfg->servers[i].label) : (struct rc_slice){0};

		if (!rc_view_unmanaged(r->view, r->targets[target].number, label, name, &u))
			continue;
		set_actual(r->opts->explain, t, &u.account, u.disabled);
		t->unmanaged = true;
		return;
	}
}

static void tell_state(struct run *r, struct rc_story *s, size_t target)
{
	struct rc_explain *e = r->opts->explain;
	const struct rc_target *cfg = &r->cfg->targets[target];
	struct rc_story_target *t = &s->targets[target];
	uint16_t number = r->targets[target].number;
	struct rc_walk w = {0};
	struct rc_listing l;
	struct rc_known k;

	for (size_t i = 0; i < cfg->n_servers; i++) {
		struct rc_slice label = cfg->pool ? rc_slice_str(cfg->servers[i].label) : (struct rc_slice){0};

		if (rc_view_listing(r->view, number, label, &l) && l.complete && l.finished_ns > t->listed_ns)
			t->listed_ns = l.finished_ns;
	}
	if (rc_view_known(r->view, number, s->key, &k)) {
		t->has_known = true;
		t->known = rc_known_copy(&k, e->mem);
	}
	rc_walk_retiring_begin(r->view, number, s->key, &w);
	while (rc_walk_retiring(&w, &k))
		t->retiring = rc_arena_copy(e->mem, k.name);
	rc_walk_end(&w);
	/* Without a fresh list the snapshot is what the last one showed, and what was confirmed since. */
	if (!t->has_actual && t->has_known && t->known.flags & RC_KNOWN_MANAGED && t->listed_ns)
		set_actual(e, t, &t->known.account, t->known.flags & RC_KNOWN_DISABLED);
	else if (!t->has_actual)
		tell_unmanaged(r, target, t);
}

void run_explain_end(struct run *r, enum rc_code code, const struct rc_err *err)
{
	struct rc_explain *e = r->opts->explain;

	if (code)
		snprintf(e->problem, sizeof(e->problem), "%s", err->what);
	for (size_t i = 0; i < e->n && r->view; i++) {
		tell_source(r, &e->stories[i], !code && r->scanned);
		for (size_t t = 0; t < r->cfg->n_targets; t++)
			tell_state(r, &e->stories[i], t);
	}
}

enum rc_code rc_explain(const struct rc_config *cfg, const struct rc_run_opts *opts, struct rc_explain *e,
			struct rc_err *err)
{
	struct rc_run_opts o = *opts;
	struct rc_run_result res;

	e->problem[0] = 0;
	o.explain = e;
	o.writes = o.list_only = o.progress = false;
	rc_run(cfg, &o, &res, err);
	rc_buf_done(&res.text);
	return e->stories ? RC_OK : res.code;
}
