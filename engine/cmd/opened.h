/* engine/cmd/opened.h - what the commands that answer from the state or keep it in order open: config, state, view. */
#ifndef RC_CMD_OPENED_H
#define RC_CMD_OPENED_H
#include "engine/cli.h"
#include "engine/store/lock.h"
#include "engine/store/snapshot.h"
#include "engine/store/writer.h"

struct rc_opened {
	struct rc_config *cfg;
	struct rc_store *store;
	struct rc_view *view; /* NULL after rc_opened_flush() */
	struct rc_lock *lock; /* with write only, as the writer */
	struct rc_writer *writer;
	bool rewrite;      /* write the file anew at the end, without what was freed */
	uint16_t *numbers; /* of the config's targets, in their order; without write only */
	struct rc_arena mem;
};

/* Config, state, the targets' numbers and a view; takes no lock and changes nothing. A state that does not exist yet is
 * an empty one. What goes wrong is told; the result is the exit code, 0: opened. End with rc_opened_done() either way.
 */
int rc_open_read(const struct rc_cli *c, struct rc_opened *ret);

/* The same with the run lock and a writer, and without the numbers: binding would make targets of the state. */
int rc_open_write(const struct rc_cli *c, struct rc_opened *ret);

/* Makes what was queued durable; ends the view first. */
int rc_opened_flush(struct rc_opened *o);

/* Ends all of it; out, or what went wrong at the end if that is graver. */
int rc_opened_done(struct rc_opened *o, int out);

#endif
