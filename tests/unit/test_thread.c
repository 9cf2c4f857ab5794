/* A thread beside the caller: no signals of others', and another processor where there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include "engine/base/thread.h"

struct seen {
	pthread_barrier_t placed;
	sigset_t blocked;
	cpu_set_t may;
};

static void *look(void *arg)
{
	struct seen *s = arg;

	pthread_barrier_wait(&s->placed); /* the caller places it once it has begun */
	pthread_sigmask(SIG_SETMASK, NULL, &s->blocked);
	sched_getaffinity(0, sizeof(s->may), &s->may);
	return NULL;
}

static struct seen seen_beside(void)
{
	struct seen s;
	pthread_t t;

	pthread_barrier_init(&s.placed, NULL, 2);
	assert_true(rc_thread_beside(&t, look, &s));
	pthread_barrier_wait(&s.placed);
	pthread_join(t, NULL);
	pthread_barrier_destroy(&s.placed);
	return s;
}

static void signals_are_the_callers(void **state)
{
	struct seen s = seen_beside();
	sigset_t here;

	(void)state;
	assert_true(sigismember(&s.blocked, SIGTERM) && sigismember(&s.blocked, SIGINT) &&
		    sigismember(&s.blocked, SIGCHLD));
	assert_false(sigismember(&s.blocked, SIGBUS) || sigismember(&s.blocked, SIGSEGV));
	pthread_sigmask(SIG_SETMASK, NULL, &here);
	assert_false(sigismember(&here, SIGTERM));
}

static void processors_are_shared_out(void **state)
{
	cpu_set_t all, one;
	struct seen s;
	int n;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	n = CPU_COUNT(&all);
	s = seen_beside();
	assert_int_equal(CPU_COUNT(&s.may), n > 1 ? n - 1 : 1);
	CPU_ZERO(&one);
	for (unsigned i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	s = seen_beside(); /* of one processor both have it */
	assert_true(CPU_EQUAL(&s.may, &one));
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(signals_are_the_callers),
					   cmocka_unit_test(processors_are_shared_out)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
