/* engine/cmd/state_edit.h - the state under the run lock, for commands that write a fact into it and call nobody. */
#ifndef RC_CMD_STATE_EDIT_H
#define RC_CMD_STATE_EDIT_H
#include "engine/cli.h"
#include "engine/map/dates.h"
#include "engine/store/lock.h"
#include "engine/store/writer.h"

struct state_edit {
	const struct rc_config *cfg;
	struct rc_lock *lock;
	struct rc_store *store;
	struct rc_writer *writer;
	struct rc_view *view;
	struct rc_zone *zone; /* engine/run/calendar.h */
	uint16_t *numbers;    /* of the config's targets */
	int64_t now_ns;
	struct rc_arena mem;
};

/* RC_LOCKED when a run holds the state. On any error nothing is left to end. */
enum rc_code state_edit_begin(const struct rc_cli *c, const struct rc_config *cfg, struct state_edit *e,
			      struct rc_err *err);
/* Everything queued is on disk on RC_OK. */
enum rc_code state_edit_end(struct state_edit *e, struct rc_err *err);

#endif
