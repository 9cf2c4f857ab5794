/* Refused records, so that somebody can mend them and feed them again, and accounts that nobody claims. */
#define XXH_INLINE_ALL
#include "engine/base/alloc.h"
#include "engine/base/utf8.h"
#include "engine/report/cell.h"
#include "engine/report/report_int.h"
#include <stdio.h>
#include <strings.h>
#include <xxhash.h>

#define MARK "\xef\xbb\xbf"

static char delimiter_of(const struct rc_rejected_csv *rec)
{
	return rec->delimiter ? rec->delimiter : ',';
}

static uint64_t header_hash(const struct rc_rejected_csv *rec)
{
	struct rc_buf b = {0};
	uint64_t h;

	rc_buf_addc(&b, delimiter_of(rec));
	for (size_t i = 0; i < rec->n_header; i++) {
		rc_buf_add(&b, &rec->header[i].n, sizeof(rec->header[i].n));
		rc_buf_addslice(&b, rec->header[i]);
	}
	h = XXH3_64bits(b.p, b.n);
	rc_buf_done(&b);
	return h;
}

/* "FILE:LINE: reason", without anything that a terminal would obey. */
static void place(struct rc_buf *b, const char *file, uint64_t line, const char *reason)
{
	char text[1200];

	snprintf(text, sizeof(text), "%s:%llu: %s", file, (unsigned long long)line, reason);
	rc_printable(text, sizeof(text));
	rc_buf_adds(b, text);
}

/* A resumed run may have written headers that this process has not seen: it goes on with the next free number. */
static enum rc_code rejected_file(struct rc_report *r, const struct rc_rejected_csv *rec, struct rc_rejected_file **ret,
				  struct rc_err *err)
{
	uint64_t hash = header_hash(rec);
	struct rc_rejected_file *f;
	struct rc_buf header = {0};
	char name[40] = "rejected.csv";
	enum rc_code code;

	for (size_t i = 0; i < r->n_rejected; i++)
		if (r->rejected[i].header_hash == hash) {
			*ret = &r->rejected[i];
			return RC_OK;
		}
	if (r->n_rejected == RC_REJECTED_FILES)
		return rc_fail(err, RC_CANTCREAT,
			       "rejected.csv: records of more than %d different headers were refused",
			       RC_REJECTED_FILES);
	if (r->n_rejected)
		snprintf(name, sizeof(name), "rejected-%zu.csv", r->n_rejected + 1);
	r->rejected = rc_xreallocarray(r->rejected, r->n_rejected + 1, sizeof(*f));
	f = &r->rejected[r->n_rejected];
	*f = (struct rc_rejected_file){.sink.fd = -1, .header_hash = hash, .n_header = rec->n_header};
	rc_buf_adds(&header, rec->mark ? MARK "rollcall_reason" : "rollcall_reason");
	for (size_t i = 0; i < rec->n_header; i++) {
		rc_buf_addc(&header, delimiter_of(rec));
		rc_cell_plain(&header, rec->header[i], delimiter_of(rec));
	}
	rc_buf_addc(&header, '\n');
	code = rc_report_sink(r, &f->sink, name, rc_buf_slice(&header), err);
	rc_buf_done(&header);
	if (code) {
		rc_sink_close(&f->sink);
		return code;
	}
	r->n_rejected++;
	*ret = f;
	return RC_OK;
}

static bool has_secret(const struct rc_rejected_csv *rec)
{
	for (size_t i = 0; rec->secret && i < rec->n_header; i++)
		if (rec->secret[i])
			return true;
	return false;
}

/* Whether raw text splits into cells by the rules of our reader, so that it may stand in a CSV file again. */
static bool splits(struct rc_slice raw, char delimiter)
{
	bool begin = true, quoted = false;

	if (memchr(raw.p, 0, raw.n) || rc_utf8_valid(raw.p, raw.n) != raw.n)
		return false;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (quoted) {
			if (c != '"')
				continue;
			if (i + 1 < raw.n && raw.p[i + 1] == '"')
				i++;
			else if (i + 1 < raw.n && raw.p[i + 1] != delimiter)
				return false;
			else
				quoted = false;
			continue;
		}
		if (c == '"' && !begin)
			return false;
		if (c == '\n' || c == '\r')
			return false;
		quoted = c == '"';
		begin = c == delimiter;
	}
	return !quoted;
}

