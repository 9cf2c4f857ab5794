/* Huawei: answer in, verdicts out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "connectors/huawei/huawei.h"
#include "connectors/shared/judge.h"
#include <stdlib.h>
#include "helper_conn.h"

static struct conn_world w;

static int setup(void **state)
{
	(void)state;
	conn_world_init(&w, "huawei-p2c-vpn");
	conn_user(&w, 0, "name=ada0", "id=u0", "password=Qwer1234", "description=x", NULL);
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

struct answer_case {
	enum rc_call_kind kind;
	size_t n;
	int status;
	const char *body;
	enum rc_verdict want;
	const char *code;
};

#define ERR(code, msg) "{\"error_code\":\"" code "\",\"error_msg\":\"" msg "\",\"request_id\":\"r-1\"}"

static const struct answer_case cases[] = {
	/* busy is a 400, whatever its shape; without the code by its words */
	{CALL_CREATE, 3, 400, ERR("VPN.0030", "The system is busy, please try later."), V_BUSY, "VPN.0030"},
	{CALL_DELETE, 1, 400, "{\"code\":\"VPN.0030\",\"message\":\"limit\"}", V_BUSY, "VPN.0030"},
	{CALL_UPDATE, 1, 400, "{\"error_msg\":\"The system is busy, please try later.\"}", V_BUSY, "http.400"},
	{CALL_LIST_USERS, 0, 400, ERR("VPN.0030", ""), V_BUSY, "VPN.0030"},
	{CALL_CREATE, 3, 500, ERR("VPN.0030", ""), V_BUSY, "VPN.0030"},
	{CALL_CREATE, 3, 200, ERR("VPN.0030", ""), V_BUSY, "VPN.0030"},
	{CALL_CREATE, 3, 400, ERR("VPN.0031", "Repeated operation."), V_REREAD, "VPN.0031"},
	{CALL_LIST_USERS, 0, 400, ERR("VPN.0031", "Repeated operation."), V_UNSURE, "VPN.0031"},
	/* plain wrong */
	{CALL_CREATE, 1, 400, ERR("VPN.0001", "invalid request"), V_REJECTED, "VPN.0001"},
	{CALL_CREATE, 3, 400, ERR("VPN.0001", "invalid request"), V_SPLIT, "VPN.0001"},
	{CALL_DELETE, 3, 400, ERR("VPN.0001", "invalid request"), V_SPLIT, "VPN.0001"},
	{CALL_UPDATE, 1, 400, ERR("VPN.0001", "invalid request"), V_REJECTED, "VPN.0001"},
	{CALL_LIST_USERS, 0, 400, ERR("VPN.0001", "invalid request"), V_TARGET, "VPN.0001"},
	{CALL_LOOKUP, 1, 400, ERR("VPN.0001", "invalid request"), V_REJECTED, "VPN.0001"},
	{CALL_CREATE, 3, 400, "<html>400</html>", V_SPLIT, "http.400"},
	{CALL_CREATE, 1, 400, "<html>the limit is exceeded</html>", V_REJECTED, "http.400"},
	{CALL_CREATE, 1, 400, ERR("VPN.9999", "new"), V_REJECTED, "VPN.9999"},
	{CALL_CREATE, 1, 422, "", V_REJECTED, "http.422"},
	/* seats and size: words decide */
	{CALL_CREATE, 1, 400, ERR("VPN.0001", "Users EXCEED 500"), V_QUOTA, "VPN.0001"},
	{CALL_CREATE, 1, 400, ERR("VPN.1500", "quota"), V_QUOTA, "VPN.1500"},
	{CALL_CREATE, 3, 400, ERR("VPN.1500", "quota exceeded"), V_QUOTA, "VPN.1500"},
	{CALL_CREATE, 1, 400, ERR("VPN.QuotaExceeded", ""), V_QUOTA, "VPN.QuotaExceeded"},
	{CALL_UPDATE, 1, 400, ERR("VPN.1500", "limit"), V_REJECTED, "VPN.1500"},
	{CALL_DELETE, 3, 400, ERR("VPN.1500", "limit"), V_SPLIT, "VPN.1500"},
	{CALL_CREATE, 3, 400, ERR("VPN.0001", "the number of users exceeds the limit"), V_TOO_BIG, "VPN.0001"},
	{CALL_CREATE, 1, 400, ERR("VPN.0001", "the number of users exceeds the limit"), V_QUOTA, "VPN.0001"},
	{CALL_DELETE, 3, 400, ERR("VPN.0001", "list size"), V_TOO_BIG, "VPN.0001"},
	{CALL_CREATE, 3, 413, "", V_TOO_BIG, "http.413"},
	{CALL_CREATE, 3, 413, ERR("APIGW.0201", "body"), V_TOO_BIG, "APIGW.0201"},
	{CALL_CREATE, 1, 413, ERR("APIG.0201", "body"), V_REJECTED, "APIG.0201"},
	{CALL_CREATE, 1, 400, ERR("VPN.0001", "Duplicate name"), V_EXISTS, "VPN.0001"},
	{CALL_CREATE, 3, 400, ERR("VPN.0001", "Duplicate name"), V_SPLIT, "VPN.0001"},
	{CALL_GROUP_CREATE, 0, 400, ERR("VPN.0001", "group already exists"), V_EXISTS, "VPN.0001"},
	/* gone only by the service's own word */
	{CALL_DELETE, 1, 404, ERR("VPN.0004", "no such resource"), V_GONE, "VPN.0004"},
	{CALL_LOOKUP, 1, 404, ERR("VPN.0004", "no such resource"), V_GONE, "VPN.0004"},
	{CALL_DELETE, 3, 404, ERR("VPN.0004", "no such resource"), V_REREAD, "VPN.0004"},
	{CALL_UPDATE, 1, 404, ERR("VPN.0004", ""), V_REREAD, "VPN.0004"},
	{CALL_PASSWORD, 1, 404, ERR("VPN.0004", ""), V_REREAD, "VPN.0004"},
	{CALL_CREATE, 3, 404, ERR("VPN.0004", ""), V_REREAD, "VPN.0004"},
	{CALL_LIST_USERS, 0, 404, ERR("VPN.0004", ""), V_TARGET, "VPN.0004"},
	{CALL_GROUP_CREATE, 0, 404, ERR("VPN.0004", ""), V_TARGET, "VPN.0004"},
	{CALL_DELETE, 1, 404, "<html>404</html>", V_REJECTED, "http.404"},
	{CALL_DELETE, 1, 404, "", V_REJECTED, "http.404"},
	{CALL_DELETE, 1, 404, ERR("VPN.0001", ""), V_REJECTED, "VPN.0001"},
	{CALL_DELETE, 1, 404, ERR("XYZ.1", ""), V_REJECTED, "XYZ.1"},
	{CALL_DELETE, 1, 200, ERR("VPN.0004", ""), V_UNSURE, "VPN.0004"},
	{CALL_DELETE, 1, 400, ERR("VPN.0004", ""), V_REJECTED, "VPN.0004"},
	{CALL_DELETE, 1, 404, ERR("APIGW.0101", "The API does not exist"), V_TARGET, "APIGW.0101"},
	{CALL_DELETE, 1, 404, ERR("APIG.0101", "The API does not exist"), V_TARGET, "APIG.0101"},
	/* credentials, clock, rate */
	{CALL_CREATE, 3, 401, ERR("APIGW.0301", "verify aksk signature fail"), V_AUTH, "APIGW.0301"},
	{CALL_WHOAMI, 0, 401, ERR("APIG.0301", "decrypt token fail"), V_AUTH, "APIG.0301"},
	{CALL_LOGIN, 0, 401, "{\"error\":{\"code\":401,\"message\":\"bad password\",\"title\":\"Unauthorized\"}}",
	 V_AUTH, "401"},
	{CALL_LOGIN, 0, 403, "{\"error\":{\"code\":403,\"message\":\"locked\"}}", V_AUTH, "403"},
	{CALL_LOGIN, 0, 400, "{\"error\":{\"code\":400,\"message\":\"bad\"}}", V_TARGET, "400"},
	{CALL_CREATE, 1, 401, "", V_AUTH, "http.401"},
	{CALL_CREATE, 1, 403, ERR("VPN.0003", "no permission"), V_AUTH, "VPN.0003"},
	{CALL_CREATE, 1, 403, "<html>blocked</html>", V_TARGET, "http.403"},
	{CALL_CREATE, 1, 401, ERR("APIG.0303", "X-Sdk-Date"), V_CLOCK, "APIG.0303"},
	{CALL_CREATE, 1, 429, ERR("APIG.0308", "slow"), V_THROTTLED, "APIG.0308"},
	{CALL_CREATE, 1, 429, "", V_THROTTLED, "http.429"},
	{CALL_LIST_USERS, 0, 429, "", V_THROTTLED, "http.429"},
	/* maybe done */
	{CALL_CREATE, 1, 500, ERR("VPN.0002", ""), V_UNSURE, "VPN.0002"},
	{CALL_CREATE, 1, 500, ERR("VPN.0001", ""), V_UNSURE, "VPN.0001"},
	{CALL_CREATE, 1, 502, "<html>", V_UNSURE, "http.502"},
	{CALL_CREATE, 1, 503, "", V_UNSURE, "http.503"},
	{CALL_CREATE, 1, 504, ERR("APIGW.0202", "Backend timeout"), V_UNSURE, "APIGW.0202"},
	{CALL_CREATE, 1, 599, "", V_UNSURE, "http.599"},
	{CALL_CREATE, 1, 408, "", V_UNSURE, "http.408"},
	{CALL_CREATE, 1, 200, ERR("VPN.9999", "unlisted"), V_UNSURE, "VPN.9999"},
	{CALL_CREATE, 1, 200, "<html>login</html>", V_UNSURE, "rollcall.bad_answer"},
	{CALL_CREATE, 1, 201, "", V_UNSURE, "rollcall.bad_answer"},
	{CALL_CREATE, 1, 201, "[]", V_UNSURE, "rollcall.bad_answer"},
	{CALL_CREATE, 1, 201, "{\"invalid_users\":{}}", V_UNSURE, "rollcall.bad_answer"},
	{CALL_UPDATE, 1, 200, "<html>", V_UNSURE, "rollcall.bad_answer"},
	{CALL_PASSWORD, 1, 200, "", V_UNSURE, "rollcall.bad_answer"},
	{CALL_WHOAMI, 0, 200, "<html>", V_UNSURE, "rollcall.bad_answer"},
	{CALL_CREATE, 1, 101, "", V_UNSURE, "rollcall.bad_answer"},
	{CALL_CREATE, 1, 0, "", V_UNSURE, "rollcall.bad_answer"},
	{CALL_CREATE, 1, -7, "", V_UNSURE, "rollcall.bad_answer"},
	/* the way there */
	{CALL_CREATE, 1, 302, "", V_TARGET, "http.302"},
	{CALL_CREATE, 1, 407, "", V_TARGET, "http.407"},
	/* fine */
	{CALL_CREATE, 3, 201, "{\"request_id\":\"r\"}", V_OK, NULL},
	{CALL_CREATE, 3, 200, "{\"invalid_users\":[],\"request_id\":\"r\"}", V_OK, NULL},
	{CALL_CREATE, 3, 202, "{\"invalid_users\":null}", V_OK, NULL},
	{CALL_UPDATE, 1, 200, "{\"user\":{\"id\":\"u0\"}}", V_OK, NULL},
	{CALL_DELETE, 1, 204, "", V_OK, NULL},
	{CALL_DELETE, 3, 200, "{\"request_id\":\"r\"}", V_OK, NULL},
	{CALL_PASSWORD, 1, 200, "{\"request_id\":\"r\"}", V_OK, NULL},
	{CALL_WHOAMI, 0, 200, "{}", V_OK, NULL},
};

