/* Whole requests to the Huawei side on a clock of the test's own: what it answers, and when writes show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "tests/unit/helper_simulator.h"

#define BASE HUAWEI_BASE

static int total(void)
{
	cJSON *json;
	int n;

	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=1000", NULL), 200);
	json = cJSON_Parse(sim_test_answer());
	n = cJSON_GetObjectItem(json, "total_count")->valueint;
	assert_int_equal(n, cJSON_GetArraySize(cJSON_GetObjectItem(json, "users")));
	cJSON_Delete(json);
	return n;
}

static int create(int from, int count)
{
	struct sim_buf b = {0};
	int status;

	sim_buf_text(&b, "{\"users\":[");
	for (int i = 0; i < count; i++)
		sim_buf_printf(&b, "%s{\"name\":\"user%04d\",\"password\":\"Abcd1234\"}", i ? "," : "", from + i);
	sim_buf_text(&b, "]}");
	status = sim_test_ask("POST", BASE "/users/batch-create", b.p);
	sim_buf_done(&b);
	return status;
}

static char *id_of(int row, const char *list)
{
	cJSON *json;
	char *id;

	sim_test_ask("GET", list, NULL);
	json = cJSON_Parse(sim_test_answer());
	id = sim_dupz(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetArrayItem(json, 0), row), "id")->valuestring);
	cJSON_Delete(json);
	return id;
}

static int on_user(const char *method, const char *id, const char *tail, const char *body)
{
	char target[256];

	snprintf(target, sizeof(target), BASE "/users/%s%s", id, tail);
	return sim_test_ask(method, target, body);
}

static void test_queue_and_busy(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"capacity\":10,\"queue\":20},"
		       "\"timeline\":[{\"at_s\":1,\"set\":{\"capacity\":100}}]}");
	assert_int_equal(create(0, 21), 400);
	assert_true(sim_test_says("VPN.0030"));
	assert_int_equal(create(0, 20), 201);
	assert_int_equal(total(), 0);
	sim_test_at(0.5);
	assert_int_equal(total(), 5);
	assert_int_equal(create(100, 6), 400);
	assert_int_equal(create(100, 5), 201);
	sim_test_at(1);
	assert_int_equal(total(), 10);
	sim_test_at(1.1); /* ten times faster now */
	assert_int_equal(total(), 20);
	sim_test_at(2);
	assert_int_equal(total(), 25);
	sim_test_ask("GET", "/_sim/stats", NULL);
	assert_true(sim_test_says("\"busy\":2"));
	assert_true(sim_test_says("\"users_created\":25"));
}

static void test_apply_delay_and_vanishing(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"apply_delay_ms\":2000},\"rules\":[{\"match\":{\"op\":\"batchCreateVpnUsers\","
		       "\"name\":\"0001$\"},\"do\":{\"vanish\":{\"after_ms\":3000}}}]}");
	assert_int_equal(create(0, 3), 201);
	sim_test_at(1.9);
	assert_int_equal(total(), 0);
	sim_test_at(2);
	assert_int_equal(total(), 3);
	sim_test_at(5);
	assert_int_equal(total(), 2);
	assert_false(sim_test_says("user0001"));
	sim_test_ask("GET", "/_sim/stats", NULL);
	assert_true(sim_test_says("\"vanished\":1"));
	assert_true(sim_test_says("\"double_creates\":0"));
}

static void test_paging_with_ties(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"created_step_ms\":1000},\"servers\":{\"s1\":{\"project\":\"p1\",\"generate\":"
		       "{\"count\":6,\"tie\":3,\"start\":\"2024-01-01T00:00:00.000Z\"}}}}");
	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=2", NULL), 200);
	assert_true(sim_test_says("\"next_marker\":\"2024-01-01T00:00:00.000Z\"") &&
		    sim_test_says("\"total_count\":6"));
	/* Strictly after the marker: the third of the tie is lost. */
	sim_test_ask("GET", BASE "/users?limit=2&marker=2024-01-01T00%3A00%3A00.000Z", NULL);
	assert_true(sim_test_says("existing00004") && sim_test_says("existing00005") &&
		    !sim_test_says("existing00003"));
	sim_test_ask("GET", BASE "/users?limit=3&marker=2024-01-01T00%3A00%3A00.000Z", NULL);
	assert_true(sim_test_says("\"next_marker\":null") && sim_test_says("\"current_count\":3"));
	assert_int_equal(sim_test_ask("POST", "/_sim/script", "{\"settings\":{\"paging\":\"from\"}}"), 200);
	sim_test_ask("GET", BASE "/users?limit=2&marker=2024-01-01T00%3A00%3A00.000Z", NULL);
	assert_true(sim_test_says("existing00001") && sim_test_says("existing00002"));
	assert_int_equal(sim_test_ask("GET", BASE "/users?marker=2024-01-01T00%3A00%3A00.000Z", NULL), 400);
	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=0", NULL), 400);
	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=1001", NULL), 400);
	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=1&marker=x", NULL), 400);
	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=1&marker=", NULL), 200);
}

