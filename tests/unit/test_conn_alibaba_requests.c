/* Alibaba: op in, request out, exact to the byte; V1 and V3. The two signatures were computed apart from this code,
 * with Python's hmac by the published rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/helper_conn.h"

#define BASE "RegionId=cn-shanghai&SmartAGId=sag-s1"

static struct conn_world w;

static int setup(void **state)
{
	(void)state;
	conn_world_init(&w, "alibaba-sag-app");
	w.cfg.endpoint = "https://smartag.example.com";
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	conn_world_done(&w);
	return 0;
}

static void is(const struct rc_call *c, const char *action, const char *body)
{
	const char *text = conn_request(&w, c);

	assert_memory_equal(text, "POST https://smartag.example.com/\nHost: smartag.example.com\n", 60);
	assert_string_equal(conn_header(&w, text, "x-acs-action"), action);
	assert_string_equal(strstr(text, "\n\n") + 2, body);
}

static void test_v3_headers(void **state)
{
	struct rc_call c = conn_call(&w, CALL_LIST_USERS, 0);
	const char *text;

	(void)state;
	assert_string_equal(
		conn_request(&w, &c),
		"POST https://smartag.example.com/\nHost: smartag.example.com\n"
		"content-type: application/x-www-form-urlencoded\naccept: application/json\n"
		"x-acs-action: DescribeSmartAccessGatewayClientUsers\nx-acs-version: 2018-03-13\n"
		"x-acs-date: 2026-01-02T03:04:05Z\nx-acs-signature-nonce: " CONN_UUID "\n"
		"x-acs-content-sha256: 0f26b8493d9cf224b10385431cfcf6d232a64166a767ddfe9692dd9139b99761\n"
		"Authorization: ACS3-HMAC-SHA256 Credential=AK,SignedHeaders=content-type;host;x-acs-action;"
		"x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
		"Signature=809f2d4709390f5412d2fa7470e112fdc7bce88926216affb8e8396fbb2cc803\n\n" BASE
		"&PageNumber=1&PageSize=100");
	w.auth.security_token = RC_SLICE("CAIS+/==");
	text = conn_request(&w, &c);
	assert_string_equal(conn_header(&w, text, "x-acs-security-token"), "CAIS+/==");
	assert_string_equal(conn_header(&w, text, "x-acs-accesskey-id"), "AK");
	assert_non_null(strstr(conn_header(&w, text, "Authorization"),
			       "SignedHeaders=content-type;host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;"
			       "x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version,"));
}

static void test_lists(void **state)
{
	struct rc_call c = conn_call(&w, CALL_LIST_USERS, 0);

	(void)state;
	is(&c, "DescribeSmartAccessGatewayClientUsers", BASE "&PageNumber=1&PageSize=100");
	c.marker = RC_SLICE("3:150");
	c.page_limit = 50;
	is(&c, "DescribeSmartAccessGatewayClientUsers", BASE "&PageNumber=3&PageSize=50");
	c.page_limit = 5000;
	c.marker = RC_SLICE("x:y");
	is(&c, "DescribeSmartAccessGatewayClientUsers", BASE "&PageNumber=1&PageSize=100");
	c = conn_call(&w, CALL_WHOAMI, 0);
	is(&c, "DescribeSmartAccessGatewayClientUsers", BASE "&PageNumber=1&PageSize=1");
	c = conn_call(&w, CALL_SEATS, 0);
	is(&c, "DescribeSmartAccessGateways", BASE);
}

static void test_create(void **state)
{
	struct rc_call c = conn_call(&w, CALL_CREATE, 1);

	(void)state;
	conn_user(&w, 0, "UserMail=ada+1@example.com", "Bandwidth=2000", NULL);
	is(&c, "CreateSmartAccessGatewayClientUser", BASE "&UserMail=ada%2B1%40example.com&Bandwidth=2000");
	conn_user(&w, 0, "UserMail=a@b.example", "UserName=ada_lovelace", "Password=Qw-1@x", "Bandwidth=5",
		  "ClientIp=10.0.0.7", NULL);
	is(&c, "CreateSmartAccessGatewayClientUser",
	   BASE "&UserMail=a%40b.example&Bandwidth=5&UserName=ada_lovelace&Password=Qw-1%40x&ClientIp=10.0.0.7");
	/* a name that is the mail and no password: the service chooses it */
	conn_user(&w, 0, "UserMail=a@b.example", "UserName=a@b.example", NULL);
	is(&c, "CreateSmartAccessGatewayClientUser", BASE "&UserMail=a%40b.example&Bandwidth=2000");
	conn_user(&w, 0, "UserMail=a@b.example", "UserName=ada_lovelace", NULL);
	assert_int_equal(conn_refuses(&w, &c), RC_DATA);
	conn_user(&w, 0, "UserMail=a@b.example", "Password=Qwer1234", NULL);
	is(&c, "CreateSmartAccessGatewayClientUser", BASE "&UserMail=a%40b.example&Bandwidth=2000");
}

