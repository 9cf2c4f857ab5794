#include "engine/store/writer.h"
#include "engine/base/alloc.h"
#include "engine/store/fact_list.h"
#include "engine/store/later.h"
#include "engine/store/writer_impl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEEP_BYTES = 4 << 20 };

/* Real time on purpose: how long a disk may lag behind is no part of a run's virtual time. */
static int64_t mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t delay_ns(const struct rc_writer *w)
{
	return (int64_t)w->o.max_delay_ms * 1000000;
}

/* Whether a commit is due; mu held. *ret_wait_ns: else, how long until one is by time alone, -1 for ever. */
static bool commit_due(const struct rc_writer *w, int64_t *ret_wait_ns)
{
	*ret_wait_ns = -1;
	if (w->stop)
		return true;
	if (!w->safe_count)
		return w->flush;
	if (w->flush || (w->bulk ? w->safe_bytes >= w->o.max_bulk_bytes : w->safe_count >= w->o.max_group))
		return true;
	if (w->bulk)
		return false;
	*ret_wait_ns = w->oldest_ns + delay_ns(w) - mono_ns();
	return *ret_wait_ns <= 0;
}

/* Moves what may be committed from the queue to active; mu held. */
static void take(struct rc_writer *w)
{
	struct rc_facts tail = w->active;
	size_t rest = w->queue.b.n - w->safe_bytes;

	rc_buf_clear(&tail.b);
	if (rest)
		rc_buf_add(&tail.b, w->queue.b.p + w->safe_bytes, rest);
	tail.count = w->queue.count - w->safe_count;
	tail.list = NULL;
	w->active = w->queue;
	w->active.b.n = w->safe_bytes;
	w->active.count = w->safe_count;
	w->queue = tail;
	w->ahead.room = w->ahead.room_end = 0;
	w->safe_bytes = 0;
	w->safe_count = 0;
	w->oldest_ns = 0;
	w->flush = false;
}

static void forget_active(struct rc_writer *w)
{
	if (w->active.b.cap > KEEP_BYTES) /* a bulk load is no reason to hold on to its memory */
		rc_buf_done(&w->active.b);
	rc_buf_clear(&w->active.b);
	w->active.count = 0;
	rc_fact_list_free(w->active.list);
	w->active.list = NULL;
}

/* The end of a commit: what failed, or what is durable now, and who waits for it; mu held, released meanwhile. */
static void tell(struct rc_writer *w, bool more, enum rc_code code, const struct rc_err *e)
{
	if (code)
		w->err = *e;
	pthread_cond_broadcast(&w->done);
	if (w->o.durable && (more || code)) {
		pthread_mutex_unlock(&w->mu);
		w->o.durable(w->o.ctx, atomic_load(&w->durable), code ? e : NULL);
		pthread_mutex_lock(&w->mu);
	}
}

/* What is put off into the tables; mu held, released meanwhile. */
static void settle(struct rc_writer *w)
{
	struct rc_err e = {0};
	enum rc_code code;

	w->settle = false;
	if (w->err.code || !atomic_load(&w->store->later.facts)) {
		pthread_cond_broadcast(&w->done);
		return;
	}
	pthread_mutex_unlock(&w->mu);
	code = rc_store_settle(w->store, w->o.before_commit, w->o.ctx, &e);
	pthread_mutex_lock(&w->mu);
	tell(w, false, code, &e);
}

/* Commits all that may be; mu held, released meanwhile. */
static void commit_group(struct rc_writer *w)
{
	bool whole = w->whole || w->stop;
	struct rc_apply_group g;
	struct rc_err e = {0};
	uint64_t seq = w->safe_seq;
	enum rc_code code = RC_OK;

	w->whole = false;
	if (w->err.code) { /* what is left will never be written */
		w->queue.b.n = w->safe_bytes = 0;
		w->queue.count = w->safe_count = 0;
	}
	if (!w->safe_count) {
		w->flush = false;
		if (whole)
			settle(w);
		else
			pthread_cond_broadcast(&w->done);
		return;
	}
	take(w);
	pthread_mutex_unlock(&w->mu);
	rc_ahead_give(w, false);
	g = (struct rc_apply_group){&w->active, atomic_load(&w->next_id), !whole && rc_later_may(w->store, &w->active)};
	code = rc_store_write(w->store, rc_apply_group, &g, w->o.before_commit, w->o.ctx, &e);
	if (!code && g.put_off)
		rc_later_count(w->store, &w->active);
	else if (!code)
		rc_later_none(w->store);
	if (!code)
		atomic_store(&w->durable, seq);
	rc_ahead_give(w, true);
	pthread_mutex_lock(&w->mu);
	forget_active(w);
	tell(w, true, code, &e);
}

