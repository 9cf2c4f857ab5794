#include "connectors/alibaba/alibaba.h"
#include "connectors/shared/judge.h"
#include "connectors/shared/text.h"
#include "engine/base/clock.h"

#define API_VERSION "2018-03-13"

struct writing {
	const struct rc_conn_config *cfg;
	const struct rc_conn_auth *auth;
	const struct rc_call *call;
	struct rc_arena *mem;
	const char *action;
	struct rc_pair pairs[RC_ALIBABA_MAX_PAIRS];
	size_t n;
	struct http_req req;
};

unsigned rc_alibaba_page_size(const struct rc_call *call)
{
	if (call->kind == CALL_WHOAMI)
		return 1;
	return call->page_limit && call->page_limit < RC_ALIBABA_PAGE_SIZE ? call->page_limit : RC_ALIBABA_PAGE_SIZE;
}

struct rc_alibaba_page rc_alibaba_page(struct rc_slice marker)
{
	struct rc_alibaba_page first = {1, 0}, page;
	const char *colon = marker.n ? memchr(marker.p, ':', marker.n) : NULL;

	if (!colon)
		return first;
	page.number = rc_decimal((struct rc_slice){marker.p, (size_t)(colon - marker.p)});
	page.rows_before = rc_decimal((struct rc_slice){colon + 1, marker.n - (size_t)(colon - marker.p) - 1});
	return page.number > 0 && page.number < INT32_MAX && page.rows_before >= 0 ? page : first;
}

static void add(struct writing *w, const char *name, struct rc_slice value)
{
	if (w->n < RC_ALIBABA_MAX_PAIRS)
		w->pairs[w->n++] = (struct rc_pair){rc_slice_str(name), value};
}

static void add_number(struct writing *w, const char *name, int64_t v)
{
	add(w, name, rc_slice_str(rc_arena_printf(w->mem, "%lld", (long long)v)));
}

/* A field's value in an account, empty when it is not set. */
static struct rc_slice value_of(const struct writing *w, const struct rc_account *a, const char *field)
{
	int f = rc_account_field(w->cfg->schema, rc_slice_str(field));

	return a && f >= 0 && (a->set & (1u << f)) ? a->v[f] : (struct rc_slice){0};
}

static bool is_changed(const struct writing *w, const char *field)
{
	int f = rc_account_field(w->cfg->schema, rc_slice_str(field));

	return f >= 0 && (w->call->users[0].changed & (1u << f));
}

static void write_list(struct writing *w)
{
	struct rc_alibaba_page page = rc_alibaba_page(w->call->marker);

	w->action = "DescribeSmartAccessGatewayClientUsers";
	add_number(w, "PageNumber", page.number);
	add_number(w, "PageSize", rc_alibaba_page_size(w->call));
}

/* Where the name was left to the service, only the mail is known for sure. */
static void write_lookup(struct writing *w)
{
	const struct rc_call_user *u = w->call->users;
	struct rc_slice mail = value_of(w, u->want, "UserMail");

	write_list(w);
	if (mail.n && !value_of(w, u->want, "UserName").n)
		add(w, "UserMail", mail);
	else
		add(w, "UserName", u->name);
}

/* The service answers a create that lacks Bandwidth with an error; the schema knows the value for "not mapped". */
static struct rc_slice bandwidth(const struct writing *w, const struct rc_call_user *u)
{
	int f = rc_account_field(w->cfg->schema, RC_SLICE("Bandwidth"));
	struct rc_slice v = value_of(w, u->want, "Bandwidth");

	if (!v.n)
		v = value_of(w, u->have, "Bandwidth");
	if (!v.n && f >= 0)
		v = rc_slice_str(w->cfg->schema->fields[f].absent);
	return v;
}

/* Name and password go together or not at all. A name that is the mail address is what the service chooses itself. */
static enum rc_code write_create(struct writing *w, struct rc_err *err)
{
	const struct rc_call_user *u = w->call->users;
	struct rc_slice mail = value_of(w, u->want, "UserMail"), name = value_of(w, u->want, "UserName");
	struct rc_slice ip = value_of(w, u->want, "ClientIp");

