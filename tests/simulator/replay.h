/* tests/simulator/replay.h - answers kept under their client token, so that a repeat gets the same one.
 *
 * Bounds  a server keeps its last SIM_REPLAYS_KEPT tokens.
 * Owner   the server. */
#ifndef SIMULATOR_REPLAY_H
#define SIMULATOR_REPLAY_H

#include "tests/simulator/server_state.h"

#define SIM_REPLAYS_KEPT 200000

struct sim_replay {
	char *token;
	uint64_t request_hash; /* of operation and body bytes */
	int status;
	char *body;
	char request_id[SIM_ID_SIZE];
};

const struct sim_replay *sim_replay_find(const struct sim_server *s, struct sim_str token);
void sim_replay_keep(struct sim_server *s, struct sim_str token, uint64_t request_hash, int status, struct sim_str body,
		     const char *request_id);
void sim_replays_done(struct sim_server *s);

#endif
