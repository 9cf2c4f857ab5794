/* tests/crash/alloc_shim.c - preloaded into rollcall by the crash tests: its N-th allocation fails.
 *
 * Counted, over all threads, is every malloc, calloc, realloc and aligned allocation of the program and of its
 * libraries, those of the C library included. Environment:
 *   CRASH_ALLOC=N      the N-th one fails with ENOMEM (1 is the first); `N+`: and every later one
 *   CRASH_ALLOC_AT=FILE  told there: number, size and who asked, once one has failed; "0 COUNT" if none had to
 * It works in any build of the program and needs nothing from it. Made with UNTIL_MAIN_ENDS it counts only what is
 * asked for until main returns: in a build that counts coverage the rest is the coverage library's own, which writes
 * down then what it counted. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EARLY = 64 << 10 };

static atomic_long counted;
static atomic_bool over;
static long fail_at;
static bool for_good;
static const char *told;
static char early[EARLY]; /* what dlsym itself asks for while the real functions are looked up */
static size_t early_used;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static void (*real_free)(void *);

static void find_real(void)
{
	static bool looking;

	if (real_free || looking)
		return;
	looking = true;
	real_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	real_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	real_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	real_posix_memalign = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
	real_aligned_alloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc");
	real_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	looking = false;
}

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("CRASH_ALLOC");
	char *end = NULL;

	find_real();
	told = getenv("CRASH_ALLOC_AT");
	unsetenv("LD_PRELOAD"); /* programs that rollcall runs are not meant */
	atomic_store(&counted, 0);
	fail_at = at ? strtol(at, &end, 10) : 0;
	for_good = end && *end == '+';
}

static void tell(long n, size_t size, void *from)
{
	const char *slash;
	char line[300];
	Dl_info who;
	int fd, len;
	ssize_t ignored;

	if (!told)
		return;
	fd = open(told, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (!dladdr(from, &who))
		who = (Dl_info){.dli_fname = "?"};
	slash = strrchr(who.dli_fname, '/');
	len = snprintf(line, sizeof(line), "%ld %zu %s+%#lx\n", n, size, slash ? slash + 1 : who.dli_fname,
		       (unsigned long)((uintptr_t)from - (uintptr_t)who.dli_fbase));
	ignored = write(fd, line, (size_t)len);
	(void)ignored;
	close(fd);
}

/* Counts one allocation; true: it is to fail. */
static bool fails(size_t size, void *from)
{
	long n;

	if (!fail_at || atomic_load(&over))
		return false;
	n = atomic_fetch_add(&counted, 1) + 1;
	if (n < fail_at || (n > fail_at && !for_good))
		return false;
	if (n == fail_at)
		tell(n, size, from);
	errno = ENOMEM;
	return true;
}

#ifdef UNTIL_MAIN_ENDS
typedef int main_fn(int, char **, char **);
typedef int start_fn(main_fn *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

static main_fn *real_main;

static int counted_main(int argc, char **argv, char **env)
{
	int code = real_main(argc, argv, env);

	atomic_store(&over, true);
	return code;
}

/* What the program's first instructions call with its main; under a name of its own in C, as the C library keeps it. */
start_fn shim_start __asm__("__libc_start_main");

int shim_start(main_fn *its_main, int argc, char **argv, void (*init)(void), void (*fini)(void),
	       void (*loader_fini)(void), void *stack)
{
	start_fn *start = (start_fn *)dlsym(RTLD_NEXT, "__libc_start_main");

	real_main = its_main;
	return start(counted_main, argc, argv, init, fini, loader_fini, stack);
}
#endif

__attribute__((destructor)) static void end(void)
{
	char line[40];
	ssize_t ignored;
	int fd;

	if (!told || atomic_load(&counted) >= fail_at)
		return;
	fd = open(told, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ignored = write(fd, line, (size_t)snprintf(line, sizeof(line), "0 %ld\n", atomic_load(&counted)));
	(void)ignored;
	close(fd);
}

static void *from_early(size_t size)
{
	void *p = early + early_used;

	early_used += (size + 15) & ~(size_t)15;
	return early_used > EARLY ? NULL : p;
}

static bool is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + EARLY;
}

void *malloc(size_t size)
{
	find_real();
	if (!real_malloc)
		return from_early(size);
	return fails(size, __builtin_return_address(0)) ? NULL : real_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	find_real();
	if (!real_calloc)
		return from_early(n * size); /* zeros, never used before */
	return fails(n * size, __builtin_return_address(0)) ? NULL : real_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	find_real();
	if (is_early(p)) {
		void *q = malloc(size);

		if (q)
			memcpy(q, p, size); /* at most too much of the same array */
		return q;
	}
	return fails(size, __builtin_return_address(0)) ? NULL : real_realloc(p, size);
}

int posix_memalign(void **ret, size_t align, size_t size)
{
	find_real();
	return fails(size, __builtin_return_address(0)) ? ENOMEM : real_posix_memalign(ret, align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	find_real();
	return fails(size, __builtin_return_address(0)) ? NULL : real_aligned_alloc(align, size);
}

void free(void *p)
{
	if (!is_early(p) && real_free)
		real_free(p);
}
