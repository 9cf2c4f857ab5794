/* A target in the text on stdout: its lines, and which of them there is room for. */
#include "engine/report/summary_target.h"
#include "engine/report/summary_words.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

enum { MAX_PEOPLE = 5, MAX_REASONS = 3, MAX_LINES = 40 };

enum use { /* of a line, the most useful first */
	   USE_MUST,
	   USE_WHY, /* people failed, or the run stopped */
	   USE_COST,
	   USE_MORE, /* reasons */
	   USE_GUARD,
	   USE_NAMES,
	   USE_END,
};

struct told { /* of one target, in the order of reading */
	struct rc_buf text;
	size_t n; /* lines */
	uint8_t use[MAX_LINES];
	bool shown[MAX_LINES];
};

/* Of the lines that came in since the last call. */
static void lines_are(struct told *t, enum use use)
{
	size_t n = 0;

	for (size_t i = 0; i < t->text.n; i++)
		n += t->text.p[i] == '\n';
	while (t->n < n && t->n < MAX_LINES)
		t->use[t->n++] = (uint8_t)use;
}

static void brief_line(struct rc_buf *b, const struct rc_summary_target *t)
{
	rc_words_safe(b, rc_slice_str(t->name), SUMMARY_NAME);
	rc_buf_adds(b, ": ");
	if (!rc_words_counts(b, t->counts, false))
		rc_buf_adds(b, "nothing to do");
	if (t->stopped_by) {
		rc_buf_adds(b, "; stopped by ");
		rc_words_safe(b, rc_slice_str(t->stopped_by), SUMMARY_NAME);
	}
	rc_buf_addc(b, '\n');
}

static void guard_words(struct rc_buf *b, const char *what, const struct rc_summary_guard *g)
{
	rc_buf_addf(b, "  %s %s (", what, g->guard);
	rc_words_safe(b, rc_slice_str(g->limit), SUMMARY_NAME);
	rc_buf_adds(b, "): ");
	rc_words_number(b, g->planned);
	rc_buf_adds(b, " planned, ");
	rc_words_number(b, g->allowed);
	rc_buf_adds(b, " allowed");
}

/* One that stopped the target, with people. */
static void guard_line(struct rc_buf *b, const struct rc_summary_guard *g)
{
	guard_words(b, "guard", g);
	for (size_t i = 0; i < g->n_people && i < MAX_PEOPLE; i++) {
		rc_buf_adds(b, i ? ", " : ": ");
		rc_words_safe(b, g->people[i], SUMMARY_NAME);
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
		rc_words_safe(b, rc_slice_str(t->why ? t->why : t->stopped_by), SUMMARY_SENTENCE);
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
		rc_words_maybe(b, "batches", t->cost.batches);
		rc_words_maybe(b, "seats needed", t->cost.seats_needed);
		rc_words_maybe(b, "seats free", t->cost.seats_free);
		if (t->cost.minutes >= 0)
			rc_buf_addf(b, ", about %.*f min at the learned rate", t->cost.minutes < 10 ? 1 : 0,
				    t->cost.minutes);
		rc_buf_addc(b, '\n');
	} else if (!planned && t->pacing.calls) {
		rc_buf_adds(b, "  ");
		rc_words_number(b, t->pacing.calls);
		rc_buf_adds(b, t->pacing.calls == 1 ? " call" : " calls");
		rc_words_maybe(b, "busy", (int64_t)t->pacing.busy);
		rc_words_maybe(b, "throttled", (int64_t)t->pacing.throttled);
		if (t->seats.waiting)
			rc_words_maybe(b, "waiting for a seat", (int64_t)t->seats.waiting);
		if (t->pacing.learned_users_per_s > 0)
			rc_buf_addf(b, ", learned %.4g users/s", t->pacing.learned_users_per_s);
		rc_buf_addc(b, '\n');
	}
}

/* Guards that the stopped line does not name: others that tripped, and those of whose room four fifths are used. */
static void guard_lines(struct rc_buf *b, const struct rc_summary_target *t)
{
	bool first = true;

	for (size_t i = 0; i < t->n_guards; i++) {
		const struct rc_summary_guard *g = &t->guards[i];
		bool near = g->planned && g->planned <= g->allowed && g->planned >= g->allowed - g->allowed / 5;

		if (g->tripped && first) {
			first = false;
			continue;
		}
		if (!g->tripped && !near)
			continue;
		guard_words(b, g->tripped ? "guard" : "near guard", g);
		rc_buf_addc(b, '\n');
	}
}

