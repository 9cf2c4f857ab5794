/* The rows of report.html's table: JSON made as rows come, the first RC_HTML_ROWS of them, in their order; troubles
 * push out the last of the others. */
#include "engine/base/alloc.h"
#include "engine/report/html_int.h"
#include "engine/report/row_words.h"
#include <errno.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 128 << 10 };

/* Room for one more: the last that is no trouble goes. Later ones that are none came too late already, so that the
 * place to look from only ever moves down. */
static bool make_room(struct rc_html_rows *r)
{
	if (r->kept < RC_HTML_ROWS)
		return true;
	while (r->look_below > 0) {
		struct rc_html_row *v = &r->v[--r->look_below];

		if (v->kind != RC_HTML_ROW_GOOD)
			continue;
		v->kind = RC_HTML_ROW_OUT;
		r->kept--;
		return true;
	}
	return false;
}

/* One behind the other, so that many are written at once. */
static struct rc_slice keep(struct rc_html_rows *r, struct rc_slice text)
{
	char *to;

	if (text.n > r->left) {
		r->left = text.n > CHUNK_BYTES ? text.n : CHUNK_BYTES;
		r->next = rc_arena_alloc(&r->mem, r->left);
	}
	to = memcpy(r->next, text.p, text.n);
	r->next += text.n;
	r->left -= text.n;
	return (struct rc_slice){to, text.n};
}

void rc_html_rows_add(struct rc_html_rows *r, const struct rc_outcome *o, bool troubled)
{
	if (troubled ? !make_room(r) : r->n >= RC_HTML_ROWS)
		return;
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 1024;
		r->v = rc_xreallocarray(r->v, r->cap, sizeof(*r->v));
	}
	rc_buf_clear(&r->json);
	RC_PIECE(&r->json, ",\n");
	rc_html_row(&r->json, o);
	r->v[r->n++] = (struct rc_html_row){keep(r, rc_html_json(&r->safe, rc_buf_slice(&r->json))),
					    troubled ? RC_HTML_ROW_TROUBLED : RC_HTML_ROW_GOOD};
	r->kept++;
	if (r->n <= RC_HTML_ROWS)
		r->look_below = r->n;
}

static enum rc_code put(FILE *out, struct rc_slice s, struct rc_err *err)
{
	if (fwrite(s.p, 1, s.n, out) != s.n)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "the report cannot be written out");
	return RC_OK;
}

/* Rows that lie together in one piece: stdio passes nearly all of one that is larger than its buffer straight on. */
static enum rc_code put_rows(const struct rc_html_rows *r, FILE *out, struct rc_err *err)
{
	struct rc_slice piece = RC_SLICE("");
	bool any = false;
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < r->n && !code; i++) {
		struct rc_slice text = r->v[i].text;

		if (r->v[i].kind == RC_HTML_ROW_OUT)
			continue;
		if (!any) /* no comma before the first */
			text = (struct rc_slice){text.p + 1, text.n - 1};
		any = true;
		if (piece.p + piece.n == text.p) {
			piece.n += text.n;
			continue;
		}
		code = put(out, piece, err);
		piece = text;
	}
	return code ? code : put(out, piece, err);
}

enum rc_code rc_html_rows_put(const struct rc_html_rows *r, uint64_t total, FILE *out, struct rc_err *err)
{
	struct rc_buf head = {0};
	enum rc_code code;

	rc_buf_addf(&head, "{\"total\":%llu,\"rows\":[", (unsigned long long)total);
	code = put(out, rc_buf_slice(&head), err);
	if (!code)
		code = put_rows(r, out, err);
	if (!code)
		code = put(out, RC_SLICE("]}"), err);
	rc_buf_done(&head);
	return code;
}

void rc_html_rows_done(struct rc_html_rows *r)
{
	free(r->v);
	rc_arena_done(&r->mem);
	rc_buf_done(&r->json);
	rc_buf_done(&r->safe);
	*r = (struct rc_html_rows){0};
}
