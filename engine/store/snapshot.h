/* engine/store/snapshot.h - reading the records, their indexes, the unmanaged accounts and the order sequence in a
 * view.
 *
 * Walks go through struct rc_walk on the caller's stack: *_begin positions before the first, rc_walk_... returns false
 * at the end or on an error (which sticks in the view). A walk ends with its view; rc_walk_end frees it earlier, never
 * after. Memory of what a walk returns is the map's: it lives as long as the view, not only until the next step. */
#ifndef RC_SNAPSHOT_H
#define RC_SNAPSHOT_H
#include "engine/store/known.h"
#include "engine/store/store.h"

struct rc_walk {
	struct rc_view *view;
	void *cursor; /* opaque */
	uint8_t prefix[20];
	uint8_t prefix_n;
	uint8_t kind;
	bool started;
	uint16_t target;
	int64_t until_ns;
	struct rc_walk_newest *newest; /* of the history; the view's */
};
void rc_walk_end(struct rc_walk *w); /* NULL and a zeroed struct are fine */

/* --- records, by target and key ----------------------------------------------------------------------------------- */

bool rc_view_known(struct rc_view *v, uint16_t target, struct rc_slice key, struct rc_known *ret);
bool rc_view_known_hash(struct rc_view *v, uint16_t target, const uint8_t hash[RC_HASH_BYTES], struct rc_known *ret);

/* Many at once: asks in hash order (139 against 920 ns each). found[i] says whether ret[i] was filled. What ret points
 * to is in mem, so that the map's pages are not touched a second time, out of order. */
void rc_view_known_many(struct rc_view *v, uint16_t target, const uint8_t (*hashes)[RC_HASH_BYTES], size_t n,
			struct rc_arena *mem, struct rc_known *ret, bool *found);
/* The same undecoded, for rc_view_record: each page of the map is shown once, and that costs more than the rest. p
 * NULL: there is none. mem NULL: only whether there is one. */
void rc_view_records(struct rc_view *v, uint16_t target, const uint8_t (*hashes)[RC_HASH_BYTES], size_t n,
		     struct rc_arena *mem, struct rc_slice *ret);
bool rc_view_record(struct rc_view *v, uint16_t target, struct rc_slice record, struct rc_known *ret);

/* All records of a target in ascending order of the key hash (memcmp). ret_hash may be NULL. */
void rc_walk_known_begin(struct rc_view *v, uint16_t target, struct rc_walk *w);
bool rc_walk_known(struct rc_walk *w, struct rc_known *ret, const uint8_t **ret_hash);

/* The same walk for a merge: key hash and fingerprint in place, nothing decoded. */
struct rc_known_brief {
	const uint8_t *hash, *fingerprint; /* 16 bytes each */
	uint32_t flags;
	enum rc_known_status status;
	bool open; /* rc_known_open() */
	bool missing;
};
bool rc_walk_known_brief(struct rc_walk *w, struct rc_known_brief *ret);

/* Number of records of a target, kept beside them. managed_only: those with an account. */
uint64_t rc_view_known_count(struct rc_view *v, uint16_t target, bool managed_only);

/* Records that need a look though their row did not change, by hash. */
void rc_walk_open_begin(struct rc_view *v, uint16_t target, struct rc_walk *w);
bool rc_walk_open(struct rc_walk *w, struct rc_known *ret, const uint8_t **ret_hash);

/* What is due at or before until_ns, over all targets, earliest first. ret_retiring: the record is a retiring account.
 */
void rc_walk_due_begin(struct rc_view *v, int64_t until_ns, struct rc_walk *w);
bool rc_walk_due(struct rc_walk *w, uint16_t *ret_target, struct rc_known *ret, bool *ret_retiring);

/* --- retiring accounts: the other half of a rename or move, still there ------------------------------------------- */

/* All of a target (key n 0), or those of one person. */
void rc_walk_retiring_begin(struct rc_view *v, uint16_t target, struct rc_slice key, struct rc_walk *w);
bool rc_walk_retiring(struct rc_walk *w, struct rc_known *ret);

/* --- names -------------------------------------------------------------------------------------------------------- */

