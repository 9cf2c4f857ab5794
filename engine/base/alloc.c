#include "engine/base/alloc.h"
#include "engine/base/err.h"
#include <stdarg.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void out_of_memory(void)
{
	static const char msg[] = "rollcall: out of memory; the state is intact, run again with more memory\n";
	ssize_t ignored = write(STDERR_FILENO, msg, sizeof(msg) - 1);

	(void)ignored;
	_exit(RC_INTERNAL);
}

void *rc_xchecked(void *p)
{
	if (!p)
		out_of_memory();
	return p;
}

void rc_xenomem(void)
{
	if (errno == ENOMEM)
		out_of_memory();
}

void *rc_xmalloc(size_t n)
{
	return rc_xchecked(malloc(n ? n : 1));
}

void *rc_xcalloc(size_t count, size_t size)
{
	return rc_xchecked(calloc(count ? count : 1, size ? size : 1));
}

void *rc_xrealloc(void *p, size_t n)
{
	return rc_xchecked(realloc(p, n ? n : 1));
}

void *rc_xreallocarray(void *p, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		out_of_memory();
	return rc_xrealloc(p, n);
}

char *rc_xstrdup(const char *s)
{
	return rc_xchecked(strdup(s));
}

char *rc_xstrndup(struct rc_slice s)
{
	char *p = rc_xmalloc(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return p;
}

char *rc_xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	return rc_xchecked(n < 0 ? NULL : p);
}

void rc_alloc_one_heap(void)
{
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
}
