/* engine/run/loop.h - what turns the wheel of a run: libuv and libcurl in the program, virtual time in a test.
 *
 * The run gives its hooks and calls turn() until it has paused; the loop calls the hooks on the thread of turn() only:
 * pump after each turn (answers have been handled by then) and when the time it returned has come, tick about every
 * 100 ms, signal for SIGINT, SIGTERM and SIGHUP between watch(true) and watch(false). */
#ifndef RC_RUN_LOOP_H
#define RC_RUN_LOOP_H
#include "engine/net/transport.h"

struct rc_loop_hooks {
	void *arg;
	int64_t (*pump)(void *arg, bool *ret_paused); /* monotonic time of the next call, INT64_MAX: any time */
	void (*tick)(void *arg);
	void (*signal)(void *arg, int signum);
};

struct rc_loop {
	void *ctx;
	struct rc_transport net;
	void (*turn)(void *ctx, const struct rc_loop_hooks *hooks); /* until pump says paused */
	void (*watch)(void *ctx, const struct rc_loop_hooks *hooks, bool on);
	void (*free)(void *ctx); /* nothing is in flight any more */
};

struct rc_clock;

/* The real one. clock must be the one that the hooks' times are of. */
enum rc_code rc_loop_uv(const struct rc_clock *clock, const struct rc_transport_opts *net, struct rc_loop *ret,
			struct rc_err *err);

#endif
