/* engine/report/sink.h - a file of a report that only grows: whole records, buffered, mode 0600. */
#ifndef RC_REPORT_SINK_H
#define RC_REPORT_SINK_H
#include "engine/base/buf.h"
#include "engine/base/err.h"

struct rc_sink {
	int fd; /* -1: not open */
	char name[40];
	struct rc_buf buf; /* records not written yet; callers append to it */
};

/* A new file; RC_CANTCREAT when it exists. */
enum rc_code rc_sink_create(struct rc_sink *s, int dir_fd, const char *name, struct rc_err *err);

/* An existing or new file, cut off after its last newline. */
enum rc_code rc_sink_reopen(struct rc_sink *s, int dir_fd, const char *name, struct rc_err *err);

enum rc_code rc_sink_flush(struct rc_sink *s, struct rc_err *err);
enum rc_code rc_sink_sync(struct rc_sink *s, struct rc_err *err); /* flush and fsync */
void rc_sink_close(struct rc_sink *s);                            /* drops what was not flushed; twice is fine */

#endif
