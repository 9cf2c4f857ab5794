#include "engine/base/alloc.h"
#include "engine/base/err.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_size_t fail_in; /* calls left before one fails; 0: never */

static void out_of_memory(void)
{
	static const char msg[] = "rollcall: out of memory; the state is intact, run again with more memory\n";
	ssize_t ignored = write(STDERR_FILENO, msg, sizeof(msg) - 1);

	(void)ignored;
	_exit(RC_INTERNAL);
}

static void *checked(void *p)
{
	if (!p)
		out_of_memory();
	if (atomic_load_explicit(&fail_in, memory_order_relaxed) && atomic_fetch_sub(&fail_in, 1) == 1)
		out_of_memory();
	return p;
}

void rc_alloc_fail_at(size_t nth)
{
	atomic_store(&fail_in, nth);
}

void *rc_xmalloc(size_t n)
{
	return checked(malloc(n ? n : 1));
}

void *rc_xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *rc_xrealloc(void *p, size_t n)
{
	return checked(realloc(p, n ? n : 1));
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
	return checked(strdup(s));
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
	return checked(n < 0 ? NULL : p);
}
