/* What a person reads on stdout: a verdict, then a few lines for each target; never more than MAX_LINES. */
#include "engine/report/summary.h"
#include "engine/report/summary_words.h"

enum {
	MAX_LINES = 25,
	MAX_NOTES = 2,
	MAX_SOURCES = 2,
	DETAIL_TARGETS = 4, /* with four lines each */
	BRIEF_TARGETS = 16,
	MAX_PEOPLE = 5,
	MAX_NAMES = 3,
	MAX_REASONS = 3,
	MAX_NAME = 64,
	MAX_SENTENCE = 240,
};
_Static_assert(1 + MAX_NOTES + MAX_SOURCES + 1 + 4 * DETAIL_TARGETS + 1 <= MAX_LINES,
	       "the summary is at most 25 lines");
_Static_assert(1 + MAX_NOTES + MAX_SOURCES + 1 + BRIEF_TARGETS + 2 <= MAX_LINES, "the summary is at most 25 lines");

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

static bool is_plan(const struct rc_summary *s)
{
	return s->command && (strcmp(s->command, "plan") == 0 || strcmp(s->command, "undo") == 0);
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
			rc_words_safe(b, rc_slice_str(s->targets[i].name), MAX_NAME);
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

static void maybe(struct rc_buf *b, const char *word, int64_t v)
{
	if (v < 0)
		return;
	rc_buf_addf(b, ", %s ", word);
	rc_words_number(b, (uint64_t)v);
}

static void source_line(struct rc_buf *b, const struct rc_summary_source *src)
{
	rc_buf_adds(b, "source ");
	rc_words_safe(b, rc_slice_str(src->name), MAX_NAME);
	rc_buf_adds(b, ": ");
	rc_words_number(b, src->rows);
	rc_buf_adds(b, src->rows == 1 ? " row" : " rows");
	if (src->filtered)
		maybe(b, "filtered", (int64_t)src->filtered);
	if (src->rejected)
		maybe(b, "rejected", (int64_t)src->rejected);
	if (src->rejected_new)
		maybe(b, "of which new", (int64_t)src->rejected_new);
	rc_buf_addc(b, '\n');
}

static void more_line(struct rc_buf *b, size_t n, const char *what)
{
	rc_buf_addf(b, "and %zu more %s: see summary.json\n", n, what);
}

static void brief_line(struct rc_buf *b, const struct rc_summary_target *t)
{
	rc_words_safe(b, rc_slice_str(t->name), MAX_NAME);
	rc_buf_adds(b, ": ");
	if (!rc_words_counts(b, t->counts, false))
		rc_buf_adds(b, "nothing to do");
	if (t->stopped_by) {
		rc_buf_adds(b, "; stopped by ");
		rc_words_safe(b, rc_slice_str(t->stopped_by), MAX_NAME);
	}
	rc_buf_addc(b, '\n');
}

static void guard_line(struct rc_buf *b, const struct rc_summary_guard *g)
{
	rc_buf_addf(b, "  guard %s (", g->guard);
	rc_words_safe(b, rc_slice_str(g->limit), MAX_NAME);
	rc_buf_adds(b, "): ");
	rc_words_number(b, g->planned);
	rc_buf_adds(b, " planned, ");
	rc_words_number(b, g->allowed);
	rc_buf_adds(b, " allowed");
	for (size_t i = 0; i < g->n_people && i < MAX_PEOPLE; i++) {
		rc_buf_adds(b, i ? ", " : ": ");
		rc_words_safe(b, g->people[i], MAX_NAME);
	}
	if (g->n_people > MAX_PEOPLE)
		rc_buf_adds(b, ", …");
	rc_buf_addc(b, '\n');
}

/* The sentence says it all for a guard about a source, which names nobody; one about people has a line of its own. */
static void stopped_line(struct rc_buf *b, const struct rc_summary_target *t)
{
	const struct rc_summary_guard *g = NULL;
	bool told = false;

	for (size_t i = 0; !g && i < t->n_guards; i++)
		if (t->guards[i].tripped && t->guards[i].n_people)
			g = &t->guards[i];
	for (size_t i = 0; !told && g && i < t->n_guards; i++)
		told = t->guards[i].tripped && t->stopped_by && strcmp(t->guards[i].guard, t->stopped_by) == 0 &&
		       t->guards[i].n_people;
	if (!told && (t->stopped_by || t->why)) {
		rc_buf_adds(b, "  stopped: ");
		rc_words_safe(b, rc_slice_str(t->why ? t->why : t->stopped_by), MAX_SENTENCE);
		rc_buf_addc(b, '\n');
	}
	if (g)
		guard_line(b, g);
}

static void cost_line(struct rc_buf *b, const struct rc_summary_target *t, bool planned)
{
	if (planned && t->cost.calls >= 0) {
		rc_buf_adds(b, "  cost: ");
		rc_words_number(b, (uint64_t)t->cost.calls);
		rc_buf_adds(b, t->cost.calls == 1 ? " call" : " calls");
		maybe(b, "batches", t->cost.batches);
		maybe(b, "seats needed", t->cost.seats_needed);
		maybe(b, "seats free", t->cost.seats_free);
		if (t->cost.minutes >= 0)
			rc_buf_addf(b, ", about %.*f min at the learned rate", t->cost.minutes < 10 ? 1 : 0,
				    t->cost.minutes);
		rc_buf_addc(b, '\n');
	} else if (!planned && t->pacing.calls) {
		rc_buf_adds(b, "  ");
		rc_words_number(b, t->pacing.calls);
		rc_buf_adds(b, t->pacing.calls == 1 ? " call" : " calls");
		maybe(b, "busy", (int64_t)t->pacing.busy);
		maybe(b, "throttled", (int64_t)t->pacing.throttled);
		if (t->seats.waiting)
			maybe(b, "waiting for a seat", (int64_t)t->seats.waiting);
		if (t->pacing.learned_users_per_s > 0)
			rc_buf_addf(b, ", learned %.4g users/s", t->pacing.learned_users_per_s);
		rc_buf_addc(b, '\n');
	}
}

/* Guards that the stopped line does not name: others that tripped, and those of whose room four fifths are used. */
static size_t guard_lines(struct rc_buf *b, const struct rc_summary_target *t, size_t room)
{
	size_t said = 0;
	bool first = true;

	for (size_t i = 0; i < t->n_guards && said < room; i++) {
		const struct rc_summary_guard *g = &t->guards[i];
		bool near = g->planned && g->planned <= g->allowed && g->planned >= g->allowed - g->allowed / 5;

		if (g->tripped && first) {
			first = false;
			continue;
		}
		if (!g->tripped && !near)
			continue;
		rc_buf_addf(b, g->tripped ? "  guard %s (" : "  near guard %s (", g->guard);
		rc_words_safe(b, rc_slice_str(g->limit), MAX_NAME);
		rc_buf_adds(b, "): ");
		rc_words_number(b, g->planned);
		rc_buf_adds(b, " planned, ");
		rc_words_number(b, g->allowed);
		rc_buf_adds(b, " allowed\n");
		said++;
	}
	return said;
}

static size_t failed_lines(struct rc_buf *b, const struct rc_summary_target *t, size_t room)
{
	size_t said = 0, most = room < MAX_REASONS ? room : MAX_REASONS;

	for (; t->failed && said < t->failed->n && said < most; said++) {
		rc_buf_adds(b, "  failed ");
		rc_words_number(b, t->failed->v[said].n);
		rc_buf_adds(b, ": ");
		rc_reason_words(b, &t->failed->v[said]);
		rc_buf_addc(b, '\n');
	}
	return said;
}

static void name_line(struct rc_buf *b, const struct rc_summary_target *t, enum rc_action action)
{
	uint64_t n = t->counts[action][RC_ST_PLANNED], shown = 0;

	rc_buf_addf(b, "  to %s: ", rc_action_name(action));
	for (size_t i = 0; i < RC_SUMMARY_NAMES && t->first[action][i].p; i++, shown++) {
		rc_buf_adds(b, i ? ", " : "");
		rc_words_safe(b, t->first[action][i].n ? t->first[action][i] : RC_SLICE("(unnamed)"), MAX_NAME);
	}
	if (n > shown) {
		rc_buf_adds(b, " and ");
		rc_words_number(b, n - shown);
		rc_buf_adds(b, " more");
	}
	rc_buf_addc(b, '\n');
}

/* room: lines that may be added to the four of each target. */
static void target_lines(struct rc_buf *b, const struct rc_summary_target *t, bool planned, size_t room)
{
	rc_words_safe(b, rc_slice_str(t->name), MAX_NAME);
	rc_buf_adds(b, ": wanted ");
	if (t->wanted >= 0)
		rc_words_number(b, (uint64_t)t->wanted);
	else
		rc_buf_adds(b, "not known");
	maybe(b, "known", t->known);
	maybe(b, "actual", t->actual);
	maybe(b, "unmanaged", t->unmanaged > 0 ? t->unmanaged : -1);
	maybe(b, "drift", t->drift > 0 ? t->drift : -1);
	rc_buf_adds(b, "\n  ");
	if (!rc_words_counts(b, t->counts, true))
		rc_buf_adds(b, "nothing to do");
	rc_buf_addc(b, '\n');
	stopped_line(b, t);
	room -= failed_lines(b, t, room);
	room -= guard_lines(b, t, room);
	for (int a = 0; a < RC_ACTION_COUNT && planned && room; a++)
		if (t->first[a][0].p) {
			name_line(b, t, (enum rc_action)a);
			room--;
		}
	cost_line(b, t, planned);
}

void rc_summary_text(struct rc_buf *b, const struct rc_summary *s, const struct rc_summary_style *style)
{
	bool good = s->exit_code == RC_OK || s->exit_code == RC_CHANGES;
	size_t sources = s->n_sources <= MAX_SOURCES + 1 ? s->n_sources : MAX_SOURCES;
	size_t shown = s->n_targets <= BRIEF_TARGETS ? s->n_targets : BRIEF_TARGETS, room = 0;

	if (s->n_targets && s->n_targets <= DETAIL_TARGETS)
		room = (MAX_LINES - 1 - MAX_NOTES - (MAX_SOURCES + 1) - 1 - 4 * s->n_targets) / s->n_targets;
	if (style->colour)
		rc_buf_adds(b, good ? "\033[32m" : s->exit_code == RC_TEMPFAIL ? "\033[33m" : "\033[31m");
	rc_summary_verdict(b, s);
	rc_buf_adds(b, style->colour ? "\033[0m\n" : "\n");
	for (size_t i = 0; i < s->n_notes && i < MAX_NOTES; i++) {
		rc_buf_adds(b, "note: ");
		rc_words_safe(b, rc_slice_str(s->notes[i]), MAX_SENTENCE);
		rc_buf_addc(b, '\n');
	}
	for (size_t i = 0; i < sources; i++)
		source_line(b, &s->sources[i]);
	if (sources < s->n_sources)
		more_line(b, s->n_sources - sources, "sources");
	for (size_t i = 0; i < shown; i++) {
		if (s->n_targets <= DETAIL_TARGETS)
			target_lines(b, &s->targets[i], style->planned, room);
		else
			brief_line(b, &s->targets[i]);
	}
	if (shown < s->n_targets)
		more_line(b, s->n_targets - shown, "targets");
	if (style->report_dir) {
		rc_buf_adds(b, "report: ");
		rc_words_safe(b, rc_slice_str(style->report_dir), MAX_SENTENCE);
		rc_buf_addc(b, '\n');
	}
}
