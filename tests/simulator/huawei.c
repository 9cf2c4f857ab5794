#include "tests/simulator/huawei.h"

#include <stdio.h>
#include <string.h>

#include "tests/simulator/replay.h"
#include "tests/simulator/rules.h"
#include "tests/simulator/script.h"

/* In a tail, U stands for a user id and G for a group id. */
static const struct route {
	const char *method, *tail;
	enum sim_op op;
	bool takes_token, has_body;
	void (*run)(struct sim_call *c);
} routes[] = {
	{"GET", "users", SIM_OP_listVpnUsers, false, false, sim_huawei_list_users},
	{"POST", "users", SIM_OP_createVpnUser, true, true, sim_huawei_create_user},
	{"POST", "users/batch-create", SIM_OP_batchCreateVpnUsers, true, true, sim_huawei_batch_create},
	{"POST", "users/batch-delete", SIM_OP_batchDeleteVpnUsers, false, true, sim_huawei_batch_delete},
	{"GET", "users/U", SIM_OP_showVpnUser, false, false, sim_huawei_show_user},
	{"PUT", "users/U", SIM_OP_updateVpnUser, false, true, sim_huawei_update_user},
	{"DELETE", "users/U", SIM_OP_deleteVpnUser, false, false, sim_huawei_delete_user},
	{"POST", "users/U/reset-password", SIM_OP_resetVpnUserPassword, false, true, sim_huawei_reset_password},
	{"PUT", "users/U/password", SIM_OP_updateVpnUserPassword, false, true, sim_huawei_change_password},
	{"GET", "groups", SIM_OP_listVpnUserGroups, false, false, sim_huawei_list_groups},
	{"POST", "groups", SIM_OP_createVpnUserGroup, true, true, sim_huawei_create_group},
	{"GET", "groups/G", SIM_OP_showVpnUserGroup, false, false, sim_huawei_show_group},
	{"PUT", "groups/G", SIM_OP_updateVpnUserGroup, false, true, sim_huawei_update_group},
	{"DELETE", "groups/G", SIM_OP_deleteVpnUserGroup, false, false, sim_huawei_delete_group},
	{"POST", "groups/G/add-users", SIM_OP_addVpnUsersToGroup, false, true, sim_huawei_add_users},
	{"POST", "groups/G/remove-users", SIM_OP_removeVpnUsersFromGroup, false, true, sim_huawei_remove_users},
	{"GET", "groups/G/users", SIM_OP_listVpnUsersInGroup, false, false, sim_huawei_list_group_users},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static struct sim_str decoded(struct sim_call *c, struct sim_str part)
{
	size_t from = c->scratch.n;

	sim_percent_decode(&c->scratch, part, false);
	return (struct sim_str){c->scratch.p + from, c->scratch.n - from};
}

static bool tail_fits(struct sim_call *c, const char *pattern, struct sim_str tail)
{
	struct sim_str want = sim_str_of(pattern);

	while (want.n && tail.n) {
		struct sim_str w = sim_str_cut(want, '/', &want), t = sim_str_cut(tail, '/', &tail);

		if (sim_str_is(w, "U"))
			c->user_id = decoded(c, t);
		else if (sim_str_is(w, "G"))
			c->group_id = decoded(c, t);
		else if (!sim_str_eq(w, t))
			return false;
	}
	return !want.n && !tail.n;
}

static bool no_such_api(struct sim_call *c)
{
	sim_call_decide(c, SIM_refused, "no API at this method and path");
	sim_huawei_error(c, 404, "APIGW.0101", "The API does not exist or has not been published in the environment");
	return false;
}

bool sim_huawei_route(struct sim_call *c)
{
	struct sim_str rest = c->req->path, project, id;

	c->provider = SIM_HUAWEI;
	/* Decoded parts are never longer than the path; with this room they stay where they are. */
	sim_buf_room(&c->scratch, rest.n * 2 + 16);
	if (!sim_str_starts(rest, "/v5/"))
		return no_such_api(c);
	rest = (struct sim_str){rest.p + 4, rest.n - 4};
	project = decoded(c, sim_str_cut(rest, '/', &rest));
	if (sim_str_is(rest, "vpn-servers") && sim_str_is(c->req->method, "GET")) {
		c->op = SIM_OP_listVpnServers;
		c->project = project;
		return true;
	}
	if (!project.n || !sim_str_is(sim_str_cut(rest, '/', &rest), "p2c-vpn-gateways") ||
	    !sim_str_is(sim_str_cut(rest, '/', &rest), "vpn-servers"))
		return no_such_api(c);
	id = decoded(c, sim_str_cut(rest, '/', &rest));
	if (!id.n)
		return no_such_api(c);
	for (size_t i = 0; i < ROUTES; i++) {
		if (!sim_str_is(c->req->method, routes[i].method) || !tail_fits(c, routes[i].tail, rest))
			continue;
		c->op = routes[i].op;
		c->server = sim_world_server(c->w, SIM_HUAWEI, project, id);
		if (c->req->body.n)
			c->json = cJSON_ParseWithLength(c->req->body.p, c->req->body.n);
		return true;
	}
	return no_such_api(c);
}

void sim_huawei_error(struct sim_call *c, int status, const char *code, const char *message)
{
	struct sim_reply *r = c->reply;
	char swapped[32];

	if (c->w->settings.apig && !strncmp(code, "APIGW.", 6)) {
		snprintf(swapped, sizeof(swapped), "APIG.%s", code + 6);
		code = swapped;
	}
	if (c->w->settings.error_shape == 3) {
		sim_huawei_nested_error(c, status, code, message);
		return;
	}
	r->status = status;
	r->body.n = 0;
	sim_buf_text(&r->body, c->w->settings.error_shape == 2 ? "{\"code\":" : "{\"error_code\":");
	sim_buf_json(&r->body, code);
	sim_buf_text(&r->body, c->w->settings.error_shape == 2 ? ",\"message\":" : ",\"error_msg\":");
	sim_buf_json(&r->body, message);
	if (c->w->settings.error_shape != 2) {
		sim_buf_text(&r->body, ",\"request_id\":");
		sim_buf_json(&r->body, r->request_id);
	}
	sim_buf_char(&r->body, '}');
}

void sim_huawei_nested_error(struct sim_call *c, int status, const char *title, const char *message)
{
	struct sim_reply *r = c->reply;

	r->status = status;
	r->body.n = 0;
	sim_buf_printf(&r->body, "{\"error\":{\"code\":%d,\"message\":", status);
	sim_buf_json(&r->body, message);
	sim_buf_text(&r->body, ",\"title\":");
	sim_buf_json(&r->body, title);
	sim_buf_text(&r->body, "}}");
}

void sim_huawei_throttled(struct sim_call *c, double wait_s, bool by_window)
{
	const struct sim_settings *set = &c->w->settings;
	unsigned long long period = (unsigned long long)set->window.period_s;
	char text[160];

	snprintf(text, sizeof(text), "The throttling threshold has been reached");
	if (by_window && set->window_hint && period && period % 60 == 0)
		snprintf(text, sizeof(text),
			 "The throttling threshold has been reached: policy user over ratelimit,limit:%llu,time:%llu "
			 "minute",
			 (unsigned long long)set->window.limit, period / 60);
	else if (by_window && set->window_hint)
		snprintf(text, sizeof(text),
			 "The throttling threshold has been reached: policy user over ratelimit,limit:%llu,time:%llu "
			 "second",
			 (unsigned long long)set->window.limit, period);
	if (!by_window && set->bucket_retry_after_s > 0) {
		char seconds[32];

		if (wait_s < set->bucket_retry_after_s)
			wait_s = set->bucket_retry_after_s;
		snprintf(seconds, sizeof(seconds), "%.0f", wait_s + 0.499);
		sim_reply_header(c->reply, "Retry-After", seconds);
	}
	sim_huawei_error(c, 429, "APIGW.0308", text);
}

bool sim_huawei_invalid(struct sim_call *c, const char *format, ...)
{
	char text[256] = "invalid request: ";
	size_t n = strlen(text);
	va_list list;

	va_start(list, format);
	vsnprintf(text + n, sizeof(text) - n, format, list);
	va_end(list);
	sim_call_decide(c, SIM_refused, "%s", text + n);
	sim_huawei_error(c, 400, "VPN.0001", text);
	return false;
}

bool sim_huawei_not_found(struct sim_call *c, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "resource not found: %s", what);
	sim_call_decide(c, SIM_refused, "no such %s", what);
	sim_huawei_error(c, 404, "VPN.0004", text);
	return false;
}

