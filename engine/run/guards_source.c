/* Guards that look at a source: too few rows, too many fewer than last time, too many refused. */
#include "engine/run/run_int.h"
#include <stdio.h>

struct finding {
	const char *guard;
	struct rc_limit limit;
	uint64_t base, planned;
	bool tripped;
};

/* One line a guard and target, whatever the number of sources: the first that trips, else the first. */
static void note(struct run_target *t, const struct finding *f, uint64_t allowed)
{
	struct rc_summary_guard *g = NULL;

	for (size_t i = 0; i < t->n_guards && !g; i++)
		if (strcmp(t->guards[i].guard, f->guard) == 0)
			g = &t->guards[i];
	if (g && (g->tripped || !f->tripped))
		return;
	if (!g)
		g = &t->guards[t->n_guards++];
	rc_limit_text(&f->limit, t->guard_limit[g - t->guards]);
	*g = (struct rc_summary_guard){.guard = f->guard,
				       .limit = t->guard_limit[g - t->guards],
				       .allowed = allowed,
				       .planned = f->planned,
				       .base = f->base,
				       .tripped = f->tripped};
}

static void check_least(struct run *r, size_t t, const struct rc_scan_source *src, const char *name)
{
	uint64_t least = r->targets[t].cfg->guards.min_source_rows, good = src->rows - src->rejected;
	struct finding f = {.guard = "min_source_rows",
			    .limit = {.has_number = true, .number = least},
			    .base = src->rows,
			    .planned = good,
			    .tripped = good < least};

	note(&r->targets[t], &f, least);
	if (f.tripped)
		run_stop_target(r, t, RC_GUARD, f.guard, "%s has %llu good rows, guard min_source_rows asks for %llu",
				name, (unsigned long long)good, (unsigned long long)least);
}

static void check_rejected(struct run *r, size_t t, const struct rc_scan_source *src, const char *name)
{
	struct finding f = {.guard = "max_rejected_rows",
			    .limit = r->targets[t].cfg->guards.max_rejected_rows,
			    .base = src->rows,
			    .planned = src->rejected};
	uint64_t most = rc_limit_max(&f.limit, f.base);

	f.tripped = f.planned > most;
	note(&r->targets[t], &f, most);
	if (f.tripped)
		run_stop_target(
			r, t, RC_GUARD, f.guard,
			"%s: %llu of %llu rows were refused, guard max_rejected_rows allows %llu: see rejected.%s",
			name, (unsigned long long)f.planned, (unsigned long long)f.base, (unsigned long long)most,
			src->ldif ? "ldif" : "csv");
}

static void check_shrink(struct run *r, size_t t, const struct rc_scan_source *src, uint64_t before, const char *name)
{
	struct finding f = {.guard = "max_source_shrink",
			    .limit = r->targets[t].cfg->guards.max_source_shrink,
			    .base = before,
			    .planned = before > src->rows ? before - src->rows : 0};
	uint64_t most = rc_limit_max(&f.limit, f.base);

	f.tripped = f.planned > most && !r->opts->accept_source;
	note(&r->targets[t], &f, most);
	if (f.tripped)
		run_stop_target(r, t, RC_GUARD, f.guard,
				"%s shrank from %llu to %llu rows, guard max_source_shrink allows %llu fewer; if that "
				"is right, --accept-source",
				name, (unsigned long long)before, (unsigned long long)src->rows,
				(unsigned long long)most);
}

void run_guard_sources(struct run *r, size_t target)
{
	for (size_t i = 0; i < r->cfg->n_sources; i++) {
		const struct rc_scan_source *src = &r->scan.sources[i];
		struct rc_source_facts facts = {0};
		const char *name = src->n_files ? src->files[0] : "the source";

		if (src->frozen)
			continue; /* nobody of it is touched */
		rc_view_source(r->view, (uint16_t)i, &r->mem, &facts);
		check_least(r, target, src, name);
		check_rejected(r, target, src, name);
		check_shrink(r, target, src, facts.rows, name);
	}
}
