#include "engine/source/reader.h"
#include "engine/base/alloc.h"
#include "engine/source/reader_impl.h"
#include <stdio.h>
#include <stdlib.h>

enum rc_read rc_reader_fail(struct rc_reader *r, uint64_t line, const struct rc_err *err)
{
	r->final = RC_READ_ERROR;
	rc_fail_line(&r->err, err->code, line, "%s:%llu: %s", rc_stream_name(r->in), (unsigned long long)line,
		     err->what);
	r->err.sys = err->sys;
	return RC_READ_ERROR;
}

static enum rc_read too_long(const struct rc_reader *r, uint64_t line, struct rc_reject *rej)
{
	*rej = (struct rc_reject){.line = line};
	snprintf(rej->why, sizeof(rej->why), "record of more than %zu bytes; --max-record raises the limit",
		 r->max_record);
	return RC_READ_REJECT;
}

/* The window has no more: the end, a fault in the bytes, or more of them. RC_READ_RECORD: look again. */
static enum rc_read refill(struct rc_reader *r)
{
	struct rc_err err;
	bool csv = r->splitter.format == RC_FORMAT_CSV;

	if (r->window.eof)
		return r->final = RC_READ_END;
	if (csv ? rc_csv_rows_fill(&r->rows, &err) : rc_ldif_entries_fill(&r->entries, &err))
		return rc_reader_fail(r, (csv ? r->rows.lines : r->entries.lines) + 1, &err);
	return RC_READ_RECORD;
}

enum rc_read rc_reader_pull(struct rc_reader *r, bool may_fill, bool *ret_none, struct rc_row *ret,
			    struct rc_reject *rej)
{
	*ret_none = false;
	for (;;) {
		struct rc_err err;

		if (r->splitter.format == RC_FORMAT_CSV) {
			enum rc_row_kind kind = rc_csv_rows_next(&r->rows, ret);

			if (kind == RC_ROW)
				return RC_READ_RECORD;
			if (kind == RC_ROW_LONG)
				return too_long(r, ret->line, rej);
		} else {
			enum rc_entry_kind kind = rc_ldif_entries_next(&r->entries, &ret->raw, &ret->line, &err);

			if (kind == RC_ENTRY)
				return RC_READ_RECORD;
			if (kind == RC_ENTRY_LONG)
				return too_long(r, ret->line, rej);
			if (kind == RC_ENTRY_ERROR)
				return rc_reader_fail(r, err.line, &err);
		}
		if (!may_fill) {
			*ret_none = true;
			return RC_READ_END;
		}
		if (refill(r) != RC_READ_RECORD)
			return r->final;
	}
}

static enum rc_read finished(const struct rc_reader *r, struct rc_err *err)
{
	if (r->final == RC_READ_ERROR && err)
		*err = r->err;
	return r->final;
}

static enum rc_read held(struct rc_reader *r, struct rc_row *ret, struct rc_reject *rej)
{
	r->held = false;
	if (r->held_kind == RC_READ_RECORD)
		*ret = r->held_row;
	else
		*rej = r->held_reject;
	return r->held_kind;
}

enum rc_read rc_reader_next_raw(struct rc_reader *r, struct rc_row *ret, struct rc_reject *rej, struct rc_err *err)
{
	enum rc_read got;
	bool none;

	if (r->held)
		return held(r, ret, rej);
	if (r->final)
		return finished(r, err);
	got = rc_reader_pull(r, true, &none, ret, rej);
	return got == RC_READ_ERROR ? finished(r, err) : got;
}

enum rc_read rc_reader_next_rows(struct rc_reader *r, struct rc_row *ret, size_t cap, size_t *ret_n,
				 struct rc_reject *rej, struct rc_err *err)
{
	enum rc_read got;
	size_t n = 0;
	bool none;

	*ret_n = 0;
	if (r->held) {
		got = held(r, ret, rej);
		*ret_n = got == RC_READ_RECORD;
		return got;
	}
	if (r->final)
		return finished(r, err);
	do {
		got = rc_reader_pull(r, n == 0, &none, &ret[n], rej);
		n += got == RC_READ_RECORD;
		if (r->splitter.format == RC_FORMAT_CSV)
			n += got == RC_READ_RECORD ? rc_csv_rows_found(&r->rows, ret + n, cap - n) : 0;
	} while (got == RC_READ_RECORD && n < cap);
	*ret_n = n;
	if (none)
		return RC_READ_RECORD;
	return got == RC_READ_ERROR ? finished(r, err) : got;
}

