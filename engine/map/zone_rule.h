/* engine/map/zone_rule.h - the rule at the end of a TZif file: what holds after its last transition.
 *
 * A POSIX TZ string as in RFC 8536, 3.3 ("CET-1CEST,M3.5.0,M10.5.0/3"); an empty one is no rule. */
#ifndef RC_MAP_ZONE_RULE_H
#define RC_MAP_ZONE_RULE_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/slice.h"

struct rc_zone_change {
	char kind; /* 'M' month.week.weekday, 'J' day 1..365 without 29 February, '0' day 0..365 */
	int month, week, weekday, day;
	int32_t time_s; /* local, may be negative or beyond a day */
};

struct rc_zone_rule {
	bool there, has_dst;
	int32_t standard_s, dst_s; /* east of UTC */
	struct rc_zone_change start, end;
};

bool rc_zone_rule_parse(struct rc_slice s, struct rc_zone_rule *ret);
int32_t rc_zone_rule_offset(const struct rc_zone_rule *r, int64_t unix_s);

#endif
