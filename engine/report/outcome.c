#include "engine/report/outcome.h"
#include "engine/base/clock.h"
#include "engine/base/json_out.h"
#include "engine/report/cell.h"
#include "engine/report/row_words.h"
#include <stdio.h>

const char *const rc_outcome_columns[RC_OUTCOME_COLUMNS + 1] = {
	"run_id",   "target",     "key",           "name",        "action",    "status",         "changed_fields",
	"attempts", "error_code", "error_message", "request_id",  "remote_id", "planned_at",     "done_at",
	"server",   "source",     "reason",        "linked_name", "due_at",    "queue_position", NULL,
};

static bool taken(const char *name)
{
	for (const char *const *c = rc_outcome_columns; *c; c++)
		if (strcmp(*c, name) == 0)
			return true;
	return false;
}

void rc_outcome_csv_header(struct rc_buf *b, const char *const *columns, size_t n_columns)
{
	for (size_t i = 0; i < RC_OUTCOME_COLUMNS; i++) {
		if (i)
			rc_buf_addc(b, ',');
		rc_buf_adds(b, rc_outcome_columns[i]);
	}
	for (size_t i = 0; i < n_columns; i++) {
		struct rc_buf name = {0};

		if (taken(columns[i]))
			rc_buf_adds(&name, "source.");
		rc_buf_adds(&name, columns[i]);
		rc_cell_next(b, rc_buf_slice(&name));
		rc_buf_done(&name);
	}
	rc_buf_addc(b, '\n');
}

static void next_str(struct rc_buf *b, const char *s)
{
	rc_cell_next(b, rc_slice_str(s));
}

static void next_number(struct rc_buf *b, uint64_t v, bool blank)
{
	rc_buf_addc(b, ',');
	if (!blank)
		rc_buf_addu(b, v);
}

static void next_time(struct rc_buf *b, int64_t wall_ns)
{
	char iso[32];

	rc_buf_addc(b, ',');
	if (!wall_ns)
		return;
	rc_time_iso_ms(wall_ns, iso);
	rc_buf_add(b, iso, RC_TIME_ISO_MS_LEN);
}

/* What nearly no row has, in either form. */
static bool has_error(const struct rc_outcome *o)
{
	return o->error_code || o->error_message || o->request_id;
}

static bool has_prospect(const struct rc_outcome *o)
{
	return o->linked_name.p || o->due_at || o->queue_position;
}

static void next_error(struct rc_buf *b, const struct rc_outcome *o)
{
	if (!has_error(o)) {
		RC_PIECE(b, ",,,");
		return;
	}
	next_str(b, o->error_code);
	next_str(b, o->error_message);
	next_str(b, o->request_id);
}

static void next_prospect(struct rc_buf *b, const struct rc_outcome *o)
{
	if (!has_prospect(o)) {
		RC_PIECE(b, ",,,");
		return;
	}
	rc_cell_next(b, o->linked_name);
	next_time(b, o->due_at);
	next_number(b, o->queue_position, o->queue_position == 0);
}

static void next_fields(struct rc_buf *b, const struct rc_outcome *o)
{
	size_t from;

	if (o->n_fields == 1) {
		next_str(b, o->fields[0].field);
		return;
	}
	rc_buf_addc(b, ',');
	from = b->n;
	for (size_t i = 0; i < o->n_fields; i++) {
		if (i)
			rc_buf_addc(b, ' ');
		rc_buf_adds(b, o->fields[i].field);
	}
	rc_cell_settle(b, from);
}

/* FILE:LINE, or FILE alone. */
static void next_source(struct rc_buf *b, const struct rc_outcome *o)
{
	size_t from;

	rc_buf_addc(b, ',');
	from = b->n;
	rc_buf_addslice(b, o->source_file);
	if (o->source_file.n && o->source_line) {
		rc_buf_addc(b, ':');
		rc_buf_addu(b, o->source_line);
	}
	rc_cell_settle(b, from);
}

void rc_outcome_csv(struct rc_buf *b, const char *run_id, const struct rc_outcome *o, size_t n_columns)
{
	rc_cell_safe(b, rc_slice_str(run_id));
	next_str(b, o->target);
	rc_cell_next(b, o->key);
	rc_cell_next(b, o->name);
	rc_buf_addslice(b, rc_row_action(o->action)->cell);
	rc_buf_addslice(b, rc_row_status(o->status)->cell);
	next_fields(b, o);
	next_number(b, o->attempts, false);
	next_error(b, o);
	rc_cell_next(b, o->remote_id);
	next_time(b, o->planned_at);
	if (!o->done_at && !o->server) {
		RC_PIECE(b, ",,");
	} else {
		next_time(b, o->done_at);
		next_str(b, o->server);
	}
	next_source(b, o);
	next_str(b, o->reason);
	next_prospect(b, o);
	for (size_t i = 0; i < n_columns; i++)
		rc_cell_next(b, o->columns ? o->columns[i] : (struct rc_slice){0});
	rc_buf_addc(b, '\n');
}

#define NAMED(name) ",\"" name "\":" /* a member after the first */
#define MEMBER(b, name) RC_PIECE(b, NAMED(name))

static void text(struct rc_buf *b, struct rc_slice s)
{
	if (s.p)
		rc_json_string(b, s);
	else
		RC_PIECE(b, "null");
}

