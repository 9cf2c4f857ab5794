#include "engine/store/store.h"
#include "engine/base/alloc.h"
#include "engine/store/dir.h"
#include "engine/store/later.h"
#include "engine/store/rewrite.h"
#include "engine/store/scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t default_map_max = (uint64_t)256 << 30;

static enum rc_code check_files(int dirfd, struct rc_store *s, bool *ret_there, struct rc_err *err)
{
	long long size, ignored;
	enum rc_code code = rc_dir_check_file(dirfd, s->dir, RC_STORE_FILE, &size, err);

	if (!code)
		code = rc_dir_check_file(dirfd, s->dir, RC_STORE_MDB_LOCK, &ignored, err);
	if (!code)
		code = rc_dir_check_file(dirfd, s->dir, RC_STORE_COPY, &ignored, err);
	if (!code && s->mode == RC_STORE_WRITE && ignored >= 0 && unlinkat(dirfd, RC_STORE_COPY, 0))
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "cannot remove %s/" RC_STORE_COPY, s->dir);
	*ret_there = size > 0;
	return code;
}

static void put_seed(struct rc_store *s, struct rc_kv_txn *t, void *ctx)
{
	(void)ctx;
	rc_meta_put_u64(t, "seed", s->seed);
}

/* The stored seed, or the one just drawn: then it is stored when we may write. */
static enum rc_code settle_seed(struct rc_store *s, struct rc_err *err)
{
	struct rc_view *v;
	enum rc_code code = rc_view_begin(s, &v, err);
	uint64_t seed;

	if (code)
		return code;
	seed = rc_meta_u64(v->txn, "seed");
	code = rc_view_end(v, err);
	if (code || seed) {
		if (!code)
			s->seed = seed;
		return code;
	}
	return s->mode == RC_STORE_WRITE ? rc_store_write(s, put_seed, NULL, NULL, NULL, err) : RC_OK;
}

struct rc_kv_options rc_store_kv_options(const struct rc_store *s)
{
	return (struct rc_kv_options){.write = s->mode == RC_STORE_WRITE || s->scratch,
				      .scratch = s->scratch,
				      .format = RC_STORE_FORMAT,
				      .more = RC_STORE_FORMAT_UNSETTLED,
				      .map_max = s->map_max};
}

/* Opens a copy of the file in its place. */
static enum rc_code open_copy(struct rc_store *s, struct rc_err *err)
{
	char dir[RC_SCRATCH_DIR], *path;
	enum rc_code code = rc_scratch_make(s->kv, dir, err);
	struct rc_kv_options o;

	if (code)
		return code;
	rc_kv_close(s->kv);
	s->kv = NULL;
	s->scratch = true;
	o = rc_store_kv_options(s);
	path = rc_xasprintf("%s/" RC_STORE_FILE, dir);
	code = rc_kv_open(path, &o, &s->kv, err);
	rc_scratch_drop(dir);
	free(path);
	return code;
}

/* What a running or a killed command put off goes into the tables: of the state itself where we may write, else of a
 * copy that only we see. */
static enum rc_code settle_left(struct rc_store *s, struct rc_err *err)
{
	uint64_t left;
	enum rc_code code = rc_later_left(s, &left, err);

	if (code || !left)
		return code;
	if (s->mode == RC_STORE_READ && !s->scratch)
		code = open_copy(s, err);
	atomic_store(&s->later.facts, left);
	return code ? code : rc_store_settle(s, NULL, NULL, err);
}

static enum rc_code open_data(struct rc_store *s, struct rc_err *err)
{
	const struct rc_kv_options o = rc_store_kv_options(s);
	bool missing, there;
	int dirfd = rc_dir_open(s->dir, s->mode == RC_STORE_WRITE, &missing, err);
	enum rc_code code;

