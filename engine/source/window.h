/* engine/source/window.h - the part of the text a parser looks at, refilled from a stream.
 *
 * p[at..end) is text not yet given back; behind end there are always RC_WINDOW_PAD readable bytes, zero once the stream
 * has ended. Offsets fit 32 bits.
 *
 * A fill moves what is left and overwrites the rest. After rc_window_hold it takes another buffer instead, of
 * RC_WINDOWS in turn, so that what the window showed stays where it is until RC_WINDOWS - 1 more have been filled. */
#ifndef RC_WINDOW_H
#define RC_WINDOW_H
#include "engine/source/stream.h"

#define RC_WINDOW_PAD 128
enum { RC_WINDOWS = 8 };

struct rc_window {
	struct rc_stream *in; /* borrowed */
	char *p;
	size_t at, end, cap;
	size_t moved; /* by how much the last fill shifted every offset down */
	bool eof;
	bool held;       /* somebody still looks at p */
	uint64_t number; /* of buffers taken before this one */
	struct {
		char *p;
		size_t cap;
	} other[RC_WINDOWS - 1]; /* the oldest is taken next */
};

void rc_window_init(struct rc_window *w, struct rc_stream *in);
void rc_window_done(struct rc_window *w);

void rc_window_hold(struct rc_window *w);

/* Moves p[at..) near the front and reads at least one more byte, or sets eof. Errors: the stream's. */
enum rc_code rc_window_fill(struct rc_window *w, struct rc_err *err);

#endif