static void ctext(struct rc_buf *b, const char *s)
{
	text(b, rc_slice_str(s));
}

static void time_text(struct rc_buf *b, int64_t wall_ns)
{
	char iso[32];

	if (!wall_ns) {
		RC_PIECE(b, "null");
		return;
	}
	rc_time_iso_ms(wall_ns, iso);
	rc_buf_addc(b, '"');
	rc_buf_add(b, iso, RC_TIME_ISO_MS_LEN);
	rc_buf_addc(b, '"');
}

static void number(struct rc_buf *b, uint64_t v, bool null)
{
	if (null)
		RC_PIECE(b, "null");
	else
		rc_buf_addu(b, v);
}

static void json_change(struct rc_buf *b, const struct rc_field_change *f)
{
	RC_PIECE(b, "{\"field\":");
	rc_json_cstr(b, f->field);
	MEMBER(b, "before");
	text(b, f->secret ? (struct rc_slice){0} : f->before);
	MEMBER(b, "after");
	text(b, f->secret ? (struct rc_slice){0} : f->after);
	if (f->secret)
		RC_PIECE(b, NAMED("secret") "true");
	rc_buf_addc(b, '}');
}

static void json_changes(struct rc_buf *b, const struct rc_outcome *o)
{
	RC_PIECE(b, NAMED("changed_fields") "[");
	for (size_t i = 0; i < o->n_fields; i++) {
		if (i)
			rc_buf_addc(b, ',');
		rc_json_cstr(b, o->fields[i].field);
	}
	RC_PIECE(b, "]" NAMED("changes") "[");
	for (size_t i = 0; i < o->n_fields; i++) {
		if (i)
			rc_buf_addc(b, ',');
		json_change(b, &o->fields[i]);
	}
	RC_PIECE(b, "]" NAMED("attempts"));
	number(b, o->attempts, false);
}

static void json_error(struct rc_buf *b, const struct rc_outcome *o)
{
	if (!has_error(o)) {
		RC_PIECE(b, NAMED("error_code") "null" NAMED("error_message") "null" NAMED("request_id") "null");
		return;
	}
	MEMBER(b, "error_code");
	ctext(b, o->error_code);
	MEMBER(b, "error_message");
	ctext(b, o->error_message);
	MEMBER(b, "request_id");
	ctext(b, o->request_id);
}

static void json_done(struct rc_buf *b, const struct rc_outcome *o)
{
	if (!o->done_at && !o->server) {
		RC_PIECE(b, NAMED("done_at") "null" NAMED("server") "null");
		return;
	}
	MEMBER(b, "done_at");
	time_text(b, o->done_at);
	MEMBER(b, "server");
	ctext(b, o->server);
}

static void json_source(struct rc_buf *b, const struct rc_outcome *o)
{
	MEMBER(b, "source");
	rc_json_place(b, o->source_file, o->source_file.n ? o->source_line : 0);
	MEMBER(b, "source_file");
	text(b, o->source_file);
	MEMBER(b, "source_line");
	number(b, o->source_line, o->source_line == 0);
}

static void json_prospect(struct rc_buf *b, const struct rc_outcome *o)
{
	if (!has_prospect(o)) {
		RC_PIECE(b, NAMED("linked_name") "null" NAMED("due_at") "null" NAMED("queue_position") "null");
		return;
	}
	MEMBER(b, "linked_name");
	text(b, o->linked_name);
	MEMBER(b, "due_at");
	time_text(b, o->due_at);
	MEMBER(b, "queue_position");
	number(b, o->queue_position, o->queue_position == 0);
}

static void json_columns(struct rc_buf *b, const struct rc_outcome *o, const char *const *columns, size_t n_columns)
{
	RC_PIECE(b, NAMED("columns") "{");
	for (size_t i = 0; i < n_columns; i++) {
		rc_json_key(b, columns[i]);
		text(b, o->columns ? o->columns[i] : (struct rc_slice){0});
	}
	rc_buf_addc(b, '}');
}

void rc_outcome_json(struct rc_buf *b, const char *run_id, const struct rc_outcome *o, const char *const *columns,
		     size_t n_columns)
{
	RC_PIECE(b, "{\"run_id\":");
	ctext(b, run_id);
	MEMBER(b, "target");
	ctext(b, o->target);
	MEMBER(b, "key");
	rc_json_string(b, o->key);
	MEMBER(b, "name");
	rc_json_string(b, o->name);
	rc_buf_addslice(b, rc_row_action(o->action)->member);
	rc_buf_addslice(b, rc_row_status(o->status)->member);
	json_changes(b, o);
	json_error(b, o);
	MEMBER(b, "remote_id");
	text(b, o->remote_id);
	MEMBER(b, "planned_at");
	time_text(b, o->planned_at);
	json_done(b, o);
	json_source(b, o);
	MEMBER(b, "reason");
	ctext(b, o->reason);
	json_prospect(b, o);
	if (o->drift)
		RC_PIECE(b, NAMED("drift") "true");
	else
		RC_PIECE(b, NAMED("drift") "false");
	if (n_columns)
		json_columns(b, o, columns, n_columns);
	RC_PIECE(b, "}\n");
}
