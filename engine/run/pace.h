/* engine/run/pace.h - what pacing remembers from one night to the next: the rates that servers bore, and the calls that
 * this day has already cost.
 *
 * A rate belongs to an account at the provider (endpoint and credential, never its secret) and a server. It is where
 * the next run begins, never a ceiling. Days are those of UTC. */
#ifndef RC_RUN_PACE_H
#define RC_RUN_PACE_H
#include "engine/config/config.h"
#include "engine/store/meta.h"

/* What the snapshot knows of one server; false: nothing yet. */
bool rc_pace_rate(struct rc_view *v, const struct rc_target *t, size_t server, struct rc_rate *ret);

/* Users per second to begin with: halved when it was learned more than a week ago. */
double rc_pace_start(const struct rc_rate *rate, int64_t now_wall_ns);

/* Users per second over all servers of a target, as learned; 0: none known. *ret_learned_ns (may be NULL): when the
 * oldest of them was. For status, summary, metrics, and the minutes of a plan. */
double rc_pace_target(struct rc_view *v, const struct rc_target *t, int64_t *ret_learned_ns);

/* Seats of a server as the provider told them last; false: never. number is the target's in the store. */
bool rc_pace_seat_limit(struct rc_view *v, uint16_t number, const struct rc_target *t, size_t server,
			int64_t *ret_limit);

#endif
