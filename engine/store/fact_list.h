/* engine/store/fact_list.h - what the facts of a bulk load are sorted by, noted while they are stated: so that nobody
 * walks through hundreds of MB for that, and nobody looks at them again for their names. Used inside engine/store only.
 *
 * A list serves as long as it is whole: all facts are records put, of one target and with names as a target's only
 * server has them, and they have stayed where they were. Else facts are walked through as in any other group. */
#ifndef RC_STORE_FACT_LIST_H
#define RC_STORE_FACT_LIST_H
#include "engine/store/fact.h"
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

enum { RC_LISTED_HEAD = 3, RC_LISTED_HASH = 12 };

/* What is put into `names`: the rest of its key, and whose it is. */
struct rc_listed_name {
	uint8_t hash[RC_LISTED_HASH];
	uint32_t nth; /* in the order in which they were stated */
	uint8_t key_hash[RC_HASH_BYTES];
};

struct rc_fact_list {
	const char *base; /* where the facts are */
	bool whole;
	uint16_t target;
	size_t n, n_names, cap;
	struct rc_fact_at *at;
	struct rc_listed_name *names;
	uint8_t head[RC_LISTED_HEAD]; /* of all keys in names */
	size_t touched;               /* entries that the system has put memory to */
};

/* An empty list for facts in a buffer of this many bytes; NULL: there is no memory for it. */
struct rc_fact_list *rc_fact_list_new(size_t bytes);
void rc_fact_list_free(struct rc_fact_list *l); /* NULL is fine */

/* The next fact, which lies in the buffer that begins at base. */
void rc_fact_list_add(struct rc_fact_list *l, const char *base, const struct rc_fact *f);

/* The list of a group that has one for all of its facts; NULL: it has none. */
struct rc_fact_list *rc_facts_listed(const struct rc_facts *facts);

/* Puts memory to where the next entries come, up to this many in all. */
void rc_fact_list_touch(struct rc_fact_list *l, size_t n);
void rc_fact_list_small(struct rc_fact_list *l); /* what is touched from now on comes in small pages */

#endif
