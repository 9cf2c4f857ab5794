#include "engine/report/report.h"
#include "engine/base/alloc.h"
#include "engine/report/html_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FLUSH_BYTES = 256 << 10,
	FLUSH_NS = 200 * 1000 * 1000,
};

enum rc_code rc_report_stick(struct rc_report *r, enum rc_code code, struct rc_err *err)
{
	if (code && err)
		r->err = *err;
	return code;
}

static enum rc_code stuck(const struct rc_report *r, struct rc_err *err)
{
	*err = r->err;
	return r->err.code;
}

enum rc_code rc_report_sink(struct rc_report *r, struct rc_sink *s, const char *name, struct rc_slice header,
			    struct rc_err *err)
{
	enum rc_code code = r->seen ? rc_sink_reopen(s, r->dir_fd, name, err) : rc_sink_create(s, r->dir_fd, name, err);

	if (!code && (!r->seen || lseek(s->fd, 0, SEEK_END) == 0))
		rc_buf_addslice(&s->buf, header);
	return code;
}

static struct rc_report *report_new(const char *reports_dir, const char *run_id, const struct rc_report_opts *opts)
{
	struct rc_report *r = rc_xcalloc(1, sizeof(*r));

	r->run_id = rc_xstrdup(run_id);
	r->dir = rc_xasprintf("%s/%s", reports_dir, run_id);
	r->opts = *opts;
	r->page = opts->html ? rc_html_scan_new() : NULL;
	r->dir_fd = r->jsonl.fd = r->csv.fd = r->ldif.fd = r->candidates.fd = -1;
	return r;
}

static enum rc_code start_csv(struct rc_report *r, struct rc_err *err)
{
	enum rc_code code = rc_sink_create(&r->csv, r->dir_fd, "users.csv", err);

	if (!code)
		rc_outcome_csv_header(&r->csv.buf, r->opts.columns, r->opts.n_columns);
	return code ? code : rc_sink_flush(&r->csv, err);
}

enum rc_code rc_report_open(const char *reports_dir, const char *run_id, const struct rc_report_opts *opts,
			    struct rc_report **ret, struct rc_err *err)
{
	struct rc_report *r = report_new(reports_dir, run_id, opts);
	enum rc_code code = rc_run_dir_create(reports_dir, run_id, opts->sync, &r->dir_fd, err);

	if (!code && opts->began.n)
		code = rc_run_file_write(r->dir_fd, RC_RUN_BEGAN, opts->began, opts->sync, err);
	if (!code)
		code = rc_sink_create(&r->jsonl, r->dir_fd, "users.jsonl", err);
	if (!code)
		code = start_csv(r, err);
	if (code)
		rc_report_free(r);
	else
		*ret = r;
	return code;
}

struct rc_slice rc_report_began(const struct rc_report *r, struct rc_arena *mem)
{
	struct rc_buf b = {0};
	struct rc_slice words = {0};

	if (rc_run_file_read(r->dir_fd, RC_RUN_BEGAN, 1 << 20, &b, NULL) == RC_OK)
		words = rc_arena_copy(mem, rc_buf_slice(&b));
	rc_buf_done(&b);
	return words;
}

bool rc_report_exists(const char *reports_dir, const char *run_id)
{
	struct rc_err err;
	int fd;

	if (rc_run_dir_open(reports_dir, run_id, &fd, &err))
		return false;
	close(fd);
	return true;
}

void rc_report_listen(void (*row)(void *ctx, const struct rc_outcome *o), void *ctx, struct rc_report **ret)
{
	struct rc_report_opts none = {0};

	*ret = report_new("", "", &none);
	(*ret)->listen = row;
	(*ret)->listen_ctx = ctx;
}

static struct rc_report_totals *totals_of(const struct rc_report *r, const char *target)
{
	for (size_t i = 0; i < r->n_totals; i++)
		if (strcmp(r->totals[i].target, target) == 0)
			return &r->totals[i];
	return NULL;
}

static void count_row(struct rc_report *r, const struct rc_outcome *o)
{
	struct rc_report_totals *t;

	rc_report_count(r, o->target, o->action, o->status, 1);
	if (o->status != RC_ST_FAILED)
		return;
	t = totals_of(r, o->target);
	if (!t->failed)
		t->failed = rc_xcalloc(1, sizeof(*t->failed));
	rc_reasons_add(t->failed,
		       o->error_message ? o->error_message
		       : o->error_code  ? o->error_code
					: "no reason given",
		       o->key);
}

