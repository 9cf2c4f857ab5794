#include "engine/cli.h"
#include "engine/report/report.h"
#include <stdio.h>

int rc_cmd_report(struct rc_cli *c)
{
	struct rc_config *cfg = NULL;
	struct rc_err err;
	int format = rc_report_format_find(c->format ? c->format : "csv");
	enum rc_code code;

	if (format < 0) {
		rc_fail(&err, RC_USAGE, "--format %s: one of html, csv, jsonl, json", c->format);
		return rc_cli_fail(&err);
	}
	code = rc_cli_config(c, &cfg);
	if (code)
		return (int)code;
	code = rc_report_render(cfg->reports, c->argument, (enum rc_report_format)format, stdout, &err);
	rc_config_free(cfg);
	return code ? rc_cli_fail(&err) : 0;
}
