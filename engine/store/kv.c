#include "engine/store/kv.h"
#include "engine/base/alloc.h"
#include "engine/store/damage.h"
#include "engine/store/mapped.h"
#include "engine/store/writeout.h"
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

enum { MAP_STEP = 256 << 20, MAP_FIRST = 256 << 20, WRITEOUT_FROM = 16 << 20 };

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

const char *rc_kv_table_name(enum rc_kv_table t)
{
	static const char *const names[] = {
#define X(name, text) text,
		RC_KV_TABLES(X)
#undef X
	};

	return t < RC_KV_TABLE_COUNT ? names[t] : "?";
}

static void on_assert(MDB_env *env, const char *msg)
{
	(void)env;
	(void)msg;
	rc_damage_end();
}

static enum rc_code kv_fail(const char *path, int rc, const char *doing, struct rc_err *err)
{
	enum rc_code code;

	switch (rc) {
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_PANIC:
	case MDB_INCOMPATIBLE:
	case MDB_NOTFOUND:
	case MDB_BAD_DBI:
	case MDB_BAD_TXN:
	case MDB_BAD_VALSIZE:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_FULL:
		code = rc_fail(err, RC_CANTCREAT,
			       "state %s is damaged (%s: %s): move it away and restore a backup with `rollcall state "
			       "import`, or start anew with `rollcall refresh`",
			       path, doing, mdb_strerror(rc));
		break;
	case MDB_VERSION_MISMATCH:
		code = rc_fail(err, RC_CANTCREAT,
			       "state %s was written by another version of LMDB: install the version that wrote it",
			       path);
		break;
	case MDB_MAP_FULL:
		code = rc_fail(err, RC_CANTCREAT, "state %s is full", path);
		break;
	case MDB_READERS_FULL:
		code = rc_fail(err, RC_CANTCREAT, "state %s has too many readers at once: try again later", path);
		break;
	case ENOMEM:
		code = rc_fail_sys(err, RC_INTERNAL, rc, "state %s: %s", path, doing);
		break;
	default:
		if (rc > 0)
			code = rc_fail_sys(err, RC_CANTCREAT, rc, "state %s: %s", path, doing);
		else
			code = rc_fail(err, RC_INTERNAL, "state %s: %s: %s", path, doing, mdb_strerror(rc));
	}
	if (err)
		err->sys = rc;
	return code;
}

/* Key "format" of the meta table, big endian, is the one thing every version must find. */
static const char format_key[] = "format";

/* *ret 0: nothing was ever committed here. */
static enum rc_code read_format(struct rc_kv *kv, uint32_t *ret, struct rc_err *err)
{
	MDB_val k = {sizeof(format_key) - 1, (void *)(uintptr_t)format_key}, v;
	const uint8_t *p;
	MDB_txn *txn;
	MDB_dbi meta;
	int rc = CALL(mdb_txn_begin(kv->env, NULL, MDB_RDONLY, &txn));

	if (rc)
		return kv_fail(kv->path, rc, "cannot begin", err);
	*ret = 0;
	rc = CALL(mdb_dbi_open(txn, rc_kv_table_name(RC_KV_META), 0, &meta));
	if (rc == MDB_NOTFOUND) {
		mdb_txn_abort(txn);
		return RC_OK;
	}
	if (!rc)
		rc = CALL(mdb_get(txn, meta, &k, &v));
	if (!rc && v.mv_size != 4)
		rc = MDB_INVALID;
	if (!rc) {
		p = v.mv_data;
		*ret = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	}
	mdb_txn_abort(txn);
	return rc ? kv_fail(kv->path, rc, "its format is unreadable", err) : RC_OK;
}

static int put_format(struct rc_kv *kv, MDB_txn *txn, uint32_t format)
{
	uint8_t b[4] = {(uint8_t)(format >> 24), (uint8_t)(format >> 16), (uint8_t)(format >> 8), (uint8_t)format};
	MDB_val k = {sizeof(format_key) - 1, (void *)(uintptr_t)format_key}, v = {sizeof(b), b};

	return CALL(mdb_put(txn, kv->dbi[RC_KV_META], &k, &v, 0));
}

