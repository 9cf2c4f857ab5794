#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include "engine/store/writer.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS_AT_ONCE = 256, RAW_TRIAL = 4096, RAWS_STALE = 20 };

static size_t table_slot(const struct rc_scan *s, const uint8_t hash[16])
{
	uint64_t h;
	size_t at;

	memcpy(&h, hash, sizeof(h));
	for (at = (size_t)h & (s->table_size - 1); s->table[at]; at = (at + 1) & (s->table_size - 1))
		if (memcmp(s->people[s->table[at] - 1].hash, hash, 16) == 0)
			break;
	return at;
}

struct rc_person *rc_sources_find(const struct rc_scan *s, const uint8_t hash[16])
{
	uint32_t at = s->table_size ? s->table[table_slot(s, hash)] : 0;

	return at ? &s->people[at - 1] : NULL;
}

struct rc_person *scan_add(struct rc_scan *s, const uint8_t hash[16])
{
	struct rc_person *p;

	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->people = rc_xreallocarray(s->people, s->cap, sizeof(*s->people));
	}
	if ((s->n + 1) * 2 > s->table_size) {
		s->table_size = s->table_size ? s->table_size * 2 : 1024;
		free(s->table);
		s->table = rc_xcalloc(s->table_size, sizeof(*s->table));
		for (size_t i = 0; i < s->n; i++)
			s->table[table_slot(s, s->people[i].hash)] = (uint32_t)i + 1;
	}
	p = &s->people[s->n++];
	*p = (struct rc_person){0};
	memcpy(p->hash, hash, 16);
	s->table[table_slot(s, hash)] = (uint32_t)s->n;
	return p;
}

void scan_refuse(struct rc_scan *s, uint16_t source, uint32_t file, uint64_t line, const char *why, struct rc_slice raw)
{
	if (s->n_refused == s->cap_refused) {
		s->cap_refused = s->cap_refused ? s->cap_refused * 2 : 64;
		s->refused = rc_xreallocarray(s->refused, s->cap_refused, sizeof(*s->refused));
	}
	s->refused[s->n_refused++] = (struct rc_refused){source, file, line, rc_arena_strdup(&s->mem, why),
							 raw.p ? rc_arena_copy(&s->mem, raw) : raw};
	s->sources[source].rejected++;
}

static void add_ref(struct rc_scan_source *src, uint32_t ref)
{
	if (src->n_refs == src->cap_refs) {
		src->cap_refs = src->cap_refs ? src->cap_refs * 2 : 4096;
		src->refs = rc_xreallocarray(src->refs, src->cap_refs, sizeof(*src->refs));
		if (src->keep_raws)
			src->raws = rc_xreallocarray(src->raws, src->cap_refs, sizeof(*src->raws));
	}
	if (src->keep_raws)
		memcpy(src->raws[src->n_refs], src->raw, 16);
	src->refs[src->n_refs++] = ref;
}

/* ---- one row */

static void no_absence(struct walk *w, uint64_t line)
{
	if (!w->src->unreadable) {
		w->src->unreadable = true;
		w->src->unreadable_line = line;
		w->src->unreadable_file = w->file;
	}
	w->s->absence_ok = false;
}

static void freeze(struct rc_person *p, const char *why)
{
	p->kind = RC_PERSON_FROZEN;
	p->why = why;
}

/* A refused row: its person is frozen, or nobody's absence counts. */
static void refuse(struct walk *w, uint64_t line, const char *why, struct rc_slice raw, struct rc_slice key)
{
	struct rc_scan *s = w->s;
	uint8_t hash[16];
	struct rc_person *p;

	scan_refuse(s, w->index, w->file, line, why, raw);
	if (!key.n) {
		no_absence(w, line);
		add_ref(w->src, RC_REF_NONE);
		return;
	}
	rc_store_key_hash(s->store, key, hash);
	p = rc_sources_find(s, hash);
	if (!p) {
		p = scan_add(s, hash);
		p->key = key;
		p->source = w->index;
		p->file = w->file;
		p->line = line;
	}
	freeze(p, s->refused[s->n_refused - 1].why);
	add_ref(w->src, (uint32_t)(p - s->people) | RC_REF_PERSON);
}

