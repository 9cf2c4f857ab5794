#include "engine/run/retain.h"
#include "engine/run/run_int.h"
#include "engine/base/log.h"

void rc_retain_history(const struct rc_config *cfg, const uint16_t *numbers, struct rc_writer *w, int64_t now_ns)
{
	rc_writer_prune_history(w, now_ns - cfg->retention_history_ns);
	for (size_t i = 0; i < cfg->n_targets; i++)
		rc_writer_prune_names(w, numbers[i], now_ns - (int64_t)cfg->targets[i].name_reuse_days * RC_DAY);
}

int64_t rc_retain_reports_before(const struct rc_config *cfg, int64_t now_ns)
{
	return now_ns - cfg->retention_reports_ns;
}

static void removed(void *ctx, const char *run_id)
{
	(void)ctx;
	rc_log(RC_LOG_VERBOSE, "report %s was older than retention.reports and is removed", run_id);
}

/* A fault here is told and changes no exit code: the run itself is done, and the next one tries again. */
void run_retain(struct run *r)
{
	uint16_t *numbers = rc_arena_zalloc(&r->mem, r->cfg->n_targets * sizeof(*numbers));
	struct rc_err err;

	for (size_t i = 0; i < r->cfg->n_targets; i++)
		numbers[i] = r->targets[i].number;
	if (r->writer && !r->scratch)
		rc_retain_history(r->cfg, numbers, r->writer, r->started_ns);
	if (rc_run_prune(r->cfg->reports, rc_retain_reports_before(r->cfg, r->started_ns), r->run_id, false, removed,
			 NULL, NULL, &err))
		rc_log(RC_LOG_WARN, "%s", err.what);
}
