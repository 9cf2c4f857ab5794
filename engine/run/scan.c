#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include "engine/base/large.h"
#include "engine/base/log.h"
#include "engine/store/writer.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { TABLE_FIRST = 1024 };

static uint32_t tag_of(const uint8_t hash[16])
{
	uint32_t tag;

	memcpy(&tag, hash + 8, sizeof(tag));
	return tag;
}

static size_t table_slot(const struct rc_scan *s, const uint8_t hash[16])
{
	uint32_t tag = tag_of(hash);
	uint64_t h;
	size_t at;

	memcpy(&h, hash, sizeof(h));
	for (at = (size_t)h & (s->table_size - 1); s->table[at].person; at = (at + 1) & (s->table_size - 1))
		if (s->table[at].tag == tag && memcmp(s->people[s->table[at].person - 1].hash, hash, 16) == 0)
			break;
	return at;
}

static void enter(struct rc_scan *s, size_t person)
{
	const uint8_t *hash = s->people[person].hash;

	s->table[table_slot(s, hash)] = (struct rc_person_slot){(uint32_t)person + 1, tag_of(hash)};
}

void scan_fetch_person(const struct rc_scan *s, const uint8_t hash[16])
{
	uint64_t h;

	memcpy(&h, hash, sizeof(h));
	if (s->table_size)
		__builtin_prefetch(&s->table[(size_t)h & (s->table_size - 1)]);
}

struct rc_person *rc_sources_find(const struct rc_scan *s, const uint8_t hash[16])
{
	uint32_t at = s->table_size ? s->table[table_slot(s, hash)].person : 0;

	return at ? &s->people[at - 1] : NULL;
}

static void table_grow(struct rc_scan *s, size_t size)
{
	rc_large_free(s->table, s->table_size, sizeof(*s->table));
	s->table_size = size;
	s->table = rc_large_calloc(size, sizeof(*s->table));
	for (size_t i = 0; i < s->n; i++)
		enter(s, i);
}

void scan_people_room(struct rc_scan *s, size_t n)
{
	size_t size = s->table_size ? s->table_size : TABLE_FIRST;

	while (size < n * 2)
		size *= 2;
	if (size > s->table_size)
		table_grow(s, size);
}

struct rc_person *scan_add(struct rc_scan *s, const uint8_t hash[16])
{
	struct rc_person *p;

	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;

		s->people = rc_large_grow(s->people, s->cap, cap, sizeof(*s->people));
		s->cap = cap;
	}
	if ((s->n + 1) * 2 > s->table_size)
		table_grow(s, s->table_size ? s->table_size * 2 : TABLE_FIRST);
	p = &s->people[s->n++];
	*p = (struct rc_person){0};
	memcpy(p->hash, hash, 16);
	enter(s, s->n - 1);
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

void scan_note(struct rc_scan *s, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rc_printable(text, sizeof(text));
	rc_log(RC_LOG_WARN, "%s", text);
	if (s->n_notes < RC_SCAN_NOTES)
		s->notes[s->n_notes++] = rc_arena_strdup(&s->mem, text);
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

void scan_freeze(struct rc_person *p, const char *why)
{
	p->kind = RC_PERSON_FROZEN;
	p->why = why;
}

/* Sources stand in order of precedence: the first that has a person decides. One whose `where` excludes them has not.
 */
static bool decided_before(const struct walk *w, const struct rc_person *p)
{
	return p->source != w->index && p->kind != RC_PERSON_FILTERED;
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
		scan_add_ref(w->src, RC_REF_NONE);
		return;
	}
	rc_store_key_hash(s->store, key, hash);
	p = rc_sources_find(s, hash);
	if (p && decided_before(w, p)) {
		scan_add_ref(w->src, RC_REF_NONE);
		return;
	}
	if (!p || p->source != w->index) {
		p = p ? p : scan_add(s, hash);
		p->key = key;
		p->source = w->index;
		p->file = w->file;
		p->line = line;
	}
	scan_freeze(p, s->refused[s->n_refused - 1].why);
	scan_add_ref(w->src, (uint32_t)(p - s->people) | RC_REF_PERSON);
}

/* Two rows claim one key. Returns whether the new row takes the place of the old one. */
static enum rc_code duplicate(struct walk *w, struct rc_person *p, const struct rc_mapped *m, uint64_t line,
			      struct rc_slice raw, bool *ret_replace, struct rc_err *err)
{
	struct rc_scan *s = w->s;
	const char *file = w->src->files[w->file], *other;
	bool one_file;
	char why[2400];

