/* Transactions, entries, cursors. */
#include "engine/base/alloc.h"
#include "engine/store/kv_impl.h"
#include "engine/store/writeout.h"
#include <stdio.h>
#include <stdlib.h>

enum { WRITEOUT_FROM = 16 << 20 };

const char *rc_kv_table_name(enum rc_kv_table t)
{
	static const char *const names[] = {
#define X(name, text) text,
		RC_KV_TABLES(X)
#undef X
	};

	return t < RC_KV_TABLE_COUNT ? names[t] : "?";
}

/* Tables that came with a later format are empty ones. */
static bool has(const struct rc_kv_txn *t, enum rc_kv_table table)
{
	return t->kv->dbi[table] != 0;
}

struct rc_kv_txn *rc_kv_begin(struct rc_kv *kv, bool write, bool *ret_resized, struct rc_err *err)
{
	struct rc_kv_txn *t;
	MDB_txn *txn;
	int rc = CALL(mdb_txn_begin(kv->env, NULL, write ? 0 : MDB_RDONLY, &txn));

	*ret_resized = rc == MDB_MAP_RESIZED;
	if (rc) {
		rc_kv_fail(kv->path, rc, "cannot begin", err);
		return NULL;
	}
	t = rc_xcalloc(1, sizeof(*t));
	t->kv = kv;
	t->txn = txn;
	return t;
}

static void close_cursors(struct rc_kv_txn *t)
{
	while (t->cursors)
		rc_kv_cursor_close(t->cursors); /* NOLINT(clang-analyzer-unix.Malloc): it takes itself off the list */
}

/* Of much, the first part is on its way to the disk while the last one is written. */
static int commit(struct rc_kv_txn *t)
{
	struct rc_writeout *out = NULL;
	int fd, rc;

	if (t->put >= WRITEOUT_FROM && mdb_env_get_fd(t->kv->env, &fd) == 0)
		out = rc_writeout_begin(fd);
	rc = CALL(mdb_txn_commit(t->txn));
	rc_writeout_end(out);
	return rc;
}

enum rc_code rc_kv_commit(struct rc_kv_txn *t, struct rc_err *err)
{
	enum rc_code code = t->err.code;
	int rc;

	close_cursors(t);
	if (code) {
		if (err)
			*err = t->err;
		mdb_txn_abort(t->txn);
	} else {
		rc = commit(t);
		if (rc)
			code = rc_kv_fail(t->kv->path, rc, "cannot commit", err);
	}
	free(t);
	return code;
}

void rc_kv_abort(struct rc_kv_txn *t)
{
	if (!t)
		return;
	close_cursors(t);
	mdb_txn_abort(t->txn);
	free(t);
}

struct rc_kv_txn *rc_kv_twin(struct rc_kv_txn *t)
{
	bool resized;
	struct rc_kv_txn *twin = rc_kv_begin(t->kv, false, &resized, NULL);

	if (twin && mdb_txn_id(twin->txn) == mdb_txn_id(t->txn))
		return twin;
	rc_kv_abort(twin);
	return NULL;
}

void rc_kv_twin_end(struct rc_kv_txn *t, struct rc_kv_txn *twin)
{
	if (!t->err.code)
		t->err = twin->err;
	rc_kv_abort(twin);
}

bool rc_kv_failed(const struct rc_kv_txn *t)
{
	return t->err.code != RC_OK;
}

const struct rc_err *rc_kv_error(const struct rc_kv_txn *t)
{
	return &t->err;
}

bool rc_kv_note(struct rc_kv_txn *t, int rc, enum rc_kv_table table)
{
	char doing[48];

	if (!rc)
		return true;
	if (rc == MDB_NOTFOUND)
		return false;
	snprintf(doing, sizeof(doing), "table %s", rc_kv_table_name(table));
	rc_kv_fail(t->kv->path, rc, doing, &t->err);
	return false;
}

void rc_kv_damaged(struct rc_kv_txn *t, enum rc_kv_table table, const char *what)
{
	if (t->err.code)
		return;
	rc_fail(&t->err, RC_CANTCREAT,
		"state %s is damaged (table %s: %s): move it away and restore a backup with `rollcall state import`, "
		"or start anew with `rollcall refresh`",
		t->kv->path, rc_kv_table_name(table), what);
	t->err.sys = MDB_CORRUPTED;
}

static MDB_val val(struct rc_slice s)
{
	return (MDB_val){.mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p};
}

/* A length that garbage gave would lead out of the map. */
static bool to_slice(struct rc_kv_txn *t, enum rc_kv_table table, MDB_val v, struct rc_slice *ret)
{
	if (v.mv_size > t->kv->map / 2) {
		rc_kv_damaged(t, table, "a value longer than the file");
		return false;
	}
	*ret = (struct rc_slice){v.mv_data, v.mv_size};
	return true;
}

