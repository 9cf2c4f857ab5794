/* engine/source/csv_rows.h - where CSV rows begin and end; nothing about fields.
 *
 * A row ends at LF, CRLF or a lone CR outside quotes. A row with a quote where none may stand ends at the first line
 * end behind that quote, in quotes or not, and is handed out like any other: the splitter finds the same fault again.
 * A row of more than max_record bytes ends at the first line end behind that many. Empty lines are no rows. The answer
 * does not depend on how the text was cut into pieces. */
#ifndef RC_CSV_ROWS_H
#define RC_CSV_ROWS_H
#include "engine/source/reader.h"
#include "engine/source/window.h"

enum { RC_ROWS_INDEX = 256 /* at a time, so that their text is still near when it is hashed */ };

/* Where a row ends: the byte (the last one of its line end, or the end of the text) below, the line ends from base on,
 * up to and with this one, above. One word, so that the scan writes it with one store. */
typedef uint64_t rc_row_end;

static inline rc_row_end rc_row_end_at(size_t byte, uint32_t lines)
{
	return (uint64_t)lines << 32 | (uint32_t)byte;
}

static inline size_t rc_row_end_byte(rc_row_end e)
{
	return (uint32_t)e;
}

static inline uint64_t rc_row_end_lines(rc_row_end e)
{
	return e >> 32;
}

struct rc_csv_rows {
	struct rc_window *w; /* borrowed */
	char delimiter;
	size_t max_record;
	/* found and not yet handed out */
	rc_row_end *index;
	size_t index_n, index_at;
	size_t start;        /* of the next row to hand out */
	uint64_t start_line; /* its line, from 1 */
	uint64_t base;       /* line ends before the first row of the index */
	/* the scan; line ends are counted from the beginning of the text */
	size_t pos;         /* bytes before it are done with */
	uint64_t lines;     /* line ends before pos */
	size_t scan_start;  /* of the row the scan is in */
	uint64_t row_lines; /* line ends before that */
	uint64_t inside;    /* block-wise: all ones in quotes */
	int state;          /* byte-wise; 0: block-wise */
	size_t until;       /* byte-wise up to the end of the row that reaches this */
	bool cr_seen;       /* since this scan began */
	bool cr_near;       /* a row of the index may end with CRLF */
	bool dropping;      /* the row under scan was refused as too long */
};

enum rc_row_kind { RC_ROW, RC_ROW_LONG, RC_ROW_NONE /* fill the window, or the end when it has ended */ };

void rc_csv_rows_init(struct rc_csv_rows *r, struct rc_window *w, char delimiter, size_t max_record);
void rc_csv_rows_done(struct rc_csv_rows *r);

/* The next row in the window; lives until the window is filled. Of RC_ROW_LONG only the line is set. */
enum rc_row_kind rc_csv_rows_next(struct rc_csv_rows *r, struct rc_row *ret);

/* Up to cap rows that have been found already; stops before one that is too long. Fewer than cap says nothing about
 * what comes behind them. */
size_t rc_csv_rows_found(struct rc_csv_rows *r, struct rc_row *ret, size_t cap);

/* Call after RC_ROW_NONE without eof: fills the window and goes on. */
enum rc_code rc_csv_rows_fill(struct rc_csv_rows *r, struct rc_err *err);

/* The line the scan has reached, for messages about the text as a whole. */
uint64_t rc_csv_rows_line(const struct rc_csv_rows *r);

#endif
