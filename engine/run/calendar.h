/* engine/run/calendar.h - the dates a run lives by: freeze windows and pauses, days of patience, the provider's month.
 *
 * Days are those of a time zone, so that a night shifted by daylight saving is still the night of its day. */
#ifndef RC_RUN_CALENDAR_H
#define RC_RUN_CALENDAR_H
#include "engine/config/config.h"
#include "engine/map/dates.h"

/* The zone of freeze windows, pauses, overrides and missing.after_days: that of the first source. */
enum rc_code rc_calendar_zone(const struct rc_config *cfg, struct rc_zone **ret, struct rc_err *err);

/* The first moment of the day that is so many days after the day of from_ns. */
int64_t rc_calendar_days_after(const struct rc_zone *z, int64_t from_ns, unsigned days);

/* The first moment of the month after now_ns; *ret_month is now's, as yyyymm. */
int64_t rc_calendar_next_month(const struct rc_zone *z, int64_t now_ns, uint32_t *ret_month);

/* The freeze window that now_ns is in, or NULL. */
const struct rc_date_range *rc_calendar_frozen(const struct rc_config *cfg, const struct rc_zone *z, int64_t now_ns);

/* "2026-12-24" (the whole day counts) or a date with a time, to the first moment behind it. RC_USAGE for no date. */
enum rc_code rc_calendar_until(struct rc_slice text, const struct rc_zone *z, int64_t *ret_ns, struct rc_err *err);

#endif
