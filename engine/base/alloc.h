/* engine/base/alloc.h - allocation that reports failure once, in one place.
 *
 * rc_xmalloc and friends never return NULL: out of memory ends the process with exit 70 after one line on stderr. State
 * is safe then, because the store commits in transactions and a run may be killed at any moment. A zero size gives a
 * pointer that may be freed. */
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
void *rc_xchecked(void *p) __attribute__((returns_nonnull)); /* what a library made: p, or the same end */

void rc_xenomem(void); /* the same end if errno is ENOMEM: for a call that failed, before its reason is guessed at */

/* Has OpenSSL and cJSON ask here too: a library that copes with a failed allocation by calling its input damaged would
 * have the user believe it. Once, before anything else is called; the others are told where they are started. */
void rc_alloc_libraries(void);

/* One heap for all threads. glibc gives each thread one of its own, which grows by a call to the kernel for every page
 * that LMDB asks for: a tenth of a bulk load. Few threads allocate much at the same time here. */
void rc_alloc_one_heap(void);

#endif
