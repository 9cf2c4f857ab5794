/* engine/store/history.h - what happened to whom, run by run; and the runs themselves. Bounded by retention. */
#ifndef RC_HISTORY_H
#define RC_HISTORY_H
#include "engine/store/snapshot.h"

struct rc_event {
	struct rc_slice key, run_id;
	int64_t at_ns;
	uint8_t action, status; /* the report's enums; on disk, so append only there */
	bool access;            /* after this event the person has access (an account that works) */
	struct rc_slice name, server, changed_fields, error_code, reason;
	/* What `undo` goes back to: the fields it changed (of a create or delete: all), without secret ones. */
	struct rc_account before, after;
	uint8_t fingerprint[16];     /* of the row it was done for; zero: there was none */
	struct rc_slice linked_name; /* the other account of a rename */
};

/* Events of one person, oldest first; key n 0: of everybody on the target, grouped by person. */
void rc_walk_history_begin(struct rc_view *v, uint16_t target, struct rc_slice key, struct rc_walk *w);
bool rc_walk_history(struct rc_walk *w, struct rc_event *ret);

struct rc_run {
	struct rc_slice run_id;
	int64_t started_ns, finished_ns; /* finished 0: running, or killed */
	int32_t exit_code;               /* -1: none */
	struct rc_slice json;            /* summary.json as it stands; may be empty */
};
bool rc_view_run(struct rc_view *v, struct rc_slice run_id, struct rc_run *ret);
/* By run id (bytes). Whoever holds the run lock and finds finished_ns 0 has found a killed run. */
void rc_walk_runs_begin(struct rc_view *v, struct rc_walk *w);
bool rc_walk_runs(struct rc_walk *w, struct rc_run *ret);

#endif
