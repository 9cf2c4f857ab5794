#include "engine/store/writeout.h"
#include "engine/base/alloc.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/* Long enough for some tens of MB to have come. */
enum { EVERY_NS = 3000000 };

struct rc_writeout {
	pthread_t thread;
	pthread_mutex_t mu;
	pthread_cond_t end;
	bool ended;
	int fd;
};

static struct timespec soon(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t); /* as pthread_cond_timedwait() counts */
	t.tv_nsec += EVERY_NS;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void *run(void *arg)
{
	struct rc_writeout *o = arg;
	struct timespec until;

	pthread_mutex_lock(&o->mu);
	while (!o->ended) {
		until = soon();
		pthread_cond_timedwait(&o->end, &o->mu, &until);
		pthread_mutex_unlock(&o->mu);
		/* Errors are the sync's to tell: this takes none away from it. */
		sync_file_range(o->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		pthread_mutex_lock(&o->mu);
	}
	pthread_mutex_unlock(&o->mu);
	return NULL;
}

static void done(struct rc_writeout *o)
{
	pthread_cond_destroy(&o->end);
	pthread_mutex_destroy(&o->mu);
	free(o);
}

struct rc_writeout *rc_writeout_begin(int fd)
{
	struct rc_writeout *o = rc_xcalloc(1, sizeof(*o));

	o->fd = fd;
	pthread_mutex_init(&o->mu, NULL);
	pthread_cond_init(&o->end, NULL);
	if (!pthread_create(&o->thread, NULL, run, o))
		return o;
	done(o);
	return NULL;
}

void rc_writeout_end(struct rc_writeout *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->mu);
	o->ended = true;
	pthread_cond_signal(&o->end);
	pthread_mutex_unlock(&o->mu);
	pthread_join(o->thread, NULL);
	done(o);
}
