/* engine/cmd/status.h - what `status` tells: gathered from the snapshot and the last run's summary, offline. */
#ifndef RC_CMD_STATUS_H
#define RC_CMD_STATUS_H
#include "engine/cmd/opened.h"
#include "engine/store/history.h"

struct status_target {
	const char *name;
	uint64_t managed, unmanaged, retiring;
	uint64_t by_status[RC_KNOWN_STATUS_COUNT]; /* of all records; held ones are counted as held alone */
	uint64_t held, disabled, locked;
	int64_t listed_ns, next_due_ns;                               /* 0: never, none */
	int64_t wanted, known, actual, drift, seat_limit, seats_used; /* of the last run; -1: not known */
	const char *stopped_by;                                       /* in the last run; NULL: nothing did */
	double learned;                                               /* users per second, 0: not known */
};

struct status_source {
	const char *name;
	struct rc_source_facts facts;
	bool applied;
};

struct status {
	struct rc_run_marks marks;
	struct rc_lock_holder holder; /* pid 0: nobody */
	bool running;
	struct rc_slice *killed; /* runs that began and have no end */
	size_t n_killed;
	uint64_t unsettled; /* operations of theirs */
	struct rc_pause pause;
	const char *frozen; /* the range of today, NULL: none */
	struct status_target *targets;
	struct status_source *sources;
	int64_t now_ns;
};

/* Everything lives in o's arena and view. */
void status_collect(struct rc_opened *o, int64_t now_ns, struct status *ret);

#endif
