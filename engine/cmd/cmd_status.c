/* status: one screen from the snapshot; takes no lock, asks no provider, needs no secret. */
#include "engine/cli.h"
#include "engine/base/json_out.h"
#include "engine/store/history.h"
#include "engine/store/journal.h"
#include "engine/store/lock.h"
#include "engine/store/meta.h"
#include <stdio.h>

struct target_state {
	const char *name;
	uint64_t known, unmanaged, by_status[RC_KNOWN_STATUS_COUNT];
	int64_t listed_ns;
	double rate;
};

static void count_target(struct rc_view *v, uint16_t number, const struct rc_target *t, struct target_state *s)
{
	struct rc_walk w = {0};
	struct rc_known k;
	struct rc_unmanaged u;
	struct rc_listing l;

	s->name = t->name;
	s->known = rc_view_known_count(v, number, true);
	rc_walk_open_begin(v, number, &w);
	while (rc_walk_open(&w, &k, NULL))
		s->by_status[k.status]++;
	rc_walk_end(&w);
	rc_walk_unmanaged_begin(v, number, &w);
	while (rc_walk_unmanaged(&w, &u))
		s->unmanaged++;
	rc_walk_end(&w);
	for (size_t i = 0; i < t->n_servers; i++) {
		struct rc_slice label = t->pool ? rc_slice_str(t->servers[i].label) : (struct rc_slice){0};

		if (rc_view_listing(v, number, label, &l) && l.finished_ns > s->listed_ns)
			s->listed_ns = l.finished_ns;
	}
}

struct source_state {
	const char *name;
	struct rc_source_facts facts;
};

static struct source_state *collect_sources(struct rc_view *v, const struct rc_config *cfg, struct rc_arena *mem)
{
	struct source_state *s = rc_arena_zalloc(mem, cfg->n_sources * sizeof(*s));

	for (size_t i = 0; i < cfg->n_sources; i++) {
		const struct rc_source *c = &cfg->sources[i];

		s[i].name = c->files.n ? c->files.v[0] : c->command.v[0];
		rc_view_source(v, (uint16_t)i, mem, &s[i].facts);
	}
	return s;
}

static void time_text(int64_t ns, char out[32])
{
	if (ns)
		rc_time_iso(ns, out);
	else
		snprintf(out, 32, "never");
}

static void as_text(struct rc_buf *b, const struct rc_run_marks *m, const struct target_state *s, size_t n,
		    uint64_t in_journal, const struct rc_lock_holder *holder)
{
	char when[32];

	time_text(m->success_ns, when);
	rc_buf_addf(b, "last success  %s  %.*s\n", when, (int)m->success_run.n,
		    m->success_run.p ? m->success_run.p : "");
	time_text(m->attempt_ns, when);
	rc_buf_addf(b, "last attempt  %s  %.*s", when, (int)m->attempt_run.n, m->attempt_run.p ? m->attempt_run.p : "");
	if (m->attempt_exit >= 0)
		rc_buf_addf(b, "  exit %d", (int)m->attempt_exit);
	rc_buf_adds(b, "\n");
	if (holder->pid)
		rc_buf_addf(b, "running now   %s (pid %ld on %s)\n", holder->run_id, holder->pid, holder->host);
	if (in_journal && !holder->pid)
		rc_buf_addf(b, "interrupted   %llu operations are unsettled; the next run looks at them first\n",
			    (unsigned long long)in_journal);
	for (size_t i = 0; i < n; i++) {
		time_text(s[i].listed_ns, when);
		rc_buf_addf(b, "\n%s: %llu managed, %llu unmanaged, listed %s\n", s[i].name,
			    (unsigned long long)s[i].known, (unsigned long long)s[i].unmanaged, when);
		for (int st = 0; st < RC_KNOWN_STATUS_COUNT; st++)
			if (s[i].by_status[st])
				rc_buf_addf(b, "  %-10s %llu\n", rc_known_status_name((enum rc_known_status)st),
					    (unsigned long long)s[i].by_status[st]);
	}
}

/* Only what keeps people from leaving: the rest is in the last report. */
static void sources_text(struct rc_buf *b, const struct source_state *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].facts.unreadable_runs)
			rc_buf_addf(b, "\n%s: a key cannot be read, so no absence has counted for %u run%s (%.*s)\n",
				    s[i].name, s[i].facts.unreadable_runs, s[i].facts.unreadable_runs == 1 ? "" : "s",
				    (int)s[i].facts.unreadable_where.n, s[i].facts.unreadable_where.p);
}

static void time_json(struct rc_buf *b, const char *key, int64_t ns)
{
	char when[32];

	rc_time_iso(ns, when);
	rc_json_kcstr(b, key, ns ? when : NULL);
}

static void sources_json(struct rc_buf *b, const struct source_state *s, size_t n)
{
	rc_json_key(b, "sources");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < n; i++) {
		rc_json_comma(b);
		rc_buf_addc(b, '{');
		rc_json_kcstr(b, "name", s[i].name);
		rc_json_kint(b, "rows", (int64_t)s[i].facts.rows);
		rc_json_kint(b, "rejected", (int64_t)s[i].facts.rejected);
		time_json(b, "applied_at", s[i].facts.applied_ns);
		rc_json_kint(b, "unreadable_runs", s[i].facts.unreadable_runs);
		rc_json_kstr(b, "unreadable_at", s[i].facts.unreadable_where);
		rc_buf_addc(b, '}');
	}
	rc_buf_addc(b, ']');
}

