/* engine/report/report_int.h - what the files of engine/report share and nobody else sees. */
#ifndef RC_REPORT_INT_H
#define RC_REPORT_INT_H
#include "engine/report/report.h"
#include "engine/report/sink.h"

enum { RC_REJECTED_FILES = 100 }; /* different headers in one run; more are counted as unsplittable */

struct rc_rejected_file {
	struct rc_sink sink;
	uint64_t header_hash;
	size_t n_header;
};

struct rc_row_set; /* rows that a killed run wrote */

struct rc_report_totals {
	char *target;
	uint64_t n[RC_ACTION_COUNT][RC_STATUS_COUNT];
	struct rc_reasons *failed; /* NULL: nobody did */
};

struct rc_report {
	char *run_id, *dir;
	int dir_fd;
	struct rc_report_opts opts;
	struct rc_sink jsonl, csv, ldif, candidates;
	struct rc_rejected_file *rejected;
	size_t n_rejected;
	struct rc_report_totals *totals;
	size_t n_totals;
	struct rc_row_set *seen;                               /* NULL: not a resumed run */
	void (*listen)(void *ctx, const struct rc_outcome *o); /* instead of writing anything; NULL: a real report */
	void *listen_ctx;
	struct rc_html_scan *page;     /* rows for report.html, as they come; NULL: there will be none */
	struct rc_report_apart *apart; /* apart.c; NULL: rows are written in every form by whoever brings them */
	int64_t flushed_ns;
	struct rc_err err; /* the first failure */
};

/* Remembers the first failure and returns it from then on. */
enum rc_code rc_report_stick(struct rc_report *r, enum rc_code code, struct rc_err *err);

/* Opens a lazily made file of the report and gives it its header line. */
enum rc_code rc_report_sink(struct rc_report *r, struct rc_sink *s, const char *name, struct rc_slice header,
			    struct rc_err *err);

/* A row into users.csv's buffer and into the page. */
void rc_report_other_forms(struct rc_report *r, const struct rc_outcome *o);
void rc_report_apart_row(struct rc_report_apart *a, const struct rc_outcome *o);

/* report.html: summary as JSON text; of a past run, rows from users.jsonl in dir_fd. */
struct rc_html_scan;
struct rc_html_scan *rc_html_scan_new(void);
void rc_html_scan_free(struct rc_html_scan *s); /* NULL is fine */
enum rc_code rc_report_html(const struct rc_html_scan *scan, struct rc_slice summary, FILE *out, struct rc_err *err);
enum rc_code rc_report_html_past(int dir_fd, struct rc_slice summary, FILE *out, struct rc_err *err);

/* Calls row for each line of users.jsonl, without its newline; a torn last line is left out. */
enum rc_code rc_report_lines(int dir_fd, enum rc_code (*row)(void *ctx, struct rc_slice line, struct rc_err *err),
			     void *ctx, struct rc_err *err);

/* Adds; makes the set when there is none; o NULL: only that. */
void rc_row_set_add(struct rc_row_set **set, const struct rc_outcome *o);
bool rc_row_set_has(const struct rc_row_set *set, const struct rc_outcome *o);
void rc_row_set_free(struct rc_row_set *set);

#endif
