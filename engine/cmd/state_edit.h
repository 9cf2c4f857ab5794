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

/* Writes its facts through e->writer and says in out what it did, or why not in err. */
typedef enum rc_code state_edit_fn(const struct rc_cli *c, struct state_edit *e, struct rc_buf *out,
				   struct rc_err *err);

/* Loads the config, takes the state (79 when a run holds it), lets fn write, waits until all of it is on disk, and
 * prints what fn said unless -q. Returns the exit code. */
int state_edit_run(const struct rc_cli *c, state_edit_fn *fn);

#endif
