/* What the examples of docs/expressions.md do not show: limits, isolation, scopes, columns used, names lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/map/expr.h"

static const struct rc_slice columns[] = {{"id", 2}, {"name", 4}, {"first", 5}, {"col", 3}, {"n", 1}, {"account", 7}};
enum { COLUMNS = sizeof(columns) / sizeof(*columns) };
static const struct rc_slice row[] = {{"7", 1}, {"Ann", 3}, {"F", 1}, {"C", 1}, {"N", 1}, {"A", 1}};

static int setup(void **state)
{
	struct rc_expr_env *env = rc_expr_env_csv(columns, COLUMNS);

	rc_expr_row_csv(env, row, COLUMNS);
	*state = env;
	return 0;
}

static int teardown(void **state)
{
	rc_expr_env_free(*state);
	return 0;
}

static struct rc_expr *compile_in(struct rc_expr_env *env, const char *text, const struct rc_expr_scope *scope)
{
	struct rc_expr *e = NULL;
	struct rc_err err = {0};

	if (rc_expr_compile(env, text, "/a", scope, &e, NULL, &err))
		fail_msg("%s: %s", text, err.what);
	return e;
}

static void expect(struct rc_expr *e, const char *want)
{
	struct rc_err err = {0};
	struct rc_slice s;

	if (rc_expr_eval_string(e, &s, &err))
		fail_msg("%s: %s", rc_expr_text(e), err.what);
	if (!rc_slice_eqs(s, want))
		fail_msg("%s: %.*s, not %s", rc_expr_text(e), (int)s.n, s.p, want);
}

static void refuse(struct rc_expr *e, const char *reason)
{
	struct rc_err err = {0};
	struct rc_slice s;

	assert_int_equal(rc_expr_eval_string(e, &s, &err), RC_DATA);
	if (!strstr(err.what, reason) || strncmp(err.what, "/a: ", 4) != 0)
		fail_msg("%s: %s", rc_expr_text(e), err.what);
}

static void test_runaways(void **state)
{
	struct rc_expr_env *env = *state;

	refuse(compile_in(env, "(function() while true do end end)()", NULL), "does not end");
	refuse(compile_in(env, "(function() local function f() return f() end return f() end)()", NULL),
	       "does not end");
	refuse(compile_in(env, "(function() local function f() return 1 + f() end return f() end)()", NULL),
	       "stopped after");
	refuse(compile_in(env, "(function() local t = {} for i = 1, 1e9 do t[i] = {} end end)()", NULL), "");
	refuse(compile_in(env, "(function() local s = 'x' while true do s = s .. s end end)()", NULL), "memory");
	refuse(compile_in(env,
			  "(function() local s = 'xxxxxxxxxxxxxxxx' for i = 1, 16 do s = s .. s end "
			  "local t for i = 1, 1000 do t = s .. i end end)()",
			  NULL),
	       "memory");
	refuse(compile_in(env, "(function() local s = 'x' for i = 1, 17 do s = s .. s end return s end)()", NULL),
	       "64 KiB");
	for (int i = 0; i < 20; i++) /* and all is well afterwards */
		expect(compile_in(env, "name .. id", NULL), "Ann7");
}

static void test_limit_is_per_evaluation(void **state)
{
	struct rc_expr *e =
		compile_in(*state, "(function() local x = 0 for i = 1, 200000 do x = x + i end return x end)()", NULL);

	for (int i = 0; i < 10; i++)
		expect(e, "20000100000");
}

static void test_nothing_lasts(void **state)
{
	struct rc_expr_env *env = *state;

	refuse(compile_in(env, "(function() lasting = 1 end)()", NULL), "cannot be set");
	refuse(compile_in(env, "(function() lower = 1 end)()", NULL), "cannot be set");
	refuse(compile_in(env, "(function() name = 1 end)()", NULL), "cannot be set");
	refuse(compile_in(env, "(function() col.name = 1 end)()", NULL), "cannot be set");
	refuse(compile_in(env, "name:upper()", NULL), "index a string");
	expect(compile_in(env, "lower(name)", NULL), "ann");
}