/* The table that a version before may not have made: a reader takes its absence for emptiness. */
static int open_later(struct rc_kv *kv, MDB_txn *txn)
{
	int rc = CALL(
		mdb_dbi_open(txn, rc_kv_table_name(RC_KV_LATER), kv->write ? MDB_CREATE : 0, &kv->dbi[RC_KV_LATER]));

	if (rc != MDB_NOTFOUND || kv->write)
		return rc;
	kv->dbi[RC_KV_LATER] = 0;
	return 0;
}

static enum rc_code open_tables(struct rc_kv *kv, uint32_t format, uint32_t more, bool *ret_none, struct rc_err *err)
{
	enum rc_code code;
	uint32_t have;
	MDB_txn *txn;
	bool makes;
	int rc;

	code = read_format(kv, &have, err);
	if (code)
		return code;
	if (have == more)
		have = format;
	if (have > format)
		return rc_fail(
			err, RC_CANTCREAT,
			"state %s was written by a newer rollcall (format %u, this one knows %u): install that version",
			kv->path, have, format);
	*ret_none = !have && !kv->write;
	if (*ret_none)
		return RC_OK;
	makes = kv->write && (!have || have == format); /* nothing is written when all of them are there */
	rc = CALL(mdb_txn_begin(kv->env, NULL, makes ? 0 : MDB_RDONLY, &txn));
	if (rc)
		return kv_fail(kv->path, rc, "cannot begin", err);
	for (unsigned i = 0; i < RC_KV_LATER && !rc; i++)
		if (!have || have == format || i < RC_KV_WORDS)
			rc = CALL(mdb_dbi_open(txn, rc_kv_table_name(i), have ? 0 : MDB_CREATE, &kv->dbi[i]));
	kv->format = have ? have : format;
	if (!rc && kv->format == format)
		rc = open_later(kv, txn);
	if (!rc && !have)
		rc = put_format(kv, txn, format);
	if (rc) {
		mdb_txn_abort(txn);
		return kv_fail(kv->path, rc, "cannot open its tables", err);
	}
	rc = CALL(mdb_txn_commit(txn)); /* keeps the handles, also of a reading transaction */
	return rc ? kv_fail(kv->path, rc, "cannot open its tables", err) : RC_OK;
}

/* A file that ends before its last page would raise SIGBUS where it is missing. Pages that LMDB took and freed within
 * one transaction need never be written, so a few may be absent at the end of a sound file: those are added as zeros,
 * which no reader takes for a page. */
static enum rc_code check_length(struct rc_kv *kv, struct rc_err *err)
{
	MDB_envinfo info;
	MDB_stat st;
	struct stat file;
	int rc, fd;
	off_t need;

	rc = CALL(mdb_env_info(kv->env, &info));
	if (!rc)
		rc = CALL(mdb_env_stat(kv->env, &st));
	if (!rc)
		rc = mdb_env_get_fd(kv->env, &fd);
	if (!rc && fstat(fd, &file))
		rc = errno;
	if (rc)
		return kv_fail(kv->path, rc, "cannot look at it", err);
	kv->map = info.me_mapsize;
	need = (off_t)(info.me_last_pgno + 1) * (off_t)st.ms_psize;
	if (file.st_size >= need)
		return RC_OK;
	if (need - file.st_size > 64 * (off_t)st.ms_psize)
		return kv_fail(kv->path, MDB_CORRUPTED, "it ends too early", err);
	fd = open(kv->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return kv_fail(kv->path, MDB_CORRUPTED, "it ends too early", err);
	if (fallocate(fd, 0, file.st_size, need - file.st_size)) /* never shortens, whoever writes meanwhile */
		rc = errno == EOPNOTSUPP && kv->write && !ftruncate(fd, need) ? 0 : errno;
	close(fd);
	return rc ? kv_fail(kv->path, rc, "cannot complete its end", err) : RC_OK;
}

static uint64_t first_map(const char *path, uint64_t max)
{
	struct stat st;
	uint64_t n = MAP_FIRST;

	if (!stat(path, &st) && st.st_size > 0)
		n += (uint64_t)st.st_size * 2;
	n = (n + MAP_STEP - 1) / MAP_STEP * MAP_STEP;
	return n < max ? n : max;
}

enum rc_code rc_kv_open(const char *path, const struct rc_kv_options *o, struct rc_kv **ret, struct rc_err *err)
{
	struct rc_kv *kv = rc_xcalloc(1, sizeof(*kv));
	enum rc_code code = RC_OK;
	bool none = false;
	int rc, dead;

