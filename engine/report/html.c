/* report.html: one file that loads nothing. Its Content-Security-Policy names the hashes of the one style and the one
 * script, so that even a value that slipped through the escaping could not run. */
#include "engine/base/embedded.h"
#include "engine/base/sha256.h"
#include "engine/report/html_int.h"
#include <errno.h>
#include <openssl/evp.h>

static struct rc_slice part(const char *name)
{
	for (const struct rc_embedded *e = rc_embedded_html; e->name; e++)
		if (strcmp(e->name, name) == 0)
			return (struct rc_slice){e->data, e->n};
	return (struct rc_slice){"", 0};
}

static void add_hash(struct rc_buf *b, struct rc_slice s)
{
	unsigned char sum[RC_SHA256_BYTES], text[2 * RC_SHA256_BYTES];

	rc_sha256(s, sum);
	EVP_EncodeBlock(text, sum, sizeof(sum));
	rc_buf_addf(b, "'sha256-%s'", (const char *)text);
}

static void page_begin(struct rc_buf *b, const cJSON *summary)
{
	rc_buf_adds(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
	add_hash(b, part("style.css"));
	rc_buf_adds(b, "; script-src ");
	add_hash(b, part("script.js"));
	rc_buf_adds(b, "; base-uri 'none'; form-action 'none'\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n<title>rollcall ");
	rc_html_cstr(b, rc_html_str(summary, "run_id"));
	rc_buf_adds(b, "</title>\n<style>");
	rc_buf_addslice(b, part("style.css"));
	rc_buf_adds(b, "</style>\n</head>\n<body>\n");
}

static const char people[] =
	"<section aria-labelledby=\"people-title\" id=\"people\" hidden>"
	"<h2 id=\"people-title\">People</h2>\n"
	"<div class=\"tools\" role=\"search\">"
	"<label>Search all columns<input type=\"search\" id=\"search\" autocomplete=\"off\" "
	"spellcheck=\"false\"></label>"
	"<label>Target<select id=\"by-target\"><option value=\"\">all</option></select></label>"
	"<label>Action<select id=\"by-action\"><option value=\"\">all</option></select></label>"
	"<label>Status<select id=\"by-status\"><option value=\"\">all</option></select></label>"
	"</div>\n<p id=\"found\" role=\"status\" aria-live=\"polite\"></p>\n"
	"<div class=\"view\" id=\"view\" tabindex=\"0\" role=\"region\" aria-labelledby=\"people-title\">"
	"<table id=\"people-table\"><thead><tr id=\"people-head\" aria-rowindex=\"1\"></tr></thead>"
	"<tbody id=\"people-body\"></tbody></table></div>\n"
	"<dialog id=\"person\" aria-labelledby=\"person-title\"><h2 id=\"person-title\">Person</h2>"
	"<dl class=\"facts\" id=\"person-facts\"></dl>"
	"<div id=\"person-changes-part\"><h3>Changed fields</h3><div class=\"scroll\"><table><thead><tr>"
	"<th scope=\"col\">Field</th><th scope=\"col\">Before</th><th scope=\"col\">After</th></tr></thead>"
	"<tbody id=\"person-changes\"></tbody></table></div></div>"
	"<p><button type=\"button\" id=\"person-close\">Close</button></p></dialog></section>\n"
	"<noscript><p>The table of people needs scripts; users.csv beside this page has every row.</p></noscript>\n"
	"<script type=\"application/json\" id=\"people-data\">";

static enum rc_code put(FILE *out, struct rc_buf *b, struct rc_err *err)
{
	size_t n = b->n;

	if (n && fwrite(b->p, 1, n, out) != n)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "the report cannot be written out");
	rc_buf_clear(b);
	return RC_OK;
}

static enum rc_code write_page(const cJSON *doc, const struct rc_html_scan *scan, FILE *out, struct rc_err *err)
{
	struct rc_buf b = {0};
	enum rc_code code;

	page_begin(&b, doc);
	rc_html_head(&b, doc);
	rc_buf_adds(&b, "<main>\n");
	rc_html_targets(&b, doc);
	rc_html_failures(&b, scan, doc);
	rc_html_waiting(&b, scan);
	rc_html_drift(&b, scan);
	rc_html_sources(&b, doc);
	rc_buf_adds(&b, people);
	code = put(out, &b, err);
	if (!code)
		code = rc_html_rows_put(&scan->rows, scan->total, out, err);
	rc_buf_adds(&b, "</script>\n</main>\n<script>");
	rc_buf_addslice(&b, part("script.js"));
	rc_buf_adds(&b, "</script>\n</body>\n</html>\n");
	if (!code)
		code = put(out, &b, err);
	rc_buf_done(&b);
	return code;
}

enum rc_code rc_report_html(const struct rc_html_scan *scan, struct rc_slice summary, FILE *out, struct rc_err *err)
{
	cJSON *doc = cJSON_ParseWithLength(summary.p, summary.n);
	enum rc_code code;

	if (!doc)
		return rc_fail(err, RC_CANTCREAT, "summary.json is damaged");
	code = write_page(doc, scan, out, err);
	if (!code && ferror(out))
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "the report cannot be written out");
	cJSON_Delete(doc);
	return code;
}

enum rc_code rc_report_html_past(int dir_fd, struct rc_slice summary, FILE *out, struct rc_err *err)
{
	struct rc_html_scan *scan = rc_html_scan_new();
	enum rc_code code = rc_html_scan_file(scan, dir_fd, err);

	if (!code)
		code = rc_report_html(scan, summary, out, err);
	rc_html_scan_free(scan);
	return code;
}
