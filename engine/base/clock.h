/* engine/base/clock.h - the one seam for time and randomness.
 *
 * Wall time (ns since 1970 UTC) is for dates and signatures, monotonic time (ns) for pacing; never mix them. A test
 * puts its own functions here and runs a night in a second. */
#ifndef RC_CLOCK_H
#define RC_CLOCK_H
#include <stddef.h>
#include <stdint.h>

struct rc_clock {
	void *ctx;
	int64_t (*wall_ns)(void *ctx);
	int64_t (*mono_ns)(void *ctx);
	void (*random)(void *ctx, void *buf, size_t n); /* cryptographic in the real world, seeded in a test */
};

extern const struct rc_clock rc_clock_system; /* clock_gettime, getrandom */

int64_t rc_wall_ns(const struct rc_clock *c);
int64_t rc_mono_ns(const struct rc_clock *c);
void rc_random(const struct rc_clock *c, void *buf, size_t n);
uint64_t rc_random_u64(const struct rc_clock *c);
double rc_random_unit(const struct rc_clock *c);             /* [0,1) */
void rc_random_uuid(const struct rc_clock *c, char out[37]); /* RFC 4122 version 4, lower case */

/* "2026-11-24T05:02:44Z" and with milliseconds "2026-11-24T05:02:44.123Z"; UTC; out has room for 32.
 * 64 bits of nanoseconds end within the years 1677 and 2262, so that all have the same length. */
enum { RC_TIME_ISO_LEN = 20, RC_TIME_ISO_MS_LEN = 24 };
void rc_time_iso(int64_t wall_ns, char out[32]);
void rc_time_iso_ms(int64_t wall_ns, char out[32]);

#endif
