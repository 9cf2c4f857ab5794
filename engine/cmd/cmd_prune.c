/* prune: retention at once, or what it would take away. */
#include "engine/action.h"
#include "engine/base/clock.h"
#include "engine/cmd/opened.h"
#include "engine/report/run_dir.h"
#include "engine/run/retain.h"
#include "engine/store/history.h"
#include <stdio.h>

struct pruning {
	struct rc_buf out;
	bool dry;
};

static void name_report(void *ctx, const char *run_id)
{
	struct pruning *p = ctx;

	rc_buf_addf(&p->out, "report %s %s\n", run_id, p->dry ? "would go" : "removed");
}

/* Old events of one target that go: those without access, and those that a later old one of the same person tells. The
 * rule is the store's (schemas/store-format.md); here it is only counted. */
static uint64_t old_events(struct rc_view *v, uint16_t target, int64_t before_ns)
{
	struct rc_walk w = {0};
	struct rc_event e, last = {0};
	bool kept = false;
	uint64_t n = 0;

	rc_walk_history_begin(v, target, (struct rc_slice){0}, &w);
	while (rc_walk_history(&w, &e)) {
		if (e.at_ns >= before_ns)
			continue;
		if (kept && rc_slice_eq(last.key, e.key))
			n++;
		n += !e.access;
		kept = e.access;
		last = e;
	}
	rc_walk_end(&w);
	return n;
}

static enum rc_code count_events(struct rc_opened *o, int64_t now_ns, uint64_t *ret, struct rc_err *err)
{
	struct rc_target_known *targets = NULL;
	size_t n = 0;
	enum rc_code code = rc_store_targets(o->store, &o->mem, &targets, &n, err);

	*ret = 0;
	for (size_t i = 0; i < n && !code; i++)
		*ret += old_events(o->view, targets[i].number, now_ns - o->cfg->retention_history_ns);
	return code;
}

/* The run begun last stays, however old it is. */
static enum rc_code newest_run(struct rc_opened *o, const char **ret, struct rc_err *err)
{
	struct rc_run_entry *runs;
	size_t n;
	enum rc_code code = rc_run_list(o->cfg->reports, &o->mem, &runs, &n, err);

	*ret = !code && n ? runs[n - 1].run_id : NULL;
	return code;
}

static enum rc_code prune_state(struct rc_opened *o, int64_t now_ns, struct rc_err *err)
{
	struct rc_target_known *targets = NULL;
	size_t n = 0;
	enum rc_code code = rc_store_targets(o->store, &o->mem, &targets, &n, err);
	uint16_t *numbers = rc_arena_zalloc(&o->mem, o->cfg->n_targets * sizeof(*numbers));

	for (size_t t = 0; t < o->cfg->n_targets; t++)
		for (size_t i = 0; i < n; i++)
			if (rc_slice_eqs(targets[i].name, o->cfg->targets[t].name))
				numbers[t] = targets[i].number;
	if (!code)
		rc_retain_history(o->cfg, numbers, o->writer, now_ns);
	return code;
}

static int prune(struct rc_cli *c, struct rc_opened *o)
{
	struct pruning p = {.dry = c->dry_run};
	int64_t now_ns = rc_wall_ns(&rc_clock_system);
	const char *newest = NULL;
	uint64_t events = 0;
	size_t reports = 0;
	struct rc_err err;
	enum rc_code code = count_events(o, now_ns, &events, &err);
	int out;

	if (!code)
		code = newest_run(o, &newest, &err);
	if (!code)
		code = rc_run_prune(o->cfg->reports, rc_retain_reports_before(o->cfg, now_ns), newest, p.dry,
				    name_report, &p, &reports, &err);
	if (!code && !p.dry)
		code = prune_state(o, now_ns, &err);
	rc_buf_addf(&p.out, "%zu reports and %llu events of the history %s\n", reports, (unsigned long long)events,
		    p.dry ? "would go" : "removed");
	out = rc_cli_print(rc_buf_slice(&p.out));
	rc_buf_done(&p.out);
	return code ? rc_cli_fail(&err) : out;
}

int rc_cmd_prune(struct rc_cli *c)
{
	struct rc_opened o;
	int out = c->dry_run ? rc_open_read(c, &o) : rc_open_write(c, &o);

	if (!out)
		out = prune(c, &o);
	if (!out && o.writer)
		out = rc_opened_flush(&o);
	return rc_opened_done(&o, out);
}