static void wait_for_work(struct rc_writer *w, int64_t wait_ns)
{
	struct timespec until;
	int64_t at;

	if (wait_ns < 0) {
		pthread_cond_wait(&w->work, &w->mu);
		return;
	}
	at = mono_ns() + wait_ns;
	until.tv_sec = (time_t)(at / 1000000000);
	until.tv_nsec = (long)(at % 1000000000);
	pthread_cond_timedwait(&w->work, &w->mu, &until);
}

static void *run(void *arg)
{
	struct rc_writer *w = arg;
	int64_t wait_ns;

	pthread_mutex_lock(&w->mu);
	while (!w->abandon) {
		if (w->settle) {
			settle(w);
			continue;
		}
		if (!commit_due(w, &wait_ns)) {
			if (!rc_ahead_step(w))
				wait_for_work(w, wait_ns);
			continue;
		}
		commit_group(w);
		if (w->stop && (!w->safe_count || w->err.code))
			break;
	}
	pthread_mutex_unlock(&w->mu);
	return NULL;
}

/* Takes in the words. Where numbers go on: behind the stored mark and behind whatever the journal holds. */
static enum rc_code first_id(struct rc_store *s, uint64_t *ret, struct rc_err *err)
{
	struct rc_kv_cursor *c;
	struct rc_slice k, v;
	struct rc_view *view;
	enum rc_code code = rc_view_begin(s, &view, err);

	if (code)
		return code;
	rc_words_load(s->words, view->txn);
	*ret = rc_meta_u64(view->txn, "next_id");
	c = rc_kv_cursor(view->txn, RC_KV_OPS);
	if (rc_kv_last(c, &k, &v) && k.n == 8 && rc_get_u64((const uint8_t *)k.p) >= *ret)
		*ret = rc_get_u64((const uint8_t *)k.p) + 1;
	if (!*ret)
		*ret = 1;
	return rc_view_end(view, err);
}

static void init_sync(struct rc_writer *w)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &attr);
	pthread_cond_init(&w->done, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&w->mu, NULL);
}

enum rc_code rc_writer_start(struct rc_store *s, const struct rc_writer_options *o, struct rc_writer **ret,
			     struct rc_err *err)
{
	struct rc_writer *w;
	enum rc_code code;
	uint64_t id;
	int rc;

	if (s->mode != RC_STORE_WRITE || s->writer)
		return rc_fail(err, RC_INTERNAL, "state %s cannot have this writer", s->dir);
	code = first_id(s, &id, err);
	if (code)
		return code;
	w = rc_xcalloc(1, sizeof(*w));
	w->store = s;
	if (o)
		w->o = *o;
	w->o.max_group = w->o.max_group ? w->o.max_group : 1000;
	w->o.max_delay_ms = w->o.max_delay_ms ? w->o.max_delay_ms : 200;
	w->o.max_bulk_bytes = w->o.max_bulk_bytes ? w->o.max_bulk_bytes : (size_t)256 << 20;
	w->o.max_queue_bytes = w->o.max_queue_bytes ? w->o.max_queue_bytes : (size_t)64 << 20;
	atomic_store(&w->next_id, id);
	init_sync(w);
	s->writer = w;
	if (!w->o.manual) {
		rc = pthread_create(&w->thread, NULL, run, w);
		if (rc) {
			rc_writer_abandon(w);
			return rc_fail_sys(err, RC_INTERNAL, rc, "state %s: cannot start its writer", s->dir);
		}
		w->has_thread = true;
	}
	*ret = w;
	return RC_OK;
}

