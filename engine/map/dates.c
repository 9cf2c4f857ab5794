#include "engine/map/dates.h"
#include <stdio.h>
#include "engine/base/civil.h"
#include "engine/map/date_scan.h"
#include "engine/map/text.h"

#define NS 1000000000LL
#define FILETIME_1970 116444736000000000LL /* 100 ns since 1601-01-01 */
#define FILETIME_PER_S 10000000LL

enum { LAST_NS_DAY = 106750 }; /* 2262-04-10: the last whole day that nanoseconds in 64 bits reach */

static bool all_digits(struct rc_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static void set_expiry(struct rc_date *d, int64_t unix_s, int64_t ns, const struct rc_zone *z)
{
	if (unix_s / 86400 >= LAST_NS_DAY) /* nobody expires in the year 2262 */
		return;
	d->kind = RC_DATE_EXPIRY;
	if (unix_s / 86400 <= -LAST_NS_DAY) { /* long past: the day is told, the moment is the earliest there is */
		d->wall_ns = -(int64_t)LAST_NS_DAY * 86400 * NS;
		d->day = (int32_t)((unix_s - 86399) / 86400);
		return;
	}
	d->wall_ns = unix_s * NS + ns;
	d->day = rc_zone_day_of(z, d->wall_ns);
}

/* 17 to 19 digits: a FILETIME. */
static bool filetime(struct rc_slice s, const struct rc_zone *z, struct rc_date *d)
{
	uint64_t v = 0;
	int64_t since;

	if (!all_digits(s) || s.n < 17 || s.n > 19)
		return false;
	for (size_t i = 0; i < s.n; i++)
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	if (v > INT64_MAX)
		return false;
	since = (int64_t)v - FILETIME_1970;
	set_expiry(d, since / FILETIME_PER_S, since % FILETIME_PER_S * 100, z);
	return true;
}

/* Open in any format. */
static bool never(struct rc_slice s)
{
	return !s.n || rc_slice_eqs(s, "0") || rc_slice_eqs(s, "9223372036854775807") || rc_slice_eqs(s, "9999-12-31");
}

enum rc_code rc_date_read(struct rc_slice text, const char *fmt, const struct rc_zone *z, struct rc_date *ret,
			  struct rc_err *err)
{
	struct rc_slice s = rc_text_trim(text);
	struct rc_date d = {.kind = RC_DATE_OPEN};
	struct rc_date_parts p;
	int64_t unix_s;

	if (never(s) || (!fmt && filetime(s, z, &d))) {
		*ret = d;
		return RC_OK;
	}
	if (!(fmt ? rc_date_scan_format(s, fmt, &p) : rc_date_scan_iso(s, &p)))
		return rc_fail(err, RC_DATA, "'%.*s' is no date; expected %s%s", (int)(s.n < 60 ? s.n : 60), s.p,
			       fmt ? "one like " : "YYYY-MM-DD, or set date_format", fmt ? fmt : "");
	if (p.year == 9999 && p.month == 12 && p.day == 31) {
		*ret = d;
		return RC_OK;
	}
	d.kind = RC_DATE_DAY;
	d.day = rc_date_days(p.year, p.month, p.day);
	unix_s = (int64_t)d.day * 86400 + p.hour * 3600 + p.minute * 60 + p.second - p.offset_s;
	if (p.generalized) {
		d.kind = RC_DATE_OPEN;
		set_expiry(&d, unix_s, 0, z);
	} else if (p.has_offset && d.day > -LAST_NS_DAY && d.day < LAST_NS_DAY) {
		d.day = rc_zone_day_of(z, unix_s * NS);
	}
	*ret = d;
	return RC_OK;
}

enum rc_code rc_date_format_check(const char *fmt, struct rc_err *err)
{
	const char *fault = rc_date_format_fault(fmt);

	return fault ? rc_fail(err, RC_CONFIG, "date format \"%s\": %s", fmt, fault) : RC_OK;
}

int64_t rc_date_due_ns(const struct rc_date *d, const struct rc_zone *z)
{
	switch (d->kind) {
	case RC_DATE_DAY:
		return rc_zone_day_start_ns(z, d->day + 1);
	case RC_DATE_EXPIRY:
		return rc_zone_day_start_ns(z, rc_zone_day_of(z, d->wall_ns - 1) + 1);
	case RC_DATE_OPEN:
		break;
	}
	return INT64_MAX;
}

int64_t rc_date_start_ns(const struct rc_date *d, const struct rc_zone *z)
{
	return d->kind == RC_DATE_OPEN ? INT64_MIN : rc_zone_day_start_ns(z, d->day);
}

void rc_date_iso(const struct rc_date *d, char out[16])
{
	unsigned month, day;
	int year;

	out[0] = 0;
	if (d->kind == RC_DATE_OPEN)
		return;
	rc_date_civil(d->day, &year, &month, &day);
	snprintf(out, 16, "%04d-%02u-%02u", year % 10000, month % 100, day % 100);
}