static const char *title(const struct answer_case *c)
{
	return rc_arena_printf(&w.mem, "%s of %zu, %d %s", rc_call_name(c->kind), c->n, c->status, c->body);
}

static void check_each(const struct rc_call *call, const struct rc_answer *a)
{
	for (size_t i = 0; a->each && i < call->n; i++) {
		conn_is(a->each[i].v, a->v, "user's own");
		assert_true(!a->each[i].code == !a->code);
	}
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct answer_case *c = &cases[i];
		struct rc_call call = conn_call(&w, c->kind, c->n);
		struct rc_answer a = conn_judge(&w, &call, c->status, NULL, c->body);

		conn_is(a.v, c->want, title(c));
		if (c->code ? !a.code || strcmp(a.code, c->code) != 0 : a.code != NULL)
			fail_msg("%s: code %s", title(c), a.code ? a.code : "none");
		if (c->code)
			assert_true(a.message && *a.message);
		check_each(&call, &a);
	}
}

/* One answer for each code of each row of the table must come back as that row. */
static void test_every_row(void **state)
{
	struct rc_call call = conn_call(&w, CALL_CREATE, 1);

	(void)state;
	for (const struct rc_error_row *r = rc_huawei_errors; r->code; r++) {
		int status = r->http == 5 ? 502 : r->http ? r->http : 400;

		assert_true(*r->class_ && *r->meaning && *r->action && r->remedy);
		for (const char *at = r->code; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
			struct rc_slice code = {at, strcspn(at, "|*")};
			bool star = at[code.n] == '*';
			const char *code_text = rc_arena_printf(&w.mem, "%.*s%s", (int)code.n, code.p,
								star ? code.n ? "5" : "X.1" : "");
			const char *text = r->text ? r->text : "words";
			struct rc_said said = {.status = status,
					       .code = rc_slice_str(code_text),
					       .message = {text, strcspn(text, "|")},
					       .batch = r->verdict == V_TOO_BIG};
			const char *body = rc_arena_printf(&w.mem, "{\"error_code\":\"%s\",\"error_msg\":\"%.*s\"}",
							   code_text, (int)said.message.n, said.message.p);

			assert_ptr_equal(rc_error_match(rc_huawei_errors, &said), r);
			call.n = said.batch ? 3 : 1;
			if (status >= 400)
				conn_is(conn_judge(&w, &call, status, NULL, body).v, rc_verdict_fit(r->verdict, &call),
					body);
			if (*r->code && *r->code != '*')
				assert_non_null(rc_error_row_find(w.c, code_text));
		}
	}
}