static void end_thread(struct rc_writer *w, bool abandon)
{
	if (!w->has_thread)
		return;
	pthread_mutex_lock(&w->mu);
	w->stop = true;
	w->abandon = abandon;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->mu);
	pthread_join(w->thread, NULL);
	w->has_thread = false;
}

static void free_writer(struct rc_writer *w)
{
	w->store->writer = NULL;
	for (struct rc_order_build *b = w->orders, *next; b; b = next) {
		next = b->next;
		free(b->rows);
		free(b);
	}
	rc_buf_done(&w->queue.b);
	rc_buf_done(&w->active.b);
	rc_fact_list_free(w->queue.list);
	rc_fact_list_free(w->active.list);
	rc_buf_done(&w->last_reason);
	rc_ahead_give(w, true);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->done);
	pthread_mutex_destroy(&w->mu);
	free(w);
}

enum rc_code rc_writer_stop(struct rc_writer *w, struct rc_err *err)
{
	enum rc_code code;

	if (!w)
		return RC_OK;
	rc_writer_together_end(w);
	if (w->o.manual) {
		w->stop = true;
		rc_writer_pump(w, NULL);
	}
	end_thread(w, false);
	code = rc_writer_error(w, err);
	free_writer(w);
	return code;
}

void rc_writer_abandon(struct rc_writer *w)
{
	if (!w)
		return;
	end_thread(w, true);
	free_writer(w);
}

enum rc_code rc_writer_error(struct rc_writer *w, struct rc_err *err)
{
	enum rc_code code;

	pthread_mutex_lock(&w->mu);
	code = w->err.code;
	if (code && err)
		*err = w->err;
	pthread_mutex_unlock(&w->mu);
	return code;
}

uint64_t rc_writer_durable(const struct rc_writer *w)
{
	return atomic_load(&w->durable);
}

uint64_t rc_writer_queued(const struct rc_writer *w)
{
	struct rc_writer *m = (struct rc_writer *)(uintptr_t)w;
	uint64_t seq;

	pthread_mutex_lock(&m->mu);
	seq = w->seq;
	pthread_mutex_unlock(&m->mu);
	return seq;
}

uint64_t rc_writer_id(struct rc_writer *w)
{
	return atomic_fetch_add(&w->next_id, 1);
}

void rc_writer_flush(struct rc_writer *w)
{
	pthread_mutex_lock(&w->mu);
	w->flush = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->mu);
}

enum rc_code rc_writer_pump(struct rc_writer *w, struct rc_err *err)
{
	pthread_mutex_lock(&w->mu);
	commit_group(w);
	pthread_mutex_unlock(&w->mu);
	return rc_writer_error(w, err);
}

enum rc_code rc_writer_flush_wait(struct rc_writer *w, struct rc_err *err)
{
	uint64_t want;

	pthread_mutex_lock(&w->mu);
	if (rc_view_open_here() || w->together) {
		pthread_mutex_unlock(&w->mu);
		return rc_fail(err, RC_INTERNAL, "waiting for the state's writer while holding it up");
	}
	w->whole = true;
	if (w->o.manual)
		commit_group(w);
	want = w->safe_seq;
	while (!w->err.code && (atomic_load(&w->durable) < want || atomic_load(&w->store->later.facts))) {
		w->flush = w->whole = true;
		pthread_cond_signal(&w->work);
		pthread_cond_wait(&w->done, &w->mu);
	}
	pthread_mutex_unlock(&w->mu);
	return rc_writer_error(w, err);
}

enum rc_code rc_writer_settle(struct rc_writer *w, struct rc_err *err)
{
	pthread_mutex_lock(&w->mu);
	if (w->o.manual)
		settle(w);
	while (!w->err.code && atomic_load(&w->store->later.facts)) {
		w->settle = true;
		pthread_cond_signal(&w->work);
		pthread_cond_wait(&w->done, &w->mu);
	}
	pthread_mutex_unlock(&w->mu);
	return rc_writer_error(w, err);
}

void rc_writer_bulk(struct rc_writer *w, bool on)
{
	pthread_mutex_lock(&w->mu);
	w->bulk = on;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->mu);
}
