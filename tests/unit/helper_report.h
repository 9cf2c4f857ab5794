/* A reports directory of a test's own, and outcomes to fill it with. */
#ifndef HELPER_REPORT_H
#define HELPER_REPORT_H
#include "engine/report/report.h"

struct report_dir {
	char root[64];    /* removed by report_dir_done */
	char reports[96]; /* root/reports, not made yet */
};

void report_dir_init(struct report_dir *d);
void report_dir_done(struct report_dir *d);

/* A file of the reports directory, NUL-terminated; NULL when there is none. The caller frees it. */
char *report_read(const struct report_dir *d, const char *run_id, const char *name);
void report_write(const struct report_dir *d, const char *run_id, const char *name, const char *text, size_t n);
size_t report_lines(const char *text);

/* render to a string the caller frees; fails the test unless it works. */
char *report_render(const struct report_dir *d, const char *run_id, enum rc_report_format format);

/* Somebody of vpn-eu whose create is done. */
struct rc_outcome outcome_of(const char *key, const char *name);

/* A summary of two targets, vpn-eu and sag-cn, that adds up; points to static memory. */
struct rc_summary summary_of(const char *run_id, struct rc_summary_target targets[2]);

#endif
