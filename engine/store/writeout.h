/* engine/store/writeout.h - a file whose pages go to the disk while it is still being written to, so that the sync
 * after it waits less. Used inside engine/store only.
 *
 * It only asks the system to begin early with what it may begin with at any time: nothing is durable, or in any order,
 * before the writer's own sync. */
#ifndef RC_STORE_WRITEOUT_H
#define RC_STORE_WRITEOUT_H

struct rc_writeout;

struct rc_writeout *rc_writeout_begin(int fd); /* a thread of its own; NULL: there is none, and no harm */
void rc_writeout_end(struct rc_writeout *o);   /* NULL is fine */

#endif
