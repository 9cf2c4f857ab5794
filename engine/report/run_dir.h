/* engine/report/run_dir.h - run ids and the directories below `reports`.
 *
 * A run id has 1 to 64 of A-Za-z0-9._- and no leading dot. Nothing here follows a symlink below the reports directory.
 */
#ifndef RC_REPORT_RUN_DIR_H
#define RC_REPORT_RUN_DIR_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/err.h"

enum { RC_RUN_ID_MAX = 64 };

#define RC_RUN_BEGAN                                                                                                   \
	".began" /* in a run's directory until its report is finished, where the state knows nothing of it */

bool rc_run_id_valid(const char *id);

/* "20261124T050244Z-x7k2m9": sorts by time, unique within a second by its random end. */
void rc_run_id_new(const struct rc_clock *clock, char out[RC_RUN_ID_MAX + 1]);

/* Makes the reports directory (with its parents) and, in it, a new directory for the run, both 0700, and opens it;
 * sync: on disk when it returns. The descriptor holds a lock (flock) on it, which ends with the process. RC_USAGE: bad
 * or used id. RC_CANTCREAT otherwise. */
enum rc_code rc_run_dir_create(const char *reports_dir, const char *run_id, bool sync, int *ret_fd, struct rc_err *err);

/* Opens an existing one, without a lock. RC_USAGE when there is none. */
enum rc_code rc_run_dir_open(const char *reports_dir, const char *run_id, int *ret_fd, struct rc_err *err);

struct rc_run_entry {
	const char *run_id;
	int64_t started_at; /* wall ns: from summary.json, else the directory's own time */
	bool finished;      /* has a summary.json */
};

/* Every run directory, oldest first; memory from mem. A missing reports directory is an empty list. */
enum rc_code rc_run_list(const char *reports_dir, struct rc_arena *mem, struct rc_run_entry **ret, size_t *ret_n,
			 struct rc_err *err);

/* Those that were begun, have no summary.json and are locked by nobody; started_at is the directory's own time. */
enum rc_code rc_run_abandoned(const char *reports_dir, struct rc_arena *mem, struct rc_run_entry **ret, size_t *ret_n,
			      struct rc_err *err);

/* Removes reports of runs that began before `before_ns`, except keep_run (may be NULL); calls removed (may be NULL) for
 * each. dry: only calls. Only directories that hold a users.jsonl or summary.json are looked at; one with a
 * subdirectory in it stays. */
enum rc_code rc_run_prune(const char *reports_dir, int64_t before_ns, const char *keep_run, bool dry,
			  void (*removed)(void *ctx, const char *run_id), void *ctx, size_t *ret_n, struct rc_err *err);

/* Replaces a file of the run's directory by temporary file, fsync (if sync) and rename, mode 0600: begin gives the
 * temporary file, commit ends it under its name (ok false: takes it away) and closes fd; write does both. */
enum rc_code rc_run_file_begin(int dir_fd, const char *name, int *ret_fd, struct rc_err *err);
enum rc_code rc_run_file_commit(int dir_fd, const char *name, int fd, bool ok, bool sync, struct rc_err *err);
enum rc_code rc_run_file_write(int dir_fd, const char *name, struct rc_slice bytes, bool sync, struct rc_err *err);

/* The inverse of rc_time_iso and rc_time_iso_ms. */
bool rc_run_time_parse(const char *iso, int64_t *ret_ns);

/* Reads a whole regular file of at most max bytes; NUL-terminated in *ret. RC_USAGE when there is none. */
enum rc_code rc_run_file_read(int dir_fd, const char *name, size_t max, struct rc_buf *ret, struct rc_err *err);

#endif
