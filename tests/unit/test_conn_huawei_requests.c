/* Huawei: op in, request out, exact to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "helper_conn.h"

#define SERVER "https://vpn.example.com/v5/p1/p2c-vpn-gateways/vpn-servers/sag-s1"
#define HEADERS "\nContent-Type: application/json\nAccept: application/json\n"
#define HOST "\nHost: vpn.example.com"
#define TOKEN "X-Auth-Token: tok\n"
#define CLIENT "X-Client-Token: " CONN_UUID "\n"

static struct conn_world w;

static int setup(void **state)
{
	(void)state;
	conn_world_init(&w, "huawei-p2c-vpn");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	conn_world_done(&w);
	return 0;
}

static void test_lists(void **state)
{
	struct rc_call c = conn_call(&w, CALL_LIST_USERS, 0);

	(void)state;
	assert_string_equal(conn_request(&w, &c), "GET " SERVER "/users?limit=50" HOST HEADERS TOKEN "\n");
	c.page_limit = 7;
	c.marker = RC_SLICE("2024-06-17T06:53:46.302+08:00 ==");
	assert_string_equal(conn_request(&w, &c),
			    "GET " SERVER
			    "/users?limit=7&marker=2024-06-17T06%3A53%3A46.302%2B08%3A00%20%3D%3D" HOST HEADERS TOKEN
			    "\n");
	c = conn_call(&w, CALL_LIST_GROUPS, 0);
	assert_string_equal(conn_request(&w, &c), "GET " SERVER "/groups?limit=50" HOST HEADERS TOKEN "\n");
	c = conn_call(&w, CALL_LIST_GROUP_USERS, 0);
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
	c.group = RC_SLICE("g/1");
	assert_string_equal(conn_request(&w, &c), "GET " SERVER "/groups/g%2F1/users?limit=50" HOST HEADERS TOKEN "\n");
	c = conn_call(&w, CALL_WHOAMI, 0);
	assert_string_equal(conn_request(&w, &c), "GET " SERVER "/users?limit=1" HOST HEADERS TOKEN "\n");
}

static void test_create(void **state)
{
	struct rc_call c;

	(void)state;
	conn_user(&w, 0, "name=ada.l", "password=Qw\"\\er 1", "description=User_1", "user_group_name=admins",
		  "static_ip=10.0.0.9", NULL);
	conn_user(&w, 1, "name=bob", "password=Zz11", "description=", NULL);
	c = conn_call(&w, CALL_CREATE, 2);
	assert_string_equal(
		conn_request(&w, &c),
		"POST " SERVER "/users/batch-create" HOST HEADERS CLIENT TOKEN
		"\n{\"users\":[{\"name\":\"ada.l\",\"password\":\"Qw\\\"\\\\er 1\",\"description\":\"User_1\","
		"\"user_group_name\":\"admins\",\"static_ip\":\"10.0.0.9\"},"
		"{\"name\":\"bob\",\"password\":\"Zz11\"}]}");
	c.n = 0;
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
}

static void test_update(void **state)
{
	struct rc_call c;

	(void)state;
	conn_user(&w, 0, "name=ada", "id=u1", "description=", "user_group_name=admins", "group_id=g1",
		  "static_ip=disable", NULL);
	c = conn_call(&w, CALL_UPDATE, 1);
	assert_string_equal(conn_request(&w, &c), "PUT " SERVER "/users/u1" HOST HEADERS TOKEN
						  "\n{\"user\":{\"description\":\"\",\"user_group_id\":\"g1\","
						  "\"static_ip\":\"disable\"}}");
	w.users[0].changed = 1u << rc_account_field(w.cfg.schema, RC_SLICE("description"));
	assert_string_equal(conn_request(&w, &c),
			    "PUT " SERVER "/users/u1" HOST HEADERS TOKEN "\n{\"user\":{\"description\":\"\"}}");
	w.users[0].changed = 0;
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
	w.users[0].changed = 1u << w.cfg.schema->group_field;
	w.users[0].group_id = (struct rc_slice){0};
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
	c.n = 2;
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
}

static void test_delete_and_lookup(void **state)
{
	struct rc_call c;

	(void)state;
	conn_user(&w, 0, "name=ada", "id=yWYnJt0R-Q0a7", NULL);
	conn_user(&w, 1, "name=bob", "id=u2", NULL);
	c = conn_call(&w, CALL_DELETE, 1);
	assert_string_equal(conn_request(&w, &c), "DELETE " SERVER "/users/yWYnJt0R-Q0a7" HOST HEADERS TOKEN "\n");
	c.n = 2;
	assert_string_equal(conn_request(&w, &c), "POST " SERVER "/users/batch-delete" HOST HEADERS TOKEN
						  "\n{\"users\":[{\"id\":\"yWYnJt0R-Q0a7\"},{\"id\":\"u2\"}]}");
	c = conn_call(&w, CALL_LOOKUP, 1);
	assert_string_equal(conn_request(&w, &c), "GET " SERVER "/users/yWYnJt0R-Q0a7" HOST HEADERS TOKEN "\n");
	w.users[0].remote_id = (struct rc_slice){0};
	assert_int_equal(conn_refuses(&w, &c), RC_USAGE);
	c.kind = CALL_DELETE;
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
}

static void test_password_and_group(void **state)
{
	struct rc_call c;

	(void)state;
	conn_user(&w, 0, "name=ada", "id=u1", "password=N3w-pass word", NULL);
	c = conn_call(&w, CALL_PASSWORD, 1);
	assert_string_equal(conn_request(&w, &c), "POST " SERVER "/users/u1/reset-password" HOST HEADERS TOKEN
						  "\n{\"new_password\":\"N3w-pass word\"}");
	c = conn_call(&w, CALL_GROUP_CREATE, 0);
	c.group = RC_SLICE("user-group1");
	assert_string_equal(conn_request(&w, &c), "POST " SERVER "/groups" HOST HEADERS CLIENT TOKEN
						  "\n{\"user_group\":{\"name\":\"user-group1\"}}");
	c.client_token = NULL;
	assert_null(conn_header(&w, conn_request(&w, &c), "X-Client-Token"));
}

static void test_login(void **state)
{
	struct rc_call c = conn_call(&w, CALL_LOGIN, 0);

	(void)state;
	assert_string_equal(conn_request(&w, &c),
			    "POST https://iam.example.com/v3/auth/tokens?nocatalog=true\nHost: iam.example.com" HEADERS
			    "\n{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"domain\":"
			    "{\"name\":\"dom\"},\"name\":\"ops\",\"password\":\"pa\\\"ss\"}}},"
			    "\"scope\":{\"project\":{\"id\":\"p1\"}}}}");
	w.cfg.project_name = "cn-north-4";
	assert_non_null(strstr(conn_request(&w, &c), "\"scope\":{\"project\":{\"name\":\"cn-north-4\"}}}}"));
}

static void test_endpoint(void **state)
{
	struct rc_call c = conn_call(&w, CALL_WHOAMI, 0);
	static const char *const bad[] = {"ftp://h", "http://", "https://u@h", "https://h\n", "https://h/?q=1",
					  "h",       ""};

	(void)state;
	w.cfg.endpoint = "http://127.0.0.1:8080/base";
	assert_string_equal(conn_header(&w, conn_request(&w, &c), "Host"), "127.0.0.1:8080");
	assert_non_null(strstr(conn_request(&w, &c), "GET http://127.0.0.1:8080/base/v5/p1/"));
	w.cfg.endpoint = "https://h:443";
	assert_string_equal(conn_header(&w, conn_request(&w, &c), "Host"), "h");
	w.cfg.endpoint = "http://h:443";
	assert_string_equal(conn_header(&w, conn_request(&w, &c), "Host"), "h:443");
	w.cfg.endpoint = "http://[::1]:80";
	assert_string_equal(conn_header(&w, conn_request(&w, &c), "Host"), "[::1]");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		w.cfg.endpoint = bad[i];
		assert_int_equal(conn_refuses(&w, &c), RC_CONFIG);
	}
}

static void test_refusals(void **state)
{
	struct rc_call c;

	(void)state;
	for (unsigned k = 0; k < RC_CALL_KINDS; k++) {
		conn_user(&w, 0, "name=ada", "id=u1", "description=x", NULL);
		c = conn_call(&w, k, 1);
		c.group = RC_SLICE("g");
		if (w.c->calls & (1u << k))
			conn_request(&w, &c);
		else
			assert_int_equal(conn_refuses(&w, &c), RC_USAGE);
	}
	c = conn_call(&w, CALL_WHOAMI, 0);
	w.auth.token = RC_SLICE("tok\r\nX-Evil: 1");
	assert_int_equal(conn_refuses(&w, &c), RC_CONFIG);
	assert_null(strstr(w.err.what, "tok\\"));
	c.server_id = "";
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_lists),
		T(test_create),
		T(test_update),
		T(test_delete_and_lookup),
		T(test_password_and_group),
		T(test_login),
		T(test_endpoint),
		T(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
