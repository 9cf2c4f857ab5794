/* engine/store/share.h - many look-ups of one view, done by two threads. Used inside engine/store only.
 *
 * What look-ups wait for is memory: the record's page is shown by the kernel, then fetched. Two threads wait at once.
 * Each takes the next few in turn, so that one which gets no processor holds nobody up. */
#ifndef RC_STORE_SHARE_H
#define RC_STORE_SHARE_H
#include "engine/store/store_impl.h"

enum { RC_SHARE_STEP = 128 }; /* look-ups, before it is asked whether the memory that shows them is to be given back */

/* Does [from, to) of them in v, which is the caller's or its twin; texts that live as long as the caller's mem: in mem.
 */
typedef void (*rc_share_fn)(struct rc_view *v, void *ctx, size_t from, size_t to, struct rc_arena *mem);

/* Does [0, n), in any order of steps. mem may be NULL, then fn gets NULL. */
void rc_view_share(struct rc_view *v, size_t n, rc_share_fn fn, void *ctx, struct rc_arena *mem);

/* Does [0, n) here and now: what each hand of rc_view_share() does, with all of it. */
void rc_view_alone(struct rc_view *v, size_t n, rc_share_fn fn, void *ctx, struct rc_arena *mem);

#endif
