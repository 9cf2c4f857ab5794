/* Dates that act by themselves: whole runs on a shifted wall clock, the source untouched while months pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/helper_nights.h"

#define TIMES "\"timeouts\": { \"settle\": \"20ms\", \"confirm\": \"5s\" },"
#define VPN(MISSING)                                                                                                   \
	"\"targets\": { \"vpn\": { \"connector\": \"huawei-p2c-vpn\", \"endpoint\": \"@ENDPOINT@\", \"project_id\": "  \
	"\"P\","                                                                                                       \
	"\"vpn_server_id\": \"S\", \"auth\": { \"method\": \"token\", \"token\": { \"env\": \"VPN_TOKEN\" } },"        \
	"\"account\": { \"name\": \"name\", \"description\": \"dept\", \"password\": \"'Pw-' .. id .. '-xyz1'\" },"    \
	"\"list_max_age\": \"4000d\", \"guards\": { \"max_deletes\": 50, \"max_updates\": \"unlimited\" },"            \
	"\"missing\": " MISSING " } }"
#define SAG(MISSING)                                                                                                   \
	"\"targets\": { \"sag\": { \"connector\": \"alibaba-sag-app\", \"endpoint\": \"@ENDPOINT@\","                  \
	"\"region_id\": \"cn-shanghai\", \"smart_ag_id\": \"sag-one\", \"auth\": { \"method\": \"aksk\","              \
	"\"access_key\": { \"env\": \"VPN_TOKEN\" }, \"secret_key\": { \"env\": \"VPN_TOKEN\" } },"                    \
	"\"account\": { \"UserName\": \"name\", \"UserMail\": \"name .. '@example.com'\", \"Bandwidth\": \"'1000'\","  \
	"\"Password\": \"'Pw-' .. id .. '-xyz1'\" }, \"list_max_age\": \"4000d\","                                     \
	"\"guards\": { \"max_deletes\": 50, \"max_updates\": \"unlimited\", \"max_renames\": 5 },"                     \
	"\"missing\": " MISSING " } }"
#define CONFIG(SOURCE, MORE, TARGETS)                                                                                  \
	"{ \"version\": 1, \"state\": \"state\", \"reports\": \"reports\", \"sources\": [ { \"files\": [\"hr.csv\"], " \
	"\"key\": \"id\" " SOURCE " } ], " TIMES MORE TARGETS " }"
#define DATED(ZONE)                                                                                                    \
	", \"active_from\": \"col.from\", \"active_until\": \"col['until']\", \"date_format\": \"%d.%m.%Y\","          \
	"\"timezone\": \"" ZONE "\""

#define says(key, text) assert_string_equal(nights_says(key), text)
#define accounts(text) assert_string_equal(nights_accounts(), text)
#define sync() assert_int_equal(nights_run("sync", NULL), 0)

/* A night at which nothing may happen: no row but those that wait, and no account changes. */
static void at(const char *utc)
{
	nights_at(utc);
	sync();
}

static void test_last_day_in_summer_time(void **state)
{
	struct rc_known k;

	(void)state;
	nights_begin(NULL);
	nights_config(CONFIG(DATED("Europe/Berlin"), "", VPN("{ \"action\": \"delete\", \"after_days\": 30 }")));
	nights_file("hr.csv", "id,name,dept,from,until\n"
			      "1,ada.l,it,,28.03.2026\n" /* the night of the last day is an hour short */
			      "2,bob.m,it,,25.10.2026\n" /* the last day is an hour long */
			      "3,cyd.n,it,29.03.2026,\n" /* begins on the short one */
			      "4,dan.o,it,,31.12.9999\n" /* never */
			      "5,eve.p,it,29.03.2026,30.03.2026\n");
	at("2026-01-05T01:00:00Z");
	accounts("ada.l:+ bob.m:+ dan.o:+");
	says("1", "create done 2026-03-28T23:00:00Z");
	at("2026-02-01T01:00:00Z");
	says("1", "delete waiting 2026-03-28T23:00:00Z");
	says("2", "delete waiting 2026-10-25T23:00:00Z");
	says("3", "none");
	says("4", "none");
	assert_true(nights_known("vpn", "1", &k));
	assert_int_equal(k.due_cause, RC_DUE_UNTIL);
	assert_int_equal(k.status, RC_KNOWN_WAITING);
	assert_int_equal(k.due_at_ns / 1000000000, 1774738800);
	at("2026-03-28T22:59:00Z");
	accounts("ada.l:+ bob.m:+ dan.o:+");
	at("2026-03-28T23:00:00Z");
	says("1", "delete done -");
	says("3", "create done -");
	says("5", "create done 2026-03-30T22:00:00Z");
	accounts("bob.m:+ cyd.n:+ dan.o:+ eve.p:+");
	at("2026-03-30T21:59:00Z");
	accounts("bob.m:+ cyd.n:+ dan.o:+ eve.p:+");
	at("2026-03-30T22:00:00Z");
	accounts("bob.m:+ cyd.n:+ dan.o:+");
	at("2026-10-25T22:59:00Z");
	accounts("bob.m:+ cyd.n:+ dan.o:+");
	at("2026-10-25T23:00:00Z");
	accounts("cyd.n:+ dan.o:+");
}

