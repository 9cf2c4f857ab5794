/* engine/plan: what is written reads back; nothing that differs in a single bit does. */
#include "engine/base/alloc.h"
#include "engine/plan/plan.h"
#include "tests/unit/helper_schema.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rc_plan_value want[] = {{RC_SLICE("name"), RC_SLICE("ada")}, {RC_SLICE("description"), RC_SLICE("")}};
static struct rc_slice columns[] = {RC_SLICE("id"), RC_SLICE("n\"ame")}, files[] = {RC_SLICE("hr\xff.csv")};
static struct rc_plan_source source = {.rows = 3,
				       .bytes = UINT64_C(1) << 60,
				       .content = {1, 2},
				       .mtime = -5,
				       .columns = columns,
				       .n_columns = 2,
				       .files = files,
				       .n_files = 1};
static struct rc_plan_target target = {.name = RC_SLICE("vpn"), .snapshot = {9}, .wanted = 2};
static struct rc_plan_row rows[] = {
	{.target = RC_SLICE("vpn"),
	 .key = RC_SLICE("k\0\xfe"),
	 .name = RC_SLICE("ada"),
	 .action = RC_ACT_CREATE,
	 .source_line = 7,
	 .has_row = true,
	 .row = {3, 4, 5},
	 .record = RC_SLICE("\1\2\3\4"),
	 .call = true,
	 .id = 1,
	 .class_ = 2,
	 .want = {want, 2},
	 .changed = {want, 1},
	 .has_priority = true,
	 .priority = INT64_MIN},
	{.target = RC_SLICE("vpn"),
	 .key = RC_SLICE("\xe2\x80\xa8\n"),
	 .action = RC_ACT_NONE,
	 .status = RC_ST_WAITING,
	 .due_at = INT64_C(1798761600000000001),
	 .put = true},
};

static struct rc_plan sample(void)
{
	return (struct rc_plan){.version = RC_SLICE("0.1"),
				.run_id = RC_SLICE("r1"),
				.command = RC_SLICE("plan"),
				.config_hash = RC_SLICE("abc"),
				.created_at = RC_SLICE("2026-11-28T00:00:00Z"),
				.whole = true,
				.selects = true,
				.only = files,
				.n_only = 1,
				.exclude = columns,
				.n_exclude = 2,
				.mapping = {8},
				.sources = &source,
				.n_sources = 1,
				.targets = &target,
				.n_targets = 1,
				.rows = rows,
				.n_rows = 2};
}

static void test_round_trip(void **state)
{
	struct rc_plan p = sample(), got;
	struct rc_arena mem = {0};
	struct rc_buf b = {0}, again = {0};
	struct rc_err err;

	(void)state;
	assert_true(rc_plan_write(&p, &b));
	assert_int_equal(rc_plan_parse("p", rc_buf_slice(&b), &mem, &got, &err), RC_OK);
	assert_string_equal(got.integrity, p.integrity);
	assert_true(got.selects && got.n_only == 1 && rc_slice_eq(got.only[0], files[0]));
	assert_true(got.n_exclude == 2 && rc_slice_eq(got.exclude[1], columns[1]));
	assert_true(got.whole && got.n_rows == 2 && got.n_sources == 1 && got.n_targets == 1);
	assert_true(rc_slice_eq(got.rows[0].key, rows[0].key) && got.rows[0].key.n == 3);
	assert_true(rc_slice_eq(got.rows[0].record, rows[0].record));
	assert_true(got.rows[0].priority == INT64_MIN && got.rows[0].want.n == 2 && got.rows[0].want.v[1].value.n == 0);
	assert_true(got.rows[1].due_at == rows[1].due_at && got.rows[1].status == RC_ST_WAITING);
	assert_true(rc_slice_eq(got.rows[1].key, rows[1].key));
	assert_true(got.sources[0].bytes == source.bytes && got.sources[0].mtime == -5);
	assert_true(rc_slice_eq(got.sources[0].files[0], files[0]));
	assert_true(rc_plan_write(&got, &again));
	assert_true(rc_slice_eq(rc_buf_slice(&b), rc_buf_slice(&again)));
	assert_valid("plan.schema.json", rc_buf_slice(&b));
	rc_buf_done(&b);
	rc_buf_done(&again);
	rc_arena_done(&mem);
}

/* Every byte, every bit; every length; every byte twice. */
static void test_damage(void **state)
{
	struct rc_plan p = sample(), got;
	struct rc_arena mem = {0};
	struct rc_buf b = {0}, longer = {0};
	struct rc_err err;

	(void)state;
	assert_true(rc_plan_write(&p, &b));
	for (size_t i = 0; i < b.n * 8; i++) {
		b.p[i / 8] = (char)(b.p[i / 8] ^ (1 << i % 8));
		assert_int_equal(rc_plan_parse("p", rc_buf_slice(&b), &mem, &got, &err), RC_DATA);
		assert_non_null(strstr(err.what, "p: "));
		b.p[i / 8] = (char)(b.p[i / 8] ^ (1 << i % 8));
	}
	for (size_t n = 0; n < b.n; n++) {
		struct rc_slice cut = {b.p, n};

		assert_int_equal(rc_plan_parse("p", cut, &mem, &got, &err), RC_DATA);
		rc_buf_clear(&longer);
		rc_buf_add(&longer, b.p, n + 1);
		rc_buf_add(&longer, b.p + n, b.n - n);
		assert_int_equal(rc_plan_parse("p", rc_buf_slice(&longer), &mem, &got, &err), RC_DATA);
	}
	assert_int_equal(rc_plan_parse("p", rc_buf_slice(&b), &mem, &got, &err), RC_OK);
	rc_buf_done(&b);
	rc_buf_done(&longer);
	rc_arena_done(&mem);
}

static void test_file(void **state)
{
	char dir[] = "/tmp/rollcall-plan-test-XXXXXX", path[64];
	struct rc_plan p = sample(), got;
	struct rc_arena mem = {0};
	struct rc_err err;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.plan", dir);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	assert_int_equal(rc_plan_load(path, &mem, &got, &err), RC_DATA); /* empty */
	assert_int_equal(rc_plan_save(path, &p, &err), RC_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(rc_plan_load(path, &mem, &got, &err), RC_OK);
	assert_true(got.n_rows == 2);
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* no temporary file is left */
	assert_int_equal(rc_plan_load(path, &mem, &got, &err), RC_DATA);
	assert_int_equal(rc_plan_save(path, &p, &err), RC_CANTCREAT);
	rc_arena_done(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