static void test_invalid_users(void **state)
{
	struct rc_call call = conn_call(&w, CALL_CREATE, 3);
	struct rc_answer a;

	(void)state;
	a = conn_judge(&w, &call, 201, NULL,
		       "{\"invalid_users\":[{\"name\":\"bob1\",\"cause\":\"Password length invalid.\"},"
		       "{\"name\":\"cyd2\",\"cause\":\"Duplicate user name.\"}],\"request_id\":\"r-9\"}");
	conn_is(a.v, V_OK, "call");
	conn_is(a.each[0].v, V_INNOCENT, "ada");
	conn_is(a.each[1].v, V_REJECTED, "bob");
	conn_is(a.each[2].v, V_EXISTS, "cyd");
	assert_string_equal(a.each[1].message, "Password length invalid.");
	assert_string_equal(a.each[1].code, "invalid_users");
	assert_string_equal(a.request_id, "r-9");
	/* one of them has a cause: the list is believed */
	a = conn_judge(
		&w, &call, 201, NULL,
		"{\"invalid_users\":[{\"name\":\"bob1\"},{\"name\":\"ada0\"},{\"name\":\"cyd2\",\"cause\":\"x\"}]}");
	conn_is(a.v, V_OK, "all named");
	conn_is(a.each[0].v, V_REJECTED, "ada");
	/* the same one twice */
	a = conn_judge(&w, &call, 201, NULL, "{\"invalid_users\":[{\"name\":\"bob1\"},{\"name\":\"bob1\"}]}");
	conn_is(a.each[1].v, V_REJECTED, "bob");
	conn_is(a.each[2].v, V_INNOCENT, "cyd");
}

