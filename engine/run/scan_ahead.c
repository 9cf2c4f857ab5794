/* Rows of a plain file are read, cut and hashed ahead of whoever compares them, in a thread of its own: both halves
 * take about the same time. Small files, and what may be waited for (a pipe, a command), stay in the caller's thread;
 * gzip has a thread already. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include "engine/base/thread.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	BATCHES = 16,
	ALONE = 128, /* batches before a thread is worth it, where the file does not tell at once that it is large */
	LARGE_FILE = 16 << 20,
	/* Whoever waits is woken for so many at a time: to wake a thread costs as much as a batch. */
	WORTH_WAKING = BATCHES / 2,
	/* While the caller has fewer to go on with, it hashes them itself: what is read and cut comes sooner. */
	ENOUGH = 10,
};

struct scan_ahead {
	struct rc_reader *r;
	const struct walk *w;
	atomic_bool want_raw;
	/* the only thing both threads touch */
	struct scan_rows batch[BATCHES];
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	uint64_t made, taken; /* batches, ever */
	bool stop, threaded, no_thread, at_once;
	pthread_t thread;
	/* the caller's side */
	unsigned alone; /* batches before there was a thread; all of them were the first */
	bool given;     /* a batch is in the caller's hands */
};

struct scan_ahead *scan_ahead_new(const struct walk *w, struct rc_reader *r)
{
	struct scan_ahead *a = rc_xcalloc(1, sizeof(*a));
	const struct rc_stream_info *info = rc_reader_info(r);

	a->r = r;
	a->w = w;
	a->no_thread = !info->regular || info->gzip;
	a->at_once = info->size >= LARGE_FILE;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->filled, NULL);
	pthread_cond_init(&a->emptied, NULL);
	return a;
}

static void hash_rows(const struct scan_ahead *a, struct scan_rows *b)
{
	for (size_t i = 0; i < b->n; i++)
		scan_hash_raw(a->w, b->rows[i].raw, b->hash[i]);
	b->raw = true;
}

static void fill(struct scan_ahead *a, struct scan_rows *b, bool hash)
{
	b->got = rc_reader_next_rows(a->r, b->rows, SCAN_ROWS, &b->n, &b->rej, &b->err);
	b->window = rc_reader_window(a->r);
	b->raw = false;
	if (hash && atomic_load_explicit(&a->want_raw, memory_order_relaxed))
		hash_rows(a, b);
}

static bool is_last(const struct scan_rows *b)
{
	return b->got == RC_READ_END || b->got == RC_READ_ERROR;
}

/* No free batch, or the next window would take the place of one that is still looked at. */
static bool must_wait(const struct scan_ahead *a, uint64_t window)
{
	return a->made - a->taken == BATCHES ||
	       (a->made > a->taken && a->batch[a->taken % BATCHES].window + RC_READER_WINDOWS <= window + 1);
}

static void *helper(void *arg)
{
	struct scan_ahead *a = arg;
	bool last = false, hash;

	while (!last) {
		struct scan_rows *b;

		pthread_mutex_lock(&a->lock);
		while (must_wait(a, rc_reader_window(a->r)) && !a->stop) {
			pthread_cond_signal(&a->filled); /* few batches may fill all windows */
			pthread_cond_wait(&a->emptied, &a->lock);
		}
		last = a->stop;
		b = &a->batch[a->made % BATCHES];
		hash = a->made - a->taken >= ENOUGH;
		pthread_mutex_unlock(&a->lock);
		if (last)
			break;
		fill(a, b, hash);
		rc_reader_hold(a->r);
		last = is_last(b);
		pthread_mutex_lock(&a->lock);
		a->made++;
		if (last || a->made - a->taken >= WORTH_WAKING)
			pthread_cond_signal(&a->filled);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

static void start(struct scan_ahead *a)
{
	a->threaded = rc_thread_beside(&a->thread, helper, a);
	a->no_thread = !a->threaded; /* slower, not wrong */
}

static const struct scan_rows *next_alone(struct scan_ahead *a)
{
	struct scan_rows *b = &a->batch[0];

	fill(a, b, true);
	if ((++a->alone < ALONE && !a->at_once) || a->no_thread || is_last(b))
		return b;
	rc_reader_hold(a->r); /* the caller still looks at these rows */
	a->made = 1;
	a->given = true;
	start(a);
	return b;
}

const struct scan_rows *scan_ahead_next(struct scan_ahead *a, bool want_raw)
{
	struct scan_rows *b;

	atomic_store_explicit(&a->want_raw, want_raw, memory_order_relaxed);
	if (!a->threaded)
		return next_alone(a);
	pthread_mutex_lock(&a->lock);
	a->taken += a->given;
	a->given = true;
	if (a->made - a->taken <= WORTH_WAKING)
		pthread_cond_signal(&a->emptied);
	while (a->made == a->taken)
		pthread_cond_wait(&a->filled, &a->lock);
	b = &a->batch[a->taken % BATCHES];
	pthread_mutex_unlock(&a->lock);
	if (want_raw && !b->raw)
		hash_rows(a, b);
	return b;
}

void scan_ahead_free(struct scan_ahead *a)
{
	if (a->threaded) {
		pthread_mutex_lock(&a->lock);
		a->stop = true;
		pthread_cond_signal(&a->emptied);
		pthread_mutex_unlock(&a->lock);
		pthread_join(a->thread, NULL);
	}
	pthread_cond_destroy(&a->filled);
	pthread_cond_destroy(&a->emptied);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
