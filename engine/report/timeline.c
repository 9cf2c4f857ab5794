#include "engine/report/summary.h"

#define NS 1e-9

/* Two steps become one: rates and levels are averaged by length, counts add up, the end is the later one's. */
static void halve(struct rc_timeline *t)
{
	size_t out = 0;
	double begin = 0;

	for (size_t i = 0; i + 1 < t->n; i += 2) {
		struct rc_timeline_point a = t->p[i], b = t->p[i + 1];
		double da = a.t_s - begin, db = b.t_s - a.t_s, d = da + db;

		begin = b.t_s;
		if (d > 0) {
			b.users_per_s = (a.users_per_s * da + b.users_per_s * db) / d;
			b.in_flight = (a.in_flight * da + b.in_flight * db) / d;
		}
		b.busy += a.busy;
		b.throttled += a.throttled;
		t->p[out++] = b;
	}
	t->n = out;
	t->step_s *= 2;
}

static void close_step(struct rc_timeline *t, int64_t now_ns, uint64_t users, uint64_t busy, uint64_t throttled,
		       uint64_t parked)
{
	double dt = (double)(now_ns - t->at.from_ns) * NS;
	struct rc_timeline_point p = {
		.t_s = (double)(now_ns - t->at.begin_ns) * NS,
		.users_per_s = (double)(users - t->at.users) / dt,
		.in_flight = t->at.area / dt,
		.busy = busy - t->at.busy,
		.throttled = throttled - t->at.throttled,
		.parked = parked,
	};

	if (t->n == RC_TIMELINE_MAX)
		halve(t);
	t->p[t->n++] = p;
	t->at.from_ns = now_ns;
	t->at.users = users;
	t->at.busy = busy;
	t->at.throttled = throttled;
	t->at.area = 0;
}

/* Adds the time since the last sample; false when that is none, or the totals run backwards. */
static bool advance(struct rc_timeline *t, int64_t now_ns, uint64_t users, uint64_t busy, uint64_t throttled,
		    uint32_t in_flight)
{
	if (!t->at.begun) {
		t->step_s = 1;
		t->at.begin_ns = t->at.from_ns = t->at.last_ns = now_ns;
		t->at.users = users;
		t->at.busy = busy;
		t->at.throttled = throttled;
		t->at.begun = true;
		return false;
	}
	if (now_ns <= t->at.last_ns || users < t->at.users || busy < t->at.busy || throttled < t->at.throttled)
		return false;
	t->at.area += in_flight * (double)(now_ns - t->at.last_ns) * NS;
	t->at.last_ns = now_ns;
	return true;
}

void rc_timeline_sample(struct rc_timeline *t, int64_t now_ns, uint64_t users, uint64_t busy, uint64_t throttled,
			uint32_t in_flight, uint64_t parked)
{
	/* a timer that comes a little early still ends its step */
	if (advance(t, now_ns, users, busy, throttled, in_flight) &&
	    (double)(now_ns - t->at.from_ns) * NS >= 0.95 * t->step_s)
		close_step(t, now_ns, users, busy, throttled, parked);
}

void rc_timeline_end(struct rc_timeline *t, int64_t now_ns, uint64_t users, uint64_t busy, uint64_t throttled,
		     uint32_t in_flight, uint64_t parked)
{
	if (!t->at.begun)
		return;
	advance(t, now_ns, users, busy, throttled, in_flight);
	if (t->at.last_ns > t->at.from_ns && users >= t->at.users && busy >= t->at.busy && throttled >= t->at.throttled)
		close_step(t, t->at.last_ns, users, busy, throttled, parked);
}
