#include "tests/simulator/replay.h"

#include <stdlib.h>
#include <string.h>

static void replay_free(struct sim_replay *r)
{
	if (!r)
		return;
	free(r->token);
	free(r->body);
	free(r);
}

const struct sim_replay *sim_replay_find(const struct sim_server *s, struct sim_str token)
{
	return sim_map_get(&s->replays, token);
}

void sim_replay_keep(struct sim_server *s, struct sim_str token, uint64_t request_hash, int status, struct sim_str body,
		     const char *request_id)
{
	struct sim_replay *r = sim_alloc(sizeof(*r)), *oldest;

	if (!s->replay_ring)
		s->replay_ring = sim_alloc(SIM_REPLAYS_KEPT * sizeof(struct sim_replay *));
	r->token = sim_dup(token);
	r->request_hash = request_hash;
	r->status = status;
	r->body = sim_dup(body);
	memcpy(r->request_id, request_id, strlen(request_id) + 1);
	oldest = s->replay_ring[s->replay_at];
	if (oldest)
		sim_map_take(&s->replays, sim_str_of(oldest->token));
	replay_free(oldest);
	s->replay_ring[s->replay_at] = r;
	s->replay_at = (s->replay_at + 1) % SIM_REPLAYS_KEPT;
	sim_map_put(&s->replays, token, r);
}

void sim_replays_done(struct sim_server *s)
{
	for (size_t i = 0; s->replay_ring && i < SIM_REPLAYS_KEPT; i++)
		replay_free(s->replay_ring[i]);
	free(s->replay_ring);
	s->replay_ring = NULL;
	sim_map_done(&s->replays);
}
