/* engine/cmd/help.h - what --help prints; each fits a screen and shows an example. */
#ifndef RC_CMD_HELP_H
#define RC_CMD_HELP_H

extern const char rc_help_main[];
const char *rc_help_of(const char *command); /* NULL: has its own, or is unknown */

#endif