static void add_cells(struct rc_buf *b, const struct rc_rejected_csv *rec)
{
	char delimiter = delimiter_of(rec);
	bool secret = has_secret(rec);

	if (rec->cells && (!secret || rec->n_cells == rec->n_header)) {
		for (size_t i = 0; i < rec->n_cells; i++) {
			rc_buf_addc(b, delimiter);
			if (!secret || !rec->secret[i])
				rc_cell_plain(b, rec->cells[i], delimiter);
		}
	} else if (!rec->cells && !secret && rec->raw.p && splits(rec->raw, delimiter)) {
		rc_buf_addc(b, delimiter);
		rc_buf_addslice(b, rec->raw);
	} else {
		for (size_t i = 0; i < rec->n_header; i++)
			rc_buf_addc(b, delimiter);
	}
}

enum rc_code rc_report_rejected_csv(struct rc_report *r, const struct rc_rejected_csv *rec, struct rc_err *err)
{
	struct rc_rejected_file *f = NULL;
	struct rc_buf reason = {0};
	enum rc_code code;

	if (r->err.code) {
		*err = r->err;
		return r->err.code;
	}
	code = rejected_file(r, rec, &f, err);
	if (code)
		return rc_report_stick(r, code, err);
	place(&reason, rec->file, rec->line, rec->reason);
	rc_cell_plain(&f->sink.buf, rc_buf_slice(&reason), delimiter_of(rec));
	rc_buf_done(&reason);
	add_cells(&f->sink.buf, rec);
	rc_buf_addc(&f->sink.buf, '\n');
	if (f->sink.buf.n > (256u << 10))
		code = rc_sink_flush(&f->sink, err);
	return rc_report_stick(r, code, err);
}

/* Whether a line begins an attribute whose values are secret: "NAME:" or "NAME;option:". */
static bool secret_line(struct rc_slice line, const struct rc_rejected_ldif *rec)
{
	for (size_t i = 0; i < rec->n_secret; i++) {
		size_t n = strlen(rec->secret[i]);

		if (line.n > n && (line.p[n] == ':' || line.p[n] == ';') && strncasecmp(line.p, rec->secret[i], n) == 0)
			return true;
	}
	return false;
}

static void add_ldif_lines(struct rc_buf *b, const struct rc_rejected_ldif *rec)
{
	const char *p = rec->raw.p, *end = p + rec->raw.n;
	bool hide = false;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct rc_slice line = {p, (size_t)((nl ? nl : end) - p)};

		p = nl ? nl + 1 : end;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0)
			continue; /* an empty line would end the record */
		if (line.p[0] == ' ' && hide)
			continue;
		hide = secret_line(line, rec);
		if (hide)
			line.n = (size_t)((const char *)memchr(line.p, ':', line.n) - line.p) + 1;
		rc_buf_addslice(b, line);
		rc_buf_addc(b, '\n');
	}
}

enum rc_code rc_report_rejected_ldif(struct rc_report *r, const struct rc_rejected_ldif *rec, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	if (r->err.code) {
		*err = r->err;
		return r->err.code;
	}
	if (r->ldif.fd < 0)
		code = rc_report_sink(r, &r->ldif, "rejected.ldif",
				      rec->mark ? RC_SLICE(MARK "version: 1\n") : RC_SLICE("version: 1\n"), err);
	if (code)
		return rc_report_stick(r, code, err);
	rc_buf_adds(&r->ldif.buf, "\n# rollcall_reason: ");
	place(&r->ldif.buf, rec->file, rec->line, rec->reason);
	rc_buf_addc(&r->ldif.buf, '\n');
	if (rec->raw.p)
		add_ldif_lines(&r->ldif.buf, rec);
	if (r->ldif.buf.n > (256u << 10))
		code = rc_sink_flush(&r->ldif, err);
	return rc_report_stick(r, code, err);
}

enum rc_code rc_report_candidate(struct rc_report *r, const char *target, struct rc_slice name, struct rc_slice key,
				 const char *reason, struct rc_slice near, struct rc_err *err)
{
	enum rc_code code = RC_OK;
	struct rc_buf *b = &r->candidates.buf;

	if (r->listen)
		return RC_OK;
	if (r->err.code) {
		*err = r->err;
		return r->err.code;
	}
	if (r->candidates.fd < 0)
		code = rc_report_sink(r, &r->candidates, "adopt_candidates.csv",
				      RC_SLICE("target,name,key,reason,near\n"), err);
	if (code)
		return rc_report_stick(r, code, err);
	rc_cell_safe(b, rc_slice_str(target));
	rc_cell_next(b, name);
	rc_cell_next(b, key);
	rc_cell_next(b, rc_slice_str(reason));
	rc_cell_next(b, near);
	rc_buf_addc(b, '\n');
	if (b->n > (256u << 10))
		code = rc_sink_flush(&r->candidates, err);
	return rc_report_stick(r, code, err);
}
