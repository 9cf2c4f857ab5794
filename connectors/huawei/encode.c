#include "connectors/huawei/huawei.h"
#include "connectors/shared/request.h"
#include "connectors/shared/text.h"
#include "engine/base/json_out.h"

enum {
	PAGE_LIMIT = 50, /* what a shipped client of the vendor sends; the maximum is unpublished */
	WHOAMI_LIMIT = 1,
};

struct writing {
	const struct rc_conn_config *cfg;
	const struct rc_conn_auth *auth;
	const struct rc_call *call;
	struct rc_arena *mem;
	struct rc_buf path, query, body; /* path: below the endpoint; query: without '?' */
	struct http_req req;
};

static void path_segment(struct rc_buf *b, const char *fixed, struct rc_slice id)
{
	rc_buf_adds(b, fixed);
	rc_percent_encode(b, id);
}

static void server_path(struct writing *w)
{
	path_segment(&w->path, "/v5/", rc_slice_str(w->cfg->project_id));
	path_segment(&w->path, "/p2c-vpn-gateways/vpn-servers/", rc_slice_str(w->call->server_id));
}

static void write_page(struct writing *w, const char *tail, unsigned limit)
{
	w->req.method = "GET";
	rc_buf_adds(&w->path, tail);
	rc_buf_addf(&w->query, "limit=%u", w->call->page_limit ? w->call->page_limit : limit);
	if (w->call->marker.n) {
		rc_buf_adds(&w->query, "&marker=");
		rc_percent_encode(&w->query, w->call->marker);
	}
}

static void user_path(struct writing *w, const char *method, const char *tail)
{
	w->req.method = method;
	path_segment(&w->path, "/users/", w->call->users[0].remote_id);
	rc_buf_adds(&w->path, tail);
}

/* Room for the whole body at once: a buffer that grows would leave a copy of a password behind. A byte of a value takes
 * six at most (\u0000). */
static void reserve_body(struct writing *w)
{
	size_t n = 256 + w->call->group.n * 6 + w->auth->user.n * 6 + w->auth->password.n * 6;

	for (size_t i = 0; i < w->call->n; i++) {
		const struct rc_call_user *u = &w->call->users[i];

		n += 64 + (u->name.n + u->remote_id.n + u->password.n + u->group_id.n) * 6;
		for (size_t f = 0; u->want && f < w->cfg->schema->n_fields; f++)
			n += strlen(w->cfg->schema->fields[f].name) + 8 + u->want->v[f].n * 6;
	}
	rc_buf_reserve(&w->body, n);
}

/* The schema names the fields as batch create does, so that a new one needs no code here. */
static void write_new_user(struct writing *w, const struct rc_call_user *u)
{
	const struct rc_account_schema *s = w->cfg->schema;

	rc_json_comma(&w->body);
	rc_buf_addc(&w->body, '{');
	for (size_t i = 0; i < s->n_fields; i++) {
		if ((int)i == s->secret_field)
			rc_json_kstr(&w->body, s->fields[i].name, u->password);
		else if (s->fields[i].is_name)
			rc_json_kstr(&w->body, s->fields[i].name, u->name);
		else if (u->want && (u->want->set & (1u << i)) && u->want->v[i].n)
			rc_json_kstr(&w->body, s->fields[i].name, u->want->v[i]);
	}
	rc_buf_addc(&w->body, '}');
}

/* One user goes by the batch call too: its refusals are the documented ones, and it takes the group by name. */
static void write_create(struct writing *w)
{
	w->req.method = "POST";
	w->req.body_secret = true;
	rc_buf_adds(&w->path, "/users/batch-create");
	rc_buf_adds(&w->body, "{\"users\":[");
	for (size_t i = 0; i < w->call->n; i++)
		write_new_user(w, &w->call->users[i]);
	rc_buf_adds(&w->body, "]}");
}

static enum rc_code write_update(struct writing *w, struct rc_err *err)
{
	const struct rc_account_schema *s = w->cfg->schema;
	const struct rc_call_user *u = w->call->users;

	user_path(w, "PUT", "");
	rc_buf_adds(&w->body, "{\"user\":{");
	for (size_t i = 0; i < s->n_fields; i++) {
		const struct rc_field *f = &s->fields[i];

		if (!(u->changed & (1u << i)) || !f->updatable || !u->want)
			continue;
		if (f->is_group && !u->group_id.n)
			return rc_fail(err, RC_INTERNAL, "update of \"%.*s\": the id of its group is not known",
				       (int)u->name.n, u->name.p);
		rc_json_kstr(&w->body, f->is_group ? "user_group_id" : f->name,
			     f->is_group ? u->group_id : u->want->v[i]);
	}
	if (w->body.p[w->body.n - 1] == '{')
		return rc_fail(err, RC_INTERNAL, "update of \"%.*s\" changes nothing", (int)u->name.n, u->name.p);
	rc_buf_adds(&w->body, "}}");
	return RC_OK;
}

