/* Alibaba: answer in, verdict out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "connectors/alibaba/alibaba.h"
#include "connectors/shared/judge.h"
#include "engine/base/buf.h"
#include "tests/unit/helper_conn.h"

static struct conn_world w;

static int setup(void **state)
{
	(void)state;
	conn_world_init(&w, "alibaba-sag-app");
	conn_user(&w, 0, "UserName=ada_lovelace", "UserMail=ada@example.com", "Password=Qwer1234", NULL);
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
	int status;
	const char *body;
	enum rc_verdict want;
	const char *code;
};

#define ERR(code) "{\"RequestId\":\"r-1\",\"HostId\":\"h\",\"Code\":\"" code "\",\"Message\":\"words\"}"

static const struct answer_case cases[] = {
	{CALL_CREATE, 400, ERR("ClientUser.UserExist"), V_EXISTS, "ClientUser.UserExist"},
	{CALL_CREATE, 200, ERR("ClientUser.UserExist"), V_EXISTS, "ClientUser.UserExist"},
	{CALL_CREATE, 500, ERR("ClientUser.UserExist"), V_UNSURE, "ClientUser.UserExist"},
	{CALL_UPDATE, 400, ERR("ClientUser.UserExist"), V_REJECTED, "ClientUser.UserExist"},
	{CALL_CREATE, 400, ERR("ClientUser.UserOverLimit"), V_QUOTA, "ClientUser.UserOverLimit"},
	{CALL_CREATE, 400, ERR("ClientUser.EmailInvalid"), V_REJECTED, "ClientUser.EmailInvalid"},
	{CALL_CREATE, 400, "{\"code\":\"ClientUser.IpInvalid\",\"message\":\"m\"}", V_REJECTED, "ClientUser.IpInvalid"},
	/* a refused delete asks for a look */
	{CALL_DELETE, 400, ERR("ClientUser.UserInUsing"), V_IN_USE, "ClientUser.UserInUsing"},
	{CALL_DELETE, 400, ERR("ClientUser.NameInvalid"), V_REREAD, "ClientUser.NameInvalid"},
	{CALL_DELETE, 400, ERR("ParameterSagClientId"), V_REREAD, "ParameterSagClientId"},
	{CALL_DELETE, 404, "<html>", V_REREAD, "http.404"},
	{CALL_DELETE, 400, ERR("Throttling.User"), V_THROTTLED, "Throttling.User"},
	{CALL_DISABLE, 400, ERR("ClientUser.NameInvalid"), V_REJECTED, "ClientUser.NameInvalid"},
	/* any code that contains the word */
	{CALL_CREATE, 400, ERR("Throttling"), V_THROTTLED, "Throttling"},
	{CALL_CREATE, 503, ERR("SDK.ThrottlingX"), V_THROTTLED, "SDK.ThrottlingX"},
	{CALL_CREATE, 429, "", V_THROTTLED, "http.429"},
	{CALL_CREATE, 429, ERR("Other"), V_THROTTLED, "Other"},
	/* target, credentials, clock */
	{CALL_LIST_USERS, 400, ERR("SAG.InstanceNoFound"), V_TARGET, "SAG.InstanceNoFound"},
	{CALL_DELETE, 400, ERR("SAG.InstanceNoFound"), V_TARGET, "SAG.InstanceNoFound"},
	{CALL_LIST_USERS, 400, ERR("InvalidParameter"), V_TARGET, "InvalidParameter"},
	{CALL_CREATE, 400, ERR("Forbbiden.SubUser"), V_AUTH, "Forbbiden.SubUser"},
	{CALL_CREATE, 403, ERR("Forbidden.RAM"), V_AUTH, "Forbidden.RAM"},
	{CALL_CREATE, 403, "<html>blocked</html>", V_TARGET, "http.403"},
	{CALL_CREATE, 404, ERR("InvalidAccessKeyId.NotFound"), V_AUTH, "InvalidAccessKeyId.NotFound"},
	{CALL_CREATE, 400, ERR("InvalidAccessKeyId.NotFound"), V_AUTH, "InvalidAccessKeyId.NotFound"},
	{CALL_CREATE, 403, ERR("SignatureDoesNotMatch"), V_AUTH, "SignatureDoesNotMatch"},
	{CALL_CREATE, 400, ERR("InvalidSecurityToken.Expired"), V_AUTH, "InvalidSecurityToken.Expired"},
	{CALL_CREATE, 400, ERR("InvalidTimeStamp.Expired"), V_CLOCK, "InvalidTimeStamp.Expired"},
	{CALL_CREATE, 404, ERR("InvalidAction.NotFound"), V_TARGET, "InvalidAction.NotFound"},
	/* maybe done */
	{CALL_CREATE, 400, ERR("SignatureNonceUsed"), V_UNSURE, "SignatureNonceUsed"},
	{CALL_CREATE, 503, ERR("ServiceUnavailable"), V_UNSURE, "ServiceUnavailable"},
	{CALL_CREATE, 500, ERR("InternalError"), V_UNSURE, "InternalError"},
	{CALL_CREATE, 501, ERR("InnerServiceFailed"), V_UNSURE, "InnerServiceFailed"},
	{CALL_CREATE, 500, ERR("ClientUser.EmailInvalid"), V_UNSURE, "ClientUser.EmailInvalid"},
	{CALL_CREATE, 502, "<html>", V_UNSURE, "http.502"},
	{CALL_CREATE, 408, "", V_UNSURE, "http.408"},
	{CALL_CREATE, 200, ERR("NobodyKnows"), V_UNSURE, "NobodyKnows"},
	{CALL_CREATE, 200, "<html>", V_UNSURE, "rollcall.bad_answer"},
	{CALL_DELETE, 200, "", V_UNSURE, "rollcall.bad_answer"},
	{CALL_CREATE, 200, "[1]", V_UNSURE, "rollcall.bad_answer"},
	/* the unlisted */
	{CALL_CREATE, 400, ERR("MissingUserMail"), V_REJECTED, "MissingUserMail"},
	{CALL_CREATE, 400, ERR("InvalidBandwidth"), V_REJECTED, "InvalidBandwidth"},
	{CALL_CREATE, 418, ERR("Teapot"), V_REJECTED, "Teapot"},
	/* fine */
	{CALL_DELETE, 200, "{\"RequestId\":\"r\"}", V_OK, NULL},
	{CALL_ENABLE, 200, "{\"RequestId\":\"r\",\"Code\":\"OK\"}", V_OK, NULL},
	{CALL_DISCONNECT, 200, "{\"RequestId\":\"r\",\"Code\":\"200\"}", V_OK, NULL},
	{CALL_PASSWORD, 200, "{\"RequestId\":\"r\"}", V_OK, NULL},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct answer_case *c = &cases[i];
		struct rc_call call = conn_call(&w, c->kind, c->kind == CALL_LIST_USERS ? 0 : 1);
		struct rc_answer a = conn_judge(&w, &call, c->status, NULL, c->body);
		const char *about = rc_arena_printf(&w.mem, "%s, %d %s", rc_call_name(c->kind), c->status, c->body);

		conn_is(a.v, c->want, about);
		if (c->code ? !a.code || strcmp(a.code, c->code) != 0 : a.code != NULL)
			fail_msg("%s: code %s", about, a.code ? a.code : "none");
		if (a.each)
			conn_is(a.each[0].v, a.v, about);
	}
}

