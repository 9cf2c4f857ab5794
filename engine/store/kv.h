/* engine/store/kv.h - LMDB behind one wrapper; kv.c and kv_env.c alone see lmdb.h. Used inside engine/store only.
 *
 * The first error sticks in the transaction: later calls do nothing, reads find nothing, rc_kv_commit() returns it. So
 * the happy path reads straight. A transaction belongs to the thread that began it. */
#ifndef RC_KV_H
#define RC_KV_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/err.h"
#include "engine/base/slice.h"

#define RC_KV_TABLES(X)                                                                                                \
	X(RC_KV_META, "meta")                                                                                          \
	X(RC_KV_TARGETS, "targets")                                                                                    \
	X(RC_KV_KNOWN, "known")                                                                                        \
	X(RC_KV_RETIRING, "retiring")                                                                                  \
	X(RC_KV_OPEN, "open")                                                                                          \
	X(RC_KV_DUE, "due")                                                                                            \
	X(RC_KV_NAMES, "names")                                                                                        \
	X(RC_KV_UNMANAGED, "unmanaged")                                                                                \
	X(RC_KV_ORDER, "order")                                                                                        \
	X(RC_KV_OPS, "ops")                                                                                            \
	X(RC_KV_HISTORY, "history")                                                                                    \
	X(RC_KV_RUNS, "runs")                                                                                          \
	X(RC_KV_WORDS, "words") /* since format 2 */                                                                   \
	X(RC_KV_LATER, "later") /* made when first opened for writing */

enum rc_kv_table {
#define X(name, text) name,
	RC_KV_TABLES(X)
#undef X
		RC_KV_TABLE_COUNT
};
const char *rc_kv_table_name(enum rc_kv_table t);

struct rc_kv;
struct rc_kv_txn;
struct rc_kv_cursor;

struct rc_kv_options {
	bool write, scratch;   /* scratch: will be thrown away, nothing of it has to survive a power cut */
	uint32_t format, more; /* more: the format while `later` holds something; the file counts as one of `format` */
	uint64_t map_max;
};

/* path: the data file; its tables are made when write, stamped with format; a file of a newer format is refused
 * untouched, one of an older keeps its own: rc_kv_format(). *ret NULL and RC_OK: not write, and nothing was ever made
 * there. */
enum rc_code rc_kv_open(const char *path, const struct rc_kv_options *o, struct rc_kv **ret, struct rc_err *err);
void rc_kv_close(struct rc_kv *kv);
/* One consistent picture of the file into a new one (mdb_env_copyfd), whoever writes meanwhile. */
enum rc_code rc_kv_copy(struct rc_kv *kv, int fd, struct rc_err *err);
/* The file's format as other versions see it; its meta is written with t. */
void rc_kv_stamp(struct rc_kv_txn *t, uint32_t format);
uint32_t rc_kv_format(const struct rc_kv *kv);

/* NULL and err on failure. *ret_resized: another process grew the map; rc_kv_adopt_size() and begin again. */
struct rc_kv_txn *rc_kv_begin(struct rc_kv *kv, bool write, bool *ret_resized, struct rc_err *err);
enum rc_code rc_kv_commit(struct rc_kv_txn *t, struct rc_err *err); /* frees t whatever comes out */
void rc_kv_abort(struct rc_kv_txn *t);
/* One more for reading the very same state, for another thread; NULL: it cannot be had, or somebody has committed
 * meanwhile. At its end t takes over its error. */
struct rc_kv_txn *rc_kv_twin(struct rc_kv_txn *t);
void rc_kv_twin_end(struct rc_kv_txn *t, struct rc_kv_txn *twin);
bool rc_kv_failed(const struct rc_kv_txn *t);
const struct rc_err *rc_kv_error(const struct rc_kv_txn *t);
void rc_kv_damaged(struct rc_kv_txn *t, enum rc_kv_table table, const char *what); /* sticks: a value makes no sense */

/* The two below: no transaction of this process may be open. */
enum rc_code rc_kv_grow(struct rc_kv *kv, struct rc_err *err); /* RC_CANTCREAT at the bound */
enum rc_code rc_kv_adopt_size(struct rc_kv *kv, struct rc_err *err);
bool rc_kv_is_map_full(const struct rc_err *err); /* grow, then do the transaction again */

bool rc_kv_get(struct rc_kv_txn *t, enum rc_kv_table table, struct rc_slice key, struct rc_slice *ret);
bool rc_kv_put(struct rc_kv_txn *t, enum rc_kv_table table, struct rc_slice key, struct rc_slice val);
void rc_kv_del(struct rc_kv_txn *t, enum rc_kv_table table, struct rc_slice key); /* absent is fine */
/* Takes what was read so far out of this process's memory; it stays in the system's cache, and slices stay good. */
void rc_kv_let_go(struct rc_kv_txn *t);
void rc_kv_clear(struct rc_kv_txn *t, enum rc_kv_table table); /* all its entries go */
uint64_t rc_kv_count(struct rc_kv_txn *t, enum rc_kv_table table);

struct rc_kv_cursor *rc_kv_cursor(struct rc_kv_txn *t, enum rc_kv_table table); /* NULL when t failed */
void rc_kv_cursor_close(struct rc_kv_cursor *c); /* NULL is fine; those left open end with their transaction */
bool rc_kv_seek(struct rc_kv_cursor *c, struct rc_slice key, struct rc_slice *k, struct rc_slice *v); /* first >= key */
bool rc_kv_find(struct rc_kv_cursor *c, struct rc_slice key, struct rc_slice *v); /* this very key */
bool rc_kv_next(struct rc_kv_cursor *c, struct rc_slice *k, struct rc_slice *v);
bool rc_kv_last(struct rc_kv_cursor *c, struct rc_slice *k, struct rc_slice *v);
void rc_kv_cursor_del(struct rc_kv_cursor *c); /* the entry it stands on; rc_kv_next() then gives the one after */
/* Puts at the end when key is greater than every other: fills pages whole. */
void rc_kv_cursor_put(struct rc_kv_cursor *c, struct rc_slice key, struct rc_slice val, bool append);

struct rc_kv_size {
	uint64_t file_bytes, used_bytes, free_bytes, map_bytes;
};
enum rc_code rc_kv_size(struct rc_kv *kv, struct rc_kv_size *ret, struct rc_err *err);

#endif
