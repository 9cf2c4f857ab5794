#include "engine/base/alloc.h"
#include "engine/seal/seal_batch.h"
#include "engine/seal/seal_block.h"
#include "engine/seal/seal_cert.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct rc_seal {
	char *path;
	int fd;
	pthread_mutex_t turn; /* flock() does not part the threads of one process */
};

static enum rc_code refuse(const char *path, int sys, const char *what, struct rc_err *err)
{
	return sys ? rc_fail_sys(err, RC_CANTCREAT, sys, "credentials file %s %s", path, what)
		   : rc_fail(err, RC_CANTCREAT, "credentials file %s %s", path, what);
}

static enum rc_code sync_dir(const char *path, struct rc_err *err)
{
	char *copy = rc_xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int sys = fd < 0 || fsync(fd) ? errno : 0;

	if (fd >= 0)
		close(fd);
	free(copy);
	return sys ? refuse(path, sys, "lies in a directory that cannot be synced", err) : RC_OK;
}

static enum rc_code open_file(struct rc_seal *s, struct rc_err *err)
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	s->fd = open(s->path, flags);
	if (s->fd < 0 && errno == ENOENT) {
		s->fd = open(s->path, flags | O_CREAT, 0600);
	}
	if (s->fd < 0)
		return errno == ELOOP ? refuse(s->path, 0, "is a symbolic link: name the file itself", err)
				      : refuse(s->path, errno, "cannot be opened", err);
	return sync_dir(s->path, err); /* always: the run that made it may have died before it got so far */
}

static enum rc_code judge_file(struct rc_seal *s, struct rc_err *err)
{
	struct stat st;

	if (fstat(s->fd, &st))
		return refuse(s->path, errno, "cannot be examined", err);
	if (!S_ISREG(st.st_mode))
		return refuse(s->path, 0, "is no regular file", err);
	if (st.st_uid != geteuid())
		return refuse(s->path, 0, "belongs to another user: chown it", err);
	if ((st.st_mode & 07777) != 0600 && fchmod(s->fd, 0600))
		return refuse(s->path, errno, "is open to others, and its mode cannot be set to 0600", err);
	return RC_OK;
}

static int write_all(int fd, struct rc_slice text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		text = (struct rc_slice){text.p + n, text.n - (size_t)n};
	}
	return 0;
}

static bool ends_line(struct rc_slice tail, const char *line)
{
	size_t n = strlen(line);

	return tail.n >= n && memcmp(tail.p + tail.n - n, line, n) == 0 &&
	       (tail.n == n || tail.p[tail.n - n - 1] == '\n');
}

/* Leaves the end of the file so that a block can follow. What stands there is not cut away: it may be all that is left
 * of a password. */
static int close_tail(int fd)
{
	char end[256];
	struct rc_slice tail = {end, 0};
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t got;
	bool newline;

	if (size <= 0)
		return size ? errno : 0;
	got = pread(fd, end, sizeof(end), size > (off_t)sizeof(end) ? size - (off_t)sizeof(end) : 0);
	if (got <= 0)
		return got ? errno : EIO;
	tail.n = (size_t)got;
	newline = end[tail.n - 1] == '\n';
	while (tail.n && strchr("\r\n\t ", end[tail.n - 1]) && end[tail.n - 1])
		tail.n--;
	if (ends_line(tail, RC_SEAL_END))
		return newline ? 0 : write_all(fd, RC_SLICE("\n"));
	return write_all(fd, RC_SLICE("\n" RC_SEAL_TORN "\n" RC_SEAL_END "\n"));
}

/* Passwords synced into a file that nobody finds again are lost. */
static bool still_there(const struct rc_seal *s)
{
	struct stat ours, theirs;

	return fstat(s->fd, &ours) == 0 && lstat(s->path, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
	       ours.st_dev == theirs.st_dev;
}

/* A block that was not synced must not be found later: it would pass for the last word on its accounts. Where only
 * appending is allowed it stays, and its end is closed off next time. */
static int add_block(int fd, struct rc_slice block)
{
	int sys = close_tail(fd);
	off_t size = lseek(fd, 0, SEEK_END);

	if (!sys)
		sys = write_all(fd, block);
	if (!sys && fsync(fd))
		sys = errno;
	if (sys && size >= 0 && ftruncate(fd, size) == 0)
		fsync(fd);
	return sys;
}

static enum rc_code append(struct rc_seal *s, struct rc_slice block, struct rc_err *err)
{
	enum rc_code code = RC_OK;
	int sys;

	while ((sys = flock(s->fd, LOCK_EX) ? errno : 0) == EINTR)
		;
	if (sys)
		return refuse(s->path, sys, "cannot be locked", err);
	if (!still_there(s))
		code = refuse(s->path, 0, "was moved or replaced while in use: run again", err);
	if (!code) {
		sys = add_block(s->fd, block);
		if (sys)
			code = refuse(s->path, sys, "cannot be written", err);
	}
	flock(s->fd, LOCK_UN);
	return code;
}

enum rc_code rc_seal_open(const char *path, struct rc_seal **ret, struct rc_err *err)
{
	struct rc_seal *s = rc_xcalloc(1, sizeof(*s));
	enum rc_code code;

	s->path = rc_xstrdup(path);
	pthread_mutex_init(&s->turn, NULL);
	code = open_file(s, err);
	if (!code)
		code = judge_file(s, err);
	if (!code)
		code = append(s, RC_SLICE(""), err);
	if (code) {
		rc_seal_close(s);
		return code;
	}
	*ret = s;
	return RC_OK;
}

void rc_seal_close(struct rc_seal *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->turn);
	free(s->path);
	free(s);
}

enum rc_code rc_seal_commit(struct rc_seal *s, struct rc_seal_batch *b, struct rc_err *err)
{
	struct rc_buf plain = {.secret = true}, block = {0};
	enum rc_code code;

	if (!b->n)
		return RC_OK;
	rc_seal_batch_plain(b, &plain);
	code = rc_seal_block_make(rc_buf_slice(&plain), b->to->v, b->to->n, &block, err);
	rc_buf_wipe(&plain);
	if (!code) {
		pthread_mutex_lock(&s->turn);
		code = append(s, rc_buf_slice(&block), err);
		pthread_mutex_unlock(&s->turn);
	}
	rc_buf_done(&block);
	if (code)
		rc_seal_batch_keep_voids(b);
	else
		rc_seal_batch_clear(b);
	return code;
}
