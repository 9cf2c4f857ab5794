/* docs/expressions.md is the authority: every line of its tables is run here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/clock.h"
#include "engine/map/dates.h"
#include "engine/map/expr.h"
#include "engine/map/lookup.h"

enum { CELLS = 4, FIELDS = 32 };

struct page {
	char mode[32];   /* what the comment above the table says */
	bool in_body;    /* below the |---| line */
	size_t n_fields; /* of the CSV row */
	char names[FIELDS][64], values[FIELDS][128];
	size_t n_attrs;
	char attr_names[FIELDS][64], attr_values[FIELDS][128];
	struct rc_lookups *lookups;
	struct rc_expr_env *csv, *ldif;
	struct rc_slice fields[FIELDS];
	struct rc_expr_field attrs[FIELDS];
	unsigned run, wrong;
};

/* "| `a` | *b* | c |" to cells; what is in backticks is taken as it is. */
static size_t split(char *line, char *cells[CELLS])
{
	size_t n = 0;
	char *p = line + 1;

	while (n < CELLS && *p && *p != '\n') {
		char *end;

		while (*p == ' ')
			p++;
		if (*p == '`') {
			cells[n++] = ++p;
			end = strchr(p, '`');
			if (!end)
				fail_msg("no closing backtick: %s", line);
			*end++ = 0;
			p = strchr(end, '|');
		} else {
			cells[n++] = p;
			p = strchr(p, '|');
			for (end = p; p && end > cells[n - 1] && end[-1] == ' ';)
				end--;
			if (p)
				*end = 0;
		}
		if (!p)
			break;
		p++;
	}
	return n;
}

static void wrong(struct page *p, const char *expr, const char *want, const char *got)
{
	p->wrong++;
	print_error("%s %s: wanted %s, got %s\n", p->mode, expr, want, got);
}

static struct rc_expr_env *env_of(struct page *p, const char *kind)
{
	if (!p->csv) {
		for (size_t i = 0; i < p->n_fields; i++)
			p->fields[i] = rc_slice_str(p->names[i]);
		p->csv = rc_expr_env_csv(p->fields, p->n_fields);
		for (size_t i = 0; i < p->n_fields; i++)
			p->fields[i] = rc_slice_str(p->values[i]);
		rc_expr_env_lookups(p->csv, p->lookups);
		rc_expr_row_csv(p->csv, p->fields, p->n_fields);
	}
	if (strcmp(kind, "ldif") != 0)
		return p->csv;
	if (!p->ldif) {
		for (size_t i = 0; i < p->n_attrs; i++)
			p->attrs[i] =
				(struct rc_expr_field){rc_slice_str(p->attr_names[i]), rc_slice_str(p->attr_values[i])};
		p->ldif = rc_expr_env_ldif();
		rc_expr_row_ldif(p->ldif, p->attrs, p->n_attrs);
	}
	return p->ldif;
}

static void run_example(struct page *p, const char *kind, const char *text, const char *want)
{
	struct rc_expr_env *env = env_of(p, kind);
	struct rc_expr *e;
	struct rc_err err = {0};
	struct rc_slice got = {0};
	char copy[300];
	bool flag = false;

	p->run++;
	if (rc_expr_compile(env, text, "/x", NULL, &e, NULL, &err)) {
		wrong(p, text, want, err.what);
		return;
	}
	if (strcmp(want, "*true*") == 0 || strcmp(want, "*false*") == 0) {
		if (rc_expr_eval_bool(e, &flag, &err) || flag != (want[1] == 't'))
			wrong(p, text, want, err.what);
		return;
	}
	if (rc_expr_eval_string(e, &got, &err)) {
		if (strcmp(want, "*error*") != 0 || strncmp(err.what, "/x: ", 4) != 0 || err.code != RC_DATA)
			wrong(p, text, want, err.what);
		return;
	}
	snprintf(copy, sizeof(copy), "%.*s", (int)got.n, got.p ? got.p : "");
	if (strcmp(want, "*empty*") == 0)
		want = "";
	if (strcmp(want, "*absent*") == 0 ? got.p != NULL : !got.p || strcmp(copy, want) != 0)
		wrong(p, text, want, got.p ? copy : "absent");
}

