/* tests/simulator/alibaba.h - Alibaba Cloud Smart Access Gateway App, RPC style, version 2018-03-13. */
#ifndef SIMULATOR_ALIBABA_H
#define SIMULATOR_ALIBABA_H

#include "tests/simulator/world.h"

/* Takes every request to the path `/`; false: not for this provider. */
bool sim_alibaba_route(struct sim_call *c);
void sim_alibaba_names(struct sim_call *c);
/* Signature, clock and nonce; false: refused (the answer is made). */
bool sim_alibaba_authorize(struct sim_call *c);
void sim_alibaba_run(struct sim_call *c);
/* Too many calls: by which limiter, and until when. */
enum sim_limiter { SIM_BY_BUCKET, SIM_BY_WINDOW, SIM_BY_CROWD };
void sim_alibaba_throttled(struct sim_call *c, enum sim_limiter by, double wait_s);
void sim_alibaba_error(struct sim_call *c, int status, const char *code, const char *message);
/* Turns a JSON answer into XML where that was asked for. */
void sim_alibaba_finish(struct sim_call *c);

/* For the operations' file: refuses with status 400 and remembers why; always false. */
bool sim_alibaba_refuse(struct sim_call *c, enum sim_decision decision, const char *code, const char *message);
/* {"RequestId":...; the caller adds members, each after a comma, and the closing brace. */
void sim_alibaba_begin(struct sim_call *c);
struct sim_str sim_alibaba_param(const struct sim_call *c, const char *name);

void sim_alibaba_create(struct sim_call *c);
void sim_alibaba_modify(struct sim_call *c);
void sim_alibaba_delete(struct sim_call *c);
void sim_alibaba_enable(struct sim_call *c);
void sim_alibaba_disable(struct sim_call *c);
void sim_alibaba_reset_password(struct sim_call *c);
void sim_alibaba_kick_out(struct sim_call *c);
void sim_alibaba_list(struct sim_call *c);
void sim_alibaba_list_gateways(struct sim_call *c);

#endif
