/* A year of nights: a company from one seed against both providers in virtual time, with crashes, bad networks, bad
 * files, busy and full providers, upgrades and an operator at work; after each night provider, snapshot, report and
 * truth agree, and at the end of the year the history still knows who had access on each day.
 *
 *   year SEED [PEOPLE [NIGHTS]] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine/base/civil.h"
#include "tests/unit/helper_nights.h"
#include "tests/year/check.h"
#include "tests/year/stage.h"
#include "tests/year/trouble.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

static uint64_t seed = 1;
static size_t people = 60, nights = 60, tonight;
static struct company company;

static void hold(int id, bool held)
{
	char key[16];

	snprintf(key, sizeof(key), "%05d", id);
	nights_hold(key, held);
}

/* A leap year with a 29th of February. In the evening, or in the first hour of Berlin's next day: never so that a
 * night's runs lie on two days there or in two months in Shanghai. */
static int64_t begin_of(size_t night)
{
	int32_t day = rc_date_days(2024, 1, 5) + (int32_t)night;

	if (company_chance(&company, 0.5))
		return (int64_t)day * DAY_S + 17 * HOUR_S + (int64_t)company_random(&company, 2 * HOUR_S);
	return berlin_day_begins(day + 1) + (int64_t)company_random(&company, HOUR_S / 2);
}

/* Running again writes nothing. */
static void check_again(void)
{
	uint64_t before = stage_writes();

	assert_int_equal(stage_run(NULL, NULL), company_anybody_twice(&company));
	if (stage_writes() != before)
		fail_msg("running again sent %d writes", (int)(stage_writes() - before));
}

static void one_night(size_t night)
{
	const char *before;
	struct rc_run_opts own = {.command = "sync", .writes = true};
	bool changed;

	company_night(&company, begin_of(night));
	stage_at(company.now_s);
	if (night)
		company_day(&company, people < 500 ? people / 15 + 1 : people / 50, hold);
	write_files(&company);
	load_script(&company, "");
	before = trouble(&company, &changed, &own.refresh);
	assert_int_equal(stage_run(&own, NULL), company_anybody_twice(&company));
	company_truth(&company);
	check_provider(&company, before);
	check_snapshot(&company, before);
	if (!changed)
		check_report(&company, before);
	check_books(stage_run_id());
	remember_access(&company, night % 30 == 29 || night + 1 == nights);
	if (company_chance(&company, 0.1))
		check_again();
}

static void test_year(void **state)
{
	(void)state;
	stage_begin(seed, (int64_t)rc_date_days(2024, 1, 1) * DAY_S);
	company_init(&company, seed, people);
	vpn_is_pool = seed % 3 == 0;
	write_config(&company, "");
	for (tonight = 0; tonight < nights; tonight++)
		one_night(tonight);
	trouble_print();
	print_message("%zu people at the end; the history was asked about %zu days\n", company.n, check_history());
	company_done(&company);
	stage_end();
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
