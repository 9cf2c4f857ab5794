/* users.jsonl, line by line. */
#include "engine/report/report_int.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 64 << 20 };

static enum rc_code take_lines(struct rc_buf *b, enum rc_code (*row)(void *, struct rc_slice, struct rc_err *),
			       void *ctx, size_t *searched, struct rc_err *err)
{
	size_t from = 0;
	enum rc_code code = RC_OK;

	while (!code) {
		size_t at = from > *searched ? from : *searched;
		const char *nl = memchr(b->p + at, '\n', b->n - at);

		if (!nl)
			break;
		code = row(ctx, (struct rc_slice){b->p + from, (size_t)(nl - b->p) - from}, err);
		from = (size_t)(nl - b->p) + 1;
	}
	memmove(b->p, b->p + from, b->n - from);
	b->n -= from;
	*searched = b->n;
	return code;
}

enum rc_code rc_report_lines(int dir_fd, enum rc_code (*row)(void *ctx, struct rc_slice line, struct rc_err *err),
			     void *ctx, struct rc_err *err)
{
	struct rc_buf b = {.max = LINE_MAX_BYTES};
	size_t searched = 0;
	struct stat st;
	enum rc_code code = RC_OK;
	int fd = openat(dir_fd, "users.jsonl", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return RC_OK;
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "users.jsonl cannot be read");
		goto out;
	}
	while (!code) {
		char *to = rc_buf_reserve(&b, 65536);
		ssize_t n = to ? read(fd, to, 65536) : -1;

		if (to && n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (!to)
				code = rc_fail(err, RC_CANTCREAT,
					       "users.jsonl holds a line over 64 MiB: not one of ours");
			else if (n < 0)
				code = rc_fail_sys(err, RC_CANTCREAT, errno, "users.jsonl cannot be read");
			break;
		}
		b.n += (size_t)n;
		code = take_lines(&b, row, ctx, &searched, err);
	}
out:
	if (fd >= 0)
		close(fd);
	rc_buf_done(&b);
	return code;
}
