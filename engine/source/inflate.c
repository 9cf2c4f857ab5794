#include "engine/source/inflate.h"
#include "engine/base/alloc.h"
#include "engine/base/thread.h"
#include "engine/source/gunzip.h"
#include <pthread.h>
#include <stdlib.h>

/* ALONE: slots filled before a thread is worth it. WAKE: a reader that has run dry sleeps until so many are full, since
 * to wake a thread costs as much as to inflate tens of KiB; bytes that no more are known to follow never wait. */
enum { RING = 4, SLOT = 512 * 1024, PACKED = 256 * 1024, ALONE = 2, WAKE = 3 };
#define RATIO_FROM ((uint64_t)256 << 20)

struct slot {
	char *p;
	size_t n;
	bool last; /* the end, or err, comes after these bytes */
	enum rc_code code;
	struct rc_err err;
	struct rc_stream_info info;
};

/* Where between members the next packed byte stands. */
enum where { IN_MEMBER, AT_MAGIC, IN_PADDING };

struct rc_inflate {
	/* filling side */
	struct rc_input *in;
	void *gunzip; /* NULL: not begun */
	struct rc_gunzip_io io;
	unsigned char *packed;
	enum where where;
	bool half_magic; /* 0x1f was the last byte of a piece */
	bool input_ended;
	uint32_t max_ratio;
	uint64_t plain;
	/* ring: the only thing both threads touch */
	struct slot slot[RING];
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	uint64_t made, taken; /* slots, ever */
	uint64_t hurry;       /* slots up to this one wait for no others */
	bool stop, threaded, no_thread;
	pthread_t thread;
	/* reading side */
	size_t at; /* in the current slot */
	struct rc_stream_info info;
};

struct rc_inflate *rc_inflate_new(struct rc_input *in, struct rc_slice head, uint32_t max_ratio)
{
	struct rc_inflate *z = rc_xcalloc(1, sizeof(*z));

	z->in = in;
	z->max_ratio = max_ratio;
	z->packed = rc_xmalloc(head.n > PACKED ? head.n : PACKED);
	if (head.n)
		memcpy(z->packed, head.p, head.n);
	z->io.in = z->packed;
	z->io.in_n = head.n;
	z->info = in->info;
	pthread_mutex_init(&z->lock, NULL);
	pthread_cond_init(&z->filled, NULL);
	pthread_cond_init(&z->emptied, NULL);
	return z;
}

/* More packed bytes when there are none; io.in_n stays 0 at the end of the input. */
static enum rc_code feed(struct rc_inflate *z, size_t *ret_n, struct rc_err *err)
{
	size_t n = 0;
	enum rc_code code = z->input_ended ? RC_OK : rc_input_read(z->in, (char *)z->packed, PACKED, &n, err);

	if (code)
		return code;
	z->input_ended = n == 0;
	z->io.in = z->packed;
	z->io.in_n = n;
	*ret_n = n;
	return RC_OK;
}

static enum rc_code corrupt(const struct rc_inflate *z, struct rc_err *err)
{
	return rc_fail(err, RC_DATA, "corrupt gzip data near byte %llu: %s",
		       (unsigned long long)(z->in->info.bytes - z->io.in_n), z->io.why);
}

/* Some inflated bytes into out. Sets *ret_end at a member's end. */
static enum rc_code member_step(struct rc_inflate *z, char *out, size_t cap, size_t *ret_n, struct rc_err *err)
{
	enum rc_gunzip_did did;

	z->io.out = out;
	z->io.out_n = cap;
	did = RC_GUNZIP->step(z->gunzip, &z->io);
	*ret_n = cap - z->io.out_n;
	z->plain += *ret_n;
	if (did == RC_GUNZIP_END)
		z->where = AT_MAGIC;
	else if (did == RC_GUNZIP_CORRUPT)
		return corrupt(z, err);
	if (z->max_ratio != RC_RATIO_NONE && z->plain > RATIO_FROM &&
	    z->plain / z->max_ratio > z->in->info.bytes - z->io.in_n)
		return rc_fail(err, RC_DATA,
			       "inflates to more than %u times its size; if that is right, raise the gzip ratio limit",
			       z->max_ratio);
	return RC_OK;
}

/* Looks at the bytes behind a member: another member, zero padding, or something that must not be there. */
static enum rc_code between_step(struct rc_inflate *z, struct rc_err *err)
{
	while (z->io.in_n) {
		unsigned char c = *z->io.in;

		if (z->where == AT_MAGIC && !z->half_magic && c == 0) {
			z->where = IN_PADDING;
		} else if (z->where == IN_PADDING ? c != 0 : c != (z->half_magic ? 0x8b : 0x1f)) {
			return rc_fail(err, RC_DATA, "garbage behind the end of the gzip data, near byte %llu",
				       (unsigned long long)(z->in->info.bytes - z->io.in_n));
		} else if (z->where == AT_MAGIC && z->half_magic) {
			static const unsigned char first = 0x1f;
			size_t n = z->io.in_n;
			const unsigned char *p = z->io.in;

			/* the first magic byte may be gone with its piece: hand it over alone */
			z->half_magic = false;
			RC_GUNZIP->next(z->gunzip);
			z->io.in = &first;
			z->io.in_n = 1;
			z->io.out_n = 0;
			if (RC_GUNZIP->step(z->gunzip, &z->io) == RC_GUNZIP_CORRUPT || z->io.in_n)
				return corrupt(z, err);
			z->io.in = p;
			z->io.in_n = n;
			z->where = IN_MEMBER;
			return RC_OK;
		} else if (z->where == AT_MAGIC) {
			z->half_magic = true;
		}
		z->io.in++;
		z->io.in_n--;
	}
	return RC_OK;
}

