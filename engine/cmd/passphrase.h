/* engine/cmd/passphrase.h - a passphrase from a file or from the person at the terminal. */
#ifndef RC_CMD_PASSPHRASE_H
#define RC_CMD_PASSPHRASE_H
#include "engine/base/buf.h"
#include "engine/base/err.h"

struct rc_passphrase_from {
	const char *file; /* NULL: ask on the controlling terminal */
	const char *key;  /* named in the question */
};

/* ctx: struct rc_passphrase_from. Appends the passphrase to ret (.secret); one trailing line break is not part of it.
 * RC_USAGE: there is no terminal; RC_DATA: the file cannot be read or is empty. */
enum rc_code rc_passphrase(void *ctx, struct rc_buf *ret, struct rc_err *err);

#endif