static void run_refused(struct page *p, const char *text, const char *reason)
{
	struct rc_expr *e;
	struct rc_err err = {0};

	p->run++;
	if (rc_expr_compile(env_of(p, "csv"), text, "/x", NULL, &e, NULL, &err) != RC_CONFIG)
		wrong(p, text, "RC_CONFIG", "another code");
	else if (!strstr(err.what, reason) || strncmp(err.what, "/x: ", 4) != 0)
		wrong(p, text, reason, err.what);
}

static void run_date(struct page *p, char *cells[CELLS])
{
	const char *fmt = *cells[1] ? cells[1] : NULL;
	struct rc_zone *zone = NULL;
	struct rc_date d;
	struct rc_err err = {0};
	char got[32] = "*error*";
	int64_t due;

	p->run++;
	if (rc_zone_open(*cells[2] ? cells[2] : NULL, &zone, &err))
		fail_msg("%s", err.what);
	if (fmt && rc_date_format_check(fmt, &err))
		fail_msg("%s", err.what);
	if (!rc_date_read(rc_slice_str(cells[0]), fmt, zone, &d, &err)) {
		due = rc_date_due_ns(&d, zone);
		if (due == INT64_MAX)
			snprintf(got, sizeof(got), "*open*");
		else
			rc_time_iso(due, got);
	}
	if (strcmp(got, cells[3]) != 0)
		wrong(p, cells[0], cells[3], got);
	rc_zone_free(zone);
}

/* The functions that are a promise across versions. */
static const char *const functions[] = {"lower",  "upper", "trim", "ascii",   "clean",   "truncate",
					"first",  "has",   "join", "replace", "matches", "default",
					"lookup", "int",   "bit",  "date"};
enum { FUNCTIONS = sizeof(functions) / sizeof(functions[0]) };
static unsigned shown[FUNCTIONS];

static void note_functions(const char *expression)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		char call[16];

		snprintf(call, sizeof(call), "%s(", functions[i]);
		shown[i] += strstr(expression, call) != NULL;
	}
}

static void row(struct page *p, char *line)
{
	char *cells[CELLS] = {"", "", "", ""};

	split(line, cells);
	if (strcmp(p->mode, "row: csv") == 0) {
		snprintf(p->names[p->n_fields], 64, "%s", cells[0]);
		snprintf(p->values[p->n_fields++], 128, "%s", cells[1]);
	} else if (strcmp(p->mode, "row: ldif") == 0) {
		snprintf(p->attr_names[p->n_attrs], 64, "%s", cells[0]);
		snprintf(p->attr_values[p->n_attrs++], 128, "%s", cells[1]);
	} else if (strncmp(p->mode, "examples: dates", 15) == 0) {
		run_date(p, cells);
	} else if (strncmp(p->mode, "examples: ", 10) == 0) {
		note_functions(cells[0]);
		run_example(p, p->mode + 10, cells[0], cells[1]);
	} else if (strncmp(p->mode, "refused: ", 9) == 0) {
		run_refused(p, cells[0], cells[1]);
	}
}

static void test_page(void **state)
{
	struct page *p = calloc(1, sizeof(*p));
	FILE *f = fopen(SOURCE_DIR "/docs/expressions.md", "r");
	char line[1024];

	(void)state;
	assert_non_null(f);
	p->lookups = rc_lookups_new();
	assert_int_equal(
		rc_lookup_add(rc_lookups_table(p->lookups, "sites"), RC_SLICE("BER"), RC_SLICE("Berlin"), NULL), RC_OK);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "<!-- ", 5) == 0) {
			snprintf(p->mode, sizeof(p->mode), "%.*s", (int)(strcspn(line + 5, "-") - 1), line + 5);
			p->in_body = false;
		} else if (line[0] == '#') {
			p->mode[0] = 0;
		} else if (strncmp(line, "|---", 4) == 0) {
			p->in_body = true;
		} else if (line[0] == '|' && p->in_body) {
			row(p, line);
		}
	}
	fclose(f);
	print_message("%u examples, %u wrong\n", p->run, p->wrong);
	assert_true(p->run > 150);
	assert_int_equal(p->wrong, 0);
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (shown[i] < 2)
			fail_msg("%s has %u examples on the page", functions[i], shown[i]);
	rc_expr_env_free(p->csv);
	rc_expr_env_free(p->ldif);
	rc_lookups_free(p->lookups);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_page)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
