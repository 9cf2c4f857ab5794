/* tests/world/world.h - a whole run in virtual time: the real engine in a child process, both providers in the parent.
 *
 * The child replaces the loop, the clock, the random numbers and the writer's thread (struct rc_run_opts); each request
 * that arrives goes over a socket pair to the parent, whose simulator world answers it at that virtual moment. So a
 * child may die at any step and the provider lives on. All decisions come from one seed. */
#ifndef WORLD_H
#define WORLD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORLD_CRASHED = 99 }; /* exit status of a child that ended in mid-run */

/* One generator for everything that a seed decides. */
struct dice {
	uint64_t state;
};
uint64_t dice_u64(struct dice *d);
uint64_t dice_below(struct dice *d, uint64_t n);
bool dice_chance(struct dice *d, unsigned per_mille);

struct world_faults { /* per mille of requests, but for the last three */
	unsigned not_sent, lost_before, lost_after, late, server_error, server_error_after, twice;
	unsigned crash_at;  /* step at which the child ends; 0: never */
	unsigned disk_at;   /* commit that fails; 0: none */
	unsigned signal_at; /* step at which SIGTERM comes; 0: never */
	bool clock_jumps;
};

/* A message from the child, followed by method, target, headers ("name\0value\0"...) and body. */
struct wire_ask {
	int64_t mono_ns; /* when it arrives */
	int64_t wall_ns; /* the child's own wall clock, for nothing but the log */
	bool later;      /* sent by a child that died: no answer is awaited */
	uint32_t method_n, target_n, headers_n, n_headers, body_n;
};
struct wire_answer { /* followed by the body */
	int status;
	uint32_t body_n;
};

bool wire_put(int fd, const void *p, size_t n);
bool wire_get(int fd, void *p, size_t n);

struct rc_run_opts;

struct provider;

/* Where the requests of a run go. */
struct world_link {
	int fd;                    /* to a provider_serve() in another process, which outlives a crash; or -1 and */
	struct provider *provider; /* one in this process */
};

/* world_child.c: loads the config and runs; returns the exit code. start_ns: monotonic. opts NULL: a plain sync; the
 * seams are set here. */
int world_run(const char *config, struct world_link link, uint64_t seed, const struct world_faults *f, int64_t start_ns,
	      int64_t *ret_end_ns, const struct rc_run_opts *opts);

/* The same, and what the run would print instead of printing it; ret_err: the line on standard error, if any. */
struct rc_buf;
struct rc_err;
int world_run_said(const char *config, struct world_link link, uint64_t seed, const struct world_faults *f,
		   int64_t start_ns, int64_t *ret_end_ns, const struct rc_run_opts *opts, struct rc_buf *ret_said,
		   struct rc_err *ret_err);

/* world_provider.c */
struct provider *provider_new(uint64_t seed, double apply_delay_ms);
void provider_free(struct provider *p);
/* Every call that arrives from now on goes to standard output, one line each. */
void provider_trace(struct provider *p);
/* One letter: its status, and its body to be freed; of one that arrives later: 0. */
int provider_ask(struct provider *p, const struct wire_ask *a, const char *bytes, char **ret_body, size_t *ret_n);
/* Answers until the child has closed its end; returns the latest time it was told. */
int64_t provider_serve(struct provider *p, int fd, int64_t now_ns);
/* A new script (tests/simulator/README.md) in place of the old one; one that is wrong ends the process. */
void provider_script(struct provider *p, int64_t now_ns, const char *text);

struct provider_user {
	const char *name, *password;
	const char *what; /* "description/group" (Huawei), "mail/bandwidth" (Alibaba) */
	bool alibaba, disabled;
};
/* Calls fn for every account that is there at now_ns, pending ones too. */
void provider_users(struct provider *p, int64_t now_ns, void (*fn)(void *ctx, const struct provider_user *u),
		    void *ctx);
uint64_t provider_double_creates(const struct provider *p);
uint64_t provider_writes(const struct provider *p);
uint64_t provider_calls(const struct provider *p);

/* The wall clock when the monotonic one shows 0; a test may choose another one before anything runs. */
extern int64_t world_wall0_ns;

#endif
