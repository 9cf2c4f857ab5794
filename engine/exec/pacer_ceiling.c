#include "engine/exec/pacer_ceiling.h"
#include <math.h>
#include <string.h>

#define WINDOW_S 1.05 /* one second, and what the network may shift a call by */
#define DAY_S 86400.0

void rc_ceiling_init(struct rc_ceiling *c, uint32_t max_in_flight, double max_per_second, uint64_t max_per_day)
{
	memset(c, 0, sizeof(*c));
	c->max_in_flight = max_in_flight;
	c->max_per_second = max_per_second;
	c->max_per_day = max_per_day;
	c->day_ends = INFINITY;
	c->next = -INFINITY;
	if (max_per_second > 0 && max_per_second < 2) { /* so few that only whole calls count */
		c->beat = WINDOW_S / fmin(1, max_per_second);
	} else if (max_per_second > 0) {
		/* Calls i and i + N are at least (N - early) beats apart, which must be a whole window. Being up to
		 * `early` beats early lets a loop with millisecond timers keep a beat shorter than its timers. */
		double early = floor(max_per_second / 50);

		c->beat = WINDOW_S / (floor(max_per_second) - early);
		c->slack = early * c->beat;
	}
}

void rc_ceiling_set_day(struct rc_ceiling *c, uint64_t used, double day_ends)
{
	c->day_used = used;
	c->day_ends = day_ends;
}

enum rc_ceiling_hit rc_ceiling_poll(struct rc_ceiling *c, double now, bool read, double *ret_until)
{
	if (now >= c->day_ends) {
		c->day_ends += DAY_S * (floor((now - c->day_ends) / DAY_S) + 1);
		c->day_used = 0;
	}
	if (c->max_per_day && c->day_used + (read ? 0 : c->reserve) >= c->max_per_day) {
		*ret_until = c->day_ends;
		return RC_CEILING_DAY;
	}
	if (c->max_in_flight && c->in_flight >= c->max_in_flight) {
		*ret_until = INFINITY;
		return RC_CEILING_IN_FLIGHT;
	}
	if (c->beat > 0 && now < c->next - c->slack) {
		*ret_until = c->next - c->slack;
		return RC_CEILING_SECOND;
	}
	return RC_CEILING_FREE;
}

void rc_ceiling_take(struct rc_ceiling *c, double now)
{
	c->in_flight++;
	c->day_used++;
	if (c->beat > 0)
		c->next = fmax(c->next, now) + c->beat;
}

void rc_ceiling_give(struct rc_ceiling *c)
{
	if (c->in_flight)
		c->in_flight--;
}

void rc_ceiling_unsent(struct rc_ceiling *c)
{
	rc_ceiling_give(c);
	if (c->day_used)
		c->day_used--;
}
