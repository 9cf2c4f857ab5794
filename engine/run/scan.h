/* engine/run/scan.h - reads the sources and tells whom this run has to think about: rows that differ from the last
 * applied input, people who are no longer in it, and people the snapshot holds open.
 *
 * Unchanged rows are counted and nothing else. Memory: what differs, plus a byte a row (4 more where rows are not in
 * order, 8 with the index of rowmatch.h, 17 more in a run that may write a sequence). A source that cannot be read to
 * its end is RC_DATA. */
#ifndef RC_RUN_SCAN_H
#define RC_RUN_SCAN_H
#include "engine/run/mapping.h"
#include "engine/store/meta.h"
#include "engine/store/snapshot.h"

enum rc_person_kind {
	RC_PERSON_PRESENT,
	RC_PERSON_FILTERED, /* the source's `where` says no */
	RC_PERSON_FROZEN,   /* a row of theirs was refused: nothing is known, nothing is done */
	RC_PERSON_ABSENT,   /* in no row */
};

struct rc_person {
	uint8_t hash[16];    /* of the key */
	uint8_t row[16];     /* of the used columns */
	struct rc_slice key; /* empty for ABSENT until the record is read */
	enum rc_person_kind kind;
	uint16_t source;
	bool settled;  /* set by the run: every target is done or filtered */
	uint32_t file; /* index into the source's files */
	uint64_t line;
	struct rc_mapped mapped;         /* PRESENT */
	const struct rc_row_copy *later; /* PRESENT, for questions after the scan; NULL: there are none */
	const char *why;                 /* FROZEN: the reason of the refusal */
	const struct rc_slice *records;  /* one per target as the scan found it, p NULL: none; NULL: it did not look */
	struct rc_slice raw;             /* only while the scan runs */
};

struct rc_refused {
	uint16_t source;
	uint32_t file;
	uint64_t line;
	const char *why;
	struct rc_slice raw; /* p NULL: could not be told apart */
};

struct rc_scan_source {
	const char **files;
	size_t n_files;
	uint64_t rows, filtered, rejected, rejected_new, bytes, matched;
	uint8_t content[16];
	int64_t mtime_ns, stamp_ns; /* of the newest file; 0: none */
	bool frozen;                /* could not be read; on_error is "freeze" */
	const char *why;            /* frozen: the error */
	bool unreadable;            /* a row whose key cannot be read: no absence counts */
	uint64_t unreadable_line;
	uint32_t unreadable_file;
	uint32_t unreadable_runs; /* in a row, this one included; set by the run */
	const char *unreadable_where;
	bool ldif;
	char delimiter;
	struct rc_slice *columns;
	size_t n_columns;
	const struct rc_slice *secret; /* columns that secret fields read; NUL-terminated beyond n */
	size_t n_secret;
	bool order_used, order_same; /* the walk was beside the sequence; every row in its place, nothing else */
	uint32_t *refs;              /* rows in order: sequence entry, or person | RC_REF_PERSON; see below */
	size_t n_refs, cap_refs;
	bool keep_raws, raws_stale;   /* raw hashes are kept for the next sequence; the old one's are of little use */
	uint8_t raw[16], (*raws)[16]; /* of the row at hand, of each row */
	size_t n_raws, cap_raws;
	size_t n_entries; /* that the rows so far would be in the next sequence */
	uint8_t (*groups)[16];
	size_t cap_groups; /* of those entries, all zero: no one text */
};
#define RC_REF_PERSON 0x80000000u
#define RC_REF_MORE 0xc0000000u /* | n: after a sequence entry, the n entries behind it are the next n rows */
#define RC_REF_NONE 0xffffffffu

/* Reads src->refs: *at, from 0, is where the next one begins. Returns how many rows it stands for, one after the other
 * from *ret on where that is an entry; 0 at the end. */
size_t rc_scan_refs(const struct rc_scan_source *src, size_t *at, uint32_t *ret);

enum { RC_SCAN_NOTES = 6 };

struct rc_person_slot {
	uint32_t person; /* + 1; 0: free */
	uint32_t tag;    /* more of the hash: another person's slot is passed by without a look at that person */
};

struct rc_scan {
	const struct rc_config *cfg;
	struct rc_store *store;
	struct rc_arena mem, secret_mem;
	struct rc_person *people;
	size_t n, cap;
	struct rc_person_slot *table; /* by key hash */
	size_t table_size;
	struct rc_scan_source *sources;
	struct rc_refused *refused;
	size_t n_refused, cap_refused;
	uint8_t seed[16];
	struct rc_lookups *lookups;
	const uint8_t (*ask)[16]; /* key hashes of people to look at though their rows may not have changed */
	size_t n_ask;
	uint64_t records_of;          /* the view that people's records are from */
	struct rc_mapping **mappings; /* that rows kept for later need */
	size_t n_mappings;
	bool secrets;       /* evaluate password expressions */
	bool accept_source; /* a stale source counts, and a file that the last run had may be gone */
	bool everybody;     /* look at every row and record: what the snapshot knows is about to change, or the report
			     * is to name all of them */
	bool keep_raws;     /* this run may write a sequence */
	bool absence_ok;    /* every source was read whole and every key was readable */
	bool frozen;        /* a source is */
	int64_t now_ns;
	const char *notes[RC_SCAN_NOTES]; /* sentences for the summary */
	size_t n_notes;
};

/* seed is filled from config, lookups and revision; secrets: see above. The caller sets accept_source, everybody and
 * now_ns before the run. */
enum rc_code rc_sources_begin(struct rc_scan *s, const struct rc_config *cfg, struct rc_store *store, bool secrets,
			      struct rc_err *err);
/* RC_DATA: a source cannot be read to its end or is not what `expect` says; RC_GUARD: one is stale; RC_CONFIG: an
 * expression names a column that never was. */
enum rc_code rc_sources_run(struct rc_scan *s, struct rc_view *v, const uint16_t *targets, struct rc_err *err);
void rc_sources_done(struct rc_scan *s);

struct rc_person *rc_sources_find(const struct rc_scan *s, const uint8_t hash[16]);

/* Queues the facts of this input into the writer and, with rows, its sequence: entries of people who are not settled
 * count for nothing. v is the view the scan ran in. */
struct rc_writer;
void rc_sources_store(const struct rc_scan *s, struct rc_view *v, const uint16_t *targets, struct rc_writer *w,
		      bool rows, const char *run_id, int64_t now_ns);

#endif
