/* tests/year/check.h - after a night: the providers, the snapshot, the report and the history against the truth. Each
 * fails the test with the first difference. */
#ifndef YEAR_CHECK_H
#define YEAR_CHECK_H
#include "tests/year/company.h"

extern const char *const target_names[TARGETS];

/* hint: what happened before, for the message. */
void check_provider(const struct company *c, const char *hint);
void check_snapshot(const struct company *c, const char *hint);
/* One row per person who needs one, and it says what was done. */
void check_report(const struct company *c, const char *hint);
/* The books of this run balance. */
void check_books(const char *run_id);

/* Remembers who has access tonight, if this is a night to remember; a second night of such a day takes the place of the
 * first. */
void remember_access(const struct company *c, bool wanted);
/* Whether `list --at` tells what was remembered; forgets it. How many days that were. */
size_t check_history(void);

#endif
