/* engine/run/rowmatch.h - which rows are those of the last applied input? Order first: the sequence is walked beside
 * the input; what falls out of step is looked for in the next 64 entries, and when much has, in an index of all
 * entries: by the hash of the whole row as long as those are of use, else by that of the used cells.
 *
 * Pure; sees hashes only. An entry matches at most once, so that a copy of a row is out of step. Memory: a byte an
 * entry, 16 to 32 more for each index once it is made. Source: measured prototypes, docs/performance.md. */
#ifndef RC_RUN_ROWMATCH_H
#define RC_RUN_ROWMATCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RC_ROWMATCH_GROUP_BITS = 4, RC_ROWMATCH_GROUP = 1 << RC_ROWMATCH_GROUP_BITS };

/* Entries' hashes, 16 bytes each, in blocks of 2^bits entries that lie side by side: of their used cells, of their
 * whole rows, and of the text of whole groups of rows. An all-zero hash counts for nothing. raw NULL: whole rows are
 * not known; group NULL, or NULL for a block: nor are groups. */
struct rc_sequence {
	const uint8_t (*const *row)[16];
	const uint8_t (*const *raw)[16];
	const uint8_t (*const *group)[16];
	unsigned bits;
	size_t n;
};

struct rc_rowslot {
	uint32_t entry; /* + 1; 0: free */
	uint32_t tag;   /* more of the hash: another entry's slot is passed by without a look at that entry */
};

struct rc_rowindex { /* by hash */
	struct rc_rowslot *slot;
	size_t size; /* a power of two; 0: not made */
};

struct rc_rowmatch {
	struct rc_sequence seq; /* raw becomes NULL when most whole rows differ */
	uint8_t *taken;         /* of each entry, enum rc_rowmatch_taken */
	size_t at, matched, missed, raw_matched, raw_missed;
	size_t missed_before; /* when the last index was made */
	struct rc_rowindex by_raw, by_row;
};

enum rc_rowmatch_taken { RC_ROWMATCH_FREE, RC_ROWMATCH_MATCHED, RC_ROWMATCH_VOID /* may match no row */ };

void rc_rowmatch_init(struct rc_rowmatch *m, const struct rc_sequence *seq);
void rc_rowmatch_done(struct rc_rowmatch *m);

/* Takes entry i out before the first row: its person is looked at whatever the row. */
void rc_rowmatch_void(struct rc_rowmatch *m, size_t i);

/* Fetches what the index will be asked for with these hashes, of whole rows or of cells; changes nothing. */
void rc_rowmatch_ahead(const struct rc_rowmatch *m, const uint8_t (*hash)[16], size_t n, bool raw);

/* How many of these whole rows, from the first on, are the entries whose turn it is, one after the other: what
 * rc_rowmatch_raw() would say of each, for the row that most are. The first of them is entry m->at, as it was before.
 * Not when seq.raw is NULL. */
size_t rc_rowmatch_run(struct rc_rowmatch *m, const uint8_t (*hash)[16], size_t n);

/* The hash of the group of entries whose turn it is, m->at and the RC_ROWMATCH_GROUP - 1 behind it; NULL: there is
 * none, or one of them matches no row any more. Whoever finds that the next rows are that text takes the group. */
const uint8_t *rc_rowmatch_group(const struct rc_rowmatch *m);
void rc_rowmatch_take_group(struct rc_rowmatch *m);

/* Entry that is this whole row, or SIZE_MAX: ask rc_rowmatch_row() then. Not when seq.raw is NULL. */
size_t rc_rowmatch_raw(struct rc_rowmatch *m, const uint8_t hash[16]);

/* Entry whose used cells are these, or SIZE_MAX. */
size_t rc_rowmatch_row(struct rc_rowmatch *m, const uint8_t hash[16]);

#endif
