/* The public JSON-Schema-Test-Suite (Debian: json-schema-test-suite) against every keyword that the validator claims.
 * Debian 12 carries it up to draft 7: groups whose meaning changed in 2020-12 are named below, with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/config/schema.h"

static const char *const roots[] = {"/usr/share/json-schema-test-suite/tests/draft2020-12",
				    "/usr/share/json-schema-test-suite/tests/draft7"};

static const char *const files[] = {
	"additionalProperties",
	"allOf",
	"anyOf",
	"boolean_schema",
	"const",
	"contains",
	"default",
	"definitions",
	"defs",
	"dependentRequired",
	"dependentSchemas",
	"enum",
	"exclusiveMaximum",
	"exclusiveMinimum",
	"if-then-else",
	"items",
	"maxContains",
	"maxItems",
	"maxLength",
	"maxProperties",
	"maximum",
	"minContains",
	"minItems",
	"minLength",
	"minProperties",
	"minimum",
	"multipleOf",
	"not",
	"oneOf",
	"pattern",
	"patternProperties",
	"prefixItems",
	"properties",
	"propertyNames",
	"ref",
	"required",
	"type",
	"uniqueItems",
};

/* file, beginning of the group's description, why it is left out */
static const char *const skipped[][3] = {
	{"definitions", "", "needs the meta-schema from the network"},
	{"defs", "", "needs the meta-schema from the network"},
	{"items", "an array of schemas for items", "items as a list is prefixItems in 2020-12"},
	{"items", "items with boolean schemas", "items as a list is prefixItems in 2020-12"},
	{"ref", "ref overrides any sibling", "siblings of $ref count in 2020-12"},
	{"ref", "escaped pointer ref", "keeps its definitions under unknown keywords, which do not compile here"},
	{"ref", "remote ref", "only references inside a file are claimed"},
	{"ref", "Recursive references between schemas", "$id as a base is not claimed"},
	{"ref", "Location-independent identifier", "$id as a base is not claimed"},
	{"ref", "relative pointer ref to array", "items as a list is prefixItems in 2020-12"},
};

static bool is_skipped(const char *file, const char *group)
{
	for (size_t i = 0; i < sizeof(skipped) / sizeof(*skipped); i++)
		if (strcmp(skipped[i][0], file) == 0 && strncmp(group, skipped[i][1], strlen(skipped[i][1])) == 0)
			return true;
	return false;
}

static unsigned run_group(const char *file, const cJSON *group)
{
	const char *what = rc_json_member(group, "description")->valuestring;
	struct rc_schema_set *set = NULL;
	struct rc_err err = {0};
	unsigned n = 0;
	const cJSON *test;

	if (is_skipped(file, what))
		return 0;
	if (rc_schema_compile(file, cJSON_Duplicate(rc_json_member(group, "schema"), true), &set, &err))
		fail_msg("%s: %s: %s", file, what, err.what);
	cJSON_ArrayForEach(test, rc_json_member(group, "tests"))
	{
		bool want = cJSON_IsTrue(rc_json_member(test, "valid"));
		bool got = rc_schema_check(rc_schema_root(set), rc_json_member(test, "data"), NULL, NULL, NULL) == 0;

		if (want != got)
			fail_msg("%s: %s: %s: wanted %d", file, what, rc_json_member(test, "description")->valuestring,
				 want);
		n++;
	}
	rc_schema_set_free(set);
	return n;
}

static unsigned run_file(const char *root, const char *file)
{
	char path[256];
	cJSON *groups;
	const cJSON *group;
	struct rc_err err = {0};
	unsigned n = 0;

	snprintf(path, sizeof(path), "%s/%s.json", root, file);
	if (access(path, R_OK) != 0)
		return 0;
	if (rc_json_load(path, false, &groups, &err))
		fail_msg("%s", err.what);
	cJSON_ArrayForEach(group, groups) n += run_group(file, group);
	cJSON_Delete(groups);
	return n;
}

static void test_suite(void **state)
{
	unsigned n = 0;
	bool found = false;

	(void)state;
	for (size_t r = 0; r < sizeof(roots) / sizeof(*roots); r++) {
		if (access(roots[r], R_OK) != 0)
			continue;
		found = true;
		for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
			n += run_file(roots[r], files[i]);
	}
	if (!found) {
		print_message("json-schema-test-suite is not installed\n");
		skip();
	}
	print_message("%u tests of the public suite\n", n);
	assert_true(n > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
