/* Work done aside is done once, whether a thread did it or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "engine/base/aside.h"

struct work {
	unsigned times;
	pthread_t by;
};

static void work(void *ctx)
{
	struct work *w = ctx;

	w->times++;
	w->by = pthread_self();
}

static void a_thread_does_it(void **state)
{
	struct work w = {0};
	struct rc_aside a;

	(void)state;
	rc_aside_begin(&a, work, &w);
	rc_aside_end(&a);
	assert_int_equal(w.times, 1);
	assert_false(pthread_equal(w.by, pthread_self()));
	rc_aside_end(&a);
	assert_int_equal(w.times, 1);
}

/* As it is left by a system that has no more threads. */
static void without_a_thread_the_end_does_it(void **state)
{
	struct work w = {0};
	struct rc_aside a = {.fn = work, .ctx = &w};

	(void)state;
	rc_aside_end(&a);
	assert_int_equal(w.times, 1);
	assert_true(pthread_equal(w.by, pthread_self()));
	rc_aside_end(&(struct rc_aside){0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_does_it),
		cmocka_unit_test(without_a_thread_the_end_does_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
