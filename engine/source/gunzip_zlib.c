#include "engine/source/gunzip.h"
#include "engine/base/alloc.h"
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* As every allocation: a failed one ends the run. */
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

static void *begin(void)
{
	z_stream *z = rc_xcalloc(1, sizeof(*z));

	z->zalloc = allocate;
	z->zfree = release;
	if (inflateInit2(z, 15 + 16) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static enum rc_gunzip_did step(void *state, struct rc_gunzip_io *io)
{
	z_stream *z = state;
	uInt in_n = io->in_n < UINT_MAX ? (uInt)io->in_n : UINT_MAX,
	     out_n = io->out_n < UINT_MAX ? (uInt)io->out_n : UINT_MAX;
	int rc;

	z->next_in = (Bytef *)(size_t)io->in;
	z->avail_in = in_n;
	z->next_out = (Bytef *)io->out;
	z->avail_out = out_n;
	rc = inflate(z, Z_NO_FLUSH);
	io->in += in_n - z->avail_in;
	io->in_n -= in_n - z->avail_in;
	io->out += out_n - z->avail_out;
	io->out_n -= out_n - z->avail_out;
	if (rc == Z_STREAM_END)
		return RC_GUNZIP_END;
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return RC_GUNZIP_MORE;
	io->why = z->msg ? z->msg : "inflate failed";
	return RC_GUNZIP_CORRUPT;
}

static void next(void *state)
{
	inflateReset(state);
}

static void end(void *state)
{
	if (state)
		inflateEnd(state);
	free(state);
}

const struct rc_gunzip_kind rc_gunzip_zlib = {begin, step, next, end};
