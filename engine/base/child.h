/* engine/base/child.h - another program, started without a shell and awaited
 * for a bounded time. */
#ifndef RC_CHILD_H
#define RC_CHILD_H
#include <stdint.h>
#include <sys/types.h>

/* Milliseconds of the machine's own clock: how long another program may take is
 * no part of a run's virtual time. */
int64_t rc_child_now_ms(void);

/* Starts argv[0], looked up in PATH, with nothing on standard input, out_fd as
 * standard output and no other file of ours but standard error; signals as a
 * program expects them. 0, or errno. */
int rc_child_start(const char *const *argv, char *const *env, int out_fd, pid_t *ret);

/* Its wait status. -1: it outlived the deadline (rc_child_now_ms()) and was
 * killed. */
int rc_child_wait(pid_t pid, int64_t deadline_ms);

#endif
