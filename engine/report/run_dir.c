#include "engine/report/run_dir.h"
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool rc_run_id_valid(const char *id)
{
	size_t n = strlen(id);

	return n >= 1 && n <= RC_RUN_ID_MAX && id[0] != '.' &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

void rc_run_id_new(const struct rc_clock *clock, char out[RC_RUN_ID_MAX + 1])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* 32, none that look alike */
	char iso[32], stamp[17], tail[9];
	size_t n = 0;
	uint64_t r = rc_random_u64(clock);

	rc_time_iso(rc_wall_ns(clock), iso);
	for (const char *p = iso; *p && n < sizeof(stamp) - 1; p++)
		if (*p != '-' && *p != ':')
			stamp[n++] = *p;
	stamp[n] = 0;
	for (size_t i = 0; i < sizeof(tail) - 1; i++, r >>= 5)
		tail[i] = letters[r & 31];
	tail[sizeof(tail) - 1] = 0;
	snprintf(out, RC_RUN_ID_MAX + 1, "%s-%s", stamp, tail);
}

static enum rc_code check_id(const char *run_id, struct rc_err *err)
{
	if (rc_run_id_valid(run_id))
		return RC_OK;
	return rc_fail(err, RC_USAGE,
		       "run id '%.80s' is malformed: use 1 to 64 of A-Z a-z 0-9 . _ - and no leading dot", run_id);
}

static enum rc_code make_parents(const char *dir, struct rc_err *err)
{
	char *path = rc_xstrdup(dir);
	enum rc_code code = RC_OK;
	struct stat st;

	for (char *p = path + (path[0] == '/'); !code; p++) {
		char c = *p;

		if (c != '/' && c)
			continue;
		*p = 0;
		if (path[0] && mkdir(path, 0700) && errno != EEXIST)
			code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the reports directory cannot be made", dir);
		*p = c;
		if (!c)
			break;
	}
	if (!code && (stat(path, &st) || !S_ISDIR(st.st_mode)))
		code = rc_fail(err, RC_CANTCREAT, "%s: the reports directory is not a directory", dir);
	free(path);
	return code;
}

static enum rc_code open_reports(const char *reports_dir, int *ret_fd, struct rc_err *err)
{
	*ret_fd = open(reports_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the reports directory cannot be opened", reports_dir);
	return RC_OK;
}

enum rc_code rc_run_dir_create(const char *reports_dir, const char *run_id, bool sync, int *ret_fd, struct rc_err *err)
{
	int top, fd;
	enum rc_code code = check_id(run_id, err);

	if (code || (code = make_parents(reports_dir, err)) || (code = open_reports(reports_dir, &top, err)))
		return code;
	if (mkdirat(top, run_id, 0700)) {
		if (errno == EEXIST)
			code = rc_fail(err, RC_USAGE, "run id '%s' was used before: %s/%s exists; choose another",
				       run_id, reports_dir, run_id);
		else
			code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s/%s: the report cannot be made", reports_dir,
					   run_id);
		goto out;
	}
	fd = openat(top, run_id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s/%s: the report cannot be opened", reports_dir, run_id);
		goto out;
	}
	flock(fd, LOCK_EX | LOCK_NB); /* ours alone; a file system without locks has nobody who asks either */
	if (sync)
		fsync(top); /* a file system that cannot sync a directory has nothing to sync */
	*ret_fd = fd;
out:
	close(top);
	return code;
}

enum rc_code rc_run_dir_open(const char *reports_dir, const char *run_id, int *ret_fd, struct rc_err *err)
{
	int top, fd;
	enum rc_code code = check_id(run_id, err);

	if (code)
		return code;
	top = open(reports_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = top < 0 ? -1 : openat(top, run_id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		code = rc_fail(err, RC_USAGE, "no run '%s' in %s", run_id, reports_dir);
	else if (fd < 0)
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s/%s: the report cannot be opened", reports_dir, run_id);
	else
		*ret_fd = fd;
	if (top >= 0)
		close(top);
	return code;
}

static void temporary(const char *name, char out[80])
{
	snprintf(out, 80, ".%.60s.new", name);
}

enum rc_code rc_run_file_begin(int dir_fd, const char *name, int *ret_fd, struct rc_err *err)
{
	char tmp[80];
	int fd = -1;

	temporary(name, tmp);
	if (unlinkat(dir_fd, tmp, 0) == 0 || errno == ENOENT)
		fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the report cannot be written", name);
	*ret_fd = fd;
	return RC_OK;
}

enum rc_code rc_run_file_commit(int dir_fd, const char *name, int fd, bool ok, bool sync, struct rc_err *err)
{
	char tmp[80];
	enum rc_code code = RC_OK;

	temporary(name, tmp);
	if (ok && ((sync && fsync(fd)) || renameat(dir_fd, tmp, dir_fd, name)))
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the report cannot be written", name);
	close(fd);
	if (!ok || code)
		unlinkat(dir_fd, tmp, 0);
	return code;
}

enum rc_code rc_run_file_write(int dir_fd, const char *name, struct rc_slice bytes, bool sync, struct rc_err *err)
{
	size_t done = 0;
	int fd;
	enum rc_code code = rc_run_file_begin(dir_fd, name, &fd, err), end;

	if (code)
		return code;
	while (!code && done < bytes.n) {
		ssize_t w = write(fd, bytes.p + done, bytes.n - done);

		if (w >= 0)
			done += (size_t)w;
		else if (errno != EINTR)
			code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the report cannot be written", name);
	}
	end = rc_run_file_commit(dir_fd, name, fd, code == RC_OK, sync, err);
	return code ? code : end;
}

enum rc_code rc_run_file_read(int dir_fd, const char *name, size_t max, struct rc_buf *ret, struct rc_err *err)
{
	struct stat st;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	enum rc_code code = RC_OK;

	if (fd < 0)
		return errno == ENOENT ? rc_fail(err, RC_USAGE, "there is no %s", name)
				       : rc_fail_sys(err, RC_CANTCREAT, errno, "%s cannot be read", name);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		code = rc_fail(err, RC_CANTCREAT, "%s is not a file", name);
		goto out;
	}
	for (;;) {
		char *p = rc_buf_reserve(ret, 65536);
		ssize_t n;

		if (!p || ret->n > max) {
			code = rc_fail(err, RC_CANTCREAT, "%s is larger than any of ours", name);
			goto out;
		}
		n = read(fd, p, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s cannot be read", name);
			goto out;
		}
		if (n == 0)
			break;
		ret->n += (size_t)n;
	}
	ret->p[ret->n] = 0;
out:
	close(fd);
	return code;
}
