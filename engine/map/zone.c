#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/base/alloc.h"
#include "engine/base/civil.h"
#include "engine/map/dates.h"
#include "engine/map/zone_rule.h"

enum {
	FILE_MAX = 1 << 20,
	DAY_S = 86400,
	REACH_S = 26 * 3600 /* no offset is larger */,
	STEP_S = 900,
	LAST_NS_DAY = 106750
};
#define NS 1000000000LL

struct rc_zone {
	size_t n;
	int64_t *at;              /* transitions, rising, unix seconds */
	int32_t *after;           /* the offset from there on */
	int32_t before;           /* before the first */
	struct rc_zone_rule rule; /* after the last */
};

struct reader {
	const unsigned char *p;
	size_t n;
};

static bool take(struct reader *r, size_t n, const unsigned char **ret)
{
	if (r->n < n)
		return false;
	*ret = r->p;
	r->p += n;
	r->n -= n;
	return true;
}

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct counts {
	uint32_t isut, isstd, leap, times, types, chars;
};

static bool header(struct reader *r, struct counts *ret, int *ret_version)
{
	const unsigned char *h;

	if (!take(r, 44, &h) || memcmp(h, "TZif", 4) != 0)
		return false;
	*ret_version = h[4];
	*ret = (struct counts){be32(h + 20), be32(h + 24), be32(h + 28), be32(h + 32), be32(h + 36), be32(h + 40)};
	return ret->isut <= FILE_MAX && ret->isstd <= FILE_MAX && ret->leap <= FILE_MAX && ret->times <= FILE_MAX &&
	       ret->types >= 1 && ret->types <= 256 && ret->chars <= FILE_MAX;
}

/* RFC 8536, 3.2: the data block with 8-byte times, then the footer. */
static bool body(struct reader *r, const struct counts *c, struct rc_zone *z)
{
	const unsigned char *times, *index, *types, *rest, *footer;
	size_t n;

	if (!take(r, (size_t)c->times * 8, &times) || !take(r, c->times, &index) || !take(r, c->types * 6, &types) ||
	    !take(r, (size_t)c->chars + (size_t)c->leap * 12 + c->isstd + c->isut, &rest))
		return false;
	z->n = c->times;
	z->at = rc_xcalloc(z->n, sizeof(*z->at));
	z->after = rc_xcalloc(z->n, sizeof(*z->after));
	z->before = (int32_t)be32(types);
	for (size_t i = 0; i < z->n; i++) {
		z->at[i] = be64(times + i * 8);
		if (index[i] >= c->types || (i && z->at[i] <= z->at[i - 1]))
			return false;
		z->after[i] = (int32_t)be32(types + (size_t)index[i] * 6);
		if (z->after[i] <= -REACH_S || z->after[i] >= REACH_S)
			return false;
	}
	if (!take(r, 1, &footer) || *footer != '\n')
		return false;
	for (n = 0; n < r->n && r->p[n] != '\n'; n++)
		;
	return n < r->n && rc_zone_rule_parse((struct rc_slice){(const char *)r->p, n}, &z->rule);
}

static bool parse(struct reader r, struct rc_zone *z)
{
	const unsigned char *skipped;
	struct counts c;
	int version;

	if (!header(&r, &c, &version) || version < '2')
		return false;
	if (!take(&r, (size_t)c.times * 5 + (size_t)c.types * 6 + c.chars + (size_t)c.leap * 8 + c.isstd + c.isut,
		  &skipped))
		return false;
	return header(&r, &c, &version) && body(&r, &c, z);
}

static bool good_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

	return n && n <= 64 && !name[n] && name[0] != '/' && name[n - 1] != '/' && !strstr(name, "//");
}

static ssize_t slurp(int fd, unsigned char *buf)
{
	size_t n = 0;

	while (n < FILE_MAX) {
		ssize_t got = read(fd, buf + n, FILE_MAX - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -1 : (ssize_t)n;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

enum rc_code rc_zone_open(const char *name, struct rc_zone **ret, struct rc_err *err)
{
	const char *dir = getenv("TZDIR");
	struct rc_zone *z;
	unsigned char *buf;
	char path[512];
	ssize_t n = -1;
	int fd = -1;

	if (!name || strcmp(name, "UTC") == 0) {
		*ret = rc_xcalloc(1, sizeof(*z));
		return RC_OK;
	}
	if (good_name(name) &&
	    snprintf(path, sizeof(path), "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", name) < (int)sizeof(path))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return rc_fail(err, RC_CONFIG,
			       "there is no time zone \"%s\" on this machine; write one such as \"Europe/Berlin\" or "
			       "\"UTC\" (package tzdata)",
			       name);
	buf = rc_xmalloc(FILE_MAX);
	n = slurp(fd, buf);
	close(fd);
	z = rc_xcalloc(1, sizeof(*z));
	if (n < 0 || !parse((struct reader){buf, (size_t)n}, z)) {
		free(buf);
		rc_zone_free(z);
		return rc_fail(err, RC_CONFIG, "the time zone file %s is damaged or too old", path);
	}
	free(buf);
	*ret = z;
	return RC_OK;
}

void rc_zone_free(struct rc_zone *z)
{
	if (!z)
		return;
	free(z->at);
	free(z->after);
	free(z);
}

int32_t rc_zone_offset(const struct rc_zone *z, int64_t unix_s)
{
	size_t low = 0, high;

	if (!z)
		return 0;
	if (z->rule.there && (!z->n || unix_s >= z->at[z->n - 1]))
		return rc_zone_rule_offset(&z->rule, unix_s);
	for (high = z->n; low < high;) {
		size_t mid = (low + high) / 2;

		if (z->at[mid] <= unix_s)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? z->after[low - 1] : z->before;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t rc_zone_day_start_ns(const struct rc_zone *z, int32_t day)
{
	int64_t local = (int64_t)day * DAY_S, t, low, high;
	int32_t before;

	if (day > LAST_NS_DAY || day < -LAST_NS_DAY)
		return day > 0 ? INT64_MAX : INT64_MIN;
	before = rc_zone_offset(z, local - REACH_S);
	if (before == rc_zone_offset(z, local + REACH_S))
		return (local - before) * NS;
	/* The clocks change near: the first moment at or after local midnight, first by steps, then halving. */
	for (t = local - REACH_S; t + rc_zone_offset(z, t) < local; t += STEP_S)
		;
	for (low = t - STEP_S, high = t; high - low > 1;) {
		t = low + (high - low) / 2;
		if (t + rc_zone_offset(z, t) < local)
			low = t;
		else
			high = t;
	}
	return high * NS;
}

int32_t rc_zone_day_of(const struct rc_zone *z, int64_t wall_ns)
{
	int64_t s = floor_div(wall_ns, NS);

	return (int32_t)floor_div(s + rc_zone_offset(z, s), DAY_S);
}
