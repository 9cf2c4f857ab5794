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
		.edge = 1,
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
	r->index[r->index_n++] = (struct rc_row_end){(uint32_t)at, (uint32_t)(lines - r->base)};
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
	r->edge = 1;
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
		ends = c == '\n' || (c == '\r' && w->p[r->pos + 1] != '\n');
		r->lines += ends;
		if (ends && r->state != QUOTED)
			byte_row_ends(r);
		else
			r->state = next_state(r->state, c, r->delimiter);
		r->pos++;
	}
}

/* One block; false: a quote stands where none may, and nothing was done. */
RC_INLINE bool scan_block(struct rc_csv_rows *r, const char *p, char next, bool at_end, struct rc_masks m)
{
	uint64_t nl = m.eq(p, '\n'), cr = m.eq(p, '\r'), quote = m.eq(p, '"');
	uint64_t ends, rows, inside = r->inside;
	uint64_t before = r->lines;

	if (__builtin_expect(!(cr | quote | inside), 1)) {
		for (; nl; nl &= nl - 1) {
			row_ends(r, r->pos + (size_t)__builtin_ctzll(nl), ++before);
		}
		r->lines = before;
		r->edge = p[RC_BLOCK - 1] == r->delimiter || p[RC_BLOCK - 1] == '\n';
		return true;
	}
	ends = nl | (cr & ~(nl >> 1 | (uint64_t)(next == '\n') << 63));
	if (quote) {
		struct rc_quotes q = {r->inside, r->edge};
		bool next_edge = at_end || next == r->delimiter || next == '\n' || next == '\r' || next == '"';
		uint64_t edge = m.eq(p, r->delimiter) | nl | cr;

		if (at_end && r->w->end - r->pos < RC_BLOCK)
			edge |= (uint64_t)1 << (r->w->end - r->pos);
		if (!rc_quotes_block(&q, quote, edge, next_edge, &inside))
			return false;
		r->inside = q.inside;
		r->edge = q.edge;
	} else {
		char last = p[RC_BLOCK - 1];

		r->edge = last == r->delimiter || last == '\n' || last == '\r';
	}
	for (rows = ends & ~inside; rows; rows &= rows - 1) {
		uint64_t upto = rows ^ (rows - 1);

		row_ends(r, r->pos + (size_t)__builtin_ctzll(rows),
			 before + (uint64_t)__builtin_popcountll(ends & upto));
	}
	r->lines = before + (uint64_t)__builtin_popcountll(ends);
	return true;
}

RC_INLINE void scan_blocks(struct rc_csv_rows *r, struct rc_masks m)
{
	const struct rc_window *w = r->w;

	while (r->index_n < RC_ROWS_INDEX) {
		size_t left = w->end - r->pos;
		const char *p = w->p + r->pos;

		if (left <= RC_BLOCK && !(w->eof && left)) /* the byte behind a block must be known */
			return;
		if (!scan_block(r, p, p[RC_BLOCK], left <= RC_BLOCK, m)) {
			r->until = r->pos + (left < RC_BLOCK ? left : RC_BLOCK);
			r->pos = r->scan_start;
			r->lines = r->row_lines;
			r->state = FIELD;
			return;
		}
		r->pos += left < RC_BLOCK ? left : RC_BLOCK;
	}
}

#ifdef RC_HAVE_AVX2
RC_AVX2 static void scan_blocks_avx2(struct rc_csv_rows *r)
{
	scan_blocks(r, rc_masks_avx2);
}
#endif

static void scan(struct rc_csv_rows *r)
{
	const struct rc_window *w = r->w;
	size_t pos;
	int state;

	r->index_n = r->index_at = 0;
	r->base = r->row_lines; /* a scan may fall back to the start of its row, never further */
	do {
		pos = r->pos;
		state = r->state;
		if (r->state != BLOCKS)
			scan_bytes(r);
#ifdef RC_HAVE_AVX2
		else if (rc_simd_wide())
			scan_blocks_avx2(r);
#endif
		else
			scan_blocks(r, rc_masks_portable);
	} while (r->index_n < RC_ROWS_INDEX && (r->pos != pos || r->state != state));
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

static struct rc_slice row_text(const char *p, size_t start, size_t end)
{
	size_t n = end - start;

	if (n && p[end] == '\n' && p[end - 1] == '\r')
		n--;
	return (struct rc_slice){p + start, n};
}

enum rc_row_kind rc_csv_rows_next(struct rc_csv_rows *r, struct rc_slice *ret, uint64_t *ret_line)
{
	for (;;) {
		struct rc_row_end e;

		if (r->index_at == r->index_n) {
			scan(r);
			if (r->index_n == 0 && !r->dropping && r->pos - r->scan_start > r->max_record) {
				*ret_line = r->start_line;
				drop_long(r);
				return RC_ROW_LONG;
			}
			if (r->index_n == 0)
				return RC_ROW_NONE;
		}
		e = r->index[r->index_at++];
		*ret = row_text(r->w->p, r->start, e.at);
		*ret_line = r->start_line;
		if (ret->n > r->max_record) {
			drop_long(r);
			return RC_ROW_LONG;
		}
		r->start = (size_t)e.at + 1;
		r->start_line = r->base + e.lines + 1;
		if (ret->n)
			return RC_ROW;
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
