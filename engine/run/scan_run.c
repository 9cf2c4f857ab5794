/* The sources of a run, in their order: files, checks before the first row, rows, checks after the last one. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include <fnmatch.h>
#include <stdlib.h>

enum { RAWS_STALE = 20 };

static void forget_all(struct rc_scan *s)
{
	struct rc_scan_source *src = &s->sources[0];

	for (size_t f = 0; f < src->n_files; f++)
		free((void *)src->files[f]);
	free(src->files);
	scan_refs_free(src);
	*src = (struct rc_scan_source){.keep_raws = s->keep_raws};
	s->n = s->n_refused = s->n_notes = 0;
	s->absence_ok = true;
	if (s->table)
		memset(s->table, 0, s->table_size * sizeof(*s->table));
}

/* A file of a glob that the last run read and that is gone: whoever is in it must not count as absent. */
static enum rc_code check_lost(const struct walk *w, const struct rc_source_files *files,
			       const struct rc_source_facts *applied, struct rc_err *err)
{
	const struct rc_source *cfg = &w->s->cfg->sources[w->index];

	if (cfg->pick != RC_PICK_ALL || cfg->command.n)
		return RC_OK;
	for (size_t i = 0; i < applied->n_files; i++) {
		const char *name = rc_arena_copy(&w->s->mem, applied->files[i]).p;
		bool there = false, meant = false;

		for (size_t f = 0; f < files->n && !there; f++)
			there = strcmp(files->v[f].path, name) == 0;
		for (size_t f = 0; f < cfg->files.n && !meant; f++) {
			char *pattern = rc_source_pattern(cfg->files.v[f]);

			meant = fnmatch(pattern, name, FNM_PATHNAME) == 0;
			free(pattern);
		}
		if (meant && !there)
			return rc_fail(err, RC_DATA,
				       "%s: the last run read it and it is gone; if that is right, --accept-source",
				       name);
	}
	return RC_OK;
}

static enum rc_code check_before(struct walk *w, const struct rc_source_files *files,
				 const struct rc_source_facts *applied, struct rc_err *err)
{
	const struct rc_source *cfg = &w->s->cfg->sources[w->index];
	enum rc_code code = rc_source_files_ready(files, cfg, w->s->now_ns, err);

	w->src->stamp_ns = rc_source_files_stamp(files);
	if (!code && !w->s->accept_source && applied)
		code = check_lost(w, files, applied, err);
	if (!code && !w->s->accept_source)
		code = rc_source_files_fresh(files, cfg, w->s->now_ns, applied, err);
	return code;
}

static enum rc_code check_unchanged(struct walk *w, const struct rc_source_facts *applied, struct rc_err *err)
{
	enum rc_unchanged what = w->s->cfg->sources[w->index].unchanged;
	const char *name = w->src->n_files ? w->src->files[0] : "the source";
	char when[32];

	if (!applied || what == RC_UNCHANGED_OK || memcmp(applied->content, w->src->content, 16) != 0)
		return RC_OK;
	rc_time_iso(applied->applied_ns, when);
	if (what == RC_UNCHANGED_STOP && !w->s->accept_source)
		return rc_fail(err, RC_GUARD,
			       "%s: unchanged since the run of %s (unchanged is \"stop\"); if that is right, "
			       "--accept-source",
			       name, when);
	scan_note(w->s, "%s: unchanged since the run of %s: is the export still running?", name, when);
	return RC_OK;
}

static enum rc_code check_after(struct walk *w, const struct rc_source_facts *applied, struct rc_err *err)
{
	const struct rc_source *cfg = &w->s->cfg->sources[w->index];
	int64_t rows = (int64_t)w->src->rows;

	if ((cfg->expect.min_rows >= 0 && rows < cfg->expect.min_rows) ||
	    (cfg->expect.max_rows >= 0 && rows > cfg->expect.max_rows))
		return rc_fail(err, RC_DATA, "%s: %lld rows, expect.rows asks for %s %lld",
			       w->src->n_files ? w->src->files[0] : "the source", (long long)rows,
			       cfg->expect.min_rows == cfg->expect.max_rows ? "exactly"
			       : rows < cfg->expect.min_rows                ? "at least"
									    : "at most",
			       (long long)(cfg->expect.min_rows >= 0 && rows < cfg->expect.min_rows
						   ? cfg->expect.min_rows
						   : cfg->expect.max_rows));
	return check_unchanged(w, applied, err);
}

static enum rc_code read_files(struct walk *w, struct rc_feed *feed, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	while (!code) {
		struct rc_reader *r = NULL;
		const char *name = NULL;

		code = rc_feed_next(feed, &r, &name, err);
		if (code || !r)
			break;
		code = scan_file(w, r, name, err);
		rc_reader_free(r);
	}
	return code;
}

static enum rc_code one_source(struct rc_scan *s, struct rc_view *v, uint16_t index, bool try_order,
			       const uint16_t *targets, bool *ret_again, struct rc_err *err)
{
	struct walk w = {.s = s, .src = &s->sources[index], .index = index, .view = v};
	struct rc_source_facts facts = {0};
	const struct rc_source_facts *applied = rc_view_source(v, index, &s->mem, &facts) ? &facts : NULL;
	struct rc_feed feed;
	enum rc_code code = rc_feed_open(&feed, s->cfg, index, err);

	if (!code)
		code = check_before(&w, &feed.files, applied, err);
	if (code) {
		rc_feed_done(&feed);
		return code;
	}
	w.hash = rc_xchecked(XXH3_createState());
	/* What cannot be read a second time is looked at row by row, since the short way may ask for one. */
	if (try_order && !s->everybody && rc_source_files_regular(&feed.files))
		scan_order_open(&w, targets);
	else
		rc_rowmatch_init(&w.match, &(struct rc_sequence){0});
	code = read_files(&w, &feed, err);
	rc_feed_done(&feed);
	w.src->matched = w.match.matched;
	/* A sequence that knows few of today's bytes is worth writing anew. */
	w.src->raws_stale = w.match.seq.raw ? w.match.raw_missed > w.src->rows / RAWS_STALE || !w.match.seq.group
					    : w.src->keep_raws;
	w.src->order_same = w.in_order && w.match.missed == 0 && w.match.matched == w.match.seq.n;
	if (!code && w.in_order)
		code = scan_sweep_order(&w, targets, ret_again);
	if (!code && !*ret_again)
		code = check_after(&w, applied, err);
	scan_walk_done(&w);
	return code;
}

enum rc_code rc_sources_run(struct rc_scan *s, struct rc_view *v, const uint16_t *targets, struct rc_err *err)
{
	bool again = false, ordered = true;
	enum rc_code code = RC_OK;

	for (uint16_t i = 0; i < s->cfg->n_sources && !code; i++) {
		code = one_source(s, v, i, true, targets, &again, err);
		if (again && !code) { /* only ever the first and only source */
			again = false;
			forget_all(s);
			code = one_source(s, v, i, false, targets, &again, err);
		}
		if (code == RC_DATA && s->cfg->sources[i].on_error == RC_SOURCE_FREEZE) {
			scan_freeze_source(s, i, err);
			code = RC_OK;
		}
	}
	for (size_t i = 0; i < s->cfg->n_sources; i++)
		ordered &= s->sources[i].order_used && !s->sources[i].frozen;
	for (size_t i = 0; i < s->cfg->n_targets && !code; i++)
		scan_sweep_records(s, v, targets[i], ordered);
	return code;
}
