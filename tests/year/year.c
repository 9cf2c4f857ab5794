/* A year of nights: a company from one seed against the simulator, with crashes, lost answers, bad files, busy and
 * full providers; after each night provider, snapshot, report and truth agree.
 *
 *   year SEED [PEOPLE [NIGHTS]] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/alloc.h"
#include "engine/base/civil.h"
#include "engine/store/snapshot.h"
#include "tests/unit/helper_nights.h"
#include "tests/year/company.h"

static const char config[] =
	"{ \"version\": 1, \"state\": \"state\", \"reports\": \"reports\", \"overrides\": { \"file\": \"over.csv\" },"
	"\"timeouts\": { \"settle\": \"20ms\", \"confirm\": \"20s\" }, \"retention\": { \"reports\": \"5d\" },"
	"\"sources\": [ { \"files\": [\"hr.csv\"], \"key\": \"id\", \"left\": \"gone == 'yes'\","
	"\"active_until\": \"col['until']\", \"date_format\": \"%d.%m.%Y\", \"timezone\": \"Europe/Berlin\" } ],"
	"\"targets\": {"
	"\"vpn\": { \"connector\": \"huawei-p2c-vpn\", \"endpoint\": \"@ENDPOINT@\", \"project_id\": \"P\","
	"\"vpn_server_id\": \"S\", \"auth\": { \"method\": \"token\", \"token\": { \"env\": \"VPN_TOKEN\" } },"
	"\"account\": { \"name\": \"name\", \"description\": \"'d' .. dept\", \"password\": \"'Pw-' .. id .. '-xyz1'\" "
	"},"
	"\"missing\": { \"action\": \"delete\", \"after_days\": 2 }, \"guards\": @GUARDS@ },"
	"\"sag\": { \"connector\": \"alibaba-sag-app\", \"endpoint\": \"@ENDPOINT@\", \"region_id\": \"cn-shanghai\","
	"\"smart_ag_id\": \"sag-one\", \"auth\": { \"method\": \"aksk\", \"access_key\": { \"env\": \"VPN_TOKEN\" },"
	"\"secret_key\": { \"env\": \"VPN_TOKEN\" } }, \"account\": { \"UserName\": \"name\","
	"\"UserMail\": \"name .. '@example.com'\", \"Bandwidth\": \"'100' .. dept\", \"Password\": \"'Pw-' .. id .. "
	"'-xyz1'\" },"
	"\"missing\": { \"action\": \"delete\", \"disconnect\": true }, \"guards\": @GUARDS@ } } }";
static const char guards[] =
	"{ \"max_deletes\": \"unlimited\", \"max_updates\": \"unlimited\", \"max_renames\": \"unlimited\", "
	"\"max_blanked\": \"unlimited\", \"max_source_shrink\": \"unlimited\", \"max_failures\": \"unlimited\" }";
static const char *const target_names[TARGETS] = {"vpn", "sag"};

static uint64_t seed = 1;
static size_t people = 60, nights = 60;
static struct company company;
static size_t faults, killed;
static const char *broken_by;

/* ---- tonight's files */

static void write_config(void)
{
	struct rc_buf b = {0};
	const char *text = config, *at;

	for (; (at = strstr(text, "@GUARDS@")); text = at + strlen("@GUARDS@")) {
		rc_buf_add(&b, text, (size_t)(at - text));
		rc_buf_adds(&b, guards);
	}
	rc_buf_adds(&b, text);
	nights_config(b.p);
	rc_buf_done(&b);
}

static char *written(void (*write)(FILE *f))
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	write(f);
	fclose(f);
	return text;
}

static void write_files(void)
{
	char *hr = NULL, *over = NULL;
	size_t n;
	FILE *a = open_memstream(&hr, &n), *b = open_memstream(&over, &n);

	company_write(&company, a, b);
	fclose(a);
	fclose(b);
	nights_file("hr.csv", hr);
	nights_file("over.csv", over);
	free(hr);
	free(over);
}

static void used(FILE *f)
{
	company_used(&company, f);
}

/* The provider of tonight: what was used this month, and a fault. */
static void load_script(const char *fault)
{
	char *in_use = written(used);
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	fprintf(f, "{ %s %s }", in_use, fault);
	fclose(f);
	nights_script(text);
	free(in_use);
	free(text);
}

static void hold(int id, bool held)
{
	char key[16];

	snprintf(key, sizeof(key), "%d", id);
	nights_hold(key, held);
}

/* ---- what goes wrong */

static void bad_file(void)
{
	nights_file("hr.csv",
		    company_chance(&company, 0.5) ? "id,name,dept,until,gone\n1,\"worker" : "id,name,until,gone\n");
	assert_int_equal(nights_run("sync", NULL), 65);
	write_files();
}

static void crash(void)
{
	killed += nights_run_killed(1 + company_random(&company, 6)) == -1;
}