static void test_invalid_users_unusable(void **state)
{
	static const char *const bodies[] = {
		"{\"invalid_users\":[{\"name\":\"bob1\",\"cause\":\"x\"},{\"name\":\"eve\",\"cause\":\"x\"}]}",
		"{\"invalid_users\":[{\"name\":\"BOB1\",\"cause\":\"x\"}]}",
		"{\"invalid_users\":[{\"cause\":\"x\"}]}",
		"{\"invalid_users\":[{\"name\":7,\"cause\":\"x\"}]}",
		"{\"invalid_users\":[null]}",
		"{\"invalid_users\":[[]]}",
		"{\"invalid_users\":[\"bob1\"]}",
		"{\"invalid_users\":[{\"name\":\"ada0\"},{\"name\":\"bob1\",\"cause\":\" "
		"\"},{\"name\":\"cyd2\",\"cause\":3}]}",
		"{\"invalid_users\":[{\"name\":\"bob1\"},{\"name\":\"bob1\"},{\"name\":\"bob1\"},{\"name\":\"bob1\"}]}",
	};
	struct rc_call call = conn_call(&w, CALL_CREATE, 3);

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct rc_answer a = conn_judge(&w, &call, 201, NULL, bodies[i]);

		conn_is(a.v, V_SPLIT, bodies[i]);
		check_each(&call, &a);
	}
	call.n = 1;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct rc_answer a = conn_judge(&w, &call, 201, NULL, bodies[i]);

		conn_is(a.v, V_REJECTED, bodies[i]);
		check_each(&call, &a);
	}
	conn_is(conn_judge(&w, &call, 201, NULL, "{\"invalid_users\":[{\"name\":\"ada0\",\"cause\":\"Duplicate\"}]}").v,
		V_EXISTS, "lone duplicate");
}

