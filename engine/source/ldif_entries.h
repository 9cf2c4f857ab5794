/* engine/source/ldif_entries.h - where LDIF entries begin and end (RFC 2849); nothing about attributes.
 *
 * Paragraphs are parted by empty lines (LF, CRLF or lone CR). Comments in front of an entry and the version line belong
 * to no entry, nor does what ldapsearch appends (search:, result:); a result other than 0 is an error, since such a
 * list is not complete. Whatever does not begin with dn: is handed out all the same: the splitter says why it is no
 * entry. A paragraph of more than max_record bytes is refused whole. */
#ifndef RC_LDIF_ENTRIES_H
#define RC_LDIF_ENTRIES_H
#include "engine/source/window.h"

enum { RC_ENTRIES_INDEX = 1024 };

struct rc_entry_end {
	uint32_t at;    /* of the empty line, or of the end of the text */
	uint32_t lines; /* line ends from base on, before that */
};

struct rc_ldif_entries {
	struct rc_window *w; /* borrowed */
	size_t max_record;
	struct rc_entry_end *index;
	size_t index_n, index_at;
	size_t start;         /* of the next paragraph, maybe in empty lines before it */
	uint64_t start_lines; /* line ends before that */
	uint64_t base;        /* line ends before the text the index covers */
	size_t pos;           /* the scan: bytes before it are done with */
	uint64_t lines;       /* line ends before pos */
	uint64_t after_end;   /* 1 when the byte before pos ends a line */
	bool dropping;        /* the paragraph under scan was refused as too long */
	bool ended;
	bool version_seen, entry_seen;
};

enum rc_entry_kind {
	RC_ENTRY,
	RC_ENTRY_LONG,
	RC_ENTRY_NONE, /* fill the window, or the end when it has ended */
	RC_ENTRY_ERROR /* the file as a whole is refused; *err has line and reason */
};

void rc_ldif_entries_init(struct rc_ldif_entries *e, struct rc_window *w, size_t max_record);
void rc_ldif_entries_done(struct rc_ldif_entries *e);

/* The next entry in the window; lives until the window is filled. */
enum rc_entry_kind rc_ldif_entries_next(struct rc_ldif_entries *e, struct rc_slice *ret, uint64_t *ret_line,
					struct rc_err *err);

/* Call after RC_ENTRY_NONE without eof: fills the window and goes on. */
enum rc_code rc_ldif_entries_fill(struct rc_ldif_entries *e, struct rc_err *err);

/* One logical line, unfolded: its parts are everything up to the next line that does not begin with a space. */
struct rc_ldif_line {
	struct rc_slice text; /* the first line, or when folded the whole as written, without the last line end */
	bool folded;
	size_t next;   /* offset of the line behind it */
	uint64_t ends; /* line ends in it, the last one included */
};
struct rc_ldif_line rc_ldif_line_at(struct rc_slice raw, size_t at);

/* Copies text without its folds to out (room for text.n) and returns the length. */
size_t rc_ldif_unfold(struct rc_slice text, char *out);
/* The first bytes of a logical line without its folds: enough to see what kind of line it is. */
enum { RC_LDIF_START = 64 };
struct rc_slice rc_ldif_line_start(const struct rc_ldif_line *l, char out[RC_LDIF_START]);

#endif
