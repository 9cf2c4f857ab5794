/* Huawei: every error code that its documents name, every row of the connector's table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "connectors/huawei/huawei.h"
#include "tests/unit/helper_rows.h"

static struct conn_world w;

static int setup(void **state)
{
	(void)state;
	conn_world_init(&w, "huawei-p2c-vpn");
	conn_user(&w, 0, "name=ada0", "id=u0", "password=Qwer1234", NULL);
	conn_user(&w, 1, "name=bob1", "id=u1", "password=Qwer1234", NULL);
	conn_user(&w, 2, "name=cyd2", "id=u2", "password=Qwer1234", NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	conn_world_done(&w);
	return 0;
}

/* The gateway's codes come with either prefix. */
#define GATEWAY(status, number, ...)                                                                                   \
	{status, "APIGW." number, __VA_ARGS__},                                                                        \
	{                                                                                                              \
		status, "APIG." number, __VA_ARGS__                                                                    \
	}

static const struct row_case cases[] = {
	/* busy is a 400; so is almost everything else, and only the code tells */
	{400, "VPN.0030", "The system is busy, please try later.", CALL_CREATE, 3, V_BUSY, "busy", "work queue|full",
	 "slows down|same again|nothing was done", "", false},
	{400, "VPN.0030", NULL, CALL_DELETE, 1, V_BUSY, "busy", "work queue|full", "slows down|same again", "", false},
	{400, "", "The system is busy", CALL_UPDATE, 1, V_BUSY, "busy", "work queue|without a code", "slows down", "",
	 false},
	{400, "", "please try later.", CALL_CREATE, 1, V_BUSY, "busy", "work queue|without a code", "slows down", "",
	 false},
	{400, "", "Try again later", CALL_CREATE, 3, V_BUSY, "busy", "work queue|without a code", "slows down", "",
	 false},
	{400, "VPN.0031", "Repeated operation.", CALL_CREATE, 3, V_REREAD, "conflict", "repeated|earlier one",
	 "pauses|reads the list again before", "", false},
	{400, "VPN.0031", NULL, CALL_DELETE, 1, V_REREAD, "conflict", "repeated", "reads the list again", "", false},
	/* gone by the service's own word only */
	{404, "VPN.0004", NULL, CALL_DELETE, 1, V_GONE, "gone", "no such", "delete: done|update: reads the list again",
	 "project_id|vpn_server_id", false},
	{404, "VPN.0004", NULL, CALL_UPDATE, 1, V_REREAD, "gone", "no such", "then creates", "project_id", false},
	{404, "VPN.0004", NULL, CALL_LIST_USERS, 0, V_TARGET, "gone", "no such", "a list: stops the target",
	 "vpn_server_id", false},
	GATEWAY(404, "0101", "The API does not exist or has not been published", CALL_DELETE, 1, V_TARGET, "target",
		"API does not exist", "stops the target|never takes it for a missing user", "endpoint|project_id",
		false),
	{404, "XYZ.1", NULL, CALL_DELETE, 1, V_REJECTED, "invalid", "not by the service's own word",
	 "never takes it for a missing one", "proxy", false},
	{404, "", NULL, CALL_DELETE, 1, V_REJECTED, "invalid", "not by the service's own word",
	 "fails the user|never takes it for a missing one", "endpoint|proxy", false},
	/* who we are */
	{403, "VPN.0003", NULL, CALL_CREATE, 1, V_AUTH, "auth", "no permission", "stops the target", "rights|API.md",
	 false},
	GATEWAY(401, "0301", "Incorrect IAM authentication information: verify aksk signature fail", CALL_WHOAMI, 0,
		V_AUTH, "auth", "signature or the token was refused", "anew once|then stops the target",
		"secret|token|five minutes", true),
	GATEWAY(401, "0301", "Incorrect IAM authentication information: token expires", CALL_CREATE, 3, V_AUTH, "auth",
		"token was refused", "anew once", "token", true),
	GATEWAY(401, "0303", "Incorrect app authentication information: X-Sdk-Date", CALL_CREATE, 1, V_CLOCK, "clock",
		"clock|15 minutes", "corrects|once|stops the target", "check the clock", false),
	{401, "401", "The username or password is wrong.", CALL_LOGIN, 0, V_AUTH, "auth", "credentials", "anew once",
	 "user, password, domain", true},
	{401, "", NULL, CALL_CREATE, 1, V_AUTH, "auth", "refused the credentials", "anew once|then stops the target",
	 "password", true},
	{403, "403", "The account is locked.", CALL_LOGIN, 0, V_AUTH, "auth", "no permission", "stops the target",
	 "rights", false},
	{403, "", NULL, CALL_CREATE, 1, V_TARGET, "target", "not by the service's own word", "stops the target",
	 "proxy or firewall", false},
	/* how fast */
	GATEWAY(429, "0308",
		"The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute",
		CALL_CREATE, 3, V_THROTTLED, "throttle", "too many calls|limit and its window", "announced rate", "",
		false),
	GATEWAY(429, "0308", NULL, CALL_LIST_USERS, 0, V_THROTTLED, "throttle", "too many calls", "rate", "", false),
	/* one code of the gateway for many things: its status decides */
	GATEWAY(413, "0201", NULL, CALL_CREATE, 3, V_TOO_BIG, "invalid", "12 MB", "halves the batch|single user fails",
		"", false),
	GATEWAY(413, "0202", NULL, CALL_CREATE, 3, V_TOO_BIG, "invalid", "12 MB", "halves the batch", "", false),
	GATEWAY(413, "0201", NULL, CALL_CREATE, 1, V_REJECTED, "invalid", "12 MB", "single user fails", "", false),
	GATEWAY(414, "0201", NULL, CALL_UPDATE, 1, V_REJECTED, "invalid", "address|32 KB", "fails the user", "", false),
	GATEWAY(414, "0202", NULL, CALL_UPDATE, 1, V_REJECTED, "invalid", "address|32 KB", "fails the user", "", false),
	GATEWAY(494, "0201", NULL, CALL_CREATE, 1, V_TARGET, "target", "headers|32 KB|128 KB", "stops the target",
		"shorter token", false),
	GATEWAY(494, "0202", NULL, CALL_CREATE, 1, V_TARGET, "target", "headers", "stops the target", "aksk", false),
	GATEWAY(400, "0201", "Bad request", CALL_CREATE, 1, V_REJECTED, "invalid", "gateway refused", "fails the user",
		"message in the report", false),
	GATEWAY(400, "0202", "Bad request", CALL_CREATE, 3, V_SPLIT, "invalid", "gateway refused", "batch is split",
		"message in the report", false),
	GATEWAY(502, "0201", "Backend unavailable", CALL_CREATE, 1, V_UNSURE, "ambiguous", "down or too slow",
		"looks whether it was done|pauses", "", false),
	GATEWAY(504, "0201", "Backend timeout", CALL_CREATE, 3, V_UNSURE, "ambiguous", "down or too slow",
		"looks whether it was done", "", false),
	GATEWAY(502, "0202", NULL, CALL_DELETE, 1, V_UNSURE, "ambiguous", "down or too slow", "before it repeats", "",
		false),
	GATEWAY(504, "0202", NULL, CALL_DELETE, 3, V_UNSURE, "ambiguous", "down or too slow", "before it repeats", "",
		false),
	/* not ours to make right */
	{400, "VPN.0070", NULL, CALL_CREATE, 1, V_REJECTED, "invalid", "certificate", "fails the user", "by password",
	 false},
	{400, "VPN.0074", NULL, CALL_CREATE, 3, V_SPLIT, "invalid", "certificate", "batch is split", "by password",
	 false},
	{400, "VPN.0078", NULL, CALL_UPDATE, 1, V_REJECTED, "invalid", "certificate", "fails the user", "by password",
	 false},
	{400, "VPN.1313", "The user group is used by an access policy.", CALL_GROUP_CREATE, 0, V_REJECTED, "conflict",
	 "access policy|group", "keeps the group", "remove the group from the policy", false},
	{400, "VPN.1318", NULL, CALL_CREATE, 1, V_REJECTED, "invalid", "empty", "fails", "fault of rollcall", false},
	/* unpublished codes are told by their words */
	{400, "VPN.0001", "Duplicate user name.", CALL_CREATE, 1, V_EXISTS, "conflict", "there already",
	 "adopts or fails by the config|batch is split", "", false},
	{400, "VPN.0001", "group already exists", CALL_GROUP_CREATE, 0, V_EXISTS, "conflict", "there already",
	 "reads the list", "", false},
	{400, "VPN.9001", "name is repeated", CALL_CREATE, 3, V_SPLIT, "conflict", "there already", "batch is split",
	 "", false},
	{400, "VPN.9002", "user quota used up", CALL_CREATE, 3, V_QUOTA, "quota", "all seats",
	 "parks creates|everything else goes on", "buy seats", false},
	{400, "VPN.QuotaExceeded", NULL, CALL_CREATE, 1, V_QUOTA, "quota", "all seats", "parks creates", "buy seats",
	 false},
	{400, "VPN.0001", "Users exceed 500", CALL_CREATE, 1, V_QUOTA, "quota", "all seats", "parks creates",
	 "remove accounts", false},
	{400, "VPN.0001", "over the limit", CALL_CREATE, 1, V_QUOTA, "quota", "all seats", "parks creates",
	 "remove accounts", false},
	{400, "VPN.0001", "the number of entries", CALL_CREATE, 3, V_TOO_BIG, "invalid", "too many users|one request",
	 "halves the batch", "", false},
	{400, "VPN.0001", "Users number invalid", CALL_DELETE, 3, V_TOO_BIG, "invalid", "too many users", "halves", "",
	 false},
	{400, "VPN.0001", "user number invalid", CALL_CREATE, 3, V_TOO_BIG, "invalid", "too many users", "halves", "",
	 false},
	{400, "VPN.0001", "invalid list size", CALL_CREATE, 3, V_TOO_BIG, "invalid", "too many users", "halves", "",
	 false},
	{400, "VPN.0001", "too many users", CALL_CREATE, 3, V_TOO_BIG, "invalid", "too many users", "halves", "",
	 false},
	{400, "VPN.0001", "body too large", CALL_CREATE, 3, V_TOO_BIG, "invalid", "too many users", "halves", "",
	 false},
	{400, "VPN.0001", "invalid request: password", CALL_CREATE, 1, V_REJECTED, "invalid", "invalid request",
	 "fails the user|split to find the culprit", "message in the report", false},
	{400, "VPN.0001", NULL, CALL_DELETE, 3, V_SPLIT, "invalid", "invalid request", "split to find the culprit",
	 "message in the report", false},
	{400, "VPN.9999", NULL, CALL_CREATE, 1, V_REJECTED, "invalid", "request was refused", "fails the user",
	 "message in the report", false},
	/* may have been done */
	{500, "VPN.0002", NULL, CALL_CREATE, 1, V_UNSURE, "transient", "server error",
	 "looks whether it was done before it repeats anything|pauses", "", false},
	{500, "VPN.0002", NULL, CALL_LIST_USERS, 0, V_UNSURE, "transient", "server error", "pauses", "", false},
	{502, "", NULL, CALL_CREATE, 1, V_UNSURE, "transient", "no answer from the service", "looks whether", "",
	 false},
	{503, "VPN.9999", NULL, CALL_CREATE, 3, V_UNSURE, "transient", "not available", "looks whether", "", false},
	{504, "", NULL, CALL_DELETE, 1, V_UNSURE, "transient", "in time", "looks whether", "", false},
	/* 201, and yet refused: these name their user and come in a shape of their own, last in this list */
	{201, "invalid_users", "Duplicate user name.", CALL_CREATE, 1, V_EXISTS, "conflict",
	 "refused whole|there already", "adopts or fails by the config|sends the others again", "", false},
	{201, "invalid_users", "user already exists", CALL_CREATE, 1, V_EXISTS, "conflict", "there already",
	 "sends the others again", "", false},
	{201, "invalid_users", "repeated name", CALL_CREATE, 1, V_EXISTS, "conflict", "there already",
	 "sends the others again", "", false},
	{201, "invalid_users", "Password length invalid.", CALL_CREATE, 1, V_REJECTED, "invalid",
	 "refused whole|because of this user|cause", "fails this user|sends the others again", "the cause names",
	 false},
};

