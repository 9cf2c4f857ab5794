/* The progress line: what it says, how often, and that it steps aside for the log. Virtual time, a pipe for a terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "engine/base/log.h"
#include "engine/progress.h"

#define MS 1000000LL

static int ends[2];
static char text[65536];

static int setup(void **state)
{
	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static const char *drawn(void)
{
	ssize_t n = read(ends[0], text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = 0;
	return text;
}

static size_t count_of(const char *in, const char *what)
{
	size_t n = 0;

	while ((in = strstr(in, what))) {
		n++;
		in += strlen(what);
	}
	return n;
}

static void test_what_it_says(void **state)
{
	struct rc_progress *p = rc_progress_new(ends[1], RC_PROGRESS_LINE, false);
	struct rc_progress_state s = {.phase = RC_PHASE_WRITE, .total = 10000};

	(void)state;
	rc_progress_update(p, &s, 0);
	assert_string_equal(drawn(), "\rapplying 0/10000 (0%)\033[K");
	s.done = 500;
	s.in_flight = 8;
	s.busy = 3;
	rc_progress_update(p, &s, 2500 * MS);
	assert_string_equal(drawn(), "\rapplying 500/10000 (5%), 200 users/s, 8 in flight, 3 busy, ETA 48 s\033[K");
	s = (struct rc_progress_state){
		.phase = RC_PHASE_WRITE, .done = 500, .total = 10000, .wait = RC_WAIT_BUSY, .wait_s = 1.4};
	rc_progress_update(p, &s, 2600 * MS);
	assert_non_null(strstr(drawn(), "  busy: next call in 1.4 s\033[K"));
	s.wait = RC_WAIT_SEATS;
	s.parked = 37;
	rc_progress_update(p, &s, 2700 * MS);
	assert_non_null(strstr(drawn(), "  seat limit: 37 waiting\033[K"));
	rc_progress_free(p);
	assert_string_equal(drawn(), "\r\033[K");
}

static void test_ten_times_a_second(void **state)
{
	struct rc_progress *p = rc_progress_new(ends[1], RC_PROGRESS_LINE, true);
	struct rc_progress_state s = {.phase = RC_PHASE_READ, .wait = RC_WAIT_THROTTLED, .wait_s = 200};

	(void)state;
	for (int64_t ms = 0; ms < 1000; ms++, s.done++)
		rc_progress_update(p, &s, ms * MS);
	assert_int_equal(count_of(drawn(), "\r"), 10);
	assert_non_null(strstr(text, "\033[33mthrottled: next call in 3 min\033[0m"));
	rc_progress_free(p);
}

static void test_fits_the_line(void **state)
{
	struct rc_progress *p = rc_progress_new(ends[1], RC_PROGRESS_LINE, false);
	struct rc_progress_state s = {.phase = RC_PHASE_CONFIRM,
				      .done = UINT64_MAX - 1,
				      .total = UINT64_MAX,
				      .failed = UINT64_MAX,
				      .in_flight = UINT32_MAX,
				      .busy = UINT64_MAX,
				      .throttled = UINT64_MAX,
				      .wait = RC_WAIT_SETTLE,
				      .wait_s = 1e12};

	(void)state;
	rc_progress_update(p, &s, 0);
	assert_true(strlen(drawn()) <= 1 + 79 + 3);
	assert_non_null(strstr(text, "settling: next look in"));
	rc_progress_free(p);
}

static void test_log_lines_push_it_aside(void **state)
{
	struct rc_progress *p = rc_progress_new(ends[1], RC_PROGRESS_LINE, false);
	struct rc_progress_state s = {.phase = RC_PHASE_LIST, .done = 5};
	int keep = dup(STDERR_FILENO);

	(void)state;
	rc_progress_update(p, &s, 0);
	drawn();
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	rc_log(RC_LOG_WARN, "hello");
	dup2(keep, STDERR_FILENO);
	close(keep);
	drawn();
	assert_memory_equal(text, "\r\033[K", 4);
	assert_non_null(strstr(text, "hello\n\rreading lists 5\033[K"));
	rc_progress_free(p);
}

static void test_plain_lines_every_ten_seconds(void **state)
{
	struct rc_progress *p = rc_progress_new(ends[1], RC_PROGRESS_AUTO, false); /* a pipe is no terminal */
	struct rc_progress_state s = {.phase = RC_PHASE_WRITE, .total = 1000, .wait = RC_WAIT_BUSY, .wait_s = 3};
	int keep = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	for (int64_t ms = 0; ms <= 35000; ms += 50, s.done = (uint64_t)ms / 100)
		rc_progress_update(p, &s, ms * MS);
	dup2(keep, STDERR_FILENO);
	close(keep);
	assert_int_equal(count_of(drawn(), "\n"), 3);
	assert_non_null(strstr(text, "applying 100/1000 (10%), 10 users/s, ETA 90 s; busy: next call in 3.0 s\n"));
	assert_null(strchr(text, '\r'));
	rc_progress_free(p);
}

static void test_off(void **state)
{
	struct rc_progress *p = rc_progress_new(ends[1], RC_PROGRESS_OFF, false);
	struct rc_progress_state s = {0};

	(void)state;
	rc_progress_update(p, &s, 0);
	rc_progress_update(p, &s, 100000 * MS);
	rc_progress_free(p);
	rc_progress_free(NULL);
	assert_string_equal(drawn(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_it_says, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ten_times_a_second, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fits_the_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log_lines_push_it_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plain_lines_every_ten_seconds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_off, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
