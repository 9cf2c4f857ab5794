/* Rewrites the data file: without its free pages, or in another format. */
#include "engine/base/alloc.h"
#include "engine/store/dir.h"
#include "engine/store/rewrite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORTH_IT = 16 << 20, AT_ONCE = 32 << 20, MANY_NEW = 20000, PIECE = 1 << 20 };

/* Copies entries of one table from `c` on, as many as fit into one transaction. *ret_more: some are left, and c stands
 * on the first of them. */
static enum rc_code copy_some(struct rc_rewrite *r, struct rc_kv_cursor *c, enum rc_kv_table table, struct rc_slice k,
			      struct rc_slice v, struct rc_kv *to, bool *ret_more, struct rc_slice *ret_k,
			      struct rc_slice *ret_v, struct rc_err *err)
{
	bool resized, there = true;
	struct rc_kv_txn *t = rc_kv_begin(to, true, &resized, err);
	struct rc_kv_cursor *out;
	size_t bytes = 0;

	if (!t)
		return err->code;
	out = rc_kv_cursor(t, table);
	for (; there && bytes < AT_ONCE && !rc_kv_failed(t); there = rc_kv_next(c, &k, &v)) {
		if (r->put)
			r->put(r, t, out, table, k, v);
		else
			rc_kv_cursor_put(out, k, v, table != RC_KV_META); /* its meta has an entry already */
		bytes += k.n + v.n;
	}
	*ret_more = there;
	*ret_k = k;
	*ret_v = v;
	return rc_kv_commit(t, err);
}

static enum rc_code copy_table(struct rc_rewrite *r, struct rc_kv *to, enum rc_kv_table table, struct rc_err *err)
{
	struct rc_kv_cursor *c = rc_kv_cursor(r->from, table);
	struct rc_slice k, v;
	bool more = rc_kv_seek(c, (struct rc_slice){0}, &k, &v);
	enum rc_code code = RC_OK;

	while (more && !code) {
		struct rc_slice next_k, next_v, from_k = k;

		code = copy_some(r, c, table, k, v, to, &more, &next_k, &next_v, err);
		if (code && rc_kv_is_map_full(err)) { /* grow and do this part again */
			code = rc_kv_grow(to, err);
			more = rc_kv_seek(c, from_k, &k, &v);
			continue;
		}
		k = next_k;
		v = next_v;
	}
	rc_kv_cursor_close(c);
	return code;
}

static enum rc_code put_last(struct rc_rewrite *r, struct rc_kv *to, struct rc_err *err)
{
	bool resized;
	enum rc_code code;

	do {
		struct rc_kv_txn *t = rc_kv_begin(to, true, &resized, err);

		if (!t)
			return err->code;
		r->last(r, t);
		code = rc_kv_commit(t, err);
	} while (code && rc_kv_is_map_full(err) && !(code = rc_kv_grow(to, err)));
	return code;
}

static enum rc_code copy_all(struct rc_store *s, struct rc_rewrite *r, struct rc_kv *to, struct rc_err *err)
{
	bool resized;
	enum rc_code code;

	r->from = rc_kv_begin(s->kv, false, &resized, err);
	code = r->from ? RC_OK : err->code;
	for (unsigned i = 0; i < RC_KV_TABLE_COUNT && !code; i++)
		code = copy_table(r, to, (enum rc_kv_table)i, err);
	if (!code && rc_kv_failed(r->from)) {
		*err = *rc_kv_error(r->from);
		code = err->code;
	}
	rc_kv_abort(r->from);
	return !code && r->last ? put_last(r, to, err) : code;
}

/* Space that is written in large pieces, before LMDB fills it in small ones: the system caches a file in the pieces it
 * was written in, and shows one of them at once to whoever looks. A plan that looks for 20,000 people in a state of a
 * million takes half the page faults and a tenth less time. What fails here is told by who fills the space. */
static void lay_out(int fd, uint64_t bytes)
{
	char *zeros = rc_xcalloc(1, PIECE);
	struct stat st;
	uint64_t at = fstat(fd, &st) ? bytes : (uint64_t)st.st_size;

	while (at < bytes) {
		uint64_t n = PIECE - at % PIECE < bytes - at ? PIECE - at % PIECE : bytes - at;
		ssize_t done = pwrite(fd, zeros, (size_t)n, (off_t)at);

		if (done <= 0)
			break;
		at += (uint64_t)done;
	}
	free(zeros);
}

/* Without what was laid out and is not used. */
static enum rc_code cut_off(struct rc_kv *kv, int fd, struct rc_err *err)
{
	struct rc_kv_size size;
	enum rc_code code = rc_kv_size(kv, &size, err);
	uint64_t end;

	if (code)
		return code;
	end = size.used_bytes + size.free_bytes;
	if (end < size.file_bytes && ftruncate(fd, (off_t)end))
		return rc_fail_sys(err, RC_CANTCREAT, errno, "the rewritten state cannot be cut to its size");
	return RC_OK;
}

