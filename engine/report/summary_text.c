/* What a person reads on stdout: a verdict, then a few lines for each target; never more than MAX_LINES. */
#include "engine/report/summary.h"
#include "engine/report/summary_target.h"
#include "engine/report/summary_words.h"

enum {
	MAX_LINES = 25,
	MAX_NOTES = 2,
	MAX_SOURCES = 2,
	MAX_TARGETS = 16, /* more are only counted */
	MAX_NAMES = 3,
};
_Static_assert(1 + MAX_NOTES + MAX_SOURCES + 1 + MAX_TARGETS + 2 <= MAX_LINES, "the summary is at most 25 lines");
_Static_assert(1 + MAX_NOTES + MAX_SOURCES + 1 + SUMMARY_DETAIL * SUMMARY_MUST + 1 <= MAX_LINES,
	       "the summary is at most 25 lines");

static const char *exit_words(int code, bool planned)
{
	switch (code) {
	case -1:
		return "The run was killed";
	case RC_OK:
		return planned ? "Planned" : "All done";
	case RC_PARTIAL:
		return planned ? "Planned, with rows or users that cannot be carried out" : "Finished with failures";
	case RC_CHANGES:
		return "Planned, there are changes";
	case RC_DATA:
		return "Stopped: bad source data, nothing was written";
	case RC_UNAVAILABLE:
		return planned ? "Stopped: the list of accounts could not be read" : "Stopped: nothing was accepted";
	case RC_INTERNAL:
		return "Stopped: internal error";
	case RC_CANTCREAT:
		return "Stopped: state or report cannot be written";
	case RC_TEMPFAIL:
		return "Finished for now, run again later";
	case RC_GUARD:
		return "Stopped by a guard or a stale input";
	case RC_NOPERM:
		return "Stopped: the provider refused our credentials";
	case RC_SIGINT:
		return "Stopped by SIGINT";
	case RC_SIGTERM:
		return "Stopped by SIGTERM or SIGHUP";
	default:
		return "Stopped";
	}
}

static bool is_command(const struct rc_summary *s, const char *name)
{
	return s->command && strcmp(s->command, name) == 0;
}

static bool has_planned(const struct rc_summary *s)
{
	bool has = false;

	for (size_t i = 0; i < s->n_targets; i++)
		for (int a = 0; a < RC_ACTION_COUNT; a++)
			has |= s->targets[i].counts[a][RC_ST_PLANNED] != 0;
	return has;
}

/* What carries out leaves something planned only where a pause or a freeze keeps it from that. */
static bool is_plan(const struct rc_summary *s)
{
	return is_command(s, "plan") || is_command(s, "undo") ||
	       ((is_command(s, "sync") || is_command(s, "apply")) && has_planned(s));
}

/* The targets that gave the run its exit code. */
static void stopped_names(struct rc_buf *b, const struct rc_summary *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_targets; i++) {
		if (!s->targets[i].stopped_by || s->targets[i].exit_code != s->exit_code)
			continue;
		if (n < MAX_NAMES) {
			rc_buf_adds(b, n ? ", " : " (");
			rc_words_safe(b, rc_slice_str(s->targets[i].name), SUMMARY_NAME);
		}
		n++;
	}
	if (n > MAX_NAMES)
		rc_buf_adds(b, ", …");
	if (n)
		rc_buf_addc(b, ')');
}

void rc_summary_verdict(struct rc_buf *b, const struct rc_summary *s)
{
	uint64_t all[RC_ACTION_COUNT][RC_STATUS_COUNT] = {0};
	uint64_t rejected = 0;
	struct rc_buf counts = {0};

	for (size_t i = 0; i < s->n_targets; i++)
		rc_words_sum(all, s->targets[i].counts);
	for (size_t i = 0; i < s->n_sources; i++)
		rejected += s->sources[i].rejected;
	rc_buf_adds(b, exit_words(s->exit_code, is_plan(s)));
	stopped_names(b, s);
	if (s->exit_code == RC_UNAVAILABLE && is_plan(s))
		rc_buf_adds(b, ", so nothing is planned there");
	rc_buf_adds(b, ": ");
	if (!rc_words_counts(&counts, all, false))
		rc_buf_adds(&counts, is_plan(s) ? "nothing to change" : "nothing changed");
	rc_buf_addslice(b, rc_buf_slice(&counts));
	if (rejected) {
		rc_buf_adds(b, ", ");
		rc_words_number(b, rejected);
		rc_buf_adds(b, rejected == 1 ? " row rejected" : " rows rejected");
	}
	rc_buf_addc(b, '.');
	rc_buf_done(&counts);
}

static void source_line(struct rc_buf *b, const struct rc_summary_source *src)
{
	rc_buf_adds(b, "source ");
	rc_words_safe(b, rc_slice_str(src->name), SUMMARY_NAME);
	rc_buf_adds(b, ": ");
	rc_words_number(b, src->rows);
	rc_buf_adds(b, src->rows == 1 ? " row" : " rows");
	if (src->filtered)
		rc_words_maybe(b, "filtered", (int64_t)src->filtered);
	if (src->rejected)
		rc_words_maybe(b, "rejected", (int64_t)src->rejected);
	if (src->rejected_new)
		rc_words_maybe(b, "of which new", (int64_t)src->rejected_new);
	rc_buf_addc(b, '\n');
}

static void more_line(struct rc_buf *b, size_t n, const char *what)
{
	rc_buf_addf(b, "and %zu more %s: see summary.json\n", n, what);
}

void rc_summary_text(struct rc_buf *b, const struct rc_summary *s, const struct rc_summary_style *style)
{
	bool good = s->exit_code == RC_OK || s->exit_code == RC_CHANGES;
	size_t notes = s->n_notes < MAX_NOTES ? s->n_notes : MAX_NOTES;
	size_t sources = s->n_sources <= MAX_SOURCES + 1 ? s->n_sources : MAX_SOURCES;
	size_t shown = s->n_targets <= MAX_TARGETS ? s->n_targets : MAX_TARGETS;
	size_t others = 1 + notes + sources + (sources < s->n_sources) + (shown < s->n_targets) + 1;

	if (style->colour)
		rc_buf_adds(b, good ? "\033[32m" : s->exit_code == RC_TEMPFAIL ? "\033[33m" : "\033[31m");
	rc_summary_verdict(b, s);
	rc_buf_adds(b, style->colour ? "\033[0m\n" : "\n");
	for (size_t i = 0; i < notes; i++) {
		rc_buf_adds(b, "note: ");
		rc_words_safe(b, rc_slice_str(s->notes[i]), SUMMARY_SENTENCE);
		rc_buf_addc(b, '\n');
	}
	for (size_t i = 0; i < sources; i++)
		source_line(b, &s->sources[i]);
	if (sources < s->n_sources)
		more_line(b, s->n_sources - sources, "sources");
	rc_summary_targets(b, s->targets, shown, s->n_targets <= SUMMARY_DETAIL, style->planned, MAX_LINES - others);
	if (shown < s->n_targets)
		more_line(b, s->n_targets - shown, "targets");
	if (style->report_dir) {
		rc_buf_adds(b, "report: ");
		rc_words_safe(b, rc_slice_str(style->report_dir), SUMMARY_SENTENCE);
		rc_buf_addc(b, '\n');
	}
}
