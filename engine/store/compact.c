/* Rewrites the data file without its free pages. */
#include "engine/store/dir.h"
#include "engine/store/store_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { WORTH_IT = 16 << 20 };

static enum rc_code write_copy(struct rc_store *s, int dirfd, struct rc_err *err)
{
	int fd = openat(dirfd, RC_STORE_COPY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	enum rc_code code;

	if (fd < 0)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "cannot write %s/" RC_STORE_COPY, s->dir);
	code = rc_kv_copy(s->kv, fd, err);
	if (!code && fsync(fd))
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "cannot write %s/" RC_STORE_COPY, s->dir);
	close(fd);
	return code;
}

/* LMDB's lock file counts transactions, and a copy counts anew: the two are replaced as a pair. A process that has the
 * old pair open keeps it; nobody opens one while this holds the directory. */
static enum rc_code swap(struct rc_store *s, int dirfd, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	while (flock(dirfd, LOCK_EX) && errno == EINTR)
		;
	rc_kv_close(s->kv);
	s->kv = NULL;
	if ((unlinkat(dirfd, RC_STORE_MDB_LOCK, 0) && errno != ENOENT) ||
	    renameat(dirfd, RC_STORE_COPY, dirfd, RC_STORE_FILE) || fsync(dirfd))
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "cannot put the compacted %s in place", s->path);
	if (rc_kv_open(s->path, true, RC_STORE_FORMAT, s->map_max, &s->kv, code ? NULL : err) && !code)
		code = err ? err->code : RC_CANTCREAT;
	flock(dirfd, LOCK_UN);
	return code;
}

enum rc_code rc_store_compact(struct rc_store *s, bool always, bool *ret_done, struct rc_err *err)
{
	struct rc_store_size size;
	enum rc_code code;
	bool missing, idle;
	int dirfd;

	*ret_done = false;
	pthread_mutex_lock(&s->mu);
	idle = !s->open && !s->has_writer;
	pthread_mutex_unlock(&s->mu);
	if (s->mode != RC_STORE_WRITE || !s->kv || !idle)
		return rc_fail(err, RC_INTERNAL, "state %s cannot be compacted while it is in use", s->dir);
	code = rc_store_size(s, &size, err);
	if (code || (!always && (size.free_bytes < WORTH_IT || size.free_bytes <= size.used_bytes)))
		return code;
	dirfd = rc_dir_open(s->dir, false, &missing, err);
	if (dirfd < 0)
		return missing ? rc_fail(err, RC_CANTCREAT, "state directory %s is gone", s->dir) : RC_CANTCREAT;
	code = write_copy(s, dirfd, err);
	if (!code)
		code = swap(s, dirfd, err);
	if (code)
		unlinkat(dirfd, RC_STORE_COPY, 0);
	close(dirfd);
	*ret_done = !code;
	return code;
}
