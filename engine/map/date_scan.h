/* engine/map/date_scan.h - the written forms of dates; no zones, no moments. */
#ifndef RC_MAP_DATE_SCAN_H
#define RC_MAP_DATE_SCAN_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/slice.h"

struct rc_date_parts {
	int year;
	unsigned month, day;
	int hour, minute, second;
	bool has_offset;
	int32_t offset_s; /* east of UTC */
	bool generalized; /* LDAP's generalizedTime: a moment, not a day */
};

/* "2026-12-31", "2026-12-31T23:59:59.5+01:00" (T or a blank), "20261231", "20261231235959.0Z". */
bool rc_date_scan_iso(struct rc_slice s, struct rc_date_parts *ret);

/* By a strptime pattern: %Y %y %m %b %B %h %d %e %j %H %I %p %M %S %F %D %T %R %z %%; blanks match any number of
 * blanks. Month names are English. */
bool rc_date_scan_format(struct rc_slice s, const char *fmt, struct rc_date_parts *ret);

/* NULL, or what is wrong with the pattern. */
const char *rc_date_format_fault(const char *fmt);

#endif
