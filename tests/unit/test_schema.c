/* What the suite of draft 7 does not hold: newer keywords, messages, defaults, refusals to compile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/alloc.h"
#include "engine/base/embedded.h"
#include "engine/config/schema.h"

static cJSON *json(const char *text)
{
	struct rc_err err = {0};
	cJSON *v = NULL;

	if (rc_json_parse("t", rc_slice_str(text), true, &v, &err))
		fail_msg("%s: %s", text, err.what);
	return v;
}

static struct rc_schema_set *compile(const char *text)
{
	struct rc_schema_set *set = NULL;
	struct rc_err err = {0};

	if (rc_schema_compile("t", json(text), &set, &err))
		fail_msg("%s", err.what);
	return set;
}

static bool valid(const char *schema, const char *value)
{
	struct rc_schema_set *set = compile(schema);
	cJSON *v = json(value);
	bool ok = rc_schema_check(rc_schema_root(set), v, NULL, NULL, NULL) == 0;

	cJSON_Delete(v);
	rc_schema_set_free(set);
	return ok;
}

static void test_newer_keywords(void **state)
{
	(void)state;
	assert_true(valid("{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}", "[\"a\",1,2]"));
	assert_false(
		valid("{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}", "[\"a\",\"b\"]"));
	assert_false(valid("{\"prefixItems\":[{\"type\":\"string\"}]}", "[1]"));
	assert_true(valid("{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"b\":1}"));
	assert_false(valid("{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}"));
	assert_false(valid("{\"dependentSchemas\":{\"a\":{\"required\":[\"b\"]}}}", "{\"a\":1}"));
	assert_true(valid("{\"contains\":{\"const\":1},\"minContains\":2,\"maxContains\":3}", "[1,1,2]"));
	assert_false(valid("{\"contains\":{\"const\":1},\"minContains\":2}", "[1,2]"));
	assert_false(valid("{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,1]"));
	assert_true(valid("{\"contains\":{\"const\":1},\"minContains\":0}", "[]"));
	assert_true(valid("{\"$ref\":\"#/$defs/a~1b%25\",\"$defs\":{\"a/b%\":{\"type\":\"integer\"}}}", "1"));
	assert_false(valid("{\"$ref\":\"#/$defs/n\",\"maximum\":5,\"$defs\":{\"n\":{\"type\":\"integer\"}}}", "6"));
	assert_false(valid("{\"$ref\":\"#/$defs/n\",\"maximum\":5,\"$defs\":{\"n\":{\"type\":\"integer\"}}}", "1.5"));
	assert_false(valid("{\"$ref\":\"#\"}", "1")); /* a loop is refused, not followed */
}

static void test_patterns(void **state)
{
	char value[80];

	(void)state;
	assert_false(valid("{\"pattern\":\"^a$\"}", "\"a\\n\""));
	assert_true(valid("{\"maxLength\":2}", "\"\xc3\xa4\xf0\x9f\x98\x80\""));
	/* A pattern that would run for ever counts as no match. */
	snprintf(value, sizeof(value), "\"%s!\"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_false(valid("{\"pattern\":\"^(a+)+$\"}", value));
}

/* A pattern of one bracket is answered without PCRE2 where it can be: the same is said of the same pattern in
 * parentheses, for which it cannot. */
static void test_plain_patterns(void **state)
{
	static const char *const brackets[] = {"[A-Za-z0-9._-]", "[ -~]",   "[A-Za-z0-9_\\\\p{Han}-]",
					       "[a-]",           "[-a]",    "[+--]",
					       "[^a]",           "[a^b]",   "[[:digit:]x]",
					       "[\\\\d.]",       "[a-c-e]", "[a\\\\]b]",
					       "[\\u00e4a]",     "[.]]",    "[a]|[b]"};
	char plain[80], grouped[80], value[8];

	(void)state;
	for (size_t i = 0; i < sizeof(brackets) / sizeof(*brackets); i++) {
		struct rc_schema_set *one, *other;

		snprintf(plain, sizeof(plain), "{\"pattern\":\"^%s*$\"}", brackets[i]);
		snprintf(grouped, sizeof(grouped), "{\"pattern\":\"(?:^%s*$)\"}", brackets[i]);
		one = compile(plain);
		other = compile(grouped);
		for (int c = 1; c < 0x80; c++)
			for (int before = 0; before < 2; before++) {
				struct rc_slice v;
				struct rc_err err;

				snprintf(value, sizeof(value), "%s%c", before ? "a" : "", c);
				v = rc_slice_str(value);
				if (rc_schema_check_string(rc_schema_root(one), v, true, &err) !=
				    rc_schema_check_string(rc_schema_root(other), v, true, &err))
					fail_msg("%s of '%s'", plain, value);
			}
		rc_schema_set_free(one);
		rc_schema_set_free(other);
	}
}

