/* engine/run/pool.h - the servers of a pool in one run: who is where, what room is left, where a newcomer goes.
 *
 * Seats: `seats` of the config bounds what is placed; a server without it has room until it refuses. Managed accounts,
 * retiring ones and those nobody manages each take a seat. Deterministic, whatever the order of the rows: newcomers
 * are placed in the order of priority, then key. */
#ifndef RC_RUN_POOL_H
#define RC_RUN_POOL_H
#include "engine/run/run_int.h"

struct run_pool;

/* An unmanaged account of this name, for adoption: on the server named first, else on any. label n 0: no preference. */
bool run_pool_unmanaged(struct run *r, size_t target, struct rc_slice label, struct rc_slice name,
			struct rc_unmanaged *ret);
/* Gives every newcomer of a decided target their server, or says why they wait or fail. */
void run_pool_place(struct run *r, size_t target);
/* The book beside servers that a saved plan gave. */
void run_pool_placed(struct run *r, size_t target);
/* A create that its server refused for want of a seat: whether another one takes it, with a new intent. */
bool run_pool_elsewhere(struct run *r, struct rc_op *op);
/* Seats left, by which servers are compared. */
int64_t run_pool_room(struct run *r, size_t target, size_t server);
/* A seat for an account that moves: on server `to`, SIZE_MAX: where most are left. Returns the server, SIZE_MAX when
 * there is no room or somebody has the name there. The seat it leaves counts as left for comparing only. */
size_t run_pool_reseat(struct run *r, size_t target, size_t to, struct rc_slice name);
void run_pool_leave(struct run *r, size_t target, size_t server);

/* Seats of a pool by its config, and accounts on them now, where every server tells and the provider has not. */
void run_pool_seats(const struct run *r, size_t target, int64_t *limit, int64_t *used);

/* rebalance.c: RC_USAGE when no pool has the label of --rebalance */
enum rc_code run_rebalance_check(const struct run *r, struct rc_err *err);
void run_rebalance(struct run *r, size_t target);
void run_pool_free(struct run_pool *p);

#endif