static void run_under(const char *fault)
{
	int code;

	load_script(fault);
	code = nights_run("sync", NULL);
	if (code != 0 && code != 1 && code != 75 && code != 69)
		fail_msg("exit %d under %s", code, fault);
}

/* A first run that does not get through; whether there was one. */
static bool something_breaks(void)
{
	char full[80];

	static const char *const by[] = {"a bad file", "a crash", "lost answers", "full seats", "a busy service"};
	uint64_t what = company_random(&company, 25);

	broken_by = what < 5 ? by[what] : "nothing";
	switch (what) {
	case 0:
		bad_file();
		break;
	case 1:
		crash();
		break;
	case 2: /* answers are lost after the fact */
		run_under(", \"rules\": [ { \"match\": { \"writes\": true, \"nth\": [1, 3] }, \"do\": { \"reset\": "
			  "\"after\" } } ]");
		break;
	case 3:
		snprintf(full, sizeof(full), ", \"settings\": { \"seat_limit\": %d }",
			 (int)company_random(&company, 80));
		run_under(full);
		break;
	case 4:
		run_under(", \"rules\": [ { \"match\": { \"writes\": true, \"nth\": [1, 2] }, \"do\": { \"code\": "
			  "\"VPN.0030\" } } ]");
		break;
	default:
		return false;
	}
	load_script(", \"settings\": { \"seat_limit\": null }");
	faults++;
	return true;
}

/* ---- checks */

static const char *dump(const struct worker *w)
{
	static char text[600];

	snprintf(text, sizeof(text),
		 "worker %d listed %d gone %d until %d held %d twice %d rename %d effect %d until %d, today %d", w->id,
		 (int)w->listed, (int)w->gone, (int)w->until, (int)w->held, (int)w->twice, w->rename, (int)w->effect,
		 (int)w->effect_until, (int)company.today);
	return text;
}

struct seen { /* an account as somebody describes it: "NAME STATE DEPT", to be sorted and compared */
	char (*v)[80];
	size_t n, cap;
};

static void add(struct seen *s, const char *name, bool disabled, int dept)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->v = rc_xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	snprintf(s->v[s->n++], sizeof(*s->v), "%s %s %d", name, disabled ? "off" : "on", dept);
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

/* Whose account a line speaks of, for the message. */
static const char *whose(const char *line)
{
	int id = 0;

	if (sscanf(line, "worker%d", &id) != 1 || id < 1 || (size_t)id > company.n)
		return "nobody";
	return dump(&company.w[id - 1]);
}

static void compare(struct seen *is, struct seen *shall, const char *who, const char *target)
{
	size_t i = 0;

	sort(is);
	sort(shall);
	while (i < is->n && i < shall->n && strcmp(is->v[i], shall->v[i]) == 0)
		i++;
	if (i < is->n || i < shall->n)
		fail_msg("%s, %s: has \"%s\", should have \"%s\" (%zu and %zu accounts): %s; broken by %s", target, who,
			 i < is->n ? is->v[i] : "-", i < shall->n ? shall->v[i] : "-", is->n, shall->n,
			 whose(i < shall->n ? shall->v[i] : is->v[i]), broken_by);
	free(is->v);
	free(shall->v);
	*is = *shall = (struct seen){0};
}

static void expected(size_t t, bool with_old, struct seen *ret)
{
	for (size_t i = 0; i < company.n; i++) {
		const struct account *a = &company.w[i].at[t];

		if (a->has)
			add(ret, a->name, a->disabled, a->dept);
		for (size_t o = 0; with_old && o < a->n_old; o++)
			add(ret, a->old[o].name, true, a->old[o].dept);
	}
}

static void check_provider(void)
{
	cJSON *all = nights_get("/_sim/users"), *one;

	for (size_t t = 0; t < TARGETS; t++) {
		struct seen is = {0}, shall = {0};

		cJSON_ArrayForEach(one, cJSON_GetObjectItem(all, "users"))
		{
			const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(one, "state"));
			const char *description = cJSON_GetStringValue(cJSON_GetObjectItem(one, "description"));
			bool sag = state != NULL;

			if (sag == (t == SAG))
				add(&is, cJSON_GetStringValue(cJSON_GetObjectItem(one, "name")),
				    sag && strcmp(state, "disabled") == 0,
				    sag ? (int)cJSON_GetNumberValue(cJSON_GetObjectItem(one, "bandwidth")) - 1000
					: (int)strtol(description + 1, NULL, 10));
		}
		expected(t, true, &shall);
		compare(&is, &shall, "the provider", target_names[t]);
	}
	cJSON_Delete(all);
}

static void add_known(const struct rc_known *k, size_t t, struct seen *ret)
{
	char name[NAME_SIZE], dept[16];
	size_t f = t == VPN ? 1 : 2;
	struct rc_err err;
	const struct rc_account_schema *s =
		rc_account_schema_find(t == VPN ? "huawei-p2c-vpn" : "alibaba-sag-app", &err);

	f = (size_t)rc_account_field(s, t == VPN ? RC_SLICE("description") : RC_SLICE("Bandwidth"));
	snprintf(name, sizeof(name), "%.*s", (int)k->name.n, k->name.p);
	snprintf(dept, sizeof(dept), "%.*s", (int)k->account.v[f].n, k->account.v[f].p ? k->account.v[f].p : "");
	add(ret, name, k->flags & RC_KNOWN_DISABLED,
	    t == VPN ? (int)strtol(dept + 1, NULL, 10) : (int)strtol(dept, NULL, 10) - 1000);
}

