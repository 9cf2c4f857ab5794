/* engine/report/report.h - the report of one run: reports/RUN_ID/, written while things happen.
 *
 * Directories are made with mode 0700, files with 0600, never through a symlink. users.jsonl is the spool: each row is
 * appended there and to users.csv; whatever is rendered later comes from it and summary.json. Rows are buffered and
 * written whole, by rc_report_tick at most every 200 ms and at the end, so that a killed run leaves a readable prefix.
 * The run's directory is locked while its report is open, so that others see which reports nobody will finish.
 * The first failed write sticks: every later call returns it (RC_CANTCREAT), nothing is lost silently.
 * Loop thread only. Source: the contract's "Report of a run"; design decision 9. */
#ifndef RC_REPORT_H
#define RC_REPORT_H
#include <stdio.h>
#include "engine/base/clock.h"
#include "engine/report/outcome.h"
#include "engine/report/run_dir.h"
#include "engine/report/summary.h"

struct rc_report;

struct rc_report_opts {
	bool all_users; /* rows none/done too; they are counted either way */
	bool html;
	bool sync;                  /* on disk before it is called finished: for runs that changed something */
	const char *const *columns; /* source columns to append; must outlive the report */
	size_t n_columns;
	struct rc_slice began; /* what the run says of itself, for whoever finds its report without an end; n 0:
				* nothing. In the directory (".began") until the report is finished. */
};

/* Begins the report. RC_USAGE: the run id is malformed or was used before; RC_CANTCREAT otherwise. */
enum rc_code rc_report_open(const char *reports_dir, const char *run_id, const struct rc_report_opts *opts,
			    struct rc_report **ret, struct rc_err *err);

/* Whether a run of this id has, or had begun, a report. */
bool rc_report_exists(const char *reports_dir, const char *run_id);

/* A report that goes nowhere: rows are counted and handed to `row`, and nothing is written. */
void rc_report_listen(void (*row)(void *ctx, const struct rc_outcome *o), void *ctx, struct rc_report **ret);

/* Goes on with the report of a killed run: a torn last line is cut off, users.csv is made anew from users.jsonl, rows
 * that are there are counted, and later ones for the same target and key (name and server without a key) are ignored. A
 * run that was killed before it had a directory gets one. */
enum rc_code rc_report_resume(const char *reports_dir, const char *run_id, const struct rc_report_opts *opts,
			      struct rc_report **ret, struct rc_err *err);

/* What a resumed report's run said of itself when it began, in mem; n 0: nothing. */
struct rc_slice rc_report_began(const struct rc_report *r, struct rc_arena *mem);

/* Flushes what it can and closes. Without rc_report_finish the run looks killed. NULL is fine. */
void rc_report_free(struct rc_report *r);

const char *rc_report_run_id(const struct rc_report *r);
const char *rc_report_dir(const struct rc_report *r); /* reports_dir/run_id */

/* The row of a person on a target, once it is final. */
enum rc_code rc_report_row(struct rc_report *r, const struct rc_outcome *o, struct rc_err *err);

/* Between the two, many rows are written by two threads, in the same order; few as ever. What the outcomes point to,
 * their fields apart, must live until the end, and no other call than rc_report_row and rc_report_count may come. An
 * error of the other thread is the end's. */
void rc_report_apart_begin(struct rc_report *r, size_t rows);
enum rc_code rc_report_apart_end(struct rc_report *r, struct rc_err *err);

/* Counts n people without a row: those none/done of which nothing is to be said. */
void rc_report_count(struct rc_report *r, const char *target, enum rc_action action, enum rc_status status, uint64_t n);
uint64_t rc_report_counted(const struct rc_report *r, const char *target, enum rc_action action, enum rc_status status);

/* Writes what is buffered when the last write was 200 ms ago or more; now_ns is monotonic. */
enum rc_code rc_report_tick(struct rc_report *r, int64_t now_ns, struct rc_err *err);

/* A refused record of a CSV source, into rejected.csv (a second header gives rejected-2.csv and so on): the reason with
 * FILE:LINE, then the record as it was, in the source's delimiter, as UTF-8: its cells, or without them its raw text
 * if that can be split at all. Secret cells are emptied; where it is open which cell is secret (raw text, or another
 * number of cells than the header), and for what cannot be split, the record is named only. */
struct rc_rejected_csv {
	const char *file;
	uint64_t line;
	const char *reason; /* without FILE:LINE */
	char delimiter;     /* 0: comma */
	bool mark;          /* begin the file with a byte order mark: its source declares an encoding, this is UTF-8 */
	const struct rc_slice *header;
	size_t n_header;
	const bool *secret;           /* per header column; NULL: none is */
	const struct rc_slice *cells; /* unquoted; NULL: not known */
	size_t n_cells;
	struct rc_slice raw; /* as written, without its line end; {NULL, 0}: none */
};
enum rc_code rc_report_rejected_csv(struct rc_report *r, const struct rc_rejected_csv *rec, struct rc_err *err);

/* A refused record of an LDIF source, into rejected.ldif: "# rollcall_reason: FILE:LINE: …", then its lines; values of
 * the secret attributes (ASCII case does not matter) are left out. */
struct rc_rejected_ldif {
	const char *file;
	uint64_t line;
	const char *reason;
	struct rc_slice raw; /* the lines of the record; {NULL, 0}: unreadable, named only */
	const char *const *secret;
	size_t n_secret;
	bool mark; /* as above */
};
enum rc_code rc_report_rejected_ldif(struct rc_report *r, const struct rc_rejected_ldif *rec, struct rc_err *err);

/* A line of adopt_candidates.csv (target,name,key,reason,near): an account nobody claims, or several. key is written
 * as given and is best left empty: the operator fills it in and hands the file to `adopt_map`. */
enum rc_code rc_report_candidate(struct rc_report *r, const char *target, struct rc_slice name, struct rc_slice key,
				 const char *reason, struct rc_slice near, struct rc_err *err);

/* Ends the report: flushes, fills the counts of s from its rows (a target with rows that s lacks is RC_INTERNAL), then
 * writes config.json (config_json NULL: none), summary.json and report.html, each by rename. */
enum rc_code rc_report_finish(struct rc_report *r, struct rc_summary *s, struct rc_slice config_json,
			      struct rc_err *err);

#define RC_REPORT_FORMATS(X) X(HTML, "html") X(CSV, "csv") X(JSONL, "jsonl") X(JSON, "json")
enum rc_report_format {
#define X(name, text) RC_REPORT_##name,
	RC_REPORT_FORMATS(X)
#undef X
		RC_REPORT_FORMAT_COUNT
};
int rc_report_format_find(const char *text); /* or -1 */

/* Renders a past run from users.jsonl and summary.json; json is summary.json. run_id NULL: the run begun last. A run
 * that is under way or was killed gives the rows there are and has no json yet. RC_USAGE: no such run or no json yet;
 * RC_CANTCREAT: unreadable, or `out` cannot be written. */
enum rc_code rc_report_render(const char *reports_dir, const char *run_id, enum rc_report_format format, FILE *out,
			      struct rc_err *err);

#endif
