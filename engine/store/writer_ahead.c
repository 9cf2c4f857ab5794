/* Memory that LMDB will take for the pages of a bulk load, touched by the committing thread while it has nothing to
 * commit: a page that is touched for the first time costs more than what is then written to it. Pieces go back to the
 * heap just before they are asked for, in this same thread. Nothing but time depends on that. */
#include "engine/base/alloc.h"
#include "engine/store/writer_impl.h"
#include <stdlib.h>

enum { STEP = 4 << 20, PIECE = 64 << 10, TOUCH = 4096 };

struct rc_ahead_piece {
	struct rc_ahead_piece *before;
	char rest[PIECE - sizeof(struct rc_ahead_piece *)];
};

static struct rc_ahead_piece *touched_pieces(struct rc_ahead_piece *before)
{
	for (unsigned i = 0; i < STEP / PIECE; i++) {
		struct rc_ahead_piece *p = rc_xmalloc(sizeof(*p));

		for (size_t at = 0; at < sizeof(p->rest); at += TOUCH)
			*(volatile char *)&p->rest[at] = 0;
		p->before = before;
		before = p;
	}
	return before;
}

bool rc_ahead_step(struct rc_writer *w)
{
	w->ahead.look_at = w->ahead.bytes + STEP;
	/* A record, its name and their places in pages take what the fact does. */
	if (!w->bulk || w->queue.b.n < w->ahead.look_at)
		return false;
	w->ahead.bytes += STEP; /* never less: LMDB keeps its pages for the next group */
	pthread_mutex_unlock(&w->mu);
	w->ahead.pieces = touched_pieces(w->ahead.pieces);
	pthread_mutex_lock(&w->mu);
	return true;
}

void rc_ahead_give(struct rc_writer *w, bool all)
{
	struct rc_ahead_piece *last = w->ahead.pieces, *p;

	if (!last)
		return;
	/* The last one stays for a while: a heap that ends in free memory is given back to the system. */
	while ((p = last->before)) {
		last->before = p->before;
		free(p);
	}
	if (all) {
		free(last);
		w->ahead.pieces = NULL;
	}
}
