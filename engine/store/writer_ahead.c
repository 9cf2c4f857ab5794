/* Memory that a bulk load will take, touched by the committing thread while it has nothing to commit: a page that is
 * touched for the first time costs more than what is then written to it. First the room that the queue is about to grow
 * into, since whoever states would wait for it; then what LMDB will take for pages: pieces that go back to the heap
 * just before they are asked for, in this same thread. Nothing but time depends on that. */
#include "engine/base/alloc.h"
#include "engine/store/fact_list.h"
#include "engine/store/writer_impl.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { STEP = 4 << 20, PIECE = 64 << 10, PAGE = 4096, ROOM_STEP = 2 << 20, LEAD = 16 << 20 };

struct rc_ahead_piece {
	struct rc_ahead_piece *before;
	char rest[PIECE - sizeof(struct rc_ahead_piece *)];
};

static void touch(struct rc_ahead_piece *p)
{
	char *first = p->rest + (PAGE - (uintptr_t)p->rest % PAGE) % PAGE;

	if (!madvise(first, PIECE - PAGE, MADV_POPULATE_WRITE))
		return;
	for (size_t at = 0; at < sizeof(p->rest); at += PAGE)
		*(volatile char *)&p->rest[at] = 0;
}

static struct rc_ahead_piece *touched_pieces(struct rc_ahead_piece *before)
{
	for (unsigned i = 0; i < STEP / PIECE; i++) {
		struct rc_ahead_piece *p = rc_xmalloc(sizeof(*p));

		touch(p);
		p->before = before;
		before = p;
	}
	return before;
}

/* Bytes of the queue from which on the next piece of its room is due: ahead by as much as there is, and not by more
 * than LEAD. */
static size_t room_due(const struct rc_writer *w)
{
	if (w->ahead.room >= w->ahead.room_end)
		return SIZE_MAX;
	return w->ahead.room > 2 * LEAD ? w->ahead.room - LEAD : w->ahead.room / 2;
}

/* Large pages save a sixth of a bulk load where the system has memory at hand (0.3 ms each), and cost a third more
 * where the host of a virtual machine has yet to provide it (6 ms each, small ones a quarter of that in all). */
enum { SLOW_NS = 1500000, SLOW_IN_A_ROW = 2 };

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The rest of the room in small pages: nothing but advice. */
static void small_pages(struct rc_writer *w)
{
	madvise(w->queue.b.p + w->ahead.room, w->ahead.room_end - w->ahead.room, MADV_NOHUGEPAGE);
	if (w->queue.list)
		rc_fact_list_small(w->queue.list);
}

/* The system puts memory there, and changes nothing in what there is; where it cannot, who writes will wait for it. The
 * queue's list grows with it. */
static void touch_room(struct rc_writer *w)
{
	struct rc_fact_list *l = w->queue.list;
	size_t listed = 0;
	int64_t took;
	char *p;

	if (w->ahead.room < w->queue.b.n) /* whoever states was quicker */
		w->ahead.room = w->queue.b.n / ROOM_STEP * ROOM_STEP + ROOM_STEP;
	if (w->ahead.room >= w->ahead.room_end)
		return;
	p = w->queue.b.p + w->ahead.room;
	w->ahead.room += ROOM_STEP;
	if (l && l->whole)
		listed = w->queue.count * (w->ahead.room + LEAD) / w->queue.b.n;
	pthread_mutex_unlock(&w->mu);
	took = now();
	madvise(p, ROOM_STEP, MADV_POPULATE_WRITE);
	took = now() - took;
	if (listed)
		rc_fact_list_touch(l, listed);
	pthread_mutex_lock(&w->mu);
	w->ahead.slow = took > SLOW_NS ? w->ahead.slow + 1 : 0;
	if (w->ahead.slow == SLOW_IN_A_ROW)
		small_pages(w);
}

static void touch_pages(struct rc_writer *w)
{
	w->ahead.bytes += STEP; /* never less: LMDB keeps its pages for the next group */
	pthread_mutex_unlock(&w->mu);
	w->ahead.pieces = touched_pieces(w->ahead.pieces);
	pthread_mutex_lock(&w->mu);
}

bool rc_ahead_step(struct rc_writer *w)
{
	/* A record, its name and their places in pages take what the fact does. */
	size_t pages_due = w->ahead.bytes + STEP, due = room_due(w), n = w->queue.b.n;

	w->ahead.look_at = due < pages_due ? due : pages_due;
	if (!w->bulk || n < w->ahead.look_at)
		return false;
	if (n >= due)
		touch_room(w);
	else
		touch_pages(w);
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
