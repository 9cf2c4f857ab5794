/* engine/config/secret.h - where a secret is, and fetching it at the moment it is needed.
 *
 * A config never holds a secret, only a reference. Fetching reads a file or runs a program: call it when the value is
 * needed, again once after a 401, and wipe the buffer. Nothing here logs. */
#ifndef RC_CONFIG_SECRET_H
#define RC_CONFIG_SECRET_H
#include <stddef.h>
#include "engine/base/buf.h"
#include "engine/base/err.h"

enum { RC_SECRET_MAX = 65536 }; /* bytes; tokens are several KB long */

enum rc_secret_kind {
	RC_SECRET_NONE,       /* not configured */
	RC_SECRET_ENV,        /* variable of the environment */
	RC_SECRET_FILE,       /* one trailing line break is not part of it */
	RC_SECRET_CREDENTIAL, /* file of that name in $CREDENTIALS_DIRECTORY (systemd) */
	RC_SECRET_COMMAND,    /* standard output of argv, run without a shell; one trailing line break stripped */
	RC_SECRET_PLAIN,      /* a value that is no secret (user name), written in the config */
};

struct rc_secret {
	enum rc_secret_kind kind;
	const char *name;        /* variable, resolved path, credential name or plain value */
	const char *const *argv; /* command; NULL-terminated */
	const char *const *hide; /* variables that the command must not inherit; NULL-terminated, may be NULL */
	const char *pointer;     /* JSON Pointer in the config, for messages */
};

/* Appends the value to ret. RC_CONFIG when it is missing, empty, unreadable, longer than RC_SECRET_MAX, holds a NUL
 * byte, or when the command fails or takes longer than a minute; the message names the reference, never the value. */
enum rc_code rc_secret_get(const struct rc_secret *s, struct rc_buf *ret, struct rc_err *err);

/* The environment for a child process: ours without the variables named (rc_config.secret_env), so that a secret given
 * to us is not handed on. NULL-terminated; the strings stay environ's; free() the array. */
char **rc_env_without(const char *const *names);

/* "env HUAWEI_AK", "file /etc/x", … for messages; out has room for cap bytes. */
void rc_secret_text(const struct rc_secret *s, char *out, size_t cap);

#endif
