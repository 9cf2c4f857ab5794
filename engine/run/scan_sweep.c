/* After the last row: people the input no longer has, and those of a source that could not be read. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

static const uint8_t zero[16];

enum { LOOKED_AT = 65536 }; /* records walked, before the memory that shows them is given back */

static bool was_matched(const struct walk *w, size_t i)
{
	return w->match.taken[i] == RC_ROWMATCH_MATCHED;
}

enum { FETCH_AHEAD = 8 }; /* entries that lie anywhere in memory */

enum { KEEP_SHARE = 16 }; /* of the sequence: of more people than that no records are kept, for they take room */

struct unmatched { /* entries, in their order; behind them people who have none */
	size_t n, n_entries, cap;
	bool *settled; /* the entry counts for something: its row was done with */
	uint8_t (*key)[16];
	uint32_t *person;        /* of the scan, + 1; 0: nobody yet */
	struct rc_slice *record; /* of each, by target */
	bool kept;               /* records are whole; else only whether they are there */
};

static void unmatched_add(struct unmatched *u, const uint8_t key[16], bool settled, size_t person)
{
	if (u->n == u->cap) {
		u->cap = u->cap ? u->cap * 2 : 256;
		u->settled = rc_xreallocarray(u->settled, u->cap, sizeof(*u->settled));
		u->key = rc_xreallocarray(u->key, u->cap, sizeof(*u->key));
		u->person = rc_xreallocarray(u->person, u->cap, sizeof(*u->person));
	}
	memcpy(u->key[u->n], key, 16);
	u->person[u->n] = (uint32_t)person;
	u->settled[u->n++] = settled;
}

/* Nearly all matched; so eight are asked at once. Returns how many did not. */
static size_t list_unmatched(const struct walk *w, uint32_t **ret)
{
	static const uint8_t all[8] = {RC_ROWMATCH_MATCHED, RC_ROWMATCH_MATCHED, RC_ROWMATCH_MATCHED,
				       RC_ROWMATCH_MATCHED, RC_ROWMATCH_MATCHED, RC_ROWMATCH_MATCHED,
				       RC_ROWMATCH_MATCHED, RC_ROWMATCH_MATCHED};
	size_t n = w->match.seq.n, found = 0, cap = 0;
	uint32_t *v = NULL;

	for (size_t from = 0; from < n; from += 8) {
		if (n - from >= 8 && memcmp(&w->match.taken[from], all, 8) == 0)
			continue; /* the usual night: the keys are not even touched */
		if (cap - found < 8) {
			cap = cap ? cap * 2 : 1024;
			v = rc_xreallocarray(v, cap, sizeof(*v));
		}
		for (size_t i = from; i < n && i < from + 8; i++)
			if (!was_matched(w, i))
				v[found++] = (uint32_t)i;
	}
	*ret = v;
	return found;
}

static struct unmatched find_unmatched(const struct walk *w)
{
	struct unmatched u = {0};
	uint32_t *entry;
	size_t n = list_unmatched(w, &entry);

	for (size_t i = 0; i < n; i++) {
		const uint8_t *key = scan_order_key(w, entry[i]), *row = scan_order_row(w, entry[i]);
		const struct rc_person *p = rc_sources_find(w->s, key);

		if (i + 2 * FETCH_AHEAD < n) {
			__builtin_prefetch(scan_order_key(w, entry[i + 2 * FETCH_AHEAD]));
			__builtin_prefetch(scan_order_row(w, entry[i + 2 * FETCH_AHEAD]));
		}
		if (i + FETCH_AHEAD < n)
			scan_fetch_person(w->s, scan_order_key(w, entry[i + FETCH_AHEAD]));
		unmatched_add(&u, key, memcmp(row, zero, 16) != 0, p ? (size_t)(p - w->s->people) + 1 : 0);
	}
	free(entry);
	u.n_entries = u.n;
	return u;
}

/* Whoever is new is asked for in the same pass over the records: it shows most of their pages anyway, and a second one
 * would show them all again. */
static void add_newcomers(const struct rc_scan *s, struct unmatched *u)
{
	bool *old = rc_xcalloc(s->n + 1, sizeof(*old));

	for (size_t i = 0; i < u->n_entries; i++)
		if (u->person[i])
			old[u->person[i] - 1] = true;
	for (size_t i = 0; i < s->n; i++)
		if (!old[i])
			unmatched_add(u, s->people[i].hash, false, i + 1);
	free(old);
}

static void find_records(struct walk *w, const uint16_t *targets, struct unmatched *u)
{
	size_t n_targets = w->s->cfg->n_targets, bound = w->match.seq.n / KEEP_SHARE + 256;
	struct rc_slice *one;

	u->kept = u->n <= bound;
	if (u->kept && u->n + w->s->n <= bound)
		add_newcomers(w->s, u);
	one = rc_xcalloc(u->n + 1, sizeof(*one));
	u->record = rc_xcalloc((u->n + 1) * n_targets, sizeof(*u->record));
	for (size_t t = 0; u->n && t < n_targets; t++) {
		rc_view_records(w->view, targets[t], (const uint8_t(*)[16])u->key, u->n, u->kept ? &w->s->mem : NULL,
				one);
		for (size_t i = 0; i < u->n; i++)
			u->record[i * n_targets + t] = one[i];
	}
	free(one);
}