static void check_snapshot(void)
{
	for (size_t t = 0; t < TARGETS; t++) {
		struct seen is = {0}, shall = {0};
		struct nights_state s;
		struct rc_walk w = {0};
		struct rc_known k;

		nights_open(target_names[t], &s);
		rc_walk_known_begin(s.view, s.number, &w);
		while (rc_walk_known(&w, &k, NULL))
			if (k.flags & RC_KNOWN_MANAGED)
				add_known(&k, t, &is);
		rc_walk_retiring_begin(s.view, s.number, (struct rc_slice){0}, &w);
		while (rc_walk_retiring(&w, &k))
			add_known(&k, t, &is);
		rc_walk_end(&w);
		nights_close(&s);
		expected(t, true, &shall);
		compare(&is, &shall, "the snapshot", target_names[t]);
	}
}

/* The row of a person on a target, and how many rows of old accounts there are beside it. */
static void row_of(const struct rc_outcome *rows, size_t n, size_t t, const char *key, char ret[SAYS_SIZE],
		   size_t *ret_old)
{
	snprintf(ret, SAYS_SIZE, "none");
	*ret_old = 0;
	for (size_t i = 0; i < n; i++) {
		const struct rc_outcome *o = &rows[i];

		if (strcmp(o->target, target_names[t]) != 0 || !rc_slice_eqs(o->key, key))
			continue;
		if (o->action == RC_ACT_DELETE && o->linked_name.n) {
			(*ret_old)++;
			continue;
		}
		if (strcmp(ret, "none") != 0)
			fail_msg("two rows of %s on %s", key, target_names[t]);
		snprintf(ret, SAYS_SIZE, "%s %s", rc_action_name(o->action), rc_status_name(o->status));
	}
}

static void check_report(void)
{
	const struct rc_outcome *rows;
	size_t n = nights_rows(&rows);

	for (size_t i = 0; i < company.n; i++)
		for (size_t t = 0; t < TARGETS; t++) {
			const struct account *a = &company.w[i].at[t];
			char key[16], says[SAYS_SIZE];
			size_t old;

			snprintf(key, sizeof(key), "%d", company.w[i].id);
			row_of(rows, n, t, key, says, &old);
			if (strcmp(says, a->says) != 0 || old != a->old_rows)
				fail_msg("the report of %s says \"%s\" and %zu old accounts, should say \"%s\" and "
					 "%zu: %s",
					 target_names[t], says, old, a->says, a->old_rows, dump(&company.w[i]));
		}
}

static bool anybody_twice(void)
{
	for (size_t i = 0; i < company.n; i++)
		if (company.w[i].listed && company.w[i].twice)
			return true;
	return false;
}

/* Running again writes nothing. */
static void check_again(void)
{
	uint64_t before = nights_writes();

	assert_int_equal(nights_run("sync", NULL), anybody_twice());
	if (nights_writes() != before)
		fail_msg("running again sent %d writes", (int)(nights_writes() - before));
}

static void one_night(size_t night)
{
	int64_t begin_s = (int64_t)rc_date_days(2026, 1, 5) * 86400 + 3600;
	bool broken;

	company_night(&company, begin_s + (int64_t)night * 86400 + (int64_t)company_random(&company, 7200));
	nights_at_ns(company.now_s * INT64_C(1000000000));
	if (night)
		company_day(&company, hold);
	write_files();
	load_script("");
	broken = something_breaks();
	assert_int_equal(nights_run("sync", NULL), anybody_twice());
	company_truth(&company);
	check_provider();
	check_snapshot();
	if (!broken)
		check_report();
	if (company_chance(&company, 0.1))
		check_again();
}

static size_t tonight;

static void test_year(void **state)
{
	(void)state;
	nights_begin(NULL);
	write_config();
	company_init(&company, seed, people);
	for (tonight = 0; tonight < nights; tonight++)
		one_night(tonight);
	print_message("%zu nights, %zu people at the end, %zu nights with a fault, %zu runs killed\n", nights,
		      company.n, faults, killed);
	company_done(&company);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_year, nights_end)};
	int failed;

	seed = argc > 1 ? strtoull(argv[1], NULL, 10) : seed;
	people = argc > 2 ? strtoul(argv[2], NULL, 10) : people;
	nights = argc > 3 ? strtoul(argv[3], NULL, 10) : nights;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (failed)
		fprintf(stderr, "night %zu failed; again: %s %llu %zu %zu\n", tonight, argv[0],
			(unsigned long long)seed, people, nights);
	return failed;
}
