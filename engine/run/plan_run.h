/* engine/run/plan_run.h - a run's operations and outcomes into a saved plan, and back. */
#ifndef RC_RUN_PLAN_RUN_H
#define RC_RUN_PLAN_RUN_H
#include "engine/run/run_int.h"

/* plan_bind.c. Digest of what the state knows of a target: records, old accounts, the journal. Without times and
 * without the state's own seed, so that a state that is made between plan and apply has the same. */
void run_bind_target(struct run *r, size_t target, uint8_t ret[16]);
/* The part of one person, and whose the account name is if it is nobody's. All zero: nothing is known. */
void run_bind_person(struct run *r, size_t target, struct rc_slice key, struct rc_slice server, struct rc_slice name,
		     uint8_t ret[16]);

/* plan_save.c: all that was decided goes to opts->plan_out, unless a target was stopped. RC_CANTCREAT. */
enum rc_code run_plan_save(struct run *r, struct rc_err *err);

/* plan_take.c. Whether the plan may be carried out at all: made by this version with this config, not applied yet, and
 * the snapshot is where it was (RC_GUARD). */
enum rc_code run_plan_fits(const struct run *r, struct rc_err *err);
enum rc_code run_plan_fresh(struct run *r, struct rc_err *err);
/* Whether a create of the plan takes its password from a row of the source. */
bool run_plan_needs_rows(const struct run *r);
/* The keys the scan has to look at although their rows may not have changed. */
void run_plan_ask(struct run *r);
/* The plan's operations and outcomes for a target in place of decided ones. Whoever changed since fails; RC_DATA: no
 * such plan was ever saved. */
enum rc_code run_plan_take(struct run *r, size_t target, struct rc_err *err);
/* From here on the plan, if there is one, counts as applied, whatever becomes of it. */
void run_plan_applied(struct run *r);
/* What the plan saw of the sources becomes the last applied input. */
void run_plan_sources(struct run *r);

#endif
