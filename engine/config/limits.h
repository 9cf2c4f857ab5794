/* engine/config/limits.h - durations, sizes, limits and dates as the config and the command line write them. */
#ifndef RC_CONFIG_LIMITS_H
#define RC_CONFIG_LIMITS_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/civil.h"
#include "engine/base/err.h"
#include "engine/base/slice.h"

#define RC_MS 1000000LL
#define RC_SECOND (1000 * RC_MS)
#define RC_DAY (86400 * RC_SECOND)

enum { RC_LIMIT_MIN_USERS = 5 }; /* a percentage never means fewer */

/* At most so many: a number, a percentage of a base, both (the smaller), or no limit at all. A zeroed struct allows
 * nothing. */
struct rc_limit {
	bool unlimited, has_number, has_percent;
	uint64_t number;
	double percent;
};

/* "30s" and so on (ms, s, m, h, d; whole numbers) to nanoseconds; at most 100 years. */
enum rc_code rc_duration_parse(struct rc_slice s, int64_t *ret_ns, struct rc_err *err);

/* "12", "5%", "5%,200", "200,5%", "unlimited". */
enum rc_code rc_limit_parse(struct rc_slice s, struct rc_limit *ret, struct rc_err *err);

/* The most that the limit allows for this base; UINT64_MAX when there is none. */
uint64_t rc_limit_max(const struct rc_limit *l, uint64_t base);

/* As it would be written in a config; out has room for 64. */
void rc_limit_text(const struct rc_limit *l, char out[64]);

/* "65536", "64KiB", "1MiB", "2GiB" (also K, M, G: powers of 1024) to bytes. */
enum rc_code rc_size_parse(struct rc_slice s, uint64_t *ret_bytes, struct rc_err *err);

/* "2026-12-18" to days since 1970-01-01, proleptic Gregorian; RC_USAGE unless it is a real date. */
enum rc_code rc_date_parse(struct rc_slice s, int32_t *ret_days, struct rc_err *err);

#endif