enum { N = sizeof(cases) / sizeof(*cases), OF_A_BATCH = 4 };

/* The service's own shape, that of its page of error codes, and IAM's. */
static const char *body(struct conn_world *world, size_t shape, const char *code, const char *message)
{
	message = message ? message : "";
	switch (shape) {
	case 0:
		return rc_arena_printf(&world->mem, "{\"error_code\":\"%s\",\"error_msg\":\"%s\",\"request_id\":\"r\"}",
				       code, message);
	case 1:
		return rc_arena_printf(&world->mem, "{\"code\":\"%s\",\"message\":\"%s\"}", code, message);
	default:
		return rc_arena_printf(&world->mem, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", code, message);
	}
}

static void test_rows(void **state)
{
	(void)state;
	rows_check(&w, cases, N - OF_A_BATCH, body, 3);
}

/* Each of three people is named in turn: only that one is refused, with the service's own cause. */
static void test_refused_batches(void **state)
{
	static const char *const names[] = {"ada0", "bob1", "cyd2"};

	(void)state;
	for (const struct row_case *c = cases + N - OF_A_BATCH; c < cases + N; c++)
		for (size_t named = 0; named < 3; named++) {
			struct rc_call call = conn_call(&w, c->kind, 3);
			struct rc_answer a = conn_judge(
				&w, &call, c->status, NULL,
				rc_arena_printf(&w.mem, "{\"invalid_users\":[{\"name\":\"%s\",\"cause\":\"%s\"}]}",
						names[named], c->message));
			struct rc_said said = {
				.status = 201, .code = rc_slice_str(c->code), .message = rc_slice_str(c->message)};

			conn_is(a.v, V_OK, "the call");
			for (size_t i = 0; i < 3; i++)
				conn_is(a.each[i].v, i == named ? c->verdict : V_INNOCENT, c->message);
			assert_string_equal(a.each[named].code, c->code);
			assert_string_equal(a.each[named].message, c->message);
			rows_say(rc_error_match(rc_huawei_errors, &said), c);
		}
}

static void test_nothing_left_out(void **state)
{
	(void)state;
	rows_all_reached(rc_huawei_errors, cases, N);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_rows), T(test_refused_batches), T(test_nothing_left_out)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
