/* One walk over users.jsonl: what failed and why, who waits, what drifted; and the rows for the table. */
#define XXH_INLINE_ALL
#include "engine/base/clock.h"
#include "engine/base/json_out.h"
#include "engine/report/html_int.h"
#include <errno.h>
#include <xxhash.h>

bool rc_html_troubled(const struct rc_outcome *o)
{
	return o->status != RC_ST_DONE && o->status != RC_ST_PLANNED && o->status != RC_ST_UNMANAGED &&
	       o->status != RC_ST_NOT_SELECTED;
}

static const char *keep(struct rc_html_scan *s, struct rc_slice text)
{
	return rc_arena_copy(&s->mem, text).p;
}

static const char *keep_cstr(struct rc_html_scan *s, const char *text)
{
	return text ? rc_arena_strdup(&s->mem, text) : "";
}

static struct rc_slice who(const struct rc_outcome *o)
{
	return o->key.n ? o->key : o->name;
}

static void add_cause(struct rc_html_scan *s, const struct rc_outcome *o)
{
	const char *code = o->error_code ? o->error_code : "", *message = o->error_message ? o->error_message : "";
	struct rc_html_cause *c = NULL;
	struct rc_buf id = {0};
	uint64_t hash;

	if (!*message && o->reason)
		message = o->reason;
	rc_buf_addf(&id, "%s%c%s%c%s", o->target, 0, code, 0, message);
	hash = XXH3_64bits(id.p, id.n);
	rc_buf_done(&id);
	for (size_t i = 0; i < s->n_causes; i++)
		if (s->causes[i].hash == hash)
			c = &s->causes[i];
	if (!c && s->n_causes == RC_HTML_CAUSES) {
		s->other_failures++;
		return;
	}
	if (!c) {
		c = &s->causes[s->n_causes++];
		c->hash = hash;
		c->target = keep_cstr(s, o->target);
		c->code = keep_cstr(s, code);
		c->message = keep_cstr(s, message);
		c->status = rc_status_name(o->status);
	}
	c->n++;
	if (c->n_names < RC_HTML_NAMES)
		c->names[c->n_names++] = keep(s, who(o));
}

static void add_person(struct rc_html_scan *s, struct rc_html_list *l, const struct rc_outcome *o)
{
	struct rc_html_person *p;
	struct rc_buf fields = {0};
	char until[32] = "";

	l->total++;
	if (l->n == RC_HTML_WAITING)
		return;
	p = &l->v[l->n++];
	for (size_t i = 0; i < o->n_fields; i++)
		rc_buf_addf(&fields, "%s%s", i ? ", " : "", o->fields[i].field);
	if (o->due_at)
		rc_time_iso(o->due_at, until);
	p->target = keep_cstr(s, o->target);
	p->who = keep(s, who(o));
	p->why = keep_cstr(s, o->reason ? o->reason : o->error_message);
	p->until = keep_cstr(s, until);
	p->fields = keep(s, rc_buf_slice(&fields));
	p->queue_position = o->queue_position;
	rc_buf_done(&fields);
}

struct scan_walk {
	struct rc_html_scan *scan;
	struct rc_arena line;
};

static enum rc_code scan_row(void *ctx, struct rc_slice line, struct rc_err *err)
{
	struct scan_walk *w = ctx;
	struct rc_outcome o;
	enum rc_code code;

	rc_arena_reset(&w->line);
	code = rc_outcome_parse(line, NULL, 0, &w->line, &o, err);
	if (code)
		return code;
	w->scan->total++;
	w->scan->troubled += rc_html_troubled(&o);
	if (o.status == RC_ST_FAILED || o.status == RC_ST_UNKNOWN)
		add_cause(w->scan, &o);
	if (o.status == RC_ST_WAITING || (o.status == RC_ST_DEFERRED && o.queue_position))
		add_person(w->scan, &w->scan->waiting, &o);
	if (o.drift)
		add_person(w->scan, &w->scan->drift, &o);
	return RC_OK;
}

enum rc_code rc_html_scan(int dir_fd, struct rc_html_scan *ret, struct rc_err *err)
{
	struct scan_walk w = {.scan = ret};
	enum rc_code code = rc_report_lines(dir_fd, scan_row, &w, err);