static struct rc_slice field(const struct rc_listed *r, const char *name)
{
	int f = rc_account_field(w.cfg.schema, rc_slice_str(name));

	return r->account.set & (1u << f) ? r->account.v[f] : (struct rc_slice){0};
}

static void test_list(void **state)
{
	struct rc_call call = conn_call(&w, CALL_LIST_USERS, 0);
	struct rc_answer a;

	(void)state;
	a = conn_judge(
		&w, &call, 200, "x-request-id: head-1",
		"{\"users\":[{\"id\":\"u1\",\"name\":\"ada\",\"description\":null,\"user_group_id\":\"g1\","
		"\"user_group_name\":\"admins\",\"static_ip\":\"disable\",\"created_at\":\"2024-06-17T06:53:46.302Z\"},"
		"{\"id\":\"u2\",\"name\":\"b\xff\",\"description\":\"x\",\"password\":\"never\"},"
		"{\"id\":\"u3\"},7,null,{\"id\":4,\"name\":\"n\"}],"
		"\"total_count\":6,\"page_info\":{\"next_marker\":\"2024-06-17T06:53:46.302Z\",\"current_count\":6}}");
	conn_is(a.v, V_OK, "list");
	assert_int_equal(a.n_rows, 2);
	assert_int_equal(a.total_count, 6);
	assert_true(rc_slice_eqs(a.next_marker, "2024-06-17T06:53:46.302Z"));
	assert_string_equal(a.request_id, "head-1");
	assert_true(rc_slice_eqs(a.rows[0].name, "ada") && rc_slice_eqs(a.rows[0].remote_id, "u1"));
	assert_true(rc_slice_eqs(a.rows[0].group_id, "g1"));
	assert_true(rc_slice_eqs(field(&a.rows[0], "user_group_name"), "admins"));
	assert_true(rc_slice_eqs(field(&a.rows[0], "static_ip"), "disable"));
	assert_int_equal(field(&a.rows[0], "description").n, 0);
	assert_true(rc_slice_eqs(a.rows[1].name, "b\xef\xbf\xbd"));
	assert_true(rc_slice_eqs(field(&a.rows[1], "description"), "x"));
	assert_int_equal(field(&a.rows[1], "password").n, 0);

	a = conn_judge(&w, &call, 200, NULL, "{\"users\":null,\"total_count\":0,\"page_info\":{\"next_marker\":\"\"}}");
	conn_is(a.v, V_OK, "empty list");
	assert_int_equal(a.n_rows + a.next_marker.n, 0);
	a = conn_judge(&w, &call, 200, NULL, "{}");
	assert_int_equal(a.total_count, -1);
	a = conn_judge(&w, &call, 200, NULL, "{\"total_count\":\"12\"}");
	assert_int_equal(a.total_count, 12);
}

