/* The operator's own program after a run. */
#include "engine/run/run_int.h"
#include "engine/base/alloc.h"
#include "engine/base/child.h"
#include "engine/base/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FINISH_TIMEOUT_MS = 300000, OURS = 3 };

static bool ours(const char *entry)
{
	return strncmp(entry, "ROLLCALL_RUN_ID=", 16) == 0 || strncmp(entry, "ROLLCALL_EXIT=", 14) == 0 ||
	       strncmp(entry, "ROLLCALL_REPORT=", 16) == 0;
}

void rc_run_on_finish(const struct rc_config *cfg, const char *run_id, int exit_code)
{
	char **clean = rc_env_without(cfg->secret_env.v), **env, *set[OURS];
	size_t n = 0, kept = 0;
	pid_t pid;
	int rc, status;

	while (clean[n])
		n++;
	env = rc_xcalloc(n + OURS + 1, sizeof(*env));
	for (size_t i = 0; i < n; i++)
		if (!ours(clean[i]))
			env[kept++] = clean[i];
	set[0] = env[kept++] = rc_xasprintf("ROLLCALL_RUN_ID=%s", run_id);
	set[1] = env[kept++] = rc_xasprintf("ROLLCALL_EXIT=%d", exit_code);
	set[2] = env[kept++] = rc_xasprintf("ROLLCALL_REPORT=%s/%s", cfg->reports, run_id);
	rc = rc_child_start(cfg->on_finish.v, env, STDERR_FILENO, &pid); /* standard output carries results */
	if (rc) {
		rc_log(RC_LOG_WARN, "on_finish: %s cannot be started: %s", cfg->on_finish.v[0], strerror(rc));
	} else {
		status = rc_child_wait(pid, rc_child_now_ms() + FINISH_TIMEOUT_MS);
		if (status == -1)
			rc_log(RC_LOG_WARN, "on_finish: %s did not end within 5 minutes and was killed",
			       cfg->on_finish.v[0]);
		else if (WIFSIGNALED(status))
			rc_log(RC_LOG_WARN, "on_finish: %s was ended by signal %d", cfg->on_finish.v[0],
			       WTERMSIG(status));
		else if (WEXITSTATUS(status))
			rc_log(RC_LOG_WARN, "on_finish: %s ended with exit code %d", cfg->on_finish.v[0],
			       WEXITSTATUS(status));
	}
	for (size_t i = 0; i < OURS; i++)
		free(set[i]);
	free(env);
	free(clean);
}
