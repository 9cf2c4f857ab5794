/* engine/base/large.h - arrays of several MiB that are used as a whole.
 *
 * A small page costs a fault when it is touched for the first time, and one more when it was read before it was
 * written; a large one costs a tenth of the 512 it stands for. So these arrays lie in large pages where the system has
 * them, else in memory like any other. Below RC_LARGE bytes they are malloc's. Memory: up to 2 MiB more than asked for.
 */
#ifndef RC_LARGE_H
#define RC_LARGE_H
#include <stddef.h>

enum { RC_LARGE = 512 << 10 };

/* Zeroed, `count` times `size` bytes. */
void *rc_large_calloc(size_t count, size_t size) __attribute__((returns_nonnull));

/* Room for `count` instead of `before` items of `size` bytes; the new ones are zeroed. p NULL: before is 0. */
void *rc_large_grow(void *p, size_t before, size_t count, size_t size) __attribute__((returns_nonnull));

/* With the count and size that it has. p may be NULL. */
void rc_large_free(void *p, size_t count, size_t size);

#endif
