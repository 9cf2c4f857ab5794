/* tests/unit/helper_nights.h - whole runs of the engine in this process, against the real simulator in a child, on a
 * wall clock of the test's own: a month passes between two lines. Monotonic time stays real. */
#ifndef HELPER_NIGHTS_H
#define HELPER_NIGHTS_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include "engine/report/outcome.h"
#include "engine/run/run.h"
#include "engine/store/snapshot.h"

extern char nights_dir[64]; /* rollcall.json, state, reports and whatever the test writes */

/* A fresh directory and a fresh simulator with this script (NULL: none). */
void nights_begin(const char *script);
/* A cmocka teardown. */
int nights_end(void **state);

/* rm -rf */
void nights_remove(const char *path);
void nights_file(const char *name, const char *text);
/* rollcall.json; @ENDPOINT@ is the simulator's address. */
void nights_config(const char *text);
/* The wall clock: "2026-03-29T01:30:00Z"; it goes on from there. */
void nights_at(const char *utc);
void nights_at_ns(int64_t wall_ns);
int64_t nights_now(void);

/* A run with these options ("sync" with all defaults: NULL) to its end; its exit code. Its report is read. */
int nights_run(const char *command, const struct rc_run_opts *more);
/* The same in a child that is killed once the simulator has seen so many more requests; -1 when it was, else its exit
 * code. Its report is not read. */
int nights_run_killed(uint64_t after_requests);

/* For a test with runs of its own: reads the report of this one; none: no rows. */
void nights_read_rows(const char *run_id);
size_t nights_rows(const struct rc_outcome **ret); /* of the last run, until the next */
/* The last run's only row of this person; NULL: none. Fails the test when there are two. */
const struct rc_outcome *nights_row(const char *key);
/* "ACTION STATUS DUE", DUE as "2026-03-29T00:00:00Z" or "-"; "none" without a row. Static memory. */
const char *nights_says(const char *key);

/* The record of a person on a target, by a view of its own; false: none. Lives until the next call. */
bool nights_known(const char *target, const char *key, struct rc_known *ret);

/* `hold` and `release` as commands. */
void nights_hold(const char *key, bool held);

struct nights_state { /* the state as it is, for reading */
	struct rc_config *cfg;
	struct rc_store *store;
	struct rc_view *view;
	struct rc_arena mem;
	uint16_t number; /* of the target */
};
void nights_open(const char *target, struct nights_state *ret);
void nights_close(struct nights_state *s);

/* Writes the simulator has taken: users created, updated and deleted. */
uint64_t nights_writes(void);
/* Asks the simulator; the caller frees. */
cJSON *nights_get(const char *path);
void nights_script(const char *text);
/* "NAME:STATE NAME:STATE ...", sorted; STATE is + or - (disabled). Static memory. */
const char *nights_accounts(void);

#endif
