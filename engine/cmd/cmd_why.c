/* why: one person's story, from the sources as they are now, the snapshot, the last list and the history. */
#include "engine/cmd/why.h"
#include "engine/store/history.h"
#include <stdio.h>

bool why_found(struct rc_opened *o, const struct rc_story *s)
{
	bool found = s->in_source;

	for (size_t i = 0; i < o->cfg->n_targets && !found; i++) {
		struct rc_walk w = {0};
		struct rc_event e;

		rc_walk_history_begin(o->view, o->numbers[i], s->key, &w);
		found = s->targets[i].has_known || rc_walk_history(&w, &e);
		rc_walk_end(&w);
	}
	return found;
}

/* The state is opened once at a time: it is closed for the plan and opened again for the history. */
static int tell(struct rc_cli *c, const struct rc_slice *keys, size_t n, struct rc_arena *mem, struct rc_explain *e)
{
	struct rc_config *cfg = NULL;
	struct rc_err err = {0};
	enum rc_code code = rc_cli_config(c, &cfg);

	if (code)
		return (int)code;
	*e = (struct rc_explain){.keys = keys, .n = n, .mem = mem};
	code = rc_explain(cfg, &c->run, e, &err);
	rc_config_free(cfg);
	return code ? rc_cli_fail(&err) : 0;
}

static int show(struct rc_cli *c, const struct why_matches *m, const struct rc_story *s, const char *problem)
{
	struct rc_opened o;
	struct rc_buf b = {0};
	int out = rc_open_read(c, &o);

	if (!out) {
		if (c->format && strcmp(c->format, "json") == 0)
			why_json(&b, &o, m, s, problem);
		else
			why_text(&b, &o, m, s, problem);
		out = rc_view_failed(o.view) ? 0 : rc_cli_print(rc_buf_slice(&b));
	}
	rc_buf_done(&b);
	return rc_opened_done(&o, out);
}

static int why_key(struct rc_cli *c, struct rc_slice key, const struct why_matches *m)
{
	struct rc_arena mem = {0};
	struct rc_explain e;
	int out = tell(c, &key, 1, &mem, &e);

	if (!out)
		out = show(c, m, &e.stories[0], e.problem);
	rc_arena_done(&mem);
	return out;
}

/* One person found: their story; several: only who they are. */
static int why_search(struct rc_cli *c)
{
	struct why_matches m;
	char problem[800] = "";
	struct rc_opened o;
	int out = rc_open_read(c, &o);

	if (out)
		return rc_opened_done(&o, out);
	if (c->name_of)
		why_by_name(&o, rc_slice_str(c->name_of), &m, problem, sizeof(problem));
	else
		why_by_text(&o, rc_slice_str(c->find), &m, problem, sizeof(problem));
	rc_view_end(o.view, NULL);
	o.view = NULL;
	rc_store_close(o.store);
	o.store = NULL;
	out = m.n_keys == 1 ? why_key(c, m.keys[0], &m) : show(c, &m, NULL, problem);
	return rc_opened_done(&o, out);
}

int rc_cmd_why(struct rc_cli *c)
{
	int asked = (c->argument != NULL) + (c->name_of != NULL) + (c->find != NULL);
	struct rc_err err;

	if (c->format && strcmp(c->format, "json") != 0 && strcmp(c->format, "text") != 0) {
		rc_fail(&err, RC_USAGE, "--format %s: text or json", c->format);
		return rc_cli_fail(&err);
	}
	if (asked != 1 || (c->find && !c->find[0]) || (c->argument && !c->argument[0])) {
		rc_fail(&err, RC_USAGE, "why needs one of KEY, --name N and --find TEXT");
		return rc_cli_fail(&err);
	}
	return c->argument ? why_key(c, rc_slice_str(c->argument), NULL) : why_search(c);
}