_Static_assert(RC_READER_WINDOWS == (int)RC_WINDOWS, "the reader promises what the window holds");

void rc_reader_hold(struct rc_reader *r)
{
	rc_window_hold(&r->window);
}

uint64_t rc_reader_window(const struct rc_reader *r)
{
	return r->window.number;
}

enum rc_read rc_reader_next(struct rc_reader *r, struct rc_record *ret, struct rc_reject *rej, struct rc_err *err)
{
	struct rc_row row;
	enum rc_read got = rc_reader_next_raw(r, &row, rej, err);

	if (got != RC_READ_RECORD)
		return got;
	got = rc_splitter_split(&r->splitter, row.raw, row.line, ret, rej, &r->err);
	if (got == RC_READ_ERROR) {
		r->final = RC_READ_ERROR;
		return finished(r, err);
	}
	return got;
}

enum rc_read rc_splitter_split(struct rc_splitter *s, struct rc_slice raw, uint64_t line, struct rc_record *ret,
			       struct rc_reject *rej, struct rc_err *err)
{
	struct rc_err why;
	enum rc_read got;

	rej->unclosed = false;
	if (s->format == RC_FORMAT_CSV)
		return rc_csv_split_row(&s->csv, raw, line, ret, rej);
	got = rc_ldif_split_entry(&s->ldif, raw, line, ret, rej, &why);
	if (got == RC_READ_ERROR)
		rc_fail_line(err, why.code, why.line, "%s:%llu: %s", s->name, (unsigned long long)why.line, why.what);
	return got;
}

struct rc_splitter *rc_splitter_new(const struct rc_reader *r)
{
	struct rc_splitter *s = rc_xcalloc(1, sizeof(*s));

	s->format = r->splitter.format;
	s->name = rc_xstrdup(r->splitter.name);
	if (s->format == RC_FORMAT_CSV)
		rc_csv_split_copy(&s->csv, &r->splitter.csv);
	else
		rc_ldif_split_copy(&s->ldif, &r->splitter.ldif);
	return s;
}

void rc_splitter_free(struct rc_splitter *s)
{
	if (!s)
		return;
	rc_csv_split_done(&s->csv);
	rc_ldif_split_done(&s->ldif);
	free(s->name);
	free(s);
}

size_t rc_splitter_select(struct rc_splitter *s, const struct rc_slice *names, size_t n)
{
	if (s->format == RC_FORMAT_CSV)
		return rc_csv_split_select(&s->csv, names, n);
	rc_ldif_split_select(&s->ldif, names, n);
	return n;
}

size_t rc_splitter_cells(struct rc_splitter *s, struct rc_slice raw, const struct rc_slice **ret)
{
	return s->format == RC_FORMAT_CSV ? rc_csv_split_cells(&s->csv, raw, ret)
					  : rc_ldif_split_cells(&s->ldif, raw, ret);
}

enum rc_format rc_reader_format(const struct rc_reader *r)
{
	return r->splitter.format;
}

char rc_reader_delimiter(const struct rc_reader *r)
{
	return r->splitter.csv.delimiter;
}

const char *rc_reader_name(const struct rc_reader *r)
{
	return rc_stream_name(r->in);
}

const struct rc_slice *rc_reader_columns(const struct rc_reader *r, size_t *ret_n)
{
	*ret_n = r->splitter.csv.n;
	return r->splitter.csv.column;
}

struct rc_slice rc_reader_header(const struct rc_reader *r)
{
	return (struct rc_slice){r->header, r->header_n};
}

const struct rc_stream_info *rc_reader_info(const struct rc_reader *r)
{
	return rc_stream_info(r->in);
}

void rc_reject_text(const struct rc_reader *r, const struct rc_reject *rej, char *out, size_t cap)
{
	snprintf(out, cap, "%s:%llu: %s", rc_stream_name(r->in), (unsigned long long)rej->line, rej->why);
	rc_printable(out, cap);
}

const struct rc_attr *rc_record_attr(const struct rc_record *rec, struct rc_slice name)
{
	for (size_t i = 0; i < rec->attr_n; i++)
		if (rc_slice_eq(rec->attr[i].name, name))
			return &rec->attr[i];
	return NULL;
}
