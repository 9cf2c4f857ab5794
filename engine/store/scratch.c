#include "engine/store/scratch.h"
#include "engine/store/dir.h"
#include "engine/store/kv.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int make_file(const char *dir)
{
	char path[RC_SCRATCH_DIR + 32];

	snprintf(path, sizeof(path), "%s/" RC_STORE_FILE, dir);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

enum rc_code rc_scratch_make(struct rc_kv *kv, char ret[RC_SCRATCH_DIR], struct rc_err *err)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(ret, RC_SCRATCH_DIR, "%s/rollcall-state-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	enum rc_code code = RC_OK;
	int fd;

	if (n >= RC_SCRATCH_DIR || !mkdtemp(ret)) {
		ret[0] = 0;
		return rc_fail_sys(err, RC_CANTCREAT, n >= RC_SCRATCH_DIR ? ENAMETOOLONG : errno,
				   "no temporary directory for a copy of the state");
	}
	if (!kv)
		return RC_OK;
	fd = make_file(ret);
	if (fd < 0)
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the state cannot be copied there", ret);
	else
		code = rc_kv_copy(kv, fd, err);
	if (fd >= 0)
		close(fd);
	if (code)
		rc_scratch_drop(ret);
	return code;
}

void rc_scratch_drop(char dir[RC_SCRATCH_DIR])
{
	static const char *const names[] = {RC_STORE_FILE, RC_STORE_MDB_LOCK, RC_STORE_LOCK, RC_STORE_COPY};

	for (size_t i = 0; dir[0] && i < sizeof(names) / sizeof(*names); i++) {
		char path[RC_SCRATCH_DIR + 32];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	if (dir[0])
		rmdir(dir);
	dir[0] = 0;
}