bool sim_huawei_quota(struct sim_call *c)
{
	sim_call_decide(c, SIM_quota, "the seat limit is reached");
	sim_huawei_error(c, 400, "VPN.0001", "invalid request: the user quota of the gateway is exceeded");
	return false;
}

bool sim_huawei_take(struct sim_call *c, double n, double *ret_mark)
{
	if (sim_server_take(c->server, &c->w->settings, n, c->w->now_s, ret_mark))
		return true;
	sim_call_decide(c, SIM_busy, "the queue holds %.0f of %.0f and has no room for %.0f",
			c->server->queue.accepted - c->server->queue.served, c->server->queue.room, n);
	sim_huawei_error(c, 400, "VPN.0030", "The system is busy, please try later.");
	return false;
}

void sim_huawei_accept(struct sim_call *c, int status)
{
	struct sim_buf *b = &c->reply->body;

	c->reply->status = status;
	if (!b->n)
		sim_buf_char(b, '{');
	else
		sim_buf_char(b, ',');
	sim_buf_text(b, "\"request_id\":");
	sim_buf_json(b, c->reply->request_id);
	sim_buf_char(b, '}');
}

const cJSON *sim_huawei_object(struct sim_call *c, const char *key, const char *const *members)
{
	const cJSON *o = key ? cJSON_GetObjectItemCaseSensitive(c->json, key) : c->json, *member;

	if (!cJSON_IsObject(o)) {
		sim_huawei_invalid(c, "%s must be an object", key ? key : "body");
		return NULL;
	}
	cJSON_ArrayForEach(member, o)
	{
		size_t i = 0;

		while (members[i] && strcmp(members[i], member->string))
			i++;
		if (!members[i]) {
			sim_huawei_invalid(c, "unknown field %.64s", member->string);
			return NULL;
		}
	}
	return o;
}

