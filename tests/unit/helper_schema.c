#include "tests/unit/helper_schema.h"
#include "engine/config/json.h"
#include "engine/config/schema.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void complain(void *ctx, const char *pointer, const char *reason)
{
	(void)ctx;
	print_error("%s: %s\n", pointer, reason);
}

void assert_valid(const char *schema, struct rc_slice text)
{
	struct rc_schema_set *set;
	struct rc_err err = {0};
	cJSON *doc;
	char path[512];

	snprintf(path, sizeof(path), SOURCE_DIR "/schemas/%s", schema);
	assert_int_equal(rc_json_load(path, false, &doc, &err), RC_OK);
	if (rc_schema_compile(schema, doc, &set, &err))
		fail_msg("%s", err.what);
	if (rc_json_parse("text", text, false, &doc, &err))
		fail_msg("%s: %.400s", err.what, text.p);
	assert_int_equal(rc_schema_check(rc_schema_root(set), doc, NULL, complain, NULL), 0);
	assert_int_equal(rc_json_duplicates(doc, complain, NULL), 0);
	cJSON_Delete(doc);
	rc_schema_set_free(set);
}
