#include "engine/report/outcome.h"
#include "engine/base/clock.h"
#include "engine/base/json_out.h"
#include "engine/report/cell.h"
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
	char iso[32] = "";

	if (wall_ns)
		rc_time_iso_ms(wall_ns, iso);
	next_str(b, iso);
}

static void next_fields(struct rc_buf *b, const struct rc_outcome *o)
{
	size_t from;

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
	next_str(b, rc_action_name(o->action));
	next_str(b, rc_status_name(o->status));
	next_fields(b, o);
	next_number(b, o->attempts, false);
	next_str(b, o->error_code);
	next_str(b, o->error_message);
	next_str(b, o->request_id);
	rc_cell_next(b, o->remote_id);
	next_time(b, o->planned_at);
	next_time(b, o->done_at);
	next_str(b, o->server);
	next_source(b, o);
	next_str(b, o->reason);
	rc_cell_next(b, o->linked_name);
	next_time(b, o->due_at);
	next_number(b, o->queue_position, o->queue_position == 0);
	for (size_t i = 0; i < n_columns; i++)
		rc_cell_next(b, o->columns ? o->columns[i] : (struct rc_slice){0});
	rc_buf_addc(b, '\n');
}

/* A member after the first. Its name is plain and known here, so it is copied with its comma, quotes and colon in one
 * go.
 */
#define MEMBER(b, name) rc_buf_addslice((b), RC_SLICE(",\"" name "\":"))

static void text(struct rc_buf *b, struct rc_slice s)
{
	if (s.p)
		rc_json_string(b, s);
	else
		rc_buf_addslice(b, RC_SLICE("null"));
}

static void ctext(struct rc_buf *b, const char *s)
{
	text(b, rc_slice_str(s));
}

static void time_text(struct rc_buf *b, int64_t wall_ns)
{
	char iso[32];

	if (wall_ns)
		rc_time_iso_ms(wall_ns, iso);
	ctext(b, wall_ns ? iso : NULL);
}

static void number(struct rc_buf *b, uint64_t v, bool null)
{
	if (null)
		rc_buf_addslice(b, RC_SLICE("null"));
	else
		rc_buf_addu(b, v);
}

static void json_changes(struct rc_buf *b, const struct rc_outcome *o)
{
	MEMBER(b, "changed_fields");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < o->n_fields; i++) {
		rc_json_comma(b);
		rc_json_cstr(b, o->fields[i].field);
	}
	rc_buf_addc(b, ']');
	MEMBER(b, "changes");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < o->n_fields; i++) {
		const struct rc_field_change *f = &o->fields[i];

		rc_json_comma(b);
		rc_buf_addslice(b, RC_SLICE("{\"field\":"));
		rc_json_cstr(b, f->field);
		MEMBER(b, "before");
		text(b, f->secret ? (struct rc_slice){0} : f->before);
		MEMBER(b, "after");
		text(b, f->secret ? (struct rc_slice){0} : f->after);
		if (f->secret)
			rc_buf_addslice(b, RC_SLICE(",\"secret\":true"));
		rc_buf_addc(b, '}');
	}
	rc_buf_addc(b, ']');
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

void rc_outcome_json(struct rc_buf *b, const char *run_id, const struct rc_outcome *o, const char *const *columns,
		     size_t n_columns)
{
	rc_buf_addslice(b, RC_SLICE("{\"run_id\":"));
	ctext(b, run_id);
	MEMBER(b, "target");
	ctext(b, o->target);
	MEMBER(b, "key");
	rc_json_string(b, o->key);
	MEMBER(b, "name");
	rc_json_string(b, o->name);
	MEMBER(b, "action");
	ctext(b, rc_action_name(o->action));
	MEMBER(b, "status");
	ctext(b, rc_status_name(o->status));
	json_changes(b, o);
	MEMBER(b, "attempts");
	number(b, o->attempts, false);
	MEMBER(b, "error_code");
	ctext(b, o->error_code);
	MEMBER(b, "error_message");
	ctext(b, o->error_message);
	MEMBER(b, "request_id");
	ctext(b, o->request_id);
	MEMBER(b, "remote_id");
	text(b, o->remote_id);
	MEMBER(b, "planned_at");
	time_text(b, o->planned_at);
	MEMBER(b, "done_at");
	time_text(b, o->done_at);
	MEMBER(b, "server");
	ctext(b, o->server);
	json_source(b, o);
	MEMBER(b, "reason");
	ctext(b, o->reason);
	MEMBER(b, "linked_name");
	text(b, o->linked_name);
	MEMBER(b, "due_at");
	time_text(b, o->due_at);
	MEMBER(b, "queue_position");
	number(b, o->queue_position, o->queue_position == 0);
	MEMBER(b, "drift");
	rc_buf_adds(b, o->drift ? "true" : "false");
	if (n_columns) {
		MEMBER(b, "columns");
		rc_buf_addc(b, '{');
		for (size_t i = 0; i < n_columns; i++) {
			rc_json_key(b, columns[i]);
			text(b, o->columns ? o->columns[i] : (struct rc_slice){0});
		}
		rc_buf_addc(b, '}');
	}
	rc_buf_adds(b, "}\n");
}
