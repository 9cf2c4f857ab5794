/* engine/source/reader_impl.h - the inside of rc_reader and rc_splitter, shared by reader.c and reader_open.c only. */
#ifndef RC_READER_IMPL_H
#define RC_READER_IMPL_H
#include "engine/source/csv_rows.h"
#include "engine/source/csv_split.h"
#include "engine/source/ldif_entries.h"
#include "engine/source/ldif_split.h"
#include "engine/source/reader.h"

struct rc_splitter {
	enum rc_format format;
	char *name; /* of the source, for messages */
	struct rc_csv_split csv;
	struct rc_ldif_split ldif;
};

struct rc_reader {
	struct rc_stream *in;
	struct rc_window window;
	size_t max_record;
	struct rc_csv_rows rows;
	struct rc_ldif_entries entries;
	struct rc_splitter splitter;
	char *header; /* CSV */
	size_t header_n;
	/* LDIF: the first entry is looked at when opening, and handed out later */
	bool held;
	enum rc_read held_kind;
	struct rc_row held_row;
	struct rc_reject held_reject;
	/* what every further call answers */
	enum rc_read final; /* RC_READ_END or RC_READ_ERROR; RC_READ_RECORD: neither yet */
	struct rc_err err;
};

/* One row or entry; fills the window as needed when may_fill. RC_READ_END with *ret_none set: nothing more in the
 * window, and filling was not allowed. */
enum rc_read rc_reader_pull(struct rc_reader *r, bool may_fill, bool *ret_none, struct rc_row *ret,
			    struct rc_reject *rej);

/* Makes err, whose text is a reason, the final answer "FILE:LINE: reason". */
enum rc_read rc_reader_fail(struct rc_reader *r, uint64_t line, const struct rc_err *err);

#endif
