#include "engine/config/limits.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool digits(struct rc_slice *s, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
		if (v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(s->p[i] - '0');
	}
	if (i == 0)
		return false;
	*s = (struct rc_slice){s->p + i, s->n - i};
	*ret = v;
	return true;
}

enum rc_code rc_duration_parse(struct rc_slice s, int64_t *ret_ns, struct rc_err *err)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {{"ms", RC_MS}, {"s", RC_SECOND}, {"m", 60 * RC_SECOND}, {"h", 3600 * RC_SECOND}, {"d", RC_DAY}};
	struct rc_slice all = s;
	uint64_t n;

	if (digits(&s, &n))
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (rc_slice_eqs(s, units[i].unit)) {
				if (n > (uint64_t)(36525 * RC_DAY / units[i].ns))
					return rc_fail(err, RC_USAGE, "\"%.*s\" is longer than 100 years", (int)all.n,
						       all.p);
				*ret_ns = (int64_t)n * units[i].ns;
				return RC_OK;
			}
	return rc_fail(err, RC_USAGE,
		       "\"%.*s\" is no duration; write a whole number and a unit, such as 500ms, 30s, 5m, 2h, 7d",
		       (int)(all.n < 40 ? all.n : 40), all.p);
}

/* "5" or "2.5", with '%' behind it. */
static bool percent(struct rc_slice s, double *ret)
{
	char text[32], *end;

	if (s.n < 2 || s.n > sizeof(text) || s.p[s.n - 1] != '%' || s.p[0] < '0' || s.p[0] > '9')
		return false;
	memcpy(text, s.p, s.n - 1);
	text[s.n - 1] = 0;
	if (strspn(text, "0123456789.") != s.n - 1)
		return false;
	*ret = strtod(text, &end);
	return !*end && *ret <= 100;
}

static bool limit_part(struct rc_slice s, struct rc_limit *l)
{
	struct rc_slice rest = s;

	if (s.n && s.p[s.n - 1] == '%') {
		if (l->has_percent || !percent(s, &l->percent))
			return false;
		l->has_percent = true;
		return true;
	}
	if (l->has_number || !digits(&rest, &l->number) || rest.n)
		return false;
	l->has_number = true;
	return true;
}

static struct rc_slice trim(struct rc_slice s)
{
	while (s.n && s.p[0] == ' ')
		s = (struct rc_slice){s.p + 1, s.n - 1};
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

enum rc_code rc_limit_parse(struct rc_slice s, struct rc_limit *ret, struct rc_err *err)
{
	const char *comma = s.n ? memchr(s.p, ',', s.n) : NULL;
	size_t n = comma ? (size_t)(comma - s.p) : s.n;
	struct rc_limit l = {0};

	if (rc_slice_eqs(s, "unlimited")) {
		*ret = (struct rc_limit){.unlimited = true};
		return RC_OK;
	}
	if (!limit_part(trim((struct rc_slice){s.p, n}), &l) ||
	    (comma && !limit_part(trim((struct rc_slice){comma + 1, s.n - n - 1}), &l)))
		return rc_fail(
			err, RC_USAGE,
			"\"%.*s\" is no limit; write a number, a percentage, both (\"5%%,200\") or \"unlimited\"",
			(int)(s.n < 40 ? s.n : 40), s.p);
	*ret = l;
	return RC_OK;
}

uint64_t rc_limit_max(const struct rc_limit *l, uint64_t base)
{
	uint64_t most = UINT64_MAX;

	if (l->unlimited)
		return UINT64_MAX;
	if (!l->has_number && !l->has_percent)
		return 0;
	if (l->has_number)
		most = l->number;
	if (l->has_percent) {
		double exact = (double)base * l->percent / 100;
		uint64_t part = (uint64_t)(exact + 1e-9 * exact);

		if (part < RC_LIMIT_MIN_USERS)
			part = RC_LIMIT_MIN_USERS;
		if (part < most)
			most = part;
	}
	return most;
}

void rc_limit_text(const struct rc_limit *l, char out[64])
{
	if (l->unlimited)
		snprintf(out, 64, "unlimited");
	else if (l->has_percent && l->has_number)
		snprintf(out, 64, "%g%%,%" PRIu64, l->percent, l->number);
	else if (l->has_percent)
		snprintf(out, 64, "%g%%", l->percent);
	else
		snprintf(out, 64, "%" PRIu64, l->number);
}

enum rc_code rc_size_parse(struct rc_slice s, uint64_t *ret_bytes, struct rc_err *err)
{
	static const char letters[] = "KMGT";
	struct rc_slice rest = s;
	uint64_t n, unit = 1;

	if (!digits(&rest, &n))
		goto bad;
	if (rest.n && rest.p[0] && strchr(letters, rest.p[0])) {
		unit = 1ULL << 10 * (strchr(letters, rest.p[0]) - letters + 1);
		rest = (struct rc_slice){rest.p + 1, rest.n - 1};
		if (rc_slice_eqs(rest, "iB") || rc_slice_eqs(rest, "B"))
			rest.n = 0;
	} else if (rc_slice_eqs(rest, "B")) {
		rest.n = 0;
	}
	if (rest.n || n > (UINT64_MAX >> 1) / unit)
		goto bad;
	*ret_bytes = n * unit;
	return RC_OK;
bad:
	return rc_fail(err, RC_USAGE, "\"%.*s\" is no size; write bytes or 64KiB, 1MiB, 2GiB",
		       (int)(s.n < 40 ? s.n : 40), s.p);
}

enum rc_code rc_date_parse(struct rc_slice s, int32_t *ret_days, struct rc_err *err)
{
	struct rc_slice y = {s.p, 4}, m = {s.p + 5, 2}, d = {s.p + 8, 2};
	uint64_t year, month, day;
	unsigned cm, cd;
	int cy;

	if (s.n == 10 && s.p[4] == '-' && s.p[7] == '-' && digits(&y, &year) && digits(&m, &month) &&
	    digits(&d, &day) && !y.n && !m.n && !d.n && month >= 1 && month <= 12 && day >= 1) {
		int32_t days = rc_date_days((int)year, (unsigned)month, (unsigned)day);

		rc_date_civil(days, &cy, &cm, &cd);
		if (cy == (int)year && cm == month && cd == day) {
			*ret_days = days;
			return RC_OK;
		}
	}
	return rc_fail(err, RC_USAGE, "\"%.*s\" is no date; write 2026-12-18", (int)(s.n < 40 ? s.n : 40), s.p);
}
