/* The plan's file: read whole, written by rename. */
#include "engine/plan/plan.h"
#include "engine/base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BYTES ((size_t)4 << 30)

static bool put_all(int fd, struct rc_slice bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes.p += n;
		bytes.n -= (size_t)n;
	}
	return fsync(fd) == 0;
}

/* The rename itself must outlive a power cut; a directory that cannot be synced is the file system's own business. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(dir);
}

enum rc_code rc_plan_save(const char *path, struct rc_plan *p, struct rc_err *err)
{
	struct rc_buf bytes = {0}, temp = {0};
	enum rc_code code = RC_OK;
	int fd, sys;
	bool ok;

	if (!rc_plan_write(p, &bytes)) {
		rc_buf_done(&bytes);
		return rc_fail(err, RC_INTERNAL, "%s: SHA-256 is not available", path);
	}
	rc_buf_addf(&temp, "%s.XXXXXX", path);
	fd = mkostemp(temp.p, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the plan cannot be written", path);
		rc_buf_done(&bytes);
		rc_buf_done(&temp);
		return code;
	}
	ok = put_all(fd, rc_buf_slice(&bytes));
	sys = errno;
	ok &= close(fd) == 0;
	if (ok && rename(temp.p, path) != 0) {
		sys = errno;
		ok = false;
	}
	if (ok) {
		sync_directory(path);
	} else {
		unlink(temp.p);
		code = rc_fail_sys(err, RC_CANTCREAT, sys, "%s: the plan cannot be written", path);
	}
	rc_buf_done(&bytes);
	rc_buf_done(&temp);
	return code;
}

enum rc_code rc_plan_load(const char *path, struct rc_arena *mem, struct rc_plan *ret, struct rc_err *err)
{
	struct rc_buf bytes = {.max = MAX_BYTES};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum rc_code code;
	ssize_t got;

	if (fd < 0)
		return rc_fail_sys(err, RC_DATA, errno, "%s: the plan cannot be read", path);
	do {
		char *to = rc_buf_reserve(&bytes, 1 << 16);

		got = to ? read(fd, to, 1 << 16) : 0;
		if (got > 0)
			bytes.n += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		code = rc_fail_sys(err, RC_DATA, errno, "%s: the plan cannot be read", path);
	else if (bytes.overflow)
		code = rc_fail(err, RC_DATA, "%s: is too large for a plan", path);
	else
		code = rc_plan_parse(path, rc_buf_slice(&bytes), mem, ret, err);
	close(fd);
	rc_buf_done(&bytes);
	return code;
}
