/* engine/store/later.h - facts that are durable but not in the tables yet. Used inside engine/store only.
 *
 * Keys of records and names are hashes: a thousand accounts lie on a thousand pages of each of two tables, and to copy,
 * write and sync those is what acknowledging them costs, whatever an account weighs. So a group is first appended to
 * `later`, a few pages in all, and many groups go into the tables in one transaction, in which each page is written
 * once: when enough have gathered, when somebody wants to read, when the writer stops, and when a state is opened for
 * writing that a killed run left. They are applied group by group, each as it would have been by itself, so what comes
 * out does not depend on what was put off.
 *
 * Whoever reads sees none of this: a view of the process that writes waits until nothing is put off, and one of another
 * process reads a copy in which nothing is (scratch.h). While something is, the file is marked with a format of its
 * own, so that a version that knows nothing of `later` does not take it for whole. */
#ifndef RC_STORE_LATER_H
#define RC_STORE_LATER_H
#include "engine/store/fact.h"

/* Whether a group may be put off: single entries only, none of them large, and not too many with those that are. */
bool rc_later_may(const struct rc_store *s, const struct rc_facts *group);
void rc_later_put(struct rc_kv_txn *t, const struct rc_facts *group);
/* After the commit that put a group off. */
void rc_later_count(struct rc_store *s, const struct rc_facts *group);
/* Everything that is put off into the tables, none of it is left in `later`. */
void rc_later_apply(struct rc_apply *a);
/* After the commit that did. */
void rc_later_none(struct rc_store *s);

/* rc_store_settle() (store_impl.h) does the same in a transaction of its own. */

/* What a killed run put off: *ret entries. */
enum rc_code rc_later_left(struct rc_store *s, uint64_t *ret, struct rc_err *err);

#endif