bool sim_huawei_text(struct sim_call *c, const cJSON *o, const char *key, struct sim_str *ret)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	*ret = (struct sim_str){NULL, 0};
	if (!v || cJSON_IsNull(v))
		return true;
	if (!cJSON_IsString(v))
		return sim_huawei_invalid(c, "%s must be a string", key);
	*ret = sim_str_of(v->valuestring);
	return true;
}

const cJSON *sim_huawei_ids(struct sim_call *c)
{
	static const char *const body_members[] = {"users", NULL};
	const cJSON *users, *u;
	int n;

	if (!sim_huawei_object(c, NULL, body_members))
		return NULL;
	users = cJSON_GetObjectItemCaseSensitive(c->json, "users");
	if (!cJSON_IsArray(users)) {
		sim_huawei_invalid(c, "users must be an array");
		return NULL;
	}
	n = cJSON_GetArraySize(users);
	if (!n) {
		sim_call_decide(c, SIM_refused, "the user list is empty");
		sim_huawei_error(c, 400, "VPN.1318", "The user list is empty.");
		return NULL;
	}
	if ((uint64_t)n > c->w->settings.max_batch) {
		sim_huawei_invalid(c, "size of users must be between 1 and %llu",
				   (unsigned long long)c->w->settings.max_batch);
		return NULL;
	}
	cJSON_ArrayForEach(u, users)
	{
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(u, "id");

		if (cJSON_IsObject(u) && c->op != SIM_OP_batchCreateVpnUsers && !cJSON_IsString(id)) {
			sim_huawei_invalid(c, "users[].id must be a string");
			return NULL;
		}
		if (!cJSON_IsObject(u)) {
			sim_huawei_invalid(c, "users must hold objects");
			return NULL;
		}
	}
	return users;
}

