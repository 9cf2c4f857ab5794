/* engine/store/fact.h - a queued change between the thread that states it and the one that commits it. Used inside
 * engine/store only. Facts also wait in the file (later.h): kinds, bits of the state and the head are as in
 * schemas/store-format.md, which a change of them would have to give another number. */
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

/* What the indexes need of a record that is put, so that nobody reads it again: in `state` of the fact. */
enum { RC_FACT_OPEN = 1, RC_FACT_MANAGED = 2, RC_FACT_KEEPS_EVENT = 4, RC_FACT_TAKES_NAME = 8 };

struct rc_fact {
	uint64_t seq;
	int64_t at_ns, sent_ns; /* retired_ns, before_ns, times of an op's state; of a record: due_at, changed_at */
	uint32_t size;          /* of the whole, with what follows; a multiple of 8 */
	uint32_t value_n;
	uint16_t key_n, target;
	uint8_t kind, table, state;
	uint8_t name_n; /* of a record that takes a name: length of its key in `names` */
			/* key, key in `names`, value */
};

/* Facts in sorted order lie anywhere in memory: the one that comes a little later is sent for meanwhile. */
static inline void rc_fact_prefetch(const struct rc_fact *f)
{
	for (unsigned i = 0; i < 4; i++)
		__builtin_prefetch((const char *)f + i * 64L);
}

static inline struct rc_slice rc_fact_key(const struct rc_fact *f)
{
	return (struct rc_slice){(const char *)(f + 1), f->key_n};
}

static inline struct rc_slice rc_fact_value(const struct rc_fact *f)
{
	return (struct rc_slice){(const char *)(f + 1) + f->key_n + f->name_n, f->value_n};
}

static inline struct rc_slice rc_fact_name(const struct rc_fact *f)
{
	return (struct rc_slice){(const char *)(f + 1) + f->key_n, f->name_n};
}

/* Facts back to back, 8-byte aligned. */
struct rc_facts {
	struct rc_buf b;
	uint64_t count;
	struct rc_fact_list *list; /* of a bulk load; NULL: there is none */
};

struct rc_apply;

/* Entries put one after the other: at the end of the table when they sort there, so that sorted loads fill pages. */
struct rc_puts {
	struct rc_kv_cursor *c; /* NULL until needed */
	struct rc_key last;     /* greatest key of the table */
};
void rc_puts_open(struct rc_apply *a, struct rc_puts *p, enum rc_kv_table table);
bool rc_puts_next(struct rc_puts *p, struct rc_slice key,
		  struct rc_slice value); /* whether it came behind all others */
void rc_puts_close(struct rc_puts *p);    /* also when the greatest key may be gone */

/* A fact to be sorted, with the beginning of what it is sorted by: most comparisons need no look at the fact. */
enum { RC_FACTS_AHEAD = 8 };
struct rc_fact_at {
	uint64_t prefix;
	union {
		const struct rc_fact *f;
		const struct rc_listed_name *name; /* instead; see fact_list.h */
	};
};
struct rc_fact_at rc_fact_at_of(const struct rc_fact *f);

/* compare is of two rc_fact_at, by prefix first, and no two are equal. */
void rc_facts_sort(struct rc_fact_at *v, size_t n, int (*compare)(const void *, const void *));

/* Records whose names are not put yet: they wait for one another, and are put in the order of the table. */
struct rc_late_names {
	const struct rc_fact_at *facts; /* being put, this one now */
	size_t now, n;                  /* n: how many wait */
	uint64_t *waits;                /* a bit of each fact */
	struct rc_names_ahead *ahead;   /* NULL: nobody sorts them meanwhile */
};

/* What one transaction of facts carries along. */
struct rc_apply {
	struct rc_store *store;
	struct rc_kv_txn *t;
	uint64_t generation;
	bool stamped; /* generation changed: to be stored */
	struct rc_puts known, names;
	struct rc_late_names late;
	struct rc_buf buf;      /* scratch */
	struct rc_buf record;   /* the one being put */
	struct rc_buf old_name; /* folded, of the record that another takes the place of */
	uint16_t counted;       /* target whose counts are held here; stored when another's turn comes */
	int64_t all_more, managed_more;
	struct { /* the one asked for last */
		bool known;
		uint16_t target;
		const struct rc_account_schema *schema;
	} schema;
};

/* What values of a target are read and written with: also one that nobody has bound yet. */
struct rc_codec_env rc_apply_env(struct rc_apply *a, uint16_t target);

/* Records and managed ones of a target, kept beside them so that nobody has to walk. */
void rc_apply_count(struct rc_apply *a, uint16_t target, int all, int managed);
void rc_apply_store_counts(struct rc_apply *a);

/* One transaction: begin, groups in their order, end. */
void rc_apply_begin(struct rc_apply *a, struct rc_store *s, struct rc_kv_txn *t);
void rc_apply_facts(struct rc_apply *a, const struct rc_facts *group);
void rc_apply_end(struct rc_apply *a);

struct rc_apply_group {
	const struct rc_facts *facts;
	uint64_t next_id;
	bool put_off; /* into `later`; else what is there goes first */
};
void rc_apply_group(struct rc_store *s, struct rc_kv_txn *t, void *group); /* for rc_store_write() */

void rc_apply_put_known(struct rc_apply *a, const struct rc_fact *f);
/* Around the putting of these facts, which stay where they are: their names may be sorted meanwhile. list: of them, or
 * NULL. */
void rc_apply_names_begin(struct rc_apply *a, const struct rc_fact_at *facts, size_t n,
			  const struct rc_fact_list *list);
void rc_apply_names_end(struct rc_apply *a);
/* The name of the record being put waits. */
void rc_apply_take_name(struct rc_apply *a);
/* Puts the names that wait; before anybody reads the table, and at the end. */
void rc_apply_late_names(struct rc_apply *a);
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