enum rc_name_kind { /* on disk: append only */
		    RC_NAME_FREE,
		    RC_NAME_MANAGED,   /* a record's account */
		    RC_NAME_RETIRING,  /* a retiring account */
		    RC_NAME_UNMANAGED, /* in the last listing, nobody's */
		    RC_NAME_RETIRED,   /* nobody's any more; since_ns says when it was freed (name_reuse_days) */
};

struct rc_name_owner {
	enum rc_name_kind kind;
	uint8_t key_hash[RC_HASH_BYTES]; /* MANAGED, RETIRING: the person; RETIRED: who had it last */
	int64_t since_ns;
};

/* Whose an account name is on a server, ASCII case folded. RC_NAME_FREE when unknown. */
struct rc_name_owner rc_view_name(struct rc_view *v, uint16_t target, struct rc_slice server, struct rc_slice name);

struct rc_name_asked {
	struct rc_slice server, name;
	struct rc_name_owner owner; /* the answer */
};
/* Many at once, in the order of the index, so that each of its pages is shown once. */
void rc_view_names(struct rc_view *v, uint16_t target, struct rc_name_asked *asked, size_t n);

/* The same by a thread of its own, while the caller goes on with v: until rc_view_names_told() asked is nobody else's,
 * and v must not end. NULL: there is no thread to be had, and nothing will be told. */
struct rc_names_ahead;
struct rc_names_ahead *rc_view_names_ahead(struct rc_view *v, uint16_t target, struct rc_name_asked *asked, size_t n);
void rc_view_names_told(struct rc_view *v, struct rc_names_ahead *a); /* frees it; NULL is fine */

/* --- unmanaged accounts of the last listing ----------------------------------------------------------------------- */

struct rc_unmanaged {
	struct rc_slice name, remote_id, server, group, group_id, created_at; /* created_at: the provider's text */
	struct rc_account account;
	bool disabled;
	int64_t seen_ns;
};
bool rc_view_unmanaged(struct rc_view *v, uint16_t target, struct rc_slice server, struct rc_slice name,
		       struct rc_unmanaged *ret);
void rc_walk_unmanaged_begin(struct rc_view *v, uint16_t target, struct rc_walk *w);
bool rc_walk_unmanaged(struct rc_walk *w, struct rc_unmanaged *ret);

struct rc_listing {
	int64_t started_ns, finished_ns;
	uint64_t rows;
	int64_t total_count; /* the provider's; -1: not told */
	bool complete;       /* proven */
	struct rc_slice run_id;
};
bool rc_view_listing(struct rc_view *v, uint16_t target, struct rc_slice server, struct rc_listing *ret);

/* --- the order sequence: (row hash, key hash) of the last applied input, in file order -----------------------------
 */

enum { RC_ORDER_BITS = 13, RC_ORDER_BLOCK = 1 << RC_ORDER_BITS };
enum { RC_ORDER_GROUP_BITS = 4, RC_ORDER_GROUP = 1 << RC_ORDER_GROUP_BITS }; /* rows that are hashed as one text, too */

struct rc_order_info {
	uint64_t n;       /* entries */
	uint8_t seed[16]; /* of the mapping it was made with: the caller's, compared by the caller */
	bool current;     /* nothing was confirmed behind its back: the records are those it was written with */
	bool raw;         /* raw row hashes are there */
};

struct rc_order_block {
	const uint8_t (*rows)[16]; /* fingerprints of the used columns; all zero: counts for nothing */
	const uint8_t (*keys)[RC_HASH_BYTES];
	const uint8_t (*raw)[16]; /* NULL unless info.raw */
	/* Of the text of each whole group of rows; all zero: they were no one text. NULL: of none. */
	const uint8_t (*groups)[16];
	size_t n; /* RC_ORDER_BLOCK but in the last */
};

bool rc_view_order(struct rc_view *v, uint16_t source, struct rc_order_info *ret);
/* Entries block * RC_ORDER_BLOCK and on, in place. false: past the end. */
bool rc_view_order_block(struct rc_view *v, uint16_t source, uint64_t block, struct rc_order_block *ret);

#endif
