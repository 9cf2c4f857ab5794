#include "engine/run/check_rows.h"
#include "engine/base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

struct entry {         /* a key, or an account name */
	uint64_t hash; /* 0: free */
	struct rc_slice who;
	const char *file;
	uint64_t line;
	size_t source;
	bool told; /* somebody else has it, and its owner was told */
};

struct set { /* open addressing */
	struct entry *v;
	size_t n, cap;
};

struct rc_check_rows {
	const struct rc_config *cfg;
	int64_t now_ns;
	struct rc_check_source *sources;
	struct rc_check_target *targets;
	struct set keys, *names; /* names: of each target */
	struct rc_arena row, mem;
};

struct person { /* the row at hand */
	struct rc_mapping *m;
	const struct rc_record *rec;
	const struct rc_mapped *mapped;
	const char *file;
	size_t source;
};

struct rc_check_rows *rc_check_rows_new(const struct rc_config *cfg, int64_t now_ns)
{
	struct rc_check_rows *c = rc_xcalloc(1, sizeof(*c));

	c->cfg = cfg;
	c->now_ns = now_ns;
	c->sources = rc_xcalloc(cfg->n_sources, sizeof(*c->sources));
	c->targets = rc_xcalloc(cfg->n_targets, sizeof(*c->targets));
	c->names = rc_xcalloc(cfg->n_targets, sizeof(*c->names));
	return c;
}

void rc_check_rows_free(struct rc_check_rows *c)
{
	for (size_t i = 0; i < c->cfg->n_targets; i++)
		free(c->names[i].v);
	free(c->names);
	free(c->keys.v);
	free(c->sources);
	free(c->targets);
	rc_arena_done(&c->row);
	rc_arena_done(&c->mem);
	free(c);
}

static struct entry *slot_of(const struct set *s, uint64_t hash)
{
	size_t at = hash & (s->cap - 1);

	while (s->v[at].hash && s->v[at].hash != hash)
		at = (at + 1) & (s->cap - 1);
	return &s->v[at];
}

/* Where the hash is, or belongs; there is room for it. */
static struct entry *find(struct set *s, uint64_t hash)
{
	if (s->n * 2 >= s->cap) {
		struct set more = {.n = s->n, .cap = s->cap ? s->cap * 2 : 256};

		more.v = rc_xcalloc(more.cap, sizeof(*more.v));
		for (size_t i = 0; i < s->cap; i++)
			if (s->v[i].hash)
				*slot_of(&more, s->v[i].hash) = s->v[i];
		free(s->v);
		*s = more;
	}
	return slot_of(s, hash);
}

static void put(struct rc_check_rows *c, struct set *s, struct entry *e, uint64_t hash, const struct person *p)
{
	*e = (struct entry){.hash = hash,
			    .who = rc_arena_copy(&c->mem, p->mapped->key),
			    .file = p->file,
			    .line = p->rec->line,
			    .source = p->source};
	s->n++;
}

static uint64_t hash_of(struct rc_slice s, uint64_t seed)
{
	uint64_t h = XXH3_64bits_withSeed(s.p ? s.p : "", s.n, seed);

	return h ? h : 1;
}

static void note(struct rc_reasons *reasons, const char *message, struct rc_slice who, const char *file, uint64_t line)
{
	const char *slash = strrchr(file, '/');
	char text[RC_REASON_KEY];

	snprintf(text, sizeof(text), "%.*s%s%s:%llu", (int)(who.n < 30 ? who.n : 30), who.n ? who.p : "",
		 who.n ? " at " : "", slash ? slash + 1 : file, (unsigned long long)line);
	rc_reasons_add(reasons, message, rc_slice_str(text));
}

static void refuse(struct rc_check_rows *c, size_t source, const char *why, struct rc_slice key, const char *file,
		   uint64_t line)
{
	c->sources[source].n_refused++;
	note(&c->sources[source].refused, why, key, file, line);
}

static void fail(struct rc_check_rows *c, size_t target, const char *why, struct rc_slice key, const char *file,
		 uint64_t line)
{
	c->targets[target].n_failed++;
	note(&c->targets[target].failed, why, key, file, line);
}

static uint64_t hash_name(const struct rc_want *w, struct rc_slice name)
{
	char folded[600];
	size_t n = name.n < sizeof(folded) ? name.n : sizeof(folded);

	rc_account_name_fold((struct rc_slice){name.p, n}, folded);
	return hash_of((struct rc_slice){folded, n}, hash_of(w->server, 0));
}

/* Two who want one name both fail. Which server of a pool a newcomer goes to is settled by a run alone. */
static void claim(struct rc_check_rows *c, size_t t, const struct person *p, const struct rc_want *w)
{
	uint64_t hash;
	struct entry *e;
	static const char why[] = "two people want the name of somebody else";

	if (!w->name.n || (c->cfg->targets[t].pool && !w->server.n))
		return;
	hash = hash_name(w, w->name);
	e = find(&c->names[t], hash);
	if (!e->hash) {
		put(c, &c->names[t], e, hash, p);
		return;
	}
	if (!e->told)
		fail(c, t, why, e->who, e->file, e->line);
	e->told = true;
	fail(c, t, why, p->mapped->key, p->file, p->rec->line);
}

