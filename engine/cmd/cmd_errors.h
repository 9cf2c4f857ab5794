/* engine/cmd/cmd_errors.h - `rollcall errors [CONNECTOR]`: what each code of a provider means and who does what about
 * it. argv[0] is the command's own name; the result is the exit code. */
#ifndef RC_CMD_ERRORS_H
#define RC_CMD_ERRORS_H

int rc_cmd_errors(int argc, char **argv);

#endif
