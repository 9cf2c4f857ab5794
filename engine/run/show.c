/* The progress of a run, for whoever watches. */
#include "engine/run/carry.h"
#include "engine/progress.h"

static enum rc_progress_wait wait_of(enum rc_pacer_reason reason)
{
	switch (reason) {
	case RC_PACER_WAIT_BUSY_PAUSE:
		return RC_WAIT_BUSY;
	case RC_PACER_WAIT_THROTTLE_PAUSE:
		return RC_WAIT_THROTTLED;
	case RC_PACER_WAIT_BREAKER:
		return RC_WAIT_ERRORS;
	case RC_PACER_WAIT_SEATS:
		return RC_WAIT_SEATS;
	case RC_PACER_WAIT_DAY:
		return RC_WAIT_DAY;
	default:
		return RC_WAIT_NONE; /* pacing is no news */
	}
}

void run_progress_begin(struct run *r)
{
	if (r->opts->progress)
		r->progress = rc_progress_new(2, RC_PROGRESS_AUTO, r->opts->colour);
}

void run_progress_end(struct run *r)
{
	rc_progress_free(r->progress);
	r->progress = NULL;
}

void run_progress(struct run *r, int64_t now_mono)
{
	struct rc_exec_progress p;
	struct rc_progress_state s = {0};

	if (!r->progress)
		return;
	rc_exec_progress(r->exec, &p);
	s.phase = !r->scanned                  ? RC_PHASE_LIST
		  : p.phase == RC_EXEC_DRAIN   ? RC_PHASE_DRAIN
		  : p.phase == RC_EXEC_CONFIRM ? RC_PHASE_CONFIRM
					       : RC_PHASE_WRITE;
	s.done = p.done + p.failed + p.deferred;
	s.total = p.total;
	s.failed = p.failed;
	s.in_flight = p.in_flight;
	s.busy = p.busy;
	s.throttled = p.throttled;
	s.parked = p.parked;
	s.wait = wait_of(p.reason);
	s.wait_s = p.wait_s;
	if (s.phase == RC_PHASE_CONFIRM && s.wait == RC_WAIT_NONE && !p.in_flight && p.look_s > 0) {
		s.wait = RC_WAIT_SETTLE;
		s.wait_s = p.look_s;
	}
	rc_progress_update(r->progress, &s, now_mono);
}
