#include "connectors/shared/text.h"
#include <time.h>

#define NS 1000000000LL

static int number(struct rc_slice s, size_t at, size_t n)
{
	return at + n <= s.n ? (int)rc_decimal((struct rc_slice){s.p + at, n}) : -1;
}

static int64_t when(int year, int month, int day, int hour, int minute, int second)
{
	struct tm tm = {.tm_year = year - 1900,
			.tm_mon = month - 1,
			.tm_mday = day,
			.tm_hour = hour,
			.tm_min = minute,
			.tm_sec = second};

	if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
	    minute < 0 || minute > 59 || second < 0 || second > 60)
		return 0;
	return (int64_t)timegm(&tm) * NS;
}

int64_t rc_http_date(struct rc_slice s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int month = 0;

	s = rc_trim(s);
	if (s.n != 29 || memcmp(s.p + 25, " GMT", 4) != 0)
		return 0;
	for (int i = 0; i < 12; i++)
		if (memcmp(months + 3 * i, s.p + 8, 3) == 0)
			month = i + 1;
	return when(number(s, 12, 4), month, number(s, 5, 2), number(s, 17, 2), number(s, 20, 2), number(s, 23, 2));
}

int64_t rc_iso_date(struct rc_slice s)
{
	int64_t t, fraction = 0, unit = NS / 10;
	size_t i = 19;

	if (s.n < 20 || s.n > 30 || s.p[4] != '-' || s.p[7] != '-' || s.p[10] != 'T' || s.p[13] != ':' ||
	    s.p[16] != ':')
		return 0;
	t = when(number(s, 0, 4), number(s, 5, 2), number(s, 8, 2), number(s, 11, 2), number(s, 14, 2),
		 number(s, 17, 2));
	if (s.p[i] == '.')
		for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, unit /= 10)
			fraction += (s.p[i] - '0') * unit;
	return t && i == s.n - 1 && s.p[i] == 'Z' ? t + fraction : 0;
}

void rc_compact_date(int64_t wall_ns, char out[17])
{
	time_t t = (time_t)(wall_ns / NS);
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm);
}
