#include "engine/base/thread.h"
#include <sched.h>
#include <signal.h>

/* Best effort: a system with more processors than the set holds places threads by itself. */
static void keep_off_this_processor(pthread_t thread)
{
	cpu_set_t may;
	int here = sched_getcpu();

	if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof(may), &may) || CPU_COUNT(&may) < 2)
		return;
	CPU_CLR((unsigned)here, &may);
	pthread_setaffinity_np(thread, sizeof(may), &may);
}

bool rc_thread_beside(pthread_t *ret, void *(*fn)(void *arg), void *arg)
{
	sigset_t most, old;
	bool started;

	sigfillset(&most);
	sigdelset(&most, SIGBUS);
	sigdelset(&most, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &most, &old);
	started = pthread_create(ret, NULL, fn, arg) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (started)
		keep_off_this_processor(*ret);
	return started;
}
