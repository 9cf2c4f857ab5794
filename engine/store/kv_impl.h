/* engine/store/kv_impl.h - what kv.c and kv_env.c share: LMDB's own types. Used by these two only. */
#ifndef RC_KV_IMPL_H
#define RC_KV_IMPL_H
#include "engine/store/damage.h"
#include "engine/store/kv.h"
#include "engine/store/mapped.h"
#include <lmdb.h>

/* Every call that may touch a page goes through here: a fault in it is damage. */
#define CALL(call)                                                                                                     \
	({                                                                                                             \
		int call_rc;                                                                                           \
                                                                                                                       \
		rc_damage_depth++;                                                                                     \
		call_rc = (call);                                                                                      \
		rc_damage_depth--;                                                                                     \
		call_rc;                                                                                               \
	})

struct rc_kv {
	MDB_env *env;
	MDB_dbi dbi[RC_KV_TABLE_COUNT];
	char *path;
	uint64_t map_max;
	struct rc_mapped mapped;
	size_t map; /* bytes, now */
	uint32_t format;
	bool write;
};

struct rc_kv_txn {
	struct rc_kv *kv;
	MDB_txn *txn;
	struct rc_kv_cursor *cursors; /* still open: they end with the transaction */
	uint64_t put;                 /* bytes */
	struct rc_err err;            /* code RC_OK: none yet */
};

struct rc_kv_cursor {
	struct rc_kv_txn *t;
	struct rc_kv_cursor *prev, *next;
	MDB_cursor *c;
	enum rc_kv_table table;
};

/* What an error of LMDB's means to a user, and what to do. doing: "cannot open it" and the like. */
enum rc_code rc_kv_fail(const char *path, int rc, const char *doing, struct rc_err *err);
/* Takes note of a result in the transaction; true when the call found or did what it was for. */
bool rc_kv_note(struct rc_kv_txn *t, int rc, enum rc_kv_table table);

#endif
