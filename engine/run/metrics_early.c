/* Metrics of a run that ended before it began: locked, a missing secret, a state that cannot be read. */
#include "engine/run/run_int.h"
#include "engine/base/log.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the last file said, for a state that cannot be read now. */
static int64_t success_of_file(const char *path)
{
	static const char name[] = "\nrollcall_last_success_timestamp_seconds ";
	char text[4096];
	const char *at;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	at = strstr(text, name);
	return at ? (int64_t)(strtod(at + sizeof(name) - 1, NULL) * 1e9) : 0;
}

static int64_t success_of_state(const struct run *r)
{
	struct rc_store_options o = {.dir = r->cfg->state, .mode = RC_STORE_READ};
	struct rc_run_marks marks = {0};
	struct rc_store *own = NULL, *s = r->store;
	struct rc_view *v = NULL;
	struct rc_err err;

	if (!s && rc_store_open(&o, &own, &err))
		return success_of_file(r->cfg->report.metrics_file);
	if (rc_view_begin(s ? s : own, &v, &err) == RC_OK && rc_view_marks(v, &marks))
		marks.success_run = (struct rc_slice){0};
	if (rc_view_end(v, &err))
		marks.success_ns = success_of_file(r->cfg->report.metrics_file);
	rc_store_close(own);
	return marks.success_ns;
}

void run_metrics_early(const struct run *r, enum rc_code code)
{
	struct rc_summary s = {.run_id = r->run_id,
			       .command = r->opts->command,
			       .exit_code = (int)code,
			       .version = ROLLCALL_VERSION,
			       .environment = r->cfg->environment};
	struct rc_metrics m = {.last_attempt_at = r->started_ns};
	struct rc_err err;

	if (!r->cfg->report.metrics_file)
		return;
	m.last_success_at = success_of_state(r);
	if (rc_metrics_write(r->cfg->report.metrics_file, &s, &m, &err))
		rc_log(RC_LOG_WARN, "%s", err.what);
}

void rc_run_not_tried(const struct rc_config *cfg, const struct rc_run_opts *opts, enum rc_code code)
{
	struct run r = {
		.cfg = cfg, .opts = opts, .started_ns = rc_wall_ns(opts->clock ? opts->clock : &rc_clock_system)};

	run_metrics_early(&r, code);
}
