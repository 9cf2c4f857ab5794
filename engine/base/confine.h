/* engine/base/confine.h - a system call filter (seccomp) over the rest of the process: what a hijacked one could not
 * do.
 *
 * Refused calls fail with EPERM; nothing is killed. It cannot be taken off again, and whatever is started later lives
 * under it too, without a way to other rights (no_new_privs): sudo does not work there. */
#ifndef RC_CONFINE_H
#define RC_CONFINE_H
#include <stdbool.h>
#include "engine/base/err.h"

/* Refuses what is never needed: looking into other processes, mounting, namespaces, kernel keys and modules, BPF, the
 * clock, sockets but of the internet and the local kinds. Without `programs` also starting any, becoming somebody
 * else, io_uring, and memory both writable and executable. RC_USAGE: this build has none; RC_INTERNAL: the kernel
 * refuses. */
enum rc_code rc_confine(bool programs, struct rc_err *err);

#endif
