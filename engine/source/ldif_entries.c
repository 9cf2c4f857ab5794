#include "engine/source/ldif_entries.h"
#include "engine/base/alloc.h"
#include "engine/source/simd.h"
#include <stdlib.h>
#include <strings.h>

void rc_ldif_entries_init(struct rc_ldif_entries *e, struct rc_window *w, size_t max_record)
{
	*e = (struct rc_ldif_entries){.w = w, .max_record = max_record, .start = w->at, .pos = w->at, .after_end = 1};
	e->index = rc_xcalloc(RC_ENTRIES_INDEX + RC_BLOCK, sizeof(*e->index));
}

void rc_ldif_entries_done(struct rc_ldif_entries *e)
{
	free(e->index);
	e->index = NULL;
}

/* An empty line begins where a line end follows a line end; the LF of a CRLF follows none, its CR ends no line. */
RC_INLINE void scan_blocks(struct rc_ldif_entries *e, struct rc_masks m)
{
	const struct rc_window *w = e->w;

	while (e->index_n < RC_ENTRIES_INDEX) {
		size_t left = w->end - e->pos;
		const char *p = w->p + e->pos;
		uint64_t nl, cr, ends, empty;

		if (left <= RC_BLOCK && !(w->eof && left)) /* the byte behind a block must be known */
			return;
		nl = m.eq(p, '\n');
		cr = m.eq(p, '\r');
		ends = nl | (cr & ~(nl >> 1 | (uint64_t)(p[RC_BLOCK] == '\n') << 63));
		for (empty = (ends << 1 | e->after_end) & (nl | cr); empty; empty &= empty - 1) {
			uint64_t before = ends & ((empty & -empty) - 1);

			e->index[e->index_n++] = (struct rc_entry_end){
				(uint32_t)(e->pos + (size_t)__builtin_ctzll(empty)),
				(uint32_t)(e->lines - e->base) + (uint32_t)__builtin_popcountll(before)};
		}
		e->lines += (uint64_t)__builtin_popcountll(ends);
		e->after_end = ends >> 63;
		e->pos += left < RC_BLOCK ? left : RC_BLOCK;
	}
}

static void scan_blocks_portable(struct rc_ldif_entries *e)
{
	scan_blocks(e, rc_masks_portable);
}

#ifdef RC_X86
RC_AVX2 static void scan_blocks_avx2(struct rc_ldif_entries *e)
{
	scan_blocks(e, rc_masks_avx2);
}

RC_AVX512 static void scan_blocks_avx512(struct rc_ldif_entries *e)
{
	scan_blocks(e, rc_masks_avx512);
}
#endif

static void (*const scan_variants[RC_SIMD_LEVELS])(struct rc_ldif_entries *e) = {
	scan_blocks_portable,
#ifdef RC_X86
	scan_blocks_avx2,
	scan_blocks_avx512,
#endif
};

static void scan(struct rc_ldif_entries *e)
{
	e->index_n = e->index_at = 0;
	e->base = e->lines;
	scan_variants[rc_simd_level()](e);
	if (e->w->eof && e->pos == e->w->end && !e->ended && e->index_n < RC_ENTRIES_INDEX) {
		e->index[e->index_n++] = (struct rc_entry_end){(uint32_t)e->pos, (uint32_t)(e->lines - e->base)};
		e->ended = true;
	}
}

struct rc_ldif_line rc_ldif_line_at(struct rc_slice raw, size_t at)
{
	struct rc_ldif_line l = {.text.p = raw.p + at};
	size_t i = at;

	do {
		size_t left = raw.n - i;
		const char *nl = memchr(raw.p + i, '\n', left);
		size_t n = nl ? (size_t)(nl - raw.p) - i : left, end = nl != NULL;
		const char *cr = n ? memchr(raw.p + i, '\r', n) : NULL;

		if (cr) { /* lone, or the first half of a CRLF */
			n = (size_t)(cr - raw.p) - i;
			end = nl && cr + 1 == nl ? 2 : 1;
		}
		l.folded = i > at;
		i += n + end;
		l.text.n = i - end - at;
		l.ends += end != 0;
	} while (i < raw.n && raw.p[i] == ' ');
	l.next = i;
	return l;
}

size_t rc_ldif_unfold(struct rc_slice text, char *out)
{
	size_t o = 0;

	for (size_t i = 0; i < text.n;) {
		size_t from = i;

		while (i < text.n && text.p[i] != '\n' && text.p[i] != '\r')
			i++;
		if (i > from)
			memcpy(out + o, text.p + from, i - from);
		o += i - from;
		if (i < text.n && text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			i++;
		i += 2; /* the line end and the space behind it */
	}
	return o;
}

struct rc_slice rc_ldif_line_start(const struct rc_ldif_line *l, char out[RC_LDIF_START])
{
	struct rc_slice head = {l->text.p, l->text.n < RC_LDIF_START ? l->text.n : RC_LDIF_START};

	return l->folded ? (struct rc_slice){out, rc_ldif_unfold(head, out)} : l->text;
}

static bool begins(struct rc_slice s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && strncasecmp(s.p, with, n) == 0;
}

static struct rc_slice value_of(struct rc_slice line)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct rc_slice v = {colon + 1, line.n - (size_t)(colon + 1 - line.p)};

	while (v.n && v.p[0] == ' ')
		v.p++, v.n--;
	while (v.n && v.p[v.n - 1] == ' ')
		v.n--;
	return v;
}

