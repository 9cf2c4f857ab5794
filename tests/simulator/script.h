/* tests/simulator/script.h - a script: faults to inject, settings that change over time, users that exist beforehand.
 *
 * The format is documented in README.md beside this file. A script is checked whole before any of it counts.
 * Owner   the world owns its script; cJSON values inside it live as long as it does. */
#ifndef SIMULATOR_SCRIPT_H
#define SIMULATOR_SCRIPT_H

#include <regex.h>

#include "tests/simulator/world.h"

enum sim_when { SIM_WHEN_NEVER, SIM_WHEN_BEFORE, SIM_WHEN_AFTER };

/* What a rule does to the calls it meets. */
struct sim_fault {
	bool answers; /* status, code, body or html: an answer of its own instead of the real one */
	bool commit;  /* with `answers`: the call is carried out all the same, only its answer is lost */
	int status;   /* 0: as the kind of answer has it */
	char *code, *message, *body, *body_type;
	uint64_t shape;
	bool html;
	const cJSON *headers; /* inside the script */
	double delay_ms;
	enum sim_when reset, hang, drop;
	bool half_body, invalid_json, wrong_ids, shuffle, duplicate, expire_tokens;
	bool truncates;
	uint64_t truncate;
	double bytes_per_s, big_body_mb;
	double vanish_after_s; /* negative: no */
	char *cause;           /* batch create: the named users are invalid for this reason */
};

struct sim_rule {
	enum sim_op op; /* SIM_OP_COUNT: any */
	regex_t path, name;
	bool has_path, has_name, only_writes;
	char *server, *method;
	uint64_t *nth;
	size_t nth_count;
	uint64_t after, times;
	double probability, from_s, to_s;
	uint64_t met, fired;
	struct sim_fault fault;
};

struct sim_script {
	cJSON *json;
	struct sim_rule *rules;
	size_t rule_count;
	const cJSON *settings, *timeline, *servers, *in_use; /* inside json; NULL: not given */
	size_t step_count;
	bool reset;
};

/* NULL: *err says what is wrong and where. */
struct sim_script *sim_script_read(const struct sim_world *w, struct sim_str text, struct sim_buf *err);
/* Takes the script into force now; the world owns it from here on. */
void sim_script_begin(struct sim_world *w, struct sim_script *script);
void sim_script_free(struct sim_script *script);
/* Carries out the steps of the timeline that are due. */
void sim_script_tick(struct sim_world *w);
/* Gives a new server what the script says about its id. */
void sim_script_begin_server(struct sim_world *w, struct sim_server *s);
/* Checks what the script says about one server. */
bool sim_script_server_read(const cJSON *o, struct sim_buf *err);

/* The first rule that fires for this call; NULL: none. */
const struct sim_rule *sim_script_match(struct sim_call *c);
bool sim_rule_names(const struct sim_rule *r, struct sim_str name);
bool sim_script_wants_names(const struct sim_script *script);
/* Alibaba: the account moved traffic this month and cannot be deleted. */
bool sim_script_in_use(const struct sim_world *w, const struct sim_server *s, struct sim_str name);

/* Reads one rule; what it holds is freed by sim_rule_done, also after a failure. */
bool sim_rule_read(struct sim_rule *r, const cJSON *o, struct sim_buf *err);
void sim_rule_done(struct sim_rule *r);

#endif
