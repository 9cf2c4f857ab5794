/* engine/cmd/own_options.h - getopt_long for the commands that parse their own arguments. argv[0] is the command. */
#ifndef RC_CMD_OWN_OPTIONS_H
#define RC_CMD_OWN_OPTIONS_H
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "engine/base/ignored.h"

static inline bool rc_option_ignored(const char *command, const struct option *known, int got)
{
	char name[32];

	while (known->name && known->val != got)
		known++;
	snprintf(name, sizeof(name), "--%s", known->name ? known->name : "");
	return rc_ignored(command, name);
}

/* The next option that is not ignored: its letter or number, -1 at the end, ? or : as from getopt_long. */
static inline int rc_next_option(int argc, char **argv, const char *letters, const struct option *known)
{
	int got = getopt_long(argc, argv, letters, known, NULL);

	while (RC_MAY_IGNORE && got != -1 && rc_option_ignored(argv[0], known, got))
		got = getopt_long(argc, argv, letters, known, NULL);
	return got;
}

/* Of the commands that have no options of their own. */
static inline bool rc_asks_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* The option that getopt_long answered ? or : for, as the user wrote it. */
static inline const char *rc_bad_option(char **argv, char ret[3])
{
	if (optopt <= ' ' || optopt > '~' || strncmp(argv[optind > 0 ? optind - 1 : 0], "--", 2) == 0)
		return argv[optind > 0 ? optind - 1 : 0];
	ret[0] = '-';
	ret[1] = (char)optopt;
	ret[2] = 0;
	return ret;
}

#endif