static void test_ldif_lists_are_copies(void **state)
{
	struct rc_expr_field attrs[] = {{RC_SLICE("mail"), RC_SLICE("a")}, {RC_SLICE("mail"), RC_SLICE("b")}};
	struct rc_expr_env *env = rc_expr_env_ldif();

	(void)state;
	rc_expr_row_ldif(env, attrs, 2);
	expect(compile_in(env, "(function() local t = all.mail t[1] = 'x' return t[1] end)()", NULL), "x");
	expect(compile_in(env, "all.MAIL[1] .. Mail", NULL), "aa");
	assert_int_equal(rc_expr_env_columns(env), 1);
	assert_true(rc_slice_eqs(rc_expr_env_column(env, 0), "mail"));
	expect(compile_in(env, "col['ma' .. 'il'] .. first", NULL), "a");
	rc_expr_row_ldif(env, NULL, 0);
	expect(compile_in(env, "mail", NULL), "");
	rc_expr_env_free(env);
}

static void test_names_that_collide(void **state)
{
	struct rc_expr_env *env = *state;
	static const char *const fields[] = {"name", "email"};
	struct rc_expr_field account[] = {{RC_SLICE("name"), RC_SLICE("bob")}};
	struct rc_expr_scope n = {.n = true}, acc = {.account = fields, .n_account = 2};
	struct rc_expr *e = NULL;
	struct rc_err err = {0};

	expect(compile_in(env, "first", NULL), "F");
	expect(compile_in(env, "first('', first) .. col .. col['col'] .. col.first", NULL), "FCCF");
	expect(compile_in(env, "n .. account", NULL), "NA");
	expect(compile_in(env, "(function(first) return first end)(id)", NULL), "7");
	rc_expr_set_n(env, 12);
	expect(compile_in(env, "name .. n", &n), "Ann12");
	expect(compile_in(env, "n", &n), "12");
	rc_expr_set_account(env, account, 1);
	expect(compile_in(env, "account.name .. account.email .. name .. col.account", &acc), "bobAnnA");
	assert_int_equal(rc_expr_compile(env, "account.nam == name", "/a", &acc, &e, NULL, &err), RC_CONFIG);
	assert_non_null(strstr(err.what, "did you mean 'name'?"));
	assert_int_equal(rc_expr_compile(env, "account == name", "/a", &acc, &e, NULL, &err), RC_CONFIG);
}

static void test_unknown_is_told_apart(void **state)
{
	struct rc_expr *e = NULL;
	struct rc_slice unknown;
	struct rc_err err = {0};
	const char *text = "lower(department) .. id";
	const struct rc_expr_scope whole = {.column = true};

	assert_int_equal(rc_expr_compile(*state, text, "/a", NULL, &e, &unknown, &err), RC_CONFIG);
	assert_true(rc_slice_eqs(unknown, "department"));
	assert_ptr_equal(unknown.p, text + 6);
	assert_int_equal(rc_expr_compile(*state, "col['Given Name']", "/a", NULL, &e, &unknown, &err), RC_CONFIG);
	assert_true(rc_slice_eqs(unknown, "Given Name"));
	assert_int_equal(rc_expr_compile(*state, "Given Name", "/a", &whole, &e, &unknown, &err), RC_CONFIG);
	assert_true(rc_slice_eqs(unknown, "Given Name"));
	assert_int_equal(rc_expr_compile(*state, "E-Mail", "/a", &whole, &e, &unknown, &err), RC_CONFIG);
	assert_true(rc_slice_eqs(unknown, "E-Mail"));
	assert_int_equal(rc_expr_compile(*state, "firm .. id", "/a", &whole, &e, &unknown, &err), RC_CONFIG);
	assert_true(rc_slice_eqs(unknown, "firm"));
	assert_int_equal(rc_expr_compile(*state, "lowr(id)", "/a", NULL, &e, &unknown, &err), RC_CONFIG);
	assert_null(unknown.p);
	assert_int_equal(rc_expr_compile(*state, "id id", "/a", NULL, &e, &unknown, &err), RC_CONFIG);
	assert_null(unknown.p);
	assert_int_equal(rc_expr_compile(*state, "id", "/a", NULL, &e, &unknown, &err), RC_OK);
	assert_null(unknown.p);
}

