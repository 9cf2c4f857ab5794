/* Whole requests to the Alibaba side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/helper_simulator.h"

static int act(const char *action, const char *rest)
{
	char body[512];

	snprintf(body, sizeof(body), "Action=%s&Version=2018-03-13&RegionId=cn-shanghai&SmartAGId=%s", action, rest);
	return sim_test_ask_as("POST", "/", "application/x-www-form-urlencoded", body);
}

#define CREATE "CreateSmartAccessGatewayClientUser"
#define LIST "DescribeSmartAccessGatewayClientUsers"

static void test_alibaba_life(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"seat_limit\":2},\"in_use\":[\"ada@example.com\"]}");
	assert_int_equal(act(CREATE, "sag-a1&UserMail=ada%40example.com&Bandwidth=2000"), 200);
	assert_true(sim_test_says("\"UserName\":\"ada@example.com\"") && sim_test_says("\"Bandwidth\":2000"));
	assert_int_equal(act(CREATE, "sag-a1&UserMail=ada%40example.com&Bandwidth=2000"), 400);
	assert_true(sim_test_says("ClientUser.UserExist"));
	assert_int_equal(
		act(CREATE, "sag-a1&UserMail=bob%40example.com&Bandwidth=1&UserName=bob.smith&Password=Abcd12345"),
		200);
	assert_int_equal(act(CREATE, "sag-a1&UserMail=eve%40example.com&Bandwidth=2000"), 400);
	assert_true(sim_test_says("ClientUser.UserOverLimit"));
	assert_int_equal(act(LIST, "sag-a1&PageSize=1&PageNumber=2"), 200);
	assert_true(sim_test_says("\"TotalCount\":2") && sim_test_says("bob.smith") && !sim_test_says("ada"));
	assert_int_equal(act(LIST, "sag-a1&UserName=ada%40example.com"), 200);
	assert_true(sim_test_says("\"TotalCount\":1") && sim_test_says("\"State\":0"));
	assert_int_equal(act("DisableSmartAccessGatewayUser", "sag-a1&UserName=ada%40example.com"), 200);
	assert_int_equal(act("KickOutClients", "sag-a1&Username=ada%40example.com"), 200);
	assert_int_equal(act(LIST, "sag-a1"), 200);
	assert_true(sim_test_says("\"State\":1"));
	assert_int_equal(act("EnableSmartAccessGatewayUser", "sag-a1&UserName=ada%40example.com"), 200);
	assert_int_equal(act("DeleteSmartAccessGatewayClientUser", "sag-a1&UserName=ada%40example.com"), 400);
	assert_true(sim_test_says("ClientUser.UserInUsing"));
	assert_int_equal(act("ModifySmartAccessGatewayClientUser",
			     "sag-a1&UserName=bob.smith&Bandwidth=3&Email=b%40example.com"),
			 200);
	assert_true(sim_test_says("\"UserMail\":\"b@example.com\""));
	assert_int_equal(act("ResetSmartAccessGatewayClientUserPassword", "sag-a1&UserName=bob.smith"), 200);
	assert_int_equal(act("DeleteSmartAccessGatewayClientUser", "sag-a1&UserName=bob.smith"), 200);
	assert_int_equal(act("DeleteSmartAccessGatewayClientUser", "sag-a1&UserName=bob.smith"), 400);
	assert_int_equal(act("DescribeSmartAccessGateways", "sag-a1"), 200);
	assert_true(sim_test_says("\"UserCount\":2"));
	sim_test_ask("GET", "/_sim/stats", NULL);
	assert_true(sim_test_says("\"mails\":3") && sim_test_says("\"duplicate_attempts\":1"));
}

static void test_alibaba_refusals(void **state)
{
	static const struct {
		const char *action, *rest, *code;
		int status;
	} cases[] = {
		{CREATE, "sag-a1&Bandwidth=1", "MissingUserMail", 400},
		{CREATE, "sag-a1&UserMail=&Bandwidth=1", "ClientUser.EmailEmpty", 400},
		{CREATE, "sag-a1&UserMail=x&Bandwidth=1", "ClientUser.EmailInvalid", 400},
		{CREATE, "sag-a1&UserMail=a%40b.c", "MissingBandwidth", 400},
		{CREATE, "sag-a1&UserMail=a%40b.c&Bandwidth=20001", "ClientUser.BandwidthInvalid", 400},
		{CREATE, "sag-a1&UserMail=a%40b.c&Bandwidth=1&UserName=longenough", "ClientUser.PasswordInvalid", 400},
		{CREATE, "sag-a1&UserMail=a%40b.c&Bandwidth=1&Password=Abcd12345", "ClientUser.NameEmpty", 400},
		{CREATE, "sag-a1&UserMail=a%40b.c&Bandwidth=1&UserName=short&Password=Abcd12345",
		 "ClientUser.NameInvalid", 400},
		{CREATE, "sag-a1&UserMail=a%40b.c&Bandwidth=1&ClientIp=x", "ClientUser.IpInvalid", 400},
		{CREATE, "sag-nowhere1&UserMail=a%40b.c&Bandwidth=1", "SAG.InstanceNoFound", 400},
		{CREATE, "&UserMail=a%40b.c&Bandwidth=1", "SAG.InstanceIdEmpty", 400},
		{LIST, "sag-a1&PageSize=101", "InvalidPageSize", 400},
		{"KickOutClients", "sag-a1&UserName=x", "MissingUsername", 400},
		{"NoSuchAction", "sag-a1", "InvalidAction.NotFound", 404},
	};

	(void)state;
	sim_test_begin(NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(act(cases[i].action, cases[i].rest), cases[i].status);
		if (!sim_test_says(cases[i].code))
			fail_msg("%s: %s", cases[i].code, sim_test_answer());
	}
	assert_int_equal(act(CREATE, "sag-a1&Format=XML"), 400);
	assert_true(sim_test_says("<Error><RequestId>") && sim_test_says("<Code>MissingUserMail</Code>"));
	assert_int_equal(act(LIST, "sag-a1&Format=XML"), 200);
	assert_true(sim_test_says("<DescribeSmartAccessGatewayClientUsersResponse>"));
}

/* Lists trail behind, answers do not; a capacity throttles; the older bandwidth rule. */
static void test_alibaba_limits(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"apply_delay_ms\":1000,\"capacity\":1,\"queue\":2,\"max_bandwidth\":2000}}");
	assert_int_equal(act(CREATE, "sag-a1&UserMail=ada%40example.com&Bandwidth=2001"), 400);
	assert_int_equal(act(CREATE, "sag-a1&UserMail=ada%40example.com&Bandwidth=2000"), 200);
	assert_int_equal(act("DisableSmartAccessGatewayUser", "sag-a1&UserName=ada%40example.com"), 200);
	assert_int_equal(act("EnableSmartAccessGatewayUser", "sag-a1&UserName=ada%40example.com"), 400);
	assert_true(sim_test_says("Throttling.User"));
	assert_int_equal(act(LIST, "sag-a1"), 200);
	assert_true(sim_test_says("\"TotalCount\":0"));
	sim_test_at(1);
	assert_int_equal(act(LIST, "sag-a1"), 200);
	assert_true(sim_test_says("\"TotalCount\":1") && sim_test_says("\"State\":1"));
	assert_int_equal(act("DeleteSmartAccessGatewayClientUser", "sag-a1&UserName=ada%40example.com"), 200);
	assert_int_equal(act(LIST, "sag-a1"), 200);
	assert_true(sim_test_says("\"TotalCount\":1"));
	sim_test_at(2);
	assert_int_equal(act(LIST, "sag-a1"), 200);
	assert_true(sim_test_says("\"TotalCount\":0"));
}

