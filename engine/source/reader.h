/* engine/source/reader.h - records out of one file, whatever it is: CSV or LDIF, plain or gzip, any encoding.
 *
 * Rules    RFC 4180 made strict and RFC 2849; what is refused and how is said in csv.h and ldif.h.
 * Two ways rc_reader_next gives whole records. A caller that compares before it looks takes rc_reader_next_raw, hashes
 *          the raw bytes (or rc_splitter_cells of them) and splits only what differs; raw bytes may be copied, kept and
 *          split later, on another thread with a splitter of its own.
 * Borrowed every slice lives until the next call on the object that gave it (reader or splitter).
 * Memory   bounded by max_record and the widest record, whatever the size of the file.
 * Errors   a refused record is a REJECT and the next call goes on behind it; ERROR (65: the file cannot be trusted to
 *          its end) is final. Text of err.what is "FILE:LINE: reason"; of a reject, reason alone (rc_reject_text).
 * Thread   one thread at a time; gzip starts a helper thread of its own with all signals blocked. */
#ifndef RC_READER_H
#define RC_READER_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/err.h"
#include "engine/base/slice.h"
#include "engine/source/stream.h"

enum rc_format { RC_FORMAT_AUTO, RC_FORMAT_CSV, RC_FORMAT_LDIF };

#define RC_MAX_RECORD ((size_t)1 << 20)       /* default of max_record */
#define RC_MAX_RECORD_LIMIT ((size_t)1 << 30) /* a larger max_record is cut to this */

struct rc_reader_opts {
	struct rc_stream_opts in; /* where the bytes come from */
	enum rc_format format;
	char delimiter;    /* 0: sniffed from the header line among , ; tab | */
	size_t max_record; /* bytes of UTF-8 text in a record; 0: RC_MAX_RECORD */
};

enum rc_read { RC_READ_RECORD, RC_READ_REJECT, RC_READ_END, RC_READ_ERROR };

/* LDIF: all values of one attribute description, in file order. */
struct rc_attr {
	struct rc_slice name; /* lower case, with options: "cn;lang-fr"; the first attribute is always "dn" */
	const struct rc_slice *value;
	size_t n;
	bool text; /* every value is valid UTF-8 without NUL */
};

struct rc_record {
	struct rc_slice raw; /* as in the file (in UTF-8), without the line end */
	uint64_t line;       /* where it begins, from 1; in the decompressed text */
	/* CSV: n is the number of columns */
	size_t n;
	const struct rc_slice *field; /* values, unquoted */
	const struct rc_slice *cell;  /* the same as written, quotes and all */
	/* LDIF */
	size_t attr_n;
	const struct rc_attr *attr;
};

struct rc_reject {
	uint64_t line;       /* of the fault */
	char why[400];       /* without FILE:LINE; printable */
	struct rc_slice raw; /* the record as written; p NULL when it cannot be told apart (over the limit) */
	bool unclosed;       /* CSV: a quote opens in it that nothing closes, so that it holds the rest of the file */
	/* What of it is certain all the same. CSV: field i has p != NULL; a wrong number of fields leaves only the
	 * first. LDIF: attributes that are whole. */
	size_t n;
	const struct rc_slice *field;
	size_t attr_n;
	const struct rc_attr *attr;
};

struct rc_row {
	struct rc_slice raw;
	uint64_t line;
};

struct rc_reader;

/* Opens and reads up to the first record (CSV: through the header line). Errors: 65, also for what cannot be opened. */
enum rc_code rc_reader_open(const struct rc_reader_opts *opts, struct rc_reader **ret, struct rc_err *err);
void rc_reader_free(struct rc_reader *r);

enum rc_read rc_reader_next(struct rc_reader *r, struct rc_record *ret, struct rc_reject *rej, struct rc_err *err);

/* The fast half: RECORD gives raw bytes and line only, not yet validated (rc_splitter_split may still refuse them);
 * REJECT only for a record over the limit. */
enum rc_read rc_reader_next_raw(struct rc_reader *r, struct rc_row *ret, struct rc_reject *rej, struct rc_err *err);

/* As rc_reader_next_raw for up to cap rows at once; *ret_n of them are valid for any answer, before the answer counts.
 * All live until the next call. */
enum rc_read rc_reader_next_rows(struct rc_reader *r, struct rc_row *ret, size_t cap, size_t *ret_n,
				 struct rc_reject *rej, struct rc_err *err);

/* For a caller that reads ahead: what was given so far stays where it is until RC_READER_WINDOWS - 1 more windows have
 * been filled behind its own. To be said after each call whose rows shall stay; a call fills one window at most before
 * its first row, so that rc_reader_window then is the window of all its rows. */
enum { RC_READER_WINDOWS = 8 };
void rc_reader_hold(struct rc_reader *r);
uint64_t rc_reader_window(const struct rc_reader *r);

enum rc_format rc_reader_format(const struct rc_reader *r); /* never AUTO */
char rc_reader_delimiter(const struct rc_reader *r);        /* CSV */
const char *rc_reader_name(const struct rc_reader *r);      /* as messages call the file */
/* CSV: column names in header order, owned by the reader. LDIF: *ret_n 0. */
const struct rc_slice *rc_reader_columns(const struct rc_reader *r, size_t *ret_n);
struct rc_slice rc_reader_header(const struct rc_reader *r); /* CSV: the header line as written */
/* Bytes and hashes; the hashes are complete after RC_READ_END. */
const struct rc_stream_info *rc_reader_info(const struct rc_reader *r);

/* "FILE:LINE: reason" */
void rc_reject_text(const struct rc_reader *r, const struct rc_reject *rej, char *out, size_t cap);

const struct rc_attr *rc_record_attr(const struct rc_record *rec, struct rc_slice name); /* NULL: absent; lower case */

/* Splits raw records of one reader; independent of it once made (copies columns and settings). */
struct rc_splitter;
struct rc_splitter *rc_splitter_new(const struct rc_reader *r);
void rc_splitter_free(struct rc_splitter *s);

/* RECORD, REJECT, or ERROR for what makes the whole file unusable (an LDIF change record). */
enum rc_read rc_splitter_split(struct rc_splitter *s, struct rc_slice raw, uint64_t line, struct rc_record *ret,
			       struct rc_reject *rej, struct rc_err *err);

/* Names the columns or attributes (lower case for LDIF) whose written bytes rc_splitter_cells gives, in this order for
 * CSV. Returns the index of the first name the header lacks, or n when all are there (LDIF: always n). */
size_t rc_splitter_select(struct rc_splitter *s, const struct rc_slice *names, size_t n);

/* The selected parts of a raw record as written, unvalidated: equal bytes mean equal values. CSV: one cell a selected
 * column. LDIF: each line (with its folds) of a selected attribute, in file order. Returns how many; for CSV 0 also
 * when the row has too few or too many fields (split it to learn why). */
size_t rc_splitter_cells(struct rc_splitter *s, struct rc_slice raw, const struct rc_slice **ret);

#endif
