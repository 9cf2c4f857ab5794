/* engine/store/walk.h - one range of one table, for the walks of snapshot.h and its siblings. Inside engine/store only.
 */
#ifndef RC_STORE_WALK_H
#define RC_STORE_WALK_H
#include "engine/store/store_impl.h"

/* Positions before the first entry whose key begins with prefix (at most 20 bytes; n 0: the whole table). */
void rc_walk_range(struct rc_view *v, enum rc_kv_table table, const struct rc_key *prefix, uint16_t target,
		   struct rc_walk *w);
void rc_walk_newest_end(struct rc_walk *w); /* the second half of a walk of the history */
/* false: end of the range, or an error that sticks in the view; the walk is freed then. */
bool rc_walk_step(struct rc_walk *w, struct rc_slice *k, struct rc_slice *v);
/* Notes damage in the view, frees the walk; false. */
bool rc_walk_damaged(struct rc_walk *w, enum rc_kv_table table, const char *what);

#endif
