#include "tests/year/check.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/alloc.h"
#include "engine/base/civil.h"
#include "engine/store/snapshot.h"
#include "tests/unit/helper_nights.h"
#include "tests/year/stage.h"

const char *const target_names[TARGETS] = {"vpn", "sag"};

/* ---- accounts as somebody describes them: "NAME STATE DEPT", to be sorted and compared */

struct seen {
	char (*v)[80];
	size_t n, cap;
};

static char *more(struct seen *s)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->v = rc_xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	return s->v[s->n++];
}

static void add(struct seen *s, const char *name, bool disabled, int dept)
{
	snprintf(more(s), sizeof(*s->v), "%s %s %d", name, disabled ? "off" : "on", dept);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sort(struct seen *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_text);
}

static const char *dump(const struct company *c, const struct worker *w)
{
	static char text[600];

	snprintf(text, sizeof(text),
		 "worker %d listed %d gone %d until %d held %d twice %d rename %d effect %d until %d, today %d", w->id,
		 (int)w->listed, (int)w->gone, (int)w->until, (int)w->held, (int)w->twice, w->rename, (int)w->effect,
		 (int)w->effect_until, (int)c->today);
	return text;
}

/* Whose account a line speaks of, for the message. */
static const char *whose(const struct company *c, const char *line)
{
	int id = 0;

	if (!c || sscanf(line, "worker%d", &id) != 1 || id < 1 || (size_t)id > c->n)
		return "nobody";
	return dump(c, &c->w[id - 1]);
}

/* Empties both. */
static void compare(const struct company *c, struct seen *is, struct seen *shall, const char *who, const char *target,
		    const char *hint)
{
	size_t i = 0;

	sort(is);
	sort(shall);
	while (i < is->n && i < shall->n && strcmp(is->v[i], shall->v[i]) == 0)
		i++;
	if (i < is->n || i < shall->n)
		fail_msg("%s, %s: has \"%s\", should have \"%s\" (%zu and %zu accounts): %s; before: %s", target, who,
			 i < is->n ? is->v[i] : "-", i < shall->n ? shall->v[i] : "-", is->n, shall->n,
			 whose(c, i < shall->n ? shall->v[i] : is->v[i]), hint);
	free(is->v);
	free(shall->v);
	*is = *shall = (struct seen){0};
}

static void expected(const struct company *c, size_t t, struct seen *ret)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct account *a = &c->w[i].at[t];

		if (a->has)
			add(ret, a->name, a->disabled, a->dept);
		for (size_t o = 0; o < a->n_old; o++)
			add(ret, a->old[o].name, true, a->old[o].dept);
	}
}

/* ---- the providers */

static void see(void *ctx, const struct provider_user *u)
{
	struct seen *seen = ctx;

	if (u->alibaba)
		add(&seen[SAG], u->name, u->disabled, (int)strtol(strrchr(u->what, '/') + 1, NULL, 10) - 1000);
	else
		add(&seen[VPN], u->name, false, (int)strtol(u->what + 1, NULL, 10));
}

void check_provider(const struct company *c, const char *hint)
{
	struct seen is[TARGETS] = {0}, shall = {0};

	stage_users(see, is);
	for (size_t t = 0; t < TARGETS; t++) {
		expected(c, t, &shall);
		compare(c, &is[t], &shall, "the provider", target_names[t], hint);
	}
	if (stage_double_creates())
		fail_msg("somebody was created twice; before: %s", hint);
}

/* ---- the snapshot */

static size_t dept_field(size_t t)
{
	struct rc_err err;
	const struct rc_account_schema *s =
		rc_account_schema_find(t == VPN ? "huawei-p2c-vpn" : "alibaba-sag-app", &err);

	return (size_t)rc_account_field(s, t == VPN ? RC_SLICE("description") : RC_SLICE("Bandwidth"));
}

static void add_known(const struct rc_known *k, size_t t, size_t field, struct seen *ret)
{
	char name[NAME_SIZE], dept[16];

	snprintf(name, sizeof(name), "%.*s", (int)k->name.n, k->name.p);
	snprintf(dept, sizeof(dept), "%.*s", (int)k->account.v[field].n,
		 k->account.v[field].p ? k->account.v[field].p : "");
	add(ret, name, k->flags & RC_KNOWN_DISABLED,
	    t == VPN ? (int)strtol(dept + 1, NULL, 10) : (int)strtol(dept, NULL, 10) - 1000);
}

void check_snapshot(const struct company *c, const char *hint)
{
	for (size_t t = 0; t < TARGETS; t++) {
		struct seen is = {0}, shall = {0};
		size_t field = dept_field(t);
		struct nights_state s;
		struct rc_walk w = {0};
		struct rc_known k;

		nights_open(target_names[t], &s);
		rc_walk_known_begin(s.view, s.number, &w);
		while (rc_walk_known(&w, &k, NULL))
			if (k.flags & RC_KNOWN_MANAGED)
				add_known(&k, t, field, &is);
		rc_walk_retiring_begin(s.view, s.number, (struct rc_slice){0}, &w);
		while (rc_walk_retiring(&w, &k))
			add_known(&k, t, field, &is);
		rc_walk_end(&w);
		nights_close(&s);
		expected(c, t, &shall);
		compare(c, &is, &shall, "the snapshot", target_names[t], hint);
	}
}

