/* engine/seal/seal_scan.h - a credentials file cut into blocks; knows text, not what is inside a block. */
#ifndef RC_SEAL_SCAN_H
#define RC_SEAL_SCAN_H
#include <stdio.h>
#include "engine/base/buf.h"
#include "engine/base/err.h"

enum rc_seal_piece {
	RC_SEAL_PIECE_BLOCK, /* .block, BEGIN and END lines included */
	RC_SEAL_PIECE_TORN,  /* what a crash left half-written: at the end, or closed off since */
	RC_SEAL_PIECE_END,
	RC_SEAL_PIECE_FAULT /* .why */
};

struct rc_seal_scan {
	FILE *in; /* the caller's */
	struct rc_buf block;
	uint64_t line;  /* read so far */
	uint64_t start; /* where the piece begins */
	const char *why;
	int sys; /* errno when reading failed */
	bool inside, closing;
	char *text; /* current line */
	size_t text_cap;
};

void rc_seal_scan_init(struct rc_seal_scan *s, FILE *in);
enum rc_seal_piece rc_seal_scan_next(struct rc_seal_scan *s);
void rc_seal_scan_done(struct rc_seal_scan *s);

#endif
