#include "engine/store/lock.h"
#include "engine/base/alloc.h"
#include "engine/store/dir.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct rc_lock {
	int fd;
	char *dir;
};

static struct flock whole(short type)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

/* Reads one "name value" line of the lock file into out (cap bytes). */
static void field(const char *text, const char *name, char *out, size_t cap)
{
	const char *p = strstr(text, name);
	size_t n;

	*out = 0;
	if (!p)
		return;
	p += strlen(name);
	n = strcspn(p, "\n");
	if (p[n] != '\n') /* half written */
		return;
	if (n >= cap)
		n = cap - 1;
	memcpy(out, p, n);
	out[n] = 0;
	rc_printable(out, cap);
}

static void read_holder(int fd, struct rc_lock_holder *ret)
{
	char text[1024], num[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	memset(ret, 0, sizeof(*ret));
	if (n <= 0)
		return;
	text[n] = 0;
	field(text, "pid ", num, sizeof(num));
	ret->pid = strtol(num, NULL, 10);
	field(text, "host ", ret->host, sizeof(ret->host));
	field(text, "run ", ret->run_id, sizeof(ret->run_id));
	field(text, "started ", num, sizeof(num));
	ret->started_ns = strtoll(num, NULL, 10);
}

static enum rc_code write_holder(struct rc_lock *l, const char *run_id, int64_t now_ns, struct rc_err *err)
{
	char host[256] = "", text[640];
	int n;

	if (gethostname(host, sizeof(host) - 1))
		host[0] = 0;
	n = snprintf(text, sizeof(text), "pid %ld\nhost %s\nrun %.64s\nstarted %" PRId64 "\n", (long)getpid(), host,
		     run_id ? run_id : "", now_ns);
	if (ftruncate(l->fd, 0) || pwrite(l->fd, text, (size_t)n, 0) != n)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "cannot write %s/" RC_STORE_LOCK, l->dir);
	return RC_OK;
}

static enum rc_code say_locked(const char *dir, const struct rc_lock_holder *h, struct rc_err *err)
{
	char since[32] = "an unknown moment";

	if (h->started_ns > 0)
		rc_time_iso(h->started_ns, since);
	return rc_fail(err, RC_LOCKED,
		       "state %s is in use by pid %ld on %s, run %s, since %s: wait for it, or give --wait-lock", dir,
		       h->pid, h->host[0] ? h->host : "(unknown host)", h->run_id[0] ? h->run_id : "(none)", since);
}

/* Tries until deadline; RC_LOCKED without a text when it stays taken. */
static enum rc_code try_lock(int fd, const char *dir, const struct rc_clock *clock, int64_t wait_ms, struct rc_err *err)
{
	int64_t deadline = rc_mono_ns(clock) + wait_ms * 1000000;

	for (;;) {
		struct flock fl = whole(F_WRLCK);
		struct timespec pause = {0, 50 * 1000000};

		if (!fcntl(fd, F_OFD_SETLK, &fl))
			return RC_OK;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return rc_fail_sys(err, RC_CANTCREAT, errno, "cannot lock %s/" RC_STORE_LOCK, dir);
		if (rc_mono_ns(clock) >= deadline)
			return RC_LOCKED;
		nanosleep(&pause, NULL);
	}
}

static int open_lock_file(const char *dir, struct rc_err *err)
{
	bool missing;
	int dirfd = rc_dir_open(dir, true, &missing, err), fd;

	if (dirfd < 0)
		return -1;
	fd = openat(dirfd, RC_STORE_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0 && errno == ELOOP)
		rc_fail(err, RC_CANTCREAT,
			"%s/" RC_STORE_LOCK " is a symbolic link: links in a state directory are refused", dir);
	else if (fd < 0)
		rc_fail_sys(err, RC_CANTCREAT, errno, "cannot open %s/" RC_STORE_LOCK, dir);
	close(dirfd);
	return fd;
}

enum rc_code rc_lock_take(const char *dir, const char *run_id, const struct rc_clock *clock, int64_t wait_ms,
			  struct rc_lock **ret, struct rc_lock_holder *ret_holder, struct rc_err *err)
{
	struct rc_lock_holder h;
	struct rc_lock *l;
	enum rc_code code;
	int fd = open_lock_file(dir, err);

	if (!clock)
		clock = &rc_clock_system;
	if (fd < 0)
		return RC_CANTCREAT;
	code = try_lock(fd, dir, clock, wait_ms, err);
	if (code) {
		if (code == RC_LOCKED) {
			read_holder(fd, &h);
			say_locked(dir, &h, err);
			if (ret_holder)
				*ret_holder = h;
		}
		close(fd);
		return code;
	}
	l = rc_xcalloc(1, sizeof(*l));
	l->fd = fd;
	l->dir = rc_xstrdup(dir);
	code = write_holder(l, run_id, rc_wall_ns(clock), err);
	if (code)
		rc_lock_release(l);
	else
		*ret = l;
	return code;
}

void rc_lock_release(struct rc_lock *l)
{
	if (!l)
		return;
	/* What it said is over; a failure to say so harms nobody, because the lock is what counts. */
	if (ftruncate(l->fd, 0))
		errno = 0;
	close(l->fd);
	free(l->dir);
	free(l);
}

bool rc_lock_held(const char *dir, struct rc_lock_holder *ret)
{
	struct rc_lock_holder h;
	struct flock fl = whole(F_WRLCK);
	bool missing, held;
	int dirfd = rc_dir_open(dir, false, &missing, NULL), fd;

	if (dirfd < 0)
		return false;
	fd = openat(dirfd, RC_STORE_LOCK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	close(dirfd);
	if (fd < 0)
		return false;
	held = !fcntl(fd, F_OFD_GETLK, &fl) && fl.l_type != F_UNLCK;
	if (held) {
		read_holder(fd, &h);
		if (ret)
			*ret = h;
	}
	close(fd);
	return held;
}