static void test_client_token(void **state)
{
	char first[64];

	(void)state;
	sim_test_begin("{\"settings\":{\"capacity\":1,\"queue\":2}}");
	sim_test_header_name = "X-Client-Token";
	sim_test_header_value = "0e325fb6-83b9-4004-a343-8b6fc714a5d9";
	assert_int_equal(create(0, 3), 400); /* busy is not remembered */
	assert_int_equal(create(0, 2), 201);
	snprintf(first, sizeof(first), "%.60s", sim_test_answer());
	assert_int_equal(create(0, 2), 201);
	assert_string_equal(sim_test_answer(), first);
	assert_int_equal(create(5, 1), 400);
	assert_true(sim_test_says("VPN.0031"));
	sim_test_header_value = "not-a-uuid";
	assert_int_equal(create(0, 2), 400);
	sim_test_header_name = NULL;
	sim_test_at(5);
	assert_int_equal(total(), 2);
}

static void test_batch_rules(void **state)
{
	(void)state;
	sim_test_begin(NULL);
	assert_int_equal(sim_test_ask("POST", BASE "/users/batch-create", "{\"users\":[]}"), 400);
	assert_true(sim_test_says("VPN.1318"));
	assert_int_equal(create(0, 501), 400);
	assert_int_equal(create(0, 1), 201);
	assert_int_equal(
		sim_test_ask(
			"POST", BASE "/users/batch-create",
			"{\"users\":[{\"name\":\"user0000\",\"password\":\"Abcd1234\",\"description\":\"d\"},"
			"{\"name\":\"fresh\",\"password\":\"short\"},{\"name\":\"fine1\",\"password\":\"Abcd1234\"},"
			"{\"name\":\"fine2\",\"password\":\"Abcd1234\",\"user_group_name\":\"none\"}]}"),
		201);
	assert_true(sim_test_says("Duplicate user name.") && sim_test_says("Password length invalid.") &&
		    !sim_test_says("fine1"));
	assert_true(sim_test_says("User group does not exist."));
	assert_int_equal(total(), 1);
	assert_int_equal(sim_test_ask("POST", BASE "/users/batch-create",
				      "{\"users\":[{\"name\":\"a\",\"user_group_id\":\"x\"}]}"),
			 400);
	assert_int_equal(sim_test_ask("POST", BASE "/users/batch-create", "{\"users\":"), 400);
	assert_int_equal(sim_test_ask_as("POST", BASE "/users", "text/plain", "{}"), 400);
	assert_int_equal(
		sim_test_ask("POST", BASE "/users", "{\"user\":{\"name\":\"user0000\",\"password\":\"Abcd1234\"}}"),
		400);
	assert_true(sim_test_says("Duplicate user name."));
}

static void test_one_user(void **state)
{
	char *id, *group;
	char body[256];

	(void)state;
	sim_test_begin(NULL);
	assert_int_equal(
		sim_test_ask("POST", BASE "/groups", "{\"user_group\":{\"name\":\"admins\",\"description\":\"d\"}}"),
		201);
	assert_int_equal(sim_test_ask("POST", BASE "/groups", "{\"user_group\":{\"name\":\"admins\"}}"), 400);
	group = id_of(1, BASE "/groups?limit=10");
	snprintf(body, sizeof(body),
		 "{\"user\":{\"name\":\"ada.l\",\"password\":\"Abcd1234\",\"user_group_id\":\"%s\"}}", group);
	assert_int_equal(sim_test_ask("POST", BASE "/users", body), 201);
	id = id_of(0, BASE "/users?limit=10");
	assert_true(sim_test_says("\"user_group_name\":\"admins\"") && sim_test_says("\"description\":null"));
	assert_int_equal(on_user("PUT", id, "", "{\"user\":{\"description\":\"x\",\"static_ip\":\"10.0.0.5\"}}"), 200);
	assert_true(sim_test_says("\"description\":\"x\"") && sim_test_says("10.0.0.5"));
	assert_int_equal(on_user("PUT", id, "", "{\"user\":{\"description\":\"\"}}"), 200);
	assert_int_equal(on_user("GET", id, "", NULL), 200);
	assert_true(sim_test_says("\"description\":\"\""));
	assert_int_equal(on_user("PUT", id, "", "{\"user\":{\"name\":\"other\"}}"), 400);
	assert_int_equal(on_user("PUT", id, "", "{\"user\":{\"user_group_id\":\"none\"}}"), 400);
	assert_int_equal(on_user("POST", id, "/reset-password", "{\"new_password\":\"Abcd1234\"}"), 400);
	assert_int_equal(on_user("POST", id, "/reset-password", "{\"new_password\":\"Abcd12345\"}"), 200);
	assert_int_equal(on_user("PUT", id, "/password", "{\"old_password\":\"no\",\"new_password\":\"Abcd123456\"}"),
			 400);
	assert_int_equal(
		on_user("PUT", id, "/password", "{\"old_password\":\"Abcd12345\",\"new_password\":\"Abcd123456\"}"),
		200);
	sim_test_ask("GET", "/_sim/users", NULL);
	assert_true(sim_test_says("\"password\":\"Abcd123456\"") && sim_test_says("\"times_created\":1"));
	assert_int_equal(on_user("DELETE", id, "", NULL), 204);
	assert_int_equal(on_user("DELETE", id, "", NULL), 404);
	assert_true(sim_test_says("VPN.0004"));
	free(id);
	free(group);
}

