#include "engine/source/window.h"
#include "engine/base/alloc.h"
#include <stdint.h>
#include <stdlib.h>

/* The text that is kept ends at a multiple of ALIGN when it moves: the kernel copies a quarter faster to there. */
enum { PIECE = 256 * 1024, ALIGN = 64 };

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

/* Where in buffer p the text that is kept is to begin, so that it ends at a multiple of ALIGN; never further on than it
 * stands now: offsets only shrink. */
static size_t front(const struct rc_window *w, const char *p)
{
	size_t to = -((uintptr_t)p + (w->end - w->at)) % ALIGN;

	return to < w->at ? to : w->at;
}

static void moved(struct rc_window *w, size_t to)
{
	w->moved = w->at - to;
	w->end -= w->moved;
	w->at = to;
}

/* Goes on in the buffer that was left longest ago. */
static void turn(struct rc_window *w)
{
	size_t keep = w->end - w->at, i = w->number++ % (RC_WINDOWS - 1), cap = w->other[i].cap, to;
	char *p = w->other[i].p;

	if (cap < keep + PIECE + ALIGN) {
		free(p);
		cap = keep + PIECE + PIECE / 4;
		p = rc_xcalloc(1, cap + RC_WINDOW_PAD);
	}
	to = front(w, p);
	memcpy(p + to, w->p + w->at, keep);
	w->other[i].p = w->p;
	w->other[i].cap = w->cap;
	w->p = p;
	w->cap = cap;
	moved(w, to);
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
		size_t to = front(w, w->p);

		if (to < w->at && keep)
			memmove(w->p + to, w->p + w->at, keep);
		moved(w, to);
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
