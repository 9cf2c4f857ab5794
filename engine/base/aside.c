#include "engine/base/aside.h"
#include <signal.h>

static void *run(void *arg)
{
	const struct rc_aside *a = arg;

	a->fn(a->ctx);
	return NULL;
}

void rc_aside_begin(struct rc_aside *a, void (*fn)(void *ctx), void *ctx)
{
	sigset_t most, old;

	*a = (struct rc_aside){.fn = fn, .ctx = ctx};
	sigfillset(&most);
	sigdelset(&most, SIGBUS);
	sigdelset(&most, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &most, &old);
	a->started = pthread_create(&a->thread, NULL, run, a) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void rc_aside_end(struct rc_aside *a)
{
	if (a->started)
		pthread_join(a->thread, NULL);
	else if (a->fn)
		a->fn(a->ctx);
	*a = (struct rc_aside){0};
}