static void test_columns_used(void **state)
{
	static const struct {
		const char *text;
		unsigned bits;
		bool all;
	} t[] = {
		{"id", 1, false},
		{"'id'", 0, false},
		{"lower(name) .. id -- first", 3, false},
		{"col['first'] --[[ id ]] .. [[name]]", 4, false},
		{"col.name", 2, false},
		{"{ id = name }", 2, false},
		{"(function(x) local id = name return x end)(first)", 6, false},
		{"(function(name) return name end)(id)", 3, false}, /* hidden, yet counted: never too few */
		{"col[id]", 1, true},
		{"col['i\\x64']", 0, true},
		{"name.id", 2, false},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct rc_columns set = {0};

		rc_columns_add(&set, compile_in(*state, t[i].text, NULL));
		assert_int_equal(set.all, t[i].all);
		set.all = false;
		for (size_t c = 0; c < 6; c++)
			if (rc_columns_has(&set, c) != (t[i].bits >> c & 1))
				fail_msg("%s: column %zu", t[i].text, c);
		assert_false(rc_columns_has(&set, 1000));
		rc_columns_done(&set);
	}
}

static void test_conditions_and_numbers(void **state)
{
	struct rc_err err = {0};
	double d;
	bool b;

	assert_int_equal(rc_expr_eval_bool(compile_in(*state, "name", NULL), &b, &err), RC_DATA);
	assert_int_equal(rc_expr_eval_bool(compile_in(*state, "2", NULL), &b, &err), RC_DATA);
	assert_int_equal(rc_expr_eval_bool(compile_in(*state, "1", NULL), &b, &err), RC_OK);
	assert_true(b);
	assert_int_equal(rc_expr_eval_bool(compile_in(*state, "' TRUE '", NULL), &b, &err), RC_OK);
	assert_true(b);
	assert_int_equal(rc_expr_eval_bool(compile_in(*state, "nil", NULL), &b, &err), RC_OK);
	assert_false(b);
	assert_int_equal(rc_expr_eval_number(compile_in(*state, "id", NULL), &d, &err), RC_OK);
	assert_true(d == 7);
	assert_int_equal(rc_expr_eval_number(compile_in(*state, "1.5", NULL), &d, &err), RC_OK);
	assert_true(d == 1.5);
	assert_int_equal(rc_expr_eval_number(compile_in(*state, "' '", NULL), &d, &err), RC_OK);
	assert_true(isnan(d));
	assert_int_equal(rc_expr_eval_number(compile_in(*state, "false", NULL), &d, &err), RC_OK);
	assert_true(isnan(d));
	assert_int_equal(rc_expr_eval_number(compile_in(*state, "name", NULL), &d, &err), RC_DATA);
	assert_int_equal(rc_expr_eval_number(compile_in(*state, "'0x10'", NULL), &d, &err), RC_DATA);
	assert_int_equal(rc_expr_eval_number(compile_in(*state, "true", NULL), &d, &err), RC_DATA);
}

static void test_long_and_odd_texts(void **state)
{
	struct rc_expr_env *env = *state;
	char *big = malloc(20000), *wide = malloc(70001);
	struct rc_expr *e = NULL, *name = compile_in(env, "name", NULL);
	struct rc_slice fields[2] = {{"7", 1}, {wide, 70000}};
	struct rc_err err = {0};

	memset(big, '(', 20000);
	big[19999] = 0;
	assert_int_equal(rc_expr_compile(env, big, "/a", NULL, &e, NULL, &err), RC_CONFIG);
	big[5000] = 0;
	assert_int_equal(rc_expr_compile(env, big, "/a", NULL, &e, NULL, &err), RC_CONFIG);
	assert_int_equal(rc_expr_compile(env, "\x1bLua", "/a", NULL, &e, NULL, &err), RC_CONFIG);
	assert_int_equal(rc_expr_compile(env, "'\xff", "/a", NULL, &e, NULL, &err), RC_CONFIG);
	assert_int_equal(rc_expr_compile(env, "[==[", "/a", NULL, &e, NULL, &err), RC_CONFIG);
	memset(wide, 'w', 70000);
	rc_expr_row_csv(env, fields, 2);
	refuse(name, "64 KiB");
	refuse(compile_in(env, "matches(name, 'x')", NULL), "64 KiB");
	expect(compile_in(env, "truncate(name, 3) .. account", NULL), "www"); /* fields that are not there are "" */
	rc_expr_row_none(env);
	expect(name, "");
	free(big);
	free(wide);
}

static void test_results_live_until_the_next_row(void **state)
{
	struct rc_expr_env *env = *state;
	struct rc_expr *e = compile_in(env, "name .. n", &(struct rc_expr_scope){.n = true});
	struct rc_slice s[200];
	char want[16];

	for (int64_t i = 0; i < 200; i++) {
		rc_expr_set_n(env, i);
		assert_int_equal(rc_expr_eval_string(e, &s[i], NULL), RC_OK);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(want, sizeof(want), "Ann%d", i);
		assert_true(rc_slice_eqs(s[i], want));
	}
}

