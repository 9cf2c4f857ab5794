#include "tests/year/company.h"
#include <stdlib.h>
#include <string.h>
#include "engine/base/alloc.h"
#include "engine/base/civil.h"

enum { DAY_S = 86400, HOUR_S = 3600, AFTER_DAYS = 2 };

uint64_t company_random(struct company *c, uint64_t below)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return c->random % below;
}

bool company_chance(struct company *c, double p)
{
	return (double)company_random(c, 1000000) < p * 1e6;
}

/* ---- calendars, once more than the engine's */

static int64_t last_sunday(int year, unsigned month)
{
	int32_t day = rc_date_days(year, month, 31); /* March and October have 31 days */

	return day - (day + 4) % 7; /* 1970-01-01 was a Thursday */
}

int32_t berlin_day(int64_t unix_s)
{
	int year;
	unsigned month, day;
	bool summer;

	rc_date_civil((int32_t)(unix_s / DAY_S), &year, &month, &day);
	summer = unix_s >= last_sunday(year, 3) * DAY_S + HOUR_S && unix_s < last_sunday(year, 10) * DAY_S + HOUR_S;
	return (int32_t)((unix_s + (summer ? 2 : 1) * HOUR_S) / DAY_S);
}

int64_t berlin_day_begins(int32_t day)
{
	int64_t s = (int64_t)day * DAY_S - 2 * HOUR_S; /* summer's */

	return berlin_day(s) == day ? s : s + HOUR_S;
}

int64_t shanghai_next_month(int64_t unix_s)
{
	int year;
	unsigned month, day;

	rc_date_civil((int32_t)((unix_s + 8 * HOUR_S) / DAY_S), &year, &month, &day);
	return (int64_t)rc_date_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) * DAY_S -
	       8 * HOUR_S;
}

/* ---- people */

static struct worker *hire(struct company *c)
{
	struct worker *w;

	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->w = rc_xreallocarray(c->w, c->cap, sizeof(*c->w));
	}
	w = &c->w[c->n++];
	*w = (struct worker){.id = (int)c->n, .dept = (int)company_random(c, 10), .listed = true, .until = -1};
	for (size_t t = 0; t < TARGETS; t++)
		w->at[t].missing_day = -1;
	return w;
}

