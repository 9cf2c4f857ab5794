/* engine/cli.h - the command line of the commands that work on a config: one table of options, one parser.
 *
 * Only cli, main and engine/cmd print. Commands that read no config (read, init, schema, errors, credentials) parse
 * their own arguments, but for the options that every command takes. */
#ifndef RC_CLI_H
#define RC_CLI_H
#include "engine/config/config.h"
#include "engine/run/run.h"

enum rc_cli_command {
	RC_CMD_CHECK = 1 << 0,
	RC_CMD_PLAN = 1 << 1,
	RC_CMD_SYNC = 1 << 2,
	RC_CMD_REFRESH = 1 << 3,
	RC_CMD_STATUS = 1 << 4,
	RC_CMD_REPORT = 1 << 5,
	RC_CMD_HOLD = 1 << 20,
	RC_CMD_RELEASE = 1 << 21,
	RC_CMD_PAUSE = 1 << 22,
	RC_CMD_RESUME = 1 << 23,
	RC_CMD_APPLY = 1 << 16,
	RC_CMD_UNDO = 1 << 17,
	RC_CMD_LIST = 1 << 6,
	RC_CMD_WHY = 1 << 7,
	RC_CMD_RESET = 1 << 8,
	RC_CMD_STATE = 1 << 9,
	RC_CMD_PRUNE = 1 << 10,
	RC_CMD_FORGET = 1 << 11,
	RC_CMD_OWN = 1 << 12, /* any command that parses its own arguments */
};

enum { RC_MAX_RESETS = 10 };

struct rc_cli {
	enum rc_cli_command command;
	const char *name;
	const char *verb;                   /* `state`: export or import */
	const char *config_path, *argument; /* argument: the first after the config, or NULL */
	const char **arguments;             /* all of them, those of --file among them */
	size_t n_arguments;
	struct rc_run_opts run;
	bool help, version, confine, online, print, check_age, yes, dry_run;
	const char *sample, *format, *status, *at, *name_of, *find;
	const char *reason, *until;
	int64_t max_age_ns;
	uint64_t max_resets; /* as many people at once at most */
	const char *expect_env;
	const char **targets, **only;
	struct rc_arena mem;
};

/* Parses argv[1..]; RC_USAGE with one line otherwise. --help and --version set a flag and stop. Logging options act at
 * once. */
enum rc_code rc_cli_parse(int argc, char **argv, enum rc_cli_command command, struct rc_cli *ret, struct rc_err *err);
void rc_cli_done(struct rc_cli *c);

/* For a command that parses its own arguments: obeys the options every command takes and removes them from argv. */
enum rc_code rc_cli_general(int *argc, char **argv, struct rc_cli *ret, struct rc_err *err);

/* For options that stand before the command: 0: none that every command takes; else the words it is made of, 1 or 2. */
int rc_cli_is_general(char **argv);
/* argv[n], the command, goes to the front; the n words before it follow. */
void rc_cli_command_first(char **argv, size_t n);

/* Loads the config and checks --expect-env; prints every fault. --confine acts from here on. */
enum rc_code rc_cli_config(const struct rc_cli *c, struct rc_config **ret);

/* One line on stderr; returns the code. */
int rc_cli_fail(const struct rc_err *err);

/* Writes to stdout; RC_CANTCREAT when that fails. */
int rc_cli_print(struct rc_slice text);

int rc_cmd_run(struct rc_cli *c); /* plan, sync, apply, undo, refresh */
int rc_cmd_check(struct rc_cli *c);
int rc_cmd_status(struct rc_cli *c);
int rc_cmd_report(struct rc_cli *c);
int rc_cmd_list(struct rc_cli *c);
int rc_cmd_why(struct rc_cli *c);
int rc_cmd_reset(struct rc_cli *c);
int rc_cmd_state(struct rc_cli *c);
int rc_cmd_prune(struct rc_cli *c);
int rc_cmd_forget(struct rc_cli *c);
int rc_cmd_hold(struct rc_cli *c);  /* hold, release */
int rc_cmd_pause(struct rc_cli *c); /* pause, resume */

#endif
