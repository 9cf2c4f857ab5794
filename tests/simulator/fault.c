#include "tests/simulator/fault.h"

#include <string.h>

#include "tests/simulator/alibaba.h"
#include "tests/simulator/auth.h"
#include "tests/simulator/huawei.h"

static const char proxy_page[] = "<!DOCTYPE html>\n<html><head><title>Proxy error</title></head>\n"
				 "<body><h1>Proxy error</h1><p>The proxy server could not handle the request.</p>"
				 "</body></html>\n";

static void provider_error(struct sim_call *c, const struct sim_fault *f)
{
	uint64_t shape = c->w->settings.error_shape;
	const char *message = f->message ? f->message : "Injected by the script.";

	if (c->provider == SIM_ALIBABA) {
		sim_alibaba_error(c, f->status ? f->status : 400, f->code, message);
		sim_alibaba_finish(c);
		return;
	}
	if (f->shape)
		c->w->settings.error_shape = f->shape;
	sim_huawei_error(c, f->status ? f->status : 400, f->code, message);
	c->w->settings.error_shape = shape;
}

/* The rule's own answer in place of the real one. */
static void answer(struct sim_call *c, const struct sim_fault *f)
{
	struct sim_reply *r = c->reply;

	r->body.n = 0;
	if (f->code) {
		provider_error(c, f);
		return;
	}
	r->status = f->status ? f->status : f->html ? 502 : 200;
	if (f->html) {
		r->content_type = "text/html";
		sim_buf_text(&r->body, proxy_page);
	} else if (f->body) {
		if (f->body_type)
			r->content_type = f->body_type;
		sim_buf_text(&r->body, f->body);
	}
}

static void spoil(struct sim_reply *r, const struct sim_fault *f)
{
	if (f->invalid_json)
		r->body.n -= r->body.n ? (r->body.n + 2) / 3 : 0;
	if (f->big_body_mb > 0) {
		size_t n = (size_t)(f->big_body_mb * 1048576);

		sim_buf_room(&r->body, n);
		memset(r->body.p + r->body.n, ' ', n);
		r->body.n += n;
	}
	if (f->half_body || f->truncates) {
		r->cut = true;
		r->cut_at = f->half_body ? r->body.n / 2 : (size_t)f->truncate;
		r->end = SIM_END_CLOSE;
	}
	r->bytes_per_s = f->bytes_per_s;
	r->delay_ms += f->delay_ms;
}

static void headers(struct sim_reply *r, const struct sim_fault *f)
{
	const cJSON *h;

	cJSON_ArrayForEach(h, f->headers)
	{
		if (cJSON_IsString(h))
			sim_reply_header(r, h->string, h->valuestring);
	}
}

/* What happens to the connection at that moment; false: nothing. */
static bool connection(struct sim_call *c, const struct sim_fault *f, enum sim_when moment)
{
	enum sim_end end = f->reset == moment  ? SIM_END_RESET
			   : f->hang == moment ? SIM_END_HANG
			   : f->drop == moment ? SIM_END_CLOSE
					       : SIM_END_KEEP;

	if (end == SIM_END_KEEP)
		return false;
	c->reply->end = end;
	c->reply->silent = true;
	return true;
}

static const char *kind(const struct sim_fault *f)
{
	return f->reset       ? "reset"
	       : f->hang      ? "hang"
	       : f->drop      ? "drop"
	       : f->html      ? "html"
	       : f->code      ? f->code
	       : f->half_body ? "half body"
	       : f->truncates ? "truncated"
			      : "answer";
}

bool sim_fault_before(struct sim_call *c)
{
	const struct sim_fault *f = c->rule ? &c->rule->fault : NULL;

	if (!f)
		return false;
	if (f->expire_tokens)
		sim_iam_expire_all(c->w);
	if (connection(c, f, SIM_WHEN_BEFORE)) {
		sim_call_decide(c, SIM_fault, "script: %s before the commit", kind(f));
		c->reply->delay_ms += f->delay_ms;
		return true;
	}
	if (!f->answers || f->commit)
		return false;
	answer(c, f);
	headers(c->reply, f);
	spoil(c->reply, f);
	sim_call_decide(c, SIM_fault, "script: %s instead of the call", kind(f));
	return true;
}

void sim_fault_after(struct sim_call *c)
{
	const struct sim_fault *f = c->rule ? &c->rule->fault : NULL;
	enum sim_decision decided = c->decision;

	if (!f)
		return;
	if (connection(c, f, SIM_WHEN_AFTER)) {
		sim_call_decide(c, SIM_fault, "script: %s after the commit (%s)", kind(f), sim_decision_name(decided));
		c->reply->delay_ms += f->delay_ms;
		return;
	}
	if (f->answers) {
		answer(c, f);
		sim_call_decide(c, SIM_fault, "script: %s after the commit (%s)", kind(f), sim_decision_name(decided));
	}
	headers(c->reply, f);
	spoil(c->reply, f);
}

bool sim_fault_outage(struct sim_call *c)
{
	uint64_t outage = c->w->settings.outage;

	if (!outage)
		return false;
	sim_call_decide(c, SIM_fault, "outage");
	if (outage == 1) {
		c->reply->end = SIM_END_RESET;
		c->reply->silent = true;
		return true;
	}
	c->reply->status = (int)outage;
	c->reply->content_type = "text/html";
	sim_buf_text(&c->reply->body, proxy_page);
	return true;
}
