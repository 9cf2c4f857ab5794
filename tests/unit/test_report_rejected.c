/* Refused records: as they were, without secrets, and readable by our own reader once mended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/source/reader.h"
#include "helper_report.h"

static struct report_dir dir;
static struct rc_report *report;

static int setup(void **state)
{
	struct rc_report_opts opts = {0};
	struct rc_err err;

	(void)state;
	report_dir_init(&dir);
	return (int)rc_report_open(dir.reports, "run", &opts, &report, &err);
}

static int teardown(void **state)
{
	(void)state;
	rc_report_free(report);
	report_dir_done(&dir);
	return 0;
}

static char *written(const char *name)
{
	struct rc_err err;

	assert_int_equal(rc_report_tick(report, 1000000000, &err), RC_OK);
	return report_read(&dir, "run", name);
}

static void reject(const struct rc_rejected_csv *rec)
{
	struct rc_err err = {0};

	if (rc_report_rejected_csv(report, rec, &err))
		fail_msg("%s", err.what);
}

static void test_nothing_refused_makes_no_file(void **state)
{
	(void)state;
	assert_null(written("rejected.csv"));
	assert_null(written("rejected.ldif"));
	assert_null(written("adopt_candidates.csv"));
}

static void test_records_as_they_were(void **state)
{
	const struct rc_slice header[] = {RC_SLICE("id"), RC_SLICE("name"), RC_SLICE("pw")};
	const struct rc_slice cells[] = {RC_SLICE("7"), RC_SLICE("a;\"b\"\nc"), RC_SLICE("hunter2")};
	const bool secret[] = {false, false, true};
	struct rc_rejected_csv rec = {.file = "hr.csv",
				      .line = 4,
				      .reason = "name is empty",
				      .delimiter = ';',
				      .header = header,
				      .n_header = 3,
				      .secret = secret,
				      .cells = cells,
				      .n_cells = 3};
	char *text;

	(void)state;
	reject(&rec);
	rec.n_cells = 2; /* a cell short: any of them may be the password */
	rec.line = 6;
	reject(&rec);
	rec.cells = NULL;
	rec.raw = RC_SLICE("8;x;hunter3;more");
	rec.line = 7;
	reject(&rec);
	text = written("rejected.csv");
	assert_string_equal(text, "rollcall_reason;id;name;pw\n"
				  "hr.csv:4: name is empty;7;\"a;\"\"b\"\"\nc\";\n"
				  "hr.csv:6: name is empty;;;\n"
				  "hr.csv:7: name is empty;;;\n");
	free(text);
}

