/* The stating side of the queue. */
#include "engine/store/fact_list.h"
#include "engine/store/writer_impl.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { BULK_SHOWN = 4 << 20, LARGE_PAGE = 2 << 20 };

static void make_safe(struct rc_writer *w)
{
	struct timespec t;

	if (!w->safe_count && w->queue.count) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		w->oldest_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
		pthread_cond_signal(&w->work); /* so that the thread begins to count the delay */
	} else if (w->safe_count < w->o.max_group && w->queue.count >= w->o.max_group) {
		pthread_cond_signal(&w->work);
	}
	w->safe_bytes = w->queue.b.n;
	w->safe_count = w->queue.count;
	w->safe_seq = w->seq;
	if (w->bulk && (w->safe_bytes >= w->o.max_bulk_bytes || w->safe_bytes >= w->ahead.look_at))
		pthread_cond_signal(&w->work);
}

/* Waits for room unless waiting could never end: inside of together, with a view that the writer may wait for, or with
 * nobody to make room. */
static void wait_for_room(struct rc_writer *w, size_t n)
{
	size_t most =
		w->bulk && w->o.max_bulk_bytes > w->o.max_queue_bytes ? w->o.max_bulk_bytes : w->o.max_queue_bytes;

	while (w->queue.b.n + n > most && w->queue.b.n && !w->o.manual && !w->err.code && !w->together &&
	       !rc_view_open_here()) {
		w->flush = true;
		pthread_cond_signal(&w->work);
		pthread_cond_wait(&w->done, &w->mu);
	}
}

/* Once a bulk load has shown that it is one: all the room it may take, in large pages, so that neither its growth nor
 * the walk through it in another order waits for page tables. Only what is written to takes memory. */
static void grow_bulk(struct rc_writer *w)
{
	struct rc_buf *b = &w->queue.b;
	size_t room = w->o.max_bulk_bytes + w->o.max_bulk_bytes / 8;
	void *p;

	if (!w->bulk || b->n < BULK_SHOWN || b->cap >= room || posix_memalign(&p, LARGE_PAGE, room))
		return;
	madvise(p, room, MADV_HUGEPAGE); /* where there are none it is memory like any other */
	memcpy(p, b->p, b->n);
	free(b->p);
	b->p = p;
	b->cap = room;
	w->ahead.room = (b->n + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	w->ahead.room_end = room / LARGE_PAGE * LARGE_PAGE;
	w->ahead.look_at = 0;
	w->queue.list = rc_fact_list_new(room);
	for (size_t at = 0; w->queue.list && at < b->n;) {
		const struct rc_fact *f = (const struct rc_fact *)(const void *)(b->p + at);

		rc_fact_list_add(w->queue.list, b->p, f);
		at += f->size;
	}
}

struct rc_fact *rc_writer_begin(struct rc_writer *w, size_t about)
{
	struct rc_buf *b = &w->queue.b;

	pthread_mutex_lock(&w->mu);
	wait_for_room(w, about);
	grow_bulk(w);
	w->fact_at = b->n;
	w->seq++;
	return (struct rc_fact *)(void *)rc_buf_room(b, sizeof(struct rc_fact) + about);
}

struct rc_buf *rc_writer_open(struct rc_writer *w, const struct rc_fact *head, struct rc_slice key,
			      struct rc_slice name, size_t about)
{
	struct rc_fact *f = rc_writer_begin(w, key.n + name.n + about);
	struct rc_buf *b = &w->queue.b;

	*f = *head;
	f->seq = w->seq;
	f->key_n = (uint16_t)key.n;
	f->name_n = (uint8_t)name.n;
	rc_buf_took(b, sizeof(*f));
	rc_buf_addslice(b, key);
	rc_buf_addslice(b, name);
	return b;
}

uint64_t rc_writer_close(struct rc_writer *w, uint8_t more_state)
{
	static const char zeros[8];
	struct rc_buf *b = &w->queue.b;
	struct rc_fact *f = (struct rc_fact *)(void *)(b->p + w->fact_at);
	size_t size = b->n - w->fact_at;
	uint64_t seq = f->seq;

	f->value_n = (uint32_t)(size - sizeof(*f) - f->key_n - f->name_n);
	f->size = (uint32_t)((size + 7) / 8 * 8);
	f->state |= more_state;
	rc_buf_add(b, zeros, f->size - size);
	if (w->err.code) /* nothing is kept: nothing will be written */
		b->n = w->fact_at;
	else
		w->queue.count++;
	if (w->queue.list && !w->err.code)
		rc_fact_list_add(w->queue.list, b->p, (const struct rc_fact *)(const void *)(b->p + w->fact_at));
	if (!w->err.code && !w->together)
		make_safe(w);
	pthread_mutex_unlock(&w->mu);
	return seq;
}

uint64_t rc_writer_state(struct rc_writer *w, const struct rc_fact *head, struct rc_slice key, struct rc_slice value)
{
	rc_buf_addslice(rc_writer_open(w, head, key, (struct rc_slice){0}, value.n), value);
	return rc_writer_close(w, 0);
}

void rc_writer_together_begin(struct rc_writer *w)
{
	pthread_mutex_lock(&w->mu);
	w->together = true;
	pthread_mutex_unlock(&w->mu);
}

void rc_writer_together_end(struct rc_writer *w)
{
	pthread_mutex_lock(&w->mu);
	if (w->together) {
		w->together = false;
		if (w->queue.count > w->safe_count)
			make_safe(w);
	}
	pthread_mutex_unlock(&w->mu);
}
