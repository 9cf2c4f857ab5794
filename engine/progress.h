/* engine/progress.h - how far a run is, on stderr, while it lasts.
 *
 * On a terminal one line, redrawn at most 10 times a second; it steps aside for log lines (rc_log_hook) and is gone at
 * the end. Elsewhere a log line every 10 seconds, so that it has the run id and the log's format. Never on stdout.
 * One at a time in a process. Time is monotonic ns, passed in. */
#ifndef RC_PROGRESS_H
#define RC_PROGRESS_H
#include <stdbool.h>
#include <stdint.h>

enum rc_progress_mode {
	RC_PROGRESS_AUTO, /* LINE on a terminal that can move its cursor (TERM is not dumb), else PLAIN */
	RC_PROGRESS_LINE,
	RC_PROGRESS_PLAIN,
	RC_PROGRESS_OFF,
};

#define RC_PROGRESS_PHASES(X)                                                                                          \
	X(READ, "reading sources") /* done: rows so far, total 0 */                                                    \
	X(LIST, "reading lists")   /* done: accounts so far, total 0 when not told */                                  \
	X(WRITE, "applying")                                                                                           \
	X(CONFIRM, "confirming")                                                                                       \
	X(DRAIN, "stopping")
enum rc_progress_phase {
#define X(name, text) RC_PHASE_##name,
	RC_PROGRESS_PHASES(X)
#undef X
		RC_PHASE_COUNT
};

/* Why nothing is sent at this moment; wait_s beside it says until when, parked how many. */
#define RC_PROGRESS_WAITS(X)                                                                                           \
	X(NONE, "")                                                                                                    \
	X(BUSY, "busy")                                                                                                \
	X(THROTTLED, "throttled")                                                                                      \
	X(ERRORS, "service errors")                                                                                    \
	X(SEATS, "seat limit")                                                                                         \
	X(DAY, "requests per day")                                                                                     \
	X(SETTLE, "settling")
enum rc_progress_wait {
#define X(name, text) RC_WAIT_##name,
	RC_PROGRESS_WAITS(X)
#undef X
		RC_WAIT_COUNT
};

struct rc_progress_state {
	enum rc_progress_phase phase;
	uint64_t done, total; /* total 0: not known */
	uint64_t failed;
	uint32_t in_flight;       /* calls */
	uint64_t busy, throttled; /* answers so far */
	enum rc_progress_wait wait;
	double wait_s;
	uint64_t parked; /* people waiting for a seat */
};

struct rc_progress;

/* fd: where the line goes, 2 but in tests. colour: the reason for waiting stands out. */
struct rc_progress *rc_progress_new(int fd, enum rc_progress_mode mode, bool colour);

/* Cheap; draws only when it is time. */
void rc_progress_update(struct rc_progress *p, const struct rc_progress_state *s, int64_t now_ns);

/* Takes the line away and the hooks out. NULL is fine. */
void rc_progress_free(struct rc_progress *p);

#endif