static void failed_lines(struct told *told, const struct rc_summary_target *t)
{
	struct rc_buf *b = &told->text;

	for (size_t i = 0; t->failed && i < t->failed->n && i < MAX_REASONS; i++) {
		rc_buf_adds(b, "  failed ");
		rc_words_number(b, t->failed->v[i].n);
		rc_buf_adds(b, ": ");
		rc_reason_words(b, &t->failed->v[i]);
		rc_buf_addc(b, '\n');
		lines_are(told, i ? USE_MORE : USE_WHY);
	}
}

static void name_line(struct rc_buf *b, const struct rc_summary_target *t, enum rc_action action)
{
	uint64_t n = t->counts[action][RC_ST_PLANNED], shown = 0;

	rc_buf_addf(b, "  to %s: ", rc_action_name(action));
	for (size_t i = 0; i < RC_SUMMARY_NAMES && t->first[action][i].p; i++, shown++) {
		rc_buf_adds(b, i ? ", " : "");
		rc_words_safe(b, t->first[action][i].n ? t->first[action][i] : RC_SLICE("(unnamed)"), SUMMARY_NAME);
	}
	if (n > shown) {
		rc_buf_adds(b, " and ");
		rc_words_number(b, n - shown);
		rc_buf_adds(b, " more");
	}
	rc_buf_addc(b, '\n');
}

static void head_lines(struct rc_buf *b, const struct rc_summary_target *t)
{
	rc_words_safe(b, rc_slice_str(t->name), SUMMARY_NAME);
	rc_buf_adds(b, ": wanted ");
	if (t->wanted >= 0)
		rc_words_number(b, (uint64_t)t->wanted);
	else
		rc_buf_adds(b, "not known");
	rc_words_maybe(b, "known", t->known);
	rc_words_maybe(b, "actual", t->actual);
	rc_words_maybe(b, "unmanaged", t->unmanaged > 0 ? t->unmanaged : -1);
	rc_words_maybe(b, "drift", t->drift > 0 ? t->drift : -1);
	rc_buf_adds(b, "\n  ");
	if (!rc_words_counts(b, t->counts, true))
		rc_buf_adds(b, "nothing to do");
	rc_buf_addc(b, '\n');
}

static void detail_lines(struct told *told, const struct rc_summary_target *t, bool planned)
{
	struct rc_buf *b = &told->text;
	size_t head;

	head_lines(b, t);
	lines_are(told, USE_MUST);
	head = told->n;
	stopped_line(b, t);
	lines_are(told, USE_WHY);
	if (told->n > head)
		told->use[head] = USE_MUST;
	failed_lines(told, t);
	guard_lines(b, t);
	lines_are(told, USE_GUARD);
	for (int a = 0; a < RC_ACTION_COUNT && planned; a++)
		if (t->first[a][0].p)
			name_line(b, t, (enum rc_action)a);
	lines_are(told, USE_NAMES);
	cost_line(b, t, planned);
	lines_are(told, USE_COST);
}

/* Use by use, and within one line by line, so that no target takes the room of another's more useful lines. */
static void choose(struct told *told, size_t n, size_t room)
{
	for (int use = USE_MUST; use < USE_END; use++)
		for (size_t line = 0; line < MAX_LINES; line++)
			for (size_t i = 0; i < n && room; i++)
				if (line < told[i].n && told[i].use[line] == use) {
					told[i].shown[line] = true;
					room--;
				}
}

static void add_shown(struct rc_buf *b, const struct told *told)
{
	const char *from = told->text.p;

	for (size_t line = 0; line < told->n; line++) {
		const char *end = strchr(from, '\n') + 1;

		if (told->shown[line])
			rc_buf_addslice(b, (struct rc_slice){from, (size_t)(end - from)});
		from = end;
	}
}

void rc_summary_targets(struct rc_buf *b, const struct rc_summary_target *t, size_t n, bool detail, bool planned,
			size_t room)
{
	struct told *told = rc_xcalloc(n + 1, sizeof(*told));

	for (size_t i = 0; i < n; i++) {
		if (detail) {
			detail_lines(&told[i], &t[i], planned);
			continue;
		}
		brief_line(&told[i].text, &t[i]);
		lines_are(&told[i], USE_MUST);
		failed_lines(&told[i], &t[i]);
	}
	choose(told, n, room);
	for (size_t i = 0; i < n; i++) {
		add_shown(b, &told[i]);
		rc_buf_done(&told[i].text);
	}
	free(told);
}
