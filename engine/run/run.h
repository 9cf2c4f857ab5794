/* engine/run/run.h - one run from the config to the exit code: scan, decide, guard, carry out, report.
 *
 * The commands (engine/cmd) fill the options and print what comes out. */
#ifndef RC_RUN_H
#define RC_RUN_H
#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/plan/plan.h"
#include "engine/report/summary.h"

struct rc_explain;
struct rc_loop;
struct rc_writer_options;

struct rc_run_opts {
	const char *command; /* "plan", "sync", "refresh", "apply", "undo" */
	const char *run_id;  /* NULL: made */
	bool writes;         /* sync: changes accounts */
	bool refresh;        /* list every target first, whatever the age of its snapshot */
	bool list_only;      /* refresh */
	bool rebind;
	const char *plan_out;       /* plan, undo: the file the plan is saved to; NULL: it is only shown */
	const struct rc_plan *plan; /* apply: what to carry out instead of a decision */
	const char *plan_path;      /* its file, for messages */
	const char *undo_of;        /* undo: the run to take back; apply: of the plan; NULL: none */
	unsigned canary;            /* so many people per target first; 0: everybody at once */
	const char *rebalance;      /* plan: label of a pool's server to move people off or onto; NULL: none */
	const char *const *targets; /* names; n 0: all */
	size_t n_targets;
	const char *const *only; /* keys; NULL: everybody */
	size_t n_only;
	const char *const *exclude; /* keys kept out of this run */
	size_t n_exclude;
	int64_t deadline_ns;      /* 0: the config's */
	int64_t drain_timeout_ns; /* -1: 10 s */
	int64_t wait_lock_ns;
	struct {
		bool set;
		struct rc_limit limit;
	} max_creates, max_updates, max_deletes, max_changes, max_renames;
	bool accept_source;
	bool detailed_exitcode; /* plan: 2 when there are changes */
	bool preview;           /* a plan shown before a question: on_finish is not run */
	bool progress, colour, quiet;
	bool ask;                 /* on a terminal, before the first write */
	const char *const *reset; /* reset-password: keys on the one target selected; n 0: another command */
	size_t n_reset;
	struct rc_explain *explain; /* why: nothing is written, its people's stories are told; see explain.h */
	const char *const *invocation;
	size_t n_invocation;
	const struct rc_clock *clock; /* NULL: the system's */
	/* Seams for a run in virtual time; NULL: libuv and libcurl, a writer with its own thread. */
	const struct rc_loop *loop;
	const struct rc_writer_options *writer;
};

struct rc_run_result {
	enum rc_code code;
	bool changes;       /* plan: there is something to do */
	bool summary_valid; /* text below may be printed */
	struct rc_buf text; /* the summary for stdout; the caller's to free */
	char run_id[80];
};

/* Runs. Errors before a run begins (64, 78, 79) and those that end it are in *err; *ret is always filled and its code
 * is the exit code. */
enum rc_code rc_run(const struct rc_config *cfg, const struct rc_run_opts *opts, struct rc_run_result *ret,
		    struct rc_err *err);

/* The metrics of a run that cannot even be tried: its saved plan is damaged. */
void rc_run_not_tried(const struct rc_config *cfg, const struct rc_run_opts *opts, enum rc_code code);

/* Runs the config's on_finish with the run's facts in its environment, for at most 5 minutes; a failure is logged. */
void rc_run_on_finish(const struct rc_config *cfg, const char *run_id, int exit_code);

/* Looks at every file that a run needs beside its sources and secrets (overrides, adopt_map, certificates to trust and
 * to seal to, on_finish; lookup tables belong to the sources); one line for each that it would miss. Returns the
 * gravest code, RC_CONFIG first. */
enum rc_code rc_check_files(const struct rc_config *cfg, const struct rc_clock *clock);

/* Asks each provider who we are; logs one line a target. Returns the gravest code. */
int rc_check_online(const struct rc_run_opts *opts, const struct rc_config *cfg);

#endif
