/* tests/simulator/auth.h - who may call: tokens, keys and their lock, clocks, nonces. */
#ifndef SIMULATOR_AUTH_H
#define SIMULATOR_AUTH_H

#include "tests/simulator/signature.h"
#include "tests/simulator/world.h"

#define SIM_SKEW_MS (15 * 60 * 1000)

/* The secret of an access key in force; {NULL, 0}: no such key. */
struct sim_str sim_auth_secret(const struct sim_world *w, struct sim_str access_key);
/* True when some credential is asked for at all; without any the simulator takes every caller. */
bool sim_auth_wanted(const struct sim_world *w);
bool sim_auth_skewed(const struct sim_world *w, const struct sim_signed *s);
/* Counts a check of this key; after more than five failures in a row it is locked. */
void sim_auth_failed(struct sim_world *w, struct sim_str access_key);
void sim_auth_passed(struct sim_world *w, struct sim_str access_key);
bool sim_auth_locked(struct sim_world *w, struct sim_str access_key);
/* False: this key has used the nonce in the last 15 minutes. */
bool sim_auth_nonce(struct sim_world *w, struct sim_str access_key, struct sim_str nonce);

/* IAM: POST /v3/auth/tokens. */
void sim_iam_run(struct sim_call *c);
void sim_iam_expire_all(struct sim_world *w);

#endif
