/* engine/seal/seal_batch.h - a batch's inside, for the file that commits it. */
#ifndef RC_SEAL_BATCH_H
#define RC_SEAL_BATCH_H
#include "engine/base/buf.h"
#include "engine/seal/seal.h"

struct rc_seal_batch {
	const struct rc_seal_certs *to;
	size_t columns; /* included ones */
	struct rc_buf head;
	struct rc_buf rows; /* secret */
	size_t n;
	struct rc_buf voids; /* the rows of these once more, for a commit that fails */
	size_t n_voids;
};

/* Appends the plaintext of the block to ret, which is secret. */
void rc_seal_batch_plain(const struct rc_seal_batch *b, struct rc_buf *ret);
void rc_seal_batch_clear(struct rc_seal_batch *b);
void rc_seal_batch_keep_voids(struct rc_seal_batch *b); /* what a failed commit leaves */

#endif
