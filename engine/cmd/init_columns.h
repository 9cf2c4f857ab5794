/* engine/cmd/init_columns.h - the column names of an export, read just well enough to propose a first config. */
#ifndef RC_CMD_INIT_COLUMNS_H
#define RC_CMD_INIT_COLUMNS_H
#include <stdbool.h>
#include "engine/base/arena.h"
#include "engine/base/err.h"

enum { RC_INIT_COLUMNS_MAX = 256 };

struct rc_init_columns {
	size_t n;
	const char *names[RC_INIT_COLUMNS_MAX]; /* as in the file; LDIF attributes in lower case */
	bool ldif;
};

/* Reads the first 64 KiB, plain or gzip. RC_DATA when the file cannot be read or no header is found. */
enum rc_code rc_init_columns_read(const char *path, struct rc_arena *mem, struct rc_init_columns *ret,
				  struct rc_err *err);

/* The column whose name is one of the hints (a NULL-terminated list, best first), regardless of case and of
 * anything but letters and digits; NULL when there is none. */
const char *rc_init_columns_find(const struct rc_init_columns *c, const char *const *hints);

/* A column as an expression names it: user_name, or col["Given Name"]. */
const char *rc_init_column_expr(const char *name, struct rc_arena *mem);

#endif