/* The lines ldapsearch ends its output with: "search: 2", "result: 0 Success". */
static enum rc_entry_kind search_result(struct rc_slice raw, uint64_t line, struct rc_err *err)
{
	for (size_t at = 0; at < raw.n;) {
		struct rc_ldif_line l = rc_ldif_line_at(raw, at);

		if (begins(l.text, "result:")) {
			struct rc_slice v = value_of(l.text);

			if (v.n && v.p[0] == '0' && (v.n == 1 || v.p[1] == ' '))
				return RC_ENTRY_NONE;
			rc_fail_line(err, RC_DATA, line, "the search ended with result %.*s: the list is not complete",
				     v.n > 80 ? 80 : (int)v.n, v.p);
			return RC_ENTRY_ERROR;
		}
		line += l.ends;
		at = l.next;
	}
	return RC_ENTRY;
}

static enum rc_entry_kind version(struct rc_ldif_entries *e, struct rc_slice text, uint64_t line, struct rc_err *err)
{
	struct rc_slice v = value_of(text);

	if (e->version_seen) {
		rc_fail_line(err, RC_DATA, line, "second version line");
		return RC_ENTRY_ERROR;
	}
	e->version_seen = true;
	if (rc_slice_eqs(v, "1"))
		return RC_ENTRY_NONE;
	rc_fail_line(err, RC_DATA, line, "LDIF version is '%.*s', only 1 is known", v.n > 20 ? 20 : (int)v.n, v.p);
	return RC_ENTRY_ERROR;
}

/* Steps over what is no part of an entry. RC_ENTRY: *raw begins with one; RC_ENTRY_NONE: nothing is left. */
static enum rc_entry_kind trim(struct rc_ldif_entries *e, struct rc_slice *raw, uint64_t *line, struct rc_err *err)
{
	while (raw->n) {
		char start[RC_LDIF_START];
		struct rc_ldif_line l;
		struct rc_slice text;
		enum rc_entry_kind kind = RC_ENTRY_NONE;

		if (begins(*raw, "dn:"))
			return RC_ENTRY;
		l = rc_ldif_line_at(*raw, 0);
		text = rc_ldif_line_start(&l, start);
		if (begins(text, "version:") && !e->entry_seen)
			kind = version(e, text, *line, err);
		else if (begins(text, "search:") || begins(text, "result:"))
			return search_result(*raw, *line, err);
		else if (!text.n || text.p[0] != '#')
			return RC_ENTRY;
		if (kind == RC_ENTRY_ERROR)
			return kind;
		raw->p += l.next;
		raw->n -= l.next;
		*line += l.ends;
	}
	return RC_ENTRY_NONE;
}

/* Empty lines before a paragraph. */
static void skip_empty(struct rc_ldif_entries *e, size_t end)
{
	const char *p = e->w->p;

	while (e->start < end && (p[e->start] == '\n' || p[e->start] == '\r')) {
		if (p[e->start] == '\r' && p[e->start + 1] == '\n')
			e->start++;
		e->start++;
		e->start_lines++;
	}
}

static enum rc_entry_kind none(struct rc_ldif_entries *e, uint64_t *ret_line)
{
	if (e->dropping)
		return RC_ENTRY_NONE;
	skip_empty(e, e->pos ? e->pos - 1 : 0); /* a CR at the border waits for its LF */
	if (e->pos <= e->start || e->pos - e->start <= e->max_record + 2)
		return RC_ENTRY_NONE;
	*ret_line = e->start_lines + 1;
	e->dropping = true;
	return RC_ENTRY_LONG;
}

enum rc_entry_kind rc_ldif_entries_next(struct rc_ldif_entries *e, struct rc_slice *ret, uint64_t *ret_line,
					struct rc_err *err)
{
	for (;;) {
		struct rc_entry_end end;
		enum rc_entry_kind kind;
		size_t n;

		if (e->index_at == e->index_n) {
			scan(e);
			if (e->index_n == 0)
				return none(e, ret_line);
		}
		end = e->index[e->index_at++];
		skip_empty(e, end.at);
		*ret_line = e->start_lines + 1;
		n = end.at > e->start ? end.at - e->start : 0;
		*ret = (struct rc_slice){e->w->p + e->start, n};
		e->start = end.at;
		e->start_lines = e->base + end.lines;
		if (e->dropping) {
			e->dropping = false;
			continue;
		}
		if (ret->n && ret->p[ret->n - 1] == '\n')
			ret->n--;
		if (ret->n && ret->p[ret->n - 1] == '\r')
			ret->n--;
		if (ret->n > e->max_record)
			return RC_ENTRY_LONG;
		kind = trim(e, ret, ret_line, err);
		e->entry_seen |= kind == RC_ENTRY;
		if (kind != RC_ENTRY_NONE)
			return kind;
	}
}

enum rc_code rc_ldif_entries_fill(struct rc_ldif_entries *e, struct rc_err *err)
{
	enum rc_code code;

	if (e->dropping) {
		e->start = e->pos;
		e->start_lines = e->lines;
	}
	e->w->at = e->start;
	code = rc_window_fill(e->w, err);
	e->start -= e->w->moved;
	e->pos -= e->w->moved;
	return code;
}
