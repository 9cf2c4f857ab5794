/* engine/run/scan_int.h - shared by scan*.c only. */
#ifndef RC_RUN_SCAN_INT_H
#define RC_RUN_SCAN_INT_H
#include "engine/run/rowmatch.h"
#include "engine/base/buf.h"
#include "engine/run/scan.h"
#include "engine/run/source_files.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

struct rc_feed {
	const struct rc_source *cfg;
	struct rc_strings hide;
	struct rc_source_files files;
	size_t at;
	int pid; /* of a command, 0 none */
};
enum rc_code rc_feed_open(struct rc_feed *f, const struct rc_config *cfg, size_t source, struct rc_err *err);
/* The next file's reader; *ret NULL when there is none left. A command that failed is RC_DATA. */
enum rc_code rc_feed_next(struct rc_feed *f, struct rc_reader **ret, const char **ret_name, struct rc_err *err);
void rc_feed_done(struct rc_feed *f);

struct walk { /* of one source */
	struct rc_scan *s;
	struct rc_scan_source *src;
	uint16_t index;
	struct rc_view *view;
	struct rc_order_info order;
	bool in_order, grouped; /* the walk is beside the sequence; it has groups */
	const uint8_t (**rows)[16];
	const uint8_t (**keys)[16];
	const uint8_t (**raws)[16];   /* NULL: the sequence has no raw rows */
	const uint8_t (**groups)[16]; /* NULL: nor groups of them; else by block, NULL: none of that one */
	struct rc_rowmatch match;
	const char *group_from; /* of the first row of the group that is being built; NULL: it will be no one text */
	uint64_t raw_seed; /* of the store and the file's header: the same bytes under another header are another row */
	char *cells;       /* the used cells of one row, joined */
	struct rc_mapping *mapping;
	struct rc_splitter *splitter;
	XXH3_state_t *hash;
	uint32_t file;
	/* with expect.trailer the last row waits until it is known not to be the trailer */
	bool held;
	struct rc_buf held_raw;
	uint64_t held_line, file_rows; /* rows of this file */
};

/* scan_hash.c: what a row is recognised by. */
void scan_hash_begin_file(struct walk *w, struct rc_slice header);
void scan_hash_raw(const struct walk *w, struct rc_slice raw, uint8_t ret[16]); /* every byte; in any thread */
void scan_hash_cells(struct walk *w, struct rc_slice raw, uint8_t ret[16]);     /* the used columns; zero: unreadable */

/* scan_group.c: rows that lie side by side, many at once. */
bool scan_groups_used(const struct walk *w);
/* Whether the first RC_ORDER_GROUP of n rows are the entries whose turn it is; then they are done with. */
bool scan_group(struct walk *w, const struct rc_row *rows, size_t n);
/* What the rows became is known, each of them an entry or (n 1) none: builds the groups of the next sequence.
 * entries_before: src->n_entries, before them. */
void scan_group_rows(struct walk *w, const struct rc_row *rows, size_t n, size_t entries_before);
void scan_group_break(struct walk *w); /* what comes next does not follow upon what came last */
void scan_groups_room(struct rc_scan_source *src, size_t entries);

/* scan_ahead.c: the rows of a file, many at a time, read and hashed ahead of the walk. */
enum { SCAN_ROWS = 1024 };
struct scan_rows {
	size_t n;
	struct rc_row rows[SCAN_ROWS];
	bool raw; /* hash holds those of whole rows; else nothing */
	uint8_t hash[SCAN_ROWS][16];
	enum rc_read got; /* what comes after the rows */
	struct rc_reject rej;
	struct rc_err err;
	uint64_t window; /* of the reader, in which the rows lie */
};
struct scan_ahead;
/* Between new and free the reader is nobody else's. */
struct scan_ahead *scan_ahead_new(const struct walk *w, struct rc_reader *r);
/* Lives until the next call; none after the end or an error. want_raw: whether hashes of whole rows are of use; what
 * was made before that changed comes as it was. */
const struct scan_rows *scan_ahead_next(struct scan_ahead *a, bool want_raw);
void scan_ahead_free(struct scan_ahead *a);

/* scan_order.c */
void scan_order_open(struct walk *w, const uint16_t *targets); /* sets in_order and match */
const uint8_t *scan_order_row(const struct walk *w, size_t i); /* of an entry: hash of the used cells, of the key */
const uint8_t *scan_order_key(const struct walk *w, size_t i);
void scan_walk_done(struct walk *w);

/* scan.c: one row; ahead: its hash, if it was made before with others, of the kind that scan_hash_ahead() told */
struct ahead {
	const uint8_t *raw, *cells; /* at most one is there */
};
enum rc_code scan_row(struct walk *w, const struct rc_row *row, struct ahead ahead, struct rc_err *err);
/* The first of n whole rows, by their hashes, as far as they are what is next in the sequence. Returns how many. */
size_t scan_run(struct walk *w, const uint8_t (*raw)[16], size_t n);
void scan_reject(struct walk *w, const struct rc_reject *rej); /* one that the reader itself refused */
/* scan_file.c */
enum rc_code scan_file(struct walk *w, struct rc_reader *r, const char *name, struct rc_err *err);
/* scan_sweep.c: after the last row */
enum rc_code scan_sweep_order(struct walk *w, const uint16_t *targets, bool *ret_again);
/* scan_twice.c. keys: of entries that no row matched. Between the two, rows and sequence stay as they are. */
struct scan_twice;
struct scan_twice *scan_twice_begin(const struct walk *w, const uint8_t (*keys)[16], size_t n);
/* Whether one of the scan's people has an entry that matched all the same. */
bool scan_twice_end(struct scan_twice *t);
void scan_sweep_records(struct rc_scan *s, struct rc_view *v, uint16_t target, bool open_only);
/* The source cannot be read and its on_error is "freeze": its people become FROZEN. */
void scan_freeze_source(struct rc_scan *s, uint16_t source, const struct rc_err *err);

void scan_freeze(struct rc_person *p, const char *why);
void scan_note(struct rc_scan *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A copy of the row for questions after the scan, whose mapping then stays; NULL: nothing will be asked. */
const struct rc_row_copy *scan_keep_row(struct walk *w, const struct rc_record *rec);
/* scan_refs.c: what each row was. Of src->raw, where it is kept. */
void scan_add_ref(struct rc_scan_source *src, uint32_t ref);
/* Of n rows with these hashes, that are the entries from `entry` on. */
void scan_add_run(struct rc_scan_source *src, uint32_t entry, const uint8_t (*raw)[16], size_t n);
/* For the raw hashes of `cap` rows in all, where they are kept. */
void scan_refs_room(struct rc_scan_source *src, size_t cap);
void scan_refs_free(struct rc_scan_source *src);
void scan_people_room(struct rc_scan *s, size_t n); /* so many are found without growing what finds them */
void scan_fetch_person(const struct rc_scan *s, const uint8_t hash[16]); /* what rc_sources_find() will look at first */
struct rc_person *scan_add(struct rc_scan *s, const uint8_t hash[16]);
void scan_refuse(struct rc_scan *s, uint16_t source, uint32_t file, uint64_t line, const char *why,
		 struct rc_slice raw);

#endif