	kv->path = rc_xstrdup(path);
	kv->map_max = o->map_max;
	kv->write = o->write;
	rc = mdb_env_create(&kv->env);
	if (!rc)
		rc = mdb_env_set_maxdbs(kv->env, RC_KV_TABLE_COUNT);
	if (!rc)
		rc = mdb_env_set_assert(kv->env, on_assert);
	rc_damage_watch(path);
	if (!rc && o->write)
		rc = mdb_env_set_mapsize(kv->env, (size_t)first_map(path, o->map_max));
	if (!rc)
		rc = CALL(mdb_env_open(kv->env, path,
				       MDB_NOSUBDIR | MDB_NOTLS | (o->write ? 0u : MDB_RDONLY) |
					       (o->scratch ? MDB_NOSYNC : 0u),
				       0600));
	if (!rc && o->write)
		rc = mdb_reader_check(kv->env, &dead); /* those of killed processes pin pages */
	if (rc)
		code = kv_fail(path, rc, "cannot open it", err);
	if (!code)
		code = check_length(kv, err);
	if (!code)
		code = open_tables(kv, o->format, o->more, &none, err);
	if (code || none) {
		rc_kv_close(kv);
		kv = NULL;
	}
	if (!code)
		*ret = kv;
	return code;
}

void rc_kv_close(struct rc_kv *kv)
{
	if (!kv)
		return;
	mdb_env_close(kv->env);
	free(kv->path);
	free(kv);
}

enum rc_code rc_kv_copy(struct rc_kv *kv, int fd, struct rc_err *err)
{
	int rc = CALL(mdb_env_copyfd(kv->env, fd));

