#include "engine/base/aside.h"
#include "engine/base/thread.h"

static void *run(void *arg)
{
	const struct rc_aside *a = arg;

	a->fn(a->ctx);
	return NULL;
}

void rc_aside_begin(struct rc_aside *a, void (*fn)(void *ctx), void *ctx)
{
	*a = (struct rc_aside){.fn = fn, .ctx = ctx};
	a->started = rc_thread_beside(&a->thread, run, a);
}

void rc_aside_end(struct rc_aside *a)
{
	if (a->started)
		pthread_join(a->thread, NULL);
	else if (a->fn)
		a->fn(a->ctx);
	*a = (struct rc_aside){0};
}
