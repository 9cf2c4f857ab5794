/* The files of a source, one after the other: globs, standard input, or a command's output. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void add(struct rc_feed *f, const char *path)
{
	f->files = rc_xreallocarray(f->files, f->n + 2, sizeof(*f->files));
	f->files[f->n++] = rc_xstrdup(path);
	f->files[f->n] = NULL;
}

static int64_t mtime_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

static void keep_newest(struct rc_feed *f)
{
	size_t best = 0;

	for (size_t i = 1; i < f->n; i++)
		if (mtime_of(f->files[i]) >= mtime_of(f->files[best]))
			best = i;
	for (size_t i = 0; i < f->n; i++)
		if (i != best)
			free(f->files[i]);
	f->files[0] = f->files[best];
	f->n = 1;
}

static enum rc_code expand(struct rc_feed *f, const char *pattern, size_t source, struct rc_err *err)
{
	glob_t g;
	int rc;

	if (strcmp(pattern, "-") == 0) {
		add(f, pattern);
		return RC_OK;
	}
	rc = glob(pattern, 0, NULL, &g);
	if (rc == GLOB_NOMATCH)
		return rc_fail(err, RC_DATA, "%s: no such file (/sources/%zu/files): is the export there yet?", pattern,
			       source);
	if (rc)
		return rc_fail(err, RC_DATA, "%s: cannot be searched (/sources/%zu/files)", pattern, source);
	for (size_t i = 0; i < g.gl_pathc; i++)
		add(f, g.gl_pathv[i]);
	globfree(&g);
	return RC_OK;
}

enum rc_code rc_feed_open(struct rc_feed *f, const struct rc_config *cfg, size_t source, struct rc_err *err)
{
	*f = (struct rc_feed){.cfg = &cfg->sources[source], .hide = cfg->secret_env};
	if (f->cfg->command.n) {
		add(f, f->cfg->command.v[0]);
		return RC_OK;
	}
	for (size_t i = 0; i < f->cfg->files.n; i++) {
		enum rc_code code = expand(f, f->cfg->files.v[i], source, err);

		if (code) {
			rc_feed_done(f);
			return code;
		}
	}
	if (f->cfg->pick == RC_PICK_NEWEST && f->n > 1)
		keep_newest(f);
	return RC_OK;
}

static enum rc_code spawn(struct rc_feed *f, int *ret_fd, struct rc_err *err)
{
	posix_spawn_file_actions_t actions;
	char **env = rc_env_without(f->hide.v);
	int fd[2], rc;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC)) {
		free(env);
		return rc_fail_sys(err, RC_DATA, errno, "%s: no pipe", f->files[0]);
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fd[1], 1);
	rc = posix_spawnp(&pid, f->files[0], &actions, NULL, (char *const *)f->cfg->command.v, env);
	posix_spawn_file_actions_destroy(&actions);
	close(fd[1]);
	free(env);
	if (rc) {
		close(fd[0]);
		return rc_fail_sys(err, RC_DATA, rc, "%s: the source's command cannot be run", f->files[0]);
	}
	f->pid = pid;
	*ret_fd = fd[0];
	return RC_OK;
}

static enum rc_code reap(struct rc_feed *f, struct rc_err *err)
{
	int status;

	if (!f->pid)
		return RC_OK;
	while (waitpid(f->pid, &status, 0) < 0 && errno == EINTR)
		;
	f->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return RC_OK;
	if (WIFEXITED(status))
		return rc_fail(err, RC_DATA, "%s: the source's command ended with exit code %d", f->files[0],
			       WEXITSTATUS(status));
	return rc_fail(err, RC_DATA, "%s: the source's command was killed by signal %d", f->files[0], WTERMSIG(status));
}

static enum rc_format format_of(const char *text)
{
	if (text && strcmp(text, "csv") == 0)
		return RC_FORMAT_CSV;
	if (text && strcmp(text, "ldif") == 0)
		return RC_FORMAT_LDIF;
	return RC_FORMAT_AUTO;
}

enum rc_code rc_feed_next(struct rc_feed *f, struct rc_reader **ret, const char **ret_name, struct rc_err *err)
{
	const struct rc_source *s = f->cfg;
	struct rc_reader_opts o = {
		.format = format_of(s->format), .delimiter = s->delimiter, .max_record = s->max_record_bytes};
	enum rc_code code = reap(f, err);

	*ret = NULL;
	if (code || f->at == f->n)
		return code;
	o.in.encoding = s->encoding && strcmp(s->encoding, "utf-8") != 0 ? s->encoding : NULL;
	o.in.max_ratio = s->max_ratio == 0           ? RC_RATIO_NONE
			 : s->max_ratio > UINT32_MAX ? UINT32_MAX
						     : (uint32_t)s->max_ratio;
	*ret_name = f->files[f->at++];
	if (s->command.n) {
		code = spawn(f, &o.in.fd, err);
		o.in.name = *ret_name;
	} else {
		o.in.path = *ret_name;
	}
	return code ? code : rc_reader_open(&o, ret, err);
}

void rc_feed_done(struct rc_feed *f)
{
	struct rc_err ignored;

	reap(f, &ignored);
	for (size_t i = 0; i < f->n; i++)
		free(f->files[i]);
	free(f->files);
	*f = (struct rc_feed){0};
}
