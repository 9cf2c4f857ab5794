/* engine/base/embedded.h - files compiled into the program by cmake/embed.cmake: schemas/, and the parts of
 * report.html.
 *
 * Name is the path below schemas/ without ".schema" and ".json": "config", "targets/huawei-p2c-vpn".
 * Data is NUL-terminated beyond n. The table ends with a NULL name. */
#ifndef RC_EMBEDDED_H
#define RC_EMBEDDED_H
#include <stddef.h>

struct rc_embedded {
	const char *name;
	const char *data;
	size_t n;
};

extern const struct rc_embedded rc_embedded_schemas[];
extern const struct rc_embedded rc_embedded_html[]; /* "style.css", "script.js" */

#endif