/* Entry by entry in order, not page by page: pages come out full, and what was once deleted is not in them any more. */
static enum rc_code write_copy(struct rc_store *s, struct rc_rewrite *r, int dirfd, struct rc_err *err)
{
	int fd = openat(dirfd, RC_STORE_COPY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	const struct rc_kv_options o = rc_store_kv_options(s);
	char *path;
	struct rc_store_size size;
	struct rc_kv *to = NULL;
	enum rc_code code;

	if (fd < 0)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "cannot write %s/" RC_STORE_COPY, s->dir);
	path = rc_xasprintf("%s/" RC_STORE_COPY, s->dir);
	unlinkat(dirfd, RC_STORE_COPY "-lock", 0); /* of a copy that was killed */
	code = rc_kv_open(path, &o, &to, err);
	if (!code)
		code = rc_store_size(s, &size, err);
	if (!code) {
		lay_out(fd, size.used_bytes);
		code = copy_all(s, r, to, err);
	}
	if (!code)
		code = cut_off(to, fd, err);
	rc_kv_close(to);
	if (!code && fsync(fd))
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "cannot write %s", path);
	unlinkat(dirfd, RC_STORE_COPY "-lock", 0);
	free(path);
	close(fd);
	return code;
}

/* A second name for the old file, which stays when the new one takes the first. One that an earlier rewriting left is
 * older than what is being kept. */
static enum rc_code keep(struct rc_store *s, int dirfd, const char *name, struct rc_err *err)
{
	if ((unlinkat(dirfd, name, 0) && errno != ENOENT) || linkat(dirfd, RC_STORE_FILE, dirfd, name, 0))
		return rc_fail_sys(err, RC_CANTCREAT, errno, "cannot keep a copy of %s as %s/%s", s->path, s->dir,
				   name);
	return RC_OK;
}

/* LMDB's lock file counts transactions, and a copy counts anew: the two are replaced as a pair. A process that has the
 * old pair open keeps it; nobody opens one while this holds the directory. */
static enum rc_code swap(struct rc_store *s, const struct rc_rewrite *r, int dirfd, struct rc_err *err)
{
	const struct rc_kv_options o = rc_store_kv_options(s);
	enum rc_code code = r->keep ? keep(s, dirfd, r->keep, err) : RC_OK;

	if (code)
		return code;
	while (flock(dirfd, LOCK_EX) && errno == EINTR)
		;
	rc_kv_close(s->kv);
	s->kv = NULL;
	if ((unlinkat(dirfd, RC_STORE_MDB_LOCK, 0) && errno != ENOENT) ||
	    renameat(dirfd, RC_STORE_COPY, dirfd, RC_STORE_FILE) || fsync(dirfd))
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "cannot put the rewritten %s in place", s->path);
	if (rc_kv_open(s->path, &o, &s->kv, code ? NULL : err) && !code)
		code = err ? err->code : RC_CANTCREAT;
	flock(dirfd, LOCK_UN);
	return code;
}

enum rc_code rc_store_rewrite(struct rc_store *s, struct rc_rewrite *r, int dirfd, struct rc_err *err)
{
	enum rc_code code = write_copy(s, r, dirfd, err);

	if (!code)
		code = swap(s, r, dirfd, err);
	if (code)
		unlinkat(dirfd, RC_STORE_COPY, 0);
	return code;
}

/* Records put in any order leave a third of every page empty, which counts as used. */
static enum rc_code is_loose(struct rc_store *s, bool *ret, struct rc_err *err)
{
	struct rc_view *v;
	enum rc_code code = s->inserted < MANY_NEW ? RC_OK : rc_view_begin(s, &v, err);

	*ret = false;
	if (code || s->inserted < MANY_NEW)
		return code;
	*ret = s->inserted > rc_kv_count(v->txn, RC_KV_KNOWN) / 2;
	return rc_view_end(v, err);
}

enum rc_code rc_store_compact(struct rc_store *s, bool always, bool *ret_done, struct rc_err *err)
{
	struct rc_store_size size;
	enum rc_code code;
	struct rc_rewrite as_it_is = {.put = NULL};
	bool missing, idle, loose = false;
	int dirfd;

	*ret_done = false;
	pthread_mutex_lock(&s->mu);
	idle = !s->open && !s->writer;
	pthread_mutex_unlock(&s->mu);
	if (s->mode != RC_STORE_WRITE || !s->kv || !idle)
		return rc_fail(err, RC_INTERNAL, "state %s cannot be compacted while it is in use", s->dir);
	code = rc_store_settle(s, NULL, NULL, err);
	if (!code)
		code = rc_store_size(s, &size, err);
	if (!code)
		code = is_loose(s, &loose, err);
	if (code || (!always && !loose && (size.free_bytes < WORTH_IT || size.free_bytes <= size.used_bytes)))
		return code;
	s->inserted = 0;
	dirfd = rc_dir_open(s->dir, false, &missing, err);
	if (dirfd < 0)
		return missing ? rc_fail(err, RC_CANTCREAT, "state directory %s is gone", s->dir) : RC_CANTCREAT;
	code = rc_store_rewrite(s, &as_it_is, dirfd, err);
	close(dirfd);
	*ret_done = !code;
	return code;
}
