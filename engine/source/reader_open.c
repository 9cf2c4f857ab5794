#include "engine/base/alloc.h"
#include "engine/source/reader_impl.h"
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum { LOOK = 256 * 1024 }; /* of comments before a format has to show */

static bool begins(const char *p, size_t n, const char *with)
{
	size_t k = strlen(with);

	return n >= k && strncasecmp(p, with, k) == 0;
}

/* LDIF when the first line that is neither empty nor a comment begins with dn: or version:. Returns AUTO when the
 * window does not reach that far. */
static enum rc_format sniff(const struct rc_window *w)
{
	struct rc_slice text = {w->p + w->at, w->end - w->at};

	if (begins(text.p, text.n, "# extended LDIF"))
		return RC_FORMAT_LDIF; /* ldapsearch, also when it found nothing */
	for (size_t at = 0; at < text.n;) {
		struct rc_ldif_line l = rc_ldif_line_at(text, at);
		char start[RC_LDIF_START];
		struct rc_slice first = rc_ldif_line_start(&l, start);
		size_t n;

		if (l.next == text.n && !w->eof && text.n < LOOK)
			return RC_FORMAT_AUTO;
		at = l.next;
		if (first.n == 0 || first.p[0] == '#')
			continue;
		n = begins(first.p, first.n, "version") ? 7 : begins(first.p, first.n, "dn") ? 2 : first.n;
		while (n < first.n && first.p[n] == ' ')
			n++;
		return n < first.n && first.p[n] == ':' ? RC_FORMAT_LDIF : RC_FORMAT_CSV;
	}
	return w->eof || text.n >= LOOK ? RC_FORMAT_CSV : RC_FORMAT_AUTO;
}

/* The first line that is not empty, up to its end outside quotes; false: not all of it is there. */
static bool first_row(const struct rc_window *w, size_t max, struct rc_slice *ret)
{
	size_t i = w->at, from;
	bool quoted = false;

	while (i < w->end && (w->p[i] == '\n' || w->p[i] == '\r'))
		i++;
	for (from = i; i < w->end; i++) {
		if (!quoted && (w->p[i] == '\n' || w->p[i] == '\r'))
			break;
		quoted ^= w->p[i] == '"';
	}
	*ret = (struct rc_slice){w->p + from, i - from};
	return i < w->end || w->eof || i - from > max;
}

static enum rc_read more(struct rc_reader *r)
{
	struct rc_err err;

	return rc_window_fill(&r->window, &err) ? rc_reader_fail(r, 1, &err) : RC_READ_RECORD;
}

static enum rc_read open_csv(struct rc_reader *r, char delimiter)
{
	struct rc_slice first;
	struct rc_reject rej = {0};
	struct rc_row row;
	struct rc_err err;
	bool none;
	enum rc_read got;

	while (!delimiter && !first_row(&r->window, r->max_record, &first))
		if (more(r) == RC_READ_ERROR)
			return RC_READ_ERROR;
	if (!delimiter)
		delimiter = rc_csv_sniff(first);
	rc_csv_rows_init(&r->rows, &r->window, delimiter, r->max_record);
	rc_csv_split_init(&r->splitter.csv, delimiter, rc_stream_info(r->in)->encoding);
	got = rc_reader_pull(r, true, &none, &row, &rej);
	if (got == RC_READ_ERROR || got == RC_READ_END) /* only empty lines: no columns, no records */
		return got;
	if (got == RC_READ_RECORD && rc_csv_split_header(&r->splitter.csv, row.raw, row.line, &rej)) {
		r->header_n = row.raw.n;
		r->header = rc_xstrndup(row.raw);
		return RC_READ_RECORD;
	}
	rc_fail(&err, RC_DATA, "header line: %s", rej.why);
	return rc_reader_fail(r, rej.line, &err);
}

/* Reads the first entry, since it settles whether the file is content or additions. */
static enum rc_read open_ldif(struct rc_reader *r)
{
	struct rc_ldif_split *s = &r->splitter.ldif;
	struct rc_record rec;
	struct rc_reject rej;
	bool none;

	rc_ldif_entries_init(&r->entries, &r->window, r->max_record);
	rc_ldif_split_init(s, rc_stream_info(r->in)->encoding);
	r->held_kind = rc_reader_pull(r, true, &none, &r->held_row, &r->held_reject);
	if (r->held_kind == RC_READ_ERROR || r->held_kind == RC_READ_END)
		return r->held_kind;
	r->held = true;
	if (r->held_kind != RC_READ_RECORD)
		return RC_READ_RECORD;
	return rc_splitter_split(&r->splitter, r->held_row.raw, r->held_row.line, &rec, &rej, &r->err) == RC_READ_ERROR
		       ? (r->final = RC_READ_ERROR)
		       : RC_READ_RECORD;
}

static enum rc_read begin(struct rc_reader *r, const struct rc_reader_opts *opts)
{
	enum rc_format format = opts->format;

	do {
		if (more(r) == RC_READ_ERROR)
			return RC_READ_ERROR;
		if (opts->format == RC_FORMAT_AUTO)
			format = sniff(&r->window);
	} while (format == RC_FORMAT_AUTO);
	r->splitter.format = format;
	return format == RC_FORMAT_CSV ? open_csv(r, opts->delimiter) : open_ldif(r);
}

enum rc_code rc_reader_open(const struct rc_reader_opts *opts, struct rc_reader **ret, struct rc_err *err)
{
	struct rc_reader *r;
	struct rc_stream *in;
	struct rc_err why;
	const char *name = opts->in.name ? opts->in.name : opts->in.path;
	enum rc_code code;

	if (!name || strcmp(name, "-") == 0)
		name = "(standard input)";
	code = rc_stream_open(&opts->in, &in, &why);
	if (code) {
		rc_fail_line(err, code, why.sys ? 0 : 1, why.sys ? "%s: %s" : "%s:1: %s", name, why.what);
		if (err)
			err->sys = why.sys;
		return code;
	}
	r = rc_xcalloc(1, sizeof(*r));
	r->in = in;
	r->splitter.name = rc_xstrdup(name);
	r->max_record = opts->max_record ? opts->max_record : RC_MAX_RECORD;
	if (r->max_record > RC_MAX_RECORD_LIMIT)
		r->max_record = RC_MAX_RECORD_LIMIT;
	rc_window_init(&r->window, in);
	if (begin(r, opts) == RC_READ_ERROR) {
		code = r->err.code;
		if (err)
			*err = r->err;
		rc_reader_free(r);
		return code;
	}
	*ret = r;
	return RC_OK;
}

void rc_reader_free(struct rc_reader *r)
{
	if (!r)
		return;
	rc_csv_rows_done(&r->rows);
	rc_ldif_entries_done(&r->entries);
	rc_csv_split_done(&r->splitter.csv);
	rc_ldif_split_done(&r->splitter.ldif);
	rc_window_done(&r->window);
	rc_stream_free(r->in);
	free(r->splitter.name);
	free(r->header);
	free(r);
}
