/* engine/store/fact.h - a queued change between the thread that states it and the one that commits it. Used inside
 * engine/store only. */
#ifndef RC_STORE_FACT_H
#define RC_STORE_FACT_H
#include "engine/store/store_impl.h"
#include "engine/store/writer.h"

enum rc_fact_kind {
	/* Sorted among their neighbours before they are applied, by kind first: the order of these lines matters. */
	RC_FACT_PUT_UNMANAGED, /* del and put of one table are one class: see rc_fact_class() */
	RC_FACT_DEL_UNMANAGED,
	RC_FACT_PUT_RETIRING,
	RC_FACT_DEL_RETIRING,
	RC_FACT_PUT_KNOWN,
	RC_FACT_DEL_KNOWN,
	RC_FACT_EVENT,
	RC_FACT_PUT, /* any table without an index */
	RC_FACT_DEL,
	RC_FACT_OP_STATE,
	/* Barriers: nothing moves across them. */
	RC_FACT_BARRIERS,
	RC_FACT_CLEAR_UNMANAGED = RC_FACT_BARRIERS,
	RC_FACT_PRUNE_NAMES,
	RC_FACT_PRUNE_HISTORY,
	RC_FACT_FORGET,
	RC_FACT_ORDER_BEGIN,
	RC_FACT_ORDER_COMMIT,
	RC_FACT_ORDER_DROP,
};

struct rc_fact {
	uint64_t seq;
	int64_t at_ns, sent_ns; /* retired_ns, before_ns, times of an op's state */
	uint32_t size;          /* of the whole, with what follows; a multiple of 8 */
	uint32_t value_n;
	uint16_t key_n, target;
	uint8_t kind, table, state;
	/* key, value */
};

static inline struct rc_slice rc_fact_key(const struct rc_fact *f)
{
	return (struct rc_slice){(const char *)(f + 1), f->key_n};
}

static inline struct rc_slice rc_fact_value(const struct rc_fact *f)
{
	return (struct rc_slice){(const char *)(f + 1) + f->key_n, f->value_n};
}

/* Facts back to back, 8-byte aligned. */
struct rc_facts {
	char *p;
	size_t n, cap;
	uint64_t count;
};

/* What one transaction of facts carries along. */
struct rc_apply {
	struct rc_store *store;
	struct rc_kv_txn *t;
	uint64_t generation;
	bool stamped;                       /* generation changed: to be stored */
	struct rc_kv_cursor *known;         /* for appending; NULL until needed */
	struct rc_key last_known;           /* greatest key of the table */
	struct rc_buf buf;                  /* scratch */
	struct rc_buf record;               /* the one being put */
	struct rc_slice reason, reason_key; /* of the event before: two people with one share it */
	uint16_t counted;                   /* target whose counts are held here; stored when another's turn comes */
	int64_t all_more, managed_more;
};

/* Records and managed ones of a target, kept beside them so that nobody has to walk. */
void rc_apply_count(struct rc_apply *a, uint16_t target, int all, int managed);
void rc_apply_store_counts(struct rc_apply *a);

struct rc_apply_group {
	const struct rc_facts *facts;
	uint64_t next_id;
};
void rc_apply_group(struct rc_store *s, struct rc_kv_txn *t, void *group); /* for rc_store_write() */

/* event: what happened to the person in the same group, or NULL. Whether the record keeps it now: if not, it is still
 * to be applied. */
bool rc_apply_put_known(struct rc_apply *a, const struct rc_fact *f, const struct rc_fact *event);
/* The event that a record keeps goes to the history: the record goes, or something newer happened. */
void rc_apply_event_out(struct rc_apply *a, uint16_t target, struct rc_slice key);
void rc_apply_event(struct rc_apply *a, const struct rc_fact *f);
void rc_apply_del_known(struct rc_apply *a, uint16_t target, struct rc_slice key, int64_t retired_ns);
void rc_apply_put_retiring(struct rc_apply *a, const struct rc_fact *f);
void rc_apply_del_retiring(struct rc_apply *a, uint16_t target, struct rc_slice key, int64_t retired_ns);
void rc_apply_put_unmanaged(struct rc_apply *a, const struct rc_fact *f);
void rc_apply_del_unmanaged(struct rc_apply *a, const struct rc_fact *f);

void rc_apply_clear_unmanaged(struct rc_apply *a, struct rc_slice prefix);
void rc_apply_prune_names(struct rc_apply *a, uint16_t target, int64_t before_ns);
void rc_apply_prune_history(struct rc_apply *a, int64_t before_ns);
void rc_apply_forget(struct rc_apply *a, uint16_t target, struct rc_slice key); /* key: target and key hash */
void rc_apply_order_begin(struct rc_apply *a, uint16_t source);
void rc_apply_order_commit(struct rc_apply *a, uint16_t source, struct rc_slice value);
void rc_apply_order_drop(struct rc_apply *a, uint16_t source);

#endif
