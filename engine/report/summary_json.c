#include "engine/base/clock.h"
#include "engine/base/json_out.h"
#include "engine/report/summary.h"
#include <math.h>

/* One object member a line at its depth, so that a diff of two summaries reads well. */
static void line(struct rc_buf *b, int depth)
{
	rc_json_comma(b);
	rc_buf_addc(b, '\n');
	for (int i = 0; i < depth; i++)
		rc_buf_adds(b, "  ");
}

static void key(struct rc_buf *b, int depth, const char *name)
{
	line(b, depth);
	rc_json_cstr(b, name);
	rc_buf_addc(b, ':');
}

static void end(struct rc_buf *b, int depth, char close)
{
	rc_buf_addc(b, '\n');
	for (int i = 0; i < depth; i++)
		rc_buf_adds(b, "  ");
	rc_buf_addc(b, close);
}

static void str(struct rc_buf *b, int depth, const char *name, const char *s)
{
	key(b, depth, name);
	rc_json_cstr(b, s);
}

static void number(struct rc_buf *b, int depth, const char *name, int64_t v)
{
	key(b, depth, name);
	if (v < 0)
		rc_buf_adds(b, "null");
	else
		rc_buf_addf(b, "%lld", (long long)v);
}

static void decimal(struct rc_buf *b, int depth, const char *name, double v)
{
	key(b, depth, name);
	if (isfinite(v))
		rc_buf_addf(b, "%.10g", v);
	else
		rc_buf_adds(b, "null");
}

static void boolean(struct rc_buf *b, int depth, const char *name, bool v)
{
	key(b, depth, name);
	rc_buf_adds(b, v ? "true" : "false");
}

static void when(struct rc_buf *b, int depth, const char *name, int64_t wall_ns)
{
	char iso[32];

	if (wall_ns)
		rc_time_iso_ms(wall_ns, iso);
	str(b, depth, name, wall_ns ? iso : NULL);
}

static void strings(struct rc_buf *b, int depth, const char *name, const char *const *v, size_t n)
{
	key(b, depth, name);
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < n; i++) {
		rc_json_comma(b);
		rc_json_cstr(b, v[i]);
	}
	rc_buf_addc(b, ']');
}

static void sources(struct rc_buf *b, const struct rc_summary *s)
{
	key(b, 1, "sources");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < s->n_sources; i++) {
		const struct rc_summary_source *src = &s->sources[i];

		line(b, 2);
		rc_buf_addc(b, '{');
		str(b, 3, "name", src->name);
		strings(b, 3, "files", src->files, src->n_files);
		number(b, 3, "rows", (int64_t)src->rows);
		number(b, 3, "filtered", (int64_t)src->filtered);
		number(b, 3, "rejected", (int64_t)src->rejected);
		number(b, 3, "rejected_new", (int64_t)src->rejected_new);
		number(b, 3, "bytes", (int64_t)src->bytes);
		when(b, 3, "stamp", src->stamp);
		number(b, 3, "unreadable_runs", src->unreadable_runs);
		str(b, 3, "unreadable_at", src->unreadable_at);
		end(b, 2, '}');
	}
	end(b, 1, ']');
}

static void actions(struct rc_buf *b, const struct rc_summary_target *t)
{
	key(b, 3, "actions");
	rc_buf_addc(b, '{');
	for (int a = 0; a < RC_ACTION_COUNT; a++) {
		bool open = false;

		for (int st = 0; st < RC_STATUS_COUNT; st++) {
			if (!t->counts[a][st])
				continue;
			if (!open) {
				key(b, 4, rc_action_name((enum rc_action)a));
				rc_buf_addc(b, '{');
			}
			open = true;
			rc_json_kint(b, rc_status_name((enum rc_status)st), (int64_t)t->counts[a][st]);
		}
		if (open)
			rc_buf_addc(b, '}');
	}
	end(b, 3, '}');
}

static double rounded(double v)
{
	return round(v * 1000) / 1000;
}

static void timeline(struct rc_buf *b, const struct rc_timeline *t)
{
	key(b, 4, "timeline");
	rc_buf_addc(b, '[');
	for (size_t i = 0; t && i < t->n; i++) {
		const struct rc_timeline_point *p = &t->p[i];

		line(b, 5);
		rc_buf_addc(b, '{');
		rc_json_knum(b, "t_s", rounded(p->t_s));
		rc_json_knum(b, "users_per_s", rounded(p->users_per_s));
		rc_json_knum(b, "in_flight", rounded(p->in_flight));
		rc_json_kint(b, "busy", (int64_t)p->busy);
		rc_json_kint(b, "throttled", (int64_t)p->throttled);
		rc_json_kint(b, "parked", (int64_t)p->parked);
		rc_buf_addc(b, '}');
	}
	rc_buf_addc(b, ']');
}

static void pacing(struct rc_buf *b, const struct rc_summary_target *t)
{
	key(b, 3, "pacing");
	rc_buf_addc(b, '{');
	number(b, 4, "calls", (int64_t)t->pacing.calls);
	number(b, 4, "accepted", (int64_t)t->pacing.accepted);
	number(b, 4, "busy", (int64_t)t->pacing.busy);
	number(b, 4, "throttled", (int64_t)t->pacing.throttled);
	number(b, 4, "quota", (int64_t)t->pacing.quota);
	number(b, 4, "errors", (int64_t)t->pacing.errors);
	decimal(b, 4, "learned_users_per_s", t->pacing.learned_users_per_s > 0 ? t->pacing.learned_users_per_s : NAN);
	decimal(b, 4, "waited_s", rounded(t->pacing.waited_s));
	timeline(b, t->pacing.timeline);
	end(b, 3, '}');
}

