/* engine/store/journal.h - operations on their way: the intent before the bytes leave, the outcome when they are back.
 *
 * An op is in the journal from its intent until its outcome is in the records and the history; what a run finds there
 * at its start is what a run before it left unfinished. Each entry is whole (no deltas to be replayed), so applying any
 * later one twice, or after a crash, gives the same state. State machine: schemas/store-format.md. */
#ifndef RC_JOURNAL_H
#define RC_JOURNAL_H
#include "engine/store/snapshot.h"

/* On disk: append only. */
#define RC_OP_STATES(X)                                                                                                \
	X(RC_OP_PLANNED, "planned")                                                                                    \
	X(RC_OP_INTENT, "intent")     /* durable before its bytes leave */                                             \
	X(RC_OP_SENT, "sent")         /* bytes may have left; a crash makes INTENT mean the same */                    \
	X(RC_OP_ACCEPTED, "accepted") /* the provider said yes; a listing has not shown it yet */                      \
	X(RC_OP_VERIFY, "verify")     /* sent, no usable answer: look before anything else */                          \
	X(RC_OP_DONE, "done")                                                                                          \
	X(RC_OP_FAILED, "failed")                                                                                      \
	X(RC_OP_DEFERRED, "deferred")                                                                                  \
	X(RC_OP_UNKNOWN, "unknown") /* the run ended before a listing told */

enum rc_op_state {
#define X(name, text) name,
	RC_OP_STATES(X)
#undef X
		RC_OP_STATE_COUNT
};
const char *rc_op_state_name(enum rc_op_state s);

struct rc_op_entry {
	uint64_t id; /* rc_writer_id() */
	struct rc_slice run_id;
	uint16_t target;
	struct rc_slice server, key, name, remote_id;
	uint8_t action; /* the planner's enum; on disk, so append only there */
	enum rc_op_state state;
	struct rc_slice client_token; /* of the batch; empty where none is used */
	uint64_t batch;               /* ops of one request share it; 0: not in one */
	bool sealed;                  /* a password for it is in the credentials file */
	uint32_t attempts;
	int64_t planned_ns, at_ns, sent_ns; /* at: of this state; sent: last time its bytes left, 0 never */
	uint8_t fingerprint[16];            /* of the row this op carries out */
	uint32_t changed;                   /* bit per field of the schema, as in diff */
	struct rc_account before, after;    /* without secret fields */
	struct rc_slice linked_name;
	struct rc_slice error_code, error_message, request_id;
};

/* Ops in the journal, by id; at the start of a run: what a crashed or stopped run left. */
void rc_walk_ops_begin(struct rc_view *v, struct rc_walk *w);
bool rc_walk_ops(struct rc_walk *w, struct rc_op_entry *ret);
bool rc_view_op(struct rc_view *v, uint64_t id, struct rc_op_entry *ret);
uint64_t rc_view_op_count(struct rc_view *v);

/* "Unfinished" by name: the same walk, for whoever looks for what a crash left. */
static inline void rc_journal_unfinished(struct rc_view *v, struct rc_walk *w)
{
	rc_walk_ops_begin(v, w);
}

#endif
