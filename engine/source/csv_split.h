/* engine/source/csv_split.h - one CSV row into fields, or the reason why not.
 *
 * A quote may stand only at a field's beginning and, from there on, doubled or before a delimiter or the row's end.
 * Refused: any other quote, a quote never closed, NUL, invalid UTF-8, another number of fields than the header has.
 * Fields are never trimmed. Results are borrowed until the next call. */
#ifndef RC_CSV_SPLIT_H
#define RC_CSV_SPLIT_H
#include "engine/base/buf.h"
#include "engine/source/csv_cut.h"
#include "engine/source/reader.h"

struct rc_csv_split {
	char delimiter;
	char encoding[32]; /* of the source, for messages */
	rc_csv_cutter cut;
	size_t n;     /* columns */
	char *header; /* owns the bytes of column[] */
	struct rc_slice *column, *field, *cell;
	uint32_t *end; /* of each field in the raw row, one more than columns */
	size_t *pick;  /* selected columns */
	size_t pick_n;
	struct rc_slice *picked;
	struct rc_buf text; /* unquoted values */
};

void rc_csv_split_init(struct rc_csv_split *s, char delimiter, const char *encoding);
void rc_csv_split_copy(struct rc_csv_split *s, const struct rc_csv_split *from);
void rc_csv_split_done(struct rc_csv_split *s);

/* Takes the header; false: *rej says why it is none. */
bool rc_csv_split_header(struct rc_csv_split *s, struct rc_slice raw, uint64_t line, struct rc_reject *rej);

enum rc_read rc_csv_split_row(struct rc_csv_split *s, struct rc_slice raw, uint64_t line, struct rc_record *ret,
			      struct rc_reject *rej);

size_t rc_csv_split_select(struct rc_csv_split *s, const struct rc_slice *names, size_t n);
size_t rc_csv_split_cells(struct rc_csv_split *s, struct rc_slice raw, const struct rc_slice **ret);

/* The delimiter of a header line: a comma wherever one stands in it, else whichever of ; tab | stands there most often
 * outside quotes, if it leaves names that differ and a first one that is not empty; else a comma again. */
char rc_csv_sniff(struct rc_slice line);

#endif
