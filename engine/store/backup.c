#include "engine/store/backup.h"
#include "engine/base/alloc.h"
#include "engine/store/store_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static const char magic[] = "rollcall state backup 1\n";
enum { MAGIC = sizeof(magic) - 1, SUM = 16, RECORD_HEAD = 9, WRITE_BYTES = 1 << 18 };

/* ---- out */

struct out {
	int fd;
	int sys; /* errno of the first write that failed */
	struct rc_buf buf;
	XXH3_state_t *hash;
};

static void out_flush(struct out *o)
{
	size_t done = 0;

	while (!o->sys && done < o->buf.n) {
		ssize_t n = write(o->fd, o->buf.p + done, o->buf.n - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			o->sys = errno;
	}
	rc_buf_clear(&o->buf);
}

static void out_add(struct out *o, const void *p, size_t n)
{
	XXH3_128bits_update(o->hash, p, n);
	rc_buf_add(&o->buf, p, n);
	if (o->buf.n >= WRITE_BYTES)
		out_flush(o);
}

static void out_record(struct out *o, enum rc_kv_table table, struct rc_slice key, struct rc_slice value)
{
	struct rc_key head = {.n = 0};

	rc_key_u8(&head, (uint8_t)(table + 1)); /* 0 ends the file */
	rc_key_u32(&head, (uint32_t)key.n);
	rc_key_u32(&head, (uint32_t)value.n);
	out_add(o, head.b, head.n);
	out_add(o, key.p, key.n);
	out_add(o, value.p, value.n);
}

static void out_tables(struct out *o, struct rc_view *v)
{
	struct rc_key format = {.n = 0};

	rc_key_u32(&format, v->store->format);
	out_add(o, magic, MAGIC);
	out_add(o, format.b, format.n);
	for (unsigned t = 0; t < RC_KV_LATER; t++) { /* in which nothing is: v was begun */
		struct rc_kv_cursor *c = rc_kv_cursor(v->txn, t);
		struct rc_slice k, val;

		for (bool there = rc_kv_seek(c, (struct rc_slice){0}, &k, &val); there && !o->sys;
		     there = rc_kv_next(c, &k, &val))
			out_record(o, t, k, val);
		rc_kv_cursor_close(c);
	}
	out_add(o, "", 1);
}

static void out_sum(struct out *o)
{
	XXH128_canonical_t sum;

	XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(o->hash));
	rc_buf_add(&o->buf, sum.digest, SUM);
	out_flush(o);
}

static enum rc_code write_file(struct rc_view *v, const char *path, const char *tmp, struct rc_err *err)
{
	struct out o = {.hash = rc_xchecked(XXH3_createState())};
	enum rc_code code;

	XXH3_128bits_reset(o.hash);
	unlink(tmp);
	o.fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o.fd < 0) {
		o.sys = errno;
	} else {
		out_tables(&o, v);
		out_sum(&o);
	}
	if (!o.sys && (fsync(o.fd) || (!rc_view_failed(v) && rename(tmp, path))))
		o.sys = errno;
	if (o.fd >= 0)
		close(o.fd);
	code = o.sys ? rc_fail_sys(err, RC_CANTCREAT, o.sys, "%s: the backup cannot be written", path) : RC_OK;
	if (o.fd >= 0 && (code || rc_view_failed(v)))
		unlink(tmp);
	rc_buf_done(&o.buf);
	XXH3_freeState(o.hash);
	return code;
}

enum rc_code rc_store_export(struct rc_store *s, const char *path, struct rc_err *err)
{
	char *tmp = rc_xasprintf("%s.%ld.new", path, (long)getpid());
	struct rc_view *v = NULL;
	enum rc_code code = RC_OK, end;

	if (!s->kv)
		code = rc_fail(err, RC_CANTCREAT, "state %s: there is nothing to back up yet", s->dir);
	if (!code)
		code = rc_view_begin(s, &v, err);
	if (!code)
		code = write_file(v, path, tmp, err);
	end = rc_view_end(v, code ? NULL : err);
	free(tmp);
	return code ? code : end;
}

/* ---- in */

struct in {
	const uint8_t *p, *end; /* the records */
	bool occupied;
};

