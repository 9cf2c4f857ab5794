/* engine/run/rowmatch.h - which rows are those of the last applied input? Order first: the sequence is walked beside
 * the input; what falls out of step is looked for in the next 64 entries, and when much has, in an index of all
 * entries.
 *
 * Pure; sees hashes only. An entry matches at most once, so that a copy of a row is out of step. Memory: 4 bytes an
 * entry, 8 more once the index is made. Source: measured prototypes, docs/performance.md. */
#ifndef RC_RUN_ROWMATCH_H
#define RC_RUN_ROWMATCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Entry i's row hash and key hash, 16 bytes each, in place; an all-zero row hash counts for nothing. */
struct rc_sequence {
	void *ctx;
	const uint8_t *(*row)(void *ctx, size_t i);
	const uint8_t *(*key)(void *ctx, size_t i);
	size_t n;
};

struct rc_rowmatch {
	struct rc_sequence seq;
	uint32_t *line; /* of the input row that matched the entry; 0: none; RC_ROWMATCH_VOID: may match none */
	size_t at, matched, missed;
	uint32_t *index; /* entry + 1 by row hash */
	size_t index_size;
};

#define RC_ROWMATCH_VOID UINT32_MAX

void rc_rowmatch_init(struct rc_rowmatch *m, const struct rc_sequence *seq);
void rc_rowmatch_done(struct rc_rowmatch *m);

/* Takes entry i out before the first row: its person is looked at whatever the row. */
void rc_rowmatch_void(struct rc_rowmatch *m, size_t i);

/* Entry i, matched by the caller's own knowledge. */
void rc_rowmatch_take(struct rc_rowmatch *m, size_t i, uint64_t line);

/* Entry that is this row, or SIZE_MAX. line: from 1; larger than 32 bits counts as the largest below that. */
size_t rc_rowmatch_row(struct rc_rowmatch *m, const uint8_t hash[16], uint64_t line);

#endif
