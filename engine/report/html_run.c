/* The sections about the run: verdict, facts, sources, totals of each target. */
#include "engine/report/html_int.h"

static void fact(struct rc_buf *b, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	rc_buf_addf(b, "<dt>%s</dt><dd>", label);
	rc_html_cstr(b, value);
	rc_buf_adds(b, "</dd>\n");
}

static void tile_begin(struct rc_buf *b, const char *label)
{
	rc_buf_addf(b, "<div><dt>%s</dt><dd>", label);
}

static void tile_end(struct rc_buf *b)
{
	rc_buf_adds(b, "</dd></div>\n");
}

static void tile(struct rc_buf *b, const char *label, double v)
{
	if (v < 0)
		return;
	tile_begin(b, label);
	rc_html_number(b, (uint64_t)v);
	tile_end(b);
}

static const char *tone(const cJSON *summary)
{
	switch ((int)rc_html_num(summary, "exit_code")) {
	case 0:
	case 2:
		return "good";
	case 75:
		return "warn";
	default:
		return "bad";
	}
}

static void command_line(struct rc_buf *b, const cJSON *summary)
{
	const cJSON *words = cJSON_GetObjectItemCaseSensitive(summary, "invocation"), *w;
	bool any = false;

	rc_buf_adds(b, "<dt>Command line</dt><dd>");
	cJSON_ArrayForEach(w, words)
	{
		if (any)
			rc_buf_addc(b, ' ');
		rc_html_cstr(b, cJSON_GetStringValue(w));
		any = true;
	}
	rc_buf_adds(b, "</dd>\n");
}

static void notes(struct rc_buf *b, const cJSON *summary)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(summary, "notes"), *n;

	if (cJSON_GetArraySize(list) == 0)
		return;
	rc_buf_adds(b, "<ul>\n");
	cJSON_ArrayForEach(n, list)
	{
		rc_buf_adds(b, "<li>");
		rc_html_cstr(b, cJSON_GetStringValue(n));
		rc_buf_adds(b, "</li>\n");
	}
	rc_buf_adds(b, "</ul>\n");
}

void rc_html_head(struct rc_buf *b, const cJSON *summary)
{
	bool killed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(summary, "interrupted"));
	const char *by = rc_html_str(summary, "resumed_by");

	rc_buf_adds(b, "<header><h1>rollcall ");
	rc_html_cstr(b, rc_html_str(summary, "command"));
	rc_buf_adds(b, " <bdi>");
	rc_html_cstr(b, rc_html_str(summary, "run_id"));
	rc_buf_addf(b, "</bdi></h1>\n<div class=\"verdict %s\"><p><strong>", tone(summary));
	rc_html_cstr(b, rc_html_str(summary, "verdict"));
	rc_buf_adds(b, "</strong></p></div>\n");
	if (killed) {
		rc_buf_adds(b,
			    "<p class=\"bad-text\">This run was killed or is under way: the report holds what it had "
			    "written");
		if (by) {
			rc_buf_adds(b, "; it was finished by run <bdi>");
			rc_html_cstr(b, by);
			rc_buf_adds(b, "</bdi>");
		}
		rc_buf_adds(b, ".</p>\n");
	}
	rc_buf_adds(b, "<dl class=\"facts\">\n");
	fact(b, "Environment", rc_html_str(summary, "environment"));
	fact(b, "Started", rc_html_str(summary, "started_at"));
	fact(b, "Finished", rc_html_str(summary, "finished_at"));
	if (rc_html_num(summary, "exit_code") >= 0)
		rc_buf_addf(b, "<dt>Exit code</dt><dd>%.0f</dd>\n", rc_html_num(summary, "exit_code"));
	fact(b, "Operator", rc_html_str(summary, "operator"));
	command_line(b, summary);
	fact(b, "Config", rc_html_str(summary, "config_hash"));
	fact(b, "Version", rc_html_str(summary, "version"));
	rc_buf_adds(b, "</dl>\n");
	notes(b, summary);
	rc_buf_adds(b, "</header>\n");
}

static void number_cell(struct rc_buf *b, const cJSON *o, const char *key)
{
	double v = rc_html_num(o, key);

	rc_buf_adds(b, "<td class=\"n\">");
	if (v >= 0)
		rc_html_number(b, (uint64_t)v);
	else
		rc_buf_adds(b, "–");
	rc_buf_adds(b, "</td>");
}

void rc_html_sources(struct rc_buf *b, const cJSON *summary)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(summary, "sources"), *s;

	if (cJSON_GetArraySize(list) == 0)
		return;
	rc_buf_adds(b,
		    "<section aria-labelledby=\"sources\"><h2 id=\"sources\">Sources</h2><div class=\"scroll\"><table>"
		    "<thead><tr><th scope=\"col\">Source</th><th scope=\"col\" class=\"n\">Files</th>"
		    "<th scope=\"col\" class=\"n\">Rows</th><th scope=\"col\" class=\"n\">Filtered</th>"
		    "<th scope=\"col\" class=\"n\">Rejected</th><th scope=\"col\" class=\"n\">of which new</th>"
		    "<th scope=\"col\" class=\"n\">Bytes</th></tr></thead><tbody>\n");
	cJSON_ArrayForEach(s, list)
	{
		rc_buf_adds(b, "<tr><th scope=\"row\">");
		rc_html_cstr(b, rc_html_str(s, "name"));
		rc_buf_adds(b, "</th><td class=\"n\">");
		rc_html_number(b, (uint64_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(s, "files")));
		rc_buf_adds(b, "</td>");
		number_cell(b, s, "rows");
		number_cell(b, s, "filtered");
		number_cell(b, s, "rejected");
		number_cell(b, s, "rejected_new");
		number_cell(b, s, "bytes");
		rc_buf_adds(b, "</tr>\n");
	}
	rc_buf_adds(b, "</tbody></table></div></section>\n");
}