/* Enough rows for a reader in a thread of its own. Nobody in them but a few is wanted; changed: dan's department, bob
 * gone, fay new, and two rows have changed places. */
static void long_file(bool changed)
{
	enum { ROWS = 180000 };
	struct rc_buf b = {0};

	rc_buf_adds(&b, "id,name,dept,from,until\n");
	for (unsigned i = 0; i < ROWS; i++) {
		unsigned id = changed && (i == 150000 || i == 150001) ? 300001 - i : i;

		rc_buf_addf(&b, "x%u,%.*s,\"none%s\",,\n", id, (int)(id % 50),
			    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", id % 7 ? "" : "\nof all");
		if (i == 5)
			rc_buf_adds(&b, "1,ada.l,it,,\n");
		if (i == 140000)
			rc_buf_adds(&b, changed ? "6,fay.q,it,,\n" : "2,bob.m,it,,\n");
		if (i == 160000)
			rc_buf_adds(&b, "3,cyd.n,it,,\n");
	}
	rc_buf_addf(&b, "4,dan.o,%s,,\n", changed ? "law" : "it");
	nights_file("hr.csv", b.p);
	rc_buf_done(&b);
}

static void test_long_file(void **state)
{
	const struct rc_outcome *rows;

	(void)state;
	nights_begin(NULL);
	nights_config(CONFIG(", \"where\": \"dept == 'it' or dept == 'law'\"", "", VPN("{ \"action\": \"delete\" }")));
	long_file(false);
	at("2026-01-05T01:00:00Z");
	accounts("ada.l:+ bob.m:+ cyd.n:+ dan.o:+");
	assert_int_equal(nights_row("4")->source_line, 205720); /* two lines in each seventh row */
	at("2026-01-06T01:00:00Z");
	assert_int_equal(nights_rows(&rows), 0);
	long_file(true);
	at("2026-01-07T01:00:00Z");
	accounts("ada.l:+ cyd.n:+ dan.o:+ fay.q:+");
	says("2", "delete done -");
	says("4", "update done -");
	says("6", "create done -");
	assert_int_equal(nights_rows(&rows), 3);
	at("2026-01-08T01:00:00Z");
	assert_int_equal(nights_rows(&rows), 0);
}

static void test_last_day_moves(void **state)
{
	struct rc_known k;

	(void)state;
	nights_begin(NULL);
	nights_config(CONFIG(DATED("Asia/Shanghai"), "", SAG("{ \"action\": \"disable\" }")));
	nights_file("hr.csv", "id,name,dept,from,until\n1,ada.lace,it,,10.02.2026\n2,bob.moss,it,,\n");
	at("2026-02-01T01:00:00Z");
	at("2026-02-02T01:00:00Z");
	says("1", "disable waiting 2026-02-10T16:00:00Z");
	nights_file("hr.csv", "id,name,dept,from,until\n1,ada.lace,it,,20.02.2026\n2,bob.moss,it,,\n");
	at("2026-02-03T01:00:00Z"); /* longer */
	says("1", "disable waiting 2026-02-20T16:00:00Z");
	nights_file("hr.csv", "id,name,dept,from,until\n1,ada.lace,it,,\n2,bob.moss,it,,\n");
	at("2026-02-04T01:00:00Z"); /* for good */
	says("1", "none");
	assert_true(nights_known("sag", "1", &k));
	assert_int_equal(k.due_at_ns, 0);
	assert_int_equal(k.status, RC_KNOWN_SETTLED);
	at("2026-06-01T01:00:00Z");
	says("1", "none");
	nights_file("hr.csv", "id,name,dept,from,until\n1,ada.lace,it,,31.05.2026\n2,bob.moss,it,,\n");
	at("2026-06-02T01:00:00Z"); /* told late: at once */
	says("1", "disable done -");
	nights_file("hr.csv", "id,name,dept,from,until\n1,ada.lace,it,,31.12.2026\n2,bob.moss,it,,\n");
	at("2026-06-03T01:00:00Z"); /* hired again, with a last day */
	says("1", "enable done 2026-12-31T16:00:00Z");
	at("2026-12-31T15:59:00Z");
	says("1", "disable waiting 2026-12-31T16:00:00Z");
	at("2026-12-31T16:00:00Z");
	says("1", "disable done -");
	at("2027-02-01T01:00:00Z");
	says("1", "none");
}

static void test_absence_in_days(void **state)
{
	struct rc_known k;

	(void)state;
	nights_begin(NULL);
	nights_config(CONFIG(", \"timezone\": \"Europe/Berlin\"", "",
			     VPN("{ \"action\": \"delete\", \"after_runs\": 2, \"after_days\": 3 }")));
	nights_file("hr.csv", "id,name,dept\n1,ada.l,it\n2,bob.m,it\n3,cyd.n,it\n");
	at("2026-03-27T01:30:00Z");
	nights_file("hr.csv", "id,name,dept\n1,ada.l,it\n");
	at("2026-03-28T01:30:00Z"); /* 02:30 of winter time: three days later is 31 March, an hour earlier in UTC */
	says("2", "delete waiting 2026-03-30T22:00:00Z");
	assert_true(nights_known("vpn", "2", &k));
	assert_int_equal(k.due_cause, RC_DUE_ABSENT);
	at("2026-03-29T00:30:00Z");
	at("2026-04-02T00:30:00Z"); /* due, but the content is the one that counted already */
	says("2", "delete waiting -");
	nights_file("hr.csv", "id,name,dept\n1,ada.l,it\n3,cyd.n,it\n");
	at("2026-04-02T01:30:00Z"); /* counts for one; the other is back */
	says("2", "delete done -");
	says("3", "none");
	nights_file("hr.csv", "id,name,dept\n1,ada.l,it\n");
	at("2026-04-03T00:30:00Z");
	says("3", "delete waiting 2026-04-05T22:00:00Z");
	nights_file("hr.csv", "id,name,dept\n1,ada.l,law\n");
	at("2026-04-05T21:30:00Z");
	says("3", "delete waiting 2026-04-05T22:00:00Z");
	at("2026-04-05T22:30:00Z");
	says("3", "delete done -");
	accounts("ada.l:+");
}

static void test_overrides_end(void **state)
{
	(void)state;
	nights_begin(NULL);
	nights_config(CONFIG(", \"timezone\": \"Europe/Berlin\"", "\"overrides\": { \"file\": \"over.csv\" },",
			     VPN("{ \"action\": \"delete\" }")));
	nights_file("over.csv", "key,effect,until\n1,deny,2026-06-10\n2,keep,2026-06-11\n3,hold,2026-06-12\n");
	nights_file("hr.csv", "id,name,dept\n1,ada.l,it\n2,bob.m,it\n4,dan.o,it\n");
	at("2026-06-01T01:00:00Z");
	accounts("bob.m:+ dan.o:+");
	nights_file("hr.csv", "id,name,dept\n1,ada.l,it\n3,cyd.n,it\n4,dan.o,it\n");
	at("2026-06-02T01:00:00Z");
	says("1", "none");
	says("2", "none skipped 2026-06-11T22:00:00Z");
	says("3", "none skipped 2026-06-12T22:00:00Z");
	at("2026-06-10T21:59:00Z");
	accounts("bob.m:+ dan.o:+");
	at("2026-06-10T22:00:00Z");
	accounts("ada.l:+ bob.m:+ dan.o:+");
	at("2026-06-11T22:00:00Z");
	says("2", "delete done -");
	accounts("ada.l:+ dan.o:+");
	at("2026-06-12T21:59:00Z");
	accounts("ada.l:+ dan.o:+");
	at("2026-06-12T22:00:00Z");
	accounts("ada.l:+ cyd.n:+ dan.o:+");
	nights_file("over.csv",
		    "key,effect,until\n4,deny,2026-06-20\n"); /* a new one acts without a change of the row */
	at("2026-06-14T01:00:00Z");
	says("4", "delete done -");
	nights_file("over.csv", "key,effect,until\n");
	at("2026-06-15T01:00:00Z"); /* and so does its end */
	says("4", "create done -");
}

static void test_freeze(void **state)
{
	(void)state;
	nights_begin(NULL);
	nights_config(CONFIG(", \"timezone\": \"Europe/Berlin\"", "\"freeze\": [\"2026-12-18/2027-01-04\"],",
			     VPN("{ \"action\": \"delete\" }")));
	nights_file("hr.csv", "id,name,dept\n1,ada.l,it\n");
	at("2026-12-17T22:30:00Z");
	accounts("ada.l:+");
	nights_file("hr.csv", "id,name,dept\n1,ada.l,it\n2,bob.m,it\n");
	at("2026-12-17T23:00:00Z");
	says("2", "create planned -");
	at("2027-01-04T22:59:00Z");
	says("2", "create planned -");
	at("2027-01-04T23:00:00Z");
	says("2", "create done -");
}

static void test_month_in_shanghai(void **state)
{
	struct rc_known k;

	(void)state;
	nights_begin("{ \"in_use\": [\"ada.lace\", \"bob.moss\"] }");
	nights_config(CONFIG("", "", SAG("{ \"action\": \"delete\" }")));
	nights_file("hr.csv", "id,name\n1,ada.lace\n2,bob.moss\n3,cyd.nash\n");
	at("2026-01-05T01:00:00Z");
	nights_file("hr.csv", "id,name\n3,cyd.nash\n");
	at("2026-01-31T15:30:00Z");
	says("1", "delete waiting 2026-01-31T16:00:00Z");
	accounts("ada.lace:- bob.moss:- cyd.nash:+");
	assert_true(nights_known("sag", "1", &k));
	assert_int_equal(k.due_cause, RC_DUE_IN_USE);
	assert_int_equal(k.in_use_month, 202601);
	at("2026-01-31T15:59:00Z");
	says("1", "delete waiting 2026-01-31T16:00:00Z");
	at("2026-01-31T16:00:00Z"); /* February there; still in use: the next month */
	says("1", "delete waiting 2026-02-28T16:00:00Z");
	nights_script("{ \"in_use\": [\"bob.moss\"] }");
	at("2026-02-28T15:59:00Z");
	accounts("ada.lace:- bob.moss:- cyd.nash:+");
	nights_file("hr.csv", "id,name\n2,bob.moss\n3,cyd.nash\n");
	at("2026-02-28T16:00:00Z"); /* one goes; the other came back meanwhile */
	says("1", "delete done -");
	says("2", "enable done -");
	accounts("bob.moss:+ cyd.nash:+");
	nights_file("hr.csv",
		    "id,name\n2,bob.miller\n3,cyd.nash\n"); /* the old account of a changed name keeps its date */
	at("2026-03-10T01:00:00Z");
	accounts("bob.miller:+ bob.moss:- cyd.nash:+");
	nights_script("{}");
	at("2026-03-31T15:00:00Z");
	says("2", "delete waiting 2026-03-31T16:00:00Z");
	at("2026-03-31T16:00:00Z");
	says("2", "delete done -");
	accounts("bob.miller:+ cyd.nash:+");
	at("2026-04-02T16:00:00Z");
	says("2", "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_last_day_in_summer_time, nights_end),
		cmocka_unit_test_teardown(test_long_file, nights_end),
		cmocka_unit_test_teardown(test_last_day_moves, nights_end),
		cmocka_unit_test_teardown(test_absence_in_days, nights_end),
		cmocka_unit_test_teardown(test_overrides_end, nights_end),
		cmocka_unit_test_teardown(test_freeze, nights_end),
		cmocka_unit_test_teardown(test_month_in_shanghai, nights_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
