#include "engine/seal/seal_read.h"
#include "engine/base/alloc.h"
#include "engine/seal/seal_block.h"
#include "engine/seal/seal_scan.h"
#include <errno.h>
#include <stdlib.h>

enum { CELLS = RC_SEAL_FIXED + RC_SEAL_COLUMNS, ALL_COLUMNS = 64 * RC_SEAL_COLUMNS };

struct reading {
	const char *path;
	EVP_PKEY *key;
	struct rc_seal_rows *rows;
	size_t cap;
	struct rc_buf plain; /* secret */
	struct rc_buf id;
	struct rc_buf ours;   /* identities that this key opened, each NUL-terminated */
	struct rc_buf others; /* of each block it did not open: line in decimal, then identities, then an empty one */
};

static enum rc_code damaged(const struct reading *r, uint64_t line, const char *why, struct rc_err *err)
{
	return rc_fail_line(err, RC_DATA, line,
			    "%s:%llu: the block that begins here is damaged: %s; restore the file, or open the other "
			    "blocks one by one with openssl cms -decrypt -inform PEM",
			    r->path, (unsigned long long)line, why);
}

/* Whether a run of NUL-terminated strings has this one. */
static bool among(struct rc_slice list, const char *s)
{
	for (const char *p = list.p, *end = list.p + list.n; p < end; p += strlen(p) + 1)
		if (strcmp(p, s) == 0)
			return true;
	return false;
}

static struct rc_seal_row *new_row(struct reading *r)
{
	struct rc_seal_rows *rows = r->rows;

	if (rows->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 256;
		rows->v = rc_xreallocarray(rows->v, r->cap, sizeof(*rows->v));
	}
	return &rows->v[rows->n++];
}

static bool column_at(struct rc_seal_rows *rows, struct rc_slice name, size_t *ret)
{
	size_t i = 0;

	while (i < rows->columns_n && !rc_slice_eq(rows->columns[i], name))
		i++;
	if (i == ALL_COLUMNS)
		return false;
	if (i == rows->columns_n) {
		rows->columns = rc_xreallocarray(rows->columns, i + 1, sizeof(*rows->columns));
		rows->columns[rows->columns_n++] = name;
	}
	*ret = i;
	return true;
}

static bool take_header(struct reading *r, struct rc_slice *text, size_t **ret_at, long *ret_n)
{
	struct rc_slice cells[CELLS];
	long n = rc_seal_csv_next(text, &r->rows->mem, cells, CELLS);

	if (n < RC_SEAL_FIXED)
		return false;
	for (size_t i = 0; i < RC_SEAL_FIXED; i++)
		if (!rc_slice_eqs(cells[i], rc_seal_column_names[i]))
			return false;
	*ret_at = rc_arena_alloc(&r->rows->mem, ((size_t)n - RC_SEAL_FIXED) * sizeof(size_t) + 1);
	for (size_t i = RC_SEAL_FIXED; i < (size_t)n; i++)
		if (!column_at(r->rows, cells[i], &(*ret_at)[i - RC_SEAL_FIXED]))
			return false;
	*ret_n = n;
	return true;
}

static void take_row(struct reading *r, const struct rc_slice *cells, size_t n, const size_t *at)
{
	struct rc_seal_row *row = new_row(r);
	size_t extra_n = n - RC_SEAL_FIXED;
	struct rc_slice *extra = rc_arena_alloc(&r->rows->mem, extra_n * sizeof(*extra) + 1);

	memcpy(extra, cells + RC_SEAL_FIXED, extra_n * sizeof(*extra));
	*row = (struct rc_seal_row){.kind = RC_SEAL_PASSWORD, .extra = extra, .extra_at = at, .extra_n = extra_n};
	memcpy(row->cells, cells, sizeof(row->cells));
	if (!cells[RC_SEAL_PASSWD].n)
		row->kind = cells[RC_SEAL_CREATED_AT].n ? RC_SEAL_LOCK : RC_SEAL_VOID;
}

static bool take_rows(struct reading *r)
{
	struct rc_slice text = rc_buf_slice(&r->plain), cells[CELLS];
	size_t *at;
	long n, width;

	if (!take_header(r, &text, &at, &width))
		return false;
	while ((n = rc_seal_csv_next(&text, &r->rows->mem, cells, CELLS)) == width)
		take_row(r, cells, (size_t)n, at);
	return n == 0;
}

