/* The system call filter: what it refuses fails, what is needed goes on. Each in a process of its own, for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "engine/base/confine.h"

static void *thread(void *arg)
{
	*(int *)arg = 7;
	return NULL;
}

static bool refused(long rc)
{
	return rc == -1 && errno == EPERM;
}

static bool spawns(void)
{
	static char name[] = "true";
	char *argv[] = {name, NULL};
	int status = -1;
	pid_t pid;

	return posix_spawnp(&pid, name, NULL, NULL, argv, environ) == 0 && waitpid(pid, &status, 0) == pid &&
	       status == 0;
}

enum { NOT_BUILT = 77 };

/* 0, or the number of what was not as it should be. */
static int never_needed(void)
{
	struct timespec now = {0};

	if (!refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)))
		return 1;
	if (!refused(syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL)))
		return 2;
	if (!refused(syscall(SYS_keyctl, 0, 0, 0, 0, 0)))
		return 3;
	if (!refused(syscall(SYS_bpf, 0, NULL, 0)))
		return 4;
	if (!refused(syscall(SYS_unshare, 0)))
		return 5;
	if (!refused(syscall(SYS_clock_settime, CLOCK_REALTIME, &now)))
		return 6;
	if (!refused(socket(AF_PACKET, SOCK_RAW, 0)) || !refused(socket(AF_VSOCK, SOCK_STREAM, 0)) ||
	    !refused(socket(AF_UNSPEC, SOCK_STREAM, 0)))
		return 7;
	return 0;
}

static int needed(void)
{
	pthread_t t;
	int got = 0, fd;

	if (pthread_create(&t, NULL, thread, &got) || pthread_join(t, NULL) || got != 7)
		return 11;
	fd = open("/dev/null", O_RDWR);
	if (fd < 0 || write(fd, "x", 1) != 1)
		return 12;
	if (socket(AF_INET, SOCK_STREAM, 0) < 0 || socket(AF_INET6, SOCK_STREAM, 0) < 0 ||
	    socket(AF_UNIX, SOCK_STREAM, 0) < 0 || socket(AF_NETLINK, SOCK_RAW, 0) < 0)
		return 13;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		return 14;
	return 0;
}

static int with_programs(void)
{
	struct rc_err err;
	enum rc_code code = rc_confine(true, &err);

	if (code)
		return code == RC_USAGE ? NOT_BUILT : 20;
	return never_needed() ? never_needed() : needed() ? needed() : spawns() ? 0 : 21;
}

static int without_programs(void)
{
	struct rc_err err;
	enum rc_code code = rc_confine(false, &err);

	if (code)
		return code == RC_USAGE ? NOT_BUILT : 30;
	if (spawns())
		return 31;
	if (!refused(syscall(SYS_execve, "/bin/true", NULL, NULL)))
		return 32;
	if (!refused(fork()))
		return 33;
	if (!refused(setgid(0)) || !refused(setuid(0)))
		return 34;
	errno = 0;
	if (mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ||
	    errno != EPERM)
		return 35;
	return never_needed() ? never_needed() : needed();
}

static void in_a_process(int (*f)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(f());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_BUILT)
		skip(); /* made without libseccomp */
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_with_programs(void **state)
{
	(void)state;
	in_a_process(with_programs);
}

static void test_without_programs(void **state)
{
	(void)state;
	in_a_process(without_programs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_with_programs),
					   cmocka_unit_test(test_without_programs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
