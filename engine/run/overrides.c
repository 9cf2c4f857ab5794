#include "engine/run/overrides.h"
#include "engine/base/alloc.h"
#include "engine/source/reader.h"
#include <stdio.h>
#include <stdlib.h>

enum column { C_KEY, C_TARGET, C_EFFECT, C_UNTIL, C_REASON, C_BY, COLUMNS };
enum { MAX_KEY = 511, MAX_WORDS = 300 };

static const char *const names[COLUMNS] = {"key", "target", "effect", "until", "reason", "by"};
static const char *const effects[] = {"deny", "keep", "hold"};

struct load {
	const struct rc_config *cfg;
	struct rc_store *store;
	const struct rc_zone *zone;
	int64_t now_ns;
	struct rc_arena *mem;
	struct rc_overrides *o;
	size_t cap;
	size_t at[COLUMNS]; /* SIZE_MAX: the file lacks it */
	struct rc_err *err;
};

static enum rc_code fail_at(struct load *l, uint64_t line, const char *what, struct rc_slice value)
{
	return rc_fail_line(l->err, RC_DATA, line, "%s:%llu: %s: %.*s", l->cfg->overrides_file,
			    (unsigned long long)line, what, (int)(value.n < 100 ? value.n : 100),
			    value.p ? value.p : "");
}

static enum rc_code read_header(struct load *l, const struct rc_reader *r)
{
	size_t n;
	const struct rc_slice *columns = rc_reader_columns(r, &n);

	for (size_t c = 0; c < COLUMNS; c++)
		l->at[c] = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		size_t c = 0;

		while (c < COLUMNS && !rc_slice_eqs(columns[i], names[c]))
			c++;
		if (c == COLUMNS)
			return fail_at(l, 1, "no column of an overrides file (key,target,effect,until,reason,by)",
				       columns[i]);
		l->at[c] = i;
	}
	if (l->at[C_KEY] == SIZE_MAX || l->at[C_EFFECT] == SIZE_MAX)
		return fail_at(l, 1, "the header lacks a column",
			       rc_slice_str(l->at[C_KEY] == SIZE_MAX ? "key" : "effect"));
	return RC_OK;
}

static struct rc_slice cell(const struct load *l, const struct rc_record *rec, enum column c)
{
	return l->at[c] == SIZE_MAX ? (struct rc_slice){0} : rec->field[l->at[c]];
}

/* Goes into reports and onto terminals. */
static struct rc_slice printable(struct load *l, struct rc_slice s)
{
	size_t n = s.n < MAX_WORDS ? s.n : MAX_WORDS, cap = 4 * n + 1;
	char *text = rc_arena_zalloc(l->mem, cap);

	if (n)
		memcpy(text, s.p, n);
	rc_printable(text, cap);
	return rc_slice_str(text);
}

static enum rc_code read_target(struct load *l, const struct rc_record *rec, struct rc_override *o)
{
	struct rc_slice name = cell(l, rec, C_TARGET);

	o->target = SIZE_MAX;
	if (rc_slice_eqs(name, "*"))
		return RC_OK;
	for (size_t i = 0; name.n && i < l->cfg->n_targets; i++)
		if (rc_slice_eqs(name, l->cfg->targets[i].name))
			o->target = i;
	if (name.n && o->target == SIZE_MAX)
		return fail_at(l, rec->line, "the config has no such target", name);
	return RC_OK;
}

static enum rc_code read_row(struct load *l, const struct rc_record *rec)
{
	struct rc_slice effect = cell(l, rec, C_EFFECT);
	struct rc_override o = {.line = rec->line};
	struct rc_date until;
	struct rc_err why;
	size_t e = 0;
	enum rc_code code;

	o.key = cell(l, rec, C_KEY);
	if (o.key.n == 0 || o.key.n > MAX_KEY)
		return fail_at(l, rec->line, "a key has 1 to 511 bytes", o.key);
	while (e < 3 && !rc_slice_eqs(effect, effects[e]))
		e++;
	if (e == 3)
		return fail_at(l, rec->line, "the effect is one of deny, keep, hold", effect);
	o.effect = (enum rc_effect)e;
	code = read_target(l, rec, &o);
	if (code)
		return code;
	if (rc_date_read(cell(l, rec, C_UNTIL), NULL, l->zone, &until, &why))
		return fail_at(l, rec->line, "until is no date (YYYY-MM-DD)", cell(l, rec, C_UNTIL));
	o.ends_ns = rc_date_due_ns(&until, l->zone);
	if (o.ends_ns <= l->now_ns)
		return RC_OK; /* has ended */
	o.key = rc_arena_copy(l->mem, o.key);
	o.reason = printable(l, cell(l, rec, C_REASON));
	o.by = printable(l, cell(l, rec, C_BY));
	rc_store_key_hash(l->store, o.key, o.hash);
	if (l->o->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->o->v = rc_xreallocarray(l->o->v, l->cap, sizeof(*l->o->v));
	}
	l->o->v[l->o->n++] = o;
	return RC_OK;
}

