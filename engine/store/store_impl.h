/* engine/store/store_impl.h - what a store is made of. Used inside engine/store only. */
#ifndef RC_STORE_IMPL_H
#define RC_STORE_IMPL_H
#include "engine/store/kv.h"
#include "engine/store/layout.h"
#include "engine/store/store.h"
#include <pthread.h>
#include <stdatomic.h>

struct rc_store_target {
	uint16_t number;
	const struct rc_account_schema *schema;
};

struct rc_store {
	char *dir, *path;
	enum rc_store_mode mode;
	struct rc_kv *kv; /* NULL: nothing there yet, every view is empty */
	uint32_t format;  /* of the file; older than ours only when opened for reading */
	uint64_t seed, map_max;
	struct rc_words *words;
	struct rc_store_target *targets;
	size_t n_targets;
	uint16_t next_target;     /* READ: numbers given to targets the state has never seen */
	uint64_t inserted;        /* records between others since it was opened or rewritten; by the writer's thread */
	struct rc_writer *writer; /* NULL: none */
	struct {                  /* what is in `later`; but for facts the writer's thread's alone */
		atomic_uint_fast64_t facts;
		uint64_t records, bytes;
	} later;
	bool scratch; /* the file is a copy to be thrown away */

	pthread_mutex_t mu;
	pthread_cond_t changed;
	unsigned open;  /* transactions of this process, of either kind */
	bool exclusive; /* the map is being resized, or waits to be */
};

struct rc_view {
	struct rc_store *store;
	uint64_t serial;
	struct rc_kv_txn *txn;        /* NULL: empty store */
	struct rc_arena mem;          /* of what no page holds */
	struct rc_walk_newest *spare; /* in mem; of a walk that has ended */
};

/* What values of a target are read with in a view, or (view NULL) written with. */
struct rc_codec_env rc_store_env(const struct rc_store *s, struct rc_view *v, uint16_t target);

const struct rc_account_schema *rc_store_schema(const struct rc_store *s, uint16_t target);
/* By the connector's name in the target's entry, when nobody has bound it. NULL: there is none. */
const struct rc_account_schema *rc_target_schema(struct rc_kv_txn *t, uint16_t target);
/* A second view of the same picture for another thread, while v stays open; NULL: it cannot be had. Ends with
 * rc_view_twin_end() in the thread of v, which takes over its error and the texts it holds. */
struct rc_view *rc_view_twin(struct rc_view *v);
void rc_view_twin_end(struct rc_view *v, struct rc_view *twin);
unsigned rc_view_open_here(void); /* views this thread holds, of any store */

/* Runs apply in a write transaction and commits, growing the map and doing it all again when that is full: apply must
 * give the same result twice. Errors stick in the transaction. before_commit as in struct rc_writer_options. */
enum rc_code rc_store_write(struct rc_store *s, void (*apply)(struct rc_store *, struct rc_kv_txn *, void *), void *ctx,
			    int (*before_commit)(void *), void *seam, struct rc_err *err);

/* Everything put off goes into the tables (later.h). */
enum rc_code rc_store_settle(struct rc_store *s, int (*before_commit)(void *), void *seam, struct rc_err *err);
/* The same through the writer. */
enum rc_code rc_writer_settle(struct rc_writer *w, struct rc_err *err);

/* How files of this state are opened. */
struct rc_kv_options rc_store_kv_options(const struct rc_store *s);

/* Small numbers of the meta table. */
uint64_t rc_meta_u64(struct rc_kv_txn *t, const char *name);
void rc_meta_put_u64(struct rc_kv_txn *t, const char *name, uint64_t n);

#endif
