/* engine/run/names_ahead.h - whose the names are that newcomers will ask for, looked up while everybody is decided.
 *
 * Who has no record and shall have an account is known as soon as the scan is over, and the name, too: most of what
 * names.c will ask. An answer is believed for exactly the name that was asked, in the view it was asked in. */
#ifndef RC_RUN_NAMES_AHEAD_H
#define RC_RUN_NAMES_AHEAD_H
#include "engine/run/run_int.h"

/* Between begin and wait r->view must not end. Few names are not worth it: then nothing happens. */
void run_names_ahead(struct run *r, size_t target);
void run_names_wait(struct run *r);
/* The answer for an operation's name on a target without a pool; false: it has to be asked for. */
bool run_names_told(const struct run *r, const struct rc_op *op, struct rc_name_owner *ret);
void run_names_done(struct run *r); /* after wait; more than once is fine */

#endif
