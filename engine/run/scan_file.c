/* One file of a source: its header, its rows, its trailer, its checksum. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include "engine/map/regex.h"
#include "engine/run/source_sums.h"
#include <stdio.h>
#include <stdlib.h>

enum { ROWS_AT_ONCE = 256 };

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

	if (rc_reader_format(r) == RC_FORMAT_LDIF && s->cfg->sources[w->index].expect.trailer)
		return rc_fail(err, RC_CONFIG, "/sources/%u/expect/trailer: %s is LDIF, which has no trailer line",
			       w->index, w->src->files[w->file]);
	rc_view_source(w->view, w->index, &s->mem, &facts);
	if (w->src->n_files == 1)
		keep_header(w, r);
	rc_mapping_free(w->mapping);
	w->mapping = NULL;
	code = rc_mapping_new(s->cfg, w->index, rc_reader_format(r) == RC_FORMAT_LDIF, named, n, s->lookups,
			      facts.columns, facts.n_columns, &w->mapping, err);
	if (code == RC_DATA || (code == RC_CONFIG && w->file > 0)) { /* the file before had it */
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

/* ---- rows */

/* The row that waited is no trailer after all. */
static enum rc_code let_go(struct walk *w, struct rc_err *err)
{
	struct rc_row row = {rc_buf_slice(&w->held_raw), w->held_line};

	if (!w->held)
		return RC_OK;
	w->held = false;
	return scan_row(w, &row, (struct ahead){0}, err);
}

static enum rc_code hold(struct walk *w, const struct rc_row *row, struct rc_err *err)
{
	enum rc_code code = let_go(w, err);

	w->held = true;
	w->held_line = row->line;
	w->held_raw.n = 0;
	rc_buf_addslice(&w->held_raw, row->raw);
	return code;
}

static enum rc_code hold_all(struct walk *w, const struct scan_rows *b, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < b->n && !code; i++)
		code = hold(w, &b->rows[i], err);
	return code;
}

static bool wants_raw(const struct walk *w)
{
	return w->match.seq.raw || w->src->keep_raws;
}

static enum rc_code take_row(struct walk *w, const struct rc_row *row, struct ahead ahead, struct rc_err *err)
{
	size_t entries = w->src->n_entries;
	enum rc_code code = scan_row(w, row, ahead, err);

	scan_group_rows(w, row, 1, entries);
	return code;
}

static size_t run_of(struct walk *w, const struct rc_row *rows, const uint8_t (*hash)[16], size_t n)
{
	size_t entries = w->src->n_entries, same = scan_run(w, hash, n);

	scan_group_rows(w, rows, same, entries);
	return same;
}

/* Rows up to where the next group may begin. */
struct between {
	const struct scan_rows *b;
	size_t from, end, hashed, phase;
	uint8_t hash[2 * RC_ORDER_GROUP][16];
};

/* How far rows and entries are apart: a group can begin where both are at its first. */
static size_t phase_of(const struct walk *w, size_t row)
{
	return (w->match.at - row) % RC_ORDER_GROUP;
}

static void group_ahead(const struct walk *w, struct between *t, size_t i)
{
	size_t n = RC_ORDER_GROUP - w->match.at % RC_ORDER_GROUP;

	t->phase = phase_of(w, i);
	t->end = t->b->n - i < n ? t->b->n : i + n;
}

/* An entry that is in no row brings the next group nearer, a row that is no entry puts it off. Of a row that changed
 * the entry is passed by with the row after it. */
static bool moved(const struct walk *w, const struct between *t, size_t i)
{
	return (t->phase - phase_of(w, i)) % RC_ORDER_GROUP > 1;
}

static enum rc_code take_between(struct walk *w, const struct scan_rows *b, size_t *i, struct rc_err *err)
{
	struct between t; /* not zeroed: most of it is never looked at */
	enum rc_code code = RC_OK;

	t.b = b;
	t.from = t.hashed = *i;
	group_ahead(w, &t, *i);
	while (*i < t.end && !code) {
		const uint8_t(*hash)[16] = (const uint8_t(*)[16]) & t.hash[*i - t.from];

		for (; t.hashed < t.end; t.hashed++)
			scan_hash_raw(w, b->rows[t.hashed].raw, t.hash[t.hashed - t.from]);
		if (w->match.seq.raw)
			*i += run_of(w, &b->rows[*i], hash, t.end - *i);
		if (*i == t.end)
			break;
		code = take_row(w, &b->rows[*i], (struct ahead){t.hash[*i - t.from], NULL}, err);
		++*i;
		if (!moved(w, &t, *i))
			continue;
		if (w->match.at % RC_ORDER_GROUP == 0 || *i - t.from >= RC_ORDER_GROUP)
			break;
		group_ahead(w, &t, *i);
	}
	return code;
}

/* Groups of the last sequence as long as they last; what is none, row by row. */
static enum rc_code take_groups(struct walk *w, const struct scan_rows *b, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < b->n && !code;) {
		size_t entries = w->src->n_entries;

		if (scan_group(w, &b->rows[i], b->n - i)) {
			scan_group_rows(w, &b->rows[i], RC_ORDER_GROUP, entries);
			i += RC_ORDER_GROUP;
		} else {
			code = take_between(w, b, &i, err);
		}
	}
	return code;
}

