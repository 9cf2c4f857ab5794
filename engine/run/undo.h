/* engine/run/undo.h - the inverse of a past run, as operations of this one. */
#ifndef RC_RUN_UNDO_H
#define RC_RUN_UNDO_H
#include "engine/run/run_int.h"

/* RC_USAGE: the run to be undone is not known. */
enum rc_code run_undo_begin(struct run *r, struct rc_err *err);
/* Operations and outcomes for a target in place of decided ones. */
enum rc_code run_undo(struct run *r, size_t target, struct rc_err *err);

#endif
