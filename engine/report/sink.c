#include "engine/report/sink.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc_code failed(const struct rc_sink *s, struct rc_err *err)
{
	return rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the report cannot be written", s->name);
}

static enum rc_code open_it(struct rc_sink *s, int dir_fd, const char *name, int flags, struct rc_err *err)
{
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	return s->fd < 0 ? failed(s, err) : RC_OK;
}

enum rc_code rc_sink_create(struct rc_sink *s, int dir_fd, const char *name, struct rc_err *err)
{
	return open_it(s, dir_fd, name, O_EXCL, err);
}

/* Where the last whole record ends: one byte after the last newline. */
static bool whole_end(int fd, off_t size, off_t *ret)
{
	char part[4096];

	while (size > 0) {
		size_t want = size < (off_t)sizeof(part) ? (size_t)size : sizeof(part);
		ssize_t n = pread(fd, part, want, size - (off_t)want);
		const char *nl;

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)want)
			return false;
		nl = memrchr(part, '\n', want);
		if (nl) {
			*ret = size - (off_t)want + (nl - part) + 1;
			return true;
		}
		size -= (off_t)want;
	}
	*ret = 0;
	return true;
}

enum rc_code rc_sink_reopen(struct rc_sink *s, int dir_fd, const char *name, struct rc_err *err)
{
	struct stat st;
	off_t end;
	enum rc_code code = open_it(s, dir_fd, name, O_NONBLOCK, err);

	if (code)
		return code;
	if (fstat(s->fd, &st) || !S_ISREG(st.st_mode))
		return rc_fail(err, RC_CANTCREAT, "%s is not a file", name);
	if (!whole_end(s->fd, st.st_size, &end) || ftruncate(s->fd, end))
		return failed(s, err);
	return RC_OK;
}

enum rc_code rc_sink_flush(struct rc_sink *s, struct rc_err *err)
{
	size_t done = 0;

	while (s->fd >= 0 && done < s->buf.n) {
		ssize_t n = write(s->fd, s->buf.p + done, s->buf.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(s, err);
		done += (size_t)n;
	}
	rc_buf_clear(&s->buf);
	return RC_OK;
}

enum rc_code rc_sink_sync(struct rc_sink *s, struct rc_err *err)
{
	enum rc_code code = rc_sink_flush(s, err);

	if (!code && s->fd >= 0 && fsync(s->fd))
		code = failed(s, err);
	return code;
}

void rc_sink_close(struct rc_sink *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	rc_buf_done(&s->buf);
}
