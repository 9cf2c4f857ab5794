/* Config files: extends, paths, unreadable ones; and the first config that init proposes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "engine/cmd/cmd_config.h"
#include "engine/cmd/init_columns.h"
#include "engine/config/config.h"
#include "engine/config/json.h"

static char dir[] = "/tmp/rollcall-config-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) && chdir(dir) == 0 && mkdir("base", 0700) == 0 && mkdir("prod", 0700) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char target[] =
	"\"targets\": { \"vpn\": { \"connector\": \"huawei-p2c-vpn\", \"endpoint\": \"https://vpn.example.com\",\n"
	"  \"project_id\": \"p\", \"vpn_server_id\": \"v\", \"adopt_map\": \"map.csv\", \"seal_to\": [\"a.pem\", "
	"\"/b.pem\"],\n"
	"  \"auth\": { \"method\": \"token\", \"token\": { \"file\": \"token\" } },\n"
	"  \"account\": { \"name\": \"n\", \"password\": { \"generate\": {} } } } }";

static struct rc_config *must(const char *path)
{
	struct rc_config_errors errs = {0};
	struct rc_err err = {0};
	struct rc_config *c = NULL;

	if (rc_config_load(path, &c, &errs, &err))
		fail_msg("%s", err.what);
	rc_config_errors_done(&errs);
	return c;
}

static void must_fail(const char *path, const char *pointer, const char *reason)
{
	struct rc_config_errors errs = {0};
	struct rc_err err = {0};
	struct rc_config *c = NULL;

	assert_int_equal(rc_config_load(path, &c, &errs, &err), RC_CONFIG);
	assert_null(c);
	assert_true(errs.n > 0);
	assert_string_equal(errs.v[0].pointer, pointer);
	if (!strstr(errs.v[0].reason, reason))
		fail_msg("wanted %s, got %s", reason, errs.v[0].reason);
	rc_config_errors_done(&errs);
}

static bool ends(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return s[0] == '/' && n >= m && strcmp(s + n - m, tail) == 0;
}

static void test_extends(void **state)
{
	struct rc_buf b = {0};
	struct rc_config *c;
	char sub[256];

	(void)state;
	rc_buf_addf(&b,
		    "{ \"sources\": [ { \"files\": [\"hr/*.csv\"], \"key\": \"id\" } ], \"deadline\": \"1h\",\n"
		    "\"lookups\": { \"S\": \"s.csv\" }, \"environment\": \"base\", %s }",
		    target);
	put("base/base.jsonc", b.p);
	put("prod/site.jsonc", "{ \"extends\": \"../base/base.jsonc\", \"state\": \"st\", \"reports\": \"rep\", "
			       "\"environment\": \"prod\",\n"
			       "\"deadline\": null, \"targets\": { \"vpn\": { \"project_id\": \"q\" } } }");
	rc_buf_done(&b);
	c = must("prod/site.jsonc");
	assert_string_equal(c->environment, "prod");
	assert_int_equal(c->deadline_ns, 4 * 3600 * RC_SECOND);
	assert_string_equal(rc_target_key(&c->targets[0], "project_id"), "q");
	assert_string_equal(rc_target_key(&c->targets[0], "vpn_server_id"), "v");
	assert_true(ends(c->state, "/prod/st"));
	assert_true(ends(c->sources[0].files.v[0], "/prod/../base/hr/*.csv"));
	assert_true(ends(c->lookups[0].value, "/prod/../base/s.csv"));
	assert_true(ends(c->targets[0].adopt_map, "/prod/../base/map.csv"));
	assert_true(ends(c->targets[0].seal_to.v[0], "/prod/../base/a.pem"));
	assert_string_equal(c->targets[0].seal_to.v[1], "/b.pem");
	assert_true(ends(c->targets[0].auth.token.name, "/prod/../base/token"));
	assert_null(strstr(c->effective, "extends"));
	assert_null(strstr(c->effective, dir)); /* the hash must not depend on where the directory lies */
	snprintf(sub, sizeof(sub), "%s/prod/site.jsonc", dir);
	rc_config_free(c);
	rc_config_free(must(sub));
}

