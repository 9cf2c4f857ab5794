#include "engine/source/input.h"
#include "engine/base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

/* libxxhash built with run-time dispatch has this too, several times as fast; other builds lack it. */
XXH_errorcode XXH3_128bits_update_dispatch(XXH3_state_t *state, const void *p, size_t n) __attribute__((weak));

static int64_t mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static enum rc_code open_fd(struct rc_input *in, const struct rc_stream_opts *opts, struct rc_err *err)
{
	if (opts->path && strcmp(opts->path, "-") != 0) {
		in->fd = open(opts->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		in->whole = true;
	} else if (opts->path) {
		in->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		in->fd = opts->fd;
	}
	if (in->fd < 0)
		return rc_fail_sys(err, RC_DATA, errno, "cannot be opened");
	if (fstat(in->fd, &in->at_open) < 0)
		return rc_fail_sys(err, RC_DATA, errno, "cannot be examined");
	if (S_ISDIR(in->at_open.st_mode))
		return rc_fail_sys(err, RC_DATA, EISDIR, "cannot be read");
	in->info.regular = S_ISREG(in->at_open.st_mode);
	if (in->info.regular) {
		in->info.mtime_ns = mtime_ns(&in->at_open);
		in->info.size = (uint64_t)in->at_open.st_size;
		posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return RC_OK;
}

enum rc_code rc_input_init(struct rc_input *in, const struct rc_stream_opts *opts, struct rc_err *err)
{
	enum rc_code code;

	*in = (struct rc_input){.fd = -1, .mem = opts->memory, .piece = opts->piece};
	if (opts->path || !opts->memory.p) {
		code = open_fd(in, opts, err);
		if (code)
			return code;
	}
	in->xxh = rc_xchecked(XXH3_createState());
	XXH3_128bits_reset(in->xxh);
	if (opts->sha256) {
		in->sha = EVP_MD_CTX_new();
		if (!in->sha || !EVP_DigestInit_ex(in->sha, EVP_sha256(), NULL))
			return rc_fail(err, RC_INTERNAL, "SHA-256 is not available");
	}
	return RC_OK;
}

/* A file that grows, shrinks or is written to under our hands is no export yet: taking what is there would make
 * leavers of everybody who is still to come. */
static enum rc_code unchanged(const struct rc_input *in, struct rc_err *err)
{
	struct stat now;

	if (!in->info.regular)
		return RC_OK;
	if (fstat(in->fd, &now) < 0)
		return rc_fail_sys(err, RC_DATA, errno, "cannot be examined");
	if (now.st_size != in->at_open.st_size || mtime_ns(&now) != mtime_ns(&in->at_open) ||
	    (in->whole && now.st_size > 0 && (uint64_t)now.st_size != in->info.bytes))
		return rc_fail(err, RC_DATA, "changed while it was read; is it still being written?");
	return RC_OK;
}

static enum rc_code finish(struct rc_input *in, struct rc_err *err)
{
	XXH128_hash_t h = XXH3_128bits_digest(in->xxh);
	unsigned int n = sizeof(in->info.sha256);

	in->ended = true;
	in->info.hash[0] = h.high64;
	in->info.hash[1] = h.low64;
	if (in->sha && !EVP_DigestFinal_ex(in->sha, in->info.sha256, &n))
		return rc_fail(err, RC_INTERNAL, "SHA-256 failed");
	return unchanged(in, err);
}

static ssize_t take(struct rc_input *in, char *buf, size_t cap)
{
	ssize_t n;

	if (in->fd < 0) {
		size_t k = in->mem.n < cap ? in->mem.n : cap;

		if (k)
			memcpy(buf, in->mem.p, k);
		in->mem.p += k;
		in->mem.n -= k;
		return (ssize_t)k;
	}
	do
		n = read(in->fd, buf, cap);
	while (n < 0 && errno == EINTR);
	return n;
}

enum rc_code rc_input_read(struct rc_input *in, char *buf, size_t cap, size_t *ret_n, struct rc_err *err)
{
	ssize_t n;

	*ret_n = 0;
	if (in->ended)
		return RC_OK;
	if (in->piece && cap > in->piece)
		cap = in->piece;
	n = take(in, buf, cap);
	if (n < 0)
		return rc_fail_sys(err, RC_DATA, errno, "cannot be read");
	if (n == 0)
		return finish(in, err);
	in->info.bytes += (uint64_t)n;
	if (XXH3_128bits_update_dispatch)
		XXH3_128bits_update_dispatch(in->xxh, buf, (size_t)n);
	else
		XXH3_128bits_update(in->xxh, buf, (size_t)n);
	if (in->sha && !EVP_DigestUpdate(in->sha, buf, (size_t)n))
		return rc_fail(err, RC_INTERNAL, "SHA-256 failed");
	*ret_n = (size_t)n;
	return RC_OK;
}

void rc_input_done(struct rc_input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
	XXH3_freeState(in->xxh);
	EVP_MD_CTX_free(in->sha);
	in->xxh = in->sha = NULL;
}
