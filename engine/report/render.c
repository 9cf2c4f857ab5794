/* A past run again, from users.jsonl and summary.json. */
#include "engine/base/alloc.h"
#include "engine/report/report_int.h"
#include <errno.h>
#include <unistd.h>

enum { SUMMARY_MAX = 64 << 20 };

static const char *const formats[] = {
#define X(name, text) text,
	RC_REPORT_FORMATS(X)
#undef X
};

int rc_report_format_find(const char *text)
{
	for (int i = 0; i < RC_REPORT_FORMAT_COUNT; i++)
		if (strcmp(formats[i], text) == 0)
			return i;
	return -1;
}

struct to_csv {
	FILE *out;
	const char *run_id;
	bool begun;
	struct rc_arena names, mem;
	const char **columns;
	size_t n_columns;
	struct rc_buf buf;
};

static enum rc_code put(FILE *out, struct rc_slice s, struct rc_err *err)
{
	if (s.n && fwrite(s.p, 1, s.n, out) != s.n)
		return rc_fail_sys(err, RC_CANTCREAT, errno, "the report cannot be written out");
	return RC_OK;
}

/* Every row of a run has the same source columns, so the first one names them. */
static enum rc_code csv_begin(struct to_csv *c, struct rc_slice line, struct rc_err *err)
{
	cJSON *doc = cJSON_ParseWithLength(line.p, line.n);
	const cJSON *all = cJSON_GetObjectItemCaseSensitive(doc, "columns"), *v;

	c->columns = rc_arena_alloc(&c->names, (size_t)cJSON_GetArraySize(all) * sizeof(*c->columns));
	cJSON_ArrayForEach(v, all) c->columns[c->n_columns++] = rc_arena_strdup(&c->names, v->string);
	cJSON_Delete(doc);
	rc_outcome_csv_header(&c->buf, c->columns, c->n_columns);
	c->begun = true;
	return put(c->out, rc_buf_slice(&c->buf), err);
}

static enum rc_code csv_row(void *ctx, struct rc_slice line, struct rc_err *err)
{
	struct to_csv *c = ctx;
	struct rc_outcome o;
	enum rc_code code = c->begun ? RC_OK : csv_begin(c, line, err);

	rc_arena_reset(&c->mem);
	rc_buf_clear(&c->buf);
	if (!code)
		code = rc_outcome_parse(line, c->columns, c->n_columns, &c->mem, &o, err);
	if (!code) {
		rc_outcome_csv(&c->buf, c->run_id, &o, c->n_columns);
		code = put(c->out, rc_buf_slice(&c->buf), err);
	}
	return code;
}

static enum rc_code render_csv(int dir_fd, const char *run_id, FILE *out, struct rc_err *err)
{
	struct to_csv c = {.out = out, .run_id = run_id};
	enum rc_code code = rc_report_lines(dir_fd, csv_row, &c, err);

	if (!code && !c.begun)
		code = csv_begin(&c, RC_SLICE("{}"), err);
	rc_arena_done(&c.names);
	rc_arena_done(&c.mem);
	rc_buf_done(&c.buf);
	return code;
}

static enum rc_code jsonl_row(void *ctx, struct rc_slice line, struct rc_err *err)
{
	enum rc_code code = put(ctx, line, err);

	return code ? code : put(ctx, RC_SLICE("\n"), err);
}

static enum rc_code load_summary(int dir_fd, const char *run_id, struct rc_buf *ret, struct rc_err *err)
{
	enum rc_code code = rc_run_file_read(dir_fd, "summary.json", SUMMARY_MAX, ret, err);

	if (code == RC_USAGE)
		return rc_fail(err, RC_USAGE,
			       "run %s has no summary yet: it is under way, or was killed and the next "
			       "run will finish its report",
			       run_id);
	return code;
}

static enum rc_code render_html(int dir_fd, const char *run_id, FILE *out, struct rc_err *err)
{
	struct rc_buf summary = {0};
	enum rc_code code = rc_run_file_read(dir_fd, "summary.json", SUMMARY_MAX, &summary, err);

	if (code == RC_USAGE) { /* under way or killed: what there is */
		struct rc_summary s = {.run_id = run_id, .exit_code = -1, .interrupted = true};

		rc_buf_clear(&summary);
		rc_summary_json(&summary, &s);
		code = RC_OK;
	}
	if (!code)
		code = rc_report_html_past(dir_fd, rc_buf_slice(&summary), out, err);
	rc_buf_done(&summary);
	return code;
}

static enum rc_code render(int dir_fd, const char *run_id, enum rc_report_format format, FILE *out, struct rc_err *err)
{
	struct rc_buf summary = {0};
	enum rc_code code = RC_OK;

	switch (format) {
	case RC_REPORT_CSV:
		code = render_csv(dir_fd, run_id, out, err);
		break;
	case RC_REPORT_JSONL:
		code = rc_report_lines(dir_fd, jsonl_row, out, err);
		break;
	case RC_REPORT_HTML:
		code = render_html(dir_fd, run_id, out, err);
		break;
	default:
		code = load_summary(dir_fd, run_id, &summary, err);
		if (!code)
			code = put(out, rc_buf_slice(&summary), err);
		rc_buf_done(&summary);
	}
	if (!code && fflush(out))
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "the report cannot be written out");
	return code;
}

enum rc_code rc_report_render(const char *reports_dir, const char *run_id, enum rc_report_format format, FILE *out,
			      struct rc_err *err)
{
	struct rc_arena mem = {0};
	struct rc_run_entry *runs;
	size_t n;
	int fd = -1;
	enum rc_code code = RC_OK;

	if (!run_id) {
		code = rc_run_list(reports_dir, &mem, &runs, &n, err);
		if (!code && !n)
			code = rc_fail(err, RC_USAGE, "%s holds no run yet", reports_dir);
		if (!code)
			run_id = runs[n - 1].run_id;
	}
	if (!code)
		code = rc_run_dir_open(reports_dir, run_id, &fd, err);
	if (!code)
		code = render(fd, run_id, format, out, err);
	if (fd >= 0)
		close(fd);
	rc_arena_done(&mem);
	return code;
}
