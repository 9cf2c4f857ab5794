#include "engine/cmd/why.h"
#include "engine/store/history.h"
#include <stdio.h>

enum { WIDTH = 24, EVENTS = 1000 };

static void slice(struct rc_buf *b, struct rc_slice s)
{
	char text[2001];

	snprintf(text, sizeof(text), "%.*s", (int)(s.n < 2000 ? s.n : 2000), s.p ? s.p : "");
	rc_printable(text, sizeof(text));
	rc_buf_adds(b, text);
}

static void when(struct rc_buf *b, int64_t ns)
{
	char iso[32];

	rc_time_iso(ns, iso);
	rc_buf_adds(b, iso);
}

static void cell(struct rc_buf *b, bool has, struct rc_slice s, bool last)
{
	size_t from = b->n;

	if (has)
		slice(b, s);
	else
		rc_buf_addc(b, '-');
	while (!last && b->n - from < WIDTH)
		rc_buf_addc(b, ' ');
	if (!last)
		rc_buf_addc(b, ' ');
}

static void fields(struct rc_buf *b, const struct rc_account_schema *schema, const struct rc_story_target *t)
{
	char head[64] = "actual";

	if (t->listed_ns) {
		snprintf(head, sizeof(head), "actual, listed ");
		rc_time_iso(t->listed_ns, head + strlen(head));
	}
	rc_buf_addf(b, "  %-24s %-*s %-*s %s\n", "field", (int)WIDTH, "wanted", (int)WIDTH, "known", head);
	for (size_t f = 0; f < schema->n_fields; f++) {
		uint32_t bit = 1u << f;
		bool known = t->has_known && t->known.account.set & bit;

		if (schema->fields[f].secret ||
		    !(bit & ((t->wanted ? t->wanted_account.set : 0) | (t->has_known ? t->known.account.set : 0) |
			     (t->has_actual ? t->actual.set : 0))))
			continue;
		rc_buf_addf(b, "  %-24s ", schema->fields[f].name);
		cell(b, t->wanted && t->wanted_account.set & bit, t->wanted_account.v[f], false);
		cell(b, known, t->known.account.v[f], false);
		cell(b, t->has_actual && t->actual.set & bit, t->actual.v[f], true);
		rc_buf_addc(b, '\n');
	}
}

static void known_line(struct rc_buf *b, const struct rc_story_target *t)
{
	const struct rc_known *k = &t->known;

	if (!t->has_known) {
		rc_buf_adds(b, "  known     nothing\n");
		return;
	}
	rc_buf_addf(b, "  known     %s account ", k->flags & RC_KNOWN_MANAGED ? "managed" : "no managed");
	slice(b, k->name);
	rc_buf_addf(b, ", %s", rc_known_status_name(k->status));
	if (k->flags & RC_KNOWN_ADOPTED)
		rc_buf_adds(b, ", adopted");
	if (k->flags & RC_KNOWN_HELD)
		rc_buf_adds(b, ", held");
	if (k->flags & RC_KNOWN_UNDONE)
		rc_buf_adds(b, ", undone");
	if (k->flags & RC_KNOWN_DISABLED)
		rc_buf_adds(b, ", disabled");
	if (k->flags & RC_KNOWN_LOCKED)
		rc_buf_adds(b, ", locked");
	if (k->server.n) {
		rc_buf_adds(b, ", on ");
		slice(b, k->server);
	}
	if (k->remote_id.n) {
		rc_buf_adds(b, ", id ");
		slice(b, k->remote_id);
	}
	if (k->missing_since_ns) {
		rc_buf_adds(b, ", missing since ");
		when(b, k->missing_since_ns);
	}
	if (k->reason.n) {
		rc_buf_adds(b, ": ");
		slice(b, k->reason);
	}
	rc_buf_addc(b, '\n');
}

