/* Transactions of a store: views, write transactions, and who waits for whom when the map must move. */
#include "engine/base/alloc.h"
#include "engine/store/store_impl.h"
#include <stdatomic.h>
#include <stdlib.h>

static _Thread_local unsigned views_here;
static atomic_uint_fast64_t views; /* ever */

unsigned rc_view_open_here(void)
{
	return views_here;
}

static void enter(struct rc_store *s)
{
	pthread_mutex_lock(&s->mu);
	/* A thread that holds a view already must not wait for one that waits for its view. */
	while (s->exclusive && !views_here)
		pthread_cond_wait(&s->changed, &s->mu);
	s->open++;
	pthread_mutex_unlock(&s->mu);
}

static void leave(struct rc_store *s)
{
	pthread_mutex_lock(&s->mu);
	s->open--;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mu);
}

/* Runs fn while no transaction of this process is open. */
static enum rc_code exclusively(struct rc_store *s, enum rc_code (*fn)(struct rc_kv *, struct rc_err *),
				struct rc_err *err)
{
	enum rc_code code;

	if (views_here)
		return rc_fail(err, RC_INTERNAL, "state %s must grow while this thread reads it", s->dir);
	pthread_mutex_lock(&s->mu);
	while (s->exclusive)
		pthread_cond_wait(&s->changed, &s->mu);
	s->exclusive = true;
	while (s->open)
		pthread_cond_wait(&s->changed, &s->mu);
	code = fn(s->kv, err);
	s->exclusive = false;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mu);
	return code;
}

/* A transaction, following another process that grew the map as often as it takes. */
static struct rc_kv_txn *begin(struct rc_store *s, bool write, struct rc_err *err)
{
	for (;;) {
		struct rc_kv_txn *t;
		bool resized;

		enter(s);
		t = rc_kv_begin(s->kv, write, &resized, err);
		if (t)
			return t;
		leave(s);
		if (!resized || exclusively(s, rc_kv_adopt_size, err))
			return NULL;
	}
}

uint64_t rc_view_serial(const struct rc_view *v)
{
	return v->serial;
}

/* Who holds a view already must not wait for the map to grow, and gets no newer picture than that needs. */
static enum rc_code settled(struct rc_store *s, struct rc_err *err)
{
	if (!atomic_load(&s->later.facts) || views_here)
		return RC_OK;
	return s->writer ? rc_writer_settle(s->writer, err) : rc_store_settle(s, NULL, NULL, err);
}

enum rc_code rc_view_begin(struct rc_store *s, struct rc_view **ret, struct rc_err *err)
{
	struct rc_kv_txn *t = NULL;
	struct rc_err e = {0};

	if (settled(s, &e) || (s->kv && !(t = begin(s, false, &e)))) {
		if (err)
			*err = e;
		return e.code;
	}
	*ret = rc_xcalloc(1, sizeof(**ret));
	(*ret)->store = s;
	(*ret)->serial = atomic_fetch_add(&views, 1) + 1;
	(*ret)->txn = t;
	if (t)
		views_here++;
	return RC_OK;
}

void rc_view_let_go(struct rc_view *v)
{
	if (v->txn)
		rc_kv_let_go(v->txn);
}

/* The store's map cannot move meanwhile, since v is open. */
struct rc_view *rc_view_twin(struct rc_view *v)
{
	struct rc_kv_txn *t = v->txn ? rc_kv_twin(v->txn) : NULL;
	struct rc_view *twin;

	if (!t)
		return NULL;
	rc_view_let_go(v); /* whoever does it first finds out where the map is, and twins must not do so at once */
	twin = rc_xcalloc(1, sizeof(*twin));
	*twin = (struct rc_view){.store = v->store, .serial = v->serial, .txn = t};
	return twin;
}

void rc_view_twin_end(struct rc_view *v, struct rc_view *twin)
{
	rc_kv_twin_end(v->txn, twin->txn);
	rc_arena_join(&v->mem, &twin->mem);
	free(twin);
}

enum rc_code rc_view_end(struct rc_view *v, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	if (!v)
		return RC_OK;
	if (v->txn) {
		code = rc_kv_commit(v->txn, err);
		views_here--;
		leave(v->store);
	}
	rc_arena_done(&v->mem);
	free(v);
	return code;
}

bool rc_view_failed(const struct rc_view *v)
{
	return v->txn && rc_kv_failed(v->txn);
}

static enum rc_code try_write(struct rc_store *s, void (*apply)(struct rc_store *, struct rc_kv_txn *, void *),
			      void *ctx, int (*before_commit)(void *), void *seam, struct rc_err *err)
{
	struct rc_kv_txn *t = begin(s, true, err);
	enum rc_code code;
	int sys = 0;

	if (!t)
		return err->code;
	apply(s, t, ctx);
	if (before_commit && !rc_kv_failed(t))
		sys = before_commit(seam);
	if (sys) {
		rc_kv_abort(t);
		code = rc_fail_sys(err, RC_CANTCREAT, sys, "state %s: cannot commit", s->path);
		err->sys = sys;
	} else {
		code = rc_kv_commit(t, err);
	}
	leave(s);
	return code;
}

enum rc_code rc_store_write(struct rc_store *s, void (*apply)(struct rc_store *, struct rc_kv_txn *, void *), void *ctx,
			    int (*before_commit)(void *), void *seam, struct rc_err *err)
{
	enum rc_code code;
	struct rc_err e;

	do {
		e = (struct rc_err){0};
		code = try_write(s, apply, ctx, before_commit, seam, &e);
	} while (code && rc_kv_is_map_full(&e) && !(code = exclusively(s, rc_kv_grow, &e)));
	if (code && err)
		*err = e;
	return code;
}

uint64_t rc_meta_u64(struct rc_kv_txn *t, const char *name)
{
	struct rc_slice v;

	if (!rc_kv_get(t, RC_KV_META, rc_slice_str(name), &v))
		return 0;
	if (v.n != 8) {
		rc_kv_damaged(t, RC_KV_META, name);
		return 0;
	}
	return rc_get_u64((const uint8_t *)v.p);
}

void rc_meta_put_u64(struct rc_kv_txn *t, const char *name, uint64_t n)
{
	struct rc_key v = {.n = 0};

	rc_key_u64(&v, n);
	rc_kv_put(t, RC_KV_META, rc_slice_str(name), rc_key_slice(&v));
}