static void guards(struct rc_buf *b, const struct rc_summary_target *t)
{
	key(b, 3, "guards");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < t->n_guards; i++) {
		const struct rc_summary_guard *g = &t->guards[i];

		line(b, 4);
		rc_buf_addc(b, '{');
		rc_json_kcstr(b, "guard", g->guard);
		rc_json_kcstr(b, "limit", g->limit);
		rc_json_key(b, "allowed");
		if (g->allowed <= INT64_MAX)
			rc_buf_addf(b, "%llu", (unsigned long long)g->allowed);
		else
			rc_buf_adds(b, "null");
		rc_json_kint(b, "planned", (int64_t)g->planned);
		rc_json_kint(b, "base", (int64_t)g->base);
		rc_json_kbool(b, "tripped", g->tripped);
		rc_json_key(b, "people");
		rc_buf_addc(b, '[');
		for (size_t k = 0; k < g->n_people && k < RC_GUARD_PEOPLE; k++) {
			rc_json_comma(b);
			rc_json_string(b, g->people[k]);
		}
		rc_buf_adds(b, "]}");
	}
	rc_buf_addc(b, ']');
}

static void cost(struct rc_buf *b, const struct rc_summary_target *t)
{
	key(b, 3, "cost");
	rc_buf_addc(b, '{');
	number(b, 4, "calls", t->cost.calls);
	number(b, 4, "batches", t->cost.batches);
	number(b, 4, "seats_needed", t->cost.seats_needed);
	number(b, 4, "seats_free", t->cost.seats_free);
	decimal(b, 4, "minutes", t->cost.minutes < 0 ? NAN : rounded(t->cost.minutes));
	end(b, 3, '}');
}

static void target(struct rc_buf *b, const struct rc_summary_target *t)
{
	key(b, 2, t->name);
	rc_buf_addc(b, '{');
	str(b, 3, "connector", t->connector);
	number(b, 3, "exit_code", t->exit_code);
	str(b, 3, "stopped_by", t->stopped_by);
	str(b, 3, "why", t->why);
	number(b, 3, "wanted", t->wanted);
	number(b, 3, "known", t->known);
	number(b, 3, "actual", t->actual);
	number(b, 3, "unmanaged", t->unmanaged);
	number(b, 3, "drift", t->drift);
	actions(b, t);
	pacing(b, t);
	key(b, 3, "seats");
	rc_buf_addc(b, '{');
	number(b, 4, "limit", t->seats.limit);
	number(b, 4, "used", t->seats.used);
	number(b, 4, "waiting", (int64_t)t->seats.waiting);
	end(b, 3, '}');
	guards(b, t);
	cost(b, t);
	end(b, 2, '}');
}

static void balance(struct rc_buf *b, const struct rc_summary *s)
{
	key(b, 1, "balance");
	rc_buf_addc(b, '{');
	boolean(b, 2, "ok", s->balanced);
	key(b, 2, "ledgers");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < s->n_ledgers; i++) {
		line(b, 3);
		rc_buf_addc(b, '{');
		rc_json_kcstr(b, "what", s->ledgers[i].what);
		rc_json_kint(b, "total", (int64_t)s->ledgers[i].total);
		rc_json_key(b, "buckets");
		rc_buf_addc(b, '{');
		for (size_t k = 0; k < s->ledgers[i].n; k++)
			rc_json_kint(b, s->ledgers[i].buckets[k].name, (int64_t)s->ledgers[i].buckets[k].n);
		rc_buf_adds(b, "}}");
	}
	rc_buf_addc(b, ']');
	end(b, 1, '}');
}

static void verdict(struct rc_buf *b, const struct rc_summary *s)
{
	struct rc_buf text = {0};

	rc_summary_verdict(&text, s);
	key(b, 1, "verdict");
	rc_json_string(b, rc_buf_slice(&text));
	rc_buf_done(&text);
}

void rc_summary_json(struct rc_buf *b, const struct rc_summary *s)
{
	rc_buf_addc(b, '{');
	str(b, 1, "run_id", s->run_id);
	str(b, 1, "command", s->command);
	when(b, 1, "started_at", s->started_at);
	when(b, 1, "finished_at", s->finished_at);
	number(b, 1, "exit_code", s->exit_code);
	verdict(b, s);
	str(b, 1, "version", s->version);
	str(b, 1, "config_hash", s->config_hash);
	str(b, 1, "environment", s->environment);
	str(b, 1, "operator", s->operator_);
	strings(b, 1, "invocation", s->invocation, s->n_invocation);
	boolean(b, 1, "interrupted", s->interrupted);
	str(b, 1, "resumed_by", s->resumed_by);
	strings(b, 1, "notes", s->notes, s->n_notes);
	sources(b, s);
	key(b, 1, "targets");
	rc_buf_addc(b, '{');
	for (size_t i = 0; i < s->n_targets; i++)
		target(b, &s->targets[i]);
	end(b, 1, '}');
	balance(b, s);
	end(b, 0, '}');
	rc_buf_addc(b, '\n');
}