static void plan_line(struct rc_buf *b, const struct rc_story_target *t)
{
	rc_buf_addf(b, "  now       %s %s", rc_action_name(t->action), rc_status_name(t->status));
	if (t->reason)
		rc_buf_addf(b, ": %s", t->reason);
	if (t->error_code || t->error_message)
		rc_buf_addf(b, ": %s %s", t->error_code ? t->error_code : "", t->error_message ? t->error_message : "");
	if (t->due_ns) {
		rc_buf_adds(b, ", due ");
		when(b, t->due_ns);
	}
	if (t->queue_position)
		rc_buf_addf(b, ", %u in the queue for a seat", (unsigned)t->queue_position);
	rc_buf_addc(b, '\n');
}

static void events(struct rc_buf *b, struct rc_opened *o, size_t target, struct rc_slice key)
{
	struct rc_walk w = {0};
	struct rc_event e;
	size_t n = 0;

	rc_walk_history_begin(o->view, o->numbers[target], key, &w);
	while (n < EVENTS && rc_walk_history(&w, &e)) {
		rc_buf_adds(b, n++ ? "            " : "  runs      ");
		when(b, e.at_ns);
		rc_buf_addc(b, ' ');
		slice(b, e.run_id);
		rc_buf_addf(b, " %s %s ", rc_action_name((enum rc_action)e.action),
			    rc_status_name((enum rc_status)e.status));
		slice(b, e.name);
		if (e.changed_fields.n) {
			rc_buf_adds(b, " [");
			slice(b, e.changed_fields);
			rc_buf_addc(b, ']');
		}
		if (e.error_code.n || e.reason.n) {
			rc_buf_adds(b, ": ");
			slice(b, e.error_code.n ? e.error_code : e.reason);
		}
		rc_buf_addc(b, '\n');
	}
	rc_walk_end(&w);
	if (!n)
		rc_buf_adds(b, "  runs      none touched them\n");
}

static void target(struct rc_buf *b, struct rc_opened *o, const struct rc_story *s, size_t i)
{
	const struct rc_story_target *t = &s->targets[i];

	rc_buf_addf(b, "\n%s\n", o->cfg->targets[i].name);
	if (t->rule)
		rc_buf_addf(b, "  rule      %s\n", t->rule);
	if (t->has_row)
		plan_line(b, t);
	known_line(b, t);
	if (t->retiring.n) {
		rc_buf_adds(b, "  retiring  the old account ");
		slice(b, t->retiring);
		rc_buf_addc(b, '\n');
	}
	if (t->unmanaged)
		rc_buf_adds(b, "  there     an account of this name that rollcall does not manage\n");
	if (t->wanted || t->has_known || t->has_actual)
		fields(b, o->cfg->targets[i].schema, t);
	events(b, o, i, s->key);
}

static void matches(struct rc_buf *b, const struct why_matches *m)
{
	if (!m->n)
		rc_buf_adds(b, "found nowhere: in no row, no account, no run\n");
	for (size_t i = 0; i < m->n; i++) {
		const struct why_match *v = &m->v[i];

		slice(b, v->key.n ? v->key : RC_SLICE("-"));
		rc_buf_adds(b, "  ");
		slice(b, v->name.n ? v->name : RC_SLICE("-"));
		rc_buf_addf(b, "  %s%s%s\n", v->target ? v->target : "", v->target ? ": " : "", v->found);
	}
}

void why_text(struct rc_buf *b, struct rc_opened *o, const struct why_matches *m, const struct rc_story *s,
	      const char *problem)
{
	if (m)
		matches(b, m);
	if (problem[0])
		rc_buf_addf(b, "not all of it could be read: %s\n", problem);
	if (!s)
		return;
	if (m)
		rc_buf_addc(b, '\n');
	slice(b, s->key);
	if (s->file)
		rc_buf_addf(b, " at %s:%llu", s->file, (unsigned long long)s->line);
	rc_buf_addf(b, ": %s\n", s->rule);
	if (!why_found(o, s)) {
		rc_buf_adds(b,
			    "found nowhere: in no row, no account, no run; --find TEXT looks for a part of a name\n");
		return;
	}
	for (size_t i = 0; i < o->cfg->n_targets; i++)
		target(b, o, s, i);
}