/* The first choice that fits and that nobody before them has. Returns why there is none, NULL: there is one. */
static const char *choose(struct rc_check_rows *c, size_t t, const struct person *p, struct rc_want *w)
{
	const struct rc_account_schema *schema = c->cfg->targets[t].schema;
	const struct rc_row_copy *row = rc_mapping_copy_row(p->m, p->rec, &c->row);
	size_t f = (size_t)rc_mapping_chosen_field(row, t);
	struct rc_slice name;
	struct rc_err rule = {0}, err;
	bool any = false;
	enum rc_code code = RC_OK;

	for (size_t i = 0; !code; i++) {
		struct entry *e;
		uint64_t hash;

		code = rc_mapping_choice(row, t, i, &c->row, &name, &err);
		if (code || !name.n || rc_account_check_field(schema, f, name, (struct rc_slice){0}, &rule))
			continue;
		any = true;
		hash = hash_name(&(struct rc_want){0}, name);
		e = find(&c->names[t], hash);
		if (e->hash)
			continue;
		put(c, &c->names[t], e, hash, p);
		w->account.v[f] = name;
		w->account.set |= 1u << f;
		rc_want_settle(schema, w, &c->row);
		return w->invalid;
	}
	if (code != RC_USAGE)
		return rc_arena_strdup(&c->row, err.what);
	return any            ? "first_free: every choice is somebody else's"
	       : rule.what[0] ? rc_arena_printf(&c->row, "first_free: no choice makes a name: %s", rule.what)
			      : "first_free: each choice is blank";
}

static void want(struct rc_check_rows *c, size_t t, const struct person *p, struct rc_want *w)
{
	const char *why = w->invalid;

	if (w->filtered) {
		c->targets[t].filtered++;
		return;
	}
	c->targets[t].people++;
	if (w->chosen)
		why = choose(c, t, p, w);
	if (why)
		fail(c, t, why, p->mapped->key, p->file, p->rec->line);
	else if (!w->chosen)
		claim(c, t, p, w);
}

/* Whether the key is new. A person of an earlier source is that one's. */
static bool first_row_of(struct rc_check_rows *c, const struct person *p)
{
	uint64_t hash = hash_of(p->mapped->key, 0);
	struct entry *e = find(&c->keys, hash);
	enum rc_duplicates policy = c->cfg->sources[p->source].duplicates;

	if (!e->hash) {
		put(c, &c->keys, e, hash, p);
		return true;
	}
	if (e->source != p->source || (policy != RC_DUP_REJECT && policy != RC_DUP_ERROR))
		return false;
	if (!e->told)
		refuse(c, p->source, "the key stands in more than one row", e->who, e->file, e->line);
	e->told = true;
	refuse(c, p->source, "the key stands in more than one row", p->mapped->key, p->file, p->rec->line);
	return false;
}

static bool counted(struct rc_check_rows *c, size_t source)
{
	struct rc_check_source *s = &c->sources[source];

	s->cut = s->rows == RC_CHECK_ROWS;
	s->rows += !s->cut;
	return !s->cut;
}

bool rc_check_row(struct rc_check_rows *c, size_t source, struct rc_mapping *m, const struct rc_record *rec,
		  const char *file)
{
	struct rc_mapped mapped;
	struct person p = {m, rec, &mapped, file, source};
	struct rc_err err;

	if (!counted(c, source))
		return false;
	rc_arena_reset(&c->row);
	if (rc_mapping_row(m, rec, false, &c->row, &mapped, &err)) {
		refuse(c, source, err.what, mapped.key, file, rec->line);
		return true;
	}
	if (!first_row_of(c, &p))
		return true;
	c->sources[source].filtered += mapped.filtered;
	c->sources[source].kept += !mapped.filtered;
	if (mapped.filtered || mapped.left || mapped.until_ns <= c->now_ns || mapped.from_ns > c->now_ns)
		return true;
	for (size_t t = 0; t < c->cfg->n_targets; t++)
		want(c, t, &p, &mapped.want[t]);
	return true;
}

bool rc_check_reject(struct rc_check_rows *c, size_t source, const struct rc_reject *rej, const char *file)
{
	if (!counted(c, source))
		return false;
	refuse(c, source, rej->why, (struct rc_slice){0}, file, rej->line);
	return true;
}

const struct rc_check_source *rc_check_source(struct rc_check_rows *c, size_t source)
{
	rc_reasons_sort(&c->sources[source].refused);
	return &c->sources[source];
}

const struct rc_check_target *rc_check_target(struct rc_check_rows *c, size_t target)
{
	rc_reasons_sort(&c->targets[target].failed);
	return &c->targets[target];
}
