#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine/base/buf.h"
#include "engine/base/harden.h"

static void the_process_is_hardened(void **state)
{
	struct rlimit l;
	int fds[2];

	(void)state;
	rc_harden();
	assert_int_equal(getrlimit(RLIMIT_CORE, &l), 0);
	assert_int_equal(l.rlim_cur, 0);
	assert_int_equal(l.rlim_max, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &l), 0);
	assert_true(l.rlim_cur == l.rlim_max);
#ifndef __SANITIZE_ADDRESS__
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
#endif
	assert_int_equal(umask(077), 077);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(write(fds[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(fds[1]);
}

static void a_closed_stdout_stays_an_error_and_lends_its_number_to_nobody(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		close(STDOUT_FILENO);
		rc_harden();
		if (write(STDOUT_FILENO, "x", 1) != -1 || errno != EBADF)
			_exit(1);
		_exit(dup(STDERR_FILENO) > STDERR_FILENO ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_secret_buffer_keeps_its_bytes_while_it_grows(void **state)
{
	struct rc_buf b = {.secret = true, .max = 100000};

	(void)state;
	for (int i = 0; i < 10000; i++)
		rc_buf_addf(&b, "%04d", i);
	assert_int_equal(b.n, 40000);
	assert_int_equal(strncmp(b.p + 4 * 9999, "9999", 5), 0);
	assert_int_equal(strncmp(b.p, "00000001", 8), 0);
	rc_buf_wipe(&b);
	assert_true(b.secret && !b.p && b.max == 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_process_is_hardened),
		cmocka_unit_test(a_closed_stdout_stays_an_error_and_lends_its_number_to_nobody),
		cmocka_unit_test(a_secret_buffer_keeps_its_bytes_while_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
