/* check --online: one authenticated read a target, nothing else. */
#include "engine/run/carry.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <signal.h>
#include <stdlib.h>

enum { BESIDE_CONNECT_S = 5 };

static enum rc_code tell(const struct run *r, size_t i)
{
	const struct rc_target *t = &r->cfg->targets[i];
	struct rc_exec_target_result res;

	rc_exec_target_result(r->exec, i, &res);
	if (!res.code && (res.counts.accepted || !r->signal))
		rc_log(RC_LOG_INFO, "target %s: %s accepts our credentials", t->name, t->endpoint);
	else if (res.why[0])
		rc_log(RC_LOG_ERROR, "%s", res.why);
	else
		rc_log(RC_LOG_ERROR, "target %s: %s has not answered yet", t->name, t->endpoint);
	return res.code;
}

int rc_check_online(const struct rc_run_opts *opts, const struct rc_config *cfg)
{
	struct run r = {.cfg = cfg, .opts = opts, .clock = opts->clock ? opts->clock : &rc_clock_system};
	enum rc_code worst = RC_OK;
	bool ended;
	struct rc_err err;

	r.started_ns = rc_wall_ns(r.clock);
	r.started_mono = rc_mono_ns(r.clock);
	r.patience_ns = cfg->timeouts.connect_ns + BESIDE_CONNECT_S * RC_SECOND;
	if (cfg->timeouts.unreachable_ns < r.patience_ns)
		r.patience_ns = cfg->timeouts.unreachable_ns;
	r.targets = rc_xcalloc(cfg->n_targets, sizeof(*r.targets));
	if (run_make_exec(&r, &err)) {
		rc_log(RC_LOG_ERROR, "%s", err.what);
		free(r.targets);
		return (int)err.code;
	}
	for (size_t i = 0; i < cfg->n_targets; i++)
		rc_exec_whoami(r.exec, i);
	run_loop(&r, &ended, &err);
	for (size_t i = 0; i < cfg->n_targets; i++)
		worst = rc_graver(worst, tell(&r, i));
	if (r.signal)
		worst = rc_graver(worst, r.signal == SIGINT ? RC_SIGINT : RC_SIGTERM);
	run_carry_done(&r);
	free(r.targets);
	rc_arena_done(&r.mem);
	return (int)worst;
}
