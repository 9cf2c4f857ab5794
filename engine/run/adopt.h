/* engine/run/adopt.h - whose an account is that nobody manages yet: adopt_map by name and key, adopt_if by its fields.
 */
#ifndef RC_RUN_ADOPT_H
#define RC_RUN_ADOPT_H
#include "engine/run/run_int.h"

struct adopt_map;

/* Reads the target's adopt_map and forgets it: RC_DATA as below. */
enum rc_code run_adopt_check(const struct rc_config *cfg, const struct rc_target *t, struct rc_err *err);

/* Reads adopt_map of every selected target. RC_DATA: unreadable, malformed, an account or a person named twice. A line
 * without a key says nothing (adopt_candidates.csv has such lines); further columns are allowed. */
enum rc_code run_adopt_load(struct run *r, struct rc_err *err);
void run_adopt_done(struct run *r);

/* Name, as the provider spells it, of the unmanaged account that adopt_map gives to this person; n 0: none, or no such
 * account is listed (told in the log). Lives as long as the view. */
struct rc_slice run_adopt_mapped(struct run *r, size_t target, struct rc_slice key);
/* The key that adopt_map gives this account to; n 0: none. */
struct rc_slice run_adopt_owner(const struct run *r, size_t target, struct rc_slice name);
/* Whether adopt_map or adopt_if says that the account is this person's; without either nothing is proven. */
bool run_adopt_proven(struct run *r, size_t target, const struct rc_person *p, const struct rc_unmanaged *u);
/* Unmanaged accounts of this name on the target's servers; the first of them into *ret. */
size_t run_find_unmanaged(struct run *r, size_t target, struct rc_slice name, struct rc_unmanaged *ret);

#endif
