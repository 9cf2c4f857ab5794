/* engine/store/lock.h - one run at a time per state directory.
 *
 * An open-file-description lock on DIR/lock: the kernel drops it with the process, so a killed run never leaves a stale
 * one; the file's text only says who holds it. The file stays. */
#ifndef RC_LOCK_H
#define RC_LOCK_H
#include <stdint.h>
#include "engine/base/clock.h"
#include "engine/base/err.h"

struct rc_lock;

struct rc_lock_holder {
	long pid;       /* 0: unknown (just being written) */
	char host[256]; /* printable; "" unknown */
	char run_id[65];
	int64_t started_ns;
};

/* Makes the directory (0700) when it is missing and takes the lock, trying for up to wait_ms (0: once). RC_LOCKED names
 * pid, host, run id and start of the holder, also in *ret_holder when that is not NULL; RC_CANTCREAT for a directory
 * that cannot be made or written, is on a network file system or not ours. */
enum rc_code rc_lock_take(const char *dir, const char *run_id, const struct rc_clock *clock, int64_t wait_ms,
			  struct rc_lock **ret, struct rc_lock_holder *ret_holder, struct rc_err *err);
void rc_lock_release(struct rc_lock *l); /* NULL is fine */

/* Who holds it now, for status; false: nobody, or no such directory. */
bool rc_lock_held(const char *dir, struct rc_lock_holder *ret);

#endif
