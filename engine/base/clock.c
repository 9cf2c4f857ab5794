#include "engine/base/clock.h"
#include "engine/base/civil.h"
#include "engine/base/err.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t system_wall(void *ctx)
{
	(void)ctx;
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_mono(void *ctx)
{
	(void)ctx;
	return read_clock(CLOCK_MONOTONIC);
}

/* Nothing safe can follow: ids, tokens and passwords are made of these bytes. */
static void no_random(void)
{
	static const char msg[] =
		"rollcall: the system gives no random bytes (getrandom); the state is intact, run again elsewhere\n";
	ssize_t ignored = write(STDERR_FILENO, msg, sizeof(msg) - 1);

	(void)ignored;
	_exit(RC_INTERNAL);
}

static void system_random(void *ctx, void *buf, size_t n)
{
	char *p = buf;

	(void)ctx;
	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			no_random();
		}
		p += got;
		n -= (size_t)got;
	}
}

const struct rc_clock rc_clock_system = {0, system_wall, system_mono, system_random};

int64_t rc_wall_ns(const struct rc_clock *c)
{
	return c->wall_ns(c->ctx);
}

int64_t rc_mono_ns(const struct rc_clock *c)
{
	return c->mono_ns(c->ctx);
}

void rc_random(const struct rc_clock *c, void *buf, size_t n)
{
	c->random(c->ctx, buf, n);
}

uint64_t rc_random_u64(const struct rc_clock *c)
{
	uint64_t v;

	rc_random(c, &v, sizeof(v));
	return v;
}

double rc_random_unit(const struct rc_clock *c)
{
	return (double)(rc_random_u64(c) >> 11) * 0x1p-53;
}

/* By hand: every call has one or two of these, and snprintf takes a microsecond for each. */
void rc_random_uuid(const struct rc_clock *c, char out[37])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char b[16];
	char *p = out;

	rc_random(c, b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[b[i] >> 4];
		*p++ = hex[b[i] & 15];
	}
	*p = 0;
}

static char *digits(char *to, unsigned v, size_t n)
{
	for (size_t i = n; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + n;
}

/* By hand: a report has several of these in each row, and strftime costs as much as the rest of it. */
static void iso(int64_t wall_ns, bool with_ms, char out[32])
{
	int64_t ms = wall_ns / 1000000 - (wall_ns % 1000000 < 0), sec = ms / 1000 - (ms % 1000 < 0);
	int32_t days = (int32_t)(sec / 86400 - (sec % 86400 < 0));
	unsigned in_day = (unsigned)(sec - (int64_t)days * 86400), month, day;
	int year;
	char *p = out;

	rc_date_civil(days, &year, &month, &day);
	p = digits(p, (unsigned)year, 4);
	*p++ = '-';
	p = digits(p, month, 2);
	*p++ = '-';
	p = digits(p, day, 2);
	*p++ = 'T';
	p = digits(p, in_day / 3600, 2);
	*p++ = ':';
	p = digits(p, in_day / 60 % 60, 2);
	*p++ = ':';
	p = digits(p, in_day % 60, 2);
	if (with_ms) {
		*p++ = '.';
		p = digits(p, (unsigned)(ms - sec * 1000), 3);
	}
	*p++ = 'Z';
	*p = 0;
}

/* The rows of a report name the same moment over and over. */
struct moment {
	int64_t ns;
	char text[32];
};

static void again(struct moment *last, int64_t wall_ns, bool with_ms, char out[32])
{
	if (!last->text[0] || last->ns != wall_ns)
		iso(wall_ns, with_ms, last->text);
	last->ns = wall_ns;
	memcpy(out, last->text, sizeof(last->text));
}

void rc_time_iso(int64_t wall_ns, char out[32])
{
	static _Thread_local struct moment last;

	again(&last, wall_ns, false, out);
}

void rc_time_iso_ms(int64_t wall_ns, char out[32])
{
	static _Thread_local struct moment last;

	again(&last, wall_ns, true, out);
}
