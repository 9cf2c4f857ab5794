/* The rows of report.html's table: JSON made as rows come, the first RC_HTML_ROWS of them, in their order; troubles
 * push out the last of the others. */
#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/json_out.h"
#include "engine/report/html_int.h"
#include <errno.h>
#include <stdlib.h>

static void item_slice(struct rc_buf *b, struct rc_slice s)
{
	if (s.n) {
		rc_buf_addc(b, ',');
		rc_json_string(b, s);
	} else {
		rc_buf_addslice(b, RC_SLICE(",\"\""));
	}
}

static void item(struct rc_buf *b, const char *s)
{
	item_slice(b, rc_slice_str(s));
}

static void item_time(struct rc_buf *b, int64_t ns)
{
	char iso[32] = "";

	if (ns)
		rc_time_iso(ns, iso);
	item(b, iso);
}

static void item_fields(struct rc_buf *b, const struct rc_outcome *o)
{
	rc_buf_addslice(b, RC_SLICE(",\"\""));
	for (size_t i = 0; i < o->n_fields; i++) {
		if (i)
			rc_json_more(b, RC_SLICE(", "));
		rc_json_more(b, rc_slice_str(o->fields[i].field));
	}
}

static void value(struct rc_buf *b, const struct rc_field_change *f, struct rc_slice v)
{
	if (v.p && !f->secret)
		rc_json_string(b, v);
	else
		rc_buf_adds(b, "null");
}

static void item_changes(struct rc_buf *b, const struct rc_outcome *o)
{
	rc_buf_adds(b, ",[");
	for (size_t i = 0; i < o->n_fields; i++) {
		const struct rc_field_change *f = &o->fields[i];

		rc_json_comma(b);
		rc_buf_addc(b, '[');
		rc_json_cstr(b, f->field);
		rc_buf_addc(b, ',');
		value(b, f, f->before);
		rc_buf_addc(b, ',');
		value(b, f, f->after);
		rc_buf_adds(b, f->secret ? ",1]" : "]");
	}
	rc_buf_addc(b, ']');
}

/* In the order of FIELDS in html/script.js. */
static void row_json(struct rc_buf *b, const struct rc_outcome *o)
{
	rc_buf_addc(b, '[');
	rc_json_cstr(b, o->target);
	item_slice(b, o->key);
	item_slice(b, o->name);
	item(b, rc_action_name(o->action));
	item(b, rc_status_name(o->status));
	item_fields(b, o);
	item(b, o->error_code);
	item(b, o->error_message);
	item(b, o->reason);
	item(b, o->server);
	rc_buf_addc(b, ',');
	rc_json_place(b, o->source_file, o->source_line);
	item_slice(b, o->linked_name);
	item_time(b, o->due_at);
	rc_buf_addc(b, ',');
	if (o->queue_position)
		rc_buf_addu(b, o->queue_position);
	else
		rc_buf_adds(b, "\"\"");
	rc_buf_addc(b, ',');
	rc_buf_addu(b, o->attempts);
	item(b, o->request_id);
	item_slice(b, o->remote_id);
	item_time(b, o->planned_at);
	item_time(b, o->done_at);
	item_changes(b, o);
	rc_buf_addc(b, ']');
}

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

void rc_html_rows_add(struct rc_html_rows *r, const struct rc_outcome *o, bool troubled)
{
	if (troubled ? !make_room(r) : r->n >= RC_HTML_ROWS)
		return;
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 1024;
		r->v = rc_xreallocarray(r->v, r->cap, sizeof(*r->v));
	}
	rc_buf_clear(&r->json);
	row_json(&r->json, o);
	rc_buf_clear(&r->safe);
	rc_html_json(&r->safe, rc_buf_slice(&r->json));
	r->v[r->n++] = (struct rc_html_row){rc_arena_copy(&r->mem, rc_buf_slice(&r->safe)),
					    troubled ? RC_HTML_ROW_TROUBLED : RC_HTML_ROW_GOOD};
	r->kept++;
	if (r->n <= RC_HTML_ROWS)
		r->look_below = r->n;
}

enum rc_code rc_html_rows_put(const struct rc_html_rows *r, uint64_t total, FILE *out, struct rc_err *err)
{
	bool any = false;

	fprintf(out, "{\"total\":%llu,\"rows\":[", (unsigned long long)total);
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].kind == RC_HTML_ROW_OUT)
			continue;
		fputs(any ? ",\n" : "\n", out);
		any = true;
		fwrite(r->v[i].text.p, 1, r->v[i].text.n, out);
	}
	fputs("]}", out);
	return ferror(out) ? rc_fail_sys(err, RC_CANTCREAT, errno, "the report cannot be written out") : RC_OK;
}

void rc_html_rows_done(struct rc_html_rows *r)
{
	free(r->v);
	rc_arena_done(&r->mem);
	rc_buf_done(&r->json);
	rc_buf_done(&r->safe);
	*r = (struct rc_html_rows){0};
}
