#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "tests/unit/helper_exec_world.h"

struct ew_event {
	struct ew_event *next;
	int64_t at_ns;
	bool answered; /* the answer is on its way back */
	struct http_req req;
	char *method, *url, *body, *headers[RC_HTTP_MAX_HEADERS][2];
	size_t body_n, n_headers;
	int64_t timeout_at_ns;
	rc_transport_done_fn *done;
	void *arg;
	size_t sent; /* index into w->sent */
	struct sim_reply reply;
	enum http_fate fate;
};

/* ---- time, randomness */

static int64_t wall(void *ctx)
{
	return ((struct exec_world *)ctx)->now_ns + 1767312000 * RC_SECOND;
}

static int64_t mono(void *ctx)
{
	return ((struct exec_world *)ctx)->now_ns;
}

static void random_bytes(void *ctx, void *buf, size_t n)
{
	struct exec_world *w = ctx;

	for (size_t i = 0; i < n; i++) {
		w->random = w->random * 6364136223846793005u + 1442695040888963407u;
		((uint8_t *)buf)[i] = (uint8_t)(w->random >> 56);
	}
}

double ew_now(const struct exec_world *w)
{
	return (double)w->now_ns / 1e9;
}

/* ---- the wire */

static char kind_of(const char *method, const char *url)
{
	if (strstr(url, "/auth/tokens"))
		return 'A';
	if (strstr(url, "batch-create"))
		return 'C';
	if (strstr(url, "batch-delete") || strcmp(method, "DELETE") == 0)
		return 'D';
	if (strstr(url, "/groups") && strcmp(method, "GET") == 0)
		return 'G';
	if (strcmp(method, "GET") == 0)
		return strstr(url, "limit=1&") || strstr(url, "limit=1") == url + strlen(url) - 7 ? 'A' : 'L';
	return 'U';
}

static size_t count_users(const char *body)
{
	size_t n = 0;

	for (const char *p = body; (p = strstr(p, "\"name\"")); p++)
		n++;
	return n;
}

static void send(void *ctx, const struct http_req *req, int64_t timeout_ns, rc_transport_done_fn *done, void *arg)
{
	struct exec_world *w = ctx;
	struct ew_event *e = rc_xcalloc(1, sizeof(*e));
	struct ew_sent *s;

	if (w->n_sent == w->cap_sent) {
		w->cap_sent = w->cap_sent ? 2 * w->cap_sent : 1024;
		w->sent = rc_xreallocarray(w->sent, w->cap_sent, sizeof(*w->sent));
	}
	e->sent = w->n_sent++;
	if (++w->in_flight > w->max_in_flight)
		w->max_in_flight = w->in_flight;
	s = &w->sent[e->sent];
	*s = (struct ew_sent){.t = ew_now(w), .kind = kind_of(req->method, req->url)};
	e->method = rc_xstrdup(req->method);
	e->url = rc_xstrdup(req->url);
	e->body_n = req->body.n;
	e->body = rc_xmalloc(req->body.n + 1);
	if (req->body.n)
		memcpy(e->body, req->body.p, req->body.n);
	e->body[req->body.n] = 0;
	s->users = count_users(e->body);
	e->n_headers = req->n_headers;
	for (size_t i = 0; i < req->n_headers; i++) {
		struct rc_slice v = req->headers[i].value;

		e->headers[i][0] = rc_xstrdup(req->headers[i].name);
		e->headers[i][1] = rc_xmalloc(v.n + 1);
		memcpy(e->headers[i][1], v.p, v.n);
		e->headers[i][1][v.n] = 0;
		if (strcasecmp(req->headers[i].name, "X-Client-Token") == 0)
			snprintf(s->token, sizeof(s->token), "%s", e->headers[i][1]);
	}
	e->at_ns = w->now_ns + w->rtt_ns / 2;
	e->timeout_at_ns = w->now_ns + timeout_ns;
	if (w->silent) {
		e->answered = true;
		e->at_ns = e->timeout_at_ns;
		e->fate = HTTP_TIMEOUT;
	} else if (w->refused) {
		e->answered = true;
		e->fate = HTTP_NOT_SENT;
	}
	e->done = done;
	e->arg = arg;
	e->next = w->events;
	w->events = e;
}

static void cancel_all(void *ctx)
{
	struct exec_world *w = ctx;

	for (struct ew_event *e = w->events; e; e = e->next) {
		e->answered = true;
		e->fate = HTTP_CANCELLED;
		e->at_ns = w->now_ns;
	}
}

