/* The files of a source as readers, one after the other; a command's output is
 * one of them. */
#include "engine/base/child.h"
#include "engine/run/scan_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum rc_code rc_feed_open(struct rc_feed *f, const struct rc_config *cfg, size_t source, struct rc_err *err)
{
	*f = (struct rc_feed){.cfg = &cfg->sources[source], .hide = cfg->secret_env};
	return rc_source_files_find(&f->files, cfg, source, err);
}

static enum rc_code spawn(struct rc_feed *f, int *ret_fd, struct rc_err *err)
{
	char **env = rc_env_without(f->hide.v);
	int fd[2], rc;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC)) {
		free(env);
		return rc_fail_sys(err, RC_DATA, errno, "%s: no pipe", f->files.v[0].path);
	}
	rc = rc_child_start(f->cfg->command.v, env, fd[1], &pid);
	close(fd[1]);
	free(env);
	if (rc) {
		close(fd[0]);
		return rc_fail_sys(err, RC_DATA, rc, "%s: the source's command cannot be run", f->files.v[0].path);
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
		return rc_fail(err, RC_DATA, "%s: the source's command ended with exit code %d", f->files.v[0].path,
			       WEXITSTATUS(status));
	return rc_fail(err, RC_DATA, "%s: the source's command was killed by signal %d", f->files.v[0].path,
		       WTERMSIG(status));
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
	if (code || f->at == f->files.n)
		return code;
	o.in.encoding = s->encoding && strcmp(s->encoding, "utf-8") != 0 ? s->encoding : NULL;
	o.in.max_ratio = s->max_ratio == 0           ? RC_RATIO_NONE
			 : s->max_ratio > UINT32_MAX ? UINT32_MAX
						     : (uint32_t)s->max_ratio;
	o.in.sha256 = s->expect.sha256_file != NULL;
	*ret_name = f->files.v[f->at++].path;
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
	rc_source_files_done(&f->files);
	*f = (struct rc_feed){0};
}
