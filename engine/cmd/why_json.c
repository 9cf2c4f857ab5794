#include "engine/base/json_out.h"
#include "engine/cmd/why.h"
#include "engine/store/history.h"

static void text(struct rc_buf *b, const char *name, struct rc_slice s)
{
	if (s.n)
		rc_json_kstr(b, name, s);
	else
		rc_json_kcstr(b, name, NULL);
}

static void moment(struct rc_buf *b, const char *name, int64_t ns)
{
	char iso[32];

	if (ns)
		rc_time_iso(ns, iso);
	rc_json_kcstr(b, name, ns ? iso : NULL);
}

static void value(struct rc_buf *b, const char *name, bool has, struct rc_slice s)
{
	if (has)
		rc_json_kstr(b, name, s.p ? s : RC_SLICE(""));
	else
		rc_json_kcstr(b, name, NULL);
}

static void fields(struct rc_buf *b, const struct rc_account_schema *schema, const struct rc_story_target *t)
{
	rc_json_key(b, "fields");
	rc_buf_addc(b, '{');
	for (size_t f = 0; f < schema->n_fields; f++) {
		uint32_t bit = 1u << f;
		bool wanted = t->wanted && t->wanted_account.set & bit, actual = t->has_actual && t->actual.set & bit;
		bool known = t->has_known && t->known.account.set & bit;

		if (schema->fields[f].secret || !(wanted || known || actual))
			continue;
		rc_json_key(b, schema->fields[f].name);
		rc_buf_addc(b, '{');
		value(b, "wanted", wanted, t->wanted_account.v[f]);
		value(b, "known", known, t->known.account.v[f]);
		value(b, "actual", actual, t->actual.v[f]);
		rc_buf_addc(b, '}');
	}
	rc_buf_addc(b, '}');
}

static void known(struct rc_buf *b, const struct rc_story_target *t)
{
	const struct rc_known *k = &t->known;

	rc_json_key(b, "known");
	if (!t->has_known) {
		rc_buf_adds(b, "null");
		return;
	}
	rc_buf_addc(b, '{');
	rc_json_kbool(b, "managed", k->flags & RC_KNOWN_MANAGED);
	text(b, "name", k->name);
	text(b, "remote_id", k->remote_id);
	text(b, "server", k->server);
	rc_json_kcstr(b, "status", rc_known_status_name(k->status));
	rc_json_kbool(b, "adopted", k->flags & RC_KNOWN_ADOPTED);
	rc_json_kbool(b, "held", k->flags & RC_KNOWN_HELD);
	rc_json_kbool(b, "undone", k->flags & RC_KNOWN_UNDONE);
	rc_json_kbool(b, "disabled", k->flags & RC_KNOWN_DISABLED);
	rc_json_kbool(b, "locked", k->flags & RC_KNOWN_LOCKED);
	text(b, "reason", k->reason);
	moment(b, "created_at", k->created_at_ns);
	moment(b, "changed_at", k->changed_at_ns);
	moment(b, "missing_since", k->missing_since_ns);
	moment(b, "due_at", k->due_at_ns);
	text(b, "error_code", k->error_code);
	text(b, "error_message", k->error_message);
	text(b, "retiring", t->retiring);
	rc_buf_addc(b, '}');
}

static void plan(struct rc_buf *b, const struct rc_story_target *t)
{
	rc_json_key(b, "now");
	if (!t->has_row) {
		rc_buf_adds(b, "null");
		return;
	}
	rc_buf_addc(b, '{');
	rc_json_kcstr(b, "action", rc_action_name(t->action));
	rc_json_kcstr(b, "status", rc_status_name(t->status));
	rc_json_kcstr(b, "reason", t->reason);
	rc_json_kcstr(b, "error_code", t->error_code);
	rc_json_kcstr(b, "error_message", t->error_message);
	moment(b, "due_at", t->due_ns);
	rc_json_kint(b, "queue_position", t->queue_position);
	rc_buf_addc(b, '}');
}

static void history(struct rc_buf *b, struct rc_opened *o, size_t target, struct rc_slice key)
{
	struct rc_walk w = {0};
	struct rc_event e;

	rc_json_key(b, "runs");
	rc_buf_addc(b, '[');
	rc_walk_history_begin(o->view, o->numbers[target], key, &w);
	while (rc_walk_history(&w, &e)) {
		rc_json_comma(b);
		rc_buf_addc(b, '{');
		text(b, "run_id", e.run_id);
		moment(b, "at", e.at_ns);
		rc_json_kcstr(b, "action", rc_action_name((enum rc_action)e.action));
		rc_json_kcstr(b, "status", rc_status_name((enum rc_status)e.status));
		rc_json_kbool(b, "access", e.access);
		text(b, "name", e.name);
		text(b, "server", e.server);
		text(b, "changed_fields", e.changed_fields);
		text(b, "error_code", e.error_code);
		text(b, "reason", e.reason);
		rc_buf_addc(b, '}');
	}
	rc_walk_end(&w);
	rc_buf_addc(b, ']');
}

static void target(struct rc_buf *b, struct rc_opened *o, const struct rc_story *s, size_t i)
{
	const struct rc_story_target *t = &s->targets[i];

	rc_json_key(b, o->cfg->targets[i].name);
	rc_buf_addc(b, '{');
	rc_json_kcstr(b, "rule", t->rule);
	rc_json_kbool(b, "wanted", t->wanted);
	text(b, "wanted_name", t->wanted_name);
	plan(b, t);
	known(b, t);
	rc_json_kbool(b, "unmanaged", t->unmanaged);
	moment(b, "listed_at", t->listed_ns);
	fields(b, o->cfg->targets[i].schema, t);
	history(b, o, i, s->key);
	rc_buf_addc(b, '}');
}

static void story(struct rc_buf *b, struct rc_opened *o, const struct rc_story *s)
{
	rc_json_kstr(b, "key", s->key);
	rc_json_kbool(b, "found", why_found(o, s));
	rc_json_kcstr(b, "rule", s->rule);
	rc_json_key(b, "source");
	if (s->file) {
		rc_buf_addc(b, '{');
		rc_json_kcstr(b, "file", s->file);
		rc_json_kint(b, "line", (int64_t)s->line);
		rc_buf_addc(b, '}');
	} else {
		rc_buf_adds(b, "null");
	}
	rc_json_key(b, "targets");
	rc_buf_addc(b, '{');
	for (size_t i = 0; i < o->cfg->n_targets; i++)
		target(b, o, s, i);
	rc_buf_addc(b, '}');
}

static void matches(struct rc_buf *b, const struct why_matches *m)
{
	rc_json_key(b, "matches");
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < m->n; i++) {
		rc_json_comma(b);
		rc_buf_addc(b, '{');
		text(b, "key", m->v[i].key);
		text(b, "name", m->v[i].name);
		rc_json_kcstr(b, "target", m->v[i].target);
		rc_json_kcstr(b, "where", m->v[i].found);
		rc_buf_addc(b, '}');
	}
	rc_buf_addc(b, ']');
}

void why_json(struct rc_buf *b, struct rc_opened *o, const struct why_matches *m, const struct rc_story *s,
	      const char *problem)
{
	rc_buf_addc(b, '{');
	if (m)
		matches(b, m);
	if (s)
		story(b, o, s);
	rc_json_kcstr(b, "problem", problem[0] ? problem : NULL);
	rc_buf_adds(b, "}\n");
}