/* The rows in batches that the caches hold, so that the look-ups of one are begun together. */
static enum rc_code take_rows(struct walk *w, const struct scan_rows *b, struct rc_err *err)
{
	uint8_t cells[ROWS_AT_ONCE][16];
	enum rc_code code = RC_OK;

	for (size_t from = 0; from < b->n && !code; from += ROWS_AT_ONCE) {
		size_t n = b->n - from < ROWS_AT_ONCE ? b->n - from : ROWS_AT_ONCE;
		const struct rc_row *rows = &b->rows[from];
		bool raw = b->raw && wants_raw(w);
		const uint8_t(*hash)[16] = raw ? &b->hash[from] : (const uint8_t(*)[16])cells;

		for (size_t i = 0; !raw && i < n; i++)
			scan_hash_cells(w, rows[i].raw, cells[i]);
		if (!raw || w->match.seq.raw)
			rc_rowmatch_ahead(&w->match, hash, n, raw);
		for (size_t i = 0; i < n && !code; i++) {
			if (raw && w->match.seq.raw)
				i += run_of(w, &rows[i], hash + i, n - i);
			if (i < n)
				code = take_row(w, &rows[i], (struct ahead){raw ? hash[i] : NULL, raw ? NULL : hash[i]},
						err);
		}
	}
	return code;
}

static enum rc_code take(struct walk *w, const struct scan_rows *b, struct rc_err *err)
{
	scan_group_break(w); /* the rows before may be gone */
	if (w->s->cfg->sources[w->index].expect.trailer)
		return hold_all(w, b, err);
	return scan_groups_used(w) ? take_groups(w, b, err) : take_rows(w, b, err);
}

/* The last row must be the trailer, and its count that of the rows before it: else the export was cut off. */
static enum rc_code check_trailer(struct walk *w, struct rc_err *err)
{
	const char *pattern = w->s->cfg->sources[w->index].expect.trailer, *file = w->src->files[w->file];
	struct rc_regexes patterns = {0};
	struct rc_slice count = {0};
	const char *fault = "";
	char text[24];
	int rc = -2;

	if (!pattern)
		return RC_OK;
	if (w->held)
		rc = rc_regex_group(&patterns, rc_slice_str(pattern), rc_buf_slice(&w->held_raw), &count, &fault);
	rc_regexes_done(&patterns);
	if (rc == -1)
		return rc_fail_line(err, RC_DATA, w->held_line, "%s:%llu: expect.trailer: %s", file,
				    (unsigned long long)w->held_line, fault);
	if (rc != 1 || !count.n)
		return rc_fail(
			err, RC_DATA,
			"%s: its last line is not the trailer that expect.trailer describes: is the file cut off?",
			file);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)w->file_rows);
	while (count.n > 1 && count.p[0] == '0') {
		count.p++;
		count.n--;
	}
	if (!rc_slice_eqs(count, text))
		return rc_fail_line(err, RC_DATA, w->held_line,
				    "%s:%llu: the trailer counts %.*s rows, the file has %s: is it whole?", file,
				    (unsigned long long)w->held_line, (int)(count.n < 20 ? count.n : 20), count.p,
				    text);
	w->held = false;
	return RC_OK;
}

static enum rc_code walk_rows(struct walk *w, struct scan_ahead *ahead, struct rc_err *err)
{
	for (;;) {
		const struct scan_rows *b = scan_ahead_next(ahead, wants_raw(w) && !scan_groups_used(w));
		enum rc_code code = take(w, b, err);

		if (code)
			return code;
		if (b->got == RC_READ_END)
			return check_trailer(w, err);
		if (b->got == RC_READ_ERROR) {
			*err = b->err;
			return RC_DATA;
		}
		if (b->got == RC_READ_REJECT) {
			code = let_go(w, err);
			if (code)
				return code;
			scan_reject(w, &b->rej);
		}
	}
}

static enum rc_code read_rows(struct walk *w, struct rc_reader *r, struct rc_err *err)
{
	struct scan_ahead *ahead = scan_ahead_new(w, r);
	enum rc_code code = walk_rows(w, ahead, err);

	scan_ahead_free(ahead);
	return code;
}

static enum rc_code check_sum(const struct walk *w, const struct rc_stream_info *info, struct rc_err *err)
{
	const char *pattern = w->s->cfg->sources[w->index].expect.sha256_file;

	return pattern ? rc_source_sum_check(pattern, w->src->files[w->file], info->sha256, err) : RC_OK;
}

enum rc_code scan_file(struct walk *w, struct rc_reader *r, const char *name, struct rc_err *err)
{
	struct rc_scan_source *src = w->src;
	const struct rc_stream_info *info;
	enum rc_code code;

	w->file = (uint32_t)src->n_files;
	src->files = rc_xreallocarray(src->files, src->n_files + 1, sizeof(*src->files));
	src->files[src->n_files++] = rc_xstrdup(name);
	code = begin_file(w, r, err);
	w->held = false;
	w->file_rows = 0;
	if (!code)
		code = read_rows(w, r, err);
	info = rc_reader_info(r);
	if (!code)
		code = check_sum(w, info, err);
	if (!code && info->utf8_after_all)
		scan_note(w->s, "%s: read as %s, as encoding says, but all of it is valid UTF-8: remove encoding", name,
			  info->encoding);
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
