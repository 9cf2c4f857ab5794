#include "engine/source/inflate.h"
#include "engine/base/alloc.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <zlib.h>

enum { RING = 4, SLOT = 256 * 1024, PACKED = 256 * 1024, ALONE = 2 /* slots filled before a thread is worth it */ };
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
	z_stream zs;
	bool zs_live;
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
	z->zs.next_in = z->packed;
	z->zs.avail_in = (uInt)head.n;
	z->info = in->info;
	pthread_mutex_init(&z->lock, NULL);
	pthread_cond_init(&z->filled, NULL);
	pthread_cond_init(&z->emptied, NULL);
	return z;
}

/* More packed bytes when there are none; avail_in stays 0 at the end of the input. */
static enum rc_code feed(struct rc_inflate *z, size_t *ret_n, struct rc_err *err)
{
	size_t n = 0;
	enum rc_code code = z->input_ended ? RC_OK : rc_input_read(z->in, (char *)z->packed, PACKED, &n, err);

	if (code)
		return code;
	z->input_ended = n == 0;
	z->zs.next_in = z->packed;
	z->zs.avail_in = (uInt)n;
	*ret_n = n;
	return RC_OK;
}

static enum rc_code corrupt(const struct rc_inflate *z, struct rc_err *err)
{
	return rc_fail(err, RC_DATA, "corrupt gzip data near byte %llu: %s",
		       (unsigned long long)(z->in->info.bytes - z->zs.avail_in),
		       z->zs.msg ? z->zs.msg : "inflate failed");
}

/* Some inflated bytes into out. Sets *ret_end at a member's end. */
static enum rc_code member_step(struct rc_inflate *z, char *out, size_t cap, size_t *ret_n, struct rc_err *err)
{
	int rc;

	z->zs.next_out = (Bytef *)out;
	z->zs.avail_out = (uInt)cap;
	rc = inflate(&z->zs, Z_NO_FLUSH);
	*ret_n = cap - z->zs.avail_out;
	z->plain += *ret_n;
	if (rc == Z_STREAM_END)
		z->where = AT_MAGIC;
	else if (rc == Z_NEED_DICT || (rc != Z_OK && rc != Z_BUF_ERROR))
		return corrupt(z, err);
	if (z->max_ratio != RC_RATIO_NONE && z->plain > RATIO_FROM &&
	    z->plain / z->max_ratio > z->in->info.bytes - z->zs.avail_in)
		return rc_fail(err, RC_DATA,
			       "inflates to more than %u times its size; if that is right, raise the gzip ratio limit",
			       z->max_ratio);
	return RC_OK;
}

/* Looks at the bytes behind a member: another member, zero padding, or something that must not be there. */
static enum rc_code between_step(struct rc_inflate *z, struct rc_err *err)
{
	while (z->zs.avail_in) {
		unsigned char c = *z->zs.next_in;

		if (z->where == AT_MAGIC && !z->half_magic && c == 0) {
			z->where = IN_PADDING;
		} else if (z->where == IN_PADDING ? c != 0 : c != (z->half_magic ? 0x8b : 0x1f)) {
			return rc_fail(err, RC_DATA, "garbage behind the end of the gzip data, near byte %llu",
				       (unsigned long long)(z->in->info.bytes - z->zs.avail_in));
		} else if (z->where == AT_MAGIC && z->half_magic) {
			static Bytef first = 0x1f;
			uInt n = z->zs.avail_in;
			Bytef *p = z->zs.next_in;

			/* the first magic byte may be gone with its piece: hand it over alone */
			z->half_magic = false;
			z->zs.next_in = &first;
			z->zs.avail_in = 1;
			z->zs.avail_out = 0;
			if (inflateReset(&z->zs) != Z_OK || (inflate(&z->zs, Z_NO_FLUSH) != Z_OK && z->zs.avail_in))
				return corrupt(z, err);
			z->zs.next_in = p;
			z->zs.avail_in = n;
			z->where = IN_MEMBER;
			return RC_OK;
		} else if (z->where == AT_MAGIC) {
			z->half_magic = true;
		}
		z->zs.next_in++;
		z->zs.avail_in--;
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

static void *allocate(void *unused, unsigned n, unsigned size)
{
	(void)unused;
	return rc_xcalloc(n, size);
}

static void release(void *unused, void *p)
{
	(void)unused;
	free(p);
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
	z->zs.zalloc = allocate;
	z->zs.zfree = release;
	if (!z->zs_live && inflateInit2(&z->zs, 15 + 16) != Z_OK) {
		s->code = rc_fail(&s->err, RC_INTERNAL, "inflate cannot start");
		s->last = true;
		return;
	}
	z->zs_live = true;
	while (!s->code && !s->last && s->n < SLOT) {
		if (z->where == IN_MEMBER) {
			s->code = member_step(z, s->p + s->n, SLOT - s->n, &got, &s->err);
			s->n += got;
			if (s->n == SLOT || z->where != IN_MEMBER)
				continue;
		} else if (z->zs.avail_in) {
			s->code = between_step(z, &s->err);
			continue;
		}
		if (s->code || z->zs.avail_in)
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
		pthread_cond_signal(&z->filled);
		pthread_mutex_unlock(&z->lock);
	}
	return NULL;
}

static void start(struct rc_inflate *z)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&z->thread, NULL, helper, z) == 0)
		z->threaded = true;
	else
		z->no_thread = true; /* slower, not wrong */
	pthread_sigmask(SIG_SETMASK, &old, NULL);
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
	while (z->threaded && z->made == z->taken)
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
	if (z->zs_live)
		inflateEnd(&z->zs);
	pthread_cond_destroy(&z->filled);
	pthread_cond_destroy(&z->emptied);
	pthread_mutex_destroy(&z->lock);
	for (int i = 0; i < RING; i++)
		free(z->slot[i].p);
	free(z->packed);
	free(z);
}