void company_init(struct company *c, uint64_t seed, size_t people)
{
	*c = (struct company){.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
	while (c->n < people)
		hire(c);
}

void company_done(struct company *c)
{
	free(c->w);
}

void company_night(struct company *c, int64_t now_s)
{
	c->now_s = now_s;
	c->today = berlin_day(now_s);
}

static struct worker *anybody(struct company *c)
{
	return &c->w[company_random(c, c->n)];
}

static void override(struct company *c, struct worker *w)
{
	w->effect = (enum effect)(1 + company_random(c, 3));
	w->effect_until = c->today + (int32_t)company_random(c, 12);
}

static void rename_worker(struct company *c, struct worker *w)
{
	int now = w->rename;

	w->rename = company_chance(c, 0.3) ? w->last_rename : w->rename + 1 + (int)company_random(c, 2);
	w->last_rename = now;
}

static void leave(struct company *c, struct worker *w)
{
	switch (company_random(c, 3)) {
	case 0:
		w->listed = false;
		break;
	case 1:
		w->gone = true;
		break;
	default:
		w->until = c->today + (int32_t)company_random(c, 15);
	}
}

static void come_back(struct company *c, struct worker *w)
{
	w->listed = true;
	w->gone = false;
	w->until = company_chance(c, 0.3) ? c->today + 5 + (int32_t)company_random(c, 60) : -1;
}

void company_day(struct company *c, size_t events, void (*hold)(int id, bool held))
{
	for (size_t i = 0; i < events; i++) {
		struct worker *w = anybody(c);
		uint64_t what = company_random(c, 100);

		if (what < 8)
			hire(c);
		else if (what < 32)
			leave(c, w);
		else if (what < 54)
			come_back(c, w);
		else if (what < 70)
			w->dept = (int)company_random(c, 10);
		else if (what < 84)
			rename_worker(c, w);
		else if (what < 92)
			override(c, w);
		else if (what < 96 || w->held) {
			w->held = !w->held;
			hold(w->id, w->held);
		}
	}
	for (size_t i = 0; i < c->n; i++) {
		c->w[i].twice = false;
		if (c->w[i].held && company_chance(c, 0.1)) {
			c->w[i].held = false;
			hold(c->w[i].id, false);
		}
	}
	if (company_chance(c, 0.05))
		anybody(c)->twice = true;
}

void company_name(const struct worker *w, char ret[NAME_SIZE])
{
	if (w->rename)
		snprintf(ret, NAME_SIZE, "worker%05d.v%d", w->id, w->rename);
	else
		snprintf(ret, NAME_SIZE, "worker%05d", w->id);
}

static void row(const struct worker *w, FILE *hr)
{
	static const char *const cities[] = {"Rome", "Köln", "Dublin", "北京"};
	char name[NAME_SIZE], until[16] = "";
	unsigned month, day;
	int year;

	company_name(w, name);
	rc_date_civil(w->until, &year, &month, &day);
	if (w->until >= 0)
		snprintf(until, sizeof(until), "%02u.%02u.%04d", day % 100, month % 100, year % 10000);
	fprintf(hr, "%05d,%s,%d,%s,%s,%s\n", w->id, name, w->dept, until, w->gone ? "yes" : "no", cities[w->id % 4]);
}

void company_write(const struct company *c, FILE *hr, FILE *overrides)
{
	static const char *const effects[] = {"", "deny", "keep", "hold"};

	fprintf(hr, "id,name,dept,until,gone,city\n");
	fprintf(overrides, "key,effect,until\n");
	for (size_t i = 0; i < c->n; i++) {
		const struct worker *w = &c->w[i];
		unsigned month, day;
		int year;

		if (w->listed)
			row(w, hr);
		if (w->listed && w->twice)
			row(w, hr);
		rc_date_civil(w->effect_until, &year, &month, &day);
		if (w->effect) /* also those that have ended */
			fprintf(overrides, "%05d,%s,%04d-%02u-%02u\n", w->id, effects[w->effect], year, month, day);
	}
}

bool company_anybody_twice(const struct company *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->w[i].listed && c->w[i].twice)
			return true;
	return false;
}

const struct worker *company_somebody_wanted(struct company *c)
{
	for (int i = 0; i < 100; i++) {
		const struct worker *w = anybody(c);

		if (w->listed && !w->gone && !w->twice && !w->held && w->until < 0 &&
		    (w->effect == NO_EFFECT || w->effect_until < c->today))
			return w;
	}
	return NULL;
}

/* ---- the truth */

static bool used(const struct company *c, const char *name)
{
	uint64_t h = (uint64_t)shanghai_next_month(c->now_s) * 31;

	for (; *name; name++)
		h = (h ^ (uint64_t)*name) * UINT64_C(0x100000001b3);
	return (h >> 20) % 3 == 0;
}

/* What was used this month is not deleted; an account disabled since an earlier one carried no traffic. */
static bool refuses(const struct company *c, const struct account *a, size_t target)
{
	return target == SAG && (!a->disabled || a->due_s > c->now_s) && used(c, a->name);
}

void company_used(const struct company *c, FILE *script)
{
	bool any = false;

	fprintf(script, "\"in_use\": [");
	for (size_t i = 0; i < c->n; i++) {
		const struct account *a = &c->w[i].at[SAG];

		if (!a->has || !refuses(c, a, SAG))
			continue;
		fprintf(script, "%s\"%s\"", any ? "," : "", a->name);
		any = true;
	}
	fprintf(script, "]");
}

static void say(struct account *a, const char *text)
{
	snprintf(a->says, sizeof(a->says), "%s", text);
}

static void keep_old(struct account *a, int64_t due_s)
{
	struct old *o = &a->old[a->n_old++];

	if (a->n_old > MAX_OLD)
		abort();
	memcpy(o->name, a->name, sizeof(o->name));
	o->dept = a->dept;
	o->due_s = due_s;
}

static void drop_old(struct account *a, size_t i)
{
	a->old[i] = a->old[--a->n_old];
}

