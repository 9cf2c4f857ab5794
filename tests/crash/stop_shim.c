/* tests/crash/stop_shim.c - preloaded into rollcall by the crash tests: ends or disturbs it at a chosen system call.
 *
 * Counted, in order, over all threads: calls that change a regular file or a directory, and calls that send or receive
 * on a socket. Environment:
 *   CRASH_STOP=N            SIGKILL in place of the N-th counted call (1 is the first)
 *   CRASH_TRACE=FILE        one line per counted call: number, name, path
 *   CRASH_FAULT=ERRNO:TEXT:N[:TIMES]  from the N-th call on that changes a file whose path holds TEXT, so many times
 * (0: for ever), the call fails with errno (ENOSPC or EIO) It works in any build of the program and needs nothing from
 * it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long counted, matching;
static long stop_at, fault_from, fault_times;
static int fault_errno, trace_fd = -1;
static char fault_text[200];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
	const char *stop = getenv("CRASH_STOP"), *trace = getenv("CRASH_TRACE"), *fault = getenv("CRASH_FAULT");
	char name[16] = "";

	stop_at = stop ? strtol(stop, NULL, 10) : 0;
	if (trace)
		trace_fd = REAL(open)(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fault && sscanf(fault, "%15[A-Z]:%199[^:]:%ld:%ld", name, fault_text, &fault_from, &fault_times) >= 3)
		fault_errno = strcmp(name, "EIO") == 0 ? EIO : ENOSPC;
	unsetenv("LD_PRELOAD"); /* programs that rollcall runs are not meant */
}

static void path_of(int fd, char path[500])
{
	char link[40];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, 499);
	path[n > 0 ? n : 0] = 0;
}

/* Counts one call; true: it is to fail with errno. */
static bool step(const char *name, const char *path, bool file)
{
	long n = atomic_fetch_add(&counted, 1) + 1;
	char line[700];

	if (trace_fd >= 0) {
		int len = snprintf(line, sizeof(line), "%ld %s %s\n", n, name, path);
		ssize_t ignored = REAL(write)(trace_fd, line, (size_t)len);

		(void)ignored;
	}
	if (n == stop_at)
		raise(SIGKILL);
	if (!file || !fault_errno || !strstr(path, fault_text))
		return false;
	n = atomic_fetch_add(&matching, 1) + 1;
	if (n < fault_from || (fault_times && n >= fault_from + fault_times))
		return false;
	errno = fault_errno;
	return true;
}

static bool fd_step(const char *name, int fd)
{
	struct stat st;
	char path[500] = "";
	int saved = errno;
	bool fails = false;

	if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISSOCK(st.st_mode))) {
		path_of(fd, path);
		fails = step(name, path, !S_ISSOCK(st.st_mode));
	}
	if (!fails)
		errno = saved;
	return fails;
}

#define ON_FD(type, name, fd, proto, args)                                                                             \
	type name proto                                                                                                \
	{                                                                                                              \
		return fd_step(#name, fd) ? (type)-1 : REAL(name) args;                                                \
	}

ON_FD(ssize_t, write, fd, (int fd, const void *p, size_t n), (fd, p, n))
ON_FD(ssize_t, writev, fd, (int fd, const struct iovec *v, int n), (fd, v, n))
ON_FD(ssize_t, pwrite, fd, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at))
ON_FD(ssize_t, pwrite64, fd, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at))
ON_FD(ssize_t, pwritev, fd, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
ON_FD(int, fsync, fd, (int fd), (fd))
ON_FD(int, fdatasync, fd, (int fd), (fd))
ON_FD(int, ftruncate, fd, (int fd, off_t n), (fd, n))
ON_FD(int, ftruncate64, fd, (int fd, off64_t n), (fd, n))
ON_FD(ssize_t, send, fd, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
ON_FD(ssize_t, sendto, fd, (int fd, const void *p, size_t n, int flags, const struct sockaddr *to, socklen_t to_n),
      (fd, p, n, flags, to, to_n))
ON_FD(ssize_t, recv, fd, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))

#define ON_PATH(name, path, proto, args)                                                                               \
	int name proto                                                                                                 \
	{                                                                                                              \
		return step(#name, path, true) ? -1 : REAL(name) args;                                                 \
	}

ON_PATH(rename, from, (const char *from, const char *to), (from, to))
ON_PATH(renameat, from, (int d1, const char *from, int d2, const char *to), (d1, from, d2, to))
ON_PATH(mkdir, path, (const char *path, mode_t mode), (path, mode))
ON_PATH(mkdirat, path, (int dir, const char *path, mode_t mode), (dir, path, mode))
ON_PATH(unlink, path, (const char *path), (path))
ON_PATH(unlinkat, path, (int dir, const char *path, int flags), (dir, path, flags))
