/* The config: the example of the documentation, its defaults, every key, and what stands for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/alloc.h"
#include "engine/base/embedded.h"
#include "engine/config/json.h"
#include "tests/unit/helper_config.h"

static void test_example(void **state)
{
	struct rc_config *c = config_must("{}");
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
	struct rc_config *c = config_must("{}");
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
	struct rc_config *c = config_must(
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

static void test_hash_and_print(void **state)
{
	struct rc_config *a = config_must("{}"), *b = config_must("{\"deadline\":\"4h\"}"),
			 *c = config_must("{\"deadline\":\"5h\"}");
	struct rc_buf text = {0};
	cJSON *v;

	(void)state;
	assert_int_equal(strlen(a->hash), 64);
	assert_string_equal(a->hash, b->hash); /* a default written out changes nothing */
	assert_string_not_equal(a->hash, c->hash);
	rc_config_print(a, &text);
	v = config_json(text.p);
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

/* The keys of every target stand in the schema and in the code that tells them from a connector's own. */
static void test_common_keys_are_the_schemas(void **state)
{
	const struct rc_embedded *e = rc_embedded_schemas;
	const cJSON *one;
	cJSON *doc;

	(void)state;
	while (strcmp(e->name, "config") != 0)
		e++;
	doc = config_json(e->data);
	cJSON_ArrayForEach(one, rc_json_member(rc_json_member(rc_json_member(doc, "$defs"), "target"), "properties"))
	{
		struct rc_config_errors errs = {0};
		char *patch = rc_xasprintf("{\"targets\":{\"vpn\":{\"%1$s\":null,\"%1$s\":{\"zz\":[]}}}}", one->string);
		struct rc_config *c = config_load(patch, &errs, NULL);

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
		cmocka_unit_test(test_hash_and_print),
		cmocka_unit_test(test_common_keys_are_the_schemas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
