/* engine/report/summary.h - summary.json of a run, the few lines on stdout, and the metrics: one struct, three readers.
 *
 * The engine fills it; strings are borrowed and must live until the last use. Counts that may be unknown are int64_t
 * with -1 for null. Times are wall ns, 0 for null. Source: the contract's section 6, schemas/summary.schema.json. */
#ifndef RC_REPORT_SUMMARY_H
#define RC_REPORT_SUMMARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/action.h"
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/slice.h"
#include "engine/report/reasons.h"

/* ---- a bounded time series of a target: at most RC_TIMELINE_MAX points; when full, neighbours are merged and the step
 * doubles, so that a night of any length fits. */
enum { RC_TIMELINE_MAX = 240 };

struct rc_timeline_point {
	double t_s;               /* end of the step, seconds since the first sample */
	double users_per_s;       /* accepted */
	double in_flight;         /* calls, mean */
	uint64_t busy, throttled; /* answers within the step */
	uint64_t parked;          /* creates waiting for a seat, at the end */
};

struct rc_timeline {
	struct rc_timeline_point p[RC_TIMELINE_MAX];
	size_t n;
	double step_s;
	struct {
		int64_t begin_ns, from_ns;
		uint64_t users, busy, throttled; /* totals at from_ns */
		double area;                     /* in flight × seconds */
		int64_t last_ns;
		bool begun;
	} at;
};

/* A sample: running totals and present levels; now_ns monotonic. Call about once a second; a zeroed timeline is new. */
void rc_timeline_sample(struct rc_timeline *t, int64_t now_ns, uint64_t users, uint64_t busy, uint64_t throttled,
			uint32_t in_flight, uint64_t parked);
/* Closes the last, shorter step. */
void rc_timeline_end(struct rc_timeline *t, int64_t now_ns, uint64_t users, uint64_t busy, uint64_t throttled,
		     uint32_t in_flight, uint64_t parked);

/* ---- the books */
struct rc_bucket {
	const char *name;
	uint64_t n;
};

/* RC_INTERNAL, with every bucket named, unless they add up to total. what: "rows of hr.csv". */
enum rc_code rc_balance_check(const char *what, uint64_t total, const struct rc_bucket *buckets, size_t n,
			      struct rc_err *err);

struct rc_ledger { /* one line of balance: a total and what it divides into */
	const char *what;
	uint64_t total;
	const struct rc_bucket *buckets;
	size_t n;
};

/* ---- the summary */
struct rc_summary_source {
	const char *name; /* as configured: its globs or command, for people */
	const char *const *files;
	size_t n_files;
	uint64_t rows, filtered, rejected, rejected_new, bytes;
	int64_t stamp;             /* of the newest file, from its name or mtime; 0 unknown */
	unsigned unreadable_runs;  /* runs in a row in which no absence counted; 0: it counted */
	const char *unreadable_at; /* FILE:LINE of the first row whose key cannot be read, or NULL */
};

enum { RC_GUARD_PEOPLE = 20, RC_SUMMARY_NAMES = 5 };

struct rc_summary_guard {
	const char *guard; /* "max_deletes" */
	const char *limit; /* as configured: "5%,200" */
	uint64_t allowed, planned, base;
	bool tripped;
	struct rc_slice people[RC_GUARD_PEOPLE]; /* the first keys that would be hit */
	size_t n_people;
};

struct rc_summary_target {
	const char *name, *connector;
	int exit_code;          /* -1: null */
	const char *stopped_by; /* "max_deletes", "deadline", …; NULL: nothing did */
	const char *why;        /* a sentence for the operator; NULL: none */
	int64_t wanted, known, actual, unmanaged, drift;
	uint64_t counts[RC_ACTION_COUNT][RC_STATUS_COUNT]; /* filled by rc_report_finish */
	struct {
		uint64_t calls, accepted, busy, throttled, quota, errors;
		double learned_users_per_s; /* 0: null */
		double waited_s;
		const struct rc_timeline *timeline; /* NULL: empty */
	} pacing;
	struct {
		int64_t limit, used;
		uint64_t waiting;
	} seats;
	const struct rc_summary_guard *guards;
	size_t n_guards;
	struct { /* what the plan costs; -1: not known */
		int64_t calls, batches, seats_needed, seats_free;
		double minutes;
	} cost;
	const struct rc_reasons
		*failed; /* filled by rc_report_finish, the report's own; NULL: nobody. For the text only */
	/* A plan: accounts that each action would touch, the first few; p NULL: no more. For the text only. */
	struct rc_slice first[RC_ACTION_COUNT][RC_SUMMARY_NAMES];
};

struct rc_summary {
	const char *run_id, *command;
	int64_t started_at, finished_at;
	int exit_code; /* -1: null */
	const char *version, *config_hash, *environment, *operator_;
	const char *const *invocation; /* argv */
	size_t n_invocation;
	bool interrupted;
	const char *resumed_by;   /* NULL: nobody */
	const char *const *notes; /* sentences worth telling: paused until …, first run, … */
	size_t n_notes;
	const struct rc_summary_source *sources;
	size_t n_sources;
	struct rc_summary_target *targets;
	size_t n_targets;
	const struct rc_ledger *ledgers;
	size_t n_ledgers;
	bool balanced;
};

/* Appends summary.json: indented, with a newline at the end. */
void rc_summary_json(struct rc_buf *b, const struct rc_summary *s);

struct rc_summary_style {
	bool colour;
	bool planned;           /* a plan: "would" instead of "did" */
	const char *report_dir; /* named in the last line; NULL: not */
};

/* Appends the text for stdout: at most 25 lines whatever the size. */
void rc_summary_text(struct rc_buf *b, const struct rc_summary *s, const struct rc_summary_style *style);

/* The run in one sentence, without a newline: what report.html and the first line of the text say. */
void rc_summary_verdict(struct rc_buf *b, const struct rc_summary *s);

/* ---- metrics for node_exporter's textfile collector */
struct rc_metrics {
	int64_t last_success_at, last_attempt_at; /* wall ns, 0: never */
	double duration_s;
};

/* Renders; then writes `path` by temporary file in the same directory and rename, mode 0644 because another user's
 * collector reads it and it names no person. */
void rc_metrics_text(struct rc_buf *b, const struct rc_summary *s, const struct rc_metrics *m);
enum rc_code rc_metrics_write(const char *path, const struct rc_summary *s, const struct rc_metrics *m,
			      struct rc_err *err);

#endif
