/* engine/run/cost.h - what carrying out a target's plan asks for. */
#ifndef RC_RUN_COST_H
#define RC_RUN_COST_H
#include "engine/run/run_int.h"

struct rc_plan_cost {         /* -1: not known */
	int64_t calls;        /* writes, groups among them, and the lists they need; without repeats */
	int64_t batches;      /* of the writes: calls for many users at once */
	int64_t seats_needed; /* creates; renames take one in turn */
	int64_t seats_free;   /* now; the plan's own deletes free more */
	double minutes;       /* at the rate learned on earlier nights, and until a list may confirm it */
};
void run_cost(const struct run *r, size_t target, const struct rc_exec_target_result *res, struct rc_plan_cost *ret);

#endif
