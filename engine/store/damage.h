/* engine/store/damage.h - what a damaged map does to us: the kernel's signals and LMDB's assertions.
 *
 * A file that is cut while it is mapped, or whose pages hold garbage, cannot always be caught by looking first. A fault
 * inside of an LMDB call, a SIGBUS anywhere and a failed assertion of LMDB's end the process with RC_CANTCREAT and one
 * line on stderr, like running out of memory does in engine/base/alloc.h: nothing is half written, because the store
 * commits in transactions. Any other fault goes on to whoever was there before. Used inside engine/store only. */
#ifndef RC_DAMAGE_H
#define RC_DAMAGE_H

extern _Thread_local volatile unsigned rc_damage_depth; /* LMDB calls this thread is in */

void rc_damage_watch(const char *path); /* installs the handlers where they are not; the latest path is named */
void rc_damage_end(void) __attribute__((noreturn)); /* says so and ends the process; safe in a signal handler */

#endif