static enum rc_code take_block(struct reading *r, const struct rc_seal_scan *s, struct rc_err *err)
{
	const char *why;
	bool good;

	rc_buf_clear(&r->id);
	switch (rc_seal_block_open(rc_buf_slice(&s->block), r->key, &r->plain, &r->id, &why)) {
	case RC_SEAL_DAMAGED:
		return damaged(r, s->start, why, err);
	case RC_SEAL_NOT_OURS:
		rc_buf_addf(&r->others, "%llu", (unsigned long long)s->start);
		rc_buf_addc(&r->others, 0);
		rc_buf_addslice(&r->others, rc_buf_slice(&r->id));
		rc_buf_addc(&r->others, 0);
		r->rows->others++;
		return RC_OK;
	case RC_SEAL_OPENED:
		break;
	}
	r->rows->blocks++;
	if (r->id.n && !among(rc_buf_slice(&r->ours), r->id.p))
		rc_buf_addslice(&r->ours, rc_buf_slice(&r->id));
	good = take_rows(r);
	OPENSSL_cleanse(r->plain.p, r->plain.n);
	rc_buf_clear(&r->plain);
	return good ? RC_OK : damaged(r, s->start, "what is sealed in it are no credentials", err);
}

/* A block for a recipient whose other blocks this key opens has to open, too. */
static enum rc_code judge_others(const struct reading *r, struct rc_err *err)
{
	const char *p = r->others.p, *end = p + r->others.n;

	if (r->rows->others && !r->rows->blocks)
		return rc_fail(err, RC_DATA,
			       "%s: none of its %zu blocks opens with this key: give the key of a certificate that "
			       "seal_to named when they were written",
			       r->path, r->rows->others);
	while (p < end) {
		uint64_t line = strtoull(p, NULL, 10);

		for (p += strlen(p) + 1; *p; p += strlen(p) + 1)
			if (among(rc_buf_slice(&r->ours), p))
				return damaged(r, line, "its content key was altered", err);
		p++;
	}
	return RC_OK;
}

static enum rc_code read_blocks(struct reading *r, struct rc_seal_scan *s, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	while (!code)
		switch (rc_seal_scan_next(s)) {
		case RC_SEAL_PIECE_BLOCK:
			code = take_block(r, s, err);
			break;
		case RC_SEAL_PIECE_TORN:
			r->rows->torn++;
			r->rows->torn_line = s->start;
			break;
		case RC_SEAL_PIECE_FAULT:
			return s->sys ? rc_fail_sys(err, RC_DATA, s->sys, "%s:%llu: cannot be read", r->path,
						    (unsigned long long)s->line)
				      : damaged(r, s->start, s->why, err);
		case RC_SEAL_PIECE_END:
			return judge_others(r, err);
		}
	return code;
}

enum rc_code rc_seal_read(const char *path, EVP_PKEY *key, struct rc_seal_rows *ret, struct rc_err *err)
{
	struct reading r = {.path = path, .key = key, .rows = ret, .plain = {.secret = true}};
	struct rc_seal_scan s;
	FILE *in = fopen(path, "re");
	enum rc_code code;

	if (!in)
		return rc_fail_sys(err, RC_DATA, errno, "credentials file %s cannot be read", path);
	rc_seal_scan_init(&s, in);
	code = read_blocks(&r, &s, err);
	rc_seal_scan_done(&s);
	fclose(in);
	rc_buf_wipe(&r.plain);
	rc_buf_done(&r.id);
	rc_buf_done(&r.ours);
	rc_buf_done(&r.others);
	if (!code)
		rc_seal_settle(ret);
	return code;
}

struct rc_slice rc_seal_row_extra(const struct rc_seal_row *r, size_t column)
{
	for (size_t i = 0; i < r->extra_n; i++)
		if (r->extra_at[i] == column)
			return r->extra[i];
	return (struct rc_slice){"", 0};
}

void rc_seal_rows_done(struct rc_seal_rows *r)
{
	rc_arena_wipe(&r->mem);
	free(r->v);
	free(r->columns);
	*r = (struct rc_seal_rows){0};
}
