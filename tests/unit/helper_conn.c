#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/buf.h"
#include "helper_conn.h"

void conn_world_init(struct conn_world *w, const char *connector)
{
	*w = (struct conn_world){.c = rc_connector_find(connector)};
	assert_non_null(w->c);
	w->cfg = (struct rc_conn_config){
		.endpoint = "https://vpn.example.com",
		.project_id = "p1",
		.region_id = "cn-shanghai",
		.auth_method = strcmp(connector, "huawei-p2c-vpn") == 0 ? "token" : "aksk",
		.signature = "v3",
		.iam_endpoint = "https://iam.example.com",
		.domain = "dom",
		.schema = rc_account_schema_find(connector, &w->err),
	};
	assert_non_null(w->cfg.schema);
	w->auth = (struct rc_conn_auth){
		.access_key = RC_SLICE("AK"),
		.secret_key = RC_SLICE("SK"),
		.token = RC_SLICE("tok"),
		.user = RC_SLICE("ops"),
		.password = RC_SLICE("pa\"ss"),
	};
}

void conn_world_done(struct conn_world *w)
{
	rc_arena_done(&w->mem);
}

struct rc_call_user *conn_user(struct conn_world *w, size_t i, ...)
{
	const struct rc_account_schema *s = w->cfg.schema;
	struct rc_call_user *u = &w->users[i];
	const char *text;
	va_list ap;

	w->want[i] = (struct rc_account){0};
	*u = (struct rc_call_user){.want = &w->want[i]};
	va_start(ap, i);
	while ((text = va_arg(ap, const char *))) {
		const char *eq = strchr(text, '=');
		struct rc_slice name = {text, (size_t)(eq - text)}, value = rc_slice_str(eq + 1);
		int f = rc_account_field(s, name);

		if (rc_slice_eqs(name, "id")) {
			u->remote_id = value;
		} else if (rc_slice_eqs(name, "group_id")) {
			u->group_id = value;
		} else if (f >= 0 && f == s->secret_field) {
			u->password = value;
		} else {
			assert_true(f >= 0);
			w->want[i].v[f] = value;
			w->want[i].set |= 1u << f;
		}
	}
	va_end(ap);
	u->changed = w->want[i].set & s->updatable;
	u->name = rc_account_name(s, &w->want[i]);
	return u;
}

struct rc_call conn_call(struct conn_world *w, enum rc_call_kind kind, size_t n)
{
	return (struct rc_call){
		.kind = kind,
		.server_id = "sag-s1",
		.users = w->users,
		.n = n,
		.client_token = CONN_UUID,
		.wall_ns = CONN_NOW,
		.nonce = CONN_UUID,
	};
}

const char *conn_request(struct conn_world *w, const struct rc_call *call)
{
	struct http_req req = {0};
	struct rc_buf b = {0};
	const char *ret;

	if (w->c->build(&w->cfg, &w->auth, call, &w->mem, &req, &w->err) != RC_OK)
		fail_msg("%s: %s", rc_call_name(call->kind), w->err.what);
	assert_null(strstr(req.log_path, "pa\"ss"));
	rc_buf_addf(&b, "%s %s\n", req.method, req.url);
	for (size_t i = 0; i < req.n_headers; i++)
		rc_buf_addf(&b, "%s: %.*s\n", req.headers[i].name, (int)req.headers[i].value.n, req.headers[i].value.p);
	rc_buf_addf(&b, "\n%.*s", (int)req.body.n, req.body.p ? req.body.p : "");
	ret = rc_arena_strdup(&w->mem, b.p);
	rc_buf_done(&b);
	return ret;
}

enum rc_code conn_refuses(struct conn_world *w, const struct rc_call *call)
{
	struct http_req req = {0};
	enum rc_code code = w->c->build(&w->cfg, &w->auth, call, &w->mem, &req, &w->err);

	assert_null(req.url);
	return code;
}

const char *conn_header(struct conn_world *w, const char *request, const char *name)
{
	const char *key = rc_arena_printf(&w->mem, "\n%s: ", name), *at = strstr(request, key);

	if (!at)
		return NULL;
	at += strlen(key);
	return rc_arena_copy(&w->mem, (struct rc_slice){at, strcspn(at, "\n")}).p;
}

static void add_headers(struct conn_world *w, struct http_resp *r, const char *headers)
{
	while (headers && *headers) {
		size_t n = strcspn(headers, "\n"), name = strcspn(headers, ":");
		struct rc_slice s = {headers, name};

		r->headers[r->n_headers++] =
			(struct http_header){rc_arena_copy(&w->mem, s).p, {headers + name + 2, n - name - 2}};
		headers += n + (headers[n] == '\n');
	}
}

struct rc_answer conn_judge(struct conn_world *w, const struct rc_call *call, int status, const char *headers,
			    const char *body)
{
	struct http_resp resp = {.fate = HTTP_ANSWERED, .status = status};
	struct rc_answer a;

	/* The body ends where its bytes end, so that a sanitizer sees a read behind it. */
	resp.body = (struct rc_slice){malloc(strlen(body)), strlen(body)};
	if (resp.body.n)
		memcpy((char *)resp.body.p, body, resp.body.n);
	add_headers(w, &resp, headers);
	w->c->judge(&w->cfg, call, &resp, &w->mem, &a);
	free((char *)resp.body.p);
	return a;
}

struct rc_answer conn_judge_fate(struct conn_world *w, const struct rc_call *call, enum http_fate fate, int status)
{
	struct http_resp resp = {.fate = fate, .status = status, .problem = "the wire\x1b[1m broke"};
	struct rc_answer a;

	w->c->judge(&w->cfg, call, &resp, &w->mem, &a);
	return a;
}

void conn_is(enum rc_verdict got, enum rc_verdict want, const char *about)
{
	if (got != want)
		fail_msg("%s: %s instead of %s", about, rc_verdict_name(got), rc_verdict_name(want));
}

char *conn_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *bytes = NULL;
	long n;

	if (!f)
		fail_msg("%s cannot be opened", path);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	bytes = calloc(1, (size_t)n + 1);
	assert_int_equal(fread(bytes, 1, (size_t)n, f), (size_t)n);
	fclose(f);
	return bytes;
}
