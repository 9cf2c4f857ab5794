/* The strict reader: what it takes, what it refuses, and where it points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/base/alloc.h"
#include "engine/config/json.h"

static cJSON *parse(const char *text)
{
	struct rc_err err = {0};
	cJSON *v = NULL;

	if (rc_json_parse("f", rc_slice_str(text), true, &v, &err)) {
		print_message("%s\n", err.what);
		return NULL;
	}
	return v;
}

static void test_faults(void **state)
{
	static const struct {
		const char *text, *where; /* LINE:COLUMN: reason begins so */
	} t[] = {
		{"", "1:1: a value is missing"},
		{"{", "1:1: an object begins here"},
		{"{\"a\":1,}", "1:8: a comma before the end"},
		{"[1,]", "1:4: a comma before the end"},
		{"{\"a\" 1}", "1:6: ':' is missing"},
		{"{\n  \"a\": 1\n  \"b\": 2 }", "3:3: ',' or '}' is missing"},
		{"[1 2]", "1:4: ',' or ']' is missing"},
		{"{a:1}", "1:2: a key in double quotes"},
		{"['a']", "1:2: not a value"},
		{"\"a\nb\"", "1:3: a string may not hold a line break"},
		{"\"a\tb\"", "1:3: a control character"},
		{"\"abc", "1:1: a string begins here"},
		{"\"\\u0000\"", "1:2: \\u0000 is not allowed"},
		{"\"\\ud800\"", "1:2: half of a surrogate pair"},
		{"\"\\ud800\\u0041\"", "1:2: half of a surrogate pair"},
		{"\"\\udc00\"", "1:2: half of a surrogate pair"},
		{"\"\\q\"", "1:2: an unknown escape"},
		{"\"\\u12g4\"", "1:6: \\u needs four"},
		{"\"\xff\"", "1:2: bytes that are not valid UTF-8"},
		{"01", "1:1: a number may not begin with 0"},
		{"-", "1:1: not a number"},
		{"1.", "1:1: not a number"},
		{"1e", "1:1: not a number"},
		{"1e999", "1:1: a number too large"},
		{"+1", "1:1: not a value"},
		{"nul", "1:1: not a value"},
		{"NaN", "1:1: not a value"},
		{"{} x", "1:4: something stands after"},
		{"/* a\n b", "1:1: a comment begins here"},
		{"1 /* a */ /", "1:11: something stands after"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct rc_err err = {0};
		char want[128];
		cJSON *v = NULL;

		snprintf(want, sizeof(want), "f:%s", t[i].where);
		if (rc_json_parse("f", rc_slice_str(t[i].text), true, &v, &err) != RC_CONFIG)
			fail_msg("taken: %s", t[i].text);
		if (strncmp(err.what, want, strlen(want)) != 0)
			fail_msg("%s: wanted %s, got %s", t[i].text, want, err.what);
		assert_null(v);
	}
}

static void test_comments(void **state)
{
	cJSON *v = parse(
		"\xef\xbb\xbf// head\n{ /* one\n two */ \"a//b\": \"/* no */ \\\" // no\", // tail\n\"c\": 1 }\n//");

	(void)state;
	assert_non_null(v);
	assert_string_equal(rc_json_member(v, "a//b")->valuestring, "/* no */ \" // no");
	assert_int_equal(rc_json_member(v, "c")->valueint, 1);
	assert_null(rc_json_member(v, "C"));
	cJSON_Delete(v);
	assert_int_equal(rc_json_parse("f", RC_SLICE("1 // x"), false, &v, NULL), RC_CONFIG);
}

static void test_depth(void **state)
{
	char text[400];
	cJSON *v;

	(void)state;
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	text[130] = 0;
	assert_null(parse(text));
	text[129] = 0;
	v = parse(text + 1);
	assert_non_null(v);
	cJSON_Delete(v);
	memset(text, '[', 399);
	text[399] = 0;
	assert_null(parse(text));
}

struct found {
	size_t n;
	char pointers[8][64];
};

static void collect(void *ctx, const char *pointer, const char *reason)
{
	struct found *f = ctx;

	assert_true(strlen(reason) > 0);
	snprintf(f->pointers[f->n++], sizeof(f->pointers[0]), "%s", pointer);
}

static void test_duplicates(void **state)
{
	cJSON *v = parse(
		"{\"a\":1,\"b\":{\"x/y\":1,\"~\":2,\"x/y\":3,\"x/y\":4},\"c\":[0,{\"k\":1,\"k\":2}],\"A\":1,\"a\":2}");
	struct found f = {0};

	(void)state;
	assert_int_equal(rc_json_duplicates(v, collect, &f), 3);
	assert_string_equal(f.pointers[0], "/a");
	assert_string_equal(f.pointers[1], "/b/x~1y");
	assert_string_equal(f.pointers[2], "/c/1/k");
	cJSON_Delete(v);
}

/* The examples of RFC 7396, appendix A. */
static void test_merge(void **state)
{
	static const char *const t[][3] = {
		{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
		{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
		{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
		{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
		{"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
		{"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
		{"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
		{"{\"a\":\"foo\"}", "null", "null"},
		{"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
		{"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
		{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		cJSON *target = parse(t[i][0]), *patch = parse(t[i][1]), *want = parse(t[i][2]);
		cJSON *got = rc_json_merge(target, patch);

		if (!rc_json_equal(got, want))
			fail_msg("%s + %s", t[i][0], t[i][1]);
		cJSON_Delete(target);
		cJSON_Delete(patch);
		cJSON_Delete(want);
		cJSON_Delete(got);
	}
}

static void test_write(void **state)
{
	cJSON *v = parse("{\"b\":[1,2.5,-0.1,1e300,12345678901],\"a\":{\"x\":null,\"y\":true},\"c\":\"\xc3\xa4\\n\"}");
	struct rc_buf b = {0};

	(void)state;
	rc_json_write(v, true, 0, &b);
	assert_string_equal(
		b.p, "{\"a\":{\"x\":null,\"y\":true},\"b\":[1,2.5,-0.1,1e+300,12345678901],\"c\":\"\xc3\xa4\\n\"}");
	rc_buf_clear(&b);
	rc_json_write(rc_json_member(v, "a"), false, 2, &b);
	assert_string_equal(b.p, "{\n  \"x\": null,\n  \"y\": true\n}");
	rc_buf_done(&b);
	cJSON_Delete(v);
}

static void test_files(void **state)
{
	char path[] = "/tmp/rollcall-json-XXXXXX";
	int fd = mkstemp(path);
	struct rc_err err = {0};
	cJSON *v = NULL;

	(void)state;
	assert_int_equal(rc_json_load("/nonexistent/x", true, &v, &err), RC_CONFIG);
	assert_non_null(strstr(err.what, "/nonexistent/x: cannot be read: No such file"));
	assert_int_equal(rc_json_load("/", true, &v, &err), RC_CONFIG);
	assert_int_equal(rc_json_load(path, true, &v, &err), RC_CONFIG); /* empty */
	assert_int_equal(ftruncate(fd, RC_JSON_MAX_BYTES + 1), 0);
	assert_int_equal(rc_json_load(path, true, &v, &err), RC_CONFIG);
	assert_non_null(strstr(err.what, "larger than 4 MiB"));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "{}", 2, 0), 2);
	assert_int_equal(rc_json_load(path, true, &v, &err), RC_OK);
	cJSON_Delete(v);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),     cmocka_unit_test(test_comments), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_duplicates), cmocka_unit_test(test_merge),    cmocka_unit_test(test_write),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
