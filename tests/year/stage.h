/* tests/year/stage.h - where the year plays: a directory in memory, both providers, and runs of the real engine in
 * virtual time. The files and the state of the directory are those of tests/unit/helper_nights.h. */
#ifndef YEAR_STAGE_H
#define YEAR_STAGE_H
#include "engine/run/run.h"
#include "tests/world/world.h"

/* begin_s: where the wall clock stands. */
void stage_begin(uint64_t seed, int64_t begin_s);
void stage_end(void);
/* The wall clock, ahead only. */
void stage_at(int64_t unix_s);
/* A run, in a child if it is to crash; its exit code, WORLD_CRASHED when it was ended in its middle. opts and f NULL: a
 * plain sync, no faults. Its rows are read (nights_rows) unless it crashed. */
int stage_run(const struct rc_run_opts *opts, const struct world_faults *f);
/* The run id of the last one. */
const char *stage_run_id(void);
void stage_script(const char *text);
void stage_users(void (*fn)(void *ctx, const struct provider_user *u), void *ctx);
/* A call that somebody makes past rollcall: "/?Action=...". Its HTTP status. */
int stage_by_hand(const char *query);
uint64_t stage_writes(void);
uint64_t stage_double_creates(void);

/* A command as a user types it, without the program's name; its exit code, and what it printed (NULL: not asked; the
 * caller frees). The clock is the machine's: for commands that do not ask what time it is. */
int stage_command(const char *const *argv, char **ret_out);
/* The state goes to another house: exported, and imported into a state that does not exist. */
void stage_move_state(void);

#endif