bool rc_kv_get(struct rc_kv_txn *t, enum rc_kv_table table, struct rc_slice key, struct rc_slice *ret)
{
	MDB_val k = val(key), v;

	if (t->err.code || !has(t, table) || !rc_kv_note(t, CALL(mdb_get(t->txn, t->kv->dbi[table], &k, &v)), table))
		return false;
	return to_slice(t, table, v, ret);
}

bool rc_kv_put(struct rc_kv_txn *t, enum rc_kv_table table, struct rc_slice key, struct rc_slice value)
{
	MDB_val k = val(key), v = val(value);

	t->put += key.n + value.n;
	return !t->err.code && rc_kv_note(t, CALL(mdb_put(t->txn, t->kv->dbi[table], &k, &v, 0)), table);
}

void rc_kv_del(struct rc_kv_txn *t, enum rc_kv_table table, struct rc_slice key)
{
	MDB_val k = val(key);

	if (!t->err.code)
		rc_kv_note(t, CALL(mdb_del(t->txn, t->kv->dbi[table], &k, NULL)), table);
}

void rc_kv_let_go(struct rc_kv_txn *t)
{
	MDB_envinfo info;
	int fd;

	if (CALL(mdb_env_info(t->kv->env, &info)) == 0 && mdb_env_get_fd(t->kv->env, &fd) == 0)
		rc_mapped_let_go(&t->kv->mapped, fd, info.me_mapsize);
}

void rc_kv_clear(struct rc_kv_txn *t, enum rc_kv_table table)
{
	if (!t->err.code)
		rc_kv_note(t, CALL(mdb_drop(t->txn, t->kv->dbi[table], 0)), table);
}

uint64_t rc_kv_count(struct rc_kv_txn *t, enum rc_kv_table table)
{
	MDB_stat st;

	if (t->err.code || !has(t, table) || !rc_kv_note(t, CALL(mdb_stat(t->txn, t->kv->dbi[table], &st)), table))
		return 0;
	return st.ms_entries;
}

struct rc_kv_cursor *rc_kv_cursor(struct rc_kv_txn *t, enum rc_kv_table table)
{
	struct rc_kv_cursor *c;
	MDB_cursor *mc;

	if (t->err.code || !has(t, table) ||
	    !rc_kv_note(t, CALL(mdb_cursor_open(t->txn, t->kv->dbi[table], &mc)), table))
		return NULL;
	c = rc_xcalloc(1, sizeof(*c));
	c->t = t;
	c->c = mc;
	c->table = table;
	c->next = t->cursors;
	if (c->next)
		c->next->prev = c;
	t->cursors = c;
	return c;
}

void rc_kv_cursor_close(struct rc_kv_cursor *c)
{
	if (!c)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		c->t->cursors = c->next;
	if (c->next)
		c->next->prev = c->prev;
	mdb_cursor_close(c->c);
	free(c);
}

static bool step(struct rc_kv_cursor *c, MDB_val k, MDB_cursor_op op, struct rc_slice *ret_k, struct rc_slice *ret_v)
{
	MDB_val v;

	if (!c || c->t->err.code || !rc_kv_note(c->t, CALL(mdb_cursor_get(c->c, &k, &v, op)), c->table))
		return false;
	return to_slice(c->t, c->table, k, ret_k) && to_slice(c->t, c->table, v, ret_v);
}

bool rc_kv_seek(struct rc_kv_cursor *c, struct rc_slice key, struct rc_slice *k, struct rc_slice *v)
{
	return step(c, val(key), key.n ? MDB_SET_RANGE : MDB_FIRST, k, v);
}

bool rc_kv_find(struct rc_kv_cursor *c, struct rc_slice key, struct rc_slice *v)
{
	struct rc_slice k;

	return step(c, val(key), MDB_SET_KEY, &k, v);
}

bool rc_kv_next(struct rc_kv_cursor *c, struct rc_slice *k, struct rc_slice *v)
{
	return step(c, (MDB_val){0}, MDB_NEXT, k, v);
}

bool rc_kv_last(struct rc_kv_cursor *c, struct rc_slice *k, struct rc_slice *v)
{
	return step(c, (MDB_val){0}, MDB_LAST, k, v);
}

void rc_kv_cursor_del(struct rc_kv_cursor *c)
{
	if (c && !c->t->err.code)
		rc_kv_note(c->t, CALL(mdb_cursor_del(c->c, 0)), c->table);
}

void rc_kv_cursor_put(struct rc_kv_cursor *c, struct rc_slice key, struct rc_slice value, bool append)
{
	MDB_val k = val(key), v = val(value);

	if (!c || c->t->err.code)
		return;
	c->t->put += key.n + value.n;
	rc_kv_note(c->t, CALL(mdb_cursor_put(c->c, &k, &v, append ? MDB_APPEND : 0)), c->table);
}