/* Two rows claim one key. Returns whether the new row takes the place of the old one. */
static enum rc_code duplicate(struct walk *w, struct rc_person *p, const struct rc_mapped *m, uint64_t line,
			      struct rc_slice raw, bool *ret_replace, struct rc_err *err)
{
	struct rc_scan *s = w->s;
	const char *file = w->src->files[w->file];
	char why[400];

	*ret_replace = false;
	if (p->source != w->index)
		return RC_OK; /* sources in order of precedence: the first that has a person decides */
	switch (s->cfg->sources[w->index].duplicates) {
	case RC_DUP_ERROR:
		return rc_fail_line(err, RC_DATA, line,
				    "%s:%llu: key %.*s is in line %llu already (duplicates is \"error\")", file,
				    (unsigned long long)line, (int)p->key.n, p->key.p, (unsigned long long)p->line);
	case RC_DUP_FIRST:
		w->src->filtered++;
		return RC_OK;
	case RC_DUP_LAST:
		*ret_replace = true;
		w->src->filtered++;
		return RC_OK;
	case RC_DUP_PREFER:
		if (p->kind != RC_PERSON_FROZEN && m->prefer != p->mapped.prefer) {
			*ret_replace = m->prefer > p->mapped.prefer;
			w->src->filtered++;
			return RC_OK;
		}
		break;
	case RC_DUP_REJECT:
		break;
	}
	snprintf(why, sizeof(why), "key %.*s is in lines %llu and %llu", (int)p->key.n, p->key.p,
		 (unsigned long long)p->line, (unsigned long long)line);
	rc_printable(why, sizeof(why));
	if (p->kind != RC_PERSON_FROZEN) {
		scan_refuse(s, w->index, p->file, p->line, why, p->raw);
		if (p->kind == RC_PERSON_FILTERED)
			w->src->filtered--;
	}
	scan_refuse(s, w->index, w->file, line, why, raw);
	freeze(p, s->refused[s->n_refused - 1].why);
	return RC_OK;
}

/* The key of a record that cannot be read as a whole. One that may have swallowed its neighbours has none: whoever is
 * in it must not count as absent. */
static struct rc_slice certain_key(struct walk *w, const struct rc_reject *rej, struct rc_slice raw)
{
	if (!raw.p || (!w->src->ldif && (memchr(raw.p, '\n', raw.n) || memchr(raw.p, '\r', raw.n))))
		return (struct rc_slice){0};
	return rc_mapping_key(w->mapping, rej->field, rej->n, &w->s->mem);
}

static enum rc_code changed_row(struct walk *w, const struct rc_row *row, const uint8_t hash[16], struct rc_err *err)
{
	struct rc_scan *s = w->s;
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_mapped m;
	struct rc_err why;
	struct rc_person *p;
	uint8_t key[16];
	bool replace = true;
	enum rc_read got = rc_splitter_split(w->splitter, row->raw, row->line, &rec, &rej, err);

	if (got == RC_READ_ERROR)
		return RC_DATA;
	if (got == RC_READ_REJECT) {
		if (rej.unclosed)
			return rc_fail_line(err, RC_DATA, rej.line, "%s:%llu: %s", w->src->files[w->file],
					    (unsigned long long)rej.line, rej.why);
		refuse(w, row->line, rej.why, row->raw, certain_key(w, &rej, row->raw));
		return RC_OK;
	}
	if (rc_mapping_row(w->mapping, &rec, s->secrets, &s->mem, &m, &why)) {
		refuse(w, row->line, why.what, row->raw, m.key);
		return RC_OK;
	}
	rc_store_key_hash(s->store, m.key, key);
	p = rc_sources_find(s, key);
	if (p) {
		enum rc_code code = duplicate(w, p, &m, row->line, row->raw, &replace, err);

		if (code)
			return code;
		if (!replace) {
			add_ref(w->src, RC_REF_NONE);
			return RC_OK;
		}
	} else {
		p = scan_add(s, key);
		w->src->filtered += m.filtered;
	}
	p->key = m.key;
	memcpy(p->row, hash, 16);
	p->source = w->index;
	p->file = w->file;
	p->line = row->line;
	p->mapped = m;
	p->kind = m.filtered ? RC_PERSON_FILTERED : RC_PERSON_PRESENT;
	p->raw = s->cfg->sources[w->index].duplicates == RC_DUP_REJECT ? rc_arena_copy(&s->mem, row->raw)
								       : (struct rc_slice){0};
	add_ref(w->src, (uint32_t)(p - s->people) | RC_REF_PERSON);
	return RC_OK;
}

