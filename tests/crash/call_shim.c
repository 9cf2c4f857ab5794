/* tests/crash/call_shim.c - preloaded into rollcall by the crash tests: one chosen call of a library fails.
 *
 * Every function of calls.def is counted, over all threads and whoever calls it (the program or another library).
 * Environment:
 *   CRASH_CALL=NAME:N[+]  the N-th call of NAME fails (1 is the first); `+`: and every later one
 *   CRASH_CALL_AT=FILE    told there at the end: "NAME COUNT" per function that was called, and "!" once one failed
 *
 * A failing function does nothing, sets errno and returns what it documents for a failure. All arguments are passed on
 * as words, which is how the 64-bit systems that we build for pass them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum call {
#define X(name, value, error) AT_##name,
#include "tests/crash/calls.def"
#undef X
	N_CALLS
};

typedef long word_function(long, long, long, long, long, long, long, long);

static const char *const names[] = {
#define X(name, value, error) #name,
#include "tests/crash/calls.def"
#undef X
};
static atomic_long counted[N_CALLS];
static word_function *real[N_CALLS];
static enum call chosen = N_CALLS;
static long fail_at;
static bool for_good;
static atomic_bool failed, over;
static const char *told;
static uintptr_t uv_begin, uv_end; /* where libuv is */

/* libuv answers a failing system call by abort(); what can be done about that is done before it is started. */
static int find_uv(struct dl_phdr_info *lib, size_t size, void *unused)
{
	(void)size, (void)unused;
	if (!strstr(lib->dlpi_name, "libuv.so"))
		return 0;
	uv_begin = lib->dlpi_addr;
	for (int i = 0; i < lib->dlpi_phnum; i++)
		if (lib->dlpi_phdr[i].p_type == PT_LOAD)
			uv_end = lib->dlpi_addr + lib->dlpi_phdr[i].p_vaddr + lib->dlpi_phdr[i].p_memsz;
	return 1;
}

/* The program's own calls come after this; what the loader and other constructors do before is not counted. */
__attribute__((constructor)) static void begin(void)
{
	const char *call = getenv("CRASH_CALL"), *colon = call ? strchr(call, ':') : NULL;
	char *end = NULL;

	told = getenv("CRASH_CALL_AT");
	unsetenv("LD_PRELOAD"); /* programs that rollcall runs are not meant */
	dl_iterate_phdr(find_uv, NULL);
	if (!colon)
		return;
	fail_at = strtol(colon + 1, &end, 10);
	for_good = *end == '+';
	for (enum call c = 0; c < N_CALLS; c++)
		if (strlen(names[c]) == (size_t)(colon - call) && strncmp(names[c], call, (size_t)(colon - call)) == 0)
			chosen = c;
}

/* By bare system calls: nothing of this is counted, or fails. */
__attribute__((destructor)) static void end(void)
{
	char text[N_CALLS * 50];
	size_t n = 0;
	long fd;

	if (!told)
		return;
	if (atomic_load(&failed))
		n += (size_t)snprintf(text, sizeof(text), "!\n");
	for (enum call c = 0; c < N_CALLS; c++)
		if (atomic_load(&counted[c]))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %ld\n", names[c],
					      atomic_load(&counted[c]));
	fd = syscall(SYS_openat, AT_FDCWD, told, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	syscall(SYS_write, fd, text, n);
	syscall(SYS_close, fd);
}

/* A build that counts coverage writes it down at its very end, by calls of the same names. */
static bool is_coverage(enum call c, long path)
{
	const char *text = (const char *)(uintptr_t)path;
	size_t n = c == AT_open || c == AT_open64 ? strlen(text) : 0;

	return n > 5 && strcmp(text + n - 5, ".gcda") == 0;
}

static bool fails(enum call c, long first, void *from)
{
	long n;

	if (!real[c])
		*(void **)&real[c] = dlsym(RTLD_NEXT, names[c]);
	if (is_coverage(c, first))
		atomic_store(&over, true);
	if (atomic_load(&over) || ((uintptr_t)from >= uv_begin && (uintptr_t)from < uv_end))
		return false;
	n = atomic_fetch_add(&counted[c], 1) + 1;
	if (c != chosen || n < fail_at || (n > fail_at && !for_good))
		return false;
	atomic_store(&failed, true);
	return true;
}

/* Under a name of their own in C, so that no header's prototype stands against the words. */
#define X(name, value, error)                                                                                          \
	long shim_##name(long a, long b, long c, long d, long e, long f, long g, long h) __asm__(#name);               \
	long shim_##name(long a, long b, long c, long d, long e, long f, long g, long h)                               \
	{                                                                                                              \
		if (!fails(AT_##name, a, __builtin_return_address(0)))                                                 \
			return real[AT_##name](a, b, c, d, e, f, g, h);                                                \
		errno = error;                                                                                         \
		return value;                                                                                          \
	}
#include "tests/crash/calls.def"
#undef X