/* A line of the killed run: counted, remembered, and written to the new users.csv. */
static enum rc_code take_back(void *ctx, struct rc_slice line, struct rc_err *err)
{
	struct rc_report *r = ctx;
	struct rc_arena mem = {0};
	struct rc_outcome o;
	enum rc_code code = rc_outcome_parse(line, r->opts.columns, r->opts.n_columns, &mem, &o, err);

	if (!code) {
		rc_row_set_add(&r->seen, &o);
		count_row(r, &o);
		rc_report_other_forms(r, &o);
		if (r->csv.buf.n >= FLUSH_BYTES)
			code = rc_sink_flush(&r->csv, err);
	}
	rc_arena_done(&mem);
	return code;
}

enum rc_code rc_report_resume(const char *reports_dir, const char *run_id, const struct rc_report_opts *opts,
			      struct rc_report **ret, struct rc_err *err)
{
	struct rc_report *r = report_new(reports_dir, run_id, opts);
	enum rc_code code = rc_run_dir_open(reports_dir, run_id, &r->dir_fd, err);

	if (code == RC_USAGE && rc_run_id_valid(run_id))
		code = rc_run_dir_create(reports_dir, run_id, opts->sync, &r->dir_fd, err);
	rc_row_set_add(&r->seen, NULL);
	if (!code)
		code = rc_sink_reopen(&r->jsonl, r->dir_fd, "users.jsonl", err);
	if (!code && unlinkat(r->dir_fd, "users.csv", 0) && errno != ENOENT)
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s/users.csv cannot be made anew", r->dir);
	if (!code)
		code = start_csv(r, err);
	if (!code)
		code = rc_report_lines(r->dir_fd, take_back, r, err);
	if (!code)
		code = rc_sink_flush(&r->csv, err);
	if (code)
		rc_report_free(r);
	else
		*ret = r;
	return code;
}

void rc_report_free(struct rc_report *r)
{
	struct rc_err ignored = {0};

	if (!r)
		return;
	rc_report_apart_end(r, &ignored);
	for (size_t i = 0; i < r->n_rejected; i++) {
		rc_sink_flush(&r->rejected[i].sink, &ignored);
		rc_sink_close(&r->rejected[i].sink);
	}
	free(r->rejected);
	struct rc_sink *all[] = {&r->jsonl, &r->csv, &r->ldif, &r->candidates};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		rc_sink_flush(all[i], &ignored);
		rc_sink_close(all[i]);
	}
	for (size_t i = 0; i < r->n_totals; i++)
		free(r->totals[i].target);
	for (size_t i = 0; i < r->n_totals; i++)
		free(r->totals[i].failed);
	free(r->totals);
	rc_row_set_free(r->seen);
	rc_html_scan_free(r->page);
	if (r->dir_fd >= 0)
		close(r->dir_fd);
	free(r->run_id);
	free(r->dir);
	free(r);
}

const char *rc_report_run_id(const struct rc_report *r)
{
	return r->run_id;
}

const char *rc_report_dir(const struct rc_report *r)
{
	return r->dir;
}

void rc_report_count(struct rc_report *r, const char *target, enum rc_action action, enum rc_status status, uint64_t n)
{
	struct rc_report_totals *t = totals_of(r, target);

	if (!t) {
		r->totals = rc_xreallocarray(r->totals, r->n_totals + 1, sizeof(*t));
		t = &r->totals[r->n_totals++];
		*t = (struct rc_report_totals){.target = rc_xstrdup(target)};
	}
	t->n[action][status] += n;
}

uint64_t rc_report_counted(const struct rc_report *r, const char *target, enum rc_action action, enum rc_status status)
{
	const struct rc_report_totals *t = totals_of(r, target);

	return t ? t->n[action][status] : 0;
}

static enum rc_code flush_rows(struct rc_report *r, struct rc_err *err)
{
	enum rc_code code = rc_sink_flush(&r->jsonl, err);

	return code || r->apart ? code : rc_sink_flush(&r->csv, err);
}

void rc_report_other_forms(struct rc_report *r, const struct rc_outcome *o)
{
	rc_outcome_csv(&r->csv.buf, r->run_id, o, r->opts.n_columns);
	if (r->page)
		rc_html_scan_row(r->page, o);
}