static void test_update(void **state)
{
	struct rc_call c = conn_call(&w, CALL_UPDATE, 1);
	struct rc_account have = {0};
	int f = rc_account_field(w.cfg.schema, RC_SLICE("Bandwidth"));

	(void)state;
	conn_user(&w, 0, "UserName=ada_lovelace", "UserMail=new@b.example", "Bandwidth=9", NULL);
	is(&c, "ModifySmartAccessGatewayClientUser", BASE "&UserName=ada_lovelace&Bandwidth=9&Email=new%40b.example");
	w.users[0].changed = 1u << f;
	is(&c, "ModifySmartAccessGatewayClientUser", BASE "&UserName=ada_lovelace&Bandwidth=9");
	conn_user(&w, 0, "UserName=ada_lovelace", "UserMail=new@b.example", NULL);
	have.v[f] = RC_SLICE("700");
	have.set = 1u << f;
	w.users[0].have = &have;
	is(&c, "ModifySmartAccessGatewayClientUser", BASE "&UserName=ada_lovelace&Bandwidth=700&Email=new%40b.example");
}

static void test_named(void **state)
{
	static const struct {
		enum rc_call_kind kind;
		const char *action, *body;
	} calls[] = {
		{CALL_DELETE, "DeleteSmartAccessGatewayClientUser", BASE "&UserName=ada_lovelace"},
		{CALL_ENABLE, "EnableSmartAccessGatewayUser", BASE "&UserName=ada_lovelace"},
		{CALL_DISABLE, "DisableSmartAccessGatewayUser", BASE "&UserName=ada_lovelace"},
		{CALL_DISCONNECT, "KickOutClients", BASE "&Username=ada_lovelace"},
		{CALL_PASSWORD, "ResetSmartAccessGatewayClientUserPassword",
		 BASE "&UserName=ada_lovelace&Password=Qwer1234"},
		{CALL_LOOKUP, "DescribeSmartAccessGatewayClientUsers",
		 BASE "&PageNumber=1&PageSize=100&UserName=ada_lovelace"},
	};

	(void)state;
	conn_user(&w, 0, "UserName=ada_lovelace", "UserMail=a@b.example", "Password=Qwer1234", NULL);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		struct rc_call c = conn_call(&w, calls[i].kind, 1);

		is(&c, calls[i].action, calls[i].body);
		c.n = 2;
		assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
	}
	conn_user(&w, 0, "UserMail=a@b.example", NULL);
	struct rc_call c = conn_call(&w, CALL_LOOKUP, 1);
	is(&c, "DescribeSmartAccessGatewayClientUsers", BASE "&PageNumber=1&PageSize=100&UserMail=a%40b.example");
	c.kind = CALL_PASSWORD;
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
}

static void test_v1(void **state)
{
	struct rc_call c = conn_call(&w, CALL_DELETE, 1);
	const char *text;

	(void)state;
	conn_user(&w, 0, "UserName=ada_lovelace", NULL);
	w.cfg.signature = "v1";
	w.auth.security_token = RC_SLICE("t=");
	text = conn_request(&w, &c);
	assert_null(conn_header(&w, text, "Authorization"));
	assert_null(conn_header(&w, text, "x-acs-security-token"));
	assert_string_equal(strstr(text, "\n\n") + 2,
			    "AccessKeyId=AK&Action=DeleteSmartAccessGatewayClientUser&Format=JSON&RegionId=cn-shanghai"
			    "&SecurityToken=t%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=" CONN_UUID
			    "&SignatureVersion=1.0&SmartAGId=sag-s1&Timestamp=2026-01-02T03%3A04%3A05Z"
			    "&UserName=ada_lovelace&Version=2018-03-13&Signature=YaVapDT001ykYS6TcLZEgVpdUuk%3D");
}

static void test_refusals(void **state)
{
	struct rc_call c;

	(void)state;
	conn_user(&w, 0, "UserName=ada_lovelace", "UserMail=a@b.example", "Password=Qwer1234", NULL);
	for (unsigned k = 0; k < RC_CALL_KINDS; k++) {
		c = conn_call(&w, k, 1);
		if (w.c->calls & (1u << k))
			conn_request(&w, &c);
		else
			assert_int_equal(conn_refuses(&w, &c), RC_USAGE);
	}
	c = conn_call(&w, CALL_WHOAMI, 0);
	w.auth.access_key = RC_SLICE("AK\n");
	assert_int_equal(conn_refuses(&w, &c), RC_CONFIG);
	w.auth.access_key = RC_SLICE("AK");
	w.cfg.endpoint = "nowhere";
	assert_int_equal(conn_refuses(&w, &c), RC_CONFIG);
	c.nonce = NULL;
	assert_int_equal(conn_refuses(&w, &c), RC_INTERNAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_v3_headers), T(test_lists), T(test_create),   T(test_update),
		T(test_named),      T(test_v1),    T(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