/* What was found of the person here, so that deciding about them need not look again. */
static void keep_records(struct rc_scan *s, const struct unmatched *u, size_t i, struct rc_person *p)
{
	size_t n = s->cfg->n_targets;
	struct rc_slice *records;

	if (!u->kept)
		return;
	records = rc_arena_alloc(&s->mem, n * sizeof(*records));
	memcpy(records, &u->record[i * n], n * sizeof(*records));
	p->records = records;
}

/* Entries that no row matched: their people have another row now, or none. Returns how many were settled without an
 * account. */
static uint64_t sweep_unmatched(struct walk *w, const uint16_t *targets, struct unmatched *u)
{
	size_t n = w->s->cfg->n_targets;
	uint64_t gone = 0;

	find_records(w, targets, u);
	w->s->records_of = rc_view_serial(w->view);
	for (size_t i = 0; i < u->n; i++) {
		struct rc_person *p = u->person[i] ? &w->s->people[u->person[i] - 1] : NULL;
		bool known = false;

		for (size_t t = 0; t < n; t++)
			known |= u->record[i * n + t].p != NULL;
		if (i >= u->n_entries) /* only to be kept */
			known = true;
		if (!known) /* its row was settled: filtered, or left long ago */
			gone += u->settled[i];
		else if (!p && !(p = rc_sources_find(w->s, u->key[i]))) /* a second entry of theirs finds them */
			(p = scan_add(w->s, u->key[i]))->kind = RC_PERSON_ABSENT;
		if (p)
			keep_records(w->s, u, i, p);
	}
	return gone;
}

enum rc_code scan_sweep_order(struct walk *w, const uint16_t *targets, bool *ret_again)
{
	struct rc_scan *s = w->s;
	struct rc_source_facts facts = {0};
	struct unmatched u = find_unmatched(w);
	struct scan_twice *twice = scan_twice_begin(w, (const uint8_t(*)[16])u.key, u.n);
	uint64_t gone = sweep_unmatched(w, targets, &u); /* filtered rows of last time that are not in the input any
							  * more, or differ */

	free(u.settled);
	free(u.key);
	free(u.person);
	free(u.record);
	if (scan_twice_end(twice)) {
		*ret_again = true; /* rare, so the whole input is looked at */
		return RC_OK;
	}
	rc_view_let_go(w->view); /* of the sequence only its keys may be asked for again, for the next one */
	if (rc_view_source(w->view, w->index, &s->mem, &facts) && facts.filtered > gone)
		w->src->filtered += facts.filtered - gone;
	return RC_OK;
}

static const char unread[] = "the source of this person could not be read";

static bool of_frozen(const struct rc_scan *s, const struct rc_known *k)
{
	return k->source < s->cfg->n_sources && s->sources[k->source].frozen;
}

/* A record: whose person is in no row, or is known from a source that nobody could read today and would now be decided
 * by one of less precedence. */
static void judge(struct rc_scan *s, const uint8_t *hash, const struct rc_known *k)
{
	struct rc_person *p = rc_sources_find(s, hash);
	bool frozen = of_frozen(s, k);

	if (p && (!frozen || p->source <= k->source))
		return;
	if (!p) {
		p = scan_add(s, hash);
		p->kind = RC_PERSON_ABSENT;
	}
	if (!frozen)
		return;
	scan_freeze(p, unread);
	p->source = k->source;
	p->line = 0;
}

void scan_sweep_records(struct rc_scan *s, struct rc_view *v, uint16_t target, bool open_only)
{
	struct rc_walk walk = {0};
	struct rc_known k;
	const uint8_t *hash;

	if (open_only)
		rc_walk_open_begin(v, target, &walk);
	else
		rc_walk_known_begin(v, target, &walk);
	for (size_t i = 1; open_only ? rc_walk_open(&walk, &k, &hash) : rc_walk_known(&walk, &k, &hash); i++) {
		judge(s, hash, &k);
		if (i % LOOKED_AT == 0)
			rc_view_let_go(v);
	}
	rc_walk_end(&walk);
}

void scan_freeze_source(struct rc_scan *s, uint16_t source, const struct rc_err *err)
{
	struct rc_scan_source *src = &s->sources[source];

	src->frozen = s->frozen = true;
	src->why = rc_arena_strdup(&s->mem, err->what);
	s->absence_ok = false;
	for (size_t i = 0; i < s->n; i++)
		if (s->people[i].source == source)
			scan_freeze(&s->people[i], unread);
	scan_note(s, "%s; on_error is \"freeze\": this source's people are untouched and no absence counts", err->what);
}
