/* status: one screen from the snapshot; takes no lock, asks no provider, needs no secret. */
#include "engine/base/json_out.h"
#include "engine/cmd/status.h"
#include <stdio.h>

static void when_text(int64_t ns, char out[32])
{
	if (ns)
		rc_time_iso(ns, out);
	else
		snprintf(out, 32, "never");
}

static int words(struct rc_slice s)
{
	return s.n < 200 ? (int)s.n : 200;
}

static void runs_text(struct rc_buf *b, const struct status *st)
{
	const struct rc_run_marks *m = &st->marks;
	char when[32];

	when_text(m->success_ns, when);
	rc_buf_addf(b, "last success  %s  %.*s\n", when, words(m->success_run),
		    m->success_run.p ? m->success_run.p : "");
	when_text(m->attempt_ns, when);
	rc_buf_addf(b, "last attempt  %s  %.*s", when, words(m->attempt_run), m->attempt_run.p ? m->attempt_run.p : "");
	if (m->attempt_exit >= 0)
		rc_buf_addf(b, "  exit %d", (int)m->attempt_exit);
	rc_buf_adds(b, "\n");
	if (st->running)
		rc_buf_addf(b, "running now   %s (pid %ld on %s)\n", st->holder.run_id, st->holder.pid,
			    st->holder.host);
	for (size_t i = 0; i < st->n_killed; i++)
		rc_buf_addf(b, "interrupted   %.*s: the next run finishes its report\n", words(st->killed[i]),
			    st->killed[i].p);
	if (st->unsettled && !st->running)
		rc_buf_addf(b, "unsettled     %llu operations; the next run looks at them first\n",
			    (unsigned long long)st->unsettled);
	if (st->pause.until_ns) {
		when_text(st->pause.until_ns, when);
		rc_buf_addf(b, "%s        until %s: %.*s\n", st->pause.until_ns > st->now_ns ? "paused" : "pause ",
			    when, words(st->pause.reason), st->pause.reason.p ? st->pause.reason.p : "");
	}
	if (st->frozen)
		rc_buf_addf(b, "frozen        %s: sync only plans\n", st->frozen);
}

static void line(struct rc_buf *b, const char *what, uint64_t n, const char *why)
{
	if (n)
		rc_buf_addf(b, "  %-10s %llu%s%s\n", what, (unsigned long long)n, why[0] ? "  " : "", why);
}

static void number(struct rc_buf *b, const char *what, int64_t n)
{
	if (n < 0)
		rc_buf_addf(b, "%s not known", what);
	else
		rc_buf_addf(b, "%s %lld", what, (long long)n);
}

static void target_text(struct rc_buf *b, const struct status_target *t)
{
	char when[32], why[120] = "wait for a seat";

	when_text(t->listed_ns, when);
	rc_buf_addf(b, "\n%s: %llu managed, %llu unmanaged, listed %s\n", t->name, (unsigned long long)t->managed,
		    (unsigned long long)t->unmanaged, when);
	if (t->wanted >= 0) {
		number(b, "  books      wanted", t->wanted);
		number(b, ", known", t->known);
		number(b, ", actual", t->actual);
		rc_buf_adds(b, " in the last run\n");
	}
	if (t->stopped_by)
		rc_buf_addf(b, "  stopped    by %s in the last run\n", t->stopped_by);
	if (t->seat_limit >= 0)
		snprintf(why, sizeof(why), "wait for a seat: %lld of %lld are used", (long long)t->seats_used,
			 (long long)t->seat_limit);
	line(b, "settled", t->by_status[RC_KNOWN_SETTLED], "");
	line(b, "parked", t->by_status[RC_KNOWN_PARKED], why);
	when_text(t->next_due_ns, when);
	snprintf(why, sizeof(why), "leavers not yet due%s%s", t->next_due_ns ? ", the next one " : "",
		 t->next_due_ns ? when : "");
	line(b, "waiting", t->by_status[RC_KNOWN_WAITING], why);
	line(b, "unknown", t->by_status[RC_KNOWN_UNKNOWN], "sent and not seen: the next run looks first");
	line(b, "failed", t->by_status[RC_KNOWN_FAILED], "see the report");
	line(b, "deferred", t->by_status[RC_KNOWN_DEFERRED], "not reached: the next run goes on");
	line(b, "skipped", t->by_status[RC_KNOWN_SKIPPED], "protected, or only reported");
	line(b, "filtered", t->by_status[RC_KNOWN_FILTERED], "");
	line(b, "rejected", t->by_status[RC_KNOWN_REJECTED], "their rows were refused: untouched");
	line(b, "held", t->held, "hands off until released");
	line(b, "disabled", t->disabled, "");
	line(b, "locked", t->locked, "");
	line(b, "retiring", t->retiring, "old accounts of changed names");
	line(b, "drift", t->drift > 0 ? (uint64_t)t->drift : 0, "accounts differed from what was confirmed");
	if (t->learned > 0)
		rc_buf_addf(b, "  rate       %.3g users/s, learned\n", t->learned);
}