static void write_delete(struct writing *w)
{
	if (w->call->n == 1) {
		user_path(w, "DELETE", "");
		return;
	}
	w->req.method = "POST";
	rc_buf_adds(&w->path, "/users/batch-delete");
	rc_buf_adds(&w->body, "{\"users\":[");
	for (size_t i = 0; i < w->call->n; i++) {
		rc_json_comma(&w->body);
		rc_buf_addc(&w->body, '{');
		rc_json_kstr(&w->body, "id", w->call->users[i].remote_id);
		rc_buf_addc(&w->body, '}');
	}
	rc_buf_adds(&w->body, "]}");
}

static void write_password(struct writing *w)
{
	user_path(w, "POST", "/reset-password");
	w->req.body_secret = true;
	rc_buf_addc(&w->body, '{');
	rc_json_kstr(&w->body, "new_password", w->call->users[0].password);
	rc_buf_addc(&w->body, '}');
}

static void write_group_create(struct writing *w)
{
	w->req.method = "POST";
	rc_buf_adds(&w->path, "/groups");
	rc_buf_adds(&w->body, "{\"user_group\":{");
	rc_json_kstr(&w->body, "name", w->call->group);
	rc_buf_adds(&w->body, "}}");
}

/* The catalog that IAM would add is larger than the rest of the answer and not needed. */
static void write_login(struct writing *w)
{
	const struct rc_conn_config *c = w->cfg;

	w->req.method = "POST";
	w->req.body_secret = true;
	rc_buf_adds(&w->path, "/v3/auth/tokens");
	rc_buf_adds(&w->query, "nocatalog=true");
	rc_buf_adds(&w->body,
		    "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"domain\":{");
	rc_json_kcstr(&w->body, "name", c->domain);
	rc_buf_adds(&w->body, "}");
	rc_json_kstr(&w->body, "name", w->auth->user);
	rc_json_kstr(&w->body, "password", w->auth->password);
	rc_buf_adds(&w->body, "}}},\"scope\":{\"project\":{");
	if (c->project_name)
		rc_json_kcstr(&w->body, "name", c->project_name);
	else
		rc_json_kcstr(&w->body, "id", c->project_id);
	rc_buf_adds(&w->body, "}}}}");
}

static enum rc_code write_call(struct writing *w, struct rc_err *err)
{
	switch (w->call->kind) {
	case CALL_LOGIN:
		write_login(w);
		return RC_OK;
	case CALL_WHOAMI:
		write_page(w, "/users", WHOAMI_LIMIT);
		return RC_OK;
	case CALL_LIST_USERS:
		write_page(w, "/users", PAGE_LIMIT);
		return RC_OK;
	case CALL_LIST_GROUPS:
		write_page(w, "/groups", PAGE_LIMIT);
		return RC_OK;
	case CALL_LIST_GROUP_USERS:
		path_segment(&w->path, "/groups/", w->call->group);
		write_page(w, "/users", PAGE_LIMIT);
		return RC_OK;
	case CALL_LOOKUP:
		user_path(w, "GET", "");
		return RC_OK;
	case CALL_CREATE:
		write_create(w);
		return RC_OK;
	case CALL_UPDATE:
		return write_update(w, err);
	case CALL_DELETE:
		write_delete(w);
		return RC_OK;
	case CALL_PASSWORD:
		write_password(w);
		return RC_OK;
	case CALL_GROUP_CREATE:
		write_group_create(w);
		return RC_OK;
	default:
		return rc_fail(err, RC_USAGE, "%s has no call \"%s\"", rc_huawei_p2c_vpn.name,
			       rc_call_name(w->call->kind));
	}
}

static bool about_users(enum rc_call_kind kind)
{
	return kind == CALL_CREATE || kind == CALL_UPDATE || kind == CALL_DELETE || kind == CALL_PASSWORD ||
	       kind == CALL_LOOKUP;
}

/* Faults of the caller, and ids that nobody has told yet: an address with an empty segment would mean another call. */
static enum rc_code check(const struct rc_conn_config *cfg, const struct rc_call *call, struct rc_err *err)
{
	bool many = call->kind == CALL_CREATE || call->kind == CALL_DELETE;

