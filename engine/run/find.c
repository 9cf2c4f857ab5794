#include "engine/run/find.h"
#include "engine/run/scan.h"
#include "engine/run/scan_int.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool rc_text_in(struct rc_slice s, struct rc_slice text)
{
	for (size_t i = 0; i + text.n <= s.n; i++) {
		size_t n = 0;

		while (n < text.n && lower(s.p[i + n]) == lower(text.p[n]))
			n++;
		if (n == text.n)
			return true;
	}
	return false;
}

static bool record_has(const struct rc_record *rec, struct rc_slice text)
{
	for (size_t i = 0; i < rec->n; i++)
		if (rc_text_in(rec->field[i], text))
			return true;
	for (size_t i = 0; i < rec->attr_n; i++)
		for (size_t k = 0; k < rec->attr[i].n; k++)
			if (rc_text_in(rec->attr[i].value[k], text))
				return true;
	return false;
}

struct finding {
	struct rc_slice text;
	struct rc_arena mem, one; /* of the search, of one record */
	void (*row)(void *ctx, const struct rc_mapped *m, const char *file, uint64_t line);
	void *ctx;
};

static enum rc_code find_in_file(struct finding *f, struct rc_mapping *m, struct rc_reader *r, const char *name,
				 struct rc_err *err)
{
	struct rc_record rec;
	struct rc_reject rej;
	enum rc_read got;

	while ((got = rc_reader_next(r, &rec, &rej, err)) != RC_READ_END) {
		struct rc_mapped mapped = {0};
		struct rc_err ignored;

		if (got == RC_READ_ERROR)
			return RC_DATA;
		if (got != RC_READ_RECORD || !record_has(&rec, f->text))
			continue;
		if (rc_mapping_row(m, &rec, false, &f->one, &mapped, &ignored))
			mapped.want = NULL;
		if (mapped.key.n)
			f->row(f->ctx, &mapped, name, rec.line);
		rc_arena_reset(&f->one);
	}
	return RC_OK;
}

static enum rc_code find_in_source(struct finding *f, struct rc_scan *scan, size_t i, struct rc_err *err)
{
	struct rc_feed feed;
	enum rc_code code = rc_feed_open(&feed, scan->cfg, i, err);

	while (!code) {
		struct rc_mapping *m = NULL;
		struct rc_reader *r = NULL;
		const struct rc_slice *columns;
		const char *name = NULL;
		size_t n;

		code = rc_feed_next(&feed, &r, &name, err);
		if (code || !r)
			break;
		columns = rc_mapping_header(scan->cfg, i, r, &f->mem, &n);
		code = rc_mapping_new(scan->cfg, i, rc_reader_format(r) == RC_FORMAT_LDIF, columns, n, scan->lookups,
				      NULL, 0, &m, err);
		if (!code)
			code = find_in_file(f, m, r, rc_arena_strdup(&f->mem, name), err);
		rc_mapping_free(m);
		rc_reader_free(r);
	}
	rc_feed_done(&feed);
	return code;
}

enum rc_code rc_find_rows(const struct rc_config *cfg, struct rc_slice text,
			  void (*row)(void *ctx, const struct rc_mapped *m, const char *file, uint64_t line), void *ctx,
			  struct rc_err *err)
{
	struct finding f = {.text = text, .row = row, .ctx = ctx};
	struct rc_scan scan;
	enum rc_code code = rc_sources_begin(&scan, cfg, NULL, false, err);

	for (size_t i = 0; i < cfg->n_sources && !code; i++)
		code = find_in_source(&f, &scan, i, err);
	rc_sources_done(&scan);
	rc_arena_done(&f.mem);
	rc_arena_done(&f.one);
	return code;
}
