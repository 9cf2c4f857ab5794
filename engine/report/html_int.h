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

/* What a first walk over users.jsonl finds. */
struct rc_html_scan {
	struct rc_arena mem;
	uint64_t total, troubled; /* rows; rows that did not end as wanted */
	struct rc_html_cause causes[RC_HTML_CAUSES];
	size_t n_causes;
	uint64_t other_failures; /* beyond RC_HTML_CAUSES */
	struct rc_html_list waiting, drift;
};

enum rc_code rc_html_scan(int dir_fd, struct rc_html_scan *ret, struct rc_err *err);
bool rc_html_troubled(const struct rc_outcome *o);

/* The rows as a JSON object for the page's script, straight to `out`. */
enum rc_code rc_html_rows(int dir_fd, const struct rc_html_scan *scan, FILE *out, struct rc_err *err);

void rc_html_text(struct rc_buf *b, struct rc_slice s);
void rc_html_cstr(struct rc_buf *b, const char *s);
void rc_html_number(struct rc_buf *b, uint64_t v);

/* Appends JSON so that nothing in it can end a script element. */
void rc_html_json(struct rc_buf *b, struct rc_slice json);

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