	return rc ? kv_fail(kv->path, rc, "cannot copy it", err) : RC_OK;
}

uint32_t rc_kv_format(const struct rc_kv *kv)
{
	return kv->format;
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
		kv_fail(kv->path, rc, "cannot begin", err);
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
			code = kv_fail(t->kv->path, rc, "cannot commit", err);
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

/* Takes note of a result; true when the call found or did what it was for. */
static bool note(struct rc_kv_txn *t, int rc, enum rc_kv_table table)
{
	char doing[48];

	if (!rc)
		return true;
	if (rc == MDB_NOTFOUND)
		return false;
	snprintf(doing, sizeof(doing), "table %s", rc_kv_table_name(table));
	kv_fail(t->kv->path, rc, doing, &t->err);
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

bool rc_kv_is_map_full(const struct rc_err *err)
{
	return err->sys == MDB_MAP_FULL;
}

enum rc_code rc_kv_grow(struct rc_kv *kv, struct rc_err *err)
{
	MDB_envinfo info;
	uint64_t size;
	int rc = CALL(mdb_env_info(kv->env, &info));

	if (rc)
		return kv_fail(kv->path, rc, "cannot grow", err);
	size = info.me_mapsize;
	if (size >= kv->map_max)
		return rc_fail(err, RC_CANTCREAT,
			       "state %s reached its bound of %llu MiB: run `rollcall prune`, or shorten \"retention\"",
			       kv->path, (unsigned long long)(kv->map_max >> 20));
	size += size > MAP_STEP ? size : MAP_STEP;
	if (size > kv->map_max)
		size = kv->map_max;
	rc = mdb_env_set_mapsize(kv->env, (size_t)size);
	kv->mapped = (struct rc_mapped){0}; /* it may lie elsewhere now */
	if (!rc)
		kv->map = (size_t)size;
	return rc ? kv_fail(kv->path, rc, "cannot grow", err) : RC_OK;
}

enum rc_code rc_kv_adopt_size(struct rc_kv *kv, struct rc_err *err)
{
	MDB_envinfo info;
	int rc = mdb_env_set_mapsize(kv->env, 0);

	kv->mapped = (struct rc_mapped){0};

	if (!rc)
		rc = CALL(mdb_env_info(kv->env, &info));
	if (!rc)
		kv->map = info.me_mapsize;
	return rc ? kv_fail(kv->path, rc, "cannot follow its growth", err) : RC_OK;
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

	if (t->err.code || !has(t, table) || !note(t, CALL(mdb_get(t->txn, t->kv->dbi[table], &k, &v)), table))
		return false;
	return to_slice(t, table, v, ret);
}

bool rc_kv_put(struct rc_kv_txn *t, enum rc_kv_table table, struct rc_slice key, struct rc_slice value)
{
	MDB_val k = val(key), v = val(value);

	t->put += key.n + value.n;
	return !t->err.code && note(t, CALL(mdb_put(t->txn, t->kv->dbi[table], &k, &v, 0)), table);
}

void rc_kv_del(struct rc_kv_txn *t, enum rc_kv_table table, struct rc_slice key)
{
	MDB_val k = val(key);

	if (!t->err.code)
		note(t, CALL(mdb_del(t->txn, t->kv->dbi[table], &k, NULL)), table);
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
		note(t, CALL(mdb_drop(t->txn, t->kv->dbi[table], 0)), table);
}

void rc_kv_stamp(struct rc_kv_txn *t, uint32_t format)
{
	if (!t->err.code)
		note(t, put_format(t->kv, t->txn, format), RC_KV_META);
}

uint64_t rc_kv_count(struct rc_kv_txn *t, enum rc_kv_table table)
{
	MDB_stat st;

	if (t->err.code || !has(t, table) || !note(t, CALL(mdb_stat(t->txn, t->kv->dbi[table], &st)), table))
		return 0;
	return st.ms_entries;
}

struct rc_kv_cursor *rc_kv_cursor(struct rc_kv_txn *t, enum rc_kv_table table)
{
	struct rc_kv_cursor *c;
	MDB_cursor *mc;

	if (t->err.code || !has(t, table) || !note(t, CALL(mdb_cursor_open(t->txn, t->kv->dbi[table], &mc)), table))
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

	if (!c || c->t->err.code || !note(c->t, CALL(mdb_cursor_get(c->c, &k, &v, op)), c->table))
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
		note(c->t, CALL(mdb_cursor_del(c->c, 0)), c->table);
}

void rc_kv_cursor_put(struct rc_kv_cursor *c, struct rc_slice key, struct rc_slice value, bool append)
{
	MDB_val k = val(key), v = val(value);

	if (!c || c->t->err.code)
		return;
	c->t->put += key.n + value.n;
	note(c->t, CALL(mdb_cursor_put(c->c, &k, &v, append ? MDB_APPEND : 0)), c->table);
}

enum rc_code rc_kv_size(struct rc_kv *kv, struct rc_kv_size *ret, struct rc_err *err)
{
	MDB_envinfo info;
	MDB_stat st;
	MDB_txn *txn;
	MDB_cursor *c = NULL;
	MDB_val k, v;
	struct stat file;
	uint64_t free_pages = 0;
	int rc, fd;

	rc = CALL(mdb_txn_begin(kv->env, NULL, MDB_RDONLY, &txn));
	if (rc)
		return kv_fail(kv->path, rc, "cannot measure", err);
	rc = CALL(mdb_cursor_open(txn, 0, &c)); /* table 0 is LMDB's own: lists of free pages, each led by its length */
	while (!rc && !(rc = CALL(mdb_cursor_get(c, &k, &v, MDB_NEXT))))
		if (v.mv_size >= sizeof(size_t)) {
			size_t n;

			memcpy(&n, v.mv_data, sizeof(n));
			free_pages += n;
		}
	if (c)
		mdb_cursor_close(c);
	mdb_txn_abort(txn);
	if (rc == MDB_NOTFOUND)
		rc = CALL(mdb_env_info(kv->env, &info));
	if (!rc)
		rc = CALL(mdb_env_stat(kv->env, &st));
	if (!rc)
		rc = mdb_env_get_fd(kv->env, &fd);
	if (!rc && fstat(fd, &file))
		rc = errno;
	if (rc)
		return kv_fail(kv->path, rc, "cannot measure", err);
	ret->file_bytes = (uint64_t)file.st_size;
	ret->free_bytes = free_pages * st.ms_psize;
	ret->used_bytes = (info.me_last_pgno + 1) * st.ms_psize - ret->free_bytes;
	ret->map_bytes = info.me_mapsize;
	return RC_OK;
}