static void test_raw_records(void **state)
{
	const struct rc_slice header[] = {RC_SLICE("id"), RC_SLICE("name")};
	static const struct {
		const char *raw;
		const char *shown;
	} t[] = {
		{"1,a,b", ",1,a,b"},
		{"1,\"a,\nb\"", ",1,\"a,\nb\""},
		{"1,\"a\"\"\"", ",1,\"a\"\"\""},
		{"1,a\"b", ",,"},
		{"1,\"a", ",,"},
		{"1,\"a\"b", ",,"},
		{"1,\xff", ",,"},
		{"\"\"", ",\"\""},
		{"1\n2", ",,"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char want[128], *text;
		struct rc_rejected_csv rec = {.file = "f",
					      .line = i + 2,
					      .reason = "bad",
					      .header = header,
					      .n_header = 2,
					      .raw = rc_slice_str(t[i].raw)};

		reject(&rec);
		text = written("rejected.csv");
		snprintf(want, sizeof(want), "rollcall_reason,id,name\nf:%zu: bad%s\n", i + 2, t[i].shown);
		assert_string_equal(text, want);
		free(text);
		teardown(state);
		setup(state);
	}
}

static void test_other_headers_get_files_of_their_own(void **state)
{
	const struct rc_slice header[] = {RC_SLICE("id"), RC_SLICE("name")}, cells[] = {RC_SLICE("1"), RC_SLICE("2")};
	struct rc_rejected_csv rec = {
		.file = "a", .line = 2, .reason = "bad", .header = header, .n_header = 2, .cells = cells, .n_cells = 2};
	char *text;

	(void)state;
	reject(&rec);
	rec.n_header = rec.n_cells = 1;
	reject(&rec);
	rec.n_header = rec.n_cells = 2;
	reject(&rec);
	text = written("rejected.csv");
	assert_int_equal(report_lines(text), 3);
	free(text);
	text = written("rejected-2.csv");
	assert_string_equal(text, "rollcall_reason,id\na:2: bad,1\n");
	free(text);
}

static void test_reads_back(void **state)
{
	const struct rc_slice header[] = {RC_SLICE("id"), RC_SLICE("full name")};
	const struct rc_slice cells[] = {RC_SLICE("007"), RC_SLICE(" a,\"b\"\r\nc\xc3\xa9")};
	struct rc_rejected_csv rec = {.file = "odd,\"name\".csv",
				      .line = 2,
				      .reason = "says \"no\", twice",
				      .header = header,
				      .n_header = 2,
				      .cells = cells,
				      .n_cells = 2};
	struct rc_reader_opts opts = {0};
	struct rc_reader *reader;
	struct rc_record r;
	struct rc_reject rej;
	struct rc_err err = {0};
	char path[256];

	(void)state;
	reject(&rec);
	free(written("rejected.csv"));
	snprintf(path, sizeof(path), "%s/run/rejected.csv", dir.reports);
	opts.in.path = path;
	assert_int_equal(rc_reader_open(&opts, &reader, &err), RC_OK);
	assert_int_equal(rc_reader_next(reader, &r, &rej, &err), RC_READ_RECORD);
	assert_int_equal(r.n, 3);
	assert_true(rc_slice_eqs(r.field[0], "odd,\"name\".csv:2: says \"no\", twice"));
	assert_true(rc_slice_eq(r.field[1], cells[0]));
	assert_true(rc_slice_eq(r.field[2], cells[1]));
	assert_int_equal(rc_reader_next(reader, &r, &rej, &err), RC_READ_END);
	rc_reader_free(reader);
}

static void test_ldif(void **state)
{
	const char *const secret[] = {"userPassword", "pw"};
	struct rc_rejected_ldif rec = {
		.file = "ad.ldif", .line = 12, .reason = "no mail\n\x1b[2J", .secret = secret, .n_secret = 2};
	struct rc_err err = {0};
	char *text;

	(void)state;
	rec.raw = RC_SLICE("dn: cn=a\r\ncn: a\r\nuserpassword:: aHVu\r\n dGVy\r\npwd: kept\r\npw;x-a: gone");
	assert_int_equal(rc_report_rejected_ldif(report, &rec, &err), RC_OK);
	rec.raw = (struct rc_slice){0};
	rec.reason = "unreadable";
	assert_int_equal(rc_report_rejected_ldif(report, &rec, &err), RC_OK);
	text = written("rejected.ldif");
	assert_string_equal(text, "version: 1\n"
				  "\n# rollcall_reason: ad.ldif:12: no mail\\x0a\\x1b[2J\n"
				  "dn: cn=a\ncn: a\nuserpassword:\npwd: kept\npw;x-a:\n"
				  "\n# rollcall_reason: ad.ldif:12: unreadable\n");
	free(text);
}

static void test_candidates(void **state)
{
	struct rc_err err = {0};
	char *text;

	(void)state;
	assert_int_equal(rc_report_candidate(report, "vpn-eu", RC_SLICE("ann,b"), (struct rc_slice){0}, "no match",
					     RC_SLICE("7 anne; 9 anna"), &err),
			 RC_OK);
	text = written("adopt_candidates.csv");
	assert_string_equal(text, "target,name,key,reason,near\nvpn-eu,\"ann,b\",,no match,7 anne; 9 anna\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_refused_makes_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_records_as_they_were, setup, teardown),
		cmocka_unit_test_setup_teardown(test_raw_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_headers_get_files_of_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ldif, setup, teardown),
		cmocka_unit_test_setup_teardown(test_candidates, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
