#include "engine/base/buf.h"
#include "engine/base/alloc.h"
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void grow(struct rc_buf *b, size_t cap)
{
	if (b->secret && b->p) {
		char *p = rc_xmalloc(cap);

		memcpy(p, b->p, b->n + 1 < b->cap ? b->n + 1 : b->cap);
		OPENSSL_cleanse(b->p, b->cap);
		free(b->p);
		b->p = p;
	} else {
		b->p = rc_xrealloc(b->p, cap);
	}
	b->cap = cap;
}

char *rc_buf_reserve(struct rc_buf *b, size_t n)
{
	size_t need;

	if (b->overflow || __builtin_add_overflow(b->n, n, &need) || need > SIZE_MAX / 2 || (b->max && need > b->max)) {
		b->overflow = true;
		return NULL;
	}
	if (need + 1 > b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap < need + 1)
			cap *= 2;
		if (b->max && cap > b->max + 1)
			cap = b->max + 1; /* what fits is within the bound, so appends need look no further */
		grow(b, cap);
	}
	return b->p + b->n;
}

/* Two digits a step. */
static void digits(char *end, uint64_t v)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";

	for (; v >= 100; v /= 100)
		memcpy(end -= 2, pairs + v % 100 * 2, 2);
	if (v >= 10)
		memcpy(end - 2, pairs + v * 2, 2);
	else
		end[-1] = (char)('0' + v);
}

void rc_buf_addu(struct rc_buf *b, uint64_t v)
{
	size_t n = 1;
	char *to;

	for (uint64_t power = 10; n < 20 && v >= power; power *= 10)
		n++;
	to = rc_buf_room(b, n);
	if (!to)
		return;
	digits(to + n, v);
	rc_buf_took(b, n);
}

void rc_buf_addf(struct rc_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0 && rc_buf_reserve(b, (size_t)n)) {
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void rc_buf_clear(struct rc_buf *b)
{
	b->n = 0;
	b->overflow = false;
	if (b->p)
		b->p[0] = 0;
}

void rc_buf_done(struct rc_buf *b)
{
	free(b->p);
	*b = (struct rc_buf){.max = b->max, .secret = b->secret};
}

void rc_buf_wipe(struct rc_buf *b)
{
	if (b->p)
		OPENSSL_cleanse(b->p, b->cap);
	rc_buf_done(b);
}
