/* engine/base/buf.h - a growing byte buffer with a hard maximum.
 *
 * A zeroed struct is an empty buffer without a limit. When an append would pass max the buffer sets .overflow, keeps
 * what it has and ignores further appends, so that a caller checks once at the end. Always NUL-terminated beyond n once
 * anything was appended. Secrets: set .secret, so that growing leaves no copy behind, and end with rc_buf_wipe. */
#ifndef RC_BUF_H
#define RC_BUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/base/slice.h"

struct rc_buf {
	char *p;
	size_t n, cap;
	size_t max; /* 0: none */
	bool overflow;
	bool secret; /* growth copies and cleanses the old memory */
};

char *rc_buf_reserve(struct rc_buf *b, size_t n); /* room for n more bytes; NULL on overflow; then add to b->n */
void rc_buf_addf(struct rc_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rc_buf_addu(struct rc_buf *b, uint64_t v); /* in decimal */
void rc_buf_clear(struct rc_buf *b);            /* empty, memory kept */
void rc_buf_done(struct rc_buf *b);
void rc_buf_wipe(struct rc_buf *b); /* cleanses, then frees; .max and .secret stay */

static inline struct rc_slice rc_buf_slice(const struct rc_buf *b)
{
	return (struct rc_slice){b->p, b->n};
}

/* Here, so that short appends of known length cost no call: a report is made of nothing else. */
static inline bool rc_buf_has_room(const struct rc_buf *b, size_t n) /* for n more bytes, without growing */
{
	return !b->overflow && n < b->cap - b->n;
}

static inline char *rc_buf_room(struct rc_buf *b, size_t n) /* rc_buf_reserve without a call, mostly */
{
	return rc_buf_has_room(b, n) ? b->p + b->n : rc_buf_reserve(b, n);
}

static inline void rc_buf_took(struct rc_buf *b, size_t n) /* of the room that was there */
{
	b->n += n;
	b->p[b->n] = 0;
}

static inline void rc_buf_add(struct rc_buf *b, const void *p, size_t n)
{
	char *to = rc_buf_room(b, n);

	if (!to)
		return;
	if (n)
		memcpy(to, p, n);
	rc_buf_took(b, n);
}

static inline void rc_buf_adds(struct rc_buf *b, const char *s)
{
	rc_buf_add(b, s, strlen(s));
}

static inline void rc_buf_addc(struct rc_buf *b, char c)
{
	rc_buf_add(b, &c, 1);
}

static inline void rc_buf_addslice(struct rc_buf *b, struct rc_slice s)
{
	rc_buf_add(b, s.p, s.n);
}

#endif