static void test_list_damaged(void **state)
{
	static const char *const bodies[] = {
		"{\"users\":{}}",
		"{\"users\":\"none\"}",
		"{\"users\":[],\"page_info\":[]}",
		"{\"users\":[],\"page_info\":{\"next_marker\":7}}",
		"{\"users\":[],\"page_info\":{\"next_marker\":\"a\\u0000b\"}}",
		"{\"users\":[]} trailing",
		"{\"users\":[",
		"null",
		"",
	};
	struct rc_call call = conn_call(&w, CALL_LIST_USERS, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct rc_answer a = conn_judge(&w, &call, 200, NULL, bodies[i]);

		conn_is(a.v, V_UNSURE, bodies[i]);
		assert_int_equal(a.n_rows, 0);
	}
	assert_int_equal(conn_judge(&w, &call, 200, NULL, "{\"total_count\":-3}").total_count, -1);
	assert_int_equal(conn_judge(&w, &call, 200, NULL, "{\"total_count\":1e300}").total_count, -1);
	assert_int_equal(conn_judge(&w, &call, 200, NULL, "{\"total_count\":1.5}").total_count, -1);
}

static void test_groups(void **state)
{
	struct rc_call call = conn_call(&w, CALL_LIST_GROUPS, 0);
	struct rc_answer a =
		conn_judge(&w, &call, 200, NULL,
			   "{\"user_groups\":[{\"id\":\"g1\",\"name\":\"default\",\"type\":\"Default\"},{},"
			   "{\"id\":\"g2\",\"name\":\"a!b\",\"type\":\"Custom\"}],\"total_count\":3}");

	(void)state;
	assert_int_equal(a.n_groups, 2);
	assert_true(a.groups[0].is_default && !a.groups[1].is_default);
	assert_true(rc_slice_eqs(a.groups[1].name, "a!b") && rc_slice_eqs(a.groups[1].id, "g2"));
	conn_is(conn_judge(&w, &call, 200, NULL, "{\"user_groups\":3}").v, V_UNSURE, "groups");

	call = conn_call(&w, CALL_GROUP_CREATE, 0);
	a = conn_judge(&w, &call, 201, NULL, "{\"user_group\":{\"id\":\"g3\"}}");
	assert_true(rc_slice_eqs(a.remote_id, "g3"));

	call = conn_call(&w, CALL_LIST_GROUP_USERS, 0);
	call.group = RC_SLICE("g9");
	a = conn_judge(&w, &call, 200, NULL, "{\"users\":[{\"id\":\"u1\",\"name\":\"ada\"}],\"total_count\":1}");
	assert_true(rc_slice_eqs(a.rows[0].group_id, "g9"));
}

