/* What a target of the config comes to: its address, its account rules, its credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "engine/base/alloc.h"
#include "tests/unit/helper_config.h"

static void test_loopback(void **state)
{
	static const char *const urls[] = {"http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:80/",
					   "http://localhost:1/x"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *patch = rc_xasprintf("{\"targets\":{\"vpn\":{\"endpoint\":\"%s\"}}}", urls[i]);

		rc_config_free(config_must(patch));
		free(patch);
	}
}

/* The service takes the mail address as the name by itself: UserName = UserMail without a password is left out. */
static void test_name_equal_to_mail(void **state)
{
	struct rc_config *c = config_must("{\"targets\":{\"sag\":{\"account\":{\"UserName\":\"email\"}}}}");
	const struct rc_target *t = rc_config_target(c, "sag");

	(void)state;
	assert_int_equal(t->account[t->schema->names[0]].kind, RC_RULE_NONE);
	assert_false(t->mapped & 1u << t->schema->names[0]);
	rc_config_free(c);
}

static void test_password_on_every_connector(void **state)
{
	struct rc_config *c =
		config_must("{\"targets\":{\"sag\":{\"account\":{\"UserName\":\"x\",\"password\":\"y\"}}}}");
	const struct rc_target *t = rc_config_target(c, "sag");

	(void)state;
	assert_true(t->mapped >> t->schema->secret_field & 1);
	assert_string_equal(t->account[t->schema->secret_field].exprs.v[0], "y");
	rc_config_free(c);
}

static void test_auth_methods(void **state)
{
	struct rc_config *c = config_must(
		"{\"targets\":{\"vpn\":{\"auth\":{\"method\":\"password\",\"access_key\":null,\"secret_key\":null,"
		"\"iam_endpoint\":\"https://iam.example.com/"
		"\",\"domain\":\"d\",\"user\":\"u\",\"password\":{\"command\":[\"pass\",\"x\"]}}}}}");
	const struct rc_auth *a = &rc_config_target(c, "vpn")->auth;

	(void)state;
	assert_int_equal(a->user.kind, RC_SECRET_PLAIN);
	assert_int_equal(a->password.kind, RC_SECRET_COMMAND);
	assert_string_equal(a->password.argv[1], "x");
	assert_string_equal(a->iam_endpoint, "https://iam.example.com");
	rc_config_free(c);
	c = config_must("{\"targets\":{\"vpn\":{\"auth\":{\"method\":\"token\",\"access_key\":null,\"secret_key\":null,"
			"\"token\":{\"env\":\"T\"}}}}}");
	assert_int_equal(rc_config_target(c, "vpn")->auth.token.kind, RC_SECRET_ENV);
	rc_config_free(c);
}

static void test_secrets(void **state)
{
	struct rc_config *c =
		config_must("{\"targets\":{\"vpn\":{\"auth\":{\"secret_key\":{\"file\":null,\"env\":\"RC_SK\"}}}}}");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_name_equal_to_mail),
		cmocka_unit_test(test_password_on_every_connector),
		cmocka_unit_test(test_auth_methods),
		cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
