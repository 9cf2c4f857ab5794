/* The config: the example of the documentation, its defaults, and every kind of fault with its pointer. */
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
#include "engine/config/config.h"
#include "engine/config/json.h"

static const char good[] =
	"{ \"version\": 1,\n"
	"  \"state\": \"state\", \"reports\": \"/var/reports\", // comment\n"
	"  \"sources\": [ { \"files\": [\"hr/*.csv.gz\"], \"key\": \"employee_id\", \"where\": \"status == 'active'\" "
	"} ],\n"
	"  \"targets\": {\n"
	"    \"vpn\": { \"connector\": \"huawei-p2c-vpn\", \"endpoint\": \"https://vpn.example.com/\", \"project_id\": "
	"\"p\",\n"
	"      \"vpn_server_id\": \"v\",\n"
	"      \"auth\": { \"method\": \"aksk\", \"access_key\": { \"env\": \"AK\" }, \"secret_key\": { \"file\": "
	"\"sk\" } },\n"
	"      \"account\": { \"name\": \"lower(user_name)\", \"description\": \"clean(department, 64)\",\n"
	"                   \"password\": { \"generate\": { \"length\": 20 } } },\n"
	"      \"create_groups\": true, \"missing\": { \"action\": \"delete\" } },\n"
	"    \"sag\": { \"connector\": \"alibaba-sag-app\", \"endpoint\": "
	"\"https://smartag.cn-shanghai.aliyuncs.com\",\n"
	"      \"region_id\": \"cn-shanghai\", \"smart_ag_id\": \"sag-1\",\n"
	"      \"auth\": { \"method\": \"aksk\", \"access_key\": { \"env\": \"AK2\" }, \"secret_key\": { "
	"\"credential\": \"c\" } },\n"
	"      \"account\": { \"UserMail\": \"email\", \"Bandwidth\": 2000 } } },\n"
	"  \"credentials\": { \"seal_to\": [\"ops.crt.pem\"], \"file\": \"credentials\" } }\n";

static cJSON *json(const char *text)
{
	struct rc_err err = {0};
	cJSON *v = NULL;

	if (rc_json_parse("test", rc_slice_str(text), true, &v, &err))
		fail_msg("%s: %s", text, err.what);
	return v;
}

/* The good config with a merge patch over it. */
static struct rc_config *load(const char *patch, struct rc_config_errors *errs, struct rc_err *err)
{
	cJSON *base = json(good), *over = json(patch), *merged = rc_json_merge(base, over);
	struct rc_config *c = NULL;
	struct rc_buf b = {0};

	rc_json_write(merged, false, 0, &b);
	rc_config_parse(rc_buf_slice(&b), "/", &c, errs, err);
	rc_buf_done(&b);
	cJSON_Delete(base);
	cJSON_Delete(over);
	cJSON_Delete(merged);
	return c;
}

static struct rc_config *must(const char *patch)
{
	struct rc_config_errors errs = {0};
	struct rc_err err = {0};
	struct rc_config *c = load(patch, &errs, &err);

	if (!c)
		fail_msg("%s: %s", patch, err.what);
	rc_config_errors_done(&errs);
	return c;
}

static void test_example(void **state)
{
	struct rc_config *c = must("{}");
	const struct rc_target *vpn = rc_config_target(c, "vpn"), *sag = rc_config_target(c, "sag");

	(void)state;
	assert_string_equal(c->state, "/state");
	assert_string_equal(c->reports, "/var/reports");
	assert_int_equal(c->n_sources, 1);
	assert_string_equal(c->sources[0].files.v[0], "/hr/*.csv.gz");
	assert_string_equal(c->sources[0].where, "status == 'active'");
	assert_string_equal(c->credentials.file, "/credentials");
	assert_string_equal(c->credentials.seal_to.v[0], "/ops.crt.pem");
	assert_int_equal(c->n_targets, 2);
	assert_null(rc_config_target(c, "none"));
	assert_string_equal(vpn->endpoint, "https://vpn.example.com");
	assert_string_equal(rc_target_key(vpn, "project_id"), "p");
	assert_null(rc_target_key(vpn, "region_id"));
	assert_int_equal(vpn->n_servers, 1);
	assert_false(vpn->pool);
	assert_string_equal(vpn->servers[0].id, "v");
	assert_int_equal(vpn->auth.access_key.kind, RC_SECRET_ENV);
	assert_string_equal(vpn->auth.secret_key.name, "/sk");
	assert_string_equal(vpn->auth.secret_key.pointer, "/targets/vpn/auth/secret_key");
	assert_int_equal(vpn->account[rc_account_field(vpn->schema, RC_SLICE("password"))].kind, RC_RULE_GENERATE);
	assert_int_equal(vpn->account[rc_account_field(vpn->schema, RC_SLICE("password"))].generate_length, 20);
	assert_int_equal(__builtin_popcount(vpn->mapped), 3);
	assert_int_equal(vpn->missing.action, RC_MISSING_DELETE);
	assert_true(vpn->create_groups);
	assert_string_equal(vpn->seal_to.v[0], "/ops.crt.pem");
	assert_int_equal(vpn->batch_users, 50);
	assert_string_equal(sag->auth.signature, "v3");
	assert_string_equal(sag->account[rc_account_field(sag->schema, RC_SLICE("Bandwidth"))].exprs.v[0], "2000");
	assert_int_equal(sag->batch_users, 1);
	assert_int_equal(c->secret_env.n, 2);
	assert_string_equal(c->secret_env.v[0], "AK");
	rc_config_free(c);
}