enum rc_code rc_report_row(struct rc_report *r, const struct rc_outcome *o, struct rc_err *err)
{
	if (r->err.code)
		return stuck(r, err);
	if (r->seen && rc_row_set_has(r->seen, o))
		return RC_OK;
	count_row(r, o);
	if (r->listen) {
		r->listen(r->listen_ctx, o);
		return RC_OK;
	}
	if (!r->opts.all_users && rc_outcome_quiet(o))
		return RC_OK;
	rc_outcome_json(&r->jsonl.buf, r->run_id, o, r->opts.columns, r->opts.n_columns);
	if (r->apart)
		rc_report_apart_row(r->apart, o);
	else
		rc_report_other_forms(r, o);
	if (r->jsonl.buf.n < FLUSH_BYTES)
		return RC_OK;
	return rc_report_stick(r, flush_rows(r, err), err);
}

static enum rc_code flush_all(struct rc_report *r, struct rc_err *err)
{
	enum rc_code code = flush_rows(r, err);

	for (size_t i = 0; !code && i < r->n_rejected; i++)
		code = rc_sink_flush(&r->rejected[i].sink, err);
	if (!code)
		code = rc_sink_flush(&r->ldif, err);
	if (!code)
		code = rc_sink_flush(&r->candidates, err);
	return code;
}

enum rc_code rc_report_tick(struct rc_report *r, int64_t now_ns, struct rc_err *err)
{
	if (r->err.code)
		return stuck(r, err);
	if (r->flushed_ns && now_ns - r->flushed_ns < FLUSH_NS)
		return RC_OK;
	r->flushed_ns = now_ns;
	return rc_report_stick(r, flush_all(r, err), err);
}

/* Every target with rows is in the summary, and the summary has the counts of its rows. */
static enum rc_code fill_counts(const struct rc_report *r, struct rc_summary *s, struct rc_err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < s->n_targets; i++) {
		const struct rc_report_totals *t = totals_of(r, s->targets[i].name);

		memset(s->targets[i].counts, 0, sizeof(s->targets[i].counts));
		if (t)
			memcpy(s->targets[i].counts, t->n, sizeof(t->n));
		s->targets[i].failed = t ? t->failed : NULL;
		if (t && t->failed)
			rc_reasons_sort(t->failed);
		found += t != NULL;
	}
	if (found == r->n_totals)
		return RC_OK;
	return rc_fail(err, RC_INTERNAL, "the report has rows of a target that its summary lacks");
}

static enum rc_code write_html(struct rc_report *r, struct rc_slice summary, struct rc_err *err)
{
	int fd, copy;
	FILE *f;
	enum rc_code code = rc_run_file_begin(r->dir_fd, "report.html", &fd, err), end;

	if (code)
		return code;
	copy = dup(fd);
	f = copy < 0 ? NULL : fdopen(copy, "w");
	if (!f) {
		code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s/report.html cannot be written", r->dir);
		if (copy >= 0)
			close(copy);
	} else {
		code = rc_report_html(r->page, summary, f, err);
		if (fclose(f) && !code)
			code = rc_fail_sys(err, RC_CANTCREAT, errno, "%s/report.html cannot be written", r->dir);
	}
	end = rc_run_file_commit(r->dir_fd, "report.html", fd, code == RC_OK, r->opts.sync, code ? NULL : err);
	return code ? code : end;
}

enum rc_code rc_report_finish(struct rc_report *r, struct rc_summary *s, struct rc_slice config_json,
			      struct rc_err *err)
{
	struct rc_buf text = {0};
	enum rc_code code = r->err.code ? stuck(r, err) : RC_OK;

	if (!code)
		code = fill_counts(r, s, err);
	if (!code)
		code = flush_all(r, err);
	if (!code && r->opts.sync)
		code = rc_sink_sync(&r->jsonl, err);
	if (!code && r->opts.sync)
		code = rc_sink_sync(&r->csv, err);
	if (!code && config_json.p)
		code = rc_run_file_write(r->dir_fd, "config.json", config_json, r->opts.sync, err);
	if (!code)
		rc_summary_json(&text, s);
	if (!code && r->opts.html)
		code = write_html(r, rc_buf_slice(&text), err);
	if (!code) /* last: its presence says that the report is whole */
		code = rc_run_file_write(r->dir_fd, "summary.json", rc_buf_slice(&text), r->opts.sync, err);
	if (!code)
		unlinkat(r->dir_fd, RC_RUN_BEGAN, 0);
	rc_buf_done(&text);
	return rc_report_stick(r, code, err);
}
