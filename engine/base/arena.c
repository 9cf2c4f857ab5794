#include "engine/base/arena.h"
#include "engine/base/alloc.h"
#include <openssl/crypto.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { FIRST_BLOCK = 4096, LARGEST_STEP = 256 << 10, LARGE_PAGE = 2 << 20, ALIGN = 16 };

struct rc_arena_block {
	struct rc_arena_block *next;
	size_t cap, used;
	alignas(16) char data[];
};

/* An arena of that size goes on growing: its blocks are large pages, each touched for the first time at once, which
 * costs a tenth of 512 small ones. Where there are none it is memory like any other. */
static struct rc_arena_block *large_block(void)
{
	void *p;

	if (posix_memalign(&p, LARGE_PAGE, LARGE_PAGE))
		return rc_xchecked(NULL);
	madvise(p, LARGE_PAGE, MADV_HUGEPAGE);
	return p;
}

void *rc_arena_alloc(struct rc_arena *a, size_t n)
{
	struct rc_arena_block *b = a->head;
	size_t need = (n + ALIGN - 1) / ALIGN * ALIGN;
	void *p;

	if (need < n)
		need = SIZE_MAX; /* overflow: the allocation below reports it */
	if (!b || b->cap - b->used < need) {
		size_t cap = b ? b->cap * 2 : FIRST_BLOCK;

		if (cap > LARGEST_STEP && need <= LARGE_PAGE - sizeof(*b)) {
			cap = LARGE_PAGE - sizeof(*b);
			b = large_block();
		} else {
			if (cap > LARGEST_STEP)
				cap = LARGEST_STEP;
			if (cap < need)
				cap = need;
			b = rc_xmalloc(cap > SIZE_MAX - sizeof(*b) ? SIZE_MAX : sizeof(*b) + cap);
		}
		*b = (struct rc_arena_block){.next = a->head, .cap = cap};
		a->head = b;
	}
	p = b->data + b->used;
	b->used += need;
	a->used += need;
	return p;
}

void *rc_arena_zalloc(struct rc_arena *a, size_t n)
{
	return memset(rc_arena_alloc(a, n), 0, n);
}

struct rc_slice rc_arena_copy(struct rc_arena *a, struct rc_slice s)
{
	char *p = rc_arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return (struct rc_slice){p, s.n};
}

char *rc_arena_strdup(struct rc_arena *a, const char *s)
{
	return (char *)rc_arena_copy(a, rc_slice_str(s)).p;
}

char *rc_arena_printf(struct rc_arena *a, const char *fmt, ...)
{
	va_list ap, again;
	int n;
	char *p;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	p = rc_arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

/* Behind a's newest block, which goes on to be filled. */
void rc_arena_join(struct rc_arena *a, struct rc_arena *from)
{
	struct rc_arena_block **end = a->head ? &a->head->next : &a->head, *rest = *end, *last = from->head;

	if (!last)
		return;
	while (last->next)
		last = last->next;
	*end = from->head;
	last->next = rest;
	a->used += from->used;
	*from = (struct rc_arena){0};
}

void rc_arena_reset(struct rc_arena *a)
{
	struct rc_arena_block *keep = a->head;

	if (!keep)
		return;
	while (keep->next) {
		struct rc_arena_block *next = keep->next;

		keep->next = next->next;
		free(next);
	}
	keep->used = 0;
	a->used = 0;
}

static void release(struct rc_arena *a, int wipe)
{
	while (a->head) {
		struct rc_arena_block *next = a->head->next;

		if (wipe)
			OPENSSL_cleanse(a->head->data, a->head->cap);
		free(a->head);
		a->head = next;
	}
	a->used = 0;
}

void rc_arena_done(struct rc_arena *a)
{
	release(a, 0);
}

void rc_arena_wipe(struct rc_arena *a)
{
	release(a, 1);
}