/* Where most rows change in columns that nobody uses, raw rows are not worth the look. */
static void doubt_raw(struct walk *w)
{
	if (++w->raw_missed < RAW_TRIAL || w->raw_missed < w->raw_matched)
		return;
	free(w->raws);
	w->raws = NULL;
	w->src->keep_raws = false;
}

/* The next entry of the sequence, when the row is byte for byte the one it was made of. */
static size_t match_raw(struct walk *w, const struct rc_row *row)
{
	size_t at = w->match.at;

	if (w->raws || w->src->keep_raws)
		scan_hash_raw(w, row->raw, w->src->raw);
	if (!w->raws)
		return SIZE_MAX;
	if (at < w->match.seq.n && !w->match.line[at] &&
	    memcmp(w->raws[at / RC_ORDER_BLOCK][at % RC_ORDER_BLOCK], w->src->raw, 16) == 0) {
		rc_rowmatch_take(&w->match, at, row->line);
		w->raw_matched++;
		return at;
	}
	doubt_raw(w);
	return SIZE_MAX;
}

static enum rc_code one_row(struct walk *w, const struct rc_row *row, struct rc_err *err)
{
	uint8_t hash[16];
	size_t at;

	w->src->rows++;
	at = match_raw(w, row);
	if (at == SIZE_MAX) {
		scan_hash_cells(w, row->raw, hash);
		at = rc_rowmatch_row(&w->match, hash, row->line);
	}
	if (at == SIZE_MAX)
		return changed_row(w, row, hash, err);
	add_ref(w->src, (uint32_t)at);
	return RC_OK;
}

static enum rc_code read_rows(struct walk *w, struct rc_reader *r, struct rc_err *err)
{
	for (;;) {
		struct rc_row rows[ROWS_AT_ONCE];
		struct rc_reject rej;
		size_t n;
		enum rc_read got = rc_reader_next_rows(r, rows, ROWS_AT_ONCE, &n, &rej, err);

		for (size_t i = 0; i < n; i++) {
			enum rc_code code = one_row(w, &rows[i], err);

			if (code)
				return code;
		}
		if (got == RC_READ_END)
			return RC_OK;
		if (got == RC_READ_ERROR)
			return RC_DATA;
		if (got == RC_READ_REJECT) {
			w->src->rows++;
			refuse(w, rej.line, rej.why, rej.raw, certain_key(w, &rej, rej.raw));
		}
	}
}

/* ---- one file */

static void keep_header(struct walk *w, const struct rc_reader *r)
{
	struct rc_scan *s = w->s;
	size_t n;
	const struct rc_slice *columns = rc_reader_columns(r, &n);

	w->src->ldif = rc_reader_format(r) == RC_FORMAT_LDIF;
	w->src->delimiter = w->src->ldif ? 0 : rc_reader_delimiter(r);
	w->src->columns = rc_arena_alloc(&s->mem, (n + 1) * sizeof(*columns));
	w->src->n_columns = n;
	for (size_t i = 0; i < n; i++)
		w->src->columns[i] = rc_arena_copy(&s->mem, columns[i]);
}

/* Names the mapping uses, as this header spells them. */
static enum rc_code select_columns(struct walk *w, const struct rc_slice *header, const struct rc_slice *named,
				   size_t n)
{
	size_t n_used;
	bool all;
	const struct rc_slice *used = rc_mapping_used(w->mapping, &n_used, &all);
	struct rc_slice *names = rc_xcalloc(n_used + n + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n_used || all; j++)
			if (all || rc_slice_eq(named[i], used[j])) {
				names[count++] = header[i];
				break;
			}
	if (n == 0)
		for (size_t j = 0; j < n_used; j++)
			names[count++] = used[j];
	rc_splitter_select(w->splitter, names, count);
	free(names);
	return RC_OK;
}

static enum rc_code begin_file(struct walk *w, const struct rc_reader *r, struct rc_err *err)
{
	struct rc_scan *s = w->s;
	struct rc_source_facts facts = {0};
	size_t n;
	const struct rc_slice *columns = rc_reader_columns(r, &n);
	const struct rc_slice *named = rc_mapping_header(s->cfg, w->index, r, &s->mem, &n);
	enum rc_code code;

