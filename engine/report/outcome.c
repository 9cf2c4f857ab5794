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
	struct rc_buf list = {0};

	for (size_t i = 0; i < o->n_fields; i++) {
		if (i)
			rc_buf_addc(&list, ' ');
		rc_buf_adds(&list, o->fields[i].field);
	}
	rc_cell_next(b, rc_buf_slice(&list));
	rc_buf_done(&list);
}

/* FILE:LINE, or FILE alone. */
static void source_text(struct rc_buf *b, const struct rc_outcome *o)
{
	rc_buf_addslice(b, o->source_file);
	if (o->source_file.n && o->source_line) {
		rc_buf_addc(b, ':');
		rc_buf_addu(b, o->source_line);
	}
}

static void next_source(struct rc_buf *b, const struct rc_outcome *o)
{
	struct rc_buf text = {0};

	source_text(&text, o);
	rc_cell_next(b, rc_buf_slice(&text));
	rc_buf_done(&text);
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

static void key_slice(struct rc_buf *b, const char *key, struct rc_slice s)
{
	rc_json_key(b, key);
	if (s.p)
		rc_json_string(b, s);
	else
		rc_buf_adds(b, "null");
}

static void key_time(struct rc_buf *b, const char *key, int64_t wall_ns)
{
	char iso[32];

	if (wall_ns)
		rc_time_iso_ms(wall_ns, iso);
	rc_json_kcstr(b, key, wall_ns ? iso : NULL);
}

static void json_changes(struct rc_buf *b, const struct rc_outcome *o)
{
	rc_json_key(b, "changed_fields");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < o->n_fields; i++) {
		rc_json_comma(b);
		rc_json_cstr(b, o->fields[i].field);
	}
	rc_buf_addc(b, ']');
	rc_json_key(b, "changes");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < o->n_fields; i++) {
		const struct rc_field_change *f = &o->fields[i];

		rc_json_comma(b);
		rc_buf_addc(b, '{');
		rc_json_kcstr(b, "field", f->field);
		key_slice(b, "before", f->secret ? (struct rc_slice){0} : f->before);
		key_slice(b, "after", f->secret ? (struct rc_slice){0} : f->after);
		if (f->secret)
			rc_json_kbool(b, "secret", true);
		rc_buf_addc(b, '}');
	}
	rc_buf_addc(b, ']');
}

static void json_source(struct rc_buf *b, const struct rc_outcome *o)
{
	struct rc_buf text = {0};

	source_text(&text, o);
	key_slice(b, "source", rc_buf_slice(&text));
	rc_buf_done(&text);
	key_slice(b, "source_file", o->source_file);
	rc_json_key(b, "source_line");
	if (o->source_line)
		rc_buf_addu(b, o->source_line);
	else
		rc_buf_adds(b, "null");
}

void rc_outcome_json(struct rc_buf *b, const char *run_id, const struct rc_outcome *o, const char *const *columns,
		     size_t n_columns)
{
	rc_buf_addc(b, '{');
	rc_json_kcstr(b, "run_id", run_id);
	rc_json_kcstr(b, "target", o->target);
	rc_json_kstr(b, "key", o->key);
	rc_json_kstr(b, "name", o->name);
	rc_json_kcstr(b, "action", rc_action_name(o->action));
	rc_json_kcstr(b, "status", rc_status_name(o->status));
	json_changes(b, o);
	rc_json_kint(b, "attempts", o->attempts);
	rc_json_kcstr(b, "error_code", o->error_code);
	rc_json_kcstr(b, "error_message", o->error_message);
	rc_json_kcstr(b, "request_id", o->request_id);
	key_slice(b, "remote_id", o->remote_id);
	key_time(b, "planned_at", o->planned_at);
	key_time(b, "done_at", o->done_at);
	rc_json_kcstr(b, "server", o->server);
	json_source(b, o);
	rc_json_kcstr(b, "reason", o->reason);
	key_slice(b, "linked_name", o->linked_name);
	key_time(b, "due_at", o->due_at);
	rc_json_key(b, "queue_position");
	if (o->queue_position)
		rc_buf_addu(b, o->queue_position);
	else
		rc_buf_adds(b, "null");
	rc_json_kbool(b, "drift", o->drift);
	if (n_columns) {
		rc_json_key(b, "columns");
		rc_buf_addc(b, '{');
		for (size_t i = 0; i < n_columns; i++)
			key_slice(b, columns[i], o->columns ? o->columns[i] : (struct rc_slice){0});
		rc_buf_addc(b, '}');
	}
	rc_buf_adds(b, "}\n");
}
