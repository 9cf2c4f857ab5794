/* Huawei: the vendor client's recorded requests (tests/vectors) give the recorded canonical form and signature, and
 * what we build from the same arguments is what it sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <cjson/cJSON.h>
#include "connectors/huawei/huawei.h"
#include "helper_conn.h"

static struct conn_world w;
static cJSON *file;

static int setup(void **state)
{
	char *text = conn_file(TEST_DIR "/vectors/huawei-sdk-requests.json");

	(void)state;
	conn_world_init(&w, "huawei-p2c-vpn");
	file = cJSON_Parse(text);
	free(text);
	return file ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	conn_world_done(&w);
	cJSON_Delete(file);
	return 0;
}

static const char *text_of(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

static struct rc_slice slice_of(const cJSON *o, const char *key)
{
	return rc_slice_str(text_of(o, key));
}

/* The names under which the signer looks its headers up. */
static const char *our_name(const char *name)
{
	return strcmp(name, "host") == 0 ? "Host" : name;
}

static void test_sign_the_recorded(void **state)
{
	const cJSON *v, *h;
	int n = 0;

	(void)state;
	cJSON_ArrayForEach(v, cJSON_GetObjectItem(file, "vectors"))
	{
		const cJSON *q = cJSON_GetObjectItem(v, "request"), *want = cJSON_GetObjectItem(v, "expected");
		struct http_req req = {.method = text_of(q, "method"), .body = slice_of(q, "body")};
		struct rc_slice names, canonical;

		req.url = rc_arena_printf(&w.mem, "http://127.0.0.1:18085%s", text_of(q, "target"));
		cJSON_ArrayForEach(h, cJSON_GetObjectItem(q, "headers"))
		{
			const char *name = cJSON_GetArrayItem(h, 0)->valuestring;

			if (strcmp(name, "Authorization") != 0)
				req.headers[req.n_headers++] = (struct http_header){
					our_name(name), rc_slice_str(cJSON_GetArrayItem(h, 1)->valuestring)};
		}
		canonical = rc_huawei_canonical(&req, &w.mem, &names);
		assert_string_equal(canonical.p, text_of(want, "canonical_request"));
		assert_string_equal(names.p, text_of(want, "signed_headers"));
		assert_int_equal(rc_huawei_sign(&req, slice_of(v, "access_key_id"), slice_of(v, "access_key_secret"),
						&w.mem, &w.err),
				 RC_OK);
		assert_non_null(strstr(req.headers[req.n_headers - 1].value.p, text_of(want, "signature")));
		n++;
	}
	assert_int_equal(n, 36);
}

static void fill_user(size_t i, const cJSON *from)
{
	static const char *const fields[] = {"name", "description", "user_group_name", "static_ip"};
	struct rc_call_user *u = &w.users[i];

	conn_user(&w, i, NULL);
	for (size_t k = 0; k < sizeof(fields) / sizeof(*fields); k++) {
		int f = rc_account_field(w.cfg.schema, rc_slice_str(fields[k]));

		if (!text_of(from, fields[k]))
			continue;
		w.want[i].v[f] = slice_of(from, fields[k]);
		w.want[i].set |= 1u << f;
	}
	if (text_of(from, "user_group_id"))
		w.want[i].set |= 1u << w.cfg.schema->group_field;
	u->changed = w.want[i].set & w.cfg.schema->updatable;
	u->name = slice_of(from, "name");
	u->password = slice_of(from, "password");
	u->group_id = slice_of(from, "user_group_id");
	u->remote_id = slice_of(from, "id");
}

static const struct {
	const char *operation;
	enum rc_call_kind kind;
} operations[] = {
	{"listVpnUsers", CALL_LIST_USERS},
	{"showVpnUser", CALL_LOOKUP},
	{"batchCreateVpnUsers", CALL_CREATE},
	{"updateVpnUser", CALL_UPDATE},
	{"deleteVpnUser", CALL_DELETE},
	{"batchDeleteVpnUsers", CALL_DELETE},
	{"resetVpnUserPassword", CALL_PASSWORD},
	{"listVpnUserGroups", CALL_LIST_GROUPS},
	{"createVpnUserGroup", CALL_GROUP_CREATE},
	{"listVpnUsersInGroup", CALL_LIST_GROUP_USERS},
};

static bool fill_call(const cJSON *v, struct rc_call *ret)
{
	const cJSON *p = cJSON_GetObjectItem(v, "parameters"), *body = cJSON_GetObjectItem(p, "body"), *u;
	const cJSON *limit = cJSON_GetObjectItem(p, "limit");
	size_t k = 0, n = sizeof(operations) / sizeof(*operations);

	while (k < n && strcmp(operations[k].operation, text_of(v, "operation")) != 0)
		k++;
	if (k == n)
		return false;
	*ret = conn_call(&w, operations[k].kind, 0);
	ret->server_id = text_of(p, "vpn_server_id");
	ret->client_token = text_of(p, "X-Client-Token");
	ret->marker = slice_of(p, "marker");
	ret->page_limit = limit ? (unsigned)limit->valueint : 0;
	ret->group = slice_of(p, "group_id");
	if (cJSON_GetObjectItem(body, "user_group"))
		ret->group = slice_of(cJSON_GetObjectItem(body, "user_group"), "name");
	cJSON_ArrayForEach(u, cJSON_GetObjectItem(body, "users")) fill_user(ret->n++, u);
	if (ret->n == 0 && text_of(p, "user_id")) {
		fill_user(ret->n++, cJSON_GetObjectItem(body, "user"));
		w.users[0].remote_id = slice_of(p, "user_id");
		w.users[0].password = slice_of(body, "new_password");
	}
	return true;
}

/* Same address once both are decoded, same JSON; and where every byte is the same, the same signature. */
static bool same_request(const cJSON *v, const char *got)
{
	const cJSON *q = cJSON_GetObjectItem(v, "request"), *want = cJSON_GetObjectItem(v, "expected");
	const char *body = strstr(got, "\n\n") + 2;
	cJSON *a = cJSON_Parse(*body ? body : "0"), *b = cJSON_Parse(*text_of(q, "body") ? text_of(q, "body") : "0");
	bool same_json = cJSON_Compare(a, b, true);

	cJSON_Delete(a);
	cJSON_Delete(b);
	if (!same_json)
		return false;
	if (strcmp(body, text_of(q, "body")) == 0 && strstr(got, text_of(want, "signature")) == NULL)
		fail_msg("%s: other signature:\n%s", text_of(v, "id"), got);
	return true;
}

static void test_build_the_recorded(void **state)
{
	const cJSON *v;
	int same = 0;

	(void)state;
	w.cfg.auth_method = "aksk";
	w.cfg.endpoint = "http://127.0.0.1:18085";
	cJSON_ArrayForEach(v, cJSON_GetObjectItem(file, "vectors"))
	{
		const char *id = text_of(v, "id"), *got;
		struct rc_call call;

		/* We always send a limit, never an empty marker, and no description of a group. */
		if (strstr(id, "list-plain") || strstr(id, "marker-empty") || strstr(id, "create-group") ||
		    !fill_call(v, &call))
			continue;
		w.cfg.project_id = text_of(v, "project_id");
		w.auth.access_key = slice_of(v, "access_key_id");
		w.auth.secret_key = slice_of(v, "access_key_secret");
		w.auth.security_token = slice_of(v, "security_token");
		got = conn_request(&w, &call);
		if (!same_request(v, got))
			fail_msg("%s: other body:\n%s", id, got);
		same++;
	}
	assert_int_equal(same, 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sign_the_recorded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_build_the_recorded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
