/* engine/base/alloc.h - allocation that reports failure once, in one place.
 *
 * rc_xmalloc and friends never return NULL: out of memory ends the process with exit 70 after one line on stderr. State
 * is safe then, because the store commits in transactions and a run may be killed at any moment. A zero size gives a
 * pointer that may be freed. rc_alloc_fail_at(n) makes the n-th call from now fail (tests; 0 turns it off). */
#ifndef RC_ALLOC_H
#define RC_ALLOC_H
#include <stddef.h>
#include "engine/base/slice.h"

void *rc_xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *rc_xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *rc_xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
void *rc_xreallocarray(void *p, size_t count, size_t size) __attribute__((returns_nonnull)); /* overflow checked */
char *rc_xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *rc_xstrndup(struct rc_slice s) __attribute__((malloc, returns_nonnull)); /* NUL-terminated copy */
char *rc_xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), malloc, returns_nonnull));
void rc_alloc_fail_at(size_t nth);

#endif
