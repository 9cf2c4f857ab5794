#include "engine/source/csv_rows.h"
#include "engine/base/alloc.h"
#include "engine/source/simd.h"
#include <stdlib.h>

/* States of the byte-wise scan, the plain reading of RFC 4180 that the block-wise one must agree with. */
enum { BLOCKS, FIELD, BARE, QUOTED, QUOTE, SKIP };

void rc_csv_rows_init(struct rc_csv_rows *r, struct rc_window *w, char delimiter, size_t max_record)
{
	*r = (struct rc_csv_rows){
		.w = w,
		.delimiter = delimiter,
		.max_record = max_record,
		.start = w->at,
		.pos = w->at,
		.scan_start = w->at,
		.start_line = 1,
	};
	r->index = rc_xcalloc(RC_ROWS_INDEX + RC_BLOCK, sizeof(*r->index));
}

void rc_csv_rows_done(struct rc_csv_rows *r)
{
	free(r->index);
	r->index = NULL;
}

RC_INLINE void row_ends(struct rc_csv_rows *r, size_t at, uint64_t lines)
{
	r->index[r->index_n++] = rc_row_end_at(at, (uint32_t)(lines - r->base));
	r->scan_start = at + 1;
	r->row_lines = lines;
}

/* The end of a row, or of one that was refused before its end was seen. */
static void byte_row_ends(struct rc_csv_rows *r)
{
	if (r->dropping) {
		r->dropping = false;
		r->start = r->scan_start = r->pos + 1;
		r->row_lines = r->lines;
		r->start_line = r->lines + 1;
	} else {
		row_ends(r, r->pos, r->lines);
	}
	r->state = FIELD;
	if (r->pos + 1 < r->until)
		return;
	r->state = BLOCKS;
	r->inside = 0;
}

/* What a byte that ends no line makes of the state. */
static int next_state(int state, char c, char delimiter)
{
	if (state == QUOTED)
		return c == '"' ? QUOTE : QUOTED;
	if (c == '"')
		return state == QUOTE || state == FIELD ? QUOTED : SKIP;
	if (state == SKIP)
		return SKIP;
	if (c == delimiter)
		return FIELD;
	if (c == '\r') /* of a CRLF */
		return state;
	return state == QUOTE ? SKIP : BARE;
}

/* Byte-wise from pos, until the row that reaches `until` has ended, or bytes or room run out. A CR is looked at only
 * with the byte behind it, or at the end. */
static void scan_bytes(struct rc_csv_rows *r)
{
	const struct rc_window *w = r->w;

	while (r->state != BLOCKS && r->pos < w->end && r->index_n < RC_ROWS_INDEX) {
		char c = w->p[r->pos];
		bool ends;

		if (c == '\r' && r->pos + 1 == w->end && !w->eof)
			return;
		r->cr_seen |= c == '\r';
		ends = c == '\n' || (c == '\r' && w->p[r->pos + 1] != '\n');
		r->lines += ends;
		if (ends && r->state != QUOTED)
			byte_row_ends(r);
		else
			r->state = next_state(r->state, c, r->delimiter);
		r->pos++;
	}
}

/* Whether an opening quote may stand behind the byte before pos. */
RC_INLINE bool at_edge(const struct rc_csv_rows *r, size_t pos)
{
	char before;

	if (pos == r->scan_start)
		return true;
	before = r->w->p[pos - 1];
	return before == r->delimiter || before == '"' || before == '\n' || before == '\r';
}

/* Line ends of one block into the index; each of them ends a row. A block in the middle of the text holds one or none
 * as chance will have it: a branch on that costs more than writing two that may not count. Returns how many count. */
RC_INLINE size_t take_ends(rc_row_end *index, uint64_t ends, rc_row_end from)
{
	size_t k = (size_t)__builtin_popcountll(ends);

	index[0] = from + (uint64_t)__builtin_ctzll(ends | 1ull << 63);
	ends &= ends - 1;
	index[1] = from + rc_row_end_at(0, 1) + (uint64_t)__builtin_ctzll(ends | 1ull << 63);
	ends &= ends - 1;
	for (uint32_t i = 2; ends; i++, ends &= ends - 1)
		index[i] = from + rc_row_end_at(0, i) + (uint64_t)__builtin_ctzll(ends);
	return k;
}

