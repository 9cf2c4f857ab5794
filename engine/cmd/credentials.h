/* engine/cmd/credentials.h - `rollcall credentials open`: sealed passwords as CSV on standard output.
 *
 * argv[0] is "credentials". Returns the exit code and has told on stderr what went wrong. */
#ifndef RC_CMD_CREDENTIALS_H
#define RC_CMD_CREDENTIALS_H

int rc_cmd_credentials(int argc, char **argv);

#endif
