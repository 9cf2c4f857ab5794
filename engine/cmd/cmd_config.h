/* engine/cmd/cmd_config.h - the commands that need a config or less. argv[0] is the command's own name; the result is
 * the exit code. Errors go to the log, results to standard output. */
#ifndef RC_CMD_CONFIG_H
#define RC_CMD_CONFIG_H

int rc_cmd_schema(int argc, char **argv);
int rc_cmd_init(int argc, char **argv);

#endif
