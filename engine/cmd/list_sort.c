#include "engine/cmd/list_sort.h"
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 64 << 10 };

/* A line as it lies in memory and in the file: its key's and its own length, its key, itself. */
struct head {
	uint32_t key, line;
};

struct piece { /* a sorted stretch of the file, and the window of it that is in memory */
	off_t at, end;
	struct rc_buf window;
	size_t pos; /* of the line at hand, in the window */
};

struct list_sort {
	size_t limit;
	struct rc_buf lines;
	size_t *at; /* where each line begins in lines */
	size_t n, cap;
	int fd; /* -1: nothing was spilled yet */
	off_t size;
	struct piece *pieces;
	size_t n_pieces;
	struct rc_err err;
};

struct list_sort *list_sort_new(size_t limit)
{
	struct list_sort *s = rc_xcalloc(1, sizeof(*s));

	s->limit = limit;
	s->fd = -1;
	return s;
}

static struct head head_at(const char *p)
{
	struct head h;

	memcpy(&h, p, sizeof(h));
	return h;
}

static size_t size_at(const char *p)
{
	struct head h = head_at(p);

	return sizeof(h) + h.key + h.line;
}

static struct rc_slice key_at(const char *p)
{
	return (struct rc_slice){p + sizeof(struct head), head_at(p).key};
}

static struct rc_slice line_at(const char *p)
{
	struct head h = head_at(p);

	return (struct rc_slice){p + sizeof(h) + h.key, h.line};
}

/* The place decides between equal keys, so that the order is one. */
static int by_key(const void *a, const void *b, void *base)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = rc_slice_cmp(key_at((const char *)base + x), key_at((const char *)base + y));

	return order ? order : x < y ? -1 : x > y;
}

static void sort(struct list_sort *s)
{
	if (s->n)
		qsort_r(s->at, s->n, sizeof(*s->at), by_key, s->lines.p);
}

static void failed(struct list_sort *s, const char *what)
{
	rc_fail_sys(&s->err, RC_CANTCREAT, errno, "the temporary file that the list is sorted in cannot be %s", what);
}

static bool open_file(struct list_sort *s)
{
	const char *dir = getenv("TMPDIR");
	char path[400];

	snprintf(path, sizeof(path), "%s/rollcall-list-XXXXXX", dir && dir[0] ? dir : "/tmp");
	s->fd = mkostemp(path, O_CLOEXEC);
	if (s->fd >= 0)
		unlink(path);
	else
		failed(s, "made");
	return s->fd >= 0;
}

static bool append(struct list_sort *s, const char *p, size_t n)
{
	while (n) {
		ssize_t w = pwrite(s->fd, p, n, s->size);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			failed(s, "written");
			return false;
		}
		p += w;
		n -= (size_t)w;
		s->size += w;
	}
	return true;
}

static void spill(struct list_sort *s)
{
	struct rc_buf out = {0};
	off_t from = s->size;
	bool ok = s->fd >= 0 || open_file(s);

	sort(s);
	for (size_t i = 0; ok && i < s->n; i++) {
		const char *p = s->lines.p + s->at[i];

		rc_buf_add(&out, p, size_at(p));
		if (out.n < WINDOW && i + 1 < s->n)
			continue;
		ok = append(s, out.p, out.n);
		rc_buf_clear(&out);
	}
	rc_buf_done(&out);
	s->pieces = rc_xreallocarray(s->pieces, s->n_pieces + 1, sizeof(*s->pieces));
	s->pieces[s->n_pieces++] = (struct piece){.at = from, .end = s->size};
	rc_buf_clear(&s->lines);
	s->n = 0;
}

void list_sort_add(struct list_sort *s, struct rc_slice key, struct rc_slice line)
{
	struct head h = {(uint32_t)key.n, (uint32_t)line.n};

	if (s->err.code)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->at = rc_xreallocarray(s->at, s->cap, sizeof(*s->at));
	}
	s->at[s->n++] = s->lines.n;
	rc_buf_add(&s->lines, &h, sizeof(h));
	rc_buf_addslice(&s->lines, key);
	rc_buf_addslice(&s->lines, line);
	if (s->lines.n + s->n * sizeof(*s->at) >= s->limit)
		spill(s);
}

/* At least n bytes from the line at hand on are in the window. */
static bool hold(struct list_sort *s, struct piece *p, size_t n)
{
	if (p->window.n - p->pos >= n)
		return true;
	if (p->pos)
		memmove(p->window.p, p->window.p + p->pos, p->window.n - p->pos);
	p->window.n -= p->pos;
	p->pos = 0;
	while (p->window.n < n || (p->at < p->end && p->window.n < WINDOW)) {
		size_t left = (size_t)(p->end - p->at), want = n > WINDOW ? n : WINDOW;
		size_t ask = want - p->window.n < left ? want - p->window.n : left;
		ssize_t got = pread(s->fd, rc_buf_reserve(&p->window, ask + 1), ask, p->at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			failed(s, "read");
			return false;
		}
		p->window.n += (size_t)got;
		p->at += got;
	}
	return true;
}

/* Whether the piece has a line at hand, whole in its window. */
static bool at_hand(struct list_sort *s, struct piece *p)
{
	if (p->at >= p->end && p->pos >= p->window.n)
		return false;
	return hold(s, p, sizeof(struct head)) && hold(s, p, size_at(p->window.p + p->pos));
}

static void merge(struct list_sort *s, bool (*emit)(void *ctx, struct rc_slice line), void *ctx)
{
	for (;;) {
		struct piece *least = NULL;

		for (size_t i = 0; i < s->n_pieces; i++) { /* the earlier piece wins between equals */
			struct piece *p = &s->pieces[i];

			if (at_hand(s, p) && (!least || rc_slice_cmp(key_at(p->window.p + p->pos),
								     key_at(least->window.p + least->pos)) < 0))
				least = p;
			if (s->err.code)
				return;
		}
		if (!least || !emit(ctx, line_at(least->window.p + least->pos)))
			return;
		least->pos += size_at(least->window.p + least->pos);
	}
}

static void forget(struct list_sort *s)
{
	for (size_t i = 0; i < s->n_pieces; i++)
		rc_buf_done(&s->pieces[i].window);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->size = 0;
	s->n = s->n_pieces = 0;
	rc_buf_clear(&s->lines);
}

enum rc_code list_sort_end(struct list_sort *s, bool (*emit)(void *ctx, struct rc_slice line), void *ctx,
			   struct rc_err *err)
{
	enum rc_code code;

	if (s->n_pieces && s->n)
		spill(s);
	if (s->n_pieces && !s->err.code) {
		merge(s, emit, ctx);
	} else if (!s->err.code) {
		sort(s);
		for (size_t i = 0; i < s->n && emit(ctx, line_at(s->lines.p + s->at[i])); i++)
			;
	}
	code = s->err.code;
	if (code)
		*err = s->err;
	s->err = (struct rc_err){0};
	forget(s);
	return code;
}

void list_sort_free(struct list_sort *s)
{
	if (!s)
		return;
	forget(s);
	rc_buf_done(&s->lines);
	free(s->pieces);
	free(s->at);
	free(s);
}
