#include "connectors/shared/judge.h"
#include "connectors/shared/text.h"

/* The digits after a label such as "limit:", or -1. */
static int64_t labelled(struct rc_slice s, const char *label, size_t *ret_end)
{
	size_t n = strlen(label);

	for (size_t i = 0; i + n < s.n; i++) {
		size_t from = i + n, end = from;

		if (memcmp(s.p + i, label, n) != 0)
			continue;
		while (end < s.n && end - from < 12 && s.p[end] >= '0' && s.p[end] <= '9')
			end++;
		if (end == from)
			continue;
		*ret_end = end;
		return rc_decimal((struct rc_slice){s.p + from, end - from});
	}
	return -1;
}

static double unit_seconds(struct rc_slice s)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"millisecond", 0.001}, {"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};

	s = rc_trim(s);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t n = strlen(units[i].name);

		if (s.n >= n && memcmp(s.p, units[i].name, n) == 0)
			return units[i].seconds;
	}
	return 0;
}

double rc_announced_rate(struct rc_slice message)
{
	size_t end = 0;
	int64_t limit = labelled(message, "limit:", &end), time = labelled(message, "time:", &end);
	double unit;

	if (limit <= 0 || time <= 0)
		return 0;
	unit = unit_seconds((struct rc_slice){message.p + end, message.n - end});
	return unit > 0 ? (double)limit / ((double)time * unit) : 0;
}

double rc_ratelimit_left(struct rc_slice header)
{
	size_t end = 0;
	int64_t remain = labelled(header, "Remain:", &end), left = labelled(header, "TimeLeft:", &end);

	return remain == 0 && left > 0 ? (double)left / 1000 : 0;
}

double rc_retry_after(const struct http_resp *resp, int64_t wall_ns, double cap_s)
{
	struct rc_slice v = rc_trim(http_resp_header(resp, "retry-after"));
	int64_t seconds = rc_decimal(v), date;
	double wait = (double)seconds;

	if (seconds < 0) {
		/* A date is counted from the answer's own, so that a wrong clock of ours does not matter. */
		int64_t now = rc_http_date(http_resp_header(resp, "date"));

		date = rc_http_date(v);
		wait = date ? (double)(date - (now ? now : wall_ns)) / 1e9 : 0;
	}
	if (!(wait > 0))
		return 0;
	return wait < cap_s ? wait : cap_s;
}
