/* The sequence of (row, key) of the last applied input: walked beside the rows, written anew after the outcomes. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include "engine/store/writer.h"
#include <stdlib.h>

const uint8_t *scan_order_row(const struct walk *w, size_t i)
{
	return w->rows[i / RC_ORDER_BLOCK][i % RC_ORDER_BLOCK];
}

const uint8_t *scan_order_key(const struct walk *w, size_t i)
{
	return w->keys[i / RC_ORDER_BLOCK][i % RC_ORDER_BLOCK];
}

static bool load_order(struct walk *w)
{
	size_t blocks = (size_t)((w->order.n + RC_ORDER_BLOCK - 1) / RC_ORDER_BLOCK);

	w->rows = rc_xcalloc(blocks, sizeof(*w->rows));
	w->keys = rc_xcalloc(blocks, sizeof(*w->keys));
	if (w->order.raw) {
		w->raws = rc_xcalloc(blocks, sizeof(*w->raws));
		w->groups = rc_xcalloc(blocks, sizeof(*w->groups));
	}
	for (size_t i = 0; i < blocks; i++) {
		struct rc_order_block b;

		if (!rc_view_order_block(w->view, w->index, i, &b))
			return false;
		w->rows[i] = b.rows;
		w->keys[i] = b.keys;
		if (!w->raws)
			continue;
		w->raws[i] = b.raw;
		w->groups[i] = b.groups;
		w->grouped |= b.groups != NULL;
	}
	return true;
}

struct hashes { /* of keys whose record is open */
	uint8_t (*v)[16];
	size_t n, cap;
	uint8_t begins[8192]; /* bit per first two bytes */
};

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void add_hash(struct hashes *h, const uint8_t hash[16])
{
	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 64;
		h->v = rc_xreallocarray(h->v, h->cap, sizeof(*h->v));
	}
	memcpy(h->v[h->n++], hash, 16);
	h->begins[(hash[0] << 8 | hash[1]) >> 3] |= (uint8_t)(1u << (hash[1] & 7));
}

static void collect_open(struct walk *w, const uint16_t *targets, struct hashes *h)
{
	for (size_t i = 0; i < w->s->n_ask; i++)
		add_hash(h, w->s->ask[i]);
	for (size_t t = 0; t < w->s->cfg->n_targets; t++) {
		struct rc_walk walk = {0};
		struct rc_known k;
		const uint8_t *hash;

		rc_walk_open_begin(w->view, targets[t], &walk);
		while (rc_walk_open(&walk, &k, &hash))
			add_hash(h, hash);
		rc_walk_end(&walk);
	}
	if (h->n)
		qsort(h->v, h->n, sizeof(*h->v), by_bytes);
}

/* People whose record is open, or of whom an operator said something, are looked at though their row is the old one. */
static void void_open(struct walk *w, const uint16_t *targets)
{
	struct hashes *h = rc_xcalloc(1, sizeof(*h));

	collect_open(w, targets, h);
	for (size_t i = 0; h->n && i < w->match.seq.n; i++) {
		const uint8_t *key = scan_order_key(w, i);

		if (h->begins[(key[0] << 8 | key[1]) >> 3] & 1u << (key[1] & 7) &&
		    bsearch(key, h->v, h->n, sizeof(*h->v), by_bytes))
			rc_rowmatch_void(&w->match, i);
	}
	free(h->v);
	free(h);
}

enum {
	ROWS_MORE = 16,    /* an export that grew by that share needs no more room than was made before its first row */
	PEOPLE_SHARE = 32, /* nor a night on which that share of people differ */
};

void scan_order_open(struct walk *w, const uint16_t *targets)
{
	struct rc_sequence seq = {0};

	w->in_order = rc_view_order(w->view, w->index, &w->order) && w->order.current &&
		      memcmp(w->order.seed, w->s->seed, 16) == 0 && w->order.n < RC_REF_PERSON &&
		      w->s->cfg->n_sources == 1 && load_order(w);
	if (w->in_order)
		seq = (struct rc_sequence){w->rows, w->raws, w->grouped ? w->groups : NULL, RC_ORDER_BITS,
					   (size_t)w->order.n};
	rc_rowmatch_init(&w->match, &seq);
	w->src->order_used = w->in_order;
	if (!w->in_order)
		return;
	scan_refs_room(w->src, seq.n + seq.n / ROWS_MORE + 4096);
	scan_groups_room(w->src, seq.n + seq.n / ROWS_MORE);
	scan_people_room(w->s, seq.n / PEOPLE_SHARE);
	void_open(w, targets);
}

void scan_walk_done(struct walk *w)
{
	rc_rowmatch_done(&w->match);
	rc_mapping_free(w->mapping);
	rc_splitter_free(w->splitter);
	XXH3_freeState(w->hash);
	rc_buf_done(&w->held_raw);
	free(w->rows);
	free(w->keys);
	free(w->raws);
	free(w->groups);
	free(w->cells);
}

enum { STORE_AT_ONCE = 4096 };

static const uint8_t zero[16];

struct entries { /* on their way to the writer */
	struct rc_writer *w;
	uint16_t source;
	size_t n;
	uint8_t (*rows)[16], (*keys)[16], (*raws)[16], (*groups)[16];
	bool raw;                         /* the sequence has raw rows */
	const struct rc_scan_source *src; /* whose groups they are */
	size_t in_group, total;           /* entries in a row that count for something, within a group; of all */
};

static void hand_over(struct entries *e)
{
	if (e->n)
		rc_writer_order_add(e->w, e->source, (const uint8_t(*)[16])e->rows, (const uint8_t(*)[16])e->keys,
				    e->raw ? (const uint8_t(*)[16])e->raws : NULL,
				    e->raw ? (const uint8_t(*)[16])e->groups : NULL, e->n);
	e->n = 0;
}

