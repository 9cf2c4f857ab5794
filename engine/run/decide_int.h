/* engine/run/decide_int.h - one person on one target, shared by decide*.c only. */
#ifndef RC_DECIDE_INT_H
#define RC_DECIDE_INT_H
#include "engine/run/run_int.h"

struct subject { /* one person on one target */
	struct run *r;
	size_t target;
	struct run_target *t;
	struct rc_person *p;
	struct rc_known k;
	bool has;
	const struct rc_want *w; /* NULL: not wanted here */
	const char *reason;
	const struct rc_override *override; /* what an operator has said; NULL: nothing */
	int64_t due_ns;                     /* first moment without access, known beforehand; 0: no such day */
	enum rc_due_cause due_cause;
};

/* An outcome that needs no call; name, key and place are the subject's. */
struct pending *subject_pend(struct subject *s, enum rc_action action, enum rc_status status);
/* An operation on the subject's account, or on the one it shall have. */
struct rc_op *subject_order(struct subject *s, enum rc_action action, enum rc_op_class class_);
/* Another account for the subject in place of the one they have: create, confirm, retire. Returns the create. */
struct rc_op *subject_remake(struct subject *s);
bool subject_protected(const struct rc_target *t, struct rc_slice name);

/* decide_leave.c */
void subject_not_wanted(struct subject *s);
void subject_denied(struct subject *s);
/* What `missing` does to a leaver; RC_ACT_NONE: nothing. */
enum rc_action subject_leave_action(const struct run_target *t);
/* decide_return.c */
/* A name that changed back while the old account is still there: true when that account is taken again. */
bool subject_take_back(struct subject *s);
/* The same for a person without any other account. */
bool subject_come_back(struct subject *s);

/* Old accounts of renames whose new account is there: their deletion was not reached in an earlier run. */
void retire_left_over(struct run *r, size_t target);
/* decide_want.c */
void subject_wanted(struct subject *s);
/* The record that goes with an outcome without a call: the subject's, of this status. */
void subject_remember(struct pending *q, const struct subject *s, enum rc_known_status status);
/* What an operation that fills the account needs beside it: place in the queue, group. */
void subject_want_account(struct subject *s, struct rc_op *op);
/* decide_adopt.c: false when no account stands in the way of a create. */
bool subject_adopt(struct subject *s);

#endif