static int on_group(const char *method, const char *id, const char *tail, const char *format, const char *user)
{
	char target[256], body[256];

	snprintf(target, sizeof(target), BASE "/groups/%s%s", id, tail);
	snprintf(body, sizeof(body), "{\"users\":[{\"id\":\"%s\"}]}", user ? user : "");
	return sim_test_ask(method, target, user ? body : format);
}

static void test_groups(void **state)
{
	char *user, *group, *first;

	(void)state;
	sim_test_begin(
		"{\"servers\":{\"s1\":{\"project\":\"p1\",\"groups\":[{\"name\":\"kept\",\"in_policy\":true}]}}}");
	create(0, 2);
	assert_int_equal(sim_test_ask("POST", BASE "/groups", "{\"user_group\":{\"name\":\"staff\"}}"), 201);
	first = id_of(0, BASE "/groups?limit=10");
	assert_true(sim_test_says("\"type\":\"Default\",\"user_number\":2"));
	group = id_of(2, BASE "/groups?limit=10");
	user = id_of(0, BASE "/users?limit=10");
	assert_int_equal(on_group("POST", group, "/add-users", NULL, user), 201);
	assert_int_equal(on_group("GET", group, "/users?limit=5", NULL, NULL), 200);
	assert_true(sim_test_says("user0000") && sim_test_says("\"total_count\":1") && !sim_test_says("created_at"));
	assert_int_equal(on_group("POST", first, "/remove-users", NULL, user), 400);
	assert_int_equal(on_group("POST", group, "/remove-users", NULL, user), 201);
	assert_int_equal(on_user("GET", user, "", NULL), 200);
	assert_true(sim_test_says("\"user_group_id\":null"));
	assert_int_equal(on_group("POST", group, "/add-users", NULL, user), 201);
	assert_int_equal(on_group("PUT", group, "", "{\"user_group\":{\"name\":\"crew\"}}", NULL), 200);
	assert_int_equal(on_group("GET", group, "", NULL, NULL), 200);
	assert_true(sim_test_says("crew") && sim_test_says("\"user_number\":1"));
	assert_int_equal(on_group("DELETE", group, "", NULL, NULL), 204);
	assert_int_equal(on_group("DELETE", group, "", NULL, NULL), 404);
	assert_int_equal(on_user("GET", user, "", NULL), 200);
	assert_true(sim_test_says("\"user_group_id\":null"));
	assert_int_equal(on_group("DELETE", first, "", NULL, NULL), 400);
	free(group);
	group = id_of(1, BASE "/groups?limit=10");
	assert_int_equal(on_group("DELETE", group, "", NULL, NULL), 400);
	assert_true(sim_test_says("VPN.1313"));
	free(user);
	free(group);
	free(first);
}

static void test_batch_delete(void **state)
{
	char *id, body[160];

	(void)state;
	sim_test_begin(NULL);
	create(0, 3);
	id = id_of(1, BASE "/users?limit=10");
	snprintf(body, sizeof(body), "{\"users\":[{\"id\":\"%s\"},{\"id\":\"unknown\"}]}", id);
	sim_test_ask("POST", "/_sim/script", "{\"settings\":{\"strict_batch_delete\":true}}");
	assert_int_equal(sim_test_ask("POST", BASE "/users/batch-delete", body), 404);
	sim_test_ask("POST", "/_sim/script", "{\"settings\":{\"strict_batch_delete\":false}}");
	assert_int_equal(sim_test_ask("POST", BASE "/users/batch-delete", body), 200);
	assert_int_equal(total(), 2);
	assert_int_equal(sim_test_ask("POST", BASE "/users/batch-delete", "{\"users\":[]}"), 400);
	free(id);
}

