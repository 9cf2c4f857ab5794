/* engine/source/window.h - the part of the text a parser looks at, refilled from a stream.
 *
 * p[at..end) is text not yet given back; behind end there are always RC_WINDOW_PAD readable bytes, zero once the stream
 * has ended. Offsets fit 32 bits. */
#ifndef RC_WINDOW_H
#define RC_WINDOW_H
#include "engine/source/stream.h"

#define RC_WINDOW_PAD 128

struct rc_window {
	struct rc_stream *in; /* borrowed */
	char *p;
	size_t at, end, cap;
	size_t moved; /* by how much the last fill shifted every offset down */
	bool eof;
};

void rc_window_init(struct rc_window *w, struct rc_stream *in);
void rc_window_done(struct rc_window *w);

/* Moves p[at..) to the front and reads at least one more byte, or sets eof. Errors: the stream's. */
enum rc_code rc_window_fill(struct rc_window *w, struct rc_err *err);

#endif