/* Old accounts whose month is over go; the others wait, each with a row. */
static void old_accounts(const struct company *c, struct account *a)
{
	for (size_t i = a->n_old; i-- > 0;) {
		a->old_rows++;
		if (c->now_s >= a->old[i].due_s)
			drop_old(a, i);
	}
}

/* Whoever comes back to the name of their own old account gets it again. */
static bool old_is_back(struct account *a, const char *name)
{
	for (size_t i = 0; i < a->n_old; i++)
		if (strcmp(a->old[i].name, name) == 0) {
			drop_old(a, i);
			return true;
		}
	return false;
}

/* The new name is the one of an account that is still there, or of one to be made; the one there now retires. */
static void change_name(const struct company *c, struct account *a, const char *name, size_t target)
{
	bool stays = refuses(c, a, target);

	for (size_t i = 0; i < a->n_old; i++)
		if (strcmp(a->old[i].name, name) == 0)
			drop_old(a, i--);
	old_accounts(c, a); /* those there already: tonight's own has no row */
	if (stays)
		keep_old(a, shanghai_next_month(c->now_s));
}

/* What the target is to show of the department. */
static int shown(const struct company *c, const struct worker *w, size_t target)
{
	return target == VPN && c->mapping == OTHER_WORDS && w->dept == OTHER_DEPT ? OTHER_DEPT_SHOWN : w->dept;
}

static void wanted(const struct company *c, const struct worker *w, struct account *a, size_t target)
{
	char name[NAME_SIZE];
	bool renamed, back = false, had = a->has;
	int dept = shown(c, w, target);

	company_name(w, name);
	renamed = had && strcmp(a->name, name) != 0;
	if (!had)
		back = old_is_back(a, name);
	if (renamed)
		change_name(c, a, name, target);
	else
		old_accounts(c, a);
	say(a, back              ? "enable done"
	       : !had            ? "create done"
	       : renamed         ? "update done"
	       : a->disabled     ? "enable done"
	       : a->dept != dept ? "update done"
	       : w->until >= 0   ? "delete waiting"
				 : "none");
	memcpy(a->name, name, sizeof(a->name));
	a->dept = dept;
	a->has = true;
	a->disabled = false;
	a->due_s = 0;
	a->missing_day = -1;
}

static void remove_account(const struct company *c, struct account *a, size_t target)
{
	if (a->disabled && a->due_s > c->now_s) {
		say(a, "delete waiting");
		return;
	}
	if (refuses(c, a, target)) {
		a->disabled = true;
		a->due_s = shanghai_next_month(c->now_s);
		say(a, "delete waiting");
		return;
	}
	a->has = a->disabled = false;
	a->due_s = 0;
	a->missing_day = -1;
	say(a, "delete done");
}

static void leaver(const struct company *c, const struct worker *w, struct account *a, size_t target, bool evidence,
		   bool kept)
{
	if (!w->listed || !w->twice)
		old_accounts(c, a);
	if (!a->has)
		return;
	if (!evidence && a->missing_day < 0)
		a->missing_day = c->today;
	if (kept)
		say(a, "none skipped");
	else if (!evidence && target == VPN && c->today < a->missing_day + AFTER_DAYS)
		say(a, "delete waiting");
	else
		remove_account(c, a, target);
}

static void truth(const struct company *c, const struct worker *w, struct account *a, size_t target)
{
	bool over = w->until >= 0 && c->today > w->until;
	enum effect effect = c->today <= w->effect_until ? w->effect : NO_EFFECT;

	say(a, "none");
	a->old_rows = 0;
	if (w->held || effect == HOLD) {
		if (w->held || w->listed || a->has)
			say(a, "none skipped");
	} else if (effect == DENY) {
		leaver(c, w, a, target, true, false);
	} else if (w->listed && w->twice) { /* two rows: nothing of theirs is touched */
		say(a, "none skipped");
	} else if (w->listed && !w->gone && !over) {
		wanted(c, w, a, target);
	} else {
		leaver(c, w, a, target, w->listed, effect == KEEP);
	}
}

void company_truth(struct company *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t t = 0; t < TARGETS; t++)
			truth(c, &c->w[i], &c->w[i].at[t], t);
}
