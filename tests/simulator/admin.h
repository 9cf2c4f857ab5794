/* tests/simulator/admin.h - the simulator's own endpoints below /_sim/, for tests to look behind the scenes. */
#ifndef SIMULATOR_ADMIN_H
#define SIMULATOR_ADMIN_H

#include "tests/simulator/world.h"

bool sim_admin_route(const struct sim_request *r);
void sim_admin_run(struct sim_world *w, const struct sim_request *r, struct sim_reply *reply);

#endif