static void test_defaults(void **state)
{
	struct rc_config *c = must("{}");
	const struct rc_target *t = &c->targets[1];
	const struct rc_source *s = &c->sources[0];

	(void)state;
	assert_int_equal(c->deadline_ns, 4 * 3600 * RC_SECOND);
	assert_int_equal(c->max_in_flight, 256);
	assert_int_equal(c->timeouts.connect_ns, 10 * RC_SECOND);
	assert_int_equal(c->timeouts.request_ns, 60 * RC_SECOND);
	assert_int_equal(c->timeouts.settle_ns, 10 * RC_SECOND);
	assert_int_equal(c->timeouts.confirm_ns, 60 * RC_SECOND);
	assert_int_equal(c->timeouts.unreachable_ns, 300 * RC_SECOND);
	assert_int_equal(c->retention_reports_ns, 400 * RC_DAY);
	assert_int_equal(c->retention_history_ns, 400 * RC_DAY);
	assert_true(c->report.html && !c->report.all_users);
	assert_null(c->environment);
	assert_int_equal(c->proxy.kind, RC_SECRET_NONE);
	assert_int_equal(s->pick, RC_PICK_ALL);
	assert_string_equal(s->format, "auto");
	assert_int_equal(s->delimiter, 0);
	assert_string_equal(s->encoding, "utf-8");
	assert_int_equal(s->duplicates, RC_DUP_REJECT);
	assert_int_equal(s->unchanged, RC_UNCHANGED_WARN);
	assert_int_equal(s->on_error, RC_SOURCE_STOP);
	assert_int_equal(s->expect.min_rows, -1);
	assert_int_equal(s->max_record_bytes, 1 << 20);
	assert_int_equal(t->missing.action, RC_MISSING_REPORT);
	assert_int_equal(t->missing.after_runs, 1);
	assert_int_equal(t->missing.after_days, 0);
	assert_int_equal(t->existing, RC_EXISTING_ADOPT);
	assert_int_equal(t->on_adopt, RC_ENFORCE);
	assert_int_equal(t->drift[0], RC_ENFORCE);
	assert_int_equal(t->list_max_age_ns, 7 * RC_DAY);
	assert_int_equal(t->name_reuse_days, 365);
	assert_int_equal(rc_limit_max(&t->guards.max_deletes, 10000), 200);
	assert_int_equal(rc_limit_max(&t->guards.max_deletes, 1000), 50);
	assert_true(t->guards.max_creates.unlimited && t->guards.max_changes.unlimited &&
		    t->guards.max_adopts.unlimited);
	assert_int_equal(rc_limit_max(&t->guards.max_updates, 1000), 200);
	assert_int_equal(rc_limit_max(&t->guards.max_renames, 1000), 10);
	assert_int_equal(rc_limit_max(&t->guards.max_blanked, 1000), 20);
	assert_int_equal(rc_limit_max(&t->guards.max_failures, 1000), 200);
	assert_int_equal(rc_limit_max(&t->guards.max_source_shrink, 1000), 200);
	assert_int_equal(rc_limit_max(&t->guards.max_rejected_rows, 1000), 10);
	assert_int_equal(t->guards.min_source_rows, 1);
	assert_int_equal(t->guards.tolerate_rejected, 0);
	assert_int_equal(t->pace.max_in_flight, 64);
	assert_int_equal(t->pace.max_requests_per_day, 0);
	assert_int_equal(t->pace.wait_for_seats_ns, 0);
	rc_config_free(c);
}