	w->action = "CreateSmartAccessGatewayClientUser";
	w->req.body_secret = u->password.n > 0;
	if (name.n && !u->password.n && !rc_slice_eq(name, mail))
		return rc_fail(err, RC_DATA, "create of \"%.*s\": a UserName needs a Password", (int)name.n, name.p);
	add(w, "UserMail", mail);
	add(w, "Bandwidth", bandwidth(w, u));
	if (name.n && u->password.n) {
		add(w, "UserName", name);
		add(w, "Password", u->password);
	}
	if (ip.n)
		add(w, "ClientIp", ip);
	return RC_OK;
}

static void write_update(struct writing *w)
{
	const struct rc_call_user *u = w->call->users;
	struct rc_slice bits = bandwidth(w, u);

	w->action = "ModifySmartAccessGatewayClientUser";
	add(w, "UserName", u->name);
	if (bits.n)
		add(w, "Bandwidth", bits);
	if (is_changed(w, "UserMail"))
		add(w, "Email", value_of(w, u->want, "UserMail"));
}

static void write_named(struct writing *w, const char *action)
{
	w->action = action;
	add(w, "UserName", w->call->users[0].name);
}

static enum rc_code write_call(struct writing *w, struct rc_err *err)
{
	switch (w->call->kind) {
	case CALL_WHOAMI:
	case CALL_LIST_USERS:
		write_list(w);
		return RC_OK;
	case CALL_LOOKUP:
		write_lookup(w);
		return RC_OK;
	case CALL_SEATS:
		w->action = "DescribeSmartAccessGateways";
		return RC_OK;
	case CALL_CREATE:
		return write_create(w, err);
	case CALL_UPDATE:
		write_update(w);
		return RC_OK;
	case CALL_DELETE:
		write_named(w, "DeleteSmartAccessGatewayClientUser");
		return RC_OK;
	case CALL_ENABLE:
		write_named(w, "EnableSmartAccessGatewayUser");
		return RC_OK;
	case CALL_DISABLE:
		write_named(w, "DisableSmartAccessGatewayUser");
		return RC_OK;
	case CALL_PASSWORD:
		write_named(w, "ResetSmartAccessGatewayClientUserPassword");
		w->req.body_secret = true;
		add(w, "Password", w->call->users[0].password);
		return RC_OK;
	case CALL_DISCONNECT: /* this action alone spells it with a small n */
		w->action = "KickOutClients";
		add(w, "Username", w->call->users[0].name);
		return RC_OK;
	default:
		return rc_fail(err, RC_USAGE, "%s has no call \"%s\"", rc_alibaba_sag_app.name,
			       rc_call_name(w->call->kind));
	}
}

static enum rc_code check(const struct rc_conn_config *cfg, const struct rc_call *call, struct rc_err *err)
{
	const struct rc_call_user *u = call->users;
	const char *kind = rc_call_name(call->kind);

	if (!(rc_alibaba_sag_app.calls & (1u << call->kind)))
		return RC_OK; /* write_call says so */
	if (!cfg->region_id || !*cfg->region_id || !call->server_id || !*call->server_id || !call->nonce)
		return rc_fail(err, RC_INTERNAL, "%s: region_id, smart_ag_id and a nonce are needed", kind);
	if (!rc_call_writes_users(call->kind) && call->kind != CALL_LOOKUP)
		return RC_OK;
	if (call->n != 1)
		return rc_fail(err, RC_INTERNAL, "%s: %zu users in one call", kind, call->n);
	if (!u->name.n || (call->kind == CALL_PASSWORD && !u->password.n) || (call->kind == CALL_CREATE && !u->want))
		return rc_fail(err, RC_INTERNAL, "%s: name, password or wanted account is missing", kind);
	return RC_OK;
}

/* One piece of memory: a buffer that grows would leave a copy of a password behind. */
static struct rc_slice form(struct writing *w)
{
	struct rc_buf b = {0};
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += 3 * (w->pairs[i].name.n + w->pairs[i].value.n) + 2;
	rc_buf_reserve(&b, n);
	rc_pairs_encode(&b, w->pairs, w->n);
	return rc_req_take(w->mem, &b);
}