static void as_json(struct rc_buf *b, const struct rc_run_marks *m, const struct target_state *s, size_t n,
		    const struct source_state *sources, size_t n_sources, uint64_t in_journal)
{
	rc_buf_addc(b, '{');
	time_json(b, "last_success_at", m->success_ns);
	rc_json_kstr(b, "last_success_run", m->success_run);
	time_json(b, "last_attempt_at", m->attempt_ns);
	rc_json_kstr(b, "last_attempt_run", m->attempt_run);
	rc_json_key(b, "last_attempt_exit");
	if (m->attempt_exit >= 0)
		rc_buf_addf(b, "%d", (int)m->attempt_exit);
	else
		rc_buf_adds(b, "null");
	rc_json_kint(b, "unsettled", (int64_t)in_journal);
	sources_json(b, sources, n_sources);
	rc_json_key(b, "targets");
	rc_buf_addc(b, '{');
	for (size_t i = 0; i < n; i++) {
		rc_json_key(b, s[i].name);
		rc_buf_addc(b, '{');
		rc_json_kint(b, "known", (int64_t)s[i].known);
		rc_json_kint(b, "unmanaged", (int64_t)s[i].unmanaged);
		time_json(b, "listed_at", s[i].listed_ns);
		for (int st = 0; st < RC_KNOWN_STATUS_COUNT; st++)
			rc_json_kint(b, rc_known_status_name((enum rc_known_status)st), (int64_t)s[i].by_status[st]);
		rc_buf_addc(b, '}');
	}
	rc_buf_adds(b, "}}\n");
}

static enum rc_code collect(const struct rc_config *cfg, struct rc_store *store, struct rc_arena *mem,
			    struct target_state *s, uint16_t *numbers, struct rc_err *err)
{
	for (size_t i = 0; i < cfg->n_targets; i++) {
		struct rc_target_bound bound;
		enum rc_code code = rc_store_bind(store, rc_slice_str(cfg->targets[i].name), cfg->targets[i].schema,
						  NULL, 0, mem, &bound, err);

		if (code)
			return code;
		numbers[i] = bound.number;
		s[i] = (struct target_state){.name = cfg->targets[i].name};
	}
	return RC_OK;
}

static int show(struct rc_cli *c, const struct rc_config *cfg, struct rc_store *store, struct rc_arena *mem)
{
	struct target_state *s = rc_arena_zalloc(mem, cfg->n_targets * sizeof(*s));
	uint16_t *numbers = rc_arena_zalloc(mem, cfg->n_targets * sizeof(*numbers));
	struct rc_run_marks marks = {.attempt_exit = -1};
	struct rc_lock_holder holder = {0};
	struct source_state *sources;
	struct rc_view *v = NULL;
	struct rc_buf b = {0};
	struct rc_err err;
	uint64_t in_journal;
	int64_t age;
	int out;

	if (collect(cfg, store, mem, s, numbers, &err) || rc_view_begin(store, &v, &err))
		return rc_cli_fail(&err);
	rc_view_marks(v, &marks);
	in_journal = rc_view_op_count(v);
	sources = collect_sources(v, cfg, mem);
	for (size_t i = 0; i < cfg->n_targets; i++)
		count_target(v, numbers[i], &cfg->targets[i], &s[i]);
	rc_lock_held(cfg->state, &holder);
	if (c->format && strcmp(c->format, "json") == 0)
		as_json(&b, &marks, s, cfg->n_targets, sources, cfg->n_sources, in_journal);
	else {
		as_text(&b, &marks, s, cfg->n_targets, in_journal, &holder);
		sources_text(&b, sources, cfg->n_sources);
	}
	age = rc_wall_ns(&rc_clock_system) - marks.success_ns;
	if (rc_view_end(v, &err)) {
		rc_buf_done(&b);
		return rc_cli_fail(&err);
	}
	out = rc_cli_print(rc_buf_slice(&b));
	rc_buf_done(&b);
	if (!out && c->check_age && (!marks.success_ns || age > c->max_age_ns))
		out = RC_PARTIAL;
	return out;
}

int rc_cmd_status(struct rc_cli *c)
{
	struct rc_config *cfg = NULL;
	struct rc_store *store = NULL;
	struct rc_arena mem = {0};
	struct rc_err err;
	enum rc_code code;
	int out;

	if (c->check_age && !c->max_age_ns) {
		rc_fail(&err, RC_USAGE, "status --check needs --max-age, for example --max-age 26h");
		return rc_cli_fail(&err);
	}
	if (c->format && strcmp(c->format, "json") != 0 && strcmp(c->format, "text") != 0) {
		rc_fail(&err, RC_USAGE, "--format %s: text or json", c->format);
		return rc_cli_fail(&err);
	}
	code = rc_cli_config(c, &cfg);
	if (code)
		return (int)code;
	code = rc_store_open(&(struct rc_store_options){.dir = cfg->state, .mode = RC_STORE_READ}, &store, &err);
	out = code ? rc_cli_fail(&err) : show(c, cfg, store, &mem);
	rc_store_close(store);
	rc_arena_done(&mem);
	rc_config_free(cfg);
	return out;
}