static void test_every_key(void **state)
{
	struct rc_config *c = must(
		"{\"environment\":\"prod\",\"deadline\":\"30m\",\"max_in_flight\":12,\"lookups\":{\"SITE\":\"sites."
		"csv\"},"
		"\"overrides\":{\"file\":\"o.csv\"},\"proxy\":\"http://proxy:3128\",\"tls\":{\"ca_file\":\"ca.pem\"},"
		"\"timeouts\":{\"connect\":\"1s\",\"settle\":\"0s\"},\"freeze\":[\"2026-12-18/"
		"2027-01-04\",\"2026-05-01\"],"
		"\"retention\":{\"reports\":\"30d\"},\"on_finish\":[\"./notify\",\"-v\"],\"$schema\":\"x\","
		"\"report\":{\"users\":\"all\",\"html\":false,\"metrics_file\":\"m.prom\",\"columns\":[\"site\"]},"
		"\"sources\":[{\"command\":[\"hr-export\",\"--all\"],\"key\":\"id\",\"format\":\"csv\",\"delimiter\":"
		"\"tab\","
		"\"encoding\":\"GB18030\",\"columns\":{\"id\":[\"PERNR\",\"Employee ID\"],\"x\":\"y\"},\"left\":\"gone "
		"== '1'\","
		"\"active_from\":\"a\",\"active_until\":\"b\",\"date_format\":\"%d.%m.%Y\",\"timezone\":\"Europe/"
		"Berlin\","
		"\"duplicates\":{\"prefer\":\"n\"},\"expect\":{\"rows\":{\"min\":5},\"trailer\":\"^T;([0-9]+)$\"},"
		"\"unchanged\":\"stop\",\"on_error\":\"freeze\",\"max_record\":\"2MiB\",\"max_ratio\":0},"
		"{\"files\":[\"/"
		"a.csv\",\"-\"],\"pick\":\"newest\",\"key\":\"id\",\"stamp\":\"hr-([0-9]{8})\",\"max_age\":\"30h\","
		"\"expect\":{\"rows\":7,\"sha256_file\":\"{file}.sha256\",\"ready\":\"done.ok\",\"min_quiet\":\"1m\"}}]"
		","
		"\"guards\":{\"max_deletes\":3,\"tolerate_rejected\":9},"
		"\"targets\":{\"vpn\":{\"vpn_server_id\":null,\"where\":\"w\",\"server\":\"site\","
		"\"servers\":[{\"vpn_server_id\":\"a\",\"label\":\"eu-1\",\"seats\":500,\"drain\":true,\"address\":"
		"\"vpn1\"},"
		"{\"vpn_server_id\":\"b\"}],"
		"\"account\":{\"name\":{\"first_free\":[\"login\",\"login .. n\"],\"max_n\":9},\"static_ip\":\"ip\"},"
		"\"missing\":{\"action\":\"lock\",\"group\":\"quarantine\",\"after_runs\":2,\"after_days\":7},"
		"\"existing\":\"adopt\",\"adopt_if\":\"account.description == "
		"''\",\"adopt_map\":\"map.csv\",\"on_adopt\":\"keep\","
		"\"drift\":{\"*\":\"report\",\"description\":\"keep\"},\"list_max_age\":\"1d\",\"protect\":[\"admin*\"]"
		","
		"\"priority\":\"rank\",\"name_reuse_days\":30,\"guards\":{\"max_deletes\":\"unlimited\",\"max_"
		"updates\":\"1%,5\"},"
		"\"pace\":{\"max_in_flight\":2,\"max_requests_per_second\":2.5,\"max_requests_per_day\":1000,\"wait_"
		"for_seats\":\"5m\"},"
		"\"batch\":{\"max_users\":10},\"seal_to\":[\"/x.pem\"],\"include\":[\"site\"]}}}");
	const struct rc_source *s = c->sources;
	const struct rc_target *t = rc_config_target(c, "vpn");

	(void)state;
	assert_string_equal(c->environment, "prod");
	assert_int_equal(c->deadline_ns, 1800 * RC_SECOND);
	assert_string_equal(c->lookups[0].name, "SITE");
	assert_string_equal(c->lookups[0].value, "/sites.csv");
	assert_string_equal(c->overrides_file, "/o.csv");
	assert_string_equal(c->proxy.name, "http://proxy:3128");
	assert_string_equal(c->tls_ca_file, "/ca.pem");
	assert_int_equal(c->timeouts.settle_ns, 0);
	assert_int_equal(c->n_freeze, 2);
	assert_int_equal(c->freeze[0].last_day - c->freeze[0].first_day, 17);
	assert_int_equal(c->freeze[1].last_day, c->freeze[1].first_day);
	assert_int_equal(c->retention_reports_ns, 30 * RC_DAY);
	assert_string_equal(c->on_finish.v[0], "/./notify");
	assert_true(c->report.all_users && !c->report.html);
	assert_string_equal(c->report.metrics_file, "/m.prom");
	assert_int_equal(c->report.columns.n, 1);
	assert_string_equal(s[0].command.v[0], "hr-export");
	assert_int_equal(s[0].delimiter, '\t');
	assert_int_equal(s[0].n_columns, 2);
	assert_string_equal(s[0].columns[0].aliases.v[1], "Employee ID");
	assert_string_equal(s[0].prefer, "n");
	assert_int_equal(s[0].expect.min_rows, 5);
	assert_int_equal(s[0].expect.max_rows, -1);
	assert_int_equal(s[0].on_error, RC_SOURCE_FREEZE);
	assert_int_equal(s[0].max_record_bytes, 2 << 20);
	assert_int_equal(s[0].max_ratio, 0);
	assert_string_equal(s[1].files.v[1], "-");
	assert_int_equal(s[1].expect.min_rows, 7);
	assert_int_equal(s[1].expect.max_rows, 7);
	assert_string_equal(s[1].expect.sha256_file, "{file}.sha256");
	assert_string_equal(s[1].expect.ready, "/done.ok");
	assert_int_equal(s[1].max_age_ns, 30 * 3600 * RC_SECOND);
	assert_true(t->pool && t->n_servers == 2 && t->servers[0].drain);
	assert_string_equal(t->servers[0].label, "eu-1");
	assert_int_equal(t->servers[0].seats, 500);
	assert_string_equal(t->servers[1].label, "b");
	assert_int_equal(t->account[0].kind, RC_RULE_FIRST_FREE);
	assert_int_equal(t->account[0].exprs.n, 2);
	assert_int_equal(t->account[0].max_n, 9);
	assert_int_equal(t->missing.action, RC_MISSING_LOCK);
	assert_string_equal(t->missing.group, "quarantine");
	assert_int_equal(t->drift[rc_account_field(t->schema, RC_SLICE("description"))], RC_KEEP);
	assert_int_equal(t->drift[rc_account_field(t->schema, RC_SLICE("static_ip"))], RC_REPORT);
	assert_string_equal(t->adopt_map, "/map.csv");
	assert_true(t->guards.max_deletes.unlimited);
	assert_int_equal(rc_limit_max(&t->guards.max_updates, 10000), 5);
	assert_int_equal(t->guards.tolerate_rejected, 9);
	assert_int_equal(rc_limit_max(&rc_config_target(c, "sag")->guards.max_deletes, 10000), 3);
	assert_true(t->pace.max_requests_per_second > 2.4 && t->pace.max_requests_per_second < 2.6);
	assert_int_equal(t->batch_users, 10);
	assert_string_equal(t->seal_to.v[0], "/x.pem");
	rc_config_free(c);
}