/* One answer for each code of each row of the table must come back as that row. */
static void test_every_row(void **state)
{
	struct rc_call call = conn_call(&w, CALL_CREATE, 1);

	(void)state;
	for (const struct rc_error_row *r = rc_alibaba_errors; r->code; r++) {
		int status = r->http == 0 || r->http == 4 ? 400 : r->http;

		assert_true(*r->class_ && *r->meaning && *r->action && r->remedy);
		for (const char *at = r->code; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
			size_t n = strcspn(at, "|");
			struct rc_buf code = {0};
			struct rc_said said = {.status = status};

			for (size_t i = 0; i < n; i++)
				rc_buf_adds(&code, at[i] == '*' ? "Xyz" : (char[]){at[i], 0});
			said.code = rc_buf_slice(&code);
			assert_ptr_equal(rc_error_match(rc_alibaba_errors, &said), r);
			conn_is(conn_judge(&w, &call, status, NULL,
					   rc_arena_printf(&w.mem, "{\"Code\":\"%s\",\"Message\":\"m\"}", code.p))
					.v,
				rc_verdict_fit(r->verdict, &call), code.p);
			rc_buf_done(&code);
		}
	}
}

static void test_xml_error(void **state)
{
	struct rc_call call = conn_call(&w, CALL_CREATE, 1);
	struct rc_answer a;

	(void)state;
	a = conn_judge(
		&w, &call, 400, "content-type: text/xml;charset=utf-8",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><RequestId>r-7</RequestId><HostId>h</HostId>"
		"<Code>ClientUser.UserExist</Code><Message>a &lt;b&gt; &amp;c; &quot;x&quot;&apos;</Message></Error>");
	conn_is(a.v, V_EXISTS, "xml");
	assert_string_equal(a.request_id, "r-7");
	assert_string_equal(a.message, "a <b> &c; \"x\"'");
	conn_is(conn_judge(&w, &call, 400, NULL, "<Error><Code>Throttling").v, V_REJECTED, "cut xml");
	conn_is(conn_judge(&w, &call, 400, NULL, "<html><Code>Throttling</Code></html>").v, V_REJECTED, "html");
	conn_is(conn_judge(&w, &call, 200, NULL, "<?xml?><Error><Code>Throttling</Code></Error>").v, V_THROTTLED,
		"xml error under 200");
}

