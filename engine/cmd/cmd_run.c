#include "engine/cli.h"
#include "engine/base/log.h"
#include <stdio.h>
#include <unistd.h>

/* Shows the plan and asks; only where somebody sits there. */
static bool confirmed(struct rc_cli *c, const struct rc_config *cfg, int *ret_code)
{
	struct rc_run_opts plan = c->run;
	struct rc_run_result res;
	struct rc_err err = {0};
	char answer[16] = "";

	plan.command = "plan";
	plan.writes = false;
	plan.refresh = c->command == RC_CMD_SYNC && c->run.refresh; /* apply reads the list when it begins */
	plan.run_id = NULL;
	plan.preview = true;
	rc_run(cfg, &plan, &res, &err);
	*ret_code = (int)res.code;
	if (res.summary_valid)
		rc_cli_print(rc_buf_slice(&res.text));
	rc_buf_done(&res.text);
	if (err.what[0])
		rc_log(RC_LOG_ERROR, "%s", err.what);
	if (res.code != RC_OK && res.code != RC_PARTIAL && res.code != RC_TEMPFAIL)
		return false;
	if (!res.changes)
		return true;
	fprintf(stderr, "Carry this out? Only \"yes\" does: ");
	return fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0;
}

/* What the command makes of its options; a saved plan is read into mem. */
static enum rc_code prepare(struct rc_cli *c, struct rc_plan *plan, struct rc_arena *mem, struct rc_err *err)
{
	bool apply = c->command == RC_CMD_APPLY, undo = c->command == RC_CMD_UNDO;
	enum rc_code code;

	c->run.writes = c->command == RC_CMD_SYNC || apply;
	c->run.list_only = c->command == RC_CMD_REFRESH;
	c->run.refresh |= apply || undo; /* what changed at the provider since must be seen */
	if (undo)
		c->run.undo_of = c->argument;
	if (!apply)
		return RC_OK;
	code = rc_plan_load(c->argument, mem, plan, err);
	c->run.plan = plan;
	c->run.plan_path = c->argument;
	if (!code && plan->undo_of.n)
		c->run.undo_of = rc_arena_copy(mem, plan->undo_of).p;
	return code;
}

static int carry_out(struct rc_cli *c, const struct rc_config *cfg)
{
	struct rc_run_result res;
	struct rc_err err = {0};
	int out;

	if (c->run.writes && !c->yes && isatty(0) && isatty(2) && !confirmed(c, cfg, &out)) {
		rc_log(RC_LOG_INFO, "nothing was changed");
		return out;
	}
	rc_run(cfg, &c->run, &res, &err);
	if (err.what[0])
		rc_log(RC_LOG_ERROR, "%s", err.what);
	out = (int)res.code;
	if (res.summary_valid && !c->run.quiet && rc_cli_print(rc_buf_slice(&res.text)))
		out = (int)rc_graver((enum rc_code)out, RC_CANTCREAT);
	rc_buf_done(&res.text);
	return out;
}

int rc_cmd_run(struct rc_cli *c)
{
	struct rc_config *cfg = NULL;
	struct rc_plan plan = {0};
	struct rc_arena mem = {0};
	struct rc_err err = {0};
	enum rc_code code = rc_cli_config(c, &cfg);
	int out;

	if (code)
		return (int)code;
	code = prepare(c, &plan, &mem, &err);
	if (code)
		rc_run_not_tried(cfg, &c->run, code);
	out = code ? rc_cli_fail(&err) : carry_out(c, cfg);
	rc_config_free(cfg);
	rc_arena_done(&mem);
	return out;
}
