#include "engine/map/date_scan.h"
#include "engine/base/civil.h"

static bool eat(struct rc_slice *s, char c)
{
	if (!s->n || *s->p != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool digits(struct rc_slice *s, size_t least, size_t most, int *ret)
{
	size_t i = 0;
	int v = 0;

	for (; i < s->n && i < most && is_digit(s->p[i]); i++)
		v = v * 10 + (s->p[i] - '0');
	if (i < least)
		return false;
	*s = (struct rc_slice){s->p + i, s->n - i};
	*ret = v;
	return true;
}

/* Whether the calendar has this day, and the clock this time. A leap second counts as the one before. */
static bool real(struct rc_date_parts *p)
{
	unsigned month, day;
	int year;

	if (p->year < 1 || p->year > 9999 || p->month < 1 || p->month > 12 || p->day < 1 || p->day > 31 ||
	    p->hour > 24 || p->minute > 59 || p->second > 60 || (p->hour == 24 && (p->minute || p->second)))
		return false;
	if (p->second == 60)
		p->second = 59;
	rc_date_civil(rc_date_days(p->year, p->month, p->day), &year, &month, &day);
	return month == p->month && day == p->day;
}

static bool offset(struct rc_slice *s, struct rc_date_parts *p)
{
	bool minus = s->n && *s->p == '-';
	int h, m = 0;

	if (eat(s, 'Z') || eat(s, 'z')) {
		p->has_offset = true;
		return true;
	}
	if (!eat(s, '+') && !eat(s, '-'))
		return false;
	if (!digits(s, 2, 2, &h))
		return false;
	if ((eat(s, ':') || (s->n && is_digit(*s->p))) && !digits(s, 2, 2, &m))
		return false;
	p->has_offset = true;
	p->offset_s = (h * 3600 + m * 60) * (minus ? -1 : 1);
	return h <= 14 && m <= 59;
}

static bool fraction(struct rc_slice *s)
{
	if (!eat(s, '.') && !eat(s, ','))
		return true;
	if (!s->n || !is_digit(*s->p))
		return false;
	while (s->n && is_digit(*s->p))
		eat(s, *s->p);
	return true;
}

static bool iso_time(struct rc_slice *s, struct rc_date_parts *p)
{
	if (!eat(s, 'T') && !eat(s, 't') && !eat(s, ' '))
		return true;
	if (!digits(s, 2, 2, &p->hour) || !eat(s, ':') || !digits(s, 2, 2, &p->minute))
		return false;
	if (eat(s, ':') && (!digits(s, 2, 2, &p->second) || !fraction(s)))
		return false;
	return !s->n || offset(s, p);
}

static bool generalized(struct rc_slice *s, struct rc_date_parts *p)
{
	if (!digits(s, 2, 2, &p->hour) || !digits(s, 2, 2, &p->minute))
		return false;
	if (s->n && is_digit(*s->p) && !digits(s, 2, 2, &p->second))
		return false;
	p->generalized = true;
	return fraction(s) && offset(s, p);
}

bool rc_date_scan_iso(struct rc_slice s, struct rc_date_parts *ret)
{
	int month, day;

	*ret = (struct rc_date_parts){0};
	if (!digits(&s, 4, 4, &ret->year))
		return false;
	if (eat(&s, '-')) {
		if (!digits(&s, 2, 2, &month) || !eat(&s, '-') || !digits(&s, 2, 2, &day) || !iso_time(&s, ret))
			return false;
	} else if (!digits(&s, 2, 2, &month) || !digits(&s, 2, 2, &day) || (s.n && !generalized(&s, ret))) {
		return false;
	}
	ret->month = (unsigned)month;
	ret->day = (unsigned)day;
	return !s.n && real(ret);
}

/* ---- patterns ---- */

struct matching {
	struct rc_slice s;
	struct rc_date_parts *p;
	int hour12, afternoon, day_of_year; /* -1: not given */
};

static void skip_blank(struct rc_slice *s)
{
	while (s->n && (*s->p == ' ' || (*s->p >= '\t' && *s->p <= '\r')))
		eat(s, *s->p);
}

static bool word(struct rc_slice *s, const char *w)
{
	size_t n = strlen(w);

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((s->p[i] | 0x20) != (w[i] | 0x20))
			return false;
	*s = (struct rc_slice){s->p + n, s->n - n};
	return true;
}

static bool month_name(struct rc_slice *s, unsigned *ret)
{
	static const char *const full[] = {"January", "February", "March",     "April",   "May",      "June",
					   "July",    "August",   "September", "October", "November", "December"};
	char abbreviated[4] = {0};

	for (unsigned i = 0; i < 12; i++) {
		memcpy(abbreviated, full[i], 3);
		if (word(s, full[i]) || word(s, abbreviated)) {
			*ret = i + 1;
			return true;
		}
	}
	return false;
}

static bool match(struct matching *m, const char *fmt);

static bool conversion(struct matching *m, char c)
{
	int v;

	switch (c) {
	case 'Y':
		return digits(&m->s, 4, 4, &m->p->year);
	case 'y':
		if (!digits(&m->s, 2, 2, &v))
			return false;
		m->p->year = v < 69 ? 2000 + v : 1900 + v; /* as POSIX has it */
		return true;
	case 'm':
	case 'd':
	case 'e':
		if (c == 'e')
			skip_blank(&m->s);
		if (!digits(&m->s, 1, 2, &v))
			return false;
		*(c == 'm' ? &m->p->month : &m->p->day) = (unsigned)v;
		return true;
	case 'b':
	case 'B':
	case 'h':
		return month_name(&m->s, &m->p->month);
	case 'j':
		return digits(&m->s, 1, 3, &m->day_of_year);
	case 'H':
		return digits(&m->s, 1, 2, &m->p->hour);
	case 'I':
		return digits(&m->s, 1, 2, &m->hour12) && m->hour12 >= 1 && m->hour12 <= 12;
	case 'p':
		m->afternoon = word(&m->s, "PM");
		return m->afternoon || word(&m->s, "AM");
	case 'M':
		return digits(&m->s, 1, 2, &m->p->minute);
	case 'S':
		return digits(&m->s, 1, 2, &m->p->second);
	case 'F':
		return match(m, "%Y-%m-%d");
	case 'D':
		return match(m, "%m/%d/%y");
	case 'T':
		return match(m, "%H:%M:%S");
	case 'R':
		return match(m, "%H:%M");
	case 'z':
		return offset(&m->s, m->p);
	default:
		return c == '%' && eat(&m->s, '%');
	}
}

static bool match(struct matching *m, const char *fmt)
{
	for (; *fmt; fmt++) {
		if (*fmt == ' ' || (*fmt >= '\t' && *fmt <= '\r')) {
			skip_blank(&m->s);
		} else if (*fmt == '%' && fmt[1]) {
			if (!conversion(m, *++fmt))
				return false;
		} else if (!eat(&m->s, *fmt)) {
			return false;
		}
	}
	return true;
}

bool rc_date_scan_format(struct rc_slice s, const char *fmt, struct rc_date_parts *ret)
{
	struct matching m = {s, ret, -1, -1, -1};
	int year;

	*ret = (struct rc_date_parts){0};
	if (!match(&m, fmt) || m.s.n)
		return false;
	if (m.hour12 >= 0)
		ret->hour = m.hour12 % 12 + (m.afternoon > 0 ? 12 : 0);
	if (m.day_of_year == 0 || m.day_of_year > 366)
		return false;
	if (m.day_of_year > 0) {
		rc_date_civil(rc_date_days(ret->year, 1, 1) + m.day_of_year - 1, &year, &ret->month, &ret->day);
		if (year != ret->year)
			return false;
	}
	return real(ret);
}

const char *rc_date_format_fault(const char *fmt)
{
	bool year = false, month = false, day = false;

	for (; *fmt; fmt++) {
		if (*fmt != '%')
			continue;
		fmt++;
		if (!*fmt || !strchr("YymbBhdejHIpMSFDTRz%", *fmt))
			return "it has a conversion that is none of %Y %y %m %b %B %d %e %j %H %I %p %M %S %F %D %T %R "
			       "%z %%";
		year |= strchr("YyFD", *fmt) != NULL;
		month |= strchr("mbBhjFD", *fmt) != NULL;
		day |= strchr("dejFD", *fmt) != NULL;
	}
	return year && month && day ? NULL : "it gives no whole date: it needs a year, a month and a day";
}
