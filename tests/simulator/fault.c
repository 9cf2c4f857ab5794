#include "tests/simulator/fault.h"

#include <string.h>

#include "tests/simulator/alibaba.h"
#include "tests/simulator/auth.h"
#include "tests/simulator/huawei.h"

static const char proxy_page[] = "<!DOCTYPE html>\n<html><head><title>Proxy error</title></head>\n"
				 "<body><h1>Proxy error</h1><p>The proxy server could not handle the request.</p>"
				 "</body></html>\n";

/* What an injected code counts as, and how the provider words it. */
static const struct {
	const char *code, *message;
	enum sim_decision decision;
} known_codes[] = {
	{"VPN.0030", "The system is busy, please try later.", SIM_busy},
	{"VPN.0031", "Repeated operation.", SIM_fault},
	{"APIGW.0308", "The throttling threshold has been reached", SIM_throttled},
	{"APIG.0308", "The throttling threshold has been reached", SIM_throttled},
	{"Throttling", "Request was denied due to request throttling.", SIM_throttled},
	{"Throttling.User", "Request was denied due to user flow control.", SIM_throttled},
	{"Throttling.Api", "Request was denied due to api flow control.", SIM_throttled},
	{"ClientUser.UserOverLimit", "The maximum number of users is exceeded.", SIM_quota},
};

#define KNOWN_CODES (sizeof(known_codes) / sizeof(known_codes[0]))

static size_t known_code(const struct sim_fault *f)
{
	size_t i = 0;

	while (i < KNOWN_CODES && (!f->code || strcmp(f->code, known_codes[i].code)))
		i++;
	return i;
}

static void provider_error(struct sim_call *c, const struct sim_fault *f)
{
	size_t known = known_code(f);
	uint64_t shape = c->w->settings.error_shape;
	const char *message = f->message            ? f->message
			      : known < KNOWN_CODES ? known_codes[known].message
						    : "Injected by the script.";

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
	sim_call_decide(c, known_code(f) < KNOWN_CODES ? known_codes[known_code(f)].decision : SIM_fault,
			"script: %s instead of the call", kind(f));
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

void sim_fault_disturb(struct sim_call *c, const void **rows, size_t n)
{
	if (!c->rule || n < 2)
		return;
	for (size_t i = n - 1; c->rule->fault.shuffle && i > 0; i--) {
		size_t j = sim_world_random(c->w) % (i + 1);
		const void *row = rows[i];

		rows[i] = rows[j];
		rows[j] = row;
	}
	if (c->rule->fault.duplicate)
		rows[n - 1] = rows[0];
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