/* The request reaches the provider. */
static void arrive(struct exec_world *w, struct ew_event *e)
{
	const char *path = strchr(strstr(e->url, "//") + 2, '/');
	struct sim_request r = {.method = sim_str_of(e->method), .target = sim_str_of(path)};
	struct sim_server *server;

	sim_test_at(ew_now(w));
	r.body = (struct sim_str){e->body, e->body_n};
	for (size_t i = 0; i < e->n_headers; i++)
		r.headers[r.header_count++] =
			(struct sim_header){sim_str_of(e->headers[i][0]), sim_str_of(e->headers[i][1])};
	sim_request_split(&r);
	sim_world_handle(&sim_test_world, &r, &e->reply, &server);
	if (e->reply.counted)
		sim_world_finished(&sim_test_world, server);
	e->answered = true;
	e->fate = e->reply.end == SIM_END_HANG      ? HTTP_TIMEOUT
		  : e->reply.silent || e->reply.cut ? HTTP_LOST
						    : HTTP_ANSWERED;
	e->at_ns = e->fate == HTTP_TIMEOUT ? e->timeout_at_ns
					   : w->now_ns + (int64_t)(e->reply.delay_ms * 1e6) + w->rtt_ns / 2;
}

static void fill_headers(struct http_resp *resp, char *text)
{
	char *line = text;

	while (line && *line && resp->n_headers < 64) {
		char *end = strstr(line, "\r\n"), *colon = strchr(line, ':');

		if (end)
			*end = 0;
		if (colon) {
			*colon = 0;
			for (char *p = line; *p; p++)
				*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
			colon += strspn(colon + 1, " ") + 1;
			resp->headers[resp->n_headers++] = (struct http_header){line, rc_slice_str(colon)};
		}
		line = end ? end + 2 : NULL;
	}
}

static void answer(struct exec_world *w, struct ew_event *e)
{
	struct http_resp resp = {.fate = e->fate, .problem = w->says ? w->says : "simulated"};

	if (e->fate == HTTP_ANSWERED) {
		resp.status = e->reply.status;
		w->sent[e->sent].status = e->reply.status;
		resp.body = (struct rc_slice){e->reply.body.p, e->reply.body.n};
		if (e->reply.headers.p)
			fill_headers(&resp, e->reply.headers.p);
	}
	w->in_flight--;
	e->done(e->arg, &resp);
	sim_reply_done(&e->reply);
	for (size_t i = 0; i < e->n_headers; i++) {
		free(e->headers[i][0]);
		free(e->headers[i][1]);
	}
	free(e->method);
	free(e->url);
	free(e->body);
	free(e);
}

/* Everything that happens now; the moment of the next event. */
static int64_t happen(struct exec_world *w)
{
	int64_t next = INT64_MAX;
	struct ew_event **at = &w->events;

	while (*at) {
		struct ew_event *e = *at;

		if (e->at_ns <= w->now_ns && !e->answered)
			arrive(w, e);
		if (e->at_ns <= w->now_ns && e->answered) {
			*at = e->next;
			answer(w, e);
			at = &w->events; /* an answer may have sent something */
			next = INT64_MAX;
			continue;
		}
		if (e->at_ns < next)
			next = e->at_ns;
		at = &e->next;
	}
	return next;
}

/* ---- what the executor asks of its owner */

static enum rc_code secrets(void *ctx, size_t target, bool renew, struct rc_conn_auth *ret, struct rc_err *err)
{
	struct exec_world *w = ctx;

	(void)target;
	(void)err;
	w->renewed += renew;
	ret->token = RC_SLICE("tok-good");
	ret->access_key = RC_SLICE("ak");
	ret->secret_key = RC_SLICE("sk");
	ret->user = RC_SLICE("iam-user");
	ret->password = RC_SLICE("iam-pass");
	return RC_OK;
}

static enum rc_code passwords(void *ctx, struct rc_op *const *ops, size_t n, struct rc_err *err)
{
	(void)ctx;
	(void)err;
	for (size_t i = 0; i < n; i++)
		ops[i]->password = RC_SLICE("Pass-word-1-xyz");
	return RC_OK;
}

static void changed(void *ctx, struct rc_op *op, enum rc_step from)
{
	(void)ctx;
	(void)op;
	(void)from;
}

static bool durable(void *ctx, struct rc_op *const *ops, size_t n)
{
	(void)ctx;
	(void)ops;
	(void)n;
	return true;
}

