#include "engine/config/secret.h"
#include "engine/base/alloc.h"
#include "engine/base/child.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND_TIMEOUT_MS = 60000 };

void rc_secret_text(const struct rc_secret *s, char *out, size_t cap)
{
	static const char *const kinds[] = {"nothing", "env", "file", "credential", "command", "text"};

	snprintf(out, cap, "%s %s", kinds[s->kind], s->argv ? s->argv[0] : s->name ? s->name : "");
}

static enum rc_code refuse(const struct rc_secret *s, int sys, const char *what, struct rc_err *err)
{
	char text[300];

	rc_secret_text(s, text, sizeof(text));
	return sys ? rc_fail_sys(err, RC_CONFIG, sys, "%s: secret from %s: %s", s->pointer ? s->pointer : "", text,
				 what)
		   : rc_fail(err, RC_CONFIG, "%s: secret from %s: %s", s->pointer ? s->pointer : "", text, what);
}

/* Reads to the end, at most RC_SECRET_MAX + 1 bytes. 0, or errno; ETIMEDOUT past the deadline (-1: none). */
static int drain(int fd, int64_t deadline_ms, struct rc_buf *out)
{
	char chunk[4096];
	int sys = 0;

	while (!sys && out->n <= RC_SECRET_MAX) {
		ssize_t got;

		if (deadline_ms >= 0) {
			struct pollfd p = {fd, POLLIN, 0};
			int64_t left = deadline_ms - rc_child_now_ms();
			int rc = poll(&p, 1, left > 0 ? (int)left : 0);

			if (rc == 0)
				sys = ETIMEDOUT;
			if (rc < 0 && errno != EINTR)
				sys = errno;
			if (rc <= 0)
				continue;
		}
		got = read(fd, chunk, sizeof(chunk));
		if (got == 0)
			break;
		if (got > 0)
			rc_buf_add(out, chunk, (size_t)got);
		else if (errno != EINTR)
			sys = errno;
	}
	OPENSSL_cleanse(chunk, sizeof(chunk));
	return sys;
}

static enum rc_code from_path(const struct rc_secret *s, const char *path, struct rc_buf *out, struct rc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int sys;

	if (fd < 0)
		return refuse(s, errno, "cannot be read", err);
	sys = drain(fd, -1, out);
	close(fd);
	return sys ? refuse(s, sys, "cannot be read", err) : RC_OK;
}

static enum rc_code from_credential(const struct rc_secret *s, struct rc_buf *out, struct rc_err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[4096];

	if (!dir || !*dir)
		return refuse(s, 0, "CREDENTIALS_DIRECTORY is not set; run under systemd with LoadCredential=", err);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, s->name) >= sizeof(path))
		return refuse(s, ENAMETOOLONG, "cannot be read", err);
	return from_path(s, path, out, err);
}

static bool names_variable(const char *entry, const char *name)
{
	size_t n = strlen(name);

	return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

char **rc_env_without(const char *const *names)
{
	size_t n = 0, kept = 0;
	char **env;

	while (environ && environ[n])
		n++;
	env = rc_xcalloc(n + 1, sizeof(*env));
	for (size_t i = 0; i < n; i++) {
		bool hidden = false;

		for (const char *const *name = names; name && *name && !hidden; name++)
			hidden = names_variable(environ[i], *name);
		if (!hidden)
			env[kept++] = environ[i];
	}
	return env;
}

static int spawn(const struct rc_secret *s, int out_fd, pid_t *ret)
{
	char **env = rc_env_without(s->hide);
	int rc = rc_child_start(s->argv, env, out_fd, ret);

	free(env);
	return rc;
}

static enum rc_code from_command(const struct rc_secret *s, struct rc_buf *out, struct rc_err *err)
{
	int64_t deadline = rc_child_now_ms() + COMMAND_TIMEOUT_MS;
	char what[64];
	int fds[2], rc, status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return refuse(s, errno, "no pipe", err);
	rc = spawn(s, fds[1], &pid);
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return refuse(s, rc, "cannot be started", err);
	}
	rc = drain(fds[0], deadline, out);
	close(fds[0]);
	status = rc_child_wait(pid, rc ? 0 : deadline);
	if (rc == ETIMEDOUT || status == -1)
		return refuse(s, 0, "the command did not end within a minute", err);
	if (rc)
		return refuse(s, rc, "cannot be read", err);
	if (out->n > RC_SECRET_MAX)
		return RC_OK; /* told as too long by the caller */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return RC_OK;
	if (WIFEXITED(status))
		snprintf(what, sizeof(what), "the command ended with exit code %d", WEXITSTATUS(status));
	else
		snprintf(what, sizeof(what), "the command was ended by signal %d", WTERMSIG(status));
	return refuse(s, 0, what, err);
}

static enum rc_code fetch(const struct rc_secret *s, struct rc_buf *out, struct rc_err *err)
{
	const char *value;

	switch (s->kind) {
	case RC_SECRET_ENV:
		value = getenv(s->name);
		if (!value)
			return refuse(s, 0, "the variable is not set", err);
		rc_buf_add(out, value, strnlen(value, RC_SECRET_MAX + 1));
		return RC_OK;
	case RC_SECRET_FILE:
		return from_path(s, s->name, out, err);
	case RC_SECRET_CREDENTIAL:
		return from_credential(s, out, err);
	case RC_SECRET_COMMAND:
		return from_command(s, out, err);
	case RC_SECRET_PLAIN:
		rc_buf_adds(out, s->name);
		return RC_OK;
	case RC_SECRET_NONE:
		break;
	}
	return refuse(s, 0, "is not configured", err);
}

static void strip_line_break(struct rc_buf *b)
{
	if (b->n && b->p[b->n - 1] == '\n')
		b->n--;
	if (b->n && b->p[b->n - 1] == '\r')
		b->n--;
}

enum rc_code rc_secret_get(const struct rc_secret *s, struct rc_buf *ret, struct rc_err *err)
{
	struct rc_buf value = {0};
	enum rc_code code;

	rc_buf_reserve(&value, 2 * RC_SECRET_MAX); /* so that growing leaves no copies behind */
	code = fetch(s, &value, err);
	if (!code && value.n > RC_SECRET_MAX)
		code = refuse(s, 0, "is longer than 64 KiB", err);
	if (!code && s->kind != RC_SECRET_ENV && s->kind != RC_SECRET_PLAIN)
		strip_line_break(&value);
	if (!code && value.n == 0)
		code = refuse(s, 0, "is empty", err);
	if (!code && memchr(value.p, 0, value.n))
		code = refuse(s, 0, "holds a NUL byte", err);
	if (!code)
		rc_buf_addslice(ret, rc_buf_slice(&value));
	rc_buf_wipe(&value);
	return code;
}
