/* engine/report/html_int.h - the pieces of report.html. Everything is appended to a buffer; every value goes through
 * rc_html_text. */
#ifndef RC_REPORT_HTML_INT_H
#define RC_REPORT_HTML_INT_H
#include <cjson/cJSON.h>
#include "engine/base/arena.h"
#include "engine/report/report_int.h"

enum {
	RC_HTML_ROWS = 50000,  /* rows in the page; users.csv has all */
	RC_HTML_CAUSES = 500,  /* different failures that are told apart */
	RC_HTML_NAMES = 5,     /* examples per cause */
	RC_HTML_WAITING = 100, /* people listed by name as waiting, and as drifted */
};

/* A cause of failures: one error code and message on one target. */
struct rc_html_cause {
	uint64_t hash, n;
	const char *target, *code, *message, *status;
	const char *names[RC_HTML_NAMES];
	size_t n_names;
};

struct rc_html_person {
	const char *target, *who, *why, *until, *fields;
	uint32_t queue_position;
};

struct rc_html_list {
	struct rc_html_person v[RC_HTML_WAITING];
	size_t n;
	uint64_t total;
};

/* The rows of the table, ready to be written: each with the comma and the line end before it, one behind the other in
 * chunks. Memory: about 260 bytes a row, of at most 2 x RC_HTML_ROWS; what is left over of chunks is at most as much
 * again, where rows are nearly as large as one. */
enum rc_html_row_kind { RC_HTML_ROW_GOOD, RC_HTML_ROW_TROUBLED, RC_HTML_ROW_OUT };
struct rc_html_row {
	struct rc_slice text;
	enum rc_html_row_kind kind;
};
struct rc_html_rows {
	struct rc_arena mem; /* chunks */
	char *next;          /* in the newest chunk */
	size_t left;
	struct rc_buf json, safe; /* one row */
	struct rc_html_row *v;
	size_t n, cap, kept, look_below;
};
void rc_html_rows_add(struct rc_html_rows *r, const struct rc_outcome *o, bool troubled);
/* As a JSON object for the page's script; total: how many rows the run had. */
enum rc_code rc_html_rows_put(const struct rc_html_rows *r, uint64_t total, FILE *out, struct rc_err *err);
void rc_html_rows_done(struct rc_html_rows *r);

/* What the page says of all rows; a zeroed one is empty. */
struct rc_html_scan {
	struct rc_arena mem;
	uint64_t total;
	struct rc_html_cause causes[RC_HTML_CAUSES];
	size_t n_causes;
	uint64_t other_failures; /* beyond RC_HTML_CAUSES */
	struct rc_html_list waiting, drift;
	struct rc_html_rows rows;
};
/* A run hands each row over as it writes it; a past run is read again from users.jsonl. Both give the same page. */
void rc_html_scan_row(struct rc_html_scan *s, const struct rc_outcome *o);
enum rc_code rc_html_scan_file(struct rc_html_scan *s, int dir_fd, struct rc_err *err);

void rc_html_text(struct rc_buf *b, struct rc_slice s);
void rc_html_cstr(struct rc_buf *b, const char *s);
void rc_html_number(struct rc_buf *b, uint64_t v);

/* JSON in which nothing can end a script element: as it is, or made anew in b. */
struct rc_slice rc_html_json(struct rc_buf *b, struct rc_slice json);

void rc_html_row(struct rc_buf *b, const struct rc_outcome *o);

void rc_html_chart(struct rc_buf *b, const char *target, const cJSON *timeline);
void rc_html_head(struct rc_buf *b, const cJSON *summary); /* verdict, facts, notes */
void rc_html_sources(struct rc_buf *b, const cJSON *summary);
void rc_html_targets(struct rc_buf *b, const cJSON *summary); /* totals, guards, pacing, charts */
void rc_html_failures(struct rc_buf *b, const struct rc_html_scan *scan, const cJSON *summary);
void rc_html_waiting(struct rc_buf *b, const struct rc_html_scan *scan);
void rc_html_drift(struct rc_buf *b, const struct rc_html_scan *scan);

/* Members of a JSON object; absent gives NULL or -1. */
const char *rc_html_str(const cJSON *o, const char *key);
double rc_html_num(const cJSON *o, const char *key);

#endif
