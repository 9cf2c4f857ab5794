#include "engine/source/window.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

enum { PIECE = 256 * 1024 };

void rc_window_init(struct rc_window *w, struct rc_stream *in)
{
	*w = (struct rc_window){.in = in, .cap = PIECE + PIECE / 4};
	w->p = rc_xcalloc(1, w->cap + RC_WINDOW_PAD);
}

void rc_window_done(struct rc_window *w)
{
	free(w->p);
	for (size_t i = 0; i < RC_WINDOWS - 1; i++)
		free(w->other[i].p);
	*w = (struct rc_window){0};
}

void rc_window_hold(struct rc_window *w)
{
	w->held = true;
}

/* Goes on in the buffer that was left longest ago. */
static void turn(struct rc_window *w)
{
	size_t keep = w->end - w->at, i = w->number++ % (RC_WINDOWS - 1), cap = w->other[i].cap;
	char *p = w->other[i].p;

	if (cap < keep + PIECE) {
		free(p);
		cap = keep + PIECE + PIECE / 4;
		p = rc_xcalloc(1, cap + RC_WINDOW_PAD);
	}
	memcpy(p, w->p + w->at, keep);
	w->other[i].p = w->p;
	w->other[i].cap = w->cap;
	w->p = p;
	w->cap = cap;
	w->moved = w->at;
	w->at = 0;
	w->end = keep;
	w->held = false;
}

enum rc_code rc_window_fill(struct rc_window *w, struct rc_err *err)
{
	size_t keep = w->end - w->at, n = 0;
	enum rc_code code;

	w->moved = 0;
	if (w->held) {
		turn(w);
	} else if (keep == 0 || w->cap - w->end < PIECE / 2) {
		if (w->at && keep)
			memmove(w->p, w->p + w->at, keep);
		w->moved = w->at;
		w->at = 0;
		w->end = keep;
	}
	if (w->cap - w->end < PIECE / 2) { /* a long record: twice the room, so that moving stays cheap */
		w->cap *= 2;
		w->p = rc_xrealloc(w->p, w->cap + RC_WINDOW_PAD);
	}
	code = rc_stream_read(w->in, w->p + w->end, w->cap - w->end < PIECE ? w->cap - w->end : PIECE, &n, err);
	w->end += n;
	w->eof = !code && n == 0;
	memset(w->p + w->end, 0, RC_WINDOW_PAD);
	return code;
}
