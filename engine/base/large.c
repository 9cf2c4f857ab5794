#include "engine/base/large.h"
#include "engine/base/alloc.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 2 << 20 };

static size_t bytes_of(size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n) || n > SIZE_MAX / 2)
		rc_xchecked(NULL);
	return n;
}

static size_t whole_pages(size_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

/* Begins where a large page does: what lies before and behind is given back. */
static void *map(size_t n)
{
	size_t want = whole_pages(n), before;
	char *p = mmap(NULL, want + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return rc_xchecked(NULL);
	before = (PAGE - (uintptr_t)p % PAGE) % PAGE;
	if (before)
		munmap(p, before);
	munmap(p + before + want, PAGE - before);
	madvise(p + before, want, MADV_HUGEPAGE);
	return p + before;
}

void *rc_large_calloc(size_t count, size_t size)
{
	size_t n = bytes_of(count, size);

	return n < RC_LARGE ? rc_xcalloc(count, size) : map(n);
}

/* Its pages are moved, not copied. */
static bool move(void *p, size_t before, void *bigger, size_t n)
{
	return before >= RC_LARGE &&
	       mremap(p, whole_pages(before), whole_pages(n), MREMAP_MAYMOVE | MREMAP_FIXED, bigger) != MAP_FAILED;
}

void *rc_large_grow(void *p, size_t before, size_t count, size_t size)
{
	void *bigger = rc_large_calloc(count, size);

	if (move(p, before * size, bigger, count * size))
		return bigger;
	if (before)
		memcpy(bigger, p, before * size);
	rc_large_free(p, before, size);
	return bigger;
}

void rc_large_free(void *p, size_t count, size_t size)
{
	size_t n = count * size;

	if (n < RC_LARGE)
		free(p);
	else if (p)
		munmap(p, whole_pages(n));
}
