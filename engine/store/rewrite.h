/* engine/store/rewrite.h - the whole file anew, entry by entry, put in place at once. Used inside engine/store only. */
#ifndef RC_STORE_REWRITE_H
#define RC_STORE_REWRITE_H
#include "engine/store/store_impl.h"

struct rc_rewrite {
	/* Puts what becomes of one entry into the new file, of which out stands in the same table; may be called for
	 * the same entry again. Tables come in their order, entries in the order of their keys. NULL: the entry as it
	 * is. */
	void (*put)(struct rc_rewrite *r, struct rc_kv_txn *to, struct rc_kv_cursor *out, enum rc_kv_table table,
		    struct rc_slice key, struct rc_slice value);
	void (*last)(struct rc_rewrite *r, struct rc_kv_txn *to); /* after all of them; NULL: nothing */
	const char *keep;       /* name under which the old file stays beside the new one; NULL: it goes */
	struct rc_kv_txn *from; /* the old file, meanwhile */
};

/* dirfd: the state's directory, not locked. A crash leaves the old file or the new one, and at most a copy that is
 * removed at the next start. On an error the state is as it was. */
enum rc_code rc_store_rewrite(struct rc_store *s, struct rc_rewrite *r, int dirfd, struct rc_err *err);

/* Brings a state of an older format to ours. scratch: keeps no copy and says nothing. */
enum rc_code rc_store_migrate(struct rc_store *s, int dirfd, bool scratch, struct rc_err *err);

#endif