static void test_lookup(void **state)
{
	struct rc_call call = conn_call(&w, CALL_LOOKUP, 1);
	struct rc_answer a = conn_judge(&w, &call, 200, NULL, "{\"user\":{\"id\":\"u0\",\"name\":\"ada0\"}}");

	(void)state;
	conn_is(a.v, V_OK, "lookup");
	assert_int_equal(a.n_rows, 1);
	conn_is(conn_judge(&w, &call, 200, NULL, "{\"user\":{\"id\":\"u7\",\"name\":\"eve\"}}").v, V_UNSURE,
		"wrong id");
	conn_is(conn_judge(&w, &call, 200, NULL, "{}").v, V_UNSURE, "no user");
}

static void test_login(void **state)
{
	struct rc_call call = conn_call(&w, CALL_LOGIN, 0);
	struct rc_answer a = conn_judge(&w, &call, 201, "x-subject-token: MIIF",
					"{\"token\":{\"expires_at\":\"2026-01-03T03:04:05.000000Z\"}}");

	(void)state;
	conn_is(a.v, V_OK, "login");
	assert_true(rc_slice_eqs(a.token, "MIIF"));
	assert_int_equal(a.token_expires_ns, CONN_NOW + 86400000000000LL);
	conn_is(conn_judge(&w, &call, 201, NULL, "{}").v, V_UNSURE, "no token");
	assert_int_equal(conn_judge(&w, &call, 201, "x-subject-token: M", "<>").token_expires_ns, 0);
}

static void test_hints(void **state)
{
	static const char limit[] = "{\"error_code\":\"APIGW.0308\",\"error_msg\":\"The throttling threshold has been "
				    "reached: policy user over ratelimit,limit:200,time:5 minute\"}";
	struct rc_call call = conn_call(&w, CALL_CREATE, 1);
	struct rc_answer a = conn_judge(&w, &call, 429, "retry-after: 7", limit);

	(void)state;
	assert_true(a.hint_rate > 0.666 && a.hint_rate < 0.667);
	assert_true(a.retry_after_s > 6.99 && a.retry_after_s < 7.01);
	a = conn_judge(&w, &call, 429, NULL, "{\"error_code\":\"APIG.0308\",\"error_msg\":\"limit:5,time:1 second\"}");
	assert_true(a.hint_rate > 4.99 && a.hint_rate < 5.01);
	a = conn_judge(&w, &call, 429, NULL,
		       "{\"error_code\":\"APIG.0308\",\"error_msg\":\"limit:x,time:1 fortnight\"}");
	assert_true(a.hint_rate == 0);
	a = conn_judge(&w, &call, 503,
		       "date: Fri, 02 Jan 2026 03:04:05 GMT\nretry-after: Fri, 02 Jan 2026 03:04:15 GMT", "");
	assert_true(a.retry_after_s > 9.9 && a.retry_after_s < 10.1);
	a = conn_judge(&w, &call, 503, "retry-after: 99999999999", "");
	assert_true(a.retry_after_s <= 3600);
	a = conn_judge(&w, &call, 503, "retry-after: -5", "");
	assert_true(a.retry_after_s == 0);
	a = conn_judge(&w, &call, 401, "date: Fri, 02 Jan 2026 03:04:05 GMT", "{\"error_code\":\"APIG.0303\"}");
	assert_int_equal(a.server_date_ns, CONN_NOW);
	assert_non_null(a.remedy);
	a = conn_judge(&w, &call, 401, "date: Fri, 02 Jan 2026 03:04:05 GMT", "{\"error_code\":\"APIG.0301\"}");
	assert_int_equal(a.server_date_ns, 0);
	assert_true(a.renew);
	assert_false(conn_judge(&w, &call, 403, NULL, "{\"error_code\":\"VPN.0003\"}").renew);
	assert_true(conn_judge(&w, &call, 400, NULL, "{\"error_code\":\"VPN.9\"}").unlisted);
	assert_false(conn_judge(&w, &call, 400, NULL, "{\"error_code\":\"VPN.0001\"}").unlisted);
	assert_false(conn_judge(&w, &call, 400, NULL, "").unlisted);
}