/* ---- the report */

struct said { /* of one person on one target */
	char text[SAYS_SIZE];
	size_t old_rows;
};

static size_t target_of(const struct rc_outcome *o)
{
	return strcmp(o->target, target_names[VPN]) == 0 ? VPN : SAG;
}

static void note_row(struct said *all, size_t people, const struct rc_outcome *o)
{
	char key[16] = "";
	struct said *s;
	size_t id;

	if (o->key.n < sizeof(key))
		memcpy(key, o->key.p, o->key.n);
	id = strtoul(key, NULL, 10);
	if (id < 1 || id > people)
		fail_msg("a row of nobody: %.*s", (int)o->key.n, o->key.p);
	s = &all[(id - 1) * TARGETS + target_of(o)];
	if (o->action == RC_ACT_DELETE && o->linked_name.n) { /* the old account of a changed name */
		s->old_rows++;
		return;
	}
	if (s->text[0])
		fail_msg("two rows of %zu on %s", id, o->target);
	snprintf(s->text, sizeof(s->text), "%s %s", rc_action_name(o->action), rc_status_name(o->status));
}

void check_report(const struct company *c, const char *hint)
{
	struct said *all = rc_xcalloc(c->n * TARGETS, sizeof(*all));
	const struct rc_outcome *rows;
	size_t n = nights_rows(&rows);

	for (size_t i = 0; i < n; i++)
		note_row(all, c->n, &rows[i]);
	for (size_t i = 0; i < c->n * TARGETS; i++) {
		const struct worker *w = &c->w[i / TARGETS];
		const struct account *a = &w->at[i % TARGETS];
		const char *says = all[i].text[0] ? all[i].text : "none";

		if (strcmp(says, a->says) != 0 || all[i].old_rows != a->old_rows)
			fail_msg("the report of %s says \"%s\" and %zu old accounts, should say \"%s\" and %zu: %s; "
				 "before: %s",
				 target_names[i % TARGETS], says, all[i].old_rows, a->says, a->old_rows, dump(c, w),
				 hint);
	}
	free(all);
}

void check_books(const char *run_id)
{
	static char text[1 << 20];
	char path[200];
	cJSON *summary;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/reports/%s/summary.json", nights_dir, run_id);
	f = fopen(path, "r");
	if (!f)
		fail_msg("the report of %s has no end", run_id);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	summary = cJSON_Parse(text);
	if (!cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetObjectItem(summary, "balance"), "ok")))
		fail_msg("the books of %s do not balance", run_id);
	cJSON_Delete(summary);
}

/* ---- the history */

enum { MAX_DAYS = 400 };

static struct day {
	int32_t day;
	struct seen who; /* "TARGET NAME" */
} days[MAX_DAYS];
static size_t n_days;

void remember_access(const struct company *c, bool wanted)
{
	bool again = n_days && days[n_days - 1].day == c->today;
	struct day *d = again ? &days[n_days - 1] : &days[n_days];

	if (!again && !wanted)
		return;
	n_days += !again;
	assert_true(n_days <= MAX_DAYS);
	d->day = c->today;
	d->who.n = 0;
	for (size_t i = 0; i < c->n * TARGETS; i++) {
		const struct account *a = &c->w[i / TARGETS].at[i % TARGETS];

		if (a->has && !a->disabled)
			snprintf(more(&d->who), sizeof(*d->who.v), "%s %s", target_names[i % TARGETS], a->name);
	}
}

/* The lines of `list`: target,key,name and more. */
static void read_list(char *text, struct seen *ret)
{
	char *line, *rest = strchr(text, '\n');

	for (rest = rest ? rest + 1 : text; (line = strsep(&rest, "\n")) && *line;) {
		char *target = strsep(&line, ","), *name;

		(void)strsep(&line, ",");
		name = strsep(&line, ",");
		snprintf(more(ret), sizeof(*ret->v), "%s %s", target, name ? name : "");
	}
}

size_t check_history(void)
{
	size_t checked = n_days;

	for (size_t i = 0; i < n_days; i++) {
		const char *argv[] = {"list", "rollcall.json", "--at", NULL, NULL};
		char date[16], *out;
		struct seen is = {0};
		unsigned month, day;
		int year;

		rc_date_civil(days[i].day, &year, &month, &day);
		snprintf(date, sizeof(date), "%04d-%02u-%02u", year, month % 100, day % 100);
		argv[3] = date;
		assert_int_equal(stage_command(argv, &out), 0);
		read_list(out, &is);
		compare(NULL, &is, &days[i].who, "list --at", date, "a year");
		free(out);
	}
	n_days = 0;
	return checked;
}