static enum rc_code read_rows(struct load *l, struct rc_reader *r)
{
	for (;;) {
		struct rc_record rec;
		struct rc_reject rej;
		enum rc_read got = rc_reader_next(r, &rec, &rej, l->err);
		enum rc_code code;

		if (got == RC_READ_END)
			return RC_OK;
		if (got == RC_READ_ERROR)
			return RC_DATA;
		if (got == RC_READ_REJECT)
			return fail_at(l, rej.line, rej.why, (struct rc_slice){0});
		code = read_row(l, &rec);
		if (code)
			return code;
	}
}

static int by_person(const void *a, const void *b)
{
	const struct rc_override *x = a, *y = b;
	int order = memcmp(x->hash, y->hash, sizeof(x->hash));

	if (order)
		return order;
	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (x->ends_ns != y->ends_ns) /* of two that say the same, the longer one */
		return x->ends_ns > y->ends_ns ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static enum rc_code check_contradictions(struct load *l)
{
	for (size_t i = 1; i < l->o->n; i++) {
		const struct rc_override *x = &l->o->v[i - 1], *y = &l->o->v[i];
		char what[80];

		if (memcmp(x->hash, y->hash, sizeof(x->hash)) != 0 || x->target != y->target || x->effect == y->effect)
			continue;
		snprintf(what, sizeof(what), "line %llu says another effect for the same key and target",
			 (unsigned long long)(x->line < y->line ? x->line : y->line));
		return fail_at(l, x->line < y->line ? y->line : x->line, what, y->key);
	}
	return RC_OK;
}

/* Sorted by person: into the arena, with the hashes apart for the scan. */
static void keep(struct load *l)
{
	struct rc_overrides *o = l->o;
	struct rc_override *v = rc_arena_alloc(l->mem, (o->n + 1) * sizeof(*v));

	o->hashes = rc_arena_alloc(l->mem, (o->n + 1) * sizeof(*o->hashes));
	if (o->n)
		memcpy(v, o->v, o->n * sizeof(*v));
	for (size_t i = 0; i < o->n; i++)
		memcpy(o->hashes[i], v[i].hash, sizeof(v[i].hash));
	free(o->v);
	o->v = v;
}

enum rc_code rc_overrides_load(const struct rc_config *cfg, struct rc_store *store, const struct rc_zone *z,
			       int64_t now_ns, struct rc_arena *mem, struct rc_overrides *ret, struct rc_err *err)
{
	struct load l = {.cfg = cfg, .store = store, .zone = z, .now_ns = now_ns, .mem = mem, .o = ret, .err = err};
	struct rc_reader_opts opts = {.in.path = cfg->overrides_file, .format = RC_FORMAT_CSV, .delimiter = ','};
	struct rc_reader *r;
	enum rc_code code;

	*ret = (struct rc_overrides){0};
	if (!cfg->overrides_file)
		return RC_OK;
	code = rc_reader_open(&opts, &r, err);
	if (code)
		return code;
	code = read_header(&l, r);
	if (!code)
		code = read_rows(&l, r);
	rc_reader_free(r);
	if (!code && ret->n) {
		qsort(ret->v, ret->n, sizeof(*ret->v), by_person);
		code = check_contradictions(&l);
	}
	keep(&l);
	return code;
}

const struct rc_override *rc_overrides_find(const struct rc_overrides *o, const uint8_t hash[RC_HASH_BYTES],
					    size_t target)
{
	const struct rc_override *all = NULL;
	size_t from = 0, to = o->n;

	while (from < to) { /* the first one of this person */
		size_t mid = from + (to - from) / 2;

		if (memcmp(o->v[mid].hash, hash, RC_HASH_BYTES) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	for (; from < o->n && memcmp(o->v[from].hash, hash, RC_HASH_BYTES) == 0; from++) {
		if (o->v[from].target == target)
			return &o->v[from];
		if (o->v[from].target == SIZE_MAX && !all)
			all = &o->v[from];
	}
	return all;
}
