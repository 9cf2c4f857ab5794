/* engine/op.h - one account's change: what the plan orders, what the executor carries out, what the report names.
 *
 * All slices live in the plan's arena, until the run ends, except `password`, which the executor's owner sets just
 * before the send and wipes when the op ends. Only the executor assigns `state`. */
#ifndef RC_OP_H
#define RC_OP_H
#include <stdint.h>
#include "engine/account_schema.h"
#include "engine/action.h"
#include "engine/base/slice.h"

/* QUEUED    waits for its turn                      SENT      in a call that is not answered yet
 * ACCEPTED  the service took it; not seen yet       VERIFY    sent, no clear answer: look before anything else
 * DONE      a complete listing shows it             FAILED    refused for good, or breaks a rule
 * DEFERRED  not done in this run                    UNKNOWN   sent or accepted, and the look did not settle it */
#define RC_STEPS(X) X(QUEUED) X(SENT) X(ACCEPTED) X(VERIFY) X(DONE) X(FAILED) X(DEFERRED) X(UNKNOWN)
enum rc_step {
#define X(name) RC_STEP_##name,
	RC_STEPS(X)
#undef X
		RC_STEP_COUNT
};
const char *rc_step_name(enum rc_step s);

/* Order in which a server's work is done. */
enum rc_op_class {
	RC_CLASS_LEAVE,  /* leavers by evidence, denials, due deletes */
	RC_CLASS_UPDATE, /* updates, enables */
	RC_CLASS_CREATE,
	RC_CLASS_RETIRE, /* the old account of a rename, once the new one is confirmed */
	RC_CLASS_COUNT
};

/* There is one for everybody who changes: members stand so that no room is left between them. */
struct rc_op {
	uint64_t id;
	uint32_t target, server; /* indexes into the config's target and its servers */
	enum rc_action action;
	enum rc_op_class class_;
	enum rc_step state;
	bool retiring;        /* the old account of a rename, whatever class it has come to */
	bool takes_back;      /* an old account becomes the person's again; linked: the one that had replaced it */
	bool sets_password;   /* lock, or the end of one: a password first, then the fields */
	bool disabled;        /* the account is, as far as we know */
	struct rc_slice key;  /* the person */
	struct rc_slice name; /* the account */
	struct rc_slice remote_id;
	const struct rc_account *want, *have; /* never NULL; have: before, as known */
	struct rc_slice group;                /* wanted group's name, empty: none */
	struct rc_slice password;
	int64_t priority;     /* creates: lower first */
	struct rc_op *linked; /* create of a rename <-> its retiring half */
	struct rc_op *after;  /* a create: the operation that frees its name, done before this one is sent */
	struct rc_op *heir;   /* the other way round: the create that waits for this name */
	uint32_t changed;     /* bit per field */
	bool after_heir; /* the account has no id, and an earlier run may have made the heir's: a look tells first whose
			  * it is
			  */
	bool name_lost; /* the account of its name is another person's: it is looked for by id only, or, without one, */
	struct rc_slice others_id; /* by its name among those that have not this id (empty: not at all) */
	struct rc_slice linked_name;
	const char *reason; /* the rule that ordered it */
	struct rc_slice source_file;
	uint64_t source_line;
	void *owner; /* the planner's own record of this person */

	/* what happened */
	const char *error_code; /* NULL: none */
	const char *error_message;
	const char *request_id;
	int64_t planned_at, done_at;                 /* wall ns, 0: not yet */
	int64_t sent_ns, accepted_ns, not_before_ns; /* monotonic */
	uint32_t attempts;
	uint32_t queue_position; /* waiting for a seat: 1 is next */
	bool in_doubt;           /* an earlier run sent it, and no list has yet told what came of it */
	bool mail_sent;          /* a create left that may have been taken: never repeat without a look */
	bool unsure;             /* one of this run's sends may have been taken */
	bool foreign;    /* the account was there before this run's first send: its password is not this run's */
	bool seen;       /* scratch of the confirming look */
	bool swapped;    /* the create of a rename whose old account goes first, because no seat is free */
	bool first_done; /* of two calls (password or enable, then the fields) the first one is */
	bool in_use;     /* the delete was refused for this month; disabled instead */
};

#endif
