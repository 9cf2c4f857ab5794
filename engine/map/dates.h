/* engine/map/dates.h - dates of joining and leaving, and the moments they stand for in a time zone.
 *
 * Reads no clock and never touches TZ: a zone is read from the system's TZif files (RFC 8536), so that threads may use
 * different ones. Wall time is nanoseconds since 1970 UTC. The formats: docs/expressions.md, "Dates". */
#ifndef RC_MAP_DATES_H
#define RC_MAP_DATES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/base/err.h"
#include "engine/base/slice.h"

/* ---- zones ---- */

struct rc_zone;

/* "Europe/Berlin", "UTC"; NULL is UTC. RC_CONFIG when there is no such zone. $TZDIR, else /usr/share/zoneinfo. */
enum rc_code rc_zone_open(const char *name, struct rc_zone **ret, struct rc_err *err);
void rc_zone_free(struct rc_zone *z);

/* Seconds east of UTC at this moment. A NULL zone is UTC. */
int32_t rc_zone_offset(const struct rc_zone *z, int64_t unix_s);

/* The first moment of a day (days since 1970-01-01) there: 00:00, or the end of the gap where clocks skip midnight.
 * INT64_MAX and INT64_MIN for days that nanoseconds do not reach (after 2262, before 1677). */
int64_t rc_zone_day_start_ns(const struct rc_zone *z, int32_t day);
int32_t rc_zone_day_of(const struct rc_zone *z, int64_t wall_ns);

/* ---- dates ---- */

/* RC_DATE_OPEN: blank, 9999-12-31, AD's never values (0 and 9223372036854775807): no limit. */
enum rc_date_kind { RC_DATE_OPEN, RC_DATE_DAY, RC_DATE_EXPIRY };

struct rc_date {
	enum rc_date_kind kind;
	int32_t day;     /* in the zone, days since 1970-01-01; DAY and EXPIRY */
	int64_t wall_ns; /* EXPIRY: an exact moment (FILETIME, generalizedTime) */
};

/* fmt NULL: ISO date or date-time, YYYYMMDD, generalizedTime or FILETIME. Otherwise a subset of strptime's patterns,
 * see rc_date_format_check. A date-time with an offset is converted to the zone, one without is local there. RC_DATA
 * for anything that is no date. */
enum rc_code rc_date_read(struct rc_slice text, const char *fmt, const struct rc_zone *z, struct rc_date *ret,
			  struct rc_err *err);

/* RC_CONFIG when fmt holds a conversion that is not known or does not give a whole date. */
enum rc_code rc_date_format_check(const char *fmt, struct rc_err *err);

/* The first moment without access when d is active_until: the start of the day after the last day with access. For an
 * EXPIRY that is the day of the moment before it, so that AD's "end of 30 June" (1 July 00:00 local) ends there.
 * INT64_MAX when open. */
int64_t rc_date_due_ns(const struct rc_date *d, const struct rc_zone *z);

/* The first moment with access when d is active_from; INT64_MIN when open. */
int64_t rc_date_start_ns(const struct rc_date *d, const struct rc_zone *z);

/* "YYYY-MM-DD", or "" when open. */
void rc_date_iso(const struct rc_date *d, char out[16]);

#endif
