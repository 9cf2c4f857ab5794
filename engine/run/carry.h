/* engine/run/carry.h - what the loop of a run offers to the rest of engine/run. */
#ifndef RC_RUN_CARRY_H
#define RC_RUN_CARRY_H
#include "engine/run/run_int.h"

void run_carry_done(struct run *r);
void run_intent(struct run *r, struct rc_op *op); /* new, or again with another server */
void run_journal(struct run *r, size_t target);
/* began.c: a run's own words, for whoever finishes its report */
const char *run_operator(struct rc_arena *mem);
struct rc_slice run_began_words(struct run *r); /* the summary of a run that has just begun */
void run_began(struct run *r);
void run_began_read(struct rc_slice json, struct rc_arena *mem, struct rc_summary *ret);
/* killed.c: the reports of killed runs get their end; needs a view */
void run_killed_reports(struct run *r);
/* resume.c: what a killed run left becomes questions; before any list is read */
enum rc_code run_resume(struct run *r, struct rc_err *err);
void run_report_unmanaged(struct run *r, size_t target);
void run_report_refused(struct run *r);
/* hints.c: after the decisions */
void run_hint_zeros(struct run *r, size_t target);
void run_hint_where(struct run *r); /* once the sources are read */
/* hint_only.c: keys of --only that nobody has. Before the sources are read (their rows are looked at, then) and after.
 */
void run_only_begin(struct run *r);
void run_hint_only(struct run *r);
/* rejects.c: after the scan; after the outcomes (applied: this run is the baseline of the next) */
void run_rejects_judge(struct run *r);
void run_rejects_store(struct run *r, bool applied);
/* show.c */
void run_progress_begin(struct run *r);
void run_progress_end(struct run *r);
void run_progress(struct run *r, int64_t now_mono);
/* pace.c: rates and the day's calls, from the snapshot and into it */
void run_pace_begin(struct run *r);
void run_pace_tick(struct run *r);
void run_pace_end(struct run *r);
double run_pace_learned(const struct run *r, size_t target); /* users/s over its servers; 0: not known */
/* canary.c: those who go first, where some are to */
void run_canary_choose(struct run *r, size_t target);
bool run_canary_waits(const struct run *r, const struct rc_op *op); /* until the others are confirmed */
/* When all that were sent have ended: adds the rest, or defers it all; whether something was added. */
bool run_canary_next(struct run *r);
/* passwords.c: by expression or generated and sealed, before the call that needs them */
enum rc_code run_sealing_begin(struct run *r, struct rc_err *err);
void run_sealing_flush(struct run *r);
void run_sealing_end(struct run *r);
void run_password_void(struct run *r, const struct rc_op *op);
enum rc_code run_passwords(struct run *r, struct rc_op *const *ops, size_t n, struct rc_err *err);

#endif