	rc_view_source(w->view, w->index, &s->mem, &facts);
	if (w->src->n_files == 1)
		keep_header(w, r);
	rc_mapping_free(w->mapping);
	w->mapping = NULL;
	code = rc_mapping_new(s->cfg, w->index, rc_reader_format(r) == RC_FORMAT_LDIF, named, n, s->lookups,
			      facts.columns, facts.n_columns, &w->mapping, err);
	if (code == RC_DATA || (code == RC_CONFIG && w->src->n_files > 1)) { /* the file before had it */
		struct rc_err what = *err;

		code = rc_fail(err, RC_DATA, "%s: %.900s", w->src->files[w->file], what.what);
	}
	if (code)
		return code;
	w->src->secret = rc_mapping_secret(w->mapping, &s->mem, &w->src->n_secret);
	rc_splitter_free(w->splitter);
	w->splitter = rc_splitter_new(r);
	scan_hash_begin_file(w, rc_reader_header(r));
	return select_columns(w, columns, named, n);
}

static enum rc_code one_file(struct walk *w, struct rc_reader *r, const char *name, struct rc_err *err)
{
	struct rc_scan_source *src = w->src;
	const struct rc_stream_info *info;
	enum rc_code code;

	w->file = (uint32_t)src->n_files;
	src->files = rc_xreallocarray(src->files, src->n_files + 1, sizeof(*src->files));
	src->files[src->n_files++] = rc_xstrdup(name);
	code = begin_file(w, r, err);
	if (!code)
		code = read_rows(w, r, err);
	info = rc_reader_info(r);
	src->bytes += info->bytes;
	if (info->mtime_ns > src->mtime_ns)
		src->mtime_ns = info->mtime_ns;
	if (!code) {
		uint64_t both[4];

		memcpy(both, src->content, 16);
		both[2] = info->hash[0];
		both[3] = info->hash[1];
		XXH128_canonical_t c;

		XXH128_canonicalFromHash(&c, XXH3_128bits(both, sizeof(both)));
		memcpy(src->content, c.digest, 16);
	}
	return code;
}

/* ---- after the last row */

static bool known_anywhere(struct walk *w, const uint16_t *targets, const uint8_t *hash)
{
	struct rc_known k;

	for (size_t i = 0; i < w->s->cfg->n_targets; i++)
		if (rc_view_known_hash(w->view, targets[i], hash, &k))
			return true;
	return false;
}

static const uint8_t zero[16];

/* Entries that no row matched: their people have another row now, or none. A person whose old row matched and who has
 * a second, differing row is a duplicate. */
static enum rc_code sweep_order(struct walk *w, const uint16_t *targets, bool *ret_again)
{
	struct rc_scan *s = w->s;
	struct rc_source_facts facts = {0};
	uint64_t gone = 0; /* filtered rows of last time that are not in the input any more, or differ */

	for (size_t i = 0; i < w->match.seq.n; i++) {
		bool matched = w->match.line[i] && w->match.line[i] != RC_ROWMATCH_VOID;
		const uint8_t *key;
		struct rc_person *p;

		if (matched && !s->n)
			continue; /* the usual night: the keys are not even touched */
		key = scan_order_key(w, i);
		p = s->n ? rc_sources_find(s, key) : NULL;
		if (matched && p) {
			*ret_again = true; /* a copy or a second row: rare, so the whole input is looked at */
			return RC_OK;
		}
		if (matched)
			continue;
		if (!known_anywhere(w, targets, key)) /* its row was settled: filtered, or left long ago */
			gone += memcmp(w->match.seq.row(w, i), zero, 16) != 0;
		else if (!p)
			scan_add(s, key)->kind = RC_PERSON_ABSENT;
	}
	if (rc_view_source(w->view, w->index, &s->mem, &facts) && facts.filtered > gone)
		w->src->filtered += facts.filtered - gone;
	return RC_OK;
}

