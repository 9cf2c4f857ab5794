#include "tests/simulator/alibaba.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/auth.h"
#include "tests/simulator/rules.h"

#define API_VERSION "2018-03-13"

static const struct {
	enum sim_op op;
	void (*run)(struct sim_call *c);
} actions[] = {
	{SIM_OP_CreateSmartAccessGatewayClientUser, sim_alibaba_create},
	{SIM_OP_DescribeSmartAccessGatewayClientUsers, sim_alibaba_list},
	{SIM_OP_ModifySmartAccessGatewayClientUser, sim_alibaba_modify},
	{SIM_OP_DeleteSmartAccessGatewayClientUser, sim_alibaba_delete},
	{SIM_OP_EnableSmartAccessGatewayUser, sim_alibaba_enable},
	{SIM_OP_DisableSmartAccessGatewayUser, sim_alibaba_disable},
	{SIM_OP_ResetSmartAccessGatewayClientUserPassword, sim_alibaba_reset_password},
	{SIM_OP_KickOutClients, sim_alibaba_kick_out},
	{SIM_OP_DescribeSmartAccessGateways, sim_alibaba_list_gateways},
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

struct sim_str sim_alibaba_param(const struct sim_call *c, const char *name)
{
	return sim_params_get(&c->params, name);
}

static bool is_form(const struct sim_request *r)
{
	struct sim_str rest, type = sim_request_header(r, "content-type");

	return sim_str_is_nocase(sim_str_trim(sim_str_cut(type, ';', &rest)), "application/x-www-form-urlencoded");
}

static enum sim_op action_op(struct sim_str action)
{
	for (size_t i = 0; i < ACTIONS; i++)
		if (sim_str_is(action, sim_op_name(actions[i].op)))
			return actions[i].op;
	return SIM_OP_unknown;
}

bool sim_alibaba_route(struct sim_call *c)
{
	const struct sim_request *r = c->req;
	struct sim_str action, instance;

	if (!sim_str_is(r->path, "/") && r->path.n)
		return false;
	c->provider = SIM_ALIBABA;
	sim_params_read(&c->params, r->query, is_form(r) ? r->body : SIM_STR(""));
	c->v3 = sim_str_starts(sim_request_header(r, "authorization"), "ACS3-HMAC-SHA256");
	c->xml = !c->v3 && sim_str_is_nocase(sim_alibaba_param(c, "Format"), "xml");
	action = c->v3 ? (struct sim_str){NULL, 0} : sim_alibaba_param(c, "Action");
	if (!action.p)
		action = sim_request_header(r, "x-acs-action");
	c->op = action_op(action);
	instance = sim_alibaba_param(c, "SmartAGId");
	if (c->op != SIM_OP_unknown && sim_alibaba_instance(instance) && !sim_str_starts(instance, "sag-nowhere"))
		c->server = sim_world_server(c->w, SIM_ALIBABA, SIM_STR(""), instance);
	return true;
}

void sim_alibaba_names(struct sim_call *c)
{
	struct sim_str name = sim_alibaba_param(c, "UserName");

	if (!name.p)
		name = sim_alibaba_param(c, "Username");
	if (!name.p && c->op == SIM_OP_CreateSmartAccessGatewayClientUser)
		name = sim_alibaba_param(c, "UserMail");
	if (name.p)
		sim_call_name(c, name);
}

void sim_alibaba_begin(struct sim_call *c)
{
	c->reply->status = 200;
	c->reply->body.n = 0;
	sim_buf_text(&c->reply->body, "{\"RequestId\":");
	sim_buf_json(&c->reply->body, c->reply->request_id);
}

void sim_alibaba_error(struct sim_call *c, int status, const char *code, const char *message)
{
	struct sim_buf *b = &c->reply->body;

	sim_alibaba_begin(c);
	c->reply->status = status;
	sim_buf_text(b, ",\"HostId\":");
	sim_buf_json_str(b, sim_request_header(c->req, "host"));
	sim_buf_text(b, ",\"Code\":");
	sim_buf_json(b, code);
	sim_buf_text(b, ",\"Message\":");
	sim_buf_json(b, message);
	sim_buf_char(b, '}');
}

bool sim_alibaba_refuse(struct sim_call *c, enum sim_decision decision, const char *code, const char *message)
{
	sim_call_decide(c, decision, "%s", code);
	sim_alibaba_error(c, 400, code, message);
	return false;
}

void sim_alibaba_throttled(struct sim_call *c, enum sim_limiter by, double wait_s)
{
	static const char *const codes[] = {"Throttling.User", "Throttling", "Throttling.Api"};
	const struct sim_settings *set = &c->w->settings;
	char text[96];

	if (by == SIM_BY_BUCKET && set->bucket_retry_after_s > 0) {
		if (wait_s < set->bucket_retry_after_s)
			wait_s = set->bucket_retry_after_s;
		snprintf(text, sizeof(text), "%.0f", wait_s * 1000);
		sim_reply_header(c->reply, "x-acs-retry-after", text);
	}
	if (by == SIM_BY_WINDOW && set->window_hint) {
		snprintf(text, sizeof(text), "Limit:%llu,Remain:0,TimeLeft:%.0f,Reset:%.0f",
			 (unsigned long long)set->window.limit, wait_s * 1000, wait_s * 1000);
		sim_reply_header(c->reply, "x-ratelimit-user-api", text);
	}
	sim_alibaba_error(c, 400, codes[by], "Request was denied due to request throttling.");
}

static bool refuse_key(struct sim_call *c, int status, const char *code, const char *message)
{
	sim_alibaba_refuse(c, SIM_unauthorized, code, message);
	c->reply->status = status;
	return false;
}

static bool security_token_fits(struct sim_call *c, const struct sim_signed *s)
{
	const char *wanted = c->w->settings.security_token;

	if (!wanted || sim_str_is(s->security_token, wanted))
		return true;
	if (!s->security_token.p)
		return refuse_key(c, 400, "MissingSecurityToken", "SecurityToken is mandatory for this action.");
	return refuse_key(c, 400, "InvalidSecurityToken.MismatchWithAccessKey",
			  "Specified SecurityToken mismatch with the AccessKey.");
}

/* Checks in this order, so that a forged request cannot use up a nonce: key, time, body, signature, nonce. */
static bool signature_passes(struct sim_call *c, enum sim_verdict v, const struct sim_signed *s)
{
	struct sim_str secret = sim_auth_secret(c->w, s->access_key);

	if (v != SIM_SIGN_OK)
		return refuse_key(c, 400, "IncompleteSignature",
				  "The request signature does not conform to Aliyun standards.");
	if (!secret.p)
		return refuse_key(c, 404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
	if (!security_token_fits(c, s))
		return false;
	if (!s->date_ok)
		return refuse_key(c, 400, "InvalidTimeStamp.Format",
				  "Specified time stamp or date value is not well formatted.");
	if (sim_auth_skewed(c->w, s))
		return refuse_key(c, 400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.");
	v = c->v3 ? sim_sign_v3_check(c->req, s, secret) : sim_sign_v1_check(c->req->method, &c->params, s, secret);
	if (v == SIM_SIGN_BODY)
		return refuse_key(c, 400, "SignatureDoesNotMatch", "x-acs-content-sha256 is not the body's hash.");
	if (v != SIM_SIGN_OK)
		return refuse_key(c, 400, "SignatureDoesNotMatch",
				  "Specified signature is not matched with our calculation.");
	return true;
}

bool sim_alibaba_authorize(struct sim_call *c)
{
	struct sim_signed s;
	enum sim_verdict v = c->v3 ? sim_sign_v3_read(c->req, &s) : sim_sign_v1_read(&c->params, &s);

	if (c->w->settings.access_key && !signature_passes(c, v, &s))
		return false;
	if (s.nonce.n && !sim_auth_nonce(c->w, s.access_key, s.nonce))
		return refuse_key(c, 400, "SignatureNonceUsed", "Specified signature nonce was used already.");
	return true;
}

static bool version_fits(const struct sim_call *c)
{
	struct sim_str version = sim_alibaba_param(c, "Version");

	if (c->v3 || !version.p)
		version = sim_request_header(c->req, "x-acs-version");
	return sim_str_is(version, API_VERSION);
}

static bool instance_fits(struct sim_call *c)
{
	struct sim_str instance = sim_alibaba_param(c, "SmartAGId");

	if (c->server || (!instance.n && c->op == SIM_OP_DescribeSmartAccessGateways))
		return true;
	if (!instance.n)
		return sim_alibaba_refuse(c, SIM_refused, "SAG.InstanceIdEmpty",
					  "The specified instance ID cannot be empty.");
	return sim_alibaba_refuse(c, SIM_refused, "SAG.InstanceNoFound", "The specified instance does not exist.");
}

void sim_alibaba_run(struct sim_call *c)
{
	size_t i = 0;

	while (i < ACTIONS && actions[i].op != c->op)
		i++;
	if (i == ACTIONS) {
		sim_call_decide(c, SIM_refused, "no such action");
		sim_alibaba_error(c, 404, "InvalidAction.NotFound", "Specified api is not found.");
		return;
	}
	if (!version_fits(c)) {
		sim_call_decide(c, SIM_refused, "no such version");
		sim_alibaba_error(c, 404, "InvalidApi.NotFound", "Specified api version is not found.");
		return;
	}
	if (!sim_alibaba_param(c, "RegionId").n) {
		sim_alibaba_refuse(c, SIM_refused, "MissingRegionId", "RegionId is mandatory for this action.");
		return;
	}
	if (instance_fits(c))
		actions[i].run(c);
}

static void xml_text(struct sim_buf *b, const char *z)
{
	for (; *z; z++) {
		if (*z == '&')
			sim_buf_text(b, "&amp;");
		else if (*z == '<')
			sim_buf_text(b, "&lt;");
		else if (*z == '>')
			sim_buf_text(b, "&gt;");
		else
			sim_buf_char(b, *z);
	}
}

/* Lists become repeated children under their own name. */
static void xml_element(struct sim_buf *b, const char *name, const cJSON *v)
{
	const cJSON *child;

	if (cJSON_IsArray(v)) {
		cJSON_ArrayForEach(child, v)
		{
			xml_element(b, name, child);
		}
		return;
	}
	sim_buf_printf(b, "<%s>", name);
	cJSON_ArrayForEach(child, v)
	{
		xml_element(b, child->string, child);
	}
	if (cJSON_IsString(v))
		xml_text(b, v->valuestring);
	else if (cJSON_IsNumber(v))
		sim_buf_printf(b, "%.0f", v->valuedouble);
	else if (cJSON_IsBool(v))
		sim_buf_text(b, cJSON_IsTrue(v) ? "true" : "false");
	sim_buf_printf(b, "</%s>", name);
}

void sim_alibaba_finish(struct sim_call *c)
{
	struct sim_reply *r = c->reply;
	struct sim_buf xml = {0};
	char root[96];
	cJSON *json;

	if (!c->xml || strcmp(r->content_type, "application/json"))
		return;
	json = cJSON_ParseWithLength(r->body.p ? r->body.p : "", r->body.n);
	if (!json)
		return;
	snprintf(root, sizeof(root), "%sResponse", sim_op_name(c->op));
	sim_buf_text(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	xml_element(&xml, cJSON_HasObjectItem(json, "Code") ? "Error" : root, json);
	cJSON_Delete(json);
	sim_buf_done(&r->body);
	r->body = xml;
	r->content_type = "text/xml;charset=utf-8";
}
