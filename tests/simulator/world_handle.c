/* The way of a request through the simulator, one step after the other. */
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/admin.h"
#include "tests/simulator/alibaba.h"
#include "tests/simulator/auth.h"
#include "tests/simulator/fault.h"
#include "tests/simulator/huawei.h"
#include "tests/simulator/script.h"

#define MAX_BODY (12u << 20)
#define MAX_TARGET (32u << 10)

static bool is_iam(const struct sim_request *r)
{
	return sim_str_is(r->path, "/v3/auth/tokens") && sim_str_is(r->method, "POST");
}

static bool route(struct sim_call *c)
{
	if (is_iam(c->req)) {
		c->provider = SIM_HUAWEI;
		c->op = SIM_OP_createToken;
		return true;
	}
	if (sim_alibaba_route(c))
		return true;
	return sim_huawei_route(c);
}

static bool within_size(struct sim_call *c)
{
	bool body = c->req->body.n > MAX_BODY, target = c->req->target.n > MAX_TARGET;

	if (!body && !target)
		return true;
	sim_call_decide(c, SIM_refused, body ? "the body is over 12 MB" : "the URI is over 32 KB");
	if (c->provider == SIM_ALIBABA)
		sim_alibaba_error(c, body ? 413 : 414, "RequestTooLarge", "The request is too large.");
	else
		sim_huawei_error(c, body ? 413 : 414, "APIGW.0201",
				 body ? "Request entity too large" : "Request URI too large");
	return false;
}

static bool not_throttled(struct sim_call *c)
{
	static const char *const why[] = {"the bucket is empty", "the window's calls are used up",
					  "too many calls in flight"};
	struct sim_world *w = c->w;
	enum sim_limiter by = SIM_BY_CROWD;
	double wait_s = 0;

	if (!w->settings.concurrency || w->in_flight <= w->settings.concurrency) {
		by = SIM_BY_WINDOW;
		if (sim_window_take(&w->settings.window, w->now_s, &wait_s)) {
			by = SIM_BY_BUCKET;
			if (sim_bucket_take(&w->settings.bucket, w->now_s, &wait_s))
				return true;
		}
	}
	sim_call_decide(c, SIM_throttled, "%s", why[by]);
	if (c->provider == SIM_ALIBABA)
		sim_alibaba_throttled(c, by, wait_s);
	else
		sim_huawei_throttled(c, wait_s, by == SIM_BY_WINDOW);
	return false;
}

static bool authorized(struct sim_call *c)
{
	if (c->op == SIM_OP_createToken)
		return true;
	return c->provider == SIM_ALIBABA ? sim_alibaba_authorize(c) : sim_huawei_authorize(c);
}

static void run(struct sim_call *c)
{
	if (!authorized(c) || !not_throttled(c))
		return;
	if (c->op == SIM_OP_createToken)
		sim_iam_run(c);
	else if (c->provider == SIM_ALIBABA)
		sim_alibaba_run(c);
	else
		sim_huawei_run(c);
}

static void carry(struct sim_call *c)
{
	if (sim_fault_outage(c) || !within_size(c) || sim_fault_before(c))
		return;
	run(c);
	if (c->provider == SIM_ALIBABA)
		sim_alibaba_finish(c);
	sim_fault_after(c);
}

static void log_line(const struct sim_call *c)
{
	struct sim_buf *b = &c->w->log;
	char when[SIM_TIME_SIZE];

	sim_time_text(when, c->w->wall_ms, true);
	sim_buf_printf(b, "{\"time\":\"%s\",\"method\":", when);
	sim_buf_json_str(b, c->req->method);
	/* The query of an RPC call may hold a password. */
	sim_buf_text(b, ",\"path\":");
	sim_buf_json_str(b, c->provider == SIM_ALIBABA ? c->req->path : c->req->target);
	sim_buf_printf(b, ",\"op\":\"%s\",\"server\":", sim_op_name(c->op));
	sim_buf_json(b, c->server ? c->server->id : NULL);
	sim_buf_text(b, ",\"names\":[");
	for (size_t i = 0; i < c->name_count; i++) {
		if (i)
			sim_buf_char(b, ',');
		sim_buf_json_str(b, c->names[i]);
	}
	sim_buf_printf(b, "],\"decision\":\"%s\",\"why\":", sim_decision_name(c->decision));
	sim_buf_json(b, c->why);
	sim_buf_printf(b, ",\"status\":%d,\"request_id\":\"%s\"}\n", c->reply->silent ? 0 : c->reply->status,
		       c->reply->request_id);
}

static void count(struct sim_call *c)
{
	struct sim_stats *s = c->server ? &c->server->stats : &c->w->stats;

	s->by_op[c->op][c->decision]++;
}

static void enter(struct sim_world *w, struct sim_server *s)
{
	struct sim_stats *stats = s ? &s->stats : &w->stats;

	if (++w->in_flight > w->max_in_flight)
		w->max_in_flight = w->in_flight;
	if (++stats->in_flight > stats->max_in_flight)
		stats->max_in_flight = stats->in_flight;
}

void sim_world_finished(struct sim_world *w, struct sim_server *server)
{
	struct sim_stats *stats = server ? &server->stats : &w->stats;

	w->in_flight--;
	stats->in_flight--;
}

static void take_names(struct sim_call *c)
{
	if (!c->w->logging && !sim_script_wants_names(c->w->script))
		return;
	if (c->provider == SIM_ALIBABA)
		sim_alibaba_names(c);
	else if (c->op != SIM_OP_createToken)
		sim_huawei_names(c);
}

void sim_world_handle(struct sim_world *w, const struct sim_request *req, struct sim_reply *reply,
		      struct sim_server **ret_server)
{
	struct sim_call c = {.w = w, .req = req, .reply = reply, .op = SIM_OP_unknown, .decision = SIM_accepted};
	const struct sim_settings *set = &w->settings;
	bool routed;

	*ret_server = NULL;
	if (sim_admin_route(req)) {
		sim_admin_run(w, req, reply);
		return;
	}
	w->requests++;
	sim_world_id(w, reply->request_id, true);
	reply->status = 200;
	reply->content_type = "application/json";
	routed = route(&c);
	*ret_server = c.server;
	enter(w, c.server);
	reply->counted = true;
	if (c.server)
		sim_server_settle(c.server, set, w->now_s);
	take_names(&c);
	c.rule = sim_script_match(&c);
	if (routed)
		carry(&c);
	reply->delay_ms += set->latency_ms;
	if (set->latency_jitter_ms > 0)
		reply->delay_ms += set->latency_jitter_ms * sim_world_chance(w);
	if (c.provider == SIM_ALIBABA)
		sim_reply_header(reply, "x-acs-request-id", reply->request_id);
	else
		sim_reply_header(reply, "X-Request-Id", reply->request_id);
	count(&c);
	if (w->logging)
		log_line(&c);
	cJSON_Delete(c.json);
	sim_params_done(&c.params);
	sim_buf_done(&c.scratch);
	free(c.names);
}