static void test_extends_faults(void **state)
{
	char name[32], text[64];

	(void)state;
	put("loop1.json", "{ \"extends\": \"loop2.json\" }");
	put("loop2.json", "{ \"extends\": \"./loop1.json\" }");
	must_fail("loop1.json", "", "leads back to a file");
	put("gone.json", "{ \"extends\": \"nothing.json\" }");
	must_fail("gone.json", "", "nothing.json: cannot be read");
	put("list.json", "[]");
	put("onlist.json", "{ \"extends\": \"list.json\" }");
	must_fail("onlist.json", "", "is no object");
	put("number.json", "{ \"extends\": 5 }");
	must_fail("number.json", "/state", "is missing");
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "deep%d.json", i);
		snprintf(text, sizeof(text), "{ \"extends\": \"deep%d.json\" }", i + 1);
		put(name, text);
	}
	must_fail("deep0.json", "", "more than 8 files");
	put("dup.json", "{ \"state\": \"a\",\n\"state\": \"b\" }");
	put("ondup.json", "{ \"extends\": \"dup.json\" }");
	must_fail("ondup.json", "/state", "more than once in its object (in ./dup.json)");
}

static void test_unreadable(void **state)
{
	(void)state;
	must_fail("absent.json", "", "absent.json: cannot be read: No such file");
	must_fail(".", "", "is a directory");
	put("broken.json", "{\n  \"state\": \"x\",\n}");
	must_fail("broken.json", "", "broken.json:3:1: a comma before the end");
	put("list.json", "[]");
	must_fail("list.json", "", "must be an object");
	put("empty.json", "");
	must_fail("empty.json", "", "empty.json:1:1: a value is missing");
}

/* ---- init ---- */

static int init(const char *const *args, int n)
{
	char *argv[16] = {(char *)(uintptr_t) "init"};

	for (int i = 0; i < n; i++)
		argv[i + 1] = (char *)(uintptr_t)args[i];
	return rc_cmd_init(n + 1, argv);
}

#define INIT(...)                                                                                                      \
	init((const char *const[]){__VA_ARGS__}, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)))

static const char *expr(const struct rc_config *c, const char *field)
{
	int i = rc_account_field(c->targets[0].schema, rc_slice_str(field));
	const struct rc_account_rule *r = &c->targets[0].account[i];

	return r->kind == RC_RULE_EXPR ? r->exprs.v[0] : "";
}

static void test_init(void **state)
{
	struct rc_config *c;

	(void)state;
	put("hr.csv", "\xef\xbb\xbf\"PERNR\";Given Name;E-Mail;Dept;Leave Date;Status\n1;2;3;4;5;6\n");
	assert_int_equal(INIT("--source", "hr.csv", "--output", "a.jsonc", "--set", "project_id=abc"), RC_OK);
	c = must("a.jsonc");
	assert_string_equal(c->targets[0].connector, "huawei-p2c-vpn");
	assert_string_equal(rc_target_key(&c->targets[0], "project_id"), "abc");
	assert_string_equal(c->sources[0].key, "PERNR");
	assert_string_equal(
		expr(c, "name"),
		"replace(replace(clean(replace(replace(lower(ascii(col[\"E-Mail\"])), '.', 'P'), '-', 'H'), "
		"32), 'P', '.'), 'H', '-')");
	assert_string_equal(expr(c, "description"), "clean(ascii(Dept), 64)");
	rc_config_free(c);

	assert_int_equal(INIT("--output", "a.jsonc"), RC_CANTCREAT);
	assert_int_equal(INIT("--output", "a.jsonc", "--force", "--connector", "alibaba-sag-app", "--key", "id"),
			 RC_OK);
	c = must("a.jsonc");
	assert_string_equal(c->targets[0].connector, "alibaba-sag-app");
	assert_string_equal(c->sources[0].key, "id");
	assert_string_equal(expr(c, "UserMail"), "email");
	rc_config_free(c);

	/* A config in another directory still finds the export. */
	assert_int_equal(INIT("--source", "hr.csv", "--output", "prod/b.jsonc"), RC_OK);
	c = must("prod/b.jsonc");
	assert_int_equal(access(c->sources[0].files.v[0], R_OK), 0);
	rc_config_free(c);
}