static void sweep_records(struct rc_scan *s, struct rc_view *v, uint16_t target, bool open_only)
{
	struct rc_walk walk = {0};
	struct rc_known k;
	const uint8_t *hash;

	if (open_only)
		rc_walk_open_begin(v, target, &walk);
	else
		rc_walk_known_begin(v, target, &walk);
	while (open_only ? rc_walk_open(&walk, &k, &hash) : rc_walk_known(&walk, &k, &hash))
		if (!rc_sources_find(s, hash))
			scan_add(s, hash)->kind = RC_PERSON_ABSENT;
	rc_walk_end(&walk);
}

static void forget_all(struct rc_scan *s)
{
	struct rc_scan_source *src = &s->sources[0];

	for (size_t f = 0; f < src->n_files; f++)
		free((void *)src->files[f]);
	free(src->files);
	free(src->refs);
	free(src->raws);
	*src = (struct rc_scan_source){.keep_raws = s->keep_raws};
	s->n = s->n_refused = 0;
	s->absence_ok = true;
	if (s->table)
		memset(s->table, 0, s->table_size * sizeof(*s->table));
}

/* A file of a glob that the last run read and that is gone: whoever is in it must not count as absent. */
static enum rc_code check_lost(struct walk *w, const struct rc_feed *feed, struct rc_err *err)
{
	const struct rc_source *cfg = &w->s->cfg->sources[w->index];
	struct rc_source_facts facts = {0};

	if (w->s->accept_source || cfg->pick != RC_PICK_ALL || cfg->command.n ||
	    !rc_view_source(w->view, w->index, &w->s->mem, &facts))
		return RC_OK;
	for (size_t i = 0; i < facts.n_files; i++) {
		const char *name = rc_arena_copy(&w->s->mem, facts.files[i]).p;
		bool there = false, meant = false;

		for (size_t f = 0; f < feed->n && !there; f++)
			there = strcmp(feed->files[f], name) == 0;
		for (size_t f = 0; f < cfg->files.n && !meant; f++)
			meant = fnmatch(cfg->files.v[f], name, FNM_PATHNAME) == 0;
		if (meant && !there)
			return rc_fail(err, RC_DATA,
				       "%s: the last run read it and it is gone; if that is right, --accept-source",
				       name);
	}
	return RC_OK;
}

static enum rc_code one_source(struct rc_scan *s, struct rc_view *v, uint16_t index, bool try_order,
			       const uint16_t *targets, bool *ret_again, struct rc_err *err)
{
	struct walk w = {.s = s, .src = &s->sources[index], .index = index, .view = v};
	struct rc_feed feed;
	enum rc_code code = rc_feed_open(&feed, s->cfg, index, err);

	if (!code)
		code = check_lost(&w, &feed, err);
	if (code) {
		rc_feed_done(&feed);
		return code;
	}
	w.hash = XXH3_createState();
	if (try_order)
		scan_order_open(&w, targets);
	else
		rc_rowmatch_init(&w.match, &(struct rc_sequence){0});
	while (!code) {
		struct rc_reader *r = NULL;
		const char *name = NULL;

		code = rc_feed_next(&feed, &r, &name, err);
		if (code || !r)
			break;
		code = one_file(&w, r, name, err);
		rc_reader_free(r);
	}
	rc_feed_done(&feed);
	w.src->matched = w.match.matched;
	/* A sequence that knows few of today's bytes is worth writing anew. */
	w.src->raws_stale = w.raws ? w.raw_missed > w.src->rows / RAWS_STALE : w.src->keep_raws;
	w.src->order_same = w.in_order && w.match.missed == 0 && w.match.matched == w.match.seq.n;
	if (!code && w.in_order)
		code = sweep_order(&w, targets, ret_again);
	scan_walk_done(&w);
	return code;
}

enum rc_code rc_sources_run(struct rc_scan *s, struct rc_view *v, const uint16_t *targets, struct rc_err *err)
{
	bool again = false, ordered = true;
	enum rc_code code = RC_OK;

	for (uint16_t i = 0; i < s->cfg->n_sources && !code && !again; i++)
		code = one_source(s, v, i, !s->everybody, targets, &again, err);
	if (again && !code) {
		forget_all(s);
		code = one_source(s, v, 0, false, targets, &again, err);
		ordered = false;
	}
	for (size_t i = 0; i < s->cfg->n_sources; i++)
		ordered &= s->sources[i].order_used;
	for (size_t i = 0; i < s->cfg->n_targets && !code; i++)
		sweep_records(s, v, targets[i], ordered);
	return code;
}