static void source_text(struct rc_buf *b, const struct status_source *s)
{
	const struct rc_source_facts *f = &s->facts;
	char when[32];

	if (!s->applied)
		return;
	when_text(f->applied_ns, when);
	rc_buf_addf(b, "\n%s: %llu rows, %llu filtered, %llu rejected, applied %s\n", s->name,
		    (unsigned long long)f->rows, (unsigned long long)f->filtered, (unsigned long long)f->rejected,
		    when);
	if (f->unreadable_runs)
		rc_buf_addf(b, "  a key cannot be read, so no absence has counted for %u run%s (%.*s)\n",
			    (unsigned)f->unreadable_runs, f->unreadable_runs == 1 ? "" : "s",
			    words(f->unreadable_where), f->unreadable_where.p ? f->unreadable_where.p : "");
}

static void as_text(struct rc_buf *b, const struct rc_config *cfg, const struct status *st)
{
	runs_text(b, st);
	for (size_t i = 0; i < cfg->n_targets; i++)
		target_text(b, &st->targets[i]);
	for (size_t i = 0; i < cfg->n_sources; i++)
		source_text(b, &st->sources[i]);
}

/* ---- JSON */

static void time_json(struct rc_buf *b, const char *key, int64_t ns)
{
	char when[32];

	if (ns)
		rc_time_iso(ns, when);
	rc_json_kcstr(b, key, ns ? when : NULL);
}

static void slice_json(struct rc_buf *b, const char *key, struct rc_slice s)
{
	if (s.n)
		rc_json_kstr(b, key, s);
	else
		rc_json_kcstr(b, key, NULL);
}

static void number_json(struct rc_buf *b, const char *key, int64_t n)
{
	if (n >= 0)
		rc_json_kint(b, key, n);
	else
		rc_json_kcstr(b, key, NULL);
}

static void runs_json(struct rc_buf *b, const struct status *st)
{
	const struct rc_run_marks *m = &st->marks;

	time_json(b, "last_success_at", m->success_ns);
	slice_json(b, "last_success_run", m->success_run);
	time_json(b, "last_attempt_at", m->attempt_ns);
	slice_json(b, "last_attempt_run", m->attempt_run);
	number_json(b, "last_attempt_exit", m->attempt_exit);
	rc_json_key(b, "running");
	if (st->running) {
		rc_buf_addc(b, '{');
		rc_json_kcstr(b, "run_id", st->holder.run_id);
		rc_json_kint(b, "pid", st->holder.pid);
		rc_json_kcstr(b, "host", st->holder.host);
		time_json(b, "started_at", st->holder.started_ns);
		rc_buf_addc(b, '}');
	} else {
		rc_buf_adds(b, "null");
	}
	rc_json_key(b, "interrupted");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < st->n_killed; i++) {
		rc_json_comma(b);
		rc_json_string(b, st->killed[i]);
	}
	rc_buf_addc(b, ']');
	rc_json_kint(b, "unsettled", (int64_t)st->unsettled);
	rc_json_key(b, "paused");
	if (st->pause.until_ns > st->now_ns) {
		rc_buf_addc(b, '{');
		time_json(b, "until", st->pause.until_ns);
		time_json(b, "since", st->pause.set_ns);
		slice_json(b, "reason", st->pause.reason);
		rc_buf_addc(b, '}');
	} else {
		rc_buf_adds(b, "null");
	}
	rc_json_kcstr(b, "frozen", st->frozen);
}

