/* The sections about people: failures by cause, who waits, drift. */
#include "engine/connector.h"
#include "engine/report/html_int.h"
#include <stdlib.h>

static void cell(struct rc_buf *b, const char *s)
{
	rc_buf_adds(b, "<td>");
	rc_html_cstr(b, s);
	rc_buf_adds(b, "</td>");
}

static const char *remedy_of(const struct rc_html_cause *c, const cJSON *summary)
{
	const cJSON *targets = cJSON_GetObjectItemCaseSensitive(summary, "targets");
	const char *name = rc_html_str(cJSON_GetObjectItemCaseSensitive(targets, c->target), "connector");
	const struct connector *conn = name ? rc_connector_find(name) : NULL;
	const struct rc_error_row *row = *c->code ? rc_error_row_find(conn, c->code) : NULL;

	if (row && row->remedy && *row->remedy)
		return row->remedy;
	return strcmp(c->status, "unknown") == 0 ? "Run again: the next run looks first and settles it." : "";
}

static int by_size(const void *x, const void *y)
{
	const struct rc_html_cause *a = *(const struct rc_html_cause *const *)x;
	const struct rc_html_cause *b = *(const struct rc_html_cause *const *)y;

	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return a < b ? -1 : 1; /* as met */
}

static void examples(struct rc_buf *b, const struct rc_html_cause *c)
{
	rc_buf_adds(b, "<td>");
	for (size_t i = 0; i < c->n_names; i++) {
		rc_buf_adds(b, i ? ", <bdi>" : "<bdi>");
		rc_html_cstr(b, c->names[i]);
		rc_buf_adds(b, "</bdi>");
	}
	if (c->n > c->n_names)
		rc_buf_adds(b, ", …");
	rc_buf_adds(b, "</td>");
}

void rc_html_failures(struct rc_buf *b, const struct rc_html_scan *scan, const cJSON *summary)
{
	const struct rc_html_cause *order[RC_HTML_CAUSES];

	rc_buf_adds(b, "<section aria-labelledby=\"failures\"><h2 id=\"failures\">Failures by cause</h2>\n");
	if (!scan->n_causes) {
		rc_buf_adds(b, "<p>Nobody failed.</p></section>\n");
		return;
	}
	for (size_t i = 0; i < scan->n_causes; i++)
		order[i] = &scan->causes[i];
	qsort(order, scan->n_causes, sizeof(order[0]), by_size);
	rc_buf_adds(b, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\" class=\"n\">People</th>"
		       "<th scope=\"col\">Target</th><th scope=\"col\">Code</th><th scope=\"col\">What was said</th>"
		       "<th scope=\"col\">What to do</th><th scope=\"col\">Who</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < scan->n_causes; i++) {
		rc_buf_adds(b, "<tr><td class=\"n\">");
		rc_html_number(b, order[i]->n);
		rc_buf_adds(b, "</td>");
		cell(b, order[i]->target);
		cell(b, *order[i]->code ? order[i]->code : order[i]->status);
		cell(b, order[i]->message);
		cell(b, remedy_of(order[i], summary));
		examples(b, order[i]);
		rc_buf_adds(b, "</tr>\n");
	}
	rc_buf_adds(b, "</tbody></table></div>\n");
	if (scan->other_failures) {
		rc_buf_adds(b, "<p>And ");
		rc_html_number(b, scan->other_failures);
		rc_buf_adds(b, " more of other causes: see the table of people or users.csv.</p>\n");
	}
	rc_buf_adds(b, "</section>\n");
}

static void rest(struct rc_buf *b, const struct rc_html_list *l)
{
	if (l->total <= l->n)
		return;
	rc_buf_adds(b, "<p>And ");
	rc_html_number(b, l->total - l->n);
	rc_buf_adds(b, " more: see the table of people or users.csv.</p>\n");
}

void rc_html_waiting(struct rc_buf *b, const struct rc_html_scan *scan)
{
	const struct rc_html_list *l = &scan->waiting;

	rc_buf_adds(b, "<section aria-labelledby=\"waiting\"><h2 id=\"waiting\">Who waits</h2>\n");
	if (!l->n) {
		rc_buf_adds(b, "<p>Nobody waits for a seat or a date.</p></section>\n");
		return;
	}
	rc_buf_adds(b, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Target</th><th scope=\"col\">Who</th>"
		       "<th scope=\"col\" class=\"n\">Place in the queue</th><th scope=\"col\">Due</th>"
		       "<th scope=\"col\">Why</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < l->n; i++) {
		rc_buf_adds(b, "<tr>");
		cell(b, l->v[i].target);
		cell(b, l->v[i].who);
		rc_buf_adds(b, "<td class=\"n\">");
		if (l->v[i].queue_position)
			rc_html_number(b, l->v[i].queue_position);
		rc_buf_adds(b, "</td>");
		cell(b, l->v[i].until);
		cell(b, l->v[i].why);
		rc_buf_adds(b, "</tr>\n");
	}
	rc_buf_adds(b, "</tbody></table></div>\n");
	rest(b, l);
	rc_buf_adds(b, "</section>\n");
}

void rc_html_drift(struct rc_buf *b, const struct rc_html_scan *scan)
{
	const struct rc_html_list *l = &scan->drift;

	rc_buf_adds(b, "<section aria-labelledby=\"drift\"><h2 id=\"drift\">Drift</h2>\n");
	if (!l->n) {
		rc_buf_adds(b, "<p>No account was seen to differ from what was last confirmed.</p></section>\n");
		return;
	}
	rc_buf_adds(b, "<div class=\"scroll\"><table><caption>Accounts that somebody else changed</caption><thead><tr>"
		       "<th scope=\"col\">Target</th><th scope=\"col\">Who</th><th scope=\"col\">Fields</th>"
		       "<th scope=\"col\">Why</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < l->n; i++) {
		rc_buf_adds(b, "<tr>");
		cell(b, l->v[i].target);
		cell(b, l->v[i].who);
		cell(b, l->v[i].fields);
		cell(b, l->v[i].why);
		rc_buf_adds(b, "</tr>\n");
	}
	rc_buf_adds(b, "</tbody></table></div>\n");
	rest(b, l);
	rc_buf_adds(b, "</section>\n");
}
