#include "engine/run/calendar.h"
#include "engine/base/civil.h"

enum rc_code rc_calendar_zone(const struct rc_config *cfg, struct rc_zone **ret, struct rc_err *err)
{
	return rc_zone_open(cfg->sources[0].timezone, ret, err);
}

int64_t rc_calendar_days_after(const struct rc_zone *z, int64_t from_ns, unsigned days)
{
	return days ? rc_zone_day_start_ns(z, rc_zone_day_of(z, from_ns) + (int32_t)days) : from_ns;
}

int64_t rc_calendar_next_month(const struct rc_zone *z, int64_t now_ns, uint32_t *ret_month)
{
	unsigned month, day;
	int year;

	rc_date_civil(rc_zone_day_of(z, now_ns), &year, &month, &day);
	*ret_month = (uint32_t)year * 100 + month;
	return rc_zone_day_start_ns(z, month == 12 ? rc_date_days(year + 1, 1, 1) : rc_date_days(year, month + 1, 1));
}

const struct rc_date_range *rc_calendar_frozen(const struct rc_config *cfg, const struct rc_zone *z, int64_t now_ns)
{
	int32_t today = rc_zone_day_of(z, now_ns);

	for (size_t i = 0; i < cfg->n_freeze; i++)
		if (today >= cfg->freeze[i].first_day && today <= cfg->freeze[i].last_day)
			return &cfg->freeze[i];
	return NULL;
}

enum rc_code rc_calendar_until(struct rc_slice text, const struct rc_zone *z, int64_t *ret_ns, struct rc_err *err)
{
	struct rc_date d;
	struct rc_err why;

	if (rc_date_read(text, NULL, z, &d, &why))
		return rc_fail(err, RC_USAGE, "%.*s: write a date such as 2026-12-24",
			       (int)(text.n < 100 ? text.n : 100), text.p);
	*ret_ns = rc_date_due_ns(&d, z);
	return RC_OK;
}
