#include "engine/store/share.h"
#include "engine/base/thread.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

enum {
	WORTH_A_THREAD = 16 * RC_SHARE_STEP,
	/* Faults, after which the memory that they showed is given back: with those of one more step 16 MiB at most,
	 * where every look-up is one. To give it back costs a walk over all that is mapped, and the other thread a
	 * visit from the kernel. */
	LET_GO_AT = 128,
};

struct shared {
	rc_share_fn fn;
	void *ctx;
	size_t n;
	atomic_size_t next;
};

struct hand {
	struct shared *all;
	struct rc_view *view;
	struct rc_arena *mem;
};

/* Pages of the map that this thread had to be shown, of 16 at once at most, and of whatever else. */
static long shown(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) ? LONG_MAX : u.ru_minflt;
}

static void *work(void *arg)
{
	struct hand *h = arg;
	struct shared *s = h->all;
	long before = shown();
	size_t from;

	while ((from = atomic_fetch_add(&s->next, RC_SHARE_STEP)) < s->n) {
		size_t to = s->n - from < RC_SHARE_STEP ? s->n : from + RC_SHARE_STEP;
		long now;

		s->fn(h->view, s->ctx, from, to, h->mem);
		now = shown();
		if (now - before < LET_GO_AT)
			continue;
		rc_view_let_go(h->view);
		before = now;
	}
	return NULL;
}

void rc_view_alone(struct rc_view *v, size_t n, rc_share_fn fn, void *ctx, struct rc_arena *mem)
{
	struct shared s = {.fn = fn, .ctx = ctx, .n = n};

	work(&(struct hand){&s, v, mem});
}

void rc_view_share(struct rc_view *v, size_t n, rc_share_fn fn, void *ctx, struct rc_arena *mem)
{
	struct shared s = {.fn = fn, .ctx = ctx, .n = n};
	struct rc_arena texts = {0};
	struct hand here = {&s, v, mem}, there = {&s, NULL, mem ? &texts : NULL};
	pthread_t thread;
	bool started = false;

	if (n >= WORTH_A_THREAD && (there.view = rc_view_twin(v)))
		started = rc_thread_beside(&thread, work, &there);
	work(&here);
	if (started)
		pthread_join(thread, NULL);
	if (there.view)
		rc_view_twin_end(v, there.view);
	if (mem)
		rc_arena_join(mem, &texts);
}
