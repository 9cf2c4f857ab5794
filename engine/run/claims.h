/* engine/run/claims.h - whose a row of the provider's list is, when one person was on the way out of an account name
 * and another on the way into it.
 *
 * A killed run leaves both as "sent, not seen", so two records name one account. Its id says whose it is: ids are never
 * given twice. Where accounts have no ids their fields do, and while those leave it open the account counts as its
 * earlier holder's: then the other create is looked for once that one is gone. */
#ifndef RC_RUN_CLAIMS_H
#define RC_RUN_CLAIMS_H
#include "engine/run/run_int.h"
#include "engine/exec/listing.h"

/* The row of a record, by id or else by name, where the snapshot has the account; one on a server that the pool has no
 * more is looked for on all of them. k->server becomes the row's. *ret_heard: each of those lists is there. */
struct rc_listing_row *run_row_of(const struct run_target *t, struct rc_known *k, bool *ret_heard);

/* Marks the rows that an unseen create may have made (asked), and of them those that are still somebody else's (kept).
 * Needs the view; before the records are matched. */
void run_claims_mark(struct run *r, struct run_target *t);

/* Whether the row of this record's name is the account of another one. server: where the snapshot has it; retiring: the
 * record is that of an old account. */
bool run_claim_lost(struct run *r, const struct run_target *t, const struct rc_known *k, struct rc_slice server,
		    const uint8_t hash[16], bool retiring, const struct rc_listing_row *row);

/* A create that nobody saw, whose row is still its earlier holder's: remembered for run_leave_name. */
void run_claim_waits(struct run *r, struct run_target *t, const uint8_t hash[16], const struct rc_listing_row *row);

/* The holder of such a row has it in the index again. k: as it was just stored. */
void run_claim_back(struct run *r, const struct run_target *t, const struct rc_known *k, const uint8_t hash[16],
		    const struct rc_listing_row *row);

/* An operation on an account whose name is another person's by now, or still: it looks for its account by id only, or
 * for one that is not the other's, and where accounts have no ids nothing is sent. Needs the view. */
void run_leave_name(struct run *r, const struct run_target *t, struct rc_op *op);

#endif