/* Blocks without quotes, as long as they last. Text without a CR, which is most of it, is spared what tells a lone CR
 * from a CRLF: with_cr false stops at the first one, too. */
RC_INLINE void scan_plain(struct rc_csv_rows *r, struct rc_masks m, bool with_cr)
{
	const char *text = r->w->p;
	size_t pos = r->pos, from = r->index_n, n = from, last = r->w->end > RC_BLOCK ? r->w->end - RC_BLOCK : 0;
	uint32_t line = (uint32_t)(r->lines - r->base) + 1 - (uint32_t)from; /* of a row end, less its place */
	bool any_cr = false;
	rc_row_end *index = r->index;

	for (; pos < last && n < RC_ROWS_INDEX; pos += RC_BLOCK) {
		const char *p = text + pos;
		uint64_t ends = m.eq(p, '\n'), cr;

		if (!with_cr) {
			if (__builtin_expect(m.any(p, '"', '\r'), 0))
				break;
		} else {
			if (__builtin_expect(m.any(p, '"', '"'), 0))
				break;
			cr = m.eq(p, '\r');
			any_cr |= cr != 0;
			ends |= cr & ~(ends >> 1 | (uint64_t)(p[RC_BLOCK] == '\n') << 63);
		}
		n += take_ends(index + n, ends, rc_row_end_at(pos, line + (uint32_t)n));
	}
	r->cr_seen |= any_cr;
	r->pos = pos;
	r->index_n = n;
	if (n == from)
		return;
	r->lines += n - from;
	r->row_lines = r->lines;
	r->scan_start = rc_row_end_byte(index[n - 1]) + 1;
}

/* One block that may hold quotes; false: one stands where none may, and nothing was done. */
RC_INLINE bool scan_quoted(struct rc_csv_rows *r, size_t left, struct rc_masks m)
{
	const char *p = r->w->p + r->pos;
	char next = p[RC_BLOCK];
	uint64_t nl = m.eq(p, '\n'), cr = m.eq(p, '\r'), quote = m.eq(p, '"');
	uint64_t ends = nl | (cr & ~(nl >> 1 | (uint64_t)(next == '\n') << 63)), inside = r->inside;
	uint64_t before = r->lines;

	r->cr_seen |= cr != 0;
	if (quote) {
		struct rc_quotes q = {r->inside, at_edge(r, r->pos)};
		bool next_edge =
			left <= RC_BLOCK || next == r->delimiter || next == '\n' || next == '\r' || next == '"';
		uint64_t edge = m.eq(p, r->delimiter) | nl | cr;

		if (left < RC_BLOCK)
			edge |= (uint64_t)1 << left;
		if (!rc_quotes_block(&q, quote, edge, next_edge, &inside))
			return false;
		r->inside = q.inside;
	}
	for (uint64_t rows = ends & ~inside; rows; rows &= rows - 1)
		row_ends(r, r->pos + (size_t)__builtin_ctzll(rows),
			 before + (uint64_t)__builtin_popcountll(ends & (rows ^ (rows - 1))));
	r->lines = before + (uint64_t)__builtin_popcountll(ends);
	return true;
}

RC_INLINE void scan_blocks(struct rc_csv_rows *r, struct rc_masks m)
{
	const struct rc_window *w = r->w;

	for (;;) {
		size_t left;

		if (!r->inside && r->cr_near)
			scan_plain(r, m, true);
		else if (!r->inside)
			scan_plain(r, m, false);
		left = w->end - r->pos;
		if (r->index_n >= RC_ROWS_INDEX || (left <= RC_BLOCK && !(w->eof && left)))
			return; /* the byte behind a block must be known */
		if (!scan_quoted(r, left, m)) {
			r->until = r->pos + (left < RC_BLOCK ? left : RC_BLOCK);
			r->pos = r->scan_start;
			r->lines = r->row_lines;
			r->state = FIELD;
			return;
		}
		r->pos += left < RC_BLOCK ? left : RC_BLOCK;
	}
}

static void scan_blocks_portable(struct rc_csv_rows *r)
{
	scan_blocks(r, rc_masks_portable);
}

#ifdef RC_X86
RC_AVX2 static void scan_blocks_avx2(struct rc_csv_rows *r)
{
	scan_blocks(r, rc_masks_avx2);
}

