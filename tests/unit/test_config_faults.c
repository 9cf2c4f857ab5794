/* Every kind of fault of a config, with its pointer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/helper_config.h"

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
		struct rc_config *c = config_load(t[i].patch, &errs, &err);
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
	assert_null(config_load(
		"{\"statte\":1,\"deadline\":\"x\",\"sources\":[{\"key\":\"a\"}],\"targets\":{\"vpn\":{\"missing\":"
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
	assert_null(config_load("{\"targets\":{\"vpn\":{\"auth\":{\"secret_key\":\"hunter2\",\"token\":\"hunter2\"}}}}",
				&errs, &err));
	assert_null(strstr(err.what, "hunter2"));
	for (size_t i = 0; i < errs.n; i++)
		assert_null(strstr(errs.v[i].reason, "hunter2"));
	rc_config_errors_done(&errs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_all_faults_at_once),
		cmocka_unit_test(test_literal_secret_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