/* A value is that of its cells, whether it was remembered or not: beside a twin that remembers nothing. */
static void test_remembered_values(void **state)
{
	static const char *const texts[] = {
		"name .. '|' .. first",       "name == 'bad' and name < 5 or lower(name)", "#name", "name == 'Ann'",
		"name ~= '' and name or nil",
	};
	static char long_cell[200];
	const char *const cells[] = {"", "Ann", "A", "nn", "bad", "Annn", "\x03", long_cell};
	unsigned seed = 5;

	memset(long_cell, 'L', sizeof(long_cell) - 1);
	for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
		struct rc_expr *e = compile_in(*state, texts[t], NULL), *twin = compile_in(*state, texts[t], NULL);

		rc_expr_memo_off(twin);
		for (unsigned i = 0; i < 4000; i++) {
			struct rc_slice r[COLUMNS], a = {0}, b = {0};
			struct rc_err err_a = {0}, err_b = {0};
			char everybody[32];
			bool differs = t & 1 ? i < 2000 : i > 2000; /* first: it is given up */

			memcpy(r, row, sizeof(r));
			snprintf(everybody, sizeof(everybody), "p%u", i);
			for (size_t c = 1; c < 3; c++, seed = seed * 1664525u + 1013904223u)
				r[c] = rc_slice_str(differs ? everybody : cells[seed >> 20 & 7]);
			rc_expr_row_csv(*state, r, COLUMNS);
			assert_int_equal(rc_expr_eval_string(e, &a, &err_a), rc_expr_eval_string(twin, &b, &err_b));
			assert_true(rc_slice_eq(a, b) && !a.p == !b.p);
			assert_string_equal(err_a.what, err_b.what);
		}
	}
}

/* What is done without Lua has the value and the fault that Lua would have; what only looks like it is Lua's. */
static void test_case_of_a_column(void **state)
{
	static const struct {
		const char *text, *same;
	} t[] = {{"lower(name)", "lower(name .. '')"},      {" upper ( name ) ", "upper(name .. '')"},
		 {"lower(first)", "lower(first .. '')"},    {"lower{name}", "lower({name .. ''})"},
		 {"lower(name) -- )", "lower(name .. '')"}, {"lower((name))", "lower(name .. '')"},
		 {"trim(name)", "trim(name .. '')"}};
	static char longest[(64 << 10) + 1];
	const struct rc_slice cells[] = {RC_SLICE("Ann@[`{Z"),
					 RC_SLICE(""),
					 {NULL, 0},
					 RC_SLICE("\xc3\x84rzt\xff"),
					 {longest, sizeof(longest)},
					 {longest, sizeof(longest) - 1}};

	memset(longest, 'L', sizeof(longest));
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct rc_expr *a = compile_in(*state, t[i].text, NULL), *b = compile_in(*state, t[i].same, NULL);

		for (size_t c = 0; c < sizeof(cells) / sizeof(*cells); c++) {
			struct rc_slice r[COLUMNS], x = {0}, y = {0};
			struct rc_err err_x = {0}, err_y = {0};

			for (size_t k = 0; k < COLUMNS; k++)
				r[k] = cells[c];
			rc_expr_row_csv(*state, r, COLUMNS);
			assert_int_equal(rc_expr_eval_string(a, &x, &err_x), rc_expr_eval_string(b, &y, &err_y));
			assert_true(rc_slice_eq(x, y) && !x.p == !y.p);
			assert_string_equal(err_x.what, err_y.what);
		}
	}
}

static void test_patterns_from_data(void **state)
{
	struct rc_expr_env *env = *state;
	struct rc_expr *e = compile_in(env, "matches(name, id) and 'y' or 'n'", NULL);
	struct rc_slice fields[2];
	char text[16];

	for (int i = 0; i < 300; i++) { /* more than the cache holds */
		snprintf(text, sizeof(text), "p%d", i);
		fields[0] = fields[1] = rc_slice_str(text);
		rc_expr_row_csv(env, fields, 2);
		expect(e, "y");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_runaways, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit_is_per_evaluation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_lasts, setup, teardown),
		cmocka_unit_test(test_ldif_lists_are_copies),
		cmocka_unit_test_setup_teardown(test_names_that_collide, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_is_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_columns_used, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conditions_and_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_case_of_a_column, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_and_odd_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_results_live_until_the_next_row, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remembered_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_patterns_from_data, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
