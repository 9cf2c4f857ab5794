/* What the rows of a run come to: what failed and why, who waits, what drifted. */
#define XXH_INLINE_ALL
#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/report/html_int.h"
#include <stdlib.h>
#include <xxhash.h>

static bool troubled(const struct rc_outcome *o)
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

void rc_html_scan_row(struct rc_html_scan *s, const struct rc_outcome *o)
{
	s->total++;
	rc_html_rows_add(&s->rows, o, troubled(o));
	if (o->status == RC_ST_FAILED || o->status == RC_ST_UNKNOWN)
		add_cause(s, o);
	if (o->status == RC_ST_WAITING || (o->status == RC_ST_DEFERRED && o->queue_position))
		add_person(s, &s->waiting, o);
	if (o->drift)
		add_person(s, &s->drift, o);
}

struct lines {
	struct rc_html_scan *scan;
	struct rc_arena line;
};

static enum rc_code take_line(void *ctx, struct rc_slice line, struct rc_err *err)
{
	struct lines *l = ctx;
	struct rc_outcome o;
	enum rc_code code;

	rc_arena_reset(&l->line);
	code = rc_outcome_parse(line, NULL, 0, &l->line, &o, err);
	if (!code)
		rc_html_scan_row(l->scan, &o);
	return code;
}

enum rc_code rc_html_scan_file(struct rc_html_scan *s, int dir_fd, struct rc_err *err)
{
	struct lines l = {.scan = s};
	enum rc_code code = rc_report_lines(dir_fd, take_line, &l, err);

	rc_arena_done(&l.line);
	return code;
}

struct rc_html_scan *rc_html_scan_new(void)
{
	return rc_xcalloc(1, sizeof(struct rc_html_scan));
}

void rc_html_scan_free(struct rc_html_scan *s)
{
	if (!s)
		return;
	rc_html_rows_done(&s->rows);
	rc_arena_done(&s->mem);
	free(s);
}
