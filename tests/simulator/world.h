/* tests/simulator/world.h - the simulated providers as one object: a request goes in, an answer comes out.
 *
 * Time    both clocks are passed in; the world reads none, so tests may drive it as they like.
 * Thread  one.
 * Layers  server.c (sockets) calls world_handle.c; that picks huawei*.c, alibaba*.c, iam.c or admin.c; those know
 *         rules.c and server_state.c. fault.c stands before and behind them. */
#ifndef SIMULATOR_WORLD_H
#define SIMULATOR_WORLD_H

#include <cjson/cJSON.h>

#include "tests/simulator/http_text.h"
#include "tests/simulator/server_state.h"

struct sim_script; /* script.h */
struct sim_rule;

struct sim_token {
	char *text;
	int64_t expires_ms;
	bool expired; /* by a script */
};

/* A key whose signature failed too often is locked for a while. */
struct sim_key_guard {
	unsigned failures; /* in a row */
	double locked_until_s;
};

struct sim_world {
	struct sim_settings settings; /* in force now */
	struct sim_settings given;    /* by the command line */
	struct sim_script *script;
	double now_s;
	int64_t wall_ms;
	double script_start_s;
	size_t timeline_at; /* next step of the script's timeline */
	uint64_t random;
	struct sim_map servers; /* "huawei/PROJECT/ID" or "alibaba/ID" */
	struct sim_server **server_list;
	size_t server_count;
	struct sim_server **retired; /* forgotten by a reset; calls in flight may still point to them */
	size_t retired_count;
	struct sim_map tokens; /* issued by IAM */
	struct sim_map keys;   /* access key -> struct sim_key_guard */
	struct sim_map nonces; /* "KEY NONCE" of the last 15 to 30 minutes, in two generations */
	struct sim_map old_nonces;
	int64_t nonces_since_ms;
	struct sim_stats stats; /* requests that belong to no server */
	uint64_t requests, in_flight, max_in_flight;
	uint64_t tokens_issued;
	struct sim_buf log; /* lines not yet written; the owner of the world empties it */
	bool logging;
};

void sim_world_init(struct sim_world *w, const struct sim_settings *given, uint64_t seed);
void sim_world_done(struct sim_world *w);
/* Moves the clocks on and carries out the timeline steps that fall before. */
void sim_world_tick(struct sim_world *w, double now_s, int64_t wall_ms);
/* The server of that id, made on first mention. */
struct sim_server *sim_world_server(struct sim_world *w, enum sim_provider provider, struct sim_str project,
				    struct sim_str id);
/* Forgets all servers, nonces and counters; settings and tokens stay. */
void sim_world_clear(struct sim_world *w);
uint64_t sim_world_random(struct sim_world *w);
double sim_world_chance(struct sim_world *w); /* in [0, 1) */
/* 36 characters in groups as a UUID has them; one in four is not hexadecimal, as in the service's own samples. */
void sim_world_id(struct sim_world *w, char ret_id[SIM_ID_SIZE], bool hexadecimal);
/* The moment as created_at would show it: rounded, and never before an earlier one. */
int64_t sim_world_stamp(const struct sim_world *w);

/* One request on its way through. */
struct sim_call {
	struct sim_world *w;
	const struct sim_request *req;
	struct sim_reply *reply;
	enum sim_provider provider;
	enum sim_op op;
	struct sim_server *server; /* NULL: none named */
	struct sim_str project, user_id, group_id;
	cJSON *json; /* Huawei: the body */
	struct sim_params params;
	bool v3, xml;                /* Alibaba */
	const struct sim_rule *rule; /* of the script, NULL: none fired */
	struct sim_str *names;
	size_t name_count;
	enum sim_decision decision;
	char why[200];
	struct sim_buf scratch; /* decoded path parts; the call's strings may point into it */
};

/* Handles a request. When reply->counted, the caller gives the call back by sim_world_finished(ret_server) once the
 * answer is out or the connection gone. */
void sim_world_handle(struct sim_world *w, const struct sim_request *req, struct sim_reply *reply,
		      struct sim_server **ret_server);
void sim_world_finished(struct sim_world *w, struct sim_server *server);

void sim_call_decide(struct sim_call *c, enum sim_decision decision, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void sim_call_name(struct sim_call *c, struct sim_str name);

#endif