static void test_seats(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"seat_limit\":3}}");
	assert_int_equal(create(0, 4), 400);
	assert_true(sim_test_says("quota"));
	assert_int_equal(create(0, 3), 201);
	assert_int_equal(create(3, 1), 400);
	sim_test_ask("POST", "/_sim/script", "{\"settings\":{\"seat_limit\":null}}");
	assert_int_equal(create(3, 1), 201);
}

static void test_tokens(void **state)
{
	static const char login[] =
		"{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"domain\":"
		"{\"name\":\"d\"},\"name\":\"u\",\"password\":\"%s\"}}},"
		"\"scope\":{\"project\":{\"name\":\"p\"}}}}";
	char body[400], *token;

	(void)state;
	sim_test_begin("{\"settings\":{\"token\":\"fixed\",\"iam_password\":\"right\",\"token_ttl_s\":60}}");
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 401);
	assert_true(sim_test_says("x-auth-token not found"));
	sim_test_header_name = "X-Auth-Token";
	sim_test_header_value = "fixed";
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 200);
	sim_test_header_value = "wrong";
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 401);
	sim_test_header_name = NULL;
	snprintf(body, sizeof(body), login, "wrong");
	assert_int_equal(sim_test_ask("POST", "/v3/auth/tokens", body), 401);
	assert_int_equal(sim_test_ask("POST", "/v3/auth/tokens", "{}"), 400);
	snprintf(body, sizeof(body), login, "right");
	assert_int_equal(sim_test_ask("POST", "/v3/auth/tokens?nocatalog=true", body), 201);
	assert_false(sim_test_says("catalog"));
	token = sim_dup(sim_buf_view(&sim_test_reply.headers));
	*strstr(token, "\r\n") = '\0';
	sim_test_header_name = "X-Auth-Token";
	sim_test_header_value = token + strlen("X-Subject-Token: ");
	assert_int_equal(strlen(sim_test_header_value), 3000);
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 200);
	sim_test_at(61);
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 401);
	assert_true(sim_test_says("token expires"));
	free(token);
}

static void test_key_lock(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"access_key\":\"AK\",\"secret_key\":\"SK\"}}");
	sim_test_header_name = "X-Sdk-Date";
	sim_test_header_value = "20260102T000000Z";
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 401);
	/* A request with both headers, so that the check gets as far as the signature. */
	for (int i = 0; i < 7; i++) {
		struct sim_request r = {.method = SIM_STR("GET"), .target = SIM_STR(BASE "/users")};
		struct sim_server *server;

		r.headers[r.header_count++] = (struct sim_header){SIM_STR("X-Sdk-Date"), SIM_STR("20260102T000000Z")};
		r.headers[r.header_count++] = (struct sim_header){
			SIM_STR("Authorization"),
			SIM_STR("SDK-HMAC-SHA256 Access=AK, SignedHeaders=x-sdk-date, Signature=00")};
		sim_request_split(&r);
		sim_reply_done(&sim_test_reply);
		sim_test_reply = (struct sim_reply){0};
		sim_world_handle(&sim_test_world, &r, &sim_test_reply, &server);
		sim_world_finished(&sim_test_world, server);
		assert_int_equal(sim_test_reply.status, 401);
		assert_true(sim_test_says(i < 6 ? "verify aksk signature fail"
						: "AK access failed to reach the limit,forbidden"));
	}
}

static void test_throttling(void **state)
{
	(void)state;
	sim_test_begin("{\"settings\":{\"window\":{\"n\":2,\"period_s\":300}}}");
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 200);
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 200);
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 429);
	assert_true(sim_test_says("APIGW.0308") && sim_test_says("limit:2,time:5 minute"));
	sim_test_ask("POST", "/_sim/script",
		     "{\"settings\":{\"window\":null,\"bucket\":{\"rate\":1,\"burst\":1,\"retry_after\":2},"
		     "\"gateway_prefix\":\"APIG\"}}");
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 200);
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 429);
	assert_true(sim_test_says("\"APIG.0308\"") && strstr(sim_test_reply.headers.p, "Retry-After: 2"));
	sim_test_ask("POST", "/_sim/script", "{\"settings\":{\"bucket\":null,\"error_shape\":2,\"outage\":true}}");
	assert_int_equal(sim_test_ask("GET", BASE "/users", NULL), 503);
	sim_test_ask("POST", "/_sim/script", "{\"settings\":{\"outage\":false}}");
	assert_int_equal(sim_test_ask("GET", BASE "/users/none", NULL), 404);
	assert_true(sim_test_says("{\"code\":\"VPN.0004\",\"message\""));
	assert_int_equal(sim_test_ask("GET", "/v5/p1/elsewhere", NULL), 404);
	assert_true(sim_test_says("APIG.0101"));
}

