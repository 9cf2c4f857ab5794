/* engine/cmd/read.h - `rollcall read`: records of CSV and LDIF files as JSON lines on standard output.
 *
 * argv[0] is "read". Returns the exit code and has told on stderr what went wrong. */
#ifndef RC_CMD_READ_H
#define RC_CMD_READ_H

int rc_cmd_read(int argc, char **argv);

#endif
