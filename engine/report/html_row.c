/* One row of report.html's table as JSON: an array in the order of FIELDS in html/script.js. */
#include "engine/base/clock.h"
#include "engine/base/json_out.h"
#include "engine/report/html_int.h"
#include "engine/report/row_words.h"

static void item(struct rc_buf *b, const char *s)
{
	if (s)
		rc_json_next(b, rc_slice_str(s));
	else
		RC_PIECE(b, ",\"\"");
}

static void item_time(struct rc_buf *b, int64_t ns)
{
	char iso[32];

	if (!ns) {
		RC_PIECE(b, ",\"\"");
		return;
	}
	rc_time_iso(ns, iso);
	RC_PIECE(b, ",\"");
	rc_buf_add(b, iso, RC_TIME_ISO_LEN);
	rc_buf_addc(b, '"');
}

static void item_fields(struct rc_buf *b, const struct rc_outcome *o)
{
	item(b, o->n_fields ? o->fields[0].field : NULL);
	for (size_t i = 1; i < o->n_fields; i++) {
		rc_json_more(b, RC_SLICE(", "));
		rc_json_more(b, rc_slice_str(o->fields[i].field));
	}
}

static void value(struct rc_buf *b, const struct rc_field_change *f, struct rc_slice v)
{
	if (v.p && !f->secret)
		rc_json_string(b, v);
	else
		RC_PIECE(b, "null");
}

static void item_changes(struct rc_buf *b, const struct rc_outcome *o)
{
	RC_PIECE(b, ",[");
	for (size_t i = 0; i < o->n_fields; i++) {
		const struct rc_field_change *f = &o->fields[i];

		if (i)
			rc_buf_addc(b, ',');
		rc_buf_addc(b, '[');
		rc_json_cstr(b, f->field);
		rc_buf_addc(b, ',');
		value(b, f, f->before);
		rc_buf_addc(b, ',');
		value(b, f, f->after);
		if (f->secret)
			RC_PIECE(b, ",1");
		rc_buf_addc(b, ']');
	}
	rc_buf_addc(b, ']');
}

static void item_error(struct rc_buf *b, const struct rc_outcome *o)
{
	if (o->error_code || o->error_message) {
		item(b, o->error_code);
		item(b, o->error_message);
	} else {
		RC_PIECE(b, ",\"\",\"\"");
	}
}

static void item_prospect(struct rc_buf *b, const struct rc_outcome *o)
{
	if (!o->linked_name.n && !o->due_at && !o->queue_position) {
		RC_PIECE(b, ",\"\",\"\",\"\"");
		return;
	}
	rc_json_next(b, o->linked_name);
	item_time(b, o->due_at);
	if (o->queue_position) {
		rc_buf_addc(b, ',');
		rc_buf_addu(b, o->queue_position);
	} else {
		RC_PIECE(b, ",\"\"");
	}
}

void rc_html_row(struct rc_buf *b, const struct rc_outcome *o)
{
	rc_buf_addc(b, '[');
	rc_json_cstr(b, o->target);
	rc_json_next(b, o->key);
	rc_json_next(b, o->name);
	rc_buf_addslice(b, rc_row_action(o->action)->item);
	rc_buf_addslice(b, rc_row_status(o->status)->item);
	item_fields(b, o);
	item_error(b, o);
	item(b, o->reason);
	item(b, o->server);
	rc_buf_addc(b, ',');
	rc_json_place(b, o->source_file, o->source_line);
	item_prospect(b, o);
	rc_buf_addc(b, ',');
	rc_buf_addu(b, o->attempts);
	item(b, o->request_id);
	rc_json_next(b, o->remote_id);
	item_time(b, o->planned_at);
	item_time(b, o->done_at);
	item_changes(b, o);
	rc_buf_addc(b, ']');
}
