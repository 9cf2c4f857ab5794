/* tests/simulator/alibaba.h - Alibaba Cloud Smart Access Gateway App, RPC style, version 2018-03-13. */
#ifndef SIMULATOR_ALIBABA_H
#define SIMULATOR_ALIBABA_H

#include "tests/simulator/world.h"

/* True when the request is one of this provider's: path `/` with an action. */
bool sim_alibaba_route(struct sim_call *c);
void sim_alibaba_names(struct sim_call *c);
/* Signature, clock and nonce; false: refused (the answer is made). */
bool sim_alibaba_authorize(struct sim_call *c);
void sim_alibaba_run(struct sim_call *c);
void sim_alibaba_throttled(struct sim_call *c, double wait_s);
void sim_alibaba_error(struct sim_call *c, int status, const char *code, const char *message);
/* Turns a JSON answer into XML where that was asked for. */
void sim_alibaba_finish(struct sim_call *c);

#endif