static enum rc_code at_end(const struct rc_inflate *z, struct rc_err *err)
{
	if (z->where == IN_MEMBER)
		return rc_fail(err, RC_DATA, "truncated gzip data: the file ends at byte %llu inside a member",
			       (unsigned long long)z->in->info.bytes);
	if (z->half_magic)
		return rc_fail(err, RC_DATA, "garbage behind the end of the gzip data: one byte 0x1f");
	return RC_OK;
}

/* Fills one slot; a short read of the input hands over what there is, so that a slow pipe stays a stream. */
static void fill(struct rc_inflate *z, struct slot *s)
{
	size_t got = 0;
	bool short_read = false;

	s->n = 0;
	s->code = RC_OK;
	s->last = false;
	if (!s->p)
		s->p = rc_xmalloc(SLOT);
	if (!z->gunzip)
		z->gunzip = RC_GUNZIP->begin();
	if (!z->gunzip) {
		s->code = rc_fail(&s->err, RC_INTERNAL, "inflate cannot start");
		s->last = true;
		return;
	}
	while (!s->code && !s->last && s->n < SLOT) {
		if (z->where == IN_MEMBER) {
			s->code = member_step(z, s->p + s->n, SLOT - s->n, &got, &s->err);
			s->n += got;
			if (s->n == SLOT || z->where != IN_MEMBER)
				continue;
		} else if (z->io.in_n) {
			s->code = between_step(z, &s->err);
			continue;
		}
		if (s->code || z->io.in_n)
			continue;
		if (short_read && s->n)
			break;
		s->code = feed(z, &got, &s->err);
		short_read = got < PACKED;
		if (!s->code && z->input_ended) {
			s->code = at_end(z, &s->err);
			s->last = true;
		}
	}
	s->last = s->last || s->code;
	s->info = z->in->info;
}

/* Whether a sleeping reader is to be woken. */
static bool ready(const struct rc_inflate *z)
{
	return z->made - z->taken >= WAKE || z->hurry > z->taken;
}

static void *helper(void *arg)
{
	struct rc_inflate *z = arg;
	bool last = false;

	while (!last) {
		struct slot *s;

		pthread_mutex_lock(&z->lock);
		while (z->made - z->taken == RING && !z->stop)
			pthread_cond_wait(&z->emptied, &z->lock);
		last = z->stop;
		s = &z->slot[z->made % RING];
		pthread_mutex_unlock(&z->lock);
		if (last)
			break;
		fill(z, s);
		last = s->last;
		pthread_mutex_lock(&z->lock);
		z->made++;
		if (last || s->n < SLOT)
			z->hurry = z->made;
		if (ready(z))
			pthread_cond_signal(&z->filled);
		pthread_mutex_unlock(&z->lock);
	}
	return NULL;
}

static void start(struct rc_inflate *z)
{
	z->threaded = rc_thread_beside(&z->thread, helper, z);
	z->no_thread = !z->threaded; /* slower, not wrong */
}

/* The slot to read from now; a used-up one is handed back first. */
static struct slot *current(struct rc_inflate *z)
{
	struct slot *s = &z->slot[z->taken % RING];

	if (z->threaded)
		pthread_mutex_lock(&z->lock);
	if (z->made > z->taken && z->at == s->n && !s->last) {
		z->taken++;
		z->at = 0;
		s = &z->slot[z->taken % RING];
		if (z->threaded)
			pthread_cond_signal(&z->emptied);
	}
	if (z->threaded && z->made == z->taken)
		while (!ready(z))
			pthread_cond_wait(&z->filled, &z->lock);
	if (z->threaded)
		pthread_mutex_unlock(&z->lock);
	if (!z->threaded && z->made == z->taken) {
		fill(z, s);
		z->made++;
		if (z->made == ALONE && !s->last && !z->no_thread)
			start(z);
	}
	z->info = s->info;
	return s;
}

enum rc_code rc_inflate_read(struct rc_inflate *z, char *buf, size_t cap, size_t *ret_n, struct rc_err *err)
{
	struct slot *s = current(z);
	size_t n;

	while (z->at == s->n && !s->last)
		s = current(z);
	n = s->n - z->at < cap ? s->n - z->at : cap;
	*ret_n = n;
	if (n) {
		memcpy(buf, s->p + z->at, n);
		z->at += n;
		return RC_OK;
	}
	if (s->code && err)
		*err = s->err;
	return s->code;
}

const struct rc_stream_info *rc_inflate_info(const struct rc_inflate *z)
{
	return &z->info;
}

void rc_inflate_free(struct rc_inflate *z)
{
	if (!z)
		return;
	if (z->threaded) {
		pthread_mutex_lock(&z->lock);
		z->stop = true;
		pthread_cond_signal(&z->emptied);
		pthread_mutex_unlock(&z->lock);
		pthread_join(z->thread, NULL);
	}
	RC_GUNZIP->end(z->gunzip);
	pthread_cond_destroy(&z->filled);
	pthread_cond_destroy(&z->emptied);
	pthread_mutex_destroy(&z->lock);
	for (int i = 0; i < RING; i++)
		free(z->slot[i].p);
	free(z->packed);
	free(z);
}