	if (!(rc_huawei_p2c_vpn.calls & (1u << call->kind)))
		return RC_OK; /* write_call says so */
	if (call->kind != CALL_LOGIN &&
	    (!cfg->project_id || !*cfg->project_id || !call->server_id || !*call->server_id))
		return rc_fail(err, RC_INTERNAL, "%s: project_id and vpn_server_id are needed",
			       rc_call_name(call->kind));
	if ((call->kind == CALL_LIST_GROUP_USERS || call->kind == CALL_GROUP_CREATE) && !call->group.n)
		return rc_fail(err, RC_INTERNAL, "%s: no group is given", rc_call_name(call->kind));
	if (!about_users(call->kind))
		return RC_OK;
	if (call->n == 0 || (call->n > 1 && !many))
		return rc_fail(err, RC_INTERNAL, "%s: %zu users in one call", rc_call_name(call->kind), call->n);
	for (size_t i = 0; call->kind != CALL_CREATE && i < call->n; i++)
		if (!call->users[i].remote_id.n)
			return rc_fail(
				err, call->kind == CALL_LOOKUP ? RC_USAGE : RC_INTERNAL,
				"%s of \"%.*s\": its id is not known, and there is no look-up by name: list first",
				rc_call_name(call->kind), (int)call->users[i].name.n, call->users[i].name.p);
	return RC_OK;
}

static enum rc_code add_key_headers(struct writing *w, struct rc_err *err)
{
	const struct rc_conn_auth *a = w->auth;
	char date[17];
	enum rc_code code;

	rc_compact_date(w->call->wall_ns, date);
	code = rc_req_header(&w->req, "X-Project-Id", rc_slice_str(w->cfg->project_id), "project_id", err);
	if (!code)
		code = rc_req_header(&w->req, "X-Sdk-Date", rc_slice_str(rc_arena_strdup(w->mem, date)), "date", err);
	if (!code && a->security_token.n)
		code = rc_req_header(&w->req, "X-Security-Token", a->security_token, "security_token", err);
	return code ? code : rc_huawei_sign(&w->req, a->access_key, a->secret_key, w->mem, err);
}

static bool takes_client_token(enum rc_call_kind kind)
{
	return kind == CALL_CREATE || kind == CALL_GROUP_CREATE;
}

static enum rc_code add_headers(struct writing *w, struct rc_err *err)
{
	const struct rc_call *call = w->call;
	enum rc_code code;

	code = rc_req_header(&w->req, "Content-Type", RC_SLICE("application/json"), "content type", err);
	if (!code)
		code = rc_req_header(&w->req, "Accept", RC_SLICE("application/json"), "accept", err);
	if (!code && takes_client_token(call->kind) && call->client_token)
		code = rc_req_header(&w->req, "X-Client-Token", rc_slice_str(call->client_token), "client token", err);
	if (code || call->kind == CALL_LOGIN)
		return code;
	if (w->cfg->auth_method && strcmp(w->cfg->auth_method, "aksk") == 0)
		return add_key_headers(w, err);
	return rc_req_header(&w->req, "X-Auth-Token", w->auth->token, "token", err);
}

static enum rc_code finish(struct writing *w, struct rc_err *err)
{
	const char *endpoint = w->call->kind == CALL_LOGIN ? w->cfg->iam_endpoint : w->cfg->endpoint;
	struct rc_url url;
	enum rc_code code = rc_req_host(&w->req, endpoint, &url, err);

	if (code)
		return code;
	if (w->query.n) {
		rc_buf_addc(&w->path, '?');
		rc_buf_addslice(&w->path, rc_buf_slice(&w->query));
	}
	w->req.log_path = rc_req_take(w->mem, &w->path).p;
	w->req.url = rc_arena_printf(w->mem, "%s%s", endpoint, w->req.log_path);
	w->req.body = rc_req_take(w->mem, &w->body);
	return add_headers(w, err);
}

enum rc_code rc_huawei_build(const struct rc_conn_config *cfg, const struct rc_conn_auth *auth,
			     const struct rc_call *call, struct rc_arena *mem, struct http_req *ret, struct rc_err *err)
{
	struct writing w = {.cfg = cfg, .auth = auth, .call = call, .mem = mem};
	enum rc_code code = check(cfg, call, err);

	if (code)
		return code;
	if (call->kind != CALL_LOGIN)
		server_path(&w);
	reserve_body(&w);
	code = write_call(&w, err);
	if (!code)
		code = finish(&w, err);
	if (!code)
		*ret = w.req;
	rc_buf_done(&w.path);
	rc_buf_done(&w.query);
	rc_buf_wipe(&w.body);
	return code;
}
