/* forget: erases a person who has no live account. */
#include "engine/base/json_out.h"
#include "engine/cmd/opened.h"
#include "engine/report/run_dir.h"
#include "engine/store/history.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct traces { /* of one person on one target */
	bool record, live;
	uint64_t events;
};

static struct traces look(struct rc_view *v, uint16_t target, struct rc_slice key)
{
	struct traces t = {0};
	struct rc_walk w = {0};
	struct rc_known k;
	struct rc_event e;

	if (rc_view_known(v, target, key, &k)) {
		t.record = true;
		t.live = k.flags & RC_KNOWN_MANAGED;
	}
	rc_walk_retiring_begin(v, target, key, &w);
	while (rc_walk_retiring(&w, &k))
		t.live = true;
	rc_walk_end(&w);
	rc_walk_history_begin(v, target, key, &w);
	while (rc_walk_history(&w, &e))
		t.events++;
	rc_walk_end(&w);
	return t;
}

/* Guards name the first people they would hit; that list lies in the summaries of past runs. */
static bool blot(cJSON *doc, const char *key)
{
	cJSON *target, *guard, *name;
	bool changed = false;

	cJSON_ArrayForEach(target, cJSON_GetObjectItemCaseSensitive(doc, "targets"))
		cJSON_ArrayForEach(guard, cJSON_GetObjectItemCaseSensitive(target, "guards")) cJSON_ArrayForEach(
			name, cJSON_GetObjectItemCaseSensitive(
				      guard, "people")) if (cJSON_IsString(name) && strcmp(name->valuestring, key) == 0)
	{
		cJSON_SetValuestring(name, "");
		changed = true;
	}
	return changed;
}

static void forget_summaries(struct rc_opened *o, const char *key)
{
	struct rc_walk w = {0};
	struct rc_run run;

	rc_walk_runs_begin(o->view, &w);
	while (rc_walk_runs(&w, &run)) {
		cJSON *doc = run.json.n ? cJSON_ParseWithLength(run.json.p, run.json.n) : NULL;

		if (doc && blot(doc, key)) {
			char *text = cJSON_PrintUnformatted(doc);

			run.json = rc_slice_str(text);
			rc_writer_run(o->writer, &run);
			cJSON_free(text);
		}
		cJSON_Delete(doc);
	}
	rc_walk_end(&w);
}

/* Whether a report has a row of the person. */
static bool speaks_of(const char *reports, const char *run_id, struct rc_slice needle)
{
	int dir = -1, fd = -1;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	bool found = false;
	FILE *f = NULL;

	if (rc_run_dir_open(reports, run_id, &dir, NULL) == RC_OK)
		fd = openat(dir, "users.jsonl", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		f = fdopen(fd, "r");
	while (f && !found && (n = getline(&line, &cap, f)) > 0)
		found = memmem(line, (size_t)n, needle.p, needle.n) != NULL;
	free(line);
	if (f)
		fclose(f);
	if (dir >= 0)
		close(dir);
	return found;
}

static void name_reports(struct rc_opened *o, struct rc_slice key, struct rc_buf *out)
{
	struct rc_run_entry *runs = NULL;
	struct rc_buf needle = {0};
	size_t n = 0;
	struct rc_err err;

	if (rc_run_list(o->cfg->reports, &o->mem, &runs, &n, &err)) {
		rc_cli_fail(&err);
		return;
	}
	rc_buf_adds(&needle, "\"key\":");
	rc_json_string(&needle, key);
	for (size_t i = 0; i < n; i++)
		if (speaks_of(o->cfg->reports, runs[i].run_id, rc_buf_slice(&needle)))
			rc_buf_addf(out, "still named in the report %s/%s: remove it, or let retention do so\n",
				    o->cfg->reports, runs[i].run_id);
	rc_buf_done(&needle);
}

static enum rc_code forget_targets(struct rc_opened *o, struct rc_slice key, struct rc_buf *out, struct rc_err *err)
{
	struct rc_target_known *targets = NULL;
	size_t n = 0;
	enum rc_code code = rc_store_targets(o->store, &o->mem, &targets, &n, err);

	for (size_t i = 0; i < n && !code; i++)
		if (look(o->view, targets[i].number, key).live)
			code = rc_fail(
				err, RC_USAGE,
				"%.*s has a live account on target %.*s: nothing is forgotten; let sync remove it, "
				"or release the person first",
				(int)key.n, key.p, (int)targets[i].name.n, targets[i].name.p);
	for (size_t i = 0; i < n && !code; i++) {
		struct traces t = look(o->view, targets[i].number, key);

		rc_writer_forget(o->writer, targets[i].number, key);
		if (t.record || t.events)
			rc_buf_addf(out, "%.*s: %s and %llu events are forgotten\n", (int)targets[i].name.n,
				    targets[i].name.p, t.record ? "the record" : "no record",
				    (unsigned long long)t.events);
	}
	return code;
}

static int forget(struct rc_cli *c, struct rc_opened *o)
{
	struct rc_slice key = rc_slice_str(c->argument);
	struct rc_buf b = {0};
	struct rc_err err;
	enum rc_code code = forget_targets(o, key, &b, &err);
	int out = code ? rc_cli_fail(&err) : 0;

	if (!out) {
		forget_summaries(o, c->argument);
		if (!b.n)
			rc_buf_adds(&b, "the state knows nothing of this key\n");
		name_reports(o, key, &b);
		out = rc_opened_flush(o);
	}
	if (!out)
		out = rc_cli_print(rc_buf_slice(&b));
	rc_buf_done(&b);
	return out;
}

int rc_cmd_forget(struct rc_cli *c)
{
	struct rc_opened o;
	int out = rc_open_write(c, &o);

	o.rewrite = !out; /* what is erased is not to lie in free pages either */
	return rc_opened_done(&o, out ? out : forget(c, &o));
}
