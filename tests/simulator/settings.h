/* tests/simulator/settings.h - everything about the simulated world that may change while it runs.
 *
 * Set by the command line, then by a script's "settings" and by the steps of its "timeline".
 * The JSON names are those of the members; README.md beside this file explains each. */
#ifndef SIMULATOR_SETTINGS_H
#define SIMULATOR_SETTINGS_H

#include <cjson/cJSON.h>

#include "tests/simulator/limits.h"
#include "tests/simulator/text.h"

#define SIM_UNLIMITED UINT64_MAX

/* What may also be set for a single server. */
struct sim_server_settings {
	double capacity, queue;
	uint64_t seat_limit;
};

struct sim_settings {
	struct sim_server_settings server;
	double latency_ms, latency_jitter_ms, apply_delay_ms;
	bool paging_from; /* a marker means rows from it on; else strictly after it */
	uint64_t page_default, page_max;
	uint64_t max_batch, max_bandwidth;
	uint64_t created_step_ms; /* created_at is rounded down to a multiple of this */
	bool time_fraction;       /* times carry milliseconds */
	bool loose_static_ip;     /* any IPv4 address, not only the first host of a /30 */
	bool strict_batch_delete; /* one unknown id refuses the whole batch */
	bool loose_mail;          /* Alibaba takes any mail address with one @ */
	bool fold_names;          /* Huawei user names that differ only in case are the same */
	uint64_t error_shape;     /* 1, 2 or 3: the three bodies Huawei errors come in */
	bool apig;                /* gateway codes begin with APIG. instead of APIGW. */
	uint64_t outage;          /* HTTP status of every answer; 1: connections are reset; 0: no outage */
	struct sim_bucket bucket;
	double bucket_retry_after_s; /* 0: no hint; else at least this much */
	struct sim_window window;
	bool window_hint;
	uint64_t concurrency; /* calls in flight; 0: any number */
	double clock_offset_s;
	double token_ttl_s, lock_s;
	uint64_t token_bytes;
	char *token, *access_key, *secret_key, *security_token;
	char *iam_user, *iam_password, *iam_domain;
};

void sim_settings_default(struct sim_settings *s);
void sim_settings_copy(struct sim_settings *to, const struct sim_settings *from);
void sim_settings_done(struct sim_settings *s);

/* Sets the members named in `o`; what is not named stays. False: *err says which name is wrong and why. */
bool sim_settings_read(struct sim_settings *s, const cJSON *o, struct sim_buf *err);
/* The same for one server; `has` names which of them the server no longer shares with the others. */
struct sim_server_override {
	struct sim_server_settings value;
	bool capacity, queue, seat_limit;
};
bool sim_override_read(struct sim_server_override *v, const cJSON *o, struct sim_buf *err);

#endif
