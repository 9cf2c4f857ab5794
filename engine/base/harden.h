/* engine/base/harden.h - what a process that holds passwords sets up before anything else.
 *
 * Call once, first thing in main, before any thread. No failure is fatal: a container may forbid any of it. */
#ifndef RC_HARDEN_H
#define RC_HARDEN_H

/* - closed standard streams are filled in, so that no file or socket lands on their numbers; using one stays an error;
 * - no core dumps and no attaching by other processes of the same user (a build under a sanitizer stays dumpable, its
 *   leak check attaches to itself);
 * - RLIMIT_NOFILE raised to its hard limit: one descriptor a connection;
 * - umask 077: every file is the user's own unless code says otherwise;
 * - SIGPIPE ignored: a closed pipe is a write error. Reset it in children. */
void rc_harden(void);

#endif