/* The group that ends with this entry: known, if all of its entries count for something. */
static void end_group(struct entries *e)
{
	size_t i = e->total / RC_ORDER_GROUP - 1;
	bool known = e->in_group == RC_ORDER_GROUP && i < e->src->cap_groups;

	memcpy(e->groups[(e->n - 1) / RC_ORDER_GROUP], known ? e->src->groups[i] : zero, 16);
	e->in_group = 0;
}

/* row NULL: the entry counts for nothing, its person is looked at again. */
static void add_entry(struct entries *e, const uint8_t *key, const uint8_t *row, const uint8_t *raw)
{
	bool counts = row && memcmp(row, zero, 16) != 0;

	memcpy(e->keys[e->n], key, 16);
	memcpy(e->rows[e->n], row ? row : zero, 16);
	memcpy(e->raws[e->n], counts && raw ? raw : zero, 16);
	e->in_group += counts && raw;
	e->n++;
	if (++e->total % RC_ORDER_GROUP == 0)
		end_group(e);
	if (e->n == STORE_AT_ONCE)
		hand_over(e);
}

static void store_facts(const struct rc_scan *s, uint16_t i, struct rc_writer *w, const char *run_id, int64_t now_ns)
{
	const struct rc_scan_source *src = &s->sources[i];
	struct rc_slice *files = rc_xcalloc(src->n_files + 1, sizeof(*files));
	struct rc_source_facts facts = {.rows = src->rows,
					.filtered = src->filtered,
					.rejected = src->rejected,
					.bytes = src->bytes,
					.stamp_ns = src->stamp_ns,
					.mtime_ns = src->mtime_ns,
					.applied_ns = now_ns,
					.run_id = rc_slice_str(run_id),
					.unreadable_runs = src->unreadable_runs,
					.unreadable_where = rc_slice_str(src->unreadable_where),
					.columns = src->columns,
					.n_columns = src->n_columns,
					.files = files,
					.n_files = src->n_files};

	for (size_t f = 0; f < src->n_files; f++)
		files[f] = rc_slice_str(src->files[f]);
	memcpy(facts.content, src->content, 16);
	rc_writer_source(w, i, &facts);
	free(files);
}

/* People in no row whose account is still there: without an entry nobody would notice them again. */
static void store_absent(const struct rc_scan *s, struct rc_view *v, const uint16_t *targets, struct entries *e)
{
	struct rc_known k;

	for (size_t i = 0; i < s->n; i++)
		for (size_t t = 0; s->people[i].kind == RC_PERSON_ABSENT && t < s->cfg->n_targets; t++)
			if (rc_view_known_hash(v, targets[t], s->people[i].hash, &k)) {
				add_entry(e, s->people[i].hash, NULL, NULL);
				break;
			}
}

/* Entries of rows that are as they were. */
static void store_same(const struct walk *old, struct entries *e, uint32_t entry, size_t row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_entry(e, scan_order_key(old, entry + i), scan_order_row(old, entry + i),
			  e->raw ? old->src->raws[row + i] : NULL);
}

static void store_order(const struct rc_scan *s, const struct walk *old, struct entries *e)
{
	uint32_t ref = 0;
	size_t at = 0, row = 0;

	for (size_t n; (n = rc_scan_refs(old->src, &at, &ref)); row += n) {
		const struct rc_person *p;

		if (ref == RC_REF_NONE)
			continue;
		if (!(ref & RC_REF_PERSON)) {
			store_same(old, e, ref, row, n);
			continue;
		}
		p = &s->people[ref & ~RC_REF_PERSON];
		add_entry(e, p->hash, p->settled ? p->row : NULL, e->raw ? old->src->raws[row] : NULL);
	}
}

void rc_sources_store(const struct rc_scan *s, struct rc_view *v, const uint16_t *targets, struct rc_writer *w,
		      bool rows, const char *run_id, int64_t now_ns)
{
	struct entries e = {.w = w,
			    .rows = rc_xcalloc(STORE_AT_ONCE, sizeof(*e.rows)),
			    .keys = rc_xcalloc(STORE_AT_ONCE, sizeof(*e.keys)),
			    .raws = rc_xcalloc(STORE_AT_ONCE, sizeof(*e.raws)),
			    .groups = rc_xcalloc(STORE_AT_ONCE / RC_ORDER_GROUP, sizeof(*e.groups))};

	for (uint16_t i = 0; i < s->cfg->n_sources; i++) {
		struct walk old = {.s = (struct rc_scan *)s, .src = &s->sources[i], .index = i, .view = v};

		if (s->sources[i].frozen) { /* what was applied last stays the baseline; every row is looked at */
			rc_writer_order_drop(w, i);
			continue;
		}
		store_facts(s, i, w, run_id, now_ns);
		if (!rows)
			continue;
		/* The run's outcomes have made the old sequence stale by now; its entries are still what refs mean. */
		if (old.src->order_used && (!rc_view_order(v, i, &old.order) || !load_order(&old))) {
			rc_writer_order_drop(w, i);
			scan_walk_done(&old);
			continue;
		}
		e.source = i;
		e.src = old.src;
		e.total = e.in_group = 0;
		e.raw = old.src->keep_raws;
		rc_writer_order_begin(w, i, s->seed, e.raw);
		store_order(s, &old, &e);
		if (i == 0)
			store_absent(s, v, targets, &e);
		hand_over(&e);
		rc_writer_order_commit(w, i);
		scan_walk_done(&old);
	}
	free(e.rows);
	free(e.keys);
	free(e.raws);
	free(e.groups);
}