static struct rc_slice field(const struct rc_listed *r, const char *name)
{
	int f = rc_account_field(w.cfg.schema, rc_slice_str(name));

	return r->account.set & (1u << f) ? r->account.v[f] : (struct rc_slice){0};
}

static void test_list(void **state)
{
	struct rc_call call = conn_call(&w, CALL_LIST_USERS, 0);
	struct rc_answer a = conn_judge(
		&w, &call, 200, NULL,
		"{\"TotalCount\":5,\"PageNumber\":1,\"PageSize\":100,\"RequestId\":\"r\",\"Users\":{\"User\":["
		"{\"UserName\":\"ada_lovelace\",\"UserMail\":\"ada@example.com\",\"Bandwidth\":2000,\"State\":0,"
		"\"ClientIp\":\"10.0.0.1\",\"IsStaticIp\":0},"
		"{\"UserName\":\"bob_builder\",\"State\":1,\"ClientIp\":\"10.0.0.2\",\"IsStaticIp\":true,\"Bandwidth\":"
		"\"5\"},"
		"{\"UserMail\":\"nameless@example.com\"},null]}}");

	(void)state;
	conn_is(a.v, V_OK, "list");
	assert_int_equal(a.n_rows, 2);
	assert_int_equal(a.total_count, 5);
	assert_true(rc_slice_eqs(a.next_marker, "2:4"));
	assert_true(rc_slice_eqs(field(&a.rows[0], "Bandwidth"), "2000"));
	assert_int_equal(field(&a.rows[0], "ClientIp").n, 0);
	assert_true(!a.rows[0].disabled && a.rows[1].disabled);
	assert_true(rc_slice_eqs(field(&a.rows[1], "ClientIp"), "10.0.0.2"));
	assert_true(rc_slice_eqs(field(&a.rows[1], "Bandwidth"), "5"));

	call.marker = RC_SLICE("2:4");
	a = conn_judge(&w, &call, 200, NULL,
		       "{\"TotalCount\":5,\"Users\":{\"User\":[{\"UserName\":\"cyd_charisse\"}]}}");
	assert_int_equal(a.next_marker.n, 0);
	a = conn_judge(&w, &call, 200, NULL, "{\"Users\":{\"User\":[{\"UserName\":\"cyd_charisse\"}]}}");
	assert_true(rc_slice_eqs(a.next_marker, "3:5"));
	assert_int_equal(a.total_count, -1);
}

