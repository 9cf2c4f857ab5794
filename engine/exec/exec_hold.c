/* When the executor itself sends nothing, whatever the pacer says: a silent target, a day whose calls are used up. */
#include "engine/exec/exec_int.h"
#include <math.h>

enum { SILENT_ROUNDS = 2, SILENT_PROBE_S = 5 };

/* Somebody who never answers is asked again every few seconds, by one call at a time. */
bool target_held(struct target *t, int64_t now, int64_t *next)
{
	int64_t at = t->last_sent_ns + SILENT_PROBE_S * RC_SECOND;

	if (t->silent < SILENT_ROUNDS)
		return false;
	if (t->in_flight)
		return true;
	if (now >= at)
		return false;
	if (at < *next)
		*next = at;
	return true;
}

void target_heard(struct target *t, const struct call *c, bool answered, int64_t now)
{
	if (answered) {
		t->silent = 0;
	} else if (c->sent_ns >= t->silent_cut_ns) {
		t->silent++;
		t->silent_cut_ns = now; /* those in flight now tell the same story */
	}
}

bool day_is_over(const struct server *s, int64_t now, bool read)
{
	const struct rc_exec *x = s->t->x;
	double until = 0;

	return x->opts.deadline_ns && rc_ceiling_poll(&s->t->ceiling, x_sec(now), read, &until) == RC_CEILING_DAY &&
	       until >= x_sec(x->opts.deadline_ns);
}

static bool held_back(const struct server *s)
{
	switch (s->pacer.reason) {
	case RC_PACER_WAIT_BUSY_PAUSE:
	case RC_PACER_WAIT_THROTTLE_PAUSE:
	case RC_PACER_WAIT_BREAKER:
	case RC_PACER_WAIT_SEATS:
	case RC_PACER_WAIT_CEILING:
	case RC_PACER_WAIT_DAY:
		return server_queued(s) || s->list_wanted;
	default:
		return false; /* pacing is the work itself */
	}
}

void holds_begin(struct rc_exec *x, int64_t now)
{
	for (size_t i = 0; i < x->n_targets; i++) {
		struct target *t = &x->targets[i];

		if (t->held_since_ns)
			t->held_ns += now - t->held_since_ns;
		t->held_since_ns = 0;
	}
}

void holds_end(struct rc_exec *x, int64_t now)
{
	for (size_t i = 0; i < x->n_targets; i++) {
		struct target *t = &x->targets[i];

		for (size_t j = 0; j < t->n_servers && !t->in_flight && !t->held_since_ns; j++)
			if (held_back(&t->servers[j]))
				t->held_since_ns = now;
	}
}
