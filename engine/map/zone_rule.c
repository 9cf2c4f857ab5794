#include "engine/map/zone_rule.h"
#include "engine/base/civil.h"

enum { DAY_S = 86400 };

static bool eat(struct rc_slice *s, char c)
{
	if (!s->n || *s->p != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool number(struct rc_slice *s, int max, int *ret)
{
	size_t i = 0;
	int v = 0;

	for (; i < s->n && i < 4 && s->p[i] >= '0' && s->p[i] <= '9'; i++)
		v = v * 10 + (s->p[i] - '0');
	*s = (struct rc_slice){s->p + i, s->n - i};
	*ret = v;
	return i && v <= max;
}

static bool name(struct rc_slice *s)
{
	size_t i = 0;

	if (eat(s, '<')) {
		while (s->n && *s->p != '>')
			eat(s, *s->p);
		return eat(s, '>');
	}
	while (i < s->n && ((s->p[i] >= 'A' && s->p[i] <= 'Z') || (s->p[i] >= 'a' && s->p[i] <= 'z')))
		i++;
	*s = (struct rc_slice){s->p + i, s->n - i};
	return i >= 3;
}

static bool clock(struct rc_slice *s, int32_t *ret)
{
	bool minus = eat(s, '-');
	int h, m = 0, sec = 0;

	if (!minus)
		eat(s, '+');
	if (!number(s, 167, &h) || (eat(s, ':') && (!number(s, 59, &m) || (eat(s, ':') && !number(s, 59, &sec)))))
		return false;
	*ret = (h * 3600 + m * 60 + sec) * (minus ? -1 : 1);
	return true;
}

static bool change(struct rc_slice *s, struct rc_zone_change *c)
{
	c->time_s = 7200;
	if (eat(s, 'M')) {
		c->kind = 'M';
		if (!number(s, 12, &c->month) || !eat(s, '.') || !number(s, 5, &c->week) || !eat(s, '.') ||
		    !number(s, 6, &c->weekday) || !c->month || !c->week)
			return false;
	} else {
		c->kind = eat(s, 'J') ? 'J' : '0';
		if (!number(s, 365, &c->day) || (c->kind == 'J' && !c->day))
			return false;
	}
	return !eat(s, '/') || clock(s, &c->time_s);
}

bool rc_zone_rule_parse(struct rc_slice s, struct rc_zone_rule *ret)
{
	struct rc_zone_rule r = {0};
	int32_t west;

	*ret = r;
	if (!s.n)
		return true;
	if (!name(&s) || !clock(&s, &west))
		return false;
	r.there = true;
	r.standard_s = -west;
	if (s.n) {
		r.has_dst = true;
		r.dst_s = r.standard_s + 3600;
		if (!name(&s))
			return false;
		if (s.n && *s.p != ',') {
			if (!clock(&s, &west))
				return false;
			r.dst_s = -west;
		}
		if (!eat(&s, ',') || !change(&s, &r.start) || !eat(&s, ',') || !change(&s, &r.end) || s.n)
			return false;
	}
	*ret = r;
	return true;
}

static int weekday(int32_t day) /* 1970-01-01 was a Thursday */
{
	return ((day + 4) % 7 + 7) % 7;
}

static bool leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The local moment of a change in a year, in seconds as if local time were UTC. */
static int64_t moment(const struct rc_zone_change *c, int year)
{
	int32_t day, next;

	switch (c->kind) {
	case 'M':
		day = rc_date_days(year, (unsigned)c->month, 1);
		next = c->month == 12 ? rc_date_days(year + 1, 1, 1) : rc_date_days(year, (unsigned)c->month + 1, 1);
		day += (c->weekday - weekday(day) + 7) % 7 + (c->week - 1) * 7;
		while (day >= next)
			day -= 7;
		break;
	case 'J':
		day = rc_date_days(year, 1, 1) + c->day - 1 + (leap_year(year) && c->day >= 60);
		break;
	default:
		day = rc_date_days(year, 1, 1) + c->day;
	}
	return (int64_t)day * DAY_S + c->time_s;
}

int32_t rc_zone_rule_offset(const struct rc_zone_rule *r, int64_t unix_s)
{
	int64_t local = unix_s + r->standard_s, start, end;
	int64_t day = local / DAY_S - (local % DAY_S < 0);
	unsigned m, d;
	int year;

	if (!r->has_dst || day > 1000000000 || day < -1000000000)
		return r->standard_s;
	rc_date_civil((int32_t)day, &year, &m, &d);
	start = moment(&r->start, year) - r->standard_s;
	end = moment(&r->end, year) - r->dst_s;
	if (start < end)
		return unix_s >= start && unix_s < end ? r->dst_s : r->standard_s;
	return unix_s >= start || unix_s < end ? r->dst_s : r->standard_s;
}
