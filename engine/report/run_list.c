/* Which runs there are, and which are old enough to go. */
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/report/run_dir.h"
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SUMMARY_MAX = 64 << 20 };

static bool is_file(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

bool rc_run_time_parse(const char *iso, int64_t *ret_ns)
{
	struct tm tm = {0};
	const char *rest = strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t part = 0, unit = 100000000;

	if (!rest)
		return false;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			part += (*rest - '0') * unit;
	if (strcmp(rest, "Z") != 0)
		return false;
	*ret_ns = (int64_t)timegm(&tm) * 1000000000 + part;
	return true;
}

/* A lock of one's own would be in the way of asking, so the descriptor is a fresh one each time. */
static bool abandoned(int dir)
{
	return !is_file(dir, "summary.json") && (is_file(dir, RC_RUN_BEGAN) || is_file(dir, "users.jsonl")) &&
	       flock(dir, LOCK_EX | LOCK_NB) == 0;
}

/* Every run asks this of all the runs before: once, without opening them. */
static bool finished(int reports, const char *run_id)
{
	char path[RC_RUN_ID_MAX + sizeof("/summary.json")];

	snprintf(path, sizeof(path), "%.*s/summary.json", RC_RUN_ID_MAX, run_id);
	return is_file(reports, path);
}

/* The start of a run: its summary says, or the directory's own time while there is none. */
static void look_at(int dir, struct rc_run_entry *e)
{
	struct rc_buf b = {.max = SUMMARY_MAX};
	struct stat st;
	cJSON *doc;

	if (fstat(dir, &st) == 0)
		e->started_at = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	if (rc_run_file_read(dir, "summary.json", SUMMARY_MAX - 65536, &b, NULL) == RC_OK) {
		doc = cJSON_ParseWithLength(b.p, b.n);
		const char *at = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(doc, "started_at"));

		e->finished = doc != NULL;
		if (at)
			rc_run_time_parse(at, &e->started_at);
		cJSON_Delete(doc);
	}
	rc_buf_done(&b);
}

/* Whether the head of a summary says that its run began at ns or later. The runs of more than a year are looked through
 * at the end of each night; to read every summary whole cost more than a small night itself. False: read it. */
static bool began_since(int dir, int64_t ns)
{
	static const char key[] = "\"started_at\":\"";
	char head[512], *at, *end;
	int fd = openat(dir, "summary.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof(head) - 1);
	int64_t began;

	if (fd >= 0)
		close(fd);
	head[n > 0 ? n : 0] = '\0';
	at = strstr(head, key);
	end = at ? strchr(at + sizeof(key) - 1, '"') : NULL;
	if (!end)
		return false;
	*end = '\0';
	return rc_run_time_parse(at + sizeof(key) - 1, &began) && began >= ns;
}

/* A run that named itself carries its start in its name (rc_run_id_new): nothing has to be opened. False: look inside.
 */
static bool named_since(const char *run_id, int64_t ns)
{
	struct tm tm = {0};
	const char *tail = strlen(run_id) == 25 ? strptime(run_id, "%Y%m%dT%H%M%SZ-", &tm) : NULL;

	return tail && tail == run_id + 17 && (int64_t)timegm(&tm) * 1000000000 >= ns;
}

static int by_start(const void *x, const void *y)
{
	const struct rc_run_entry *a = x, *b = y;

	if (a->started_at != b->started_at)
		return a->started_at < b->started_at ? -1 : 1;
	return strcmp(a->run_id, b->run_id);
}

/* It went away, or it is something of somebody else's. Of anything else nobody knows whether it is the newest run. */
static bool no_report(int sys)
{
	return sys == ENOENT || sys == ENOTDIR || sys == ELOOP || sys == EACCES;
}

/* Every directory that may be a run's, and of which `which` says so; those that began at before_ns or later may be left
 * out. */
static enum rc_code walk(const char *reports_dir, bool (*which)(int dir), int64_t before_ns, struct rc_arena *mem,
			 struct rc_run_entry **ret, size_t *ret_n, struct rc_err *err)
{
	struct rc_run_entry *v = NULL;
	size_t n = 0, cap = 0;
	DIR *d = opendir(reports_dir);
	struct dirent *de;
	int sys = 0;

	*ret = NULL;
	*ret_n = 0;
	if (!d)
		return errno == ENOENT ? RC_OK
				       : rc_fail_sys(err, RC_CANTCREAT, errno,
						     "%s: the reports directory cannot be read", reports_dir);
	while (!sys && (errno = 0, de = readdir(d))) {
		int fd;

		if (!rc_run_id_valid(de->d_name) || (which == abandoned && finished(dirfd(d), de->d_name)) ||
		    (before_ns != INT64_MAX && named_since(de->d_name, before_ns)))
			continue;
		fd = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0) {
			sys = no_report(errno) ? 0 : errno;
			continue;
		}
		if (which(fd) && (before_ns == INT64_MAX || !began_since(fd, before_ns))) {
			if (n == cap) {
				cap = cap ? cap * 2 : 64;
				v = rc_xreallocarray(v, cap, sizeof(*v));
			}
			v[n] = (struct rc_run_entry){.run_id = rc_arena_strdup(mem, de->d_name)};
			look_at(fd, &v[n++]);
		}
		close(fd);
	}
	sys = sys ? sys : errno;
	closedir(d);
	if (n && !sys) {
		qsort(v, n, sizeof(*v), by_start);
		*ret = rc_arena_alloc(mem, n * sizeof(*v));
		memcpy(*ret, v, n * sizeof(*v));
	}
	*ret_n = sys ? 0 : n;
	free(v);
	return sys ? rc_fail_sys(err, RC_CANTCREAT, sys, "%s: the reports directory cannot be read", reports_dir)
		   : RC_OK;
}

