/* engine/base/arena.h - memory that is freed all at once.
 *
 * A zeroed struct is an empty arena. Blocks double from 4 KiB to 256 KiB; those after are large pages of 2 MiB.
 * rc_arena_reset keeps the largest block for reuse. Pointers live until reset or done. Alignment 16. */
#ifndef RC_ARENA_H
#define RC_ARENA_H
#include <stddef.h>
#include "engine/base/slice.h"

struct rc_arena_block;
struct rc_arena {
	struct rc_arena_block *head;
	size_t used; /* bytes handed out since the last reset */
};

void *rc_arena_alloc(struct rc_arena *a, size_t n) __attribute__((returns_nonnull)); /* not zeroed */
void *rc_arena_zalloc(struct rc_arena *a, size_t n) __attribute__((returns_nonnull));
struct rc_slice rc_arena_copy(struct rc_arena *a, struct rc_slice s); /* NUL-terminated beyond n */
char *rc_arena_strdup(struct rc_arena *a, const char *s);
char *rc_arena_printf(struct rc_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rc_arena_join(struct rc_arena *a, struct rc_arena *from); /* what was from's is a's */
void rc_arena_reset(struct rc_arena *a);
void rc_arena_done(struct rc_arena *a);
void rc_arena_wipe(struct rc_arena *a); /* cleanses every block, then frees: for arenas that held a secret */

#endif
