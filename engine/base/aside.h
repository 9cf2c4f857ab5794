/* engine/base/aside.h - one piece of work done by a thread of its own, while the caller does another. */
#ifndef RC_ASIDE_H
#define RC_ASIDE_H
#include <pthread.h>
#include <stdbool.h>

struct rc_aside { /* zeroed: nothing is being done */
	void (*fn)(void *ctx);
	void *ctx;
	bool started;
	pthread_t thread;
};

/* fn(ctx) is done when rc_aside_end() returns: meanwhile, or by that call itself where there is no thread to be had.
 * The thread takes no signals but those that memory raises in it. */
void rc_aside_begin(struct rc_aside *a, void (*fn)(void *ctx), void *ctx);
void rc_aside_end(struct rc_aside *a); /* a zeroed struct and twice are fine */

#endif
