/* Both connectors against the simulator, which shares no line with them: every way to log in, a whole life cycle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdlib.h>
#include "tests/simulator/world.h"
#include "tests/unit/helper_conn.h"

static struct conn_world w;
static struct sim_world sim;
static double now_s;
static int nonces;

static void replace(char **text, const char *value)
{
	free(*text);
	*text = value ? strdup(value) : NULL;
}

static void begin(const char *connector, const char *security_token)
{
	struct sim_settings s;

	sim_settings_default(&s);
	replace(&s.token, "tok");
	replace(&s.access_key, "AK");
	replace(&s.secret_key, "SK");
	replace(&s.security_token, security_token);
	replace(&s.iam_user, "ops");
	replace(&s.iam_password, "pa\"ss");
	replace(&s.iam_domain, "dom");
	sim_world_init(&sim, &s, 7);
	sim_settings_done(&s);
	conn_world_init(&w, connector);
	w.auth.security_token = rc_slice_str(security_token);
	w.cfg.endpoint = w.cfg.iam_endpoint = "http://127.0.0.1:18085";
	now_s = 0;
	sim_world_tick(&sim, now_s, CONN_NOW / 1000000);
}

static void end(void)
{
	sim_world_done(&sim);
	conn_world_done(&w);
}

static void later(double s)
{
	now_s += s;
	sim_world_tick(&sim, now_s, CONN_NOW / 1000000 + (int64_t)(now_s * 1000));
}

static struct sim_str str(struct rc_slice s)
{
	return (struct sim_str){s.p, s.n};
}

static void fill_request(const struct http_req *from, struct sim_request *ret)
{
	*ret = (struct sim_request){
		.method = sim_str_of(from->method),
		.target = sim_str_of(from->url + strlen(w.cfg.endpoint)),
		.body = str(from->body),
	};
	for (size_t i = 0; i < from->n_headers; i++)
		ret->headers[ret->header_count++] =
			(struct sim_header){sim_str_of(from->headers[i].name), str(from->headers[i].value)};
	sim_request_split(ret);
}

/* "Name: value\r\n"... with names in lower case, as the transport hands them on. */
static const char *header_lines(const char *lines)
{
	char *out = rc_arena_strdup(&w.mem, lines ? lines : "");
	size_t n = 0;
	bool name = true;

	for (const char *c = lines ? lines : ""; *c; c++) {
		if (*c == '\r')
			continue;
		out[n++] = name ? (char)tolower((unsigned char)*c) : *c;
		name = *c == '\n' || (name && *c != ':');
	}
	out[n] = 0;
	return out;
}

static struct rc_answer say(struct rc_call *call)
{
	struct sim_request request;
	struct sim_reply reply = {0};
	struct sim_server *server = NULL;
	struct http_req req = {0};
	struct rc_answer a;

	call->wall_ns = CONN_NOW + (int64_t)(now_s * 1e9);
	call->nonce = rc_arena_printf(&w.mem, "nonce-%d", nonces++);
	call->client_token = rc_arena_printf(&w.mem, "5d3b1f7e-2c4a-4e6b-9a8d-%012d", nonces);
	if (w.c->build(&w.cfg, &w.auth, call, &w.mem, &req, &w.err) != RC_OK)
		fail_msg("%s: %s", rc_call_name(call->kind), w.err.what);
	fill_request(&req, &request);
	sim_world_handle(&sim, &request, &reply, &server);
	if (reply.counted)
		sim_world_finished(&sim, server);
	a = conn_judge(&w, call, reply.status, header_lines(reply.headers.p), reply.body.p ? reply.body.p : "");
	sim_reply_done(&reply);
	return a;
}

static struct rc_answer expect(struct rc_call *call, enum rc_verdict want)
{
	struct rc_answer a = say(call);

	if (a.v != want)
		print_message("%s: %s\n", a.code ? a.code : "", a.message ? a.message : "");
	conn_is(a.v, want, rc_call_name(call->kind));
	return a;
}

static struct rc_answer ask(enum rc_call_kind kind, size_t n, enum rc_verdict want)
{
	struct rc_call call = conn_call(&w, kind, n);

	return expect(&call, want);
}

static void huawei_life(void)
{
	struct rc_call group = conn_call(&w, CALL_GROUP_CREATE, 0), page = conn_call(&w, CALL_LIST_USERS, 0);
	struct rc_slice group_id;
	struct rc_answer a;

	ask(CALL_WHOAMI, 0, V_OK);
	group.group = RC_SLICE("admins");
	expect(&group, V_OK);
	later(5);
	a = ask(CALL_LIST_GROUPS, 0, V_OK);
	assert_int_equal(a.n_groups, 2);
	group_id = rc_slice_eqs(a.groups[0].name, "admins") ? a.groups[0].id : a.groups[1].id;
	conn_user(&w, 0, "name=ada.l", "password=Qw\"er1234", "description=x_1", "user_group_name=admins", NULL);
	conn_user(&w, 1, "name=bob.m", "password=Qwer1234", NULL);
	a = ask(CALL_CREATE, 2, V_OK);
	conn_is(a.each[1].v, V_OK, "bob");
	later(5);

	page.page_limit = 1;
	a = expect(&page, V_OK);
	assert_int_equal(a.total_count, 2);
	page.marker = a.next_marker;
	assert_true(page.marker.n > 0);
	expect(&page, V_OK);
	a = ask(CALL_LIST_USERS, 0, V_OK);
	assert_int_equal(a.n_rows, 2);
	for (size_t i = 0; i < 2; i++)
		w.users[rc_slice_eqs(a.rows[i].name, "bob.m")].remote_id = a.rows[i].remote_id;

	ask(CALL_LOOKUP, 1, V_OK);
	a = ask(CALL_CREATE, 2, V_OK); /* both are there: 201, nobody made */
	conn_is(a.each[0].v, V_EXISTS, "ada again");
	w.users[0].group_id = group_id;
	w.want[0].v[rc_account_field(w.cfg.schema, RC_SLICE("description"))] = (struct rc_slice){0};
	ask(CALL_UPDATE, 1, V_OK);
	w.users[0].password = RC_SLICE("Other-1234");
	ask(CALL_PASSWORD, 1, V_OK);
	later(5);
	ask(CALL_DELETE, 2, V_OK);
	later(5);
	ask(CALL_LOOKUP, 1, V_GONE);
	ask(CALL_DELETE, 1, V_GONE);
	ask(CALL_UPDATE, 1, V_REREAD);
}

