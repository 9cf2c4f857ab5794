#include "engine/store/share.h"
#include "engine/base/thread.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum {
	WORTH_A_THREAD = 16 * RC_SHARE_STEP,
	/* Bytes of the state that are shown, until they are given back. To do so costs a walk over all that is mapped,
	 * and the other thread a visit from the kernel. */
	LET_GO_AT = 16 << 20,
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

/* Bytes of files that this process sees in its memory, by /proc/self/statm. How many a page fault shows is the
 * system's choice: 16 pages, or as much as it has cached in one piece. */
static size_t shown(int statm)
{
	char text[128];
	ssize_t n = pread(statm, text, sizeof(text) - 1, 0);
	unsigned long pages;

	text[n > 0 ? n : 0] = 0;
	return sscanf(text, "%*u %*u %lu", &pages) == 1 ? pages * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static void *work(void *arg)
{
	struct hand *h = arg;
	struct shared *s = h->all;
	int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC); /* without it nothing can be given back */
	size_t before = shown(statm), from;

	while ((from = atomic_fetch_add(&s->next, RC_SHARE_STEP)) < s->n) {
		size_t to = s->n - from < RC_SHARE_STEP ? s->n : from + RC_SHARE_STEP;

		s->fn(h->view, s->ctx, from, to, h->mem);
		if (shown(statm) >= before + LET_GO_AT) /* together: the other thread may have given back already */
			rc_view_let_go(h->view);
	}
	if (statm >= 0)
		close(statm);
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
