/* engine/run/run_int.h - the run's own types, shared by engine/run only. */
#ifndef RC_RUN_INT_H
#define RC_RUN_INT_H
#include "engine/exec/exec.h"
#include "engine/op.h"
#include "engine/report/report.h"
#include "engine/run/calendar.h"
#include "engine/run/overrides.h"
#include "engine/run/run.h"
#include "engine/run/scan.h"
#include "engine/store/lock.h"
#include "engine/store/writer.h"

enum { RUN_GUARDS = 10 };

struct run_server {
	bool list_needed, list_done, list_complete;
	const struct rc_list *list; /* as just read; the executor's, until it lists the server again */
	int64_t rows;
	char problem[200];
	double users_per_s; /* learned, on an earlier night or in this run; 0: not known */
	bool rate_kept;     /* this run's own is stored */
};

struct run_target {
	const struct rc_target *cfg;
	uint16_t number;
	bool selected, stopped, list_needed;
	bool decided; /* its list is in, its operations are in the executor's hands */
	enum rc_code code;
	const char *stopped_by;
	char why[500];
	const char *told; /* why with the people it is about, for the log; NULL: the same */
	uint64_t known, wanted, unmanaged, drift, actual;
	bool listed; /* every server's list is proven complete in this run */
	struct run_server *servers;
	struct rc_summary_guard guards[RUN_GUARDS];
	char guard_limit[RUN_GUARDS][64];
	size_t n_guards;
	size_t first_op, n_ops, first_pending, n_pending; /* its share of the run's, in one piece */
	uint64_t renames;
	struct rc_timeline timeline;
	uint64_t calls_stored;       /* of this day, as the snapshot has it */
	struct adopt_map *adopt_map; /* NULL: none */
	struct sealing *sealing;     /* NULL: nothing is generated for this target */
	uint64_t pending_none;       /* people none/done without a row */
	uint8_t snapshot[16];        /* what a saved plan is bound to; as the run found it */
	struct run_pool *pool;       /* pool.c; NULL until somebody asks where there is room */
	uint32_t seats_waited_for;   /* newcomers of a pool without any room */
	uint64_t unselected;         /* managed people left out of this run whom the scan did not look at */
	struct waiting *waiting;     /* claims.c: creates that nobody saw, their name still another's */
	struct rc_zone *month;       /* where the provider's month ends; NULL: it has no such rule */
};

struct pending { /* an outcome that needs no call, and the record to write with it */
	struct rc_outcome o;
	struct rc_known known;
	bool put, drop, release; /* release: management of the account ends, the account stays */
	struct rc_person *person;
};

struct op_info { /* behind rc_op.owner */
	struct rc_person *person;
	const struct rc_known *known; /* as it was; NULL: there was none */
	bool drift, sealed;
	bool canary;   /* goes before the others */
	bool newcomer; /* an account that is nowhere yet: the pool says where it goes */
	bool unplaced; /* ... and has no server for it */
	bool adopts;   /* the account is nobody's yet: it becomes this person's once its first call was sent */
	enum rc_due_cause due_cause;
	int64_t due_ns; /* the person's last day is known: first moment without access; 0: not */
	size_t home;    /* server + 1 of the account they once had; 0: none */
	uint64_t journal_id;
	uint64_t intent_seq;
};

struct run {
	const struct rc_config *cfg;
	const struct rc_run_opts *opts; /* = &own */
	struct rc_run_opts own;
	const struct rc_clock *clock;
	char run_id[80];
	int64_t started_ns, started_mono;
	int64_t patience_ns; /* of somebody who waits for the answer (check --online); 0: nobody does */
	struct rc_lock *lock;
	struct rc_store *store;
	struct rc_writer *writer; /* NULL: this run writes no state */
	struct rc_view *view;
	bool scratch; /* the store is a copy that goes away */
	char scratch_dir[RC_SCRATCH_DIR];
	struct rc_zone *zone; /* of days: calendar.h */
	struct rc_overrides overrides;
	struct rc_slice *only, *exclude; /* sorted; as many as the options hold */
	struct rc_slice *strangers;      /* of only: whom no record names */
	size_t n_strangers;
	bool paused; /* a sync that only plans */
	struct run_target *targets;
	uint16_t *numbers; /* of the targets in the state */
	struct rc_scan scan;
	bool scanned;
	struct rc_arena mem;
	struct rc_op **ops;
	size_t n_ops, cap_ops;
	struct pending *pending;
	size_t n_pending, cap_pending;
	struct run_drift *drifts;
	size_t n_drifts, cap_drifts;
	bool drifts_sorted;
	struct rc_report *report;
	struct rc_exec *exec;
	struct carry *carry;
	struct names_ahead *names_ahead; /* names_ahead.h; NULL: nothing was asked ahead */
	struct rc_seal *seal;
	struct rc_progress *progress;
	struct rc_err fault; /* 70 or 73 in mid-run */
	enum rc_code code;
	int signal;
	bool canary_over; /* whoever was to go first has gone */
	const char *notes[16];
	size_t n_notes;
};