static void test_init_other_sources(void **state)
{
	struct rc_config *c;
	gzFile gz = gzopen("hr.csv.gz", "wb");

	(void)state;
	gzputs(gz, "employee_id,user_name,odd\n");
	gzclose(gz);
	assert_int_equal(INIT("--source", "hr.csv.gz", "--output", "gz.jsonc"), RC_OK);
	c = must("gz.jsonc");
	assert_string_equal(c->sources[0].key, "employee_id");
	assert_string_equal(expr(c, "name"), "lower(user_name)");
	rc_config_free(c);
	put("people.ldif", "version: 1\n\ndn: uid=ada,dc=x\nuid: ada\nMail: a@b.c\n folded\nentryUUID: 1\nsn:: Zm9v\n");
	assert_int_equal(INIT("--source", "people.ldif", "--output", "l.jsonc", "--connector", "alibaba-sag-app"),
			 RC_OK);
	c = must("l.jsonc");
	assert_string_equal(c->sources[0].key, "entryuuid");
	assert_string_equal(expr(c, "UserMail"), "mail");
	rc_config_free(c);
	put("odd.csv", "a,b\n");
	assert_int_equal(INIT("--source", "odd.csv", "--output", "odd.jsonc"), RC_OK);
	rc_config_free(must("odd.jsonc"));
}

static void test_init_faults(void **state)
{
	(void)state;
	assert_int_equal(INIT("--connector", "x"), RC_USAGE);
	assert_int_equal(INIT("--what"), RC_USAGE);
	assert_int_equal(INIT("extra"), RC_USAGE);
	assert_int_equal(INIT("--set", "x"), RC_USAGE);
	assert_int_equal(INIT("--set", "x=1"), RC_USAGE);
	assert_int_equal(INIT("--source"), RC_USAGE);
	assert_int_equal(INIT("--source", "nothing.csv"), RC_DATA);
	assert_int_equal(INIT("--endpoint", "http://example.com", "--output", "x.jsonc"), RC_USAGE);
	assert_int_not_equal(access("x.jsonc", F_OK), 0);
	assert_int_equal(INIT("--output", "/nonexistent/x.jsonc"), RC_CANTCREAT);
	assert_int_equal(INIT("--output", "/dev/full", "--force"), RC_CANTCREAT);
}

static void test_schema_command(void **state)
{
	char *bad[] = {(char[]){"schema"}, (char[]){"confg"}, NULL};
	char *many[] = {(char[]){"schema"}, (char[]){"a"}, (char[]){"b"}, NULL};
	char *good[] = {(char[]){"schema"}, (char[]){"huawei-p2c-vpn"}, NULL};
	int out = dup(STDOUT_FILENO), fd = open("out", O_RDWR | O_CREAT, 0600);
	struct rc_err err = {0};
	cJSON *v = NULL;

	(void)state;
	assert_int_equal(rc_cmd_schema(2, bad), RC_USAGE);
	assert_int_equal(rc_cmd_schema(3, many), RC_USAGE);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	assert_int_equal(rc_cmd_schema(2, good), RC_OK);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(fd);
	assert_int_equal(rc_json_load("out", false, &v, &err), RC_OK);
	assert_non_null(rc_json_member(v, "x-rollcall"));
	cJSON_Delete(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extends),
		cmocka_unit_test(test_extends_faults),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_init_other_sources),
		cmocka_unit_test(test_init_faults),
		cmocka_unit_test(test_schema_command),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