static struct rc_slice timestamp(struct writing *w)
{
	char date[32];

	rc_time_iso(w->call->wall_ns, date);
	return rc_slice_str(rc_arena_strdup(w->mem, date));
}

static enum rc_code sign_v3(struct writing *w, struct rc_err *err)
{
	const struct rc_conn_auth *a = w->auth;
	const struct {
		const char *name;
		struct rc_slice value;
		bool left_out;
	} headers[] = {
		{"x-acs-action", rc_slice_str(w->action), false},
		{"x-acs-version", RC_SLICE(API_VERSION), false},
		{"x-acs-date", timestamp(w), false},
		{"x-acs-signature-nonce", rc_slice_str(w->call->nonce), false},
		{"x-acs-accesskey-id", a->access_key, a->security_token.n == 0},
		{"x-acs-security-token", a->security_token, a->security_token.n == 0},
	};

	w->req.body = form(w);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		enum rc_code code = headers[i].left_out ? RC_OK
							: rc_req_header(&w->req, headers[i].name, headers[i].value,
									headers[i].name, err);

		if (code)
			return code;
	}
	return rc_alibaba_sign_v3(&w->req, a->access_key, a->secret_key, w->mem, err);
}

static enum rc_code sign_v1(struct writing *w, struct rc_err *err)
{
	const struct rc_conn_auth *a = w->auth;
	struct rc_slice signature;

	add(w, "Action", rc_slice_str(w->action));
	add(w, "Version", RC_SLICE(API_VERSION));
	add(w, "Format", RC_SLICE("JSON"));
	add(w, "AccessKeyId", a->access_key);
	add(w, "SignatureMethod", RC_SLICE("HMAC-SHA1"));
	add(w, "SignatureVersion", RC_SLICE("1.0"));
	add(w, "SignatureNonce", rc_slice_str(w->call->nonce));
	add(w, "Timestamp", timestamp(w));
	if (a->security_token.n)
		add(w, "SecurityToken", a->security_token);
	signature =
		rc_alibaba_sign_v1(a->secret_key, rc_alibaba_string_v1(w->req.method, w->pairs, w->n, w->mem), w->mem);
	if (!signature.n)
		return rc_fail(err, RC_INTERNAL, "OpenSSL refuses HMAC-SHA1; set auth.signature to \"v3\"");
	add(w, "Signature", signature);
	w->req.body = form(w);
	return RC_OK;
}

/* Parameters travel in the body, so that passwords stay out of addresses and access logs. */
static enum rc_code finish(struct writing *w, struct rc_err *err)
{
	static const char form_type[] = "application/x-www-form-urlencoded";
	struct rc_url url;
	enum rc_code code;

	w->req.method = "POST";
	code = rc_req_host(&w->req, w->cfg->endpoint, &url, err);
	if (!code)
		code = rc_req_header(&w->req, "content-type", rc_slice_str(form_type), "content type", err);
	if (!code)
		code = rc_req_header(&w->req, "accept", RC_SLICE("application/json"), "accept", err);
	if (code)
		return code;
	w->req.url = rc_arena_printf(w->mem, "%s/", w->cfg->endpoint);
	w->req.log_path = rc_arena_printf(w->mem, "/ %s", w->action);
	return w->cfg->signature && strcmp(w->cfg->signature, "v1") == 0 ? sign_v1(w, err) : sign_v3(w, err);
}

enum rc_code rc_alibaba_build(const struct rc_conn_config *cfg, const struct rc_conn_auth *auth,
			      const struct rc_call *call, struct rc_arena *mem, struct http_req *ret,
			      struct rc_err *err)
{
	struct writing w = {.cfg = cfg, .auth = auth, .call = call, .mem = mem};
	enum rc_code code = check(cfg, call, err);

	if (code)
		return code;
	add(&w, "RegionId", rc_slice_str(cfg->region_id));
	add(&w, "SmartAGId", rc_slice_str(call->server_id));
	code = write_call(&w, err);
	if (!code)
		code = finish(&w, err);
	if (!code)
		*ret = w.req;
	return code;
}