static void test_faults(void **state)
{
	static const struct {
		const char *patch, *finding; /* "POINTER: reason" begins so */
	} t[] = {
		{"{\"state\":null}", "/state: is missing"},
		{"{\"reports\":5}", "/reports: must be text, is a number"},
		{"{\"reports\":\"state\"}", "/reports: is the same directory"},
		{"{\"version\":2}", "/version: must be 1"},
		{"{\"statte\":1}", "/statte: unknown key; did you mean \"state\"?"},
		{"{\"environment\":\"a b\"}", "/environment: must be 1 to 64"},
		{"{\"deadline\":\"4\"}", "/deadline: must be a duration"},
		{"{\"deadline\":\"999999999999d\"}", "/deadline: \"999999999999d\" is longer"},
		{"{\"timeouts\":{\"request\":\"0s\"}}", "/timeouts/request: must be more than 0"},
		{"{\"max_in_flight\":0}", "/max_in_flight: must be at least 1"},
		{"{\"proxy\":\"http://u:p@proxy\"}", "/proxy: holds a user or password"},
		{"{\"freeze\":[\"2026-02-30\"]}", "/freeze/0: \"2026-02-30\" is no date"},
		{"{\"freeze\":[\"2026-02-03/2026-02-01\"]}", "/freeze/0: ends before"},
		{"{\"freeze\":[\"soon\"]}", "/freeze/0: must be days such as"},
		{"{\"overrides\":{}}", "/overrides/file: is missing"},
		{"{\"sources\":[]}", "/sources: must have at least 1 entry"},
		{"{\"sources\":[{\"files\":[\"a\"]}]}", "/sources/0/key: is missing"},
		{"{\"sources\":[{\"key\":\"a\"}]}", "/sources/0/files: is missing (or command)"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"command\":[\"b\"]}]}",
		 "/sources/0/command: a source has"},
		{"{\"sources\":[{\"key\":\"a\",\"command\":[\"b\"],\"pick\":\"newest\"}]}",
		 "/sources/0/pick: chooses among"},
		{"{\"sources\":[{\"key\":\"a\",\"command\":[\"b\"],\"expect\":{\"ready\":\"x\"}}]}",
		 "/sources/0/expect/ready: looks"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"encoding\":\"klingon\"}]}",
		 "/sources/0/encoding: no encoding"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"delimiter\":\":\"}]}",
		 "/sources/0/delimiter: must be one of"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"format\":\"ldif\",\"delimiter\":\";\"}]}",
		 "/sources/0/delimiter: LDIF"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"stamp\":\"(\"}]}",
		 "/sources/0/stamp: not a regular"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"stamp\":\"[0-9]+\"}]}",
		 "/sources/0/stamp: needs a group"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"expect\":{\"rows\":{\"min\":2,\"max\":1}}}]}",
		 "/sources/0/expect/rows: min"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"max_record\":\"1\"}]}",
		 "/sources/0/max_record: must be from"},
		{"{\"sources\":[{\"key\":\"a\",\"files\":[\"a\"],\"duplicates\":\"some\"}]}",
		 "/sources/0/duplicates: must be one of"},
		{"{\"targets\":{\"vpn\":null,\"sag\":null}}", "/targets: must have at least 1 entry"},
		{"{\"targets\":{\"a b\":{}}}", "/targets/a b: the key must be"},
		{"{\"targets\":{\"vpn\":{\"connector\":\"huawei-p2c-vpm\"}}}",
		 "/targets/vpn/connector: no such connector; did you mean \"huawei-p2c-vpn\"?"},
		{"{\"targets\":{\"vpn\":{\"connector\":\"x\"}}}",
		 "/targets/vpn/connector: no such connector; `rollcall schema`"},
		{"{\"targets\":{\"vpn\":{\"project_id\":null}}}", "/targets/vpn/project_id: is missing"},
		{"{\"targets\":{\"vpn\":{\"project_id\":5}}}", "/targets/vpn/project_id: must be text"},
		{"{\"targets\":{\"vpn\":{\"vpn_server_id\":null}}}",
		 "/targets/vpn/vpn_server_id: is missing (or servers)"},
		{"{\"targets\":{\"vpn\":{\"region_id\":\"x\"}}}", "/targets/vpn/region_id: unknown key"},
		{"{\"targets\":{\"vpn\":{\"mising\":{}}}}",
		 "/targets/vpn/mising: unknown key; did you mean \"missing\"?"},
		{"{\"targets\":{\"vpn\":{\"endpoint\":\"http://vpn.example.com\"}}}",
		 "/targets/vpn/endpoint: http:// is allowed"},
		{"{\"targets\":{\"vpn\":{\"endpoint\":\"http://127.0.0.1.evil.com\"}}}",
		 "/targets/vpn/endpoint: http:// is allowed"},
		{"{\"targets\":{\"vpn\":{\"endpoint\":\"http://localhost.evil.com:80/x\"}}}",
		 "/targets/vpn/endpoint: http:// is allowed"},
		{"{\"targets\":{\"vpn\":{\"endpoint\":\"ftp://x\"}}}", "/targets/vpn/endpoint: must be a URL"},
		{"{\"targets\":{\"vpn\":{\"endpoint\":\"https://u:p@x\"}}}", "/targets/vpn/endpoint: must be a URL"},
		{"{\"targets\":{\"vpn\":{\"auth\":{\"access_key\":\"AKIA\"}}}}",
		 "/targets/vpn/auth/access_key: must be exactly one of"},
		{"{\"targets\":{\"vpn\":{\"auth\":{\"access_key\":{\"file\":\"x\"}}}}}",
		 "/targets/vpn/auth/access_key: must be exactly one of"},
		{"{\"targets\":{\"vpn\":{\"auth\":{\"secret_key\":null}}}}",
		 "/targets/vpn/auth/secret_key: is missing"},
		{"{\"targets\":{\"vpn\":{\"auth\":{\"token\":{\"env\":\"T\"}}}}}",
		 "/targets/vpn/auth/token: unknown key"},
		{"{\"targets\":{\"vpn\":{\"auth\":{\"method\":\"basic\"}}}}",
		 "/targets/vpn/auth/method: must be one of"},
		{"{\"targets\":{\"sag\":{\"auth\":{\"signature\":\"v2\"}}}}",
		 "/targets/sag/auth/signature: must be one of"},
		{"{\"targets\":{\"sag\":{\"smart_ag_id\":\"x\"}}}", "/targets/sag/smart_ag_id: must be an instance id"},
		{"{\"targets\":{\"sag\":{\"region_id\":null}}}", "/targets/sag/region_id: is missing"},
		{"{\"targets\":{\"vpn\":{\"account\":{\"nmae\":\"x\"}}}}",
		 "/targets/vpn/account/nmae: huawei-p2c-vpn has no such field; did you mean \"name\"?"},
		{"{\"targets\":{\"vpn\":{\"account\":{\"name\":null}}}}", "/targets/vpn/account/name: is missing"},
		{"{\"targets\":{\"vpn\":{\"account\":{\"password\":null}}}}",
		 "/targets/vpn/account/password: is missing"},
		{"{\"targets\":{\"vpn\":{\"account\":{\"name\":\"\"}}}}", "/targets/vpn/account/name: is shorter"},
		{"{\"targets\":{\"vpn\":{\"account\":{\"name\":{\"generate\":{}}}}}}",
		 "/targets/vpn/account/name: generate makes"},
		{"{\"targets\":{\"vpn\":{\"account\":{\"description\":{\"first_free\":[\"x\"]}}}}}",
		 "/targets/vpn/account/description: first_free is for names"},
		{"{\"targets\":{\"vpn\":{\"account\":{\"password\":{\"generate\":{\"length\":7}}}}}}",
		 "/targets/vpn/account/password/generate/length: must be from 8 to 32"},
		{"{\"targets\":{\"vpn\":{\"account\":{\"password\":{\"generate\":{\"lenght\":7}}}}}}",
		 "/targets/vpn/account/password/generate/lenght: unknown key"},
		{"{\"credentials\":null}", "/targets/vpn/account/password: a generated password must go somewhere"},
		{"{\"targets\":{\"sag\":{\"account\":{\"UserName\":\"x\"}}}}",
		 "/targets/sag/account/Password: is missing; \"UserName\" needs it"},
		{"{\"targets\":{\"sag\":{\"account\":{\"Password\":\"x\"}}}}",
		 "/targets/sag/account/UserName: is missing; \"Password\" needs it"},
		{"{\"targets\":{\"sag\":{\"account\":{\"UserName\":\"x\",\"Password\":\"x\",\"password\":\"x\"}}}}",
		 "/targets/sag/account/password: stands beside Password, which is the same field"},
		{"{\"targets\":{\"vpn\":{\"missing\":{\"action\":\"disable\"}}}}",
		 "/targets/vpn/missing/action: huawei-p2c-vpn cannot disable"},
		{"{\"targets\":{\"vpn\":{\"missing\":{\"disconnect\":true}}}}",
		 "/targets/vpn/missing/disconnect: huawei-p2c-vpn cannot cut"},
		{"{\"targets\":{\"vpn\":{\"missing\":{\"group\":\"x\"}}}}", "/targets/vpn/missing/group: goes with"},
		{"{\"targets\":{\"vpn\":{\"missing\":{\"action\":\"lock\",\"group\":\"a b\"}}}}",
		 "/targets/vpn/missing/group: user_group_name has"},
		{"{\"targets\":{\"sag\":{\"missing\":{\"action\":\"lock\",\"group\":\"x\"}}}}",
		 "/targets/sag/missing/group: alibaba-sag-app has no groups"},
		{"{\"targets\":{\"sag\":{\"create_groups\":true}}}",
		 "/targets/sag/create_groups: alibaba-sag-app has no groups"},
		{"{\"targets\":{\"sag\":{\"existing\":\"fail\",\"adopt_if\":\"x\"}}}",
		 "/targets/sag/adopt_if: has no meaning"},
		{"{\"targets\":{\"vpn\":{\"drift\":{\"descripton\":\"keep\"}}}}",
		 "/targets/vpn/drift/descripton: huawei-p2c-vpn has no such field"},
		{"{\"targets\":{\"vpn\":{\"drift\":{\"password\":\"keep\"}}}}",
		 "/targets/vpn/drift/password: is never read back"},
		{"{\"targets\":{\"vpn\":{\"drift\":\"kept\"}}}", "/targets/vpn/drift: must be one of"},
		{"{\"targets\":{\"vpn\":{\"batch\":{\"max_users\":501}}}}",
		 "/targets/vpn/batch/max_users: huawei-p2c-vpn takes at most 500 users"},
		{"{\"targets\":{\"sag\":{\"batch\":{\"max_users\":2}}}}",
		 "/targets/sag/batch/max_users: alibaba-sag-app takes at most 1 user a"},
		{"{\"targets\":{\"vpn\":{\"guards\":{\"max_deletes\":\"5 %\"}}}}",
		 "/targets/vpn/guards/max_deletes: must be a limit"},
		{"{\"targets\":{\"vpn\":{\"guards\":{\"max_deletes\":\"500%\"}}}}",
		 "/targets/vpn/guards/max_deletes: \"500%\" is no limit"},
		{"{\"targets\":{\"vpn\":{\"guards\":{\"max_delets\":1}}}}",
		 "/targets/vpn/guards/max_delets: unknown key; did you mean \"max_deletes\"?"},
		{"{\"guards\":{\"max_creates\":-1}}", "/guards/max_creates: must be a limit"},
		{"{\"targets\":{\"vpn\":{\"server\":\"x\"}}}", "/targets/vpn/server: chooses from /servers"},
		{"{\"targets\":{\"vpn\":{\"servers\":[{\"vpn_server_id\":\"a\"}]}}}",
		 "/targets/vpn/vpn_server_id: stands beside"},
		{"{\"targets\":{\"vpn\":{\"vpn_server_id\":null,\"servers\":[{\"label\":\"a\"}]}}}",
		 "/targets/vpn/servers/0/vpn_server_id: is missing"},
		{"{\"targets\":{\"vpn\":{\"vpn_server_id\":null,\"servers\":[{\"vpn_server_id\":\"a\"},{\"vpn_server_"
		 "id\":\"a\"}]}}}",
		 "/targets/vpn/servers/1/vpn_server_id: is the same"},
		{"{\"targets\":{\"vpn\":{\"vpn_server_id\":null,\"servers\":[{\"vpn_server_id\":\"a\",\"label\":\"b\"},"
		 "{\"vpn_server_id\":\"b\"}]}}}",
		 "/targets/vpn/servers/1/label: is the same"},
		{"{\"targets\":{\"vpn\":{\"vpn_server_id\":null,\"servers\":[{\"vpn_server_id\":\"a\",\"seat\":5}]}}}",
		 "/targets/vpn/servers/0/seat: unknown key; did you mean \"seats\"?"},
		{"{\"targets\":{\"vpn\":{\"vpn_server_id\":null,\"servers\":[{\"vpn_server_id\":\"a b\"}]}}}",
		 "/targets/vpn/servers/0/vpn_server_id: has a character"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct rc_config_errors errs = {0};
		struct rc_err err = {0};
		struct rc_config *c = load(t[i].patch, &errs, &err);
		struct rc_buf all = {0};
		bool found = false;

		if (c)
			fail_msg("taken: %s", t[i].patch);
		assert_int_equal(err.code, RC_CONFIG);
		for (size_t k = 0; k < errs.n; k++) {
			size_t from = all.n;

			rc_buf_addf(&all, "%s: %s\n", errs.v[k].pointer, errs.v[k].reason);
			found |= strncmp(all.p + from, t[i].finding, strlen(t[i].finding)) == 0;
		}
		if (!found)
			fail_msg("%s\nwanted %s\ngot    %s", t[i].patch, t[i].finding, all.p);
		rc_buf_done(&all);
		rc_config_errors_done(&errs);
	}
}

static void test_all_faults_at_once(void **state)
{
	struct rc_config_errors errs = {0};
	struct rc_err err = {0};

	(void)state;
	assert_null(
		load("{\"statte\":1,\"deadline\":\"x\",\"sources\":[{\"key\":\"a\"}],\"targets\":{\"vpn\":{\"missing\":"
		     "{\"action\":\"disable\"},\"endpoint\":\"http://x\"}}}",
		     &errs, &err));
	assert_int_equal(errs.n, 5);
	assert_non_null(strstr(err.what, "(and 4 more)"));
	rc_config_errors_done(&errs);
}

static void test_literal_secret_is_not_shown(void **state)
{
	struct rc_config_errors errs = {0};
	struct rc_err err = {0};

	(void)state;
	assert_null(load("{\"targets\":{\"vpn\":{\"auth\":{\"secret_key\":\"hunter2\",\"token\":\"hunter2\"}}}}", &errs,
			 &err));
	assert_null(strstr(err.what, "hunter2"));
	for (size_t i = 0; i < errs.n; i++)
		assert_null(strstr(errs.v[i].reason, "hunter2"));
	rc_config_errors_done(&errs);
}

static void test_loopback(void **state)
{
	static const char *const urls[] = {"http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:80/",
					   "http://localhost:1/x"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *patch = rc_xasprintf("{\"targets\":{\"vpn\":{\"endpoint\":\"%s\"}}}", urls[i]);

		rc_config_free(must(patch));
		free(patch);
	}
}

/* The service takes the mail address as the name by itself: UserName = UserMail without a password is left out. */
static void test_name_equal_to_mail(void **state)
{
	struct rc_config *c = must("{\"targets\":{\"sag\":{\"account\":{\"UserName\":\"email\"}}}}");
	const struct rc_target *t = rc_config_target(c, "sag");

	(void)state;
	assert_int_equal(t->account[t->schema->names[0]].kind, RC_RULE_NONE);
	assert_false(t->mapped & 1u << t->schema->names[0]);
	rc_config_free(c);
}

static void test_password_on_every_connector(void **state)
{
	struct rc_config *c = must("{\"targets\":{\"sag\":{\"account\":{\"UserName\":\"x\",\"password\":\"y\"}}}}");
	const struct rc_target *t = rc_config_target(c, "sag");

	(void)state;
	assert_true(t->mapped >> t->schema->secret_field & 1);
	assert_string_equal(t->account[t->schema->secret_field].exprs.v[0], "y");
	rc_config_free(c);
}

static void test_auth_methods(void **state)
{
	struct rc_config *c =
		must("{\"targets\":{\"vpn\":{\"auth\":{\"method\":\"password\",\"access_key\":null,\"secret_key\":null,"
		     "\"iam_endpoint\":\"https://iam.example.com/"
		     "\",\"domain\":\"d\",\"user\":\"u\",\"password\":{\"command\":[\"pass\",\"x\"]}}}}}");
	const struct rc_auth *a = &rc_config_target(c, "vpn")->auth;

	(void)state;
	assert_int_equal(a->user.kind, RC_SECRET_PLAIN);
	assert_int_equal(a->password.kind, RC_SECRET_COMMAND);
	assert_string_equal(a->password.argv[1], "x");
	assert_string_equal(a->iam_endpoint, "https://iam.example.com");
	rc_config_free(c);
	c = must("{\"targets\":{\"vpn\":{\"auth\":{\"method\":\"token\",\"access_key\":null,\"secret_key\":null,"
		 "\"token\":{\"env\":\"T\"}}}}}");
	assert_int_equal(rc_config_target(c, "vpn")->auth.token.kind, RC_SECRET_ENV);
	rc_config_free(c);
}

static void test_hash_and_print(void **state)
{
	struct rc_config *a = must("{}"), *b = must("{\"deadline\":\"4h\"}"), *c = must("{\"deadline\":\"5h\"}");
	struct rc_buf text = {0};
	cJSON *v;

	(void)state;
	assert_int_equal(strlen(a->hash), 64);
	assert_string_equal(a->hash, b->hash); /* a default written out changes nothing */
	assert_string_not_equal(a->hash, c->hash);
	rc_config_print(a, &text);
	v = json(text.p);
	assert_string_equal(rc_json_member(v, "deadline")->valuestring, "4h");
	assert_string_equal(
		rc_json_member(
			rc_json_member(rc_json_member(rc_json_member(rc_json_member(v, "targets"), "vpn"), "auth"),
				       "access_key"),
			"env")
			->valuestring,
		"AK");
	cJSON_Delete(v);
	rc_buf_done(&text);
	rc_config_free(a);
	rc_config_free(b);
	rc_config_free(c);
}

static void test_secrets(void **state)
{
	struct rc_config *c =
		must("{\"targets\":{\"vpn\":{\"auth\":{\"secret_key\":{\"file\":null,\"env\":\"RC_SK\"}}}}}");
	struct rc_config_errors errs = {0};

	(void)state;
	setenv("AK", "x", 1);
	unsetenv("RC_SK");
	assert_int_equal(rc_config_check_secrets(c, rc_config_target(c, "vpn"), &errs), RC_CONFIG);
	assert_int_equal(errs.n, 1);
	assert_string_equal(errs.v[0].pointer, "/targets/vpn/auth/secret_key");
	assert_string_equal(errs.v[0].reason, "secret from env RC_SK: the variable is not set");
	setenv("RC_SK", "y", 1);
	assert_int_equal(rc_config_check_secrets(c, rc_config_target(c, "vpn"), &errs), RC_OK);
	assert_int_equal(rc_config_check_secrets(c, NULL, &errs), RC_CONFIG);
	rc_config_errors_done(&errs);
	rc_config_free(c);
}

/* The keys of every target stand in the schema and in the code that tells them from a connector's own. */
static void test_common_keys_are_the_schemas(void **state)
{
	const struct rc_embedded *e = rc_embedded_schemas;
	const cJSON *one;
	cJSON *doc;

	(void)state;
	while (strcmp(e->name, "config") != 0)
		e++;
	doc = json(e->data);
	cJSON_ArrayForEach(one, rc_json_member(rc_json_member(rc_json_member(doc, "$defs"), "target"), "properties"))
	{
		struct rc_config_errors errs = {0};
		char *patch = rc_xasprintf("{\"targets\":{\"vpn\":{\"%1$s\":null,\"%1$s\":{\"zz\":[]}}}}", one->string);
		struct rc_config *c = load(patch, &errs, NULL);

		for (size_t i = 0; i < errs.n; i++)
			if (strncmp(errs.v[i].reason, "unknown key", 11) == 0 && !strstr(errs.v[i].pointer, "/zz"))
				fail_msg("%s: %s", errs.v[i].pointer, errs.v[i].reason);
		rc_config_free(c);
		rc_config_errors_done(&errs);
		free(patch);
	}
	cJSON_Delete(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_all_faults_at_once),
		cmocka_unit_test(test_literal_secret_is_not_shown),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_name_equal_to_mail),
		cmocka_unit_test(test_password_on_every_connector),
		cmocka_unit_test(test_auth_methods),
		cmocka_unit_test(test_hash_and_print),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_common_keys_are_the_schemas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