static void listed(void *ctx, size_t target, size_t server, const struct rc_list *l)
{
	struct exec_world *w = ctx;

	(void)target;
	(void)server;
	w->listings++;
	if (l->state != RC_LISTING_COMPLETE)
		return;
	free(w->accounts);
	w->accounts = rc_xcalloc(l->n + 1, sizeof(*w->accounts));
	w->n_accounts = l->n;
	for (size_t i = 0; i < l->n; i++) {
		const struct rc_listed *r = &l->rows[i].listed;

		snprintf(w->accounts[i].name, sizeof(w->accounts[i].name), "%.*s", (int)r->name.n, r->name.p);
		snprintf(w->accounts[i].id, sizeof(w->accounts[i].id), "%.*s", (int)r->remote_id.n, r->remote_id.p);
	}
}

static void trouble(void *ctx, const struct rc_exec_trouble *told)
{
	struct exec_world *w = ctx;

	w->troubles++;
	w->trouble = *told;
	snprintf(w->cause, sizeof(w->cause), "%s", told->cause);
}

/* Those who were listed before. */
static bool misses(void *ctx, size_t target, size_t server, const struct rc_list *l)
{
	const struct exec_world *w = ctx;

	(void)target;
	(void)server;
	for (size_t i = 0; i < w->n_accounts; i++)
		if (!rc_listing_by_name(l, rc_slice_str(w->accounts[i].name)))
			return true;
	return false;
}

static uint32_t differs(void *ctx, const struct rc_op *op, const struct rc_listed *row)
{
	struct exec_world *w = ctx;
	const struct rc_account_schema *schema = w->cfg->targets[op->target].schema;

	return rc_account_diff(schema, op->want, &row->account) &
	       (op->action == RC_ACT_CREATE ? schema->updatable : op->changed);
}

/* ---- the test's side */

static void begin(struct exec_world *w, const char *config)
{
	struct rc_config_errors faults = {0};
	struct rc_err err;

	*w = (struct exec_world){.random = 7, .rtt_ns = 20 * RC_MS, .deadlock_s = 1e6};
	w->clock = (struct rc_clock){w, wall, mono, random_bytes};
	if (rc_config_parse(rc_slice_str(config), "/tmp", &w->cfg, &faults, &err))
		fail_msg("%s", err.what);
	rc_config_errors_done(&faults);
	w->cap = 32768;
	w->op = rc_xcalloc(w->cap, sizeof(*w->op));
	w->opts.drain_timeout_ns = 10 * RC_SECOND;
	w->now_ns = RC_SECOND;
}

void ew_begin_config(struct exec_world *w, const char *script, const char *config)
{
	sim_test_begin(script);
	begin(w, config);
}

void ew_begin_beside(struct exec_world *w, const struct exec_world *other)
{
	begin(w, other->cfg->effective);
	w->beside = true;
	w->random = 99;
}

void ew_begin(struct exec_world *w, const char *script, const char *top, const char *target)
{
	struct rc_buf text = {0};

	rc_buf_addf(&text,
		    "{%s " EW_CONFIG "\"targets\": {\"vpn\": {%s " EW_TARGET
		    "\"vpn_server_id\": \"S\", \"auth\": {\"method\": \"token\", \"token\": {\"env\": \"TOKEN\"}}}}}",
		    top ? top : "", target ? target : "");
	ew_begin_config(w, script, text.p);
	rc_buf_done(&text);
}

void ew_start(struct exec_world *w)
{
	struct rc_exec_env env = {.clock = &w->clock,
				  .net = {w, NULL, send, cancel_all},
				  .ctx = w,
				  .secrets = secrets,
				  .passwords = passwords,
				  .changed = changed,
				  .durable = durable,
				  .listed = listed,
				  .misses = misses,
				  .differs = differs,
				  .trouble = trouble};

	w->x = rc_exec_new(w->cfg, &env, &w->opts);
}

void ew_end(struct exec_world *w)
{
	rc_exec_free(w->x);
	rc_config_free(w->cfg);
	rc_arena_done(&w->mem);
	free(w->op);
	free(w->sent);
	free(w->accounts);
	if (!w->beside)
		sim_test_end(NULL);
}