	*ret_replace = false;
	if (p->source != w->index) {
		*ret_replace = !decided_before(w, p);
		w->src->filtered += !*ret_replace;
		return RC_OK;
	}
	one_file = p->file == w->file;
	other = w->src->files[p->file];
	switch (s->cfg->sources[w->index].duplicates) {
	case RC_DUP_ERROR:
		return rc_fail_line(err, RC_DATA, line,
				    "%s:%llu: key %.*s is in line %llu%s%s already (duplicates is \"error\")", file,
				    (unsigned long long)line, (int)p->key.n, p->key.p, (unsigned long long)p->line,
				    one_file ? "" : " of ", one_file ? "" : other);
	case RC_DUP_FIRST:
		w->src->filtered++;
		return RC_OK;
	case RC_DUP_LAST:
		*ret_replace = true;
		w->src->filtered += p->kind == RC_PERSON_PRESENT;
		return RC_OK;
	case RC_DUP_PREFER:
		if (p->kind != RC_PERSON_FROZEN && m->prefer != p->mapped.prefer) {
			*ret_replace = m->prefer > p->mapped.prefer;
			w->src->filtered += !*ret_replace || p->kind == RC_PERSON_PRESENT;
			return RC_OK;
		}
		break;
	case RC_DUP_REJECT:
		break;
	}
	if (one_file)
		snprintf(why, sizeof(why), "key %.*s is in lines %llu and %llu", (int)p->key.n, p->key.p,
			 (unsigned long long)p->line, (unsigned long long)line);
	else
		snprintf(why, sizeof(why), "key %.*s is in %.800s:%llu and %.800s:%llu", (int)p->key.n, p->key.p, other,
			 (unsigned long long)p->line, file, (unsigned long long)line);
	rc_printable(why, sizeof(why));
	if (p->kind != RC_PERSON_FROZEN) {
		scan_refuse(s, w->index, p->file, p->line, why, p->raw);
		if (p->kind == RC_PERSON_FILTERED)
			w->src->filtered--;
	}
	scan_refuse(s, w->index, w->file, line, why, raw);
	scan_freeze(p, s->refused[s->n_refused - 1].why);
	return RC_OK;
}

/* Whether a refused record may have swallowed its neighbours: a line end inside a CSV row, a second dn in an entry. */
static bool holds_others(const struct walk *w, struct rc_slice raw)
{
	size_t names = 0;

	if (!w->src->ldif)
		return memchr(raw.p, '\n', raw.n) || memchr(raw.p, '\r', raw.n);
	for (size_t i = 0; i + 3 <= raw.n; i++)
		names += strncasecmp(raw.p + i, "dn:", 3) == 0 &&
			 (i == 0 || raw.p[i - 1] == '\n' || raw.p[i - 1] == '\r');
	return names != 1;
}

/* The key of a record that cannot be read as a whole. One that may have swallowed its neighbours has none: whoever is
 * in it must not count as absent. */
static struct rc_slice certain_key(struct walk *w, const struct rc_reject *rej, struct rc_slice raw)
{
	if (!raw.p || holds_others(w, raw))
		return (struct rc_slice){0};
	return rc_mapping_key(w->mapping, rej, &w->s->mem);
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
			scan_add_ref(w->src, RC_REF_NONE);
			return RC_OK;
		}
	} else {
		p = scan_add(s, key);
	}
	w->src->filtered += m.filtered;
	p->key = m.key;
	memcpy(p->row, hash, 16);
	p->source = w->index;
	p->file = w->file;
	p->line = row->line;
	p->mapped = m;
	p->later = scan_keep_row(w, &rec);
	p->kind = m.filtered ? RC_PERSON_FILTERED : RC_PERSON_PRESENT;
	p->raw = s->cfg->sources[w->index].duplicates == RC_DUP_REJECT ? rc_arena_copy(&s->mem, row->raw)
								       : (struct rc_slice){0};
	scan_add_ref(w->src, (uint32_t)(p - s->people) | RC_REF_PERSON);
	return RC_OK;
}

/* The entry that is the row byte for byte. */
static size_t match_raw(struct walk *w, const struct rc_row *row, const uint8_t *raw)
{
	size_t at;

	if (!w->match.seq.raw && !w->src->keep_raws)
		return SIZE_MAX;
	if (raw)
		memcpy(w->src->raw, raw, 16);
	else
		scan_hash_raw(w, row->raw, w->src->raw);
	if (!w->match.seq.raw)
		return SIZE_MAX;
	at = rc_rowmatch_raw(&w->match, w->src->raw);
	if (!w->match.seq.raw)
		w->src->keep_raws = false; /* nor are they worth keeping */
	return at;
}

enum rc_code scan_row(struct walk *w, const struct rc_row *row, struct ahead ahead, struct rc_err *err)
{
	uint8_t hash[16];
	size_t at;

	w->src->rows++;
	w->file_rows++;
	at = match_raw(w, row, ahead.raw);
	if (at == SIZE_MAX) {
		if (ahead.cells)
			memcpy(hash, ahead.cells, 16);
		else
			scan_hash_cells(w, row->raw, hash);
		at = rc_rowmatch_row(&w->match, hash);
	}
	if (at == SIZE_MAX)
		return changed_row(w, row, hash, err);
	scan_add_run(w->src, (uint32_t)at, (const uint8_t(*)[16]) & w->src->raw, 1);
	return RC_OK;
}

size_t scan_run(struct walk *w, const uint8_t (*raw)[16], size_t n)
{
	size_t first = w->match.at, same = rc_rowmatch_run(&w->match, raw, n);

	scan_add_run(w->src, (uint32_t)first, raw, same);
	w->src->rows += same;
	w->file_rows += same;
	return same;
}

void scan_reject(struct walk *w, const struct rc_reject *rej)
{
	w->src->rows++;
	w->file_rows++;
	scan_group_break(w);
	refuse(w, rej->line, rej->why, rej->raw, certain_key(w, rej, rej->raw));
}
