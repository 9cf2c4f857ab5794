/* pause and resume: until a day, a sync only plans. */
#include "engine/cmd/state_edit.h"
#include "engine/run/calendar.h"
#include <stdio.h>

static enum rc_code pause_until(const struct rc_cli *c, struct state_edit *e, struct rc_buf *out, struct rc_err *err)
{
	char reason[4 * 300 + 1], until[32];
	struct rc_pause p = {.set_ns = e->now_ns};
	enum rc_code code = rc_calendar_until(rc_slice_str(c->until), e->zone, &p.until_ns, err);

	if (code)
		return code;
	if (p.until_ns <= e->now_ns)
		return rc_fail(err, RC_USAGE, "--until %s is in the past", c->until);
	snprintf(reason, sizeof(reason), "%.300s", c->reason);
	rc_printable(reason, sizeof(reason));
	p.reason = rc_slice_str(reason);
	rc_writer_pause(e->writer, &p);
	rc_time_iso(p.until_ns, until);
	if (p.until_ns == INT64_MAX)
		rc_buf_adds(out, "paused until resume: a sync only plans meanwhile\n");
	else
		rc_buf_addf(out, "paused until %s: a sync only plans meanwhile\n", until);
	return RC_OK;
}

static enum rc_code resume(const struct rc_cli *c, struct state_edit *e, struct rc_buf *out, struct rc_err *err)
{
	struct rc_pause p = {0};

	(void)c;
	(void)err;
	if (rc_view_pause(e->view, &p) && p.until_ns > e->now_ns)
		rc_buf_adds(out, "resumed: the next sync carries out what it plans\n");
	else
		rc_buf_adds(out, "was not paused\n");
	rc_writer_pause(e->writer, &(struct rc_pause){0});
	if (rc_calendar_frozen(e->cfg, e->zone, e->now_ns))
		rc_buf_adds(out, "a freeze window of the config is open all the same\n");
	return RC_OK;
}

int rc_cmd_pause(struct rc_cli *c)
{
	bool pauses = c->command == RC_CMD_PAUSE;
	struct rc_err err;

	if (pauses && (!c->until || !c->until[0] || !c->reason || !c->reason[0])) {
		rc_fail(&err, RC_USAGE, "pause needs --until DATE and --reason TEXT; see rollcall pause --help");
		return rc_cli_fail(&err);
	}
	return state_edit_run(c, pauses ? pause_until : resume);
}