static void test_huawei_token(void **state)
{
	(void)state;
	begin("huawei-p2c-vpn", NULL);
	huawei_life();
	w.auth.token = RC_SLICE("stale");
	assert_true(ask(CALL_WHOAMI, 0, V_AUTH).renew);
	end();
}

static void test_huawei_key(void **state)
{
	(void)state;
	begin("huawei-p2c-vpn", NULL);
	w.cfg.auth_method = "aksk";
	huawei_life();
	end();
	begin("huawei-p2c-vpn", "sts+/==");
	w.cfg.auth_method = "aksk";
	huawei_life();
	end();
}

static void test_huawei_key_refused(void **state)
{
	struct rc_call call;

	(void)state;
	begin("huawei-p2c-vpn", NULL);
	w.cfg.auth_method = "aksk";
	w.auth.secret_key = RC_SLICE("wrong");
	ask(CALL_WHOAMI, 0, V_AUTH);
	w.auth.secret_key = RC_SLICE("SK");
	later(3600);
	now_s -= 3600; /* our clock stays behind theirs */
	call = conn_call(&w, CALL_WHOAMI, 0);
	expect(&call, V_CLOCK);
	end();
}

static void test_huawei_password(void **state)
{
	struct rc_answer a;

	(void)state;
	begin("huawei-p2c-vpn", NULL);
	w.auth.token = (struct rc_slice){0};
	a = ask(CALL_LOGIN, 0, V_OK);
	assert_true(a.token_expires_ns > CONN_NOW);
	w.auth.token = a.token;
	huawei_life();
	w.auth.password = RC_SLICE("wrong");
	ask(CALL_LOGIN, 0, V_AUTH);
	end();
}

static void alibaba_life(void)
{
	struct rc_answer a;

	ask(CALL_WHOAMI, 0, V_OK);
	ask(CALL_SEATS, 0, V_OK);
	conn_user(&w, 0, "UserName=ada_lovelace", "UserMail=ada.1@example.com", "Password=Qwer-1234", "Bandwidth=2000",
		  NULL);
	ask(CALL_LOOKUP, 1, V_GONE);
	a = ask(CALL_CREATE, 1, V_OK);
	assert_true(rc_slice_eqs(a.rows[0].name, "ada_lovelace"));
	ask(CALL_CREATE, 1, V_EXISTS);
	ask(CALL_LOOKUP, 1, V_OK);
	w.want[0].v[rc_account_field(w.cfg.schema, RC_SLICE("Bandwidth"))] = RC_SLICE("700");
	w.want[0].v[rc_account_field(w.cfg.schema, RC_SLICE("UserMail"))] = RC_SLICE("new@example.com");
	ask(CALL_UPDATE, 1, V_OK);
	ask(CALL_DISABLE, 1, V_OK);
	a = ask(CALL_LIST_USERS, 0, V_OK);
	assert_int_equal(a.total_count, 1);
	assert_true(a.n_rows == 1 && a.rows[0].disabled);
	assert_true(rc_slice_eqs(a.rows[0].account.v[rc_account_field(w.cfg.schema, RC_SLICE("UserMail"))],
				 "new@example.com"));
	ask(CALL_ENABLE, 1, V_OK);
	ask(CALL_PASSWORD, 1, V_OK);
	ask(CALL_DISCONNECT, 1, V_OK);
	ask(CALL_DELETE, 1, V_OK);
	ask(CALL_LOOKUP, 1, V_GONE);
	ask(CALL_DELETE, 1, V_REREAD);
	/* by mail alone */
	conn_user(&w, 0, "UserMail=bob@example.com", "Bandwidth=5", NULL);
	ask(CALL_CREATE, 1, V_OK);
	assert_true(rc_slice_eqs(ask(CALL_LOOKUP, 1, V_OK).rows[0].name, "bob@example.com"));
}

static void test_alibaba(void **state)
{
	static const char *const signatures[] = {"v3", "v1"}, *const tokens[] = {NULL, "CAIS+/==&~*"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		begin("alibaba-sag-app", tokens[i / 2]);
		w.cfg.signature = signatures[i % 2];
		alibaba_life();
		w.auth.secret_key = RC_SLICE("wrong");
		ask(CALL_WHOAMI, 0, V_AUTH);
		w.auth.secret_key = RC_SLICE("SK");
		later(3600);
		now_s -= 3600;
		ask(CALL_WHOAMI, 0, V_CLOCK);
		end();
	}
}

static void test_alibaba_nowhere(void **state)
{
	struct rc_call call;

	(void)state;
	begin("alibaba-sag-app", NULL);
	call = conn_call(&w, CALL_LIST_USERS, 0);
	call.server_id = "sag-nowhere1";
	expect(&call, V_TARGET);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huawei_token),
		cmocka_unit_test(test_huawei_key),
		cmocka_unit_test(test_huawei_key_refused),
		cmocka_unit_test(test_huawei_password),
		cmocka_unit_test(test_alibaba),
		cmocka_unit_test(test_alibaba_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
