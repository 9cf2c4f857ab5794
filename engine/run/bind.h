/* engine/run/bind.h - what ties the state of a target to one place: for whoever opens the state outside a run. */
#ifndef RC_RUN_BIND_H
#define RC_RUN_BIND_H
#include "engine/config/config.h"
#include "engine/store/store.h"

/* Connector, endpoint, the connector's own ids and a pool's servers, in mem; for rc_store_bind(). */
struct rc_pair *rc_target_ids(const struct rc_target *t, struct rc_arena *mem, size_t *ret_n);

#endif
