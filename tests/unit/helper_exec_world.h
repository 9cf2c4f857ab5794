/* tests/unit/helper_exec_world.h - the executor and the simulated providers in one process, on a virtual clock.
 *
 * The transport hands each request to the simulator's world half a round trip later and the answer back after the
 * other half; nothing sleeps, so a night takes a second. One target "vpn" (Huawei) unless the config says more. */
#ifndef HELPER_EXEC_WORLD_H
#define HELPER_EXEC_WORLD_H
#include "engine/exec/exec.h"
#include "tests/simulator/world.h"
#include "tests/unit/helper_simulator.h"

struct ew_sent { /* one request, as it left */
	double t;
	char kind; /* C create, D delete, U other write, L list of users, G groups, S seats, A who am I, login */
	size_t users;
	int status;     /* 0: no answer */
	char token[40]; /* X-Client-Token, "" none */
};

struct ew_account { /* of the last listing */
	char name[32], id[40];
};

struct exec_world {
	struct rc_clock clock;
	int64_t now_ns;
	uint64_t random;
	struct rc_config *cfg;
	struct rc_exec *x;
	struct rc_exec_opts opts;
	struct rc_arena mem;
	struct rc_op *op; /* cap of them, by ew_op */
	size_t n_ops, cap;
	struct ew_sent *sent;
	size_t n_sent, cap_sent;
	struct ew_event *events; /* in flight, unordered */
	struct ew_account *accounts;
	size_t n_accounts;
	int64_t rtt_ns;
	bool beside, ended;
	size_t in_flight, max_in_flight;
	bool silent;      /* nobody answers: connections time out */
	bool refused;     /* nobody listens */
	unsigned renewed; /* secrets fetched anew */
	unsigned listings;
	unsigned troubles; /* told, and what the last one was */
	struct rc_exec_trouble trouble;
	char cause[200];
	const char *says;                 /* of a request without an answer; NULL: "simulated" */
	void (*at)(struct exec_world *w); /* called before each pump */
	double deadlock_s;                /* virtual time after which a run is taken for stuck */
};

/* script: the simulator's, NULL none. top, target: more keys of config and target, as `"key": value, ` texts. The
 * executor begins with ew_start, so that opts can be set before. */
void ew_begin(struct exec_world *w, const char *script, const char *top, const char *target);
void ew_begin_config(struct exec_world *w, const char *script, const char *config);
/* A second program beside the first: same config, same providers, a clock that the caller moves along. */
void ew_begin_beside(struct exec_world *w, const struct exec_world *other);
#define EW_CONFIG                                                                                                      \
	"\"version\": 1, \"state\": \"state\", \"reports\": \"reports\", \"sources\": [{\"files\": [\"hr.csv\"], "     \
	"\"key\": \"id\"}], "
#define EW_TARGET /* without server and auth */                                                                        \
	"\"connector\": \"huawei-p2c-vpn\", \"endpoint\": \"http://127.0.0.1:1\", \"project_id\": \"P\", "             \
	"\"account\": {\"name\": "                                                                                     \
	"\"name\", \"description\": \"d\", \"password\": \"p\"}, "
void ew_start(struct exec_world *w);
void ew_end(struct exec_world *w);

/* An operation on "u%05u", which begins QUEUED and is in the executor. Deletes take their id from the last listing. */
struct rc_op *ew_create(struct exec_world *w, unsigned i);
struct rc_op *ew_delete(struct exec_world *w, unsigned i);
struct rc_op *ew_update(struct exec_world *w, unsigned i, const char *description);
/* The same, not in the executor yet. */
struct rc_op *ew_prepare_create(struct exec_world *w, unsigned i);
struct rc_op *ew_prepare_delete(struct exec_world *w, unsigned i);
/* Creates of from..from+n-1. */
void ew_creates(struct exec_world *w, unsigned from, unsigned n);

void ew_list(struct exec_world *w);                /* asks for a listing of every target and runs until it is there */
void ew_run(struct exec_world *w);                 /* until the executor has ended */
bool ew_run_until(struct exec_world *w, double s); /* whether the executor has ended */
double ew_now(const struct exec_world *w);

size_t ew_count(const struct exec_world *w, enum rc_step state);
size_t ew_calls(const struct exec_world *w, char kind); /* sent so far */
size_t ew_users(void);                                  /* at the provider, over all servers */
struct rc_exec_target_result ew_result(const struct exec_world *w, size_t target);

#endif
