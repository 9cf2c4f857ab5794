/* engine/run/candidates.h - adopt_candidates.csv: accounts that are nobody's, with the people they may belong to.
 *
 * Near is who has no account on the target yet and whose name, mail address or key resembles the account's name, mail
 * address or another text of it: the same words in any order, or a few slips apart. The file is in adopt_map's format;
 * the operator moves a key into its column. */
#ifndef RC_RUN_CANDIDATES_H
#define RC_RUN_CANDIDATES_H
#include "engine/run/run_int.h"

struct candidates;

struct candidates *run_candidates_new(struct run *r, size_t target);
/* One unmanaged account that this run does not adopt. */
void run_candidates_add(struct candidates *c, const struct rc_unmanaged *u);
void run_candidates_free(struct candidates *c);

#endif
