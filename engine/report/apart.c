/* users.csv and the rows of report.html, made by a thread of their own while the caller makes users.jsonl: of many rows
 * at once, each takes about half of the time. */
#include "engine/base/alloc.h"
#include "engine/base/thread.h"
#include "engine/report/html_int.h"
#include <pthread.h>
#include <stdlib.h>

enum {
	BATCH = 256,
	BATCHES = 4,
	WORTH_A_THREAD = 2048,
	FLUSH_BYTES = 256 << 10,
};

struct batch {
	size_t n;
	struct rc_outcome row[BATCH];
	struct rc_arena mem; /* their fields */
};

struct rc_report_apart {
	struct rc_report *r;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct batch batch[BATCHES];
	uint64_t made, done; /* batches, ever */
	bool end;
	struct rc_err err; /* the thread's, until it has ended */
};

static void write_batch(struct rc_report_apart *a, struct batch *b)
{
	struct rc_report *r = a->r;

	for (size_t i = 0; i < b->n && !a->err.code; i++)
		rc_report_other_forms(r, &b->row[i]);
	if (!a->err.code && r->csv.buf.n >= FLUSH_BYTES)
		rc_sink_flush(&r->csv, &a->err);
	rc_arena_reset(&b->mem);
	b->n = 0;
}

static void *work(void *arg)
{
	struct rc_report_apart *a = arg;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		while (a->made == a->done && !a->end)
			pthread_cond_wait(&a->filled, &a->lock);
		if (a->made == a->done)
			break;
		pthread_mutex_unlock(&a->lock);
		write_batch(a, &a->batch[a->done % BATCHES]);
		pthread_mutex_lock(&a->lock);
		a->done++;
		pthread_cond_signal(&a->emptied);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void destroy(struct rc_report_apart *a)
{
	pthread_cond_destroy(&a->filled);
	pthread_cond_destroy(&a->emptied);
	pthread_mutex_destroy(&a->lock);
	for (size_t i = 0; i < BATCHES; i++)
		rc_arena_done(&a->batch[i].mem);
	free(a);
}

void rc_report_apart_begin(struct rc_report *r, size_t rows)
{
	struct rc_report_apart *a;

	if (r->apart || r->listen || r->err.code || rows < WORTH_A_THREAD)
		return;
	a = rc_xcalloc(1, sizeof(*a));
	a->r = r;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->filled, NULL);
	pthread_cond_init(&a->emptied, NULL);
	if (rc_thread_beside(&a->thread, work, a))
		r->apart = a;
	else
		destroy(a); /* slower, not wrong */
}

static void hand_over(struct rc_report_apart *a)
{
	pthread_mutex_lock(&a->lock);
	a->made++;
	pthread_cond_signal(&a->filled);
	while (a->made - a->done == BATCHES)
		pthread_cond_wait(&a->emptied, &a->lock);
	pthread_mutex_unlock(&a->lock);
}

void rc_report_apart_row(struct rc_report_apart *a, const struct rc_outcome *o)
{
	struct batch *b = &a->batch[a->made % BATCHES];
	struct rc_outcome *row = &b->row[b->n++];
	size_t bytes = o->n_fields * sizeof(*o->fields);

	*row = *o;
	row->fields = rc_arena_alloc(&b->mem, bytes);
	if (bytes)
		memcpy((void *)(uintptr_t)row->fields, o->fields, bytes);
	if (b->n == BATCH)
		hand_over(a);
}

enum rc_code rc_report_apart_end(struct rc_report *r, struct rc_err *err)
{
	struct rc_report_apart *a = r->apart;
	enum rc_code code;

	if (!a)
		return RC_OK;
	r->apart = NULL;
	if (a->batch[a->made % BATCHES].n)
		hand_over(a);
	pthread_mutex_lock(&a->lock);
	a->end = true;
	pthread_cond_signal(&a->filled);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	code = a->err.code;
	if (code)
		*err = a->err;
	destroy(a);
	return rc_report_stick(r, code, err);
}
