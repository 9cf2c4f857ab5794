/* Prometheus text format 0.0.4; label values escape backslash, quote and newline. */
#include "engine/base/alloc.h"
#include "engine/report/summary.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void family(struct rc_buf *b, const char *name, const char *help)
{
	rc_buf_addf(b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void label(struct rc_buf *b, const char *name, const char *value, bool first)
{
	rc_buf_addf(b, "%s%s=\"", first ? "{" : ",", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			rc_buf_addc(b, '\\');
		if (*value == '\n')
			rc_buf_adds(b, "\\n");
		else
			rc_buf_addc(b, *value);
	}
	rc_buf_addc(b, '"');
}

static void value(struct rc_buf *b, double v)
{
	rc_buf_addf(b, " %.15g\n", v);
}

static void single(struct rc_buf *b, const char *name, const char *help, double v)
{
	family(b, name, help);
	rc_buf_adds(b, name);
	value(b, v);
}

static void one(struct rc_buf *b, const char *name, const char *l1, const char *v1, const char *l2, const char *v2,
		double v)
{
	rc_buf_adds(b, name);
	label(b, l1, v1, true);
	if (l2)
		label(b, l2, v2, false);
	rc_buf_addc(b, '}');
	value(b, v);
}

static double seconds(int64_t wall_ns)
{
	return floor((double)wall_ns / 1e6) / 1e3;
}

static void users(struct rc_buf *b, const struct rc_summary *s)
{
	family(b, "rollcall_users", "People by what was done and how it ended in the last run.");
	for (size_t i = 0; i < s->n_targets; i++)
		for (int a = 0; a < RC_ACTION_COUNT; a++)
			for (int st = 0; st < RC_STATUS_COUNT; st++) {
				if (!s->targets[i].counts[a][st])
					continue;
				rc_buf_adds(b, "rollcall_users");
				label(b, "target", s->targets[i].name, true);
				label(b, "action", rc_action_name((enum rc_action)a), false);
				label(b, "status", rc_status_name((enum rc_status)st), false);
				rc_buf_addc(b, '}');
				value(b, (double)s->targets[i].counts[a][st]);
			}
}

static void seats(struct rc_buf *b, const struct rc_summary *s)
{
	family(b, "rollcall_seats", "Seats of a target: limit, used, and people waiting for one.");
	for (size_t i = 0; i < s->n_targets; i++) {
		const struct rc_summary_target *t = &s->targets[i];

		if (t->seats.limit >= 0)
			one(b, "rollcall_seats", "target", t->name, "kind", "limit", (double)t->seats.limit);
		if (t->seats.used >= 0)
			one(b, "rollcall_seats", "target", t->name, "kind", "used", (double)t->seats.used);
		one(b, "rollcall_seats", "target", t->name, "kind", "waiting", (double)t->seats.waiting);
	}
}

static void calls(struct rc_buf *b, const struct rc_summary *s)
{
	family(b, "rollcall_calls", "Calls of the last run by answer; all counts every call.");
	for (size_t i = 0; i < s->n_targets; i++) {
		const struct rc_summary_target *t = &s->targets[i];
		const struct {
			const char *name;
			uint64_t n;
		} v[] = {{"all", t->pacing.calls},   {"accepted", t->pacing.accepted},
			 {"busy", t->pacing.busy},   {"throttled", t->pacing.throttled},
			 {"quota", t->pacing.quota}, {"errors", t->pacing.errors}};

		for (size_t k = 0; k < sizeof(v) / sizeof(v[0]); k++)
			one(b, "rollcall_calls", "target", t->name, "answer", v[k].name, (double)v[k].n);
	}
}

/* A guard over the source has no plan to count: it is known by what stopped the target. */
static void other_guard(struct rc_buf *b, const struct rc_summary_target *t)
{
	if (t->exit_code != RC_GUARD || !t->stopped_by)
		return;
	for (size_t k = 0; k < t->n_guards; k++)
		if (strcmp(t->guards[k].guard, t->stopped_by) == 0)
			return;
	one(b, "rollcall_guard_tripped", "target", t->name, "guard", t->stopped_by, 1);
}

static void guards(struct rc_buf *b, const struct rc_summary *s)
{
	family(b, "rollcall_guard_tripped", "1 when the guard stopped the target in the last run.");
	for (size_t i = 0; i < s->n_targets; i++) {
		for (size_t k = 0; k < s->targets[i].n_guards; k++)
			one(b, "rollcall_guard_tripped", "target", s->targets[i].name, "guard",
			    s->targets[i].guards[k].guard, s->targets[i].guards[k].tripped);
		other_guard(b, &s->targets[i]);
	}
}

static void per_target(struct rc_buf *b, const struct rc_summary *s)
{
	family(b, "rollcall_learned_users_per_second", "Rate that the target was learned to take.");
	for (size_t i = 0; i < s->n_targets; i++)
		one(b, "rollcall_learned_users_per_second", "target", s->targets[i].name, NULL, NULL,
		    s->targets[i].pacing.learned_users_per_s);
	family(b, "rollcall_drift", "Accounts that differed from what was last confirmed.");
	for (size_t i = 0; i < s->n_targets; i++)
		if (s->targets[i].drift >= 0)
			one(b, "rollcall_drift", "target", s->targets[i].name, NULL, NULL, (double)s->targets[i].drift);
	family(b, "rollcall_target_exit_code", "Exit code of each target in the last run.");
	for (size_t i = 0; i < s->n_targets; i++)
		if (s->targets[i].exit_code >= 0)
			one(b, "rollcall_target_exit_code", "target", s->targets[i].name, NULL, NULL,
			    s->targets[i].exit_code);
}

static void per_source(struct rc_buf *b, const struct rc_summary *s)
{
	family(b, "rollcall_source_timestamp_seconds", "Time of the newest file of the source.");
	for (size_t i = 0; i < s->n_sources; i++)
		if (s->sources[i].stamp)
			one(b, "rollcall_source_timestamp_seconds", "source", s->sources[i].name, NULL, NULL,
			    seconds(s->sources[i].stamp));
	family(b, "rollcall_source_rows", "Rows of the source in the last run.");
	for (size_t i = 0; i < s->n_sources; i++)
		one(b, "rollcall_source_rows", "source", s->sources[i].name, NULL, NULL, (double)s->sources[i].rows);
	family(b, "rollcall_source_rejected", "Rows of the source that were rejected in the last run.");
	for (size_t i = 0; i < s->n_sources; i++)
		one(b, "rollcall_source_rejected", "source", s->sources[i].name, NULL, NULL,
		    (double)s->sources[i].rejected);
	family(b, "rollcall_unreadable_key_runs",
	       "Runs in a row in which an unreadable key kept absences from counting.");
	for (size_t i = 0; i < s->n_sources; i++) /* which line it was, where there is one */
		one(b, "rollcall_unreadable_key_runs", "source", s->sources[i].name,
		    s->sources[i].unreadable_runs && s->sources[i].unreadable_at ? "line" : NULL,
		    s->sources[i].unreadable_at, s->sources[i].unreadable_runs);
}

void rc_metrics_text(struct rc_buf *b, const struct rc_summary *s, const struct rc_metrics *m)
{
	family(b, "rollcall_info", "Version, environment and run id of the last run.");
	rc_buf_adds(b, "rollcall_info");
	label(b, "version", s->version ? s->version : "", true);
	label(b, "environment", s->environment ? s->environment : "", false);
	label(b, "run_id", s->run_id ? s->run_id : "", false);
	rc_buf_adds(b, "} 1\n");
	/* 0 while there was none, so that what counts its age cries out */
	single(b, "rollcall_last_success_timestamp_seconds", "End of the last sync or apply that ended with 0.",
	       seconds(m->last_success_at));
	single(b, "rollcall_last_attempt_timestamp_seconds", "Begin of the last run, whatever its exit code.",
	       seconds(m->last_attempt_at));
	if (s->exit_code >= 0)
		single(b, "rollcall_exit_code", "Exit code of the last run.", s->exit_code);
	single(b, "rollcall_run_duration_seconds", "How long the last run took.", m->duration_s);
	users(b, s);
	guards(b, s);
	seats(b, s);
	calls(b, s);
	per_target(b, s);
	per_source(b, s);
}

static enum rc_code failed(const char *path, const char *tmp, int fd, struct rc_err *err)
{
	rc_fail_sys(err, RC_CANTCREAT, errno, "%s: the metrics cannot be written", path);
	if (fd >= 0) {
		close(fd);
		unlink(tmp);
	}
	return RC_CANTCREAT;
}

enum rc_code rc_metrics_write(const char *path, const struct rc_summary *s, const struct rc_metrics *m,
			      struct rc_err *err)
{
	/* the collector reads *.prom only, so a torn one under this name is never seen */
	char *tmp = rc_xasprintf("%s.%ld.new", path, (long)getpid());
	struct rc_buf b = {0};
	size_t done = 0;
	enum rc_code code = RC_OK;
	int fd;

	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	rc_metrics_text(&b, s, m);
	while (fd >= 0 && done < b.n) {
		ssize_t n = write(fd, b.p + done, b.n - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			break;
	}
	if (fd < 0 || done < b.n || fchmod(fd, 0644) || fsync(fd) || rename(tmp, path))
		code = failed(path, tmp, fd, err);
	else
		close(fd);
	rc_buf_done(&b);
	free(tmp);
	return code;
}
