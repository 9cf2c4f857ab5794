#include "engine/store/dir.h"
#include "engine/base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

const char *rc_dir_network_fs(long type)
{
	static const struct {
		unsigned magic;
		const char *name;
	} t[] = {
		{0x6969, "NFS"},       {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB"},  {0x517B, "SMB"},
		{0x5346414F, "AFS"},   {0x6B414653, "AFS"},  {0x73757245, "Coda"}, {0x0BD00BD0, "Lustre"},
		{0x7461636f, "OCFS2"}, {0x564C, "NCP"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if ((unsigned)type == t[i].magic)
			return t[i].name;
	return NULL;
}

static int make_path(const char *dir)
{
	char *copy = rc_xstrdup(dir);
	int rc = 0;

	for (char *s = copy + 1; *copy && !rc; s++) {
		char c = *s;

		if (c && c != '/')
			continue;
		*s = 0;
		if (mkdir(copy, 0700) && errno != EEXIST)
			rc = errno;
		*s = c;
		if (!c)
			break;
	}
	free(copy);
	return rc;
}

static enum rc_code check_dir(int fd, const char *dir, struct rc_err *err)
{
	struct stat st;
	struct statfs fs;
	const char *net;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return rc_fail_sys(err, RC_CANTCREAT, errno, "state directory %s", dir);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return rc_fail(err, RC_CANTCREAT, "state directory %s belongs to user %u, not to us: chown it", dir,
			       (unsigned)st.st_uid);
	if (st.st_mode & S_IWOTH)
		return rc_fail(err, RC_CANTCREAT, "state directory %s is writable by everybody: chmod 0700 it", dir);
	net = rc_dir_network_fs((long)fs.f_type);
	if (net)
		return rc_fail(err, RC_CANTCREAT,
			       "state directory %s lies on %s, where locks and memory maps cannot be trusted: "
			       "put \"state\" on a local disk",
			       dir, net);
	return RC_OK;
}

int rc_dir_open(const char *dir, bool make, bool *ret_missing, struct rc_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret_missing = false;
	if (fd < 0 && errno == ENOENT) {
		int rc;

		if (!make) {
			*ret_missing = true;
			return -1;
		}
		rc = make_path(dir);
		if (rc) {
			rc_fail_sys(err, RC_CANTCREAT, rc, "cannot make state directory %s", dir);
			return -1;
		}
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0) {
		rc_fail_sys(err, RC_CANTCREAT, errno, "cannot open state directory %s", dir);
		return -1;
	}
	if (check_dir(fd, dir, err)) {
		close(fd);
		return -1;
	}
	return fd;
}

enum rc_code rc_dir_check_file(int fd, const char *dir, const char *name, long long *ret_size, struct rc_err *err)
{
	struct stat st;

	*ret_size = -1;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return RC_OK;
		return rc_fail_sys(err, RC_CANTCREAT, errno, "state file %s/%s", dir, name);
	}
	if (S_ISLNK(st.st_mode))
		return rc_fail(err, RC_CANTCREAT, "%s/%s is a symbolic link: links in a state directory are refused",
			       dir, name);
	if (!S_ISREG(st.st_mode))
		return rc_fail(err, RC_CANTCREAT, "%s/%s is not a regular file: remove it", dir, name);
	if (st.st_uid != geteuid() && st.st_uid != 0 && geteuid() != 0)
		return rc_fail(err, RC_CANTCREAT, "%s/%s belongs to user %u, not to us: chown it", dir, name,
			       (unsigned)st.st_uid);
	*ret_size = (long long)st.st_size;
	return RC_OK;
}