static void target_json(struct rc_buf *b, const struct status_target *t)
{
	rc_buf_addc(b, '{');
	rc_json_kint(b, "known", (int64_t)t->managed);
	rc_json_kint(b, "unmanaged", (int64_t)t->unmanaged);
	time_json(b, "listed_at", t->listed_ns);
	for (int st = 0; st < RC_KNOWN_STATUS_COUNT; st++)
		rc_json_kint(b, rc_known_status_name((enum rc_known_status)st), (int64_t)t->by_status[st]);
	rc_json_kint(b, "held", (int64_t)t->held);
	rc_json_kint(b, "disabled", (int64_t)t->disabled);
	rc_json_kint(b, "locked", (int64_t)t->locked);
	rc_json_kint(b, "retiring", (int64_t)t->retiring);
	time_json(b, "next_due_at", t->next_due_ns);
	rc_json_kcstr(b, "stopped_by", t->stopped_by);
	number_json(b, "wanted", t->wanted);
	number_json(b, "actual", t->actual);
	number_json(b, "drift", t->drift);
	rc_json_key(b, "seats");
	rc_buf_addc(b, '{');
	number_json(b, "limit", t->seat_limit);
	number_json(b, "used", t->seats_used);
	rc_json_kint(b, "waiting", (int64_t)t->by_status[RC_KNOWN_PARKED]);
	rc_buf_addc(b, '}');
	if (t->learned > 0)
		rc_json_knum(b, "learned_users_per_s", t->learned);
	else
		rc_json_kcstr(b, "learned_users_per_s", NULL);
	rc_buf_addc(b, '}');
}

static void source_json(struct rc_buf *b, const struct status_source *s)
{
	rc_json_comma(b);
	rc_buf_addc(b, '{');
	rc_json_kcstr(b, "name", s->name);
	rc_json_kint(b, "rows", (int64_t)s->facts.rows);
	rc_json_kint(b, "filtered", (int64_t)s->facts.filtered);
	rc_json_kint(b, "rejected", (int64_t)s->facts.rejected);
	time_json(b, "applied_at", s->facts.applied_ns);
	rc_json_kint(b, "unreadable_runs", s->facts.unreadable_runs);
	slice_json(b, "unreadable_at", s->facts.unreadable_where);
	rc_buf_addc(b, '}');
}

static void as_json(struct rc_buf *b, const struct rc_config *cfg, const struct status *st)
{
	rc_buf_addc(b, '{');
	rc_json_kcstr(b, "environment", cfg->environment);
	runs_json(b, st);
	rc_json_key(b, "targets");
	rc_buf_addc(b, '{');
	for (size_t i = 0; i < cfg->n_targets; i++) {
		rc_json_key(b, st->targets[i].name);
		target_json(b, &st->targets[i]);
	}
	rc_buf_addc(b, '}');
	rc_json_key(b, "sources");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < cfg->n_sources; i++)
		source_json(b, &st->sources[i]);
	rc_buf_adds(b, "]}\n");
}

static int show(struct rc_cli *c, struct rc_opened *o)
{
	struct rc_buf b = {0};
	struct status st;
	bool old;
	int out;

	status_collect(o, rc_wall_ns(&rc_clock_system), &st);
	if (c->format && strcmp(c->format, "json") == 0)
		as_json(&b, o->cfg, &st);
	else
		as_text(&b, o->cfg, &st);
	old = !st.marks.success_ns || st.now_ns - st.marks.success_ns > c->max_age_ns;
	out = rc_view_failed(o->view) ? 0 : rc_cli_print(rc_buf_slice(&b)); /* damage is told when the view ends */
	rc_buf_done(&b);
	return !out && c->check_age && old ? RC_PARTIAL : out;
}

int rc_cmd_status(struct rc_cli *c)
{
	struct rc_opened o;
	struct rc_err err;
	int out;

	if (c->check_age && !c->max_age_ns) {
		rc_fail(&err, RC_USAGE, "status --check needs --max-age, for example --max-age 26h");
		return rc_cli_fail(&err);
	}
	if (c->format && strcmp(c->format, "json") != 0 && strcmp(c->format, "text") != 0) {
		rc_fail(&err, RC_USAGE, "--format %s: text or json", c->format);
		return rc_cli_fail(&err);
	}
	out = rc_open_read(c, &o);
	return rc_opened_done(&o, out ? out : show(c, &o));
}
