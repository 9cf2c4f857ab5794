#include "tests/year/stage.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "tests/unit/helper_nights.h"

#define SECOND INT64_C(1000000000)

static struct provider *provider;
static uint64_t runs, seed;
static int64_t now_ns; /* monotonic; the wall clock is world_wall0_ns ahead */
static int64_t *child_end_ns;
static char run_id[24];

void stage_begin(uint64_t seed_given, int64_t begin_s)
{
	world_wall0_ns = begin_s * SECOND;
	seed = seed_given;
	/* Memory: a commit's fsync costs nothing there, and nothing in virtual time depends on it. */
	snprintf(nights_dir, sizeof(nights_dir), "%s/rollcall-year-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(nights_dir));
	setenv("VPN_TOKEN", "tok", 1);
	rc_log_setup(RC_LOG_ERROR, false);
	provider = provider_new(seed, 300);
	child_end_ns = mmap(NULL, sizeof(*child_end_ns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(child_end_ns != MAP_FAILED);
}

void stage_end(void)
{
	provider_free(provider);
	munmap(child_end_ns, sizeof(*child_end_ns));
}

void stage_at(int64_t unix_s)
{
	assert_true(unix_s * SECOND - world_wall0_ns >= now_ns);
	now_ns = unix_s * SECOND - world_wall0_ns;
}

/* What the run says goes to a file of its own. */
static int run_here(struct world_link link, const struct rc_run_opts *opts, const struct world_faults *f)
{
	char path[200];
	int log, out, err, code;

	fflush(NULL);
	out = dup(STDOUT_FILENO);
	err = dup(STDERR_FILENO);
	snprintf(path, sizeof(path), "%s/log", nights_dir);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close(log);
	snprintf(path, sizeof(path), "%s/rollcall.json", nights_dir);
	code = world_run(path, link, seed * 1000003 + runs, f, now_ns, child_end_ns, opts);
	fflush(NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	return code;
}

/* In a process that may end at any step, while the provider lives on. */
static int run_in_child(const struct rc_run_opts *opts, const struct world_faults *f)
{
	int pair[2], status;
	pid_t pid;

	fflush(NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(pair[0]);
		_exit(run_here((struct world_link){.fd = pair[1]}, opts, f));
	}
	close(pair[1]);
	now_ns = provider_serve(provider, pair[0], now_ns);
	close(pair[0]);
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status))
		fail_msg("%s ended by signal %d", run_id, WTERMSIG(status));
	return WEXITSTATUS(status);
}

int stage_run(const struct rc_run_opts *opts, const struct world_faults *f)
{
	static const struct world_faults none;
	struct rc_run_opts o = opts ? *opts : (struct rc_run_opts){.command = "sync", .writes = true};
	int code;

	snprintf(run_id, sizeof(run_id), "run-%06llu", (unsigned long long)++runs);
	o.run_id = run_id;
	*child_end_ns = 0;
	if (f && f->crash_at)
		code = run_in_child(&o, f);
	else
		code = run_here((struct world_link){.fd = -1, .provider = provider}, &o, f ? f : &none);
	if (*child_end_ns > now_ns)
		now_ns = *child_end_ns;
	now_ns += 60 * SECOND;
	if (code != WORLD_CRASHED)
		nights_read_rows(run_id);
	return code;
}

int stage_by_hand(const char *query)
{
	struct wire_ask a = {.mono_ns = now_ns, .method_n = 4, .target_n = (uint32_t)strlen(query)};
	char *bytes = rc_xasprintf("POST%s", query), *body;
	int status;
	size_t n;

	status = provider_ask(provider, &a, bytes, &body, &n);
	free(bytes);
	free(body);
	now_ns += 60 * SECOND;
	return status;
}

const char *stage_run_id(void)
{
	return run_id;
}

void stage_script(const char *text)
{
	provider_script(provider, now_ns, text);
}

void stage_users(void (*fn)(void *ctx, const struct provider_user *u), void *ctx)
{
	provider_users(provider, now_ns, fn, ctx);
}

uint64_t stage_writes(void)
{
	return provider_writes(provider);
}

uint64_t stage_double_creates(void)
{
	return provider_double_creates(provider);
}

/* ---- the program itself */

static const char *program(void)
{
	static char path[500];
	char own[400];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1); /* BUILD/tests/year beside BUILD/rollcall */

	assert_true(n > 0);
	own[n] = 0;
	for (int up = 0; up < 2; up++)
		*strrchr(own, '/') = 0;
	snprintf(path, sizeof(path), "%s/rollcall", own);
	return path;
}

int stage_command(const char *const *argv, char **ret_out)
{
	struct rc_buf out = {0};
	char piece[4096];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const char *args[16] = {"rollcall"};

		for (size_t i = 0; argv[i]; i++)
			args[i + 1] = argv[i];
		dup2(fds[1], STDOUT_FILENO);
		if (chdir(nights_dir) == 0)
			execv(program(), (char *const *)(uintptr_t)args);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], piece, sizeof(piece))) > 0)
		rc_buf_add(&out, piece, (size_t)n);
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (ret_out) {
		rc_buf_addc(&out, 0);
		*ret_out = out.p;
	} else {
		rc_buf_done(&out);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void stage_move_state(void)
{
	static const char *const export[] = {"state", "export", "rollcall.json", "moved", NULL};
	static const char *const import[] = {"state", "import", "rollcall.json", "moved", NULL};
	char from[200], to[200];

	assert_int_equal(stage_command(export, NULL), 0);
	snprintf(from, sizeof(from), "%s/state", nights_dir);
	snprintf(to, sizeof(to), "%s/state.old", nights_dir);
	nights_remove(to);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(stage_command(import, NULL), 0);
	snprintf(from, sizeof(from), "%s/moved", nights_dir);
	assert_int_equal(unlink(from), 0);
}
