/* engine/base/ignored.h - the seam of tests/keys/mutate.py, which asks whether a test notices that a setting has no
 * effect.
 *
 * In a build with ROLLCALL_MUTATE the environment's RC_IGNORE names one option ("--canary", or "sync --canary" for one
 * command's) or one config key by its way through the document ("timeouts/settle"; "targets/+/where": a plus stands for
 * any name or place). It is accepted, checked, and then forgotten. No other build has any of this. */
#ifndef RC_BASE_IGNORED_H
#define RC_BASE_IGNORED_H
#include <stdbool.h>
#ifdef ROLLCALL_MUTATE
#include <stdlib.h>
#include <string.h>
enum { RC_MAY_IGNORE = true };

static inline bool rc_ignored(const char *command, const char *name)
{
	const char *what = getenv("RC_IGNORE");
	size_t n = strlen(command);

	return what && (strcmp(what, name) == 0 ||
			(strncmp(what, command, n) == 0 && what[n] == ' ' && strcmp(what + n + 1, name) == 0));
}
#else
enum { RC_MAY_IGNORE = false };

static inline bool rc_ignored(const char *command, const char *name)
{
	(void)command;
	(void)name;
	return false;
}
#endif

#endif