static void test_alibaba_throttling(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"bucket\":{\"rate\":1,\"burst\":1,\"retry_after\":3}}}");
	assert_int_equal(act(LIST, "sag-a1"), 200);
	assert_int_equal(act(LIST, "sag-a1"), 400);
	assert_true(sim_test_says("Throttling.User"));
	assert_non_null(strstr(sim_test_reply.headers.p, "x-acs-retry-after: 3000"));
	sim_test_ask("POST", "/_sim/script", "{\"settings\":{\"bucket\":null,\"window\":{\"n\":1,\"period_s\":60}}}");
	assert_int_equal(act(LIST, "sag-a1"), 200);
	assert_int_equal(act(LIST, "sag-a1"), 400);
	assert_non_null(strstr(sim_test_reply.headers.p, "x-ratelimit-user-api: Limit:1,Remain:0"));
	sim_test_ask("POST", "/_sim/script",
		     "{\"settings\":{\"window\":null},\"rules\":[{\"match\":{\"name\":\"^ada\"},\"do\":"
		     "{\"code\":\"Throttling.Api\"}},{\"match\":{\"op\":\"" CREATE
		     "\"},\"do\":{\"vanish\":{\"after_ms\":0}}}]}");
	assert_int_equal(act(CREATE, "sag-a1&UserMail=ada%40example.com&Bandwidth=2000"), 400);
	assert_true(sim_test_says("api flow control"));
	assert_int_equal(act(CREATE, "sag-a1&UserMail=bob%40example.com&Bandwidth=2000"), 200);
	assert_int_equal(act(LIST, "sag-a1"), 200);
	assert_true(sim_test_says("\"TotalCount\":0"));
	sim_test_ask("GET", "/_sim/stats", NULL);
	assert_true(sim_test_says("\"throttled\":3") && sim_test_says("\"vanished\":1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_alibaba_life, sim_test_end),
		cmocka_unit_test_teardown(test_alibaba_refusals, sim_test_end),
		cmocka_unit_test_teardown(test_alibaba_limits, sim_test_end),
		cmocka_unit_test_teardown(test_alibaba_throttling, sim_test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
