#include "engine/base/alloc.h"
#include "engine/base/harden.h"
#include "engine/base/log.h"
#include "engine/base/nearest.h"
#include "engine/cli.h"
#include "engine/cmd/cmd_config.h"
#include "engine/cmd/cmd_errors.h"
#include "engine/cmd/credentials.h"
#include "engine/cmd/help.h"
#include "engine/cmd/read.h"
#include <string.h>

static const struct {
	const char *name;
	enum rc_cli_command command;
	int (*run)(struct rc_cli *c);
} commands[] = {
	{"check", RC_CMD_CHECK, rc_cmd_check},
	{"plan", RC_CMD_PLAN, rc_cmd_run},
	{"sync", RC_CMD_SYNC, rc_cmd_run},
	{"refresh", RC_CMD_REFRESH, rc_cmd_run},
	{"status", RC_CMD_STATUS, rc_cmd_status},
	{"report", RC_CMD_REPORT, rc_cmd_report},
	{"apply", RC_CMD_APPLY, rc_cmd_run},
	{"undo", RC_CMD_UNDO, rc_cmd_run},
	{"list", RC_CMD_LIST, rc_cmd_list},
	{"prune", RC_CMD_PRUNE, rc_cmd_prune},
	{"reset-password", RC_CMD_RESET, rc_cmd_reset},
	{"state", RC_CMD_STATE, rc_cmd_state},
	{"forget", RC_CMD_FORGET, rc_cmd_forget},
	{"why", RC_CMD_WHY, rc_cmd_why},
	{"hold", RC_CMD_HOLD, rc_cmd_hold},
	{"release", RC_CMD_RELEASE, rc_cmd_hold},
	{"pause", RC_CMD_PAUSE, rc_cmd_pause},
	{"resume", RC_CMD_RESUME, rc_cmd_pause},
};

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} own[] = {
	{"read", rc_cmd_read}, {"schema", rc_cmd_schema},           {"errors", rc_cmd_errors},
	{"init", rc_cmd_init}, {"credentials", rc_cmd_credentials},
};

static int print_version(void)
{
	return rc_cli_print(RC_SLICE("rollcall " ROLLCALL_VERSION "\n"));
}

static int with_config(int argc, char **argv, size_t i)
{
	struct rc_cli c;
	struct rc_err err;
	enum rc_code code = rc_cli_parse(argc, argv, commands[i].command, &c, &err);
	int out;

	if (code)
		out = rc_cli_fail(&err);
	else if (c.help)
		out = rc_cli_print(rc_slice_str(rc_help_of(argv[0])));
	else if (c.version)
		out = print_version();
	else
		out = commands[i].run(&c);
	rc_cli_done(&c);
	return out;
}

static int on_its_own(int argc, char **argv, size_t i)
{
	struct rc_cli general;
	struct rc_err err;
	enum rc_code code = rc_cli_general(&argc, argv, &general, &err);

	rc_cli_done(&general);
	if (code)
		return rc_cli_fail(&err);
	return general.version ? print_version() : own[i].run(argc, argv);
}

/* argv[0] is the command. */
static int dispatch(int argc, char **argv)
{
	const char *names[sizeof(commands) / sizeof(*commands) + sizeof(own) / sizeof(*own)], *near;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[0], commands[i].name) == 0)
			return with_config(argc, argv, i);
		names[n++] = commands[i].name;
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		if (strcmp(argv[0], own[i].name) == 0)
			return on_its_own(argc, argv, i);
		names[n++] = own[i].name;
	}
	near = rc_nearest(rc_slice_str(argv[0]), names, n);
	rc_log(RC_LOG_ERROR, "%s is no command%s%s%s; see rollcall --help", argv[0], near ? ", did you mean " : "",
	       near ? near : "", near ? "?" : "");
	return RC_USAGE;
}

int main(int argc, char **argv)
{
	int at = 1;

	rc_harden();
	rc_alloc_one_heap();
	rc_alloc_libraries();
	while (at < argc && argv[at][0] == '-') {
		int words = rc_cli_is_general(argv + at);

		if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
			return rc_cli_print(rc_slice_str(rc_help_main));
		if (strcmp(argv[at], "--version") == 0)
			return print_version();
		if (!words) {
			rc_log(RC_LOG_ERROR, "%s stands before the command; see rollcall --help", argv[at]);
			return RC_USAGE;
		}
		at += words;
	}
	if (at >= argc) {
		rc_log(RC_LOG_ERROR, "no command; see rollcall --help");
		return RC_USAGE;
	}
	if (strcmp(argv[at], "help") == 0) { /* help sync: sync --help */
		static char asked[] = "--help";

		if (at + 1 == argc)
			return rc_cli_print(rc_slice_str(rc_help_main));
		return dispatch(2, (char *[]){argv[at + 1], asked, NULL});
	}
	rc_cli_command_first(argv + 1, (size_t)(at - 1));
	return dispatch(argc - 1, argv + 1);
}