static void test_list_shapes(void **state)
{
	static const char *const empty[] = {
		"{\"TotalCount\":0}",
		"{\"TotalCount\":0,\"Users\":{}}",
		"{\"TotalCount\":0,\"Users\":null}",
		"{\"TotalCount\":0,\"Users\":[]}",
		"{\"TotalCount\":0,\"Users\":{\"User\":[]}}",
		"{\"TotalCount\":0,\"Users\":{\"User\":null}}",
	};
	static const char *const bad[] = {"{\"Users\":7}", "{\"Users\":{\"User\":{}}}", "{\"Users\":{\"User\":\"x\"}}",
					  "[]"};
	struct rc_call call = conn_call(&w, CALL_LIST_USERS, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++) {
		struct rc_answer a = conn_judge(&w, &call, 200, NULL, empty[i]);

		conn_is(a.v, V_OK, empty[i]);
		assert_int_equal(a.n_rows + a.next_marker.n + (size_t)a.total_count, 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		conn_is(conn_judge(&w, &call, 200, NULL, bad[i]).v, V_UNSURE, bad[i]);
}

#define ROWS(rows) "{\"TotalCount\":3,\"Users\":{\"User\":[" rows "]}}"

static void test_lookup(void **state)
{
	struct rc_call call = conn_call(&w, CALL_LOOKUP, 1);
	struct rc_answer a;

	(void)state;
	a = conn_judge(&w, &call, 200, NULL,
		       ROWS("{\"UserName\":\"ada_lovelace2\"},{\"UserName\":\"ada_lovelace\"},{\"UserName\":\"Ada_"
			    "lovelace\"}"));
	conn_is(a.v, V_OK, "found");
	assert_int_equal(a.n_rows, 1);
	assert_true(rc_slice_eqs(a.rows[0].name, "ada_lovelace"));
	a = conn_judge(&w, &call, 200, NULL, "{\"TotalCount\":0}");
	conn_is(a.v, V_GONE, "not there");
	assert_string_equal(a.code, "rollcall.not_listed");
	conn_is(conn_judge(&w, &call, 200, NULL, ROWS("{\"UserName\":\"ada_lovelace2\"}")).v, V_UNSURE, "goes on");
	/* the name was left to the service: the mail address tells, in any case of its domain */
	conn_user(&w, 0, "UserMail=ada@example.com", NULL);
	a = conn_judge(&w, &call, 200, NULL,
		       "{\"TotalCount\":1,\"Users\":{\"User\":[{\"UserName\":\"ada.l_01\","
		       "\"UserMail\":\"ada@EXAMPLE.com\"}]}}");
	conn_is(a.v, V_OK, "by mail");
	assert_true(rc_slice_eqs(a.rows[0].name, "ada.l_01"));
}

static void test_create_and_seats(void **state)
{
	struct rc_call call = conn_call(&w, CALL_CREATE, 1);
	struct rc_answer a = conn_judge(&w, &call, 200, NULL,
					"{\"RequestId\":\"r\",\"UserName\":\"ada@example.com\","
					"\"UserMail\":\"ada@example.com\",\"Bandwidth\":2000}");

	(void)state;
	conn_is(a.v, V_OK, "create");
	assert_int_equal(a.n_rows, 1);
	assert_true(rc_slice_eqs(a.rows[0].name, "ada@example.com"));
	call = conn_call(&w, CALL_SEATS, 0);
	a = conn_judge(
		&w, &call, 200, NULL,
		"{\"SmartAccessGateways\":{\"SmartAccessGateway\":[{\"SmartAGId\":\"sag-other\",\"UserCount\":1},"
		"{\"SmartAGId\":\"sag-s1\",\"UserCount\":25}]}}");
	conn_is(a.v, V_OK, "seats");
	assert_int_equal(a.seat_limit, 25);
	assert_int_equal(a.seats_used, -1);
	assert_int_equal(conn_judge(&w, &call, 200, NULL, "{}").seat_limit, -1);
	conn_is(conn_judge(&w, &call, 200, NULL, "{\"SmartAccessGateways\":3}").v, V_UNSURE, "seats");
}

static void test_pauses(void **state)
{
	struct rc_call call = conn_call(&w, CALL_CREATE, 1);
	static const struct {
		const char *headers;
		double least, most;
	} pauses[] = {
		{"x-acs-retry-after: 1500", 1.49, 1.51},
		{"x-ratelimit-user-api: Limit:1,Remain:0,TimeLeft:2000,Reset:1", 1.99, 2.01},
		{"x-ratelimit-user-api: Limit:1,Remain:0,TimeLeft:2000\nx-ratelimit-user: "
		 "Limit:1,Remain:0,TimeLeft:5000",
		 4.99, 5.01},
		{"x-ratelimit-user: Limit:9,Remain:3,TimeLeft:5000", 0, 0},
		{"x-acs-retry-after: 999999999", 120, 120},
		{"retry-after: 3", 2.99, 3.01},
		{"x-acs-retry-after: soon", 0, 0},
		{"x-ratelimit-user: Remain:0,TimeLeft:", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
		double s = conn_judge(&w, &call, 429, pauses[i].headers, ERR("Throttling.Api")).retry_after_s;

		if (s < pauses[i].least || s > pauses[i].most)
			fail_msg("%s: %g s", pauses[i].headers, s);
	}
	assert_true(conn_judge(&w, &call, 200, pauses[1].headers, "{}").retry_after_s == 0);
	assert_int_equal(
		conn_judge(&w, &call, 400, "date: Fri, 02 Jan 2026 03:04:05 GMT", ERR("InvalidTimeStamp.Expired"))
			.server_date_ns,
		CONN_NOW);
	assert_string_equal(conn_judge(&w, &call, 502, "x-acs-request-id: h-1", "").request_id, "h-1");
	assert_true(conn_judge(&w, &call, 418, NULL, ERR("Teapot")).unlisted);
	assert_false(conn_judge(&w, &call, 400, NULL, ERR("InvalidX")).unlisted);
	conn_is(conn_judge_fate(&w, &call, HTTP_TIMEOUT, 0).v, V_UNSURE, "timeout");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_cases),       T(test_every_row), T(test_xml_error),        T(test_list),
		T(test_list_shapes), T(test_lookup),    T(test_create_and_seats), T(test_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