static bool is_run(int dir)
{
	return is_file(dir, "users.jsonl") || is_file(dir, "summary.json");
}

enum rc_code rc_run_list(const char *reports_dir, struct rc_arena *mem, struct rc_run_entry **ret, size_t *ret_n,
			 struct rc_err *err)
{
	return walk(reports_dir, is_run, INT64_MAX, mem, ret, ret_n, err);
}

enum rc_code rc_run_abandoned(const char *reports_dir, struct rc_arena *mem, struct rc_run_entry **ret, size_t *ret_n,
			      struct rc_err *err)
{
	return walk(reports_dir, abandoned, INT64_MAX, mem, ret, ret_n, err);
}

/* Empties one run directory; anything but plain files in it keeps it whole. */
static enum rc_code remove_run(int top, const char *run_id, struct rc_err *err)
{
	int fd = openat(top, run_id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	struct stat st;

	if (!d) {
		rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the old report cannot be opened", run_id);
		if (fd >= 0)
			close(fd);
		return RC_CANTCREAT;
	}
	while ((de = readdir(d))) {
		bool dots = strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0;

		if (!dots && (fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) || S_ISDIR(st.st_mode))) {
			closedir(d);
			return rc_fail(err, RC_CANTCREAT, "%s: the old report holds more than files: remove it by hand",
				       run_id);
		}
	}
	rewinddir(d);
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			unlinkat(fd, de->d_name, 0);
	closedir(d);
	if (unlinkat(top, run_id, AT_REMOVEDIR))
		return rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the old report cannot be removed", run_id);
	return RC_OK;
}

enum rc_code rc_run_prune(const char *reports_dir, int64_t before_ns, const char *keep_run, bool dry,
			  void (*removed)(void *ctx, const char *run_id), void *ctx, size_t *ret_n, struct rc_err *err)
{
	struct rc_arena mem = {0};
	struct rc_run_entry *runs;
	size_t n, gone = 0;
	int top = -1;
	enum rc_code code = walk(reports_dir, is_run, before_ns, &mem, &runs, &n, err), one;

	if (!code && n) {
		top = open(reports_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (top < 0)
			code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the reports directory cannot be opened",
					   reports_dir);
	}
	for (size_t i = 0; top >= 0 && i < n && runs[i].started_at < before_ns; i++) {
		if (keep_run && strcmp(runs[i].run_id, keep_run) == 0)
			continue;
		one = dry ? RC_OK : remove_run(top, runs[i].run_id, code ? NULL : err);
		if (one) {
			code = one; /* the others are old all the same */
			continue;
		}
		gone++;
		if (removed)
			removed(ctx, runs[i].run_id);
	}
	if (top >= 0)
		close(top);
	rc_arena_done(&mem);
	if (ret_n)
		*ret_n = gone;
	return code;
}