	rc_arena_done(&w.line);
	return code;
}

struct rows_walk {
	FILE *out;
	uint64_t troubled_left, good_left;
	bool any;
	struct rc_arena line;
	struct rc_buf json, safe;
};

static void item(struct rc_buf *b, const char *s)
{
	rc_json_comma(b);
	rc_json_cstr(b, s ? s : "");
}

static void item_slice(struct rc_buf *b, struct rc_slice s)
{
	rc_json_comma(b);
	rc_json_string(b, s);
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
	struct rc_buf text = {0};

	for (size_t i = 0; i < o->n_fields; i++)
		rc_buf_addf(&text, "%s%s", i ? ", " : "", o->fields[i].field);
	item_slice(b, rc_buf_slice(&text));
	rc_buf_done(&text);
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
		rc_json_cstr(b, f->before.p);
		rc_buf_addc(b, ',');
		rc_json_cstr(b, f->after.p);
		rc_buf_adds(b, f->secret ? ",1]" : "]");
	}
	rc_buf_addc(b, ']');
}

/* In the order of FIELDS in html/script.js. */
static void row_json(struct rc_buf *b, const struct rc_outcome *o)
{
	struct rc_buf source = {0};

	rc_buf_addslice(&source, o->source_file);
	if (o->source_line)
		rc_buf_addf(&source, ":%llu", (unsigned long long)o->source_line);
	rc_buf_addc(b, '[');
	item(b, o->target);
	item_slice(b, o->key);
	item_slice(b, o->name);
	item(b, rc_action_name(o->action));
	item(b, rc_status_name(o->status));
	item_fields(b, o);
	item(b, o->error_code);
	item(b, o->error_message);
	item(b, o->reason);
	item(b, o->server);
	item_slice(b, rc_buf_slice(&source));
	item_slice(b, o->linked_name);
	item_time(b, o->due_at);
	if (o->queue_position)
		rc_buf_addf(b, ",%u", o->queue_position);
	else
		rc_buf_adds(b, ",\"\"");
	rc_buf_addf(b, ",%u", o->attempts);
	item(b, o->request_id);
	item_slice(b, o->remote_id);
	item_time(b, o->planned_at);
	item_time(b, o->done_at);
	item_changes(b, o);
	rc_buf_addc(b, ']');
	rc_buf_done(&source);
}

static enum rc_code put_row(void *ctx, struct rc_slice line, struct rc_err *err)
{
	struct rows_walk *w = ctx;
	struct rc_outcome o;
	uint64_t *left;
	enum rc_code code;

	rc_arena_reset(&w->line);
	code = rc_outcome_parse(line, NULL, 0, &w->line, &o, err);
	if (code)
		return code;
	left = rc_html_troubled(&o) ? &w->troubled_left : &w->good_left;
	if (!*left)
		return RC_OK;
	--*left;
	rc_buf_clear(&w->json);
	rc_buf_clear(&w->safe);
	row_json(&w->json, &o);
	if (w->any)
		rc_buf_addc(&w->safe, ',');
	rc_buf_addc(&w->safe, '\n');
	rc_html_json(&w->safe, rc_buf_slice(&w->json));
	w->any = true;
	if (fwrite(w->safe.p, 1, w->safe.n, w->out) != w->safe.n)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "the report cannot be written out");
	return RC_OK;
}

enum rc_code rc_html_rows(int dir_fd, const struct rc_html_scan *scan, FILE *out, struct rc_err *err)
{
	struct rows_walk w = {.out = out};
	enum rc_code code;

	w.troubled_left = scan->troubled < RC_HTML_ROWS ? scan->troubled : RC_HTML_ROWS;
	w.good_left = RC_HTML_ROWS - w.troubled_left;
	fprintf(out, "{\"total\":%llu,\"rows\":[", (unsigned long long)scan->total);
	code = rc_report_lines(dir_fd, put_row, &w, err);
	fputs("]}", out);
	rc_arena_done(&w.line);
	rc_buf_done(&w.json);
	rc_buf_done(&w.safe);
	return code;
}