static bool next_record(struct in *i, enum rc_kv_table *ret_table, struct rc_slice *key, struct rc_slice *value)
{
	size_t left = (size_t)(i->end - i->p);

	if (left < RECORD_HEAD || i->p[0] == 0 || i->p[0] > RC_KV_LATER)
		return false;
	*ret_table = (enum rc_kv_table)(i->p[0] - 1);
	key->n = rc_get_u32(i->p + 1);
	value->n = rc_get_u32(i->p + 5);
	if (key->n > left - RECORD_HEAD || value->n > left - RECORD_HEAD - key->n)
		return false;
	key->p = (const char *)i->p + RECORD_HEAD;
	value->p = key->p + key->n;
	i->p += RECORD_HEAD + key->n + value->n;
	return true;
}

static enum rc_code read_file(const char *path, struct rc_buf *ret, struct rc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;
	int sys = 0;

	if (fd < 0)
		return rc_fail_sys(err, RC_USAGE, errno, "%s: cannot be read", path);
	while (n > 0) {
		n = read(fd, rc_buf_reserve(ret, WRITE_BYTES), WRITE_BYTES);
		if (n > 0)
			ret->n += (size_t)n;
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			sys = errno;
	}
	close(fd);
	return sys ? rc_fail_sys(err, RC_USAGE, sys, "%s: cannot be read", path) : RC_OK;
}

/* Whether it is one of ours, whole and sound, down to the last record; before anything is written. */
static enum rc_code check_file(const char *path, const struct rc_buf *b, struct in *ret, struct rc_err *err)
{
	enum { LEAST = MAGIC + 4 + 1 + SUM };
	XXH128_canonical_t sum;
	struct rc_slice k, v;
	enum rc_kv_table t;
	struct in i;
	uint32_t format;

	if (b->n < MAGIC || memcmp(b->p, magic, MAGIC) != 0)
		return rc_fail(err, RC_DATA, "%s: is no backup made by `rollcall state export`", path);
	if (b->n < LEAST)
		return rc_fail(err, RC_DATA, "%s: the backup is damaged: it ends too early", path);
	format = rc_get_u32((const uint8_t *)b->p + MAGIC);
	if (format > RC_STORE_FORMAT)
		return rc_fail(err, RC_CANTCREAT,
			       "%s: the backup was made by a newer rollcall (format %u, this one knows %u)", path,
			       (unsigned)format, (unsigned)RC_STORE_FORMAT);
	XXH128_canonicalFromHash(&sum, XXH3_128bits(b->p, b->n - SUM));
	if (memcmp(sum.digest, b->p + b->n - SUM, SUM) != 0)
		return rc_fail(err, RC_DATA, "%s: the backup is damaged: its checksum does not fit", path);
	*ret = i = (struct in){.p = (const uint8_t *)b->p + MAGIC + 4, .end = (const uint8_t *)b->p + b->n - SUM};
	while (next_record(&i, &t, &k, &v))
		;
	if (i.p + 1 != i.end || *i.p != 0)
		return rc_fail(err, RC_DATA, "%s: the backup is damaged: a record makes no sense", path);
	return RC_OK;
}

/* A state that was only ever opened has its format, its seed and counters. */
static bool is_empty(struct rc_kv_txn *t)
{
	static const char *const own[] = {"format", "seed", "generation", "next_id"};
	uint64_t n = 0, known = 0;
	struct rc_slice v;

	for (unsigned i = 0; i < RC_KV_TABLE_COUNT; i++)
		n += rc_kv_count(t, i);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		known += rc_kv_get(t, RC_KV_META, rc_slice_str(own[i]), &v);
	return n == known;
}

static void put_all(struct rc_store *s, struct rc_kv_txn *t, void *ctx)
{
	struct in *all = ctx, i = *all;
	enum rc_kv_table table;
	struct rc_slice k, v;

	(void)s;
	all->occupied = !is_empty(t);
	while (!all->occupied && !rc_kv_failed(t) && next_record(&i, &table, &k, &v))
		rc_kv_put(t, table, k, v);
}

enum rc_code rc_store_import(struct rc_store *s, const char *path, struct rc_err *err)
{
	struct rc_buf b = {0};
	struct in in = {0};
	enum rc_code code = read_file(path, &b, err);

	if (!code)
		code = check_file(path, &b, &in, err);
	if (!code)
		code = rc_store_write(s, put_all, &in, NULL, NULL, err);
	if (!code && in.occupied)
		code = rc_fail(err, RC_CANTCREAT,
			       "state %s is not empty: import into a new one, or move this one away first", s->dir);
	rc_buf_done(&b);
	return code;
}
