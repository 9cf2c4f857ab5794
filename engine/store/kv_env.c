/* The file: opened, measured, grown, copied. */
#include "engine/base/alloc.h"
#include "engine/store/kv_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAP_STEP = 256 << 20, MAP_FIRST = 256 << 20 };

static void on_assert(MDB_env *env, const char *msg)
{
	(void)env;
	(void)msg;
	rc_damage_end();
}

enum rc_code rc_kv_fail(const char *path, int rc, const char *doing, struct rc_err *err)
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
		return rc_kv_fail(kv->path, rc, "cannot begin", err);
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
	return rc ? rc_kv_fail(kv->path, rc, "its format is unreadable", err) : RC_OK;
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
		return rc_kv_fail(kv->path, rc, "cannot begin", err);
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
		return rc_kv_fail(kv->path, rc, "cannot open its tables", err);
	}
	rc = CALL(mdb_txn_commit(txn)); /* keeps the handles, also of a reading transaction */
	return rc ? rc_kv_fail(kv->path, rc, "cannot open its tables", err) : RC_OK;
}

/* LMDB's own view of the file and the system's; an errno or a code of LMDB's. */
static int look_at(struct rc_kv *kv, MDB_envinfo *ret_info, MDB_stat *ret_stat, struct stat *ret_file)
{
	int fd, rc = CALL(mdb_env_info(kv->env, ret_info));

	if (!rc)
		rc = CALL(mdb_env_stat(kv->env, ret_stat));
	if (!rc)
		rc = mdb_env_get_fd(kv->env, &fd);
	return !rc && fstat(fd, ret_file) ? errno : rc;
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

	rc = look_at(kv, &info, &st, &file);
	if (rc)
		return rc_kv_fail(kv->path, rc, "cannot look at it", err);
	kv->map = info.me_mapsize;
	need = (off_t)(info.me_last_pgno + 1) * (off_t)st.ms_psize;
	if (file.st_size >= need)
		return RC_OK;
	if (need - file.st_size > 64 * (off_t)st.ms_psize)
		return rc_kv_fail(kv->path, MDB_CORRUPTED, "it ends too early", err);
	fd = open(kv->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return rc_kv_fail(kv->path, MDB_CORRUPTED, "it ends too early", err);
	if (fallocate(fd, 0, file.st_size, need - file.st_size)) /* never shortens, whoever writes meanwhile */
		rc = errno == EOPNOTSUPP && kv->write && !ftruncate(fd, need) ? 0 : errno;
	close(fd);
	return rc ? rc_kv_fail(kv->path, rc, "cannot complete its end", err) : RC_OK;
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
		code = rc_kv_fail(path, rc, "cannot open it", err);
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

	return rc ? rc_kv_fail(kv->path, rc, "cannot copy it", err) : RC_OK;
}

uint32_t rc_kv_format(const struct rc_kv *kv)
{
	return kv->format;
}

void rc_kv_stamp(struct rc_kv_txn *t, uint32_t format)
{
	if (!t->err.code)
		rc_kv_note(t, put_format(t->kv, t->txn, format), RC_KV_META);
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
		return rc_kv_fail(kv->path, rc, "cannot grow", err);
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
	return rc ? rc_kv_fail(kv->path, rc, "cannot grow", err) : RC_OK;
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
	return rc ? rc_kv_fail(kv->path, rc, "cannot follow its growth", err) : RC_OK;
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
	int rc;

	rc = CALL(mdb_txn_begin(kv->env, NULL, MDB_RDONLY, &txn));
	if (rc)
		return rc_kv_fail(kv->path, rc, "cannot measure", err);
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
		rc = look_at(kv, &info, &st, &file);
	if (rc)
		return rc_kv_fail(kv->path, rc, "cannot measure", err);
	ret->file_bytes = (uint64_t)file.st_size;
	ret->free_bytes = free_pages * st.ms_psize;
	ret->used_bytes = (info.me_last_pgno + 1) * st.ms_psize - ret->free_bytes;
	ret->map_bytes = info.me_mapsize;
	return RC_OK;
}