/* state.c: lock, store, binding */
enum rc_code run_bind_targets(struct run *r, struct rc_err *err); /* bind.c */
enum rc_code run_open_state(struct run *r, struct rc_err *err);
void run_close_state(struct run *r);
enum rc_code run_view(struct run *r, struct rc_err *err); /* a fresh view; ends the old one */

/* wave.c: targets side by side, each as soon as its list is there */
enum rc_code run_waves(struct run *r, struct rc_err *err);
bool run_wave_due(const struct run *r); /* a list came in whose target is not decided yet */
/* decide.c: wanted against known, person by person */
enum rc_code run_decide(struct run *r, size_t target, struct rc_err *err);
/* select.c */
void run_selection(struct run *r);
/* Whether --only and --exclude-keys let this run touch the person. */
bool run_selected(const struct run *r, struct rc_slice key);
bool run_excluded(const struct run *r, struct rc_slice key); /* by --exclude-keys */
struct run_told {
	uint8_t (*v)[RC_HASH_BYTES]; /* of keys, sorted */
	size_t n;
};
void run_told_sort(struct run_told *told);
/* Managed people who are not selected and have no row yet. told: who has one; NULL: whom the scan looked at. */
void run_report_unselected(struct run *r, size_t target, const struct run_told *told);
/* first_free.c: names for whom the config leaves a choice; before the target is decided */
void run_choose_names(struct run *r, size_t target);
/* guards.c */
void run_guards(struct run *r, size_t target);
void run_guard_sources(struct run *r, size_t target); /* guards_source.c */
/* names.c: two people, one name */
void run_settle_names(struct run *r, size_t target);
/* lists.c: the provider's list into the snapshot */
void run_listed(struct run *r, size_t target, size_t server, const struct rc_list *l);
/* Whether somebody who had an account there is not in the complete list of that server. Reads the
 * snapshot through a view of its own: while lists are read the run has none. */
bool run_list_misses(const struct run *r, size_t target, size_t server, const struct rc_list *l);
/* Index of a pool's server by its label; SIZE_MAX: the pool has none of that name. Without a pool: 0. */
size_t run_server_at(const struct run_target *t, struct rc_slice label);
void run_lists_match(struct run *r, size_t target); /* once every server has been heard; needs a view */
/* carry.c: the loop, until the executor has ended or a wave is due */
enum rc_code run_loop(struct run *r, bool *ret_ended, struct rc_err *err);
enum rc_code run_make_exec(struct run *r, struct rc_err *err);
/* outcome.c: rows and records */
void run_outcome_op(struct run *r, struct rc_op *op, enum rc_status status);
void run_outcome_pending(struct run *r, size_t target, bool planned);
/* Changes of the fields in mask, in the run's arena. */
const struct rc_field_change *run_fields(struct run *r, const struct rc_account_schema *schema, uint32_t mask,
					 const struct rc_account *before, const struct rc_account *after,
					 size_t *ret_n);
void run_settle_people(struct run *r);
/* event.c: the history; pending: a night that said something of a person and needed no call; seen: something that no
 * operation of ours did */
/* What the history is to say of an operation; changed: room for the names of its fields. */
enum { RUN_CHANGED_MAX = 600 };
struct rc_event run_event_op(struct run *r, const struct rc_op *op, enum rc_status status,
			     const struct rc_field_change *fields, size_t n, char changed[RUN_CHANGED_MAX]);
void run_event_pending(struct run *r, const struct run_target *t, const struct pending *q, const struct rc_outcome *o);
void run_event_seen(struct run *r, const struct run_target *t, const struct rc_known *k, bool access,
		    const char *reason);
void run_event_killed(struct run *r, const struct rc_op_entry *op, const struct rc_known *known);
/* explain.c: a plan that only tells; begin opens a report that goes nowhere */
void run_explain_begin(struct run *r);
void run_explain_look(struct run *r);
void run_explain_listed(struct run *r, size_t target, const struct rc_list *l);
void run_explain_end(struct run *r, enum rc_code code, const struct rc_err *err);
/* reset.c: new passwords by key; no source is read */
enum rc_code run_reset(struct run *r, size_t target, struct rc_err *err);
bool run_is_reset(const struct rc_op *op);
bool run_reset_unsure(const struct rc_op *op); /* which password the account has is not known */
void run_reset_keep(struct run *r, const struct rc_op *op, enum rc_status status);
/* check_files.c: certificates of the config that cannot be read are told before the first call */
enum rc_code run_check_ca(const struct rc_config *cfg, struct rc_err *err);
/* retain.c: retention at the end of a run */
void run_retain(struct run *r);
/* metrics_early.c */
void run_metrics_early(const struct run *r, enum rc_code code);
/* finish.c */
enum rc_code run_finish(struct run *r, struct rc_run_result *ret, struct rc_err *err);

void run_stop_target(struct run *r, size_t target, enum rc_code code, const char *by, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