static void test_faults(void **state)
{
	(void)state;
	sim_test_begin(
		"{\"rules\":["
		"{\"match\":{\"op\":\"listVpnUsers\",\"nth\":[1,3]},\"do\":{\"code\":\"VPN.0030\",\"message\":\"busy\"}"
		"},"
		"{\"match\":{\"op\":\"batchCreateVpnUsers\",\"times\":1},\"do\":{\"status\":504,\"html\":true,"
		"\"commit\":true,\"headers\":{\"Retry-After\":\"7\"}}},"
		"{\"match\":{\"op\":\"batchCreateVpnUsers\",\"name\":\"0009\"},\"do\":{\"cause\":\"Poisoned.\"}},"
		"{\"match\":{\"op\":\"batchCreateVpnUsers\"},\"do\":{\"reset\":\"after\"}},"
		"{\"match\":{\"path\":\"vpn-servers$\"},\"do\":{\"half_body\":true,\"delay_ms\":10,\"slow\":5}}]}");
	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=5", NULL), 400);
	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=5", NULL), 200);
	assert_int_equal(sim_test_ask("GET", BASE "/users?limit=5", NULL), 400);
	assert_int_equal(create(0, 2), 504);
	assert_true(sim_test_says("<html>") && strstr(sim_test_reply.headers.p, "Retry-After: 7"));
	assert_int_equal(total(), 2);
	assert_int_equal(create(8, 2), 201);
	assert_true(sim_test_says("user0009") && sim_test_says("Poisoned.") && !sim_test_says("user0008"));
	create(20, 1);
	assert_int_equal(sim_test_reply.end, SIM_END_RESET);
	assert_true(sim_test_reply.silent);
	assert_int_equal(total(), 3);
	assert_int_equal(sim_test_ask("GET", "/v5/p1/vpn-servers", NULL), 200);
	assert_true(sim_test_reply.cut && sim_test_reply.cut_at == sim_test_reply.body.n / 2 &&
		    sim_test_reply.delay_ms >= 10);
}

static void test_bad_scripts(void **state)
{
	static const char *const scripts[] = {
		"",
		"[]",
		"{\"rule\":[]}",
		"{\"settings\":{\"capacty\":1}}",
		"{\"settings\":{\"capacity\":-1}}",
		"{\"settings\":{\"page_default\":2000}}",
		"{\"settings\":{\"window\":{\"n\":0}}}",
		"{\"rules\":[{}]}",
		"{\"rules\":[{\"do\":{\"statuss\":1}}]}",
		"{\"rules\":[{\"match\":{\"op\":\"none\"},\"do\":{}}]}",
		"{\"rules\":[{\"match\":{\"path\":\"(\"},\"do\":{}}]}",
		"{\"rules\":[{\"do\":{\"reset\":\"maybe\"}}]}",
		"{\"timeline\":[{\"at_s\":5},{\"at_s\":4}]}",
		"{\"timeline\":[{\"at_s\":5,\"set\":{\"x\":1}}]}",
		"{\"servers\":{\"s\":{\"users\":[{}]}}}",
		"{\"servers\":{\"s\":{\"users\":[{\"name\":\"n\",\"created_at\":\"x\"}]}}}",
		"{\"in_use\":[1]}",
	};

	(void)state;
	sim_test_begin(NULL);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (sim_test_ask("POST", "/_sim/script", scripts[i]) != 400)
			fail_msg("accepted: %s", scripts[i]);
	assert_int_equal(sim_test_ask("POST", "/_sim/script", "{\"reset\":true}"), 200);
	assert_int_equal(sim_test_ask("GET", "/_sim/nothing", NULL), 404);
}

#define TEST(name) cmocka_unit_test_teardown(name, sim_test_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_queue_and_busy),
		TEST(test_apply_delay_and_vanishing),
		TEST(test_paging_with_ties),
		TEST(test_client_token),
		TEST(test_batch_rules),
		TEST(test_one_user),
		TEST(test_groups),
		TEST(test_batch_delete),
		TEST(test_seats),
		TEST(test_tokens),
		TEST(test_key_lock),
		TEST(test_throttling),
		TEST(test_faults),
		TEST(test_bad_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