static struct rc_op *new_op(struct exec_world *w, unsigned i, enum rc_action action, enum rc_op_class class)
{
	struct rc_op *op = &w->op[w->n_ops++];
	struct rc_account *want = rc_arena_zalloc(&w->mem, sizeof(*want));
	struct rc_account *have = rc_arena_zalloc(&w->mem, sizeof(*have));
	int name = rc_account_field(w->cfg->targets[0].schema, RC_SLICE("name"));

	assert_true(w->n_ops <= w->cap);
	*op = (struct rc_op){.id = w->n_ops, .action = action, .class_ = class, .want = want, .have = have};
	op->name = rc_slice_str(rc_arena_printf(&w->mem, "u%05u", i));
	op->key = rc_slice_str(rc_arena_printf(&w->mem, "%05u", i));
	want->set = 1u << name;
	want->v[name] = op->name;
	return op;
}

struct rc_op *ew_prepare_create(struct exec_world *w, unsigned i)
{
	return new_op(w, i, RC_ACT_CREATE, RC_CLASS_CREATE);
}

struct rc_op *ew_create(struct exec_world *w, unsigned i)
{
	struct rc_op *op = ew_prepare_create(w, i);

	rc_exec_add(w->x, op);
	return op;
}

void ew_creates(struct exec_world *w, unsigned from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ew_create(w, from + i);
}

static void take_id(struct exec_world *w, struct rc_op *op)
{
	for (size_t i = 0; i < w->n_accounts; i++)
		if (rc_slice_eqs(op->name, w->accounts[i].name))
			op->remote_id = rc_slice_str(rc_arena_strdup(&w->mem, w->accounts[i].id));
}

struct rc_op *ew_prepare_delete(struct exec_world *w, unsigned i)
{
	struct rc_op *op = new_op(w, i, RC_ACT_DELETE, RC_CLASS_LEAVE);

	take_id(w, op);
	return op;
}

struct rc_op *ew_delete(struct exec_world *w, unsigned i)
{
	struct rc_op *op = ew_prepare_delete(w, i);

	rc_exec_add(w->x, op);
	return op;
}

struct rc_op *ew_update(struct exec_world *w, unsigned i, const char *description)
{
	struct rc_op *op = new_op(w, i, RC_ACT_UPDATE, RC_CLASS_UPDATE);
	int field = rc_account_field(w->cfg->targets[0].schema, RC_SLICE("description"));

	take_id(w, op);
	((struct rc_account *)op->want)->set |= 1u << field;
	((struct rc_account *)op->want)->v[field] = rc_slice_str(description);
	op->changed = 1u << field;
	rc_exec_add(w->x, op);
	return op;
}

static bool step(struct exec_world *w, int64_t until)
{
	bool ended = false;
	int64_t next, event;

	if (w->at)
		w->at(w);
	next = rc_exec_pump(w->x, &ended);
	w->ended = ended;
	if (ended)
		return false;
	event = INT64_MAX;
	for (struct ew_event *e = w->events; e; e = e->next)
		if (e->at_ns < event)
			event = e->at_ns;
	if (event < next)
		next = event;
	if (next == INT64_MAX || next > (int64_t)(w->deadlock_s * 1e9))
		fail_msg("stuck at %.3f s", ew_now(w));
	if (next > until) {
		w->now_ns = until;
		return false;
	}
	if (next > w->now_ns)
		w->now_ns = next;
	happen(w);
	return true;
}

bool ew_run_until(struct exec_world *w, double s)
{
	while (step(w, (int64_t)(s * 1e9)))
		;
	return w->ended;
}

void ew_run(struct exec_world *w)
{
	ew_run_until(w, 9e9);
}

void ew_list(struct exec_world *w)
{
	for (size_t i = 0; i < w->cfg->n_targets; i++)
		rc_exec_list(w->x, i);
	ew_run(w);
}

size_t ew_count(const struct exec_world *w, enum rc_step state)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_ops; i++)
		n += w->op[i].state == state;
	return n;
}

size_t ew_calls(const struct exec_world *w, char kind)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_sent; i++)
		n += w->sent[i].kind == kind;
	return n;
}

size_t ew_users(void)
{
	size_t n = 0;

	for (size_t i = 0; i < sim_test_world.server_count; i++)
		n += (size_t)sim_test_world.server_list[i]->stats.users_created -
		     (size_t)sim_test_world.server_list[i]->stats.users_deleted;
	return n;
}

struct rc_exec_target_result ew_result(const struct exec_world *w, size_t target)
{
	struct rc_exec_target_result res;

	rc_exec_target_result(w->x, target, &res);
	return res;
}