	if (dirfd < 0)
		return missing ? RC_OK : RC_CANTCREAT;
	/* Whoever puts a compacted file in place holds this alone: data and LMDB's lock file are seen as a pair. */
	while (flock(dirfd, LOCK_SH) && errno == EINTR)
		;
	code = check_files(dirfd, s, &there, err);
	if (!code && (there || s->mode == RC_STORE_WRITE))
		code = rc_kv_open(s->path, &o, &s->kv, err);
	if (!code && s->kv)
		s->format = rc_kv_format(s->kv);
	if (!code && s->mode == RC_STORE_WRITE && s->format < RC_STORE_FORMAT) {
		flock(dirfd, LOCK_UN);
		code = rc_store_migrate(s, dirfd, s->scratch, err);
	}
	close(dirfd);
	if (!code && s->kv)
		code = settle_seed(s, err);
	return code || !s->kv ? code : settle_left(s, err);
}

enum rc_code rc_store_open(const struct rc_store_options *o, struct rc_store **ret, struct rc_err *err)
{
	const struct rc_clock *clock = o->clock ? o->clock : &rc_clock_system;
	struct rc_store *s;
	enum rc_code code;

	if (o->mode == RC_STORE_WRITE && !o->lock)
		return rc_fail(err, RC_INTERNAL, "state %s is opened for writing without its lock", o->dir);
	s = rc_xcalloc(1, sizeof(*s));
	s->dir = rc_xstrdup(o->dir);
	s->path = rc_xasprintf("%s/" RC_STORE_FILE, o->dir);
	s->mode = o->mode;
	s->map_max = o->map_max_bytes ? o->map_max_bytes : default_map_max;
	s->seed = rc_random_u64(clock) | 1; /* 0 means "none" */
	s->format = RC_STORE_FORMAT;
	s->words = rc_words_new();
	pthread_mutex_init(&s->mu, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->scratch = o->scratch;
	code = open_data(s, err);
	if (code)
		rc_store_close(s);
	else
		*ret = s;
	return code;
}

enum rc_code rc_store_clone(const char *dir, char ret[RC_SCRATCH_DIR], struct rc_err *err)
{
	struct rc_store s = {.dir = (char *)(uintptr_t)dir, .mode = RC_STORE_READ, .map_max = default_map_max};
	const struct rc_kv_options o = rc_store_kv_options(&s);
	bool missing = false, there = false;
	int dirfd = rc_dir_open(dir, false, &missing, err);
	enum rc_code code = dirfd < 0 && !missing ? RC_CANTCREAT : RC_OK;

	ret[0] = 0;
	s.path = rc_xasprintf("%s/" RC_STORE_FILE, dir);
	while (dirfd >= 0 && flock(dirfd, LOCK_SH) && errno == EINTR) /* as open_data() */
		;
	if (dirfd >= 0)
		code = check_files(dirfd, &s, &there, err);
	if (!code && there)
		code = rc_kv_open(s.path, &o, &s.kv, err);
	if (dirfd >= 0)
		close(dirfd);
	if (!code)
		code = rc_scratch_make(s.kv, ret, err);
	rc_kv_close(s.kv);
	free(s.path);
	return code;
}

void rc_store_close(struct rc_store *s)
{
	if (!s)
		return;
	rc_kv_close(s->kv);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->mu);
	rc_words_free(s->words);
	free(s->targets);
	free(s->dir);
	free(s->path);
	free(s);
}

bool rc_store_exists(const struct rc_store *s)
{
	return s->kv != NULL;
}

uint64_t rc_store_seed(const struct rc_store *s)
{
	return s->seed;
}

void rc_store_key_hash(const struct rc_store *s, struct rc_slice key, uint8_t ret[RC_HASH_BYTES])
{
	rc_hash_key(s ? s->seed : 0, key, ret);
}

enum rc_code rc_store_size(struct rc_store *s, struct rc_store_size *ret, struct rc_err *err)
{
	struct rc_kv_size k;
	enum rc_code code;

	if (!s->kv) {
		*ret = (struct rc_store_size){0};
		return RC_OK;
	}
	code = rc_kv_size(s->kv, &k, err);
	if (!code)
		*ret = (struct rc_store_size){k.file_bytes, k.used_bytes, k.free_bytes, k.map_bytes};
	return code;
}
