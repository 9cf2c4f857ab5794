/* Refused records into rejected.csv and rejected.ldif, as they were, without the cells of secret fields. */
#include "engine/run/carry.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <stdlib.h>

enum { MAX_CELLS = 4096 };

/* Cuts a refused row where its delimiters are, however many; false when a quote is never closed. Unquoted values live
 * in mem. */
static bool cut(struct rc_slice raw, char delimiter, struct rc_arena *mem, struct rc_slice *cells, size_t *ret_n)
{
	char *out = rc_arena_alloc(mem, raw.n + 1);
	size_t from = 0, o = 0, n = 0;
	bool quoted = false;

	for (size_t i = 0; i <= raw.n; i++) {
		bool end = i == raw.n;

		if (!end && raw.p[i] == '"' && quoted && i + 1 < raw.n && raw.p[i + 1] == '"') {
			out[o++] = '"';
			i++;
		} else if (!end && raw.p[i] == '"' && (quoted || o == from)) {
			quoted = !quoted;
		} else if (end || (!quoted && raw.p[i] == delimiter)) {
			if (n == MAX_CELLS)
				return false;
			cells[n++] = (struct rc_slice){out + from, o - from};
			from = o;
		} else {
			out[o++] = raw.p[i];
		}
	}
	*ret_n = n;
	return !quoted;
}

/* Which columns of the header only secret fields use. */
static bool *secret_columns(const struct run *r, const struct rc_scan_source *src)
{
	bool *secret = rc_xcalloc(src->n_columns, sizeof(*secret));

	for (size_t c = 0; c < src->n_columns; c++)
		for (size_t u = 0; u < src->n_secret; u++)
			secret[c] |= rc_slice_eq(src->columns[c], src->secret[u]);
	(void)r;
	return secret;
}

/* Then the file must say that it is UTF-8, for whoever feeds it to the same source again. */
static bool declares_encoding(const struct run *r, const struct rc_refused *q)
{
	const char *encoding = r->cfg->sources[q->source].encoding;

	return encoding && strcasecmp(encoding, "utf-8") != 0;
}

static enum rc_code one_csv(struct run *r, const struct rc_refused *q, struct rc_err *err)
{
	const struct rc_scan_source *src = &r->scan.sources[q->source];
	struct rc_arena mem = {0};
	struct rc_slice *cells = rc_arena_alloc(&mem, MAX_CELLS * sizeof(*cells));
	bool *secret = secret_columns(r, src);
	struct rc_rejected_csv rec = {.file = src->files[q->file],
				      .line = q->line,
				      .reason = q->why,
				      .delimiter = src->delimiter,
				      .mark = declares_encoding(r, q),
				      .header = src->columns,
				      .n_header = src->n_columns,
				      .secret = src->n_secret ? secret : NULL};
	enum rc_code code;

	if (q->raw.p && cut(q->raw, src->delimiter ? src->delimiter : ',', &mem, cells, &rec.n_cells))
		rec.cells = cells;
	code = rc_report_rejected_csv(r->report, &rec, err);
	free(secret);
	rc_arena_done(&mem);
	return code;
}

static enum rc_code one_ldif(struct run *r, const struct rc_refused *q, struct rc_err *err)
{
	const struct rc_scan_source *src = &r->scan.sources[q->source];
	const char **names = rc_xcalloc(src->n_secret + 1, sizeof(*names));
	struct rc_rejected_ldif rec = {src->files[q->file],    q->line, q->why, q->raw, names, src->n_secret,
				       declares_encoding(r, q)};
	enum rc_code code;

	for (size_t i = 0; i < src->n_secret; i++)
		names[i] = src->secret[i].p;
	code = rc_report_rejected_ldif(r->report, &rec, err);
	free(names);
	return code;
}

void run_report_refused(struct run *r)
{
	if (r->opts->explain)
		return;
	for (size_t i = 0; i < r->scan.n_refused; i++) {
		const struct rc_refused *q = &r->scan.refused[i];
		const struct rc_scan_source *src = &r->scan.sources[q->source];
		struct rc_err err;

		rc_log(RC_LOG_WARN, "%s:%llu: %s", src->files[q->file], (unsigned long long)q->line, q->why);
		if ((src->ldif ? one_ldif(r, q, &err) : one_csv(r, q, &err)) && !r->fault.code)
			r->fault = err;
	}
}