static void totals(struct rc_buf *b, const cJSON *target)
{
	const cJSON *actions = cJSON_GetObjectItemCaseSensitive(target, "actions"), *a;

	if (!actions || !actions->child) {
		rc_buf_adds(b, "<p>Nothing to do.</p>\n");
		return;
	}
	rc_buf_adds(b, "<div class=\"scroll\"><table><caption>People by action and status</caption><thead><tr>"
		       "<th scope=\"col\">Action</th>");
	for (int st = 0; st < RC_STATUS_COUNT; st++)
		rc_buf_addf(b, "<th scope=\"col\" class=\"n\">%s</th>",
			    st == RC_ST_NOT_SELECTED ? "not selected" : rc_status_name((enum rc_status)st));
	rc_buf_adds(b, "</tr></thead><tbody>\n");
	cJSON_ArrayForEach(a, actions)
	{
		rc_buf_adds(b, "<tr><th scope=\"row\">");
		rc_html_cstr(b, a->string);
		rc_buf_adds(b, "</th>");
		for (int st = 0; st < RC_STATUS_COUNT; st++)
			number_cell(b, a, rc_status_name((enum rc_status)st));
		rc_buf_adds(b, "</tr>\n");
	}
	rc_buf_adds(b, "</tbody></table></div>\n");
}

static void guards(struct rc_buf *b, const cJSON *target)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(target, "guards"), *g, *p;

	cJSON_ArrayForEach(g, list)
	{
		if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(g, "tripped")))
			continue;
		if (!cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(g, "people")))
			continue; /* about a source: the target's own sentence says all of it */
		rc_buf_adds(b, "<p class=\"bad-text\"><strong>Guard ");
		rc_html_cstr(b, rc_html_str(g, "guard"));
		rc_buf_adds(b, "</strong> (");
		rc_html_cstr(b, rc_html_str(g, "limit"));
		rc_buf_addf(b, "): %.0f planned, %.0f allowed. The first of them: ", rc_html_num(g, "planned"),
			    rc_html_num(g, "allowed"));
		cJSON_ArrayForEach(p, cJSON_GetObjectItemCaseSensitive(g, "people"))
		{
			rc_buf_adds(b, p->prev != p && p->prev->next ? ", <bdi>" : "<bdi>");
			rc_html_cstr(b, cJSON_GetStringValue(p));
			rc_buf_adds(b, "</bdi>");
		}
		rc_buf_adds(b, "</p>\n");
	}
}

static void pacing(struct rc_buf *b, const cJSON *target)
{
	const cJSON *p = cJSON_GetObjectItemCaseSensitive(target, "pacing");
	const cJSON *seats = cJSON_GetObjectItemCaseSensitive(target, "seats");
	double learned = rc_html_num(p, "learned_users_per_s"), waited = rc_html_num(p, "waited_s");

	tile(b, "Calls", rc_html_num(p, "calls"));
	tile(b, "Accepted", rc_html_num(p, "accepted"));
	tile(b, "Busy answers", rc_html_num(p, "busy"));
	tile(b, "Throttled answers", rc_html_num(p, "throttled"));
	tile(b, "Seat limit reached", rc_html_num(p, "quota"));
	tile(b, "Errors", rc_html_num(p, "errors"));
	if (learned > 0) {
		tile_begin(b, "Learned rate");
		rc_buf_addf(b, "%.4g users/s", learned);
		tile_end(b);
	}
	if (waited > 0) {
		tile_begin(b, "Waited");
		rc_buf_addf(b, "%.1f s", waited);
		tile_end(b);
	}
	tile(b, "Seats", rc_html_num(seats, "limit"));
	tile(b, "Seats used", rc_html_num(seats, "used"));
	tile(b, "Waiting for a seat", rc_html_num(seats, "waiting"));
}

void rc_html_targets(struct rc_buf *b, const cJSON *summary)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(summary, "targets"), *t;

	rc_buf_adds(b, "<section aria-labelledby=\"targets\"><h2 id=\"targets\">Targets</h2>\n");
	cJSON_ArrayForEach(t, list)
	{
		const char *why = rc_html_str(t, "why"), *stopped = rc_html_str(t, "stopped_by");

		rc_buf_adds(b, "<h3><bdi>");
		rc_html_cstr(b, t->string);
		rc_buf_adds(b, "</bdi></h3>\n<p class=\"soft\">");
		rc_html_cstr(b, rc_html_str(t, "connector"));
		if (rc_html_num(t, "exit_code") >= 0)
			rc_buf_addf(b, ", exit code %.0f", rc_html_num(t, "exit_code"));
		rc_buf_adds(b, "</p>\n");
		if (stopped || why) {
			rc_buf_adds(b, "<p class=\"bad-text\">Stopped by ");
			rc_html_cstr(b, stopped ? stopped : "an error");
			rc_buf_adds(b, why ? ": " : "");
			rc_html_cstr(b, why);
			rc_buf_adds(b, "</p>\n");
		}
		guards(b, t);
		totals(b, t);
		rc_buf_adds(b, "<dl class=\"numbers\">\n");
		tile(b, "Wanted", rc_html_num(t, "wanted"));
		tile(b, "Known", rc_html_num(t, "known"));
		tile(b, "Actual", rc_html_num(t, "actual"));
		tile(b, "Unmanaged", rc_html_num(t, "unmanaged"));
		tile(b, "Drift", rc_html_num(t, "drift"));
		pacing(b, t);
		rc_buf_adds(b, "</dl>\n");
		rc_html_chart(
			b, t->string,
			cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(t, "pacing"), "timeline"));
	}
	rc_buf_adds(b, "</section>\n");
}