void sim_huawei_time(struct sim_call *c, const char *name, int64_t wall_ms)
{
	char text[SIM_TIME_SIZE];

	sim_time_text(text, wall_ms, c->w->settings.time_fraction);
	sim_buf_printf(&c->reply->body, ",\"%s\":\"%s\"", name, text);
}

static void name_of_id(struct sim_call *c, struct sim_str id)
{
	const struct sim_user *u = c->server ? sim_map_get(&c->server->users_by_id, id) : NULL;

	if (u)
		sim_call_name(c, sim_str_of(u->name));
}

void sim_huawei_names(struct sim_call *c)
{
	const cJSON *users = cJSON_GetObjectItemCaseSensitive(c->json, "users"), *one;
	const cJSON *user = cJSON_GetObjectItemCaseSensitive(c->json, "user");
	const cJSON *group = cJSON_GetObjectItemCaseSensitive(c->json, "user_group");

	if (c->user_id.n)
		name_of_id(c, c->user_id);
	if (!user)
		user = group;
	user = cJSON_GetObjectItemCaseSensitive(user, "name");
	if (cJSON_IsString(user))
		sim_call_name(c, sim_str_of(user->valuestring));
	if (!cJSON_IsArray(users))
		return;
	cJSON_ArrayForEach(one, users)
	{
		const cJSON *name = cJSON_GetObjectItemCaseSensitive(one, "name");
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(one, "id");

		if (cJSON_IsString(name))
			sim_call_name(c, sim_str_of(name->valuestring));
		else if (cJSON_IsString(id))
			name_of_id(c, sim_str_of(id->valuestring));
	}
}

static const struct route *route_of(enum sim_op op)
{
	for (size_t i = 0; i < ROUTES; i++)
		if (routes[i].op == op)
			return &routes[i];
	return NULL;
}

/* False: answered from memory or refused. */
static bool first_time(struct sim_call *c, struct sim_str token, uint64_t hash)
{
	const struct sim_replay *known = sim_replay_find(c->server, token);

	if (!sim_huawei_client_token(token))
		return sim_huawei_invalid(c, "X-Client-Token must be a UUID of 36 characters");
	if (!known)
		return true;
	if (known->request_hash != hash) {
		sim_call_decide(c, SIM_refused, "the client token belongs to another request");
		sim_huawei_error(c, 400, "VPN.0031", "Repeated operation.");
		return false;
	}
	sim_call_decide(c, SIM_replayed, "the client token was seen with these bytes");
	c->reply->status = known->status;
	sim_buf_text(&c->reply->body, known->body);
	memcpy(c->reply->request_id, known->request_id, sizeof(known->request_id));
	return false;
}

static bool body_is_json(struct sim_call *c)
{
	struct sim_str type = sim_request_header(c->req, "content-type"), rest;

	type = sim_str_trim(sim_str_cut(type, ';', &rest));
	if (!sim_str_is_nocase(type, "application/json"))
		return sim_huawei_invalid(c, "Content-Type must be application/json");
	if (!c->json)
		return sim_huawei_invalid(c, "the body is not JSON");
	return true;
}

void sim_huawei_run(struct sim_call *c)
{
	const struct route *route = route_of(c->op);
	struct sim_str token = sim_request_header(c->req, "x-client-token");
	uint64_t hash;

	if (c->op == SIM_OP_listVpnServers) {
		sim_huawei_list_servers(c);
		return;
	}
	if (route->has_body && !body_is_json(c))
		return;
	if (!route->takes_token || !token.p) {
		route->run(c);
		return;
	}
	hash = sim_hash(c->req->body) ^ (uint64_t)c->op;
	if (!first_time(c, token, hash))
		return;
	route->run(c);
	if (c->reply->status < 300)
		sim_replay_keep(c->server, token, hash, c->reply->status, sim_buf_view(&c->reply->body),
				c->reply->request_id);
}