RC_AVX512 static void scan_blocks_avx512(struct rc_csv_rows *r)
{
	scan_blocks(r, rc_masks_avx512);
}
#endif

static void (*const scan_variants[RC_SIMD_LEVELS])(struct rc_csv_rows *r) = {
	scan_blocks_portable,
#ifdef RC_X86
	scan_blocks_avx2,
	scan_blocks_avx512,
#endif
};

static void scan(struct rc_csv_rows *r)
{
	const struct rc_window *w = r->w;
	size_t pos, began = r->pos;
	int state;

	r->index_n = r->index_at = 0;
	r->cr_near = r->cr_seen; /* a CRLF may lie across the border of two scans */
	r->cr_seen = false;
	r->base = r->row_lines; /* a scan may fall back to the start of its row, never further */
	do {
		pos = r->pos;
		state = r->state;
		if (r->state != BLOCKS)
			scan_bytes(r);
		else
			scan_variants[rc_simd_level()](r);
	} while (r->index_n < RC_ROWS_INDEX && (r->pos != pos || r->state != state));
	if (r->pos == began)
		r->cr_seen = r->cr_near; /* nothing to look at yet: the border is still ahead */
	r->cr_near |= r->cr_seen;
	if (w->eof && r->pos == w->end && r->scan_start < w->end && r->index_n < RC_ROWS_INDEX) {
		if (!r->dropping)
			row_ends(r, w->end, r->lines);
		r->scan_start = w->end;
	}
}

/* Refuses the row at start: the scan goes on byte-wise at its first byte too many, to the next line end. */
static void drop_long(struct rc_csv_rows *r)
{
	const char *p = r->w->p + r->start;

	r->lines = r->start_line - 1;
	for (size_t i = 0; i < r->max_record; i++)
		r->lines += p[i] == '\n' || (p[i] == '\r' && p[i + 1] != '\n');
	r->index_n = r->index_at = 0;
	r->start += r->max_record;
	r->pos = r->scan_start = r->until = r->start;
	r->row_lines = r->lines;
	r->state = SKIP;
	r->dropping = true;
}

size_t rc_csv_rows_found(struct rc_csv_rows *r, struct rc_row *ret, size_t cap)
{
	const rc_row_end *index = r->index;
	const char *text = r->w->p;
	size_t n = 0, at = r->index_at, last = r->index_n, start = r->start, max = r->max_record;
	uint64_t base = r->base, line = r->start_line;
	bool cr_near = r->cr_near; /* text without any CR is not looked at again */

	for (; n < cap && at < last; at++) {
		size_t end = rc_row_end_byte(index[at]), length = end - start;

		if (cr_near && length && text[end] == '\n' && text[end - 1] == '\r')
			length--;
		if (__builtin_expect(length > max, 0))
			break;
		ret[n] = (struct rc_row){{text + start, length}, line};
		n += length != 0;
		start = end + 1;
		line = base + rc_row_end_lines(index[at]) + 1;
	}
	r->index_at = at;
	r->start = start;
	r->start_line = line;
	return n;
}

enum rc_row_kind rc_csv_rows_next(struct rc_csv_rows *r, struct rc_row *ret)
{
	for (;;) {
		bool too_long;

		if (rc_csv_rows_found(r, ret, 1))
			return RC_ROW;
		too_long = r->index_at < r->index_n;
		if (!too_long) {
			scan(r);
			too_long = r->index_n == 0 && !r->dropping && r->pos - r->scan_start > r->max_record;
			if (!too_long && r->index_n == 0)
				return RC_ROW_NONE;
		}
		if (too_long) {
			ret->line = r->start_line;
			drop_long(r);
			return RC_ROW_LONG;
		}
	}
}

enum rc_code rc_csv_rows_fill(struct rc_csv_rows *r, struct rc_err *err)
{
	enum rc_code code;
	size_t moved;

	if (r->dropping) {
		r->start = r->scan_start = r->pos;
		r->row_lines = r->lines;
	}
	r->w->at = r->start;
	code = rc_window_fill(r->w, err);
	moved = r->w->moved;
	r->start -= moved;
	r->pos -= moved;
	r->scan_start -= moved;
	r->until = r->until > moved ? r->until - moved : 0;
	return code;
}

uint64_t rc_csv_rows_line(const struct rc_csv_rows *r)
{
	return r->lines + 1;
}
