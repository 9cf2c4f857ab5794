/* The stating side of the queue. */
#include "engine/base/alloc.h"
#include "engine/store/writer_impl.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	w->safe_bytes = w->queue.n;
	w->safe_count = w->queue.count;
	w->safe_seq = w->seq;
	if (w->bulk && w->safe_bytes >= w->o.max_queue_bytes / 2)
		pthread_cond_signal(&w->work);
}

/* Waits for room unless waiting could never end: inside of together, with a view that the writer may wait for, or with
 * nobody to make room. */
static void wait_for_room(struct rc_writer *w, size_t n)
{
	while (!w->o.manual && !w->err.code && !w->together && !rc_view_open_here() && w->queue.n &&
	       w->queue.n + n > w->o.max_queue_bytes) {
		w->flush = true;
		pthread_cond_signal(&w->work);
		pthread_cond_wait(&w->done, &w->mu);
	}
}

static char *room(struct rc_facts *q, size_t n)
{
	if (n > q->cap - q->n) {
		q->cap = q->cap * 2 > q->n + n ? q->cap * 2 : q->n + n + 4096;
		q->p = rc_xrealloc(q->p, q->cap);
	}
	return q->p + q->n;
}

uint64_t rc_writer_state(struct rc_writer *w, const struct rc_fact *head, struct rc_slice key, struct rc_slice value)
{
	size_t size = (sizeof(*head) + key.n + value.n + 7) / 8 * 8;
	uint64_t seq;

	pthread_mutex_lock(&w->mu);
	wait_for_room(w, size);
	seq = ++w->seq;
	if (!w->err.code) { /* after an error nothing is kept: nothing will be written */
		char *p = room(&w->queue, size);
		struct rc_fact f = *head;

		f.seq = seq;
		f.size = (uint32_t)size;
		f.key_n = (uint16_t)key.n;
		f.value_n = (uint32_t)value.n;
		memset(p + size - 8, 0, 8);
		memcpy(p, &f, sizeof(f));
		if (key.n)
			memcpy(p + sizeof(f), key.p, key.n);
		if (value.n)
			memcpy(p + sizeof(f) + key.n, value.p, value.n);
		w->queue.n += size;
		w->queue.count++;
		if (!w->together)
			make_safe(w);
	}
	pthread_mutex_unlock(&w->mu);
	return seq;
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
