/* tests/simulator/fault.h - what a script's rule does to a call: before it is carried out, and to its answer. */
#ifndef SIMULATOR_FAULT_H
#define SIMULATOR_FAULT_H

#include "tests/simulator/script.h"

/* True: the call is not carried out; the answer, if any, is made. */
bool sim_fault_before(struct sim_call *c);
/* Spoils the answer of a call that was carried out. */
void sim_fault_after(struct sim_call *c);
/* Rows of a page in another order, or the first one again in place of the last. */
void sim_fault_disturb(struct sim_call *c, const void **rows, size_t n);
/* The world's outage; true: it answered. */
bool sim_fault_outage(struct sim_call *c);

#endif