static void test_refusals(void **state)
{
	static const char *const bad[][2] = {
		{"{\"properties\":{\"a\":{\"minlength\":3}}}", "/properties/a/minlength: a keyword"},
		{"{\"$ref\":\"other.json\"}", "/$ref: a $ref must lead"},
		{"{\"$ref\":\"#/nowhere\"}", "/$ref: a $ref must lead"},
		{"{\"pattern\":\"(\"}", "/pattern: not a regular"},
		{"{\"pattern\":5}", "/pattern: must be a text"},
		{"{\"type\":\"text\"}", "/type: not a type"},
		{"{\"type\":[]}", "/type: names no type"},
		{"{\"required\":\"a\"}", "/required: must be a list"},
		{"{\"required\":[1]}", "/required: must be a list"},
		{"{\"anyOf\":{}}", "/anyOf: must be a list"},
		{"{\"properties\":[]}", "/properties: must be an object"},
		{"{\"maximum\":\"5\"}", "/maximum: must be a number"},
		{"{\"not\":5}", "/not: a schema must be"},
		{"5", "/: a schema must be"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rc_schema_set *set = NULL;
		struct rc_err err = {0};

		if (rc_schema_compile("t", json(bad[i][0]), &set, &err) != RC_INTERNAL)
			fail_msg("compiles: %s", bad[i][0]);
		if (!strstr(err.what, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], err.what);
	}
}

static void collect(void *ctx, const char *pointer, const char *reason)
{
	rc_buf_addf(ctx, "%s: %s\n", pointer, reason);
}

static void test_messages(void **state)
{
	struct rc_schema_set *set = compile(
		"{\"type\":\"object\",\"required\":[\"a\",\"z\"],\"additionalProperties\":false,\"properties\":{"
		"\"a\":{\"type\":\"integer\",\"minimum\":2},"
		"\"colour\":{\"enum\":[\"red\",\"blue\"]},"
		"\"list\":{\"type\":\"array\",\"maxItems\":1,\"uniqueItems\":true,\"items\":{\"type\":\"string\"}},"
		"\"z\":{\"x-rollcall-expects\":\"a z\",\"pattern\":\"^z$\"},"
		"\"u\":{\"anyOf\":[{\"type\":\"string\",\"minLength\":3},{\"type\":\"object\",\"required\":[\"k\"]}]},"
		"\"c\":{\"pattern\":\"^[a-z]*$\",\"x-rollcall-chars\":\"[a-z]\"}}}");
	cJSON *v = json("{\"a\":1,\"color\":\"red\",\"colour\":\"green\",\"list\":[\"x\",\"x\",5],\"z\":\"hunter2\","
			"\"u\":{},\"c\":\"abC\",\"w\":1}");
	struct rc_buf b = {0};

	(void)state;
	assert_int_equal(rc_schema_check(rc_schema_root(set), v, NULL, collect, &b), 10);
	assert_string_equal(b.p, "/a: must be at least 2\n"
				 "/color: unknown key; did you mean \"colour\"?\n"
				 "/colour: must be one of \"red\", \"blue\"\n"
				 "/list: must have at most 1 entry\n"
				 "/list/2: must be text, is a number\n"
				 "/list/1: stands in the list already, at 0\n"
				 "/z: must be a z\n"
				 "/u/k: is missing\n"
				 "/c: has a character that is not allowed; allowed: [a-z]\n"
				 "/w: unknown key\n");
	cJSON_Delete(v);
	rc_buf_done(&b);
	rc_schema_set_free(set);
}

static void test_strings(void **state)
{
	struct rc_schema_set *set = compile("{\"properties\":{"
					    "\"s\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":4,\"pattern\":\"^"
					    "[a-z]*$\",\"x-rollcall-chars\":\"[a-z]\"},"
					    "\"i\":{\"type\":\"integer\",\"minimum\":-5,\"maximum\":20},"
					    "\"e\":{\"enum\":[\"on\",\"off\"]},"
					    "\"x\":{\"anyOf\":[{\"const\":\"disable\"},{\"pattern\":\"^[0-9.]+$\"}],"
					    "\"not\":{\"const\":\"0.0\"}}}}");
	static const struct {
		const char *at, *value, *message; /* NULL: valid */
	} t[] = {
		{"/properties/s", "abc", NULL},
		{"/properties/s", "a", "is shorter than 2 characters"},
		{"/properties/s", "abcde", "is longer than 4 characters"},
		{"/properties/s", "a\xc3\xbc", "has '\xc3\xbc' (U+00FC) at character 2; allowed: [a-z]"},
		{"/properties/s", "a b", "has U+0020 at character 2; allowed: [a-z]"},
		{"/properties/s", "\xff\xff", "is not valid UTF-8"},
		{"/properties/i", "20", NULL},
		{"/properties/i", "-5", NULL},
		{"/properties/i", "21", "must be at most 20"},
		{"/properties/i", "-6", "must be at least -5"},
		{"/properties/i", "", "must be a whole number"},
		{"/properties/i", "-", "must be a whole number"},
		{"/properties/i", "1e1", "must be a whole number"},
		{"/properties/i", "99999999999999999999", "must be a whole number"},
		{"/properties/e", "on", NULL},
		{"/properties/e", "onn", "must be one of \"on\", \"off\""},
		{"/properties/x", "disable", NULL},
		{"/properties/x", "1.2", NULL},
		{"/properties/x", "0.0", "is what it must not be"},
		{"/properties/x", "no", "is not the one value allowed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct rc_err err = {0};
		const struct rc_schema *s = rc_schema_at(set, t[i].at, &err);
		enum rc_code code;

		assert_non_null(s);
		code = rc_schema_check_string(s, rc_slice_str(t[i].value), true, &err);
		if (code != (t[i].message ? RC_DATA : RC_OK))
			fail_msg("%s", t[i].value);
		if (t[i].message)
			assert_string_equal(err.what, t[i].message);
	}
	assert_null(rc_schema_at(set, "/properties/none", NULL));
	rc_schema_set_free(set);
}

static void test_defaults(void **state)
{
	struct rc_schema_set *set =
		compile("{\"properties\":{\"a\":{\"$ref\":\"#/$defs/"
			"d\"},\"o\":{\"default\":{},\"properties\":{\"x\":{\"default\":1}}},"
			"\"m\":{\"additionalProperties\":{\"properties\":{\"y\":{\"default\":true}}}},"
			"\"l\":{\"items\":{\"properties\":{\"z\":{\"default\":null}}}}},\"$defs\":{\"d\":{\"default\":"
			"\"4h\"}}}");
	cJSON *v = json("{\"m\":{\"k\":{}, \"j\":{\"y\":false}},\"l\":[{},5]}");
	struct rc_buf b = {0};

	(void)state;
	rc_schema_defaults(rc_schema_root(set), v);
	rc_json_write(v, true, 0, &b);
	assert_string_equal(
		b.p,
		"{\"a\":\"4h\",\"l\":[{\"z\":null},5],\"m\":{\"j\":{\"y\":false},\"k\":{\"y\":true}},\"o\":{\"x\":1}}");
	rc_buf_done(&b);
	cJSON_Delete(v);
	rc_schema_set_free(set);
}

/* Every shipped schema compiles, so each keyword in them is one that we check. */
static void test_shipped(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct rc_embedded *e = rc_embedded_schemas; e->name; e++, n++) {
		struct rc_schema_set *set = compile(e->data);

		assert_non_null(rc_schema_root(set));
		rc_schema_set_free(set);
	}
	assert_true(n >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newer_keywords), cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_plain_patterns), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_messages),       cmocka_unit_test(test_strings),
		cmocka_unit_test(test_defaults),       cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