static void test_fates(void **state)
{
	static const struct {
		enum http_fate fate;
		enum rc_verdict v;
		const char *code;
	} fates[] = {
		{HTTP_NOT_SENT, V_NOT_SENT, "rollcall.not_sent"}, {HTTP_TIMEOUT, V_UNSURE, "rollcall.timeout"},
		{HTTP_LOST, V_UNSURE, "rollcall.lost"},           {HTTP_TOO_LARGE, V_UNSURE, "rollcall.too_large"},
		{HTTP_CANCELLED, V_UNSURE, "rollcall.cancelled"}, {(enum http_fate)77, V_UNSURE, "rollcall.lost"},
	};
	struct http_resp tls = {.fate = HTTP_NOT_SENT, .tls_problem = true, .problem = "certificate has expired"};
	struct rc_call call = conn_call(&w, CALL_CREATE, 3);
	struct rc_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof(fates) / sizeof(*fates); i++) {
		a = conn_judge_fate(&w, &call, fates[i].fate, 200);
		conn_is(a.v, fates[i].v, fates[i].code);
		assert_string_equal(a.code, fates[i].code);
		assert_string_equal(a.message, "the wire\\x1b[1m broke");
		check_each(&call, &a);
	}
	w.c->judge(&w.cfg, &call, &tls, &w.mem, &a);
	conn_is(a.v, V_TARGET, "tls");
	assert_string_equal(a.message, "certificate has expired");
	assert_non_null(a.remedy);
}

/* Depth, width, size and escapes: an answer, in bounded memory, whatever comes. */
static void test_hostile(void **state)
{
	enum { HUGE_N = 20 << 20 };
	char *huge = malloc(HUGE_N + 1);
	struct rc_call call = conn_call(&w, CALL_CREATE, 3), list = conn_call(&w, CALL_LIST_USERS, 0);
	struct rc_answer a;

	(void)state;
	memset(huge, '[', HUGE_N);
	huge[HUGE_N] = 0;
	conn_is(conn_judge(&w, &call, 200, NULL, huge).v, V_UNSURE, "huge");
	huge[1000000] = 0;
	conn_is(conn_judge(&w, &call, 200, NULL, huge).v, V_UNSURE, "deep");
	conn_is(conn_judge(&w, &call, 400, NULL, huge).v, V_SPLIT, "deep error");
	memset(huge, ',', 4 << 20);
	huge[0] = '[';
	huge[(4 << 20) - 1] = ']';
	huge[4 << 20] = 0;
	conn_is(conn_judge(&w, &list, 200, NULL, huge).v, V_UNSURE, "wide");
	free(huge);
	a = conn_judge(&w, &call, 400, "x-request-id: a\x1b]0;b",
		       "{\"error_code\":\"\\u001b[31mVPN\",\"error_msg\":\"line\\nbreak\\u0007 \xff \\u202e\"}");
	assert_string_equal(a.code, "\\x1b[31mVPN");
	assert_string_equal(a.message, "line break\\x07 \\xff \\xe2\\x80\\xae");
	assert_string_equal(a.request_id, "a\\x1b]0;b");
	a = conn_judge(&w, &call, 502, NULL, "<html>\n<head><title>502 Bad Gateway</title>");
	assert_string_equal(a.message, "the answer is not the provider's: <html> <head><title>502 Bad Gateway</title>");
	conn_is(conn_judge(&w, &call, 400, NULL, "{\"error_code\":[],\"error_msg\":{},\"error\":7}").v, V_SPLIT,
		"types");
	conn_is(conn_judge(&w, &call, 200, NULL, "{\"a\":\"\\").v, V_UNSURE, "cut escape");
	conn_is(conn_judge(&w, &call, 200, NULL, "{\"a\":\"\x01\"}").v, V_UNSURE, "control");
	conn_is(conn_judge(&w, &call, 200, NULL, "}").v, V_UNSURE, "closing");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_cases), T(test_every_row),    T(test_invalid_users), T(test_invalid_users_unusable),
		T(test_list),  T(test_list_damaged), T(test_groups),        T(test_lookup),
		T(test_login), T(test_hints),        T(test_fates),         T(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
