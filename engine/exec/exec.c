/* The executor's driver: sets up targets and servers, pumps them in turn, ends the run. */
#include "engine/exec/exec_int.h"
#include "engine/base/alloc.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static double draw(void *ctx)
{
	return rc_random_unit(ctx);
}

void rc_exec_account(const struct rc_target *t, struct rc_buf *ret)
{
	const struct rc_secret *secrets[] = {&t->auth.access_key, &t->auth.token, &t->auth.user};

	rc_buf_addf(ret, "%s %s", t->endpoint, t->auth.method);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		char text[512] = "";

		if (secrets[i]->kind != RC_SECRET_NONE)
			rc_secret_text(secrets[i], text, sizeof(text));
		rc_buf_addf(ret, " %s", text);
	}
}

static bool same_account(const struct target *a, const struct target *b)
{
	struct rc_buf x = {0}, y = {0};
	bool same;

	rc_exec_account(a->cfg, &x);
	rc_exec_account(b->cfg, &y);
	same = rc_slice_eq(rc_buf_slice(&x), rc_buf_slice(&y));
	rc_buf_done(&x);
	rc_buf_done(&y);
	return same;
}

static void set_lane(struct rc_exec *x, struct target *t)
{
	for (size_t i = 0; i < t->index; i++)
		if (same_account(&x->targets[i], t)) {
			t->lane = x->targets[i].lane;
			return;
		}
	t->lane = rc_xcalloc(1, sizeof(*t->lane));
	t->lane_owned = true;
	rc_pacer_call_init(t->lane, NULL);
}

static void start_pacer(struct server *s, double users_per_s)
{
	struct target *t = s->t;
	const struct rc_account_schema *schema = t->cfg->schema;
	struct rc_pacer_config p = {.max_in_flight = t->cfg->pace.max_in_flight,
				    .timer_slack_s = 0.002,
				    .u = draw,
				    .u_ctx = (void *)t->x->env.clock,
				    .start_users_per_s = users_per_s,
				    .call = t->lane,
				    .ceiling = {&t->ceiling, &t->x->ceiling}};

	p.batch_max[RC_PACER_CREATE] = schema->batch_create ? t->cfg->batch_users : 1;
	p.batch_max[RC_PACER_DELETE] = schema->batch_delete ? t->cfg->batch_users : 1;
	p.batch_max[RC_PACER_UPDATE] = 1;
	rc_pacer_init(&s->pacer, &p);
}

static void server_init(struct target *t, size_t i)
{
	struct server *s = &t->servers[i];

	s->t = t;
	s->index = i;
	s->cfg = &t->cfg->servers[i];
	s->seat_limit = s->cfg->seats ? (int64_t)s->cfg->seats : -1;
	s->seats_used = -1;
	start_pacer(s, 0);
}

static void target_init(struct rc_exec *x, size_t i)
{
	struct target *t = &x->targets[i];
	const struct rc_target *cfg = &x->cfg->targets[i];

	t->x = x;
	t->index = i;
	t->cfg = cfg;
	t->conn = rc_connector_find(cfg->connector);
	t->conf = (struct rc_conn_config){.endpoint = cfg->endpoint,
					  .project_id = rc_target_key(cfg, "project_id"),
					  .region_id = rc_target_key(cfg, "region_id"),
					  .auth_method = cfg->auth.method,
					  .signature = cfg->auth.signature,
					  .iam_endpoint = cfg->auth.iam_endpoint,
					  .domain = cfg->auth.domain,
					  .project_name = cfg->auth.project_name,
					  .schema = cfg->schema};
	rc_ceiling_init(&t->ceiling, cfg->pace.max_in_flight, cfg->pace.max_requests_per_second,
			cfg->pace.max_requests_per_day);
	set_lane(x, t);
	t->n_servers = cfg->n_servers;
	t->servers = rc_xcalloc(cfg->n_servers, sizeof(*t->servers));
	for (size_t s = 0; s < cfg->n_servers; s++)
		server_init(t, s);
	if (!t->conn)
		target_stop(t, RC_CONFIG, "connector", "target %s: there is no connector %s", cfg->name,
			    cfg->connector);
}

struct rc_exec *rc_exec_new(const struct rc_config *config, const struct rc_exec_env *env,
			    const struct rc_exec_opts *opts)
{
	struct rc_exec *x = rc_xcalloc(1, sizeof(*x));

	x->cfg = config;
	x->env = *env;
	x->opts = *opts;
	rc_ceiling_init(&x->ceiling, config->max_in_flight, 0, 0);
	x->n_targets = config->n_targets;
	x->targets = rc_xcalloc(config->n_targets, sizeof(*x->targets));
	for (size_t i = 0; i < config->n_targets; i++)
		target_init(x, i);
	return x;
}

void rc_exec_free(struct rc_exec *x)
{
	if (!x)
		return;
	assert(x->in_flight == 0);
	for (size_t i = 0; i < x->n_targets; i++) {
		struct target *t = &x->targets[i];

		for (size_t j = 0; j < t->n_servers; j++) {
			struct server *s = &t->servers[j];

			for (int c = 0; c < RC_CLASS_COUNT; c++)
				opq_done(&s->q[c]);
			opq_done(&s->verify);
			opq_done(&s->accepted);
			opq_done(&s->held);
			opq_done(&s->retiring);
			rc_listing_done(&s->list);
			free(s->groups);
		}
		free(t->servers);
		rc_buf_wipe(&t->token);
		if (t->lane_owned)
			free(t->lane);
	}
	free(x->targets);
	rc_arena_done(&x->mem);
	free(x);
}

void rc_exec_learned(struct rc_exec *x, size_t target, size_t server, double users_per_s)
{
	start_pacer(&x->targets[target].servers[server], users_per_s);
}

void rc_exec_day(struct rc_exec *x, size_t target, uint64_t used, int64_t ends_ns)
{
	rc_ceiling_set_day(&x->targets[target].ceiling, used, x_sec(ends_ns));
}

void rc_exec_seats(struct rc_exec *x, size_t target, size_t server, int64_t limit, int64_t used)
{
	struct server *s = &x->targets[target].servers[server];

	if (limit >= 0)
		s->seat_limit = limit;
	if (used >= 0)
		s->seats_used = used;
}

void rc_exec_seats_known(const struct rc_exec *x, size_t target, size_t server, int64_t *ret_limit, int64_t *ret_used)
{
	const struct server *s = &x->targets[target].servers[server];

	*ret_limit = s->seat_limit;
	*ret_used = s->seats_used;
}

static void want_seats(struct server *s)
{
	s->seats_wanted = !s->seats_asked && s->t->conn && s->t->conn->calls & 1u << CALL_SEATS;
}

void rc_exec_list(struct rc_exec *x, size_t target)
{
	struct target *t = &x->targets[target];

	for (size_t i = 0; i < t->n_servers; i++) {
		t->servers[i].list_wanted = t->servers[i].list_asked = true;
		want_seats(&t->servers[i]);
	}
}

void rc_exec_whoami(struct rc_exec *x, size_t target)
{
	x->targets[target].whoami_wanted = true;
}

void server_take(struct server *s, struct rc_op *op)
{
	s->looks = 0;
	if (op->class_ == RC_CLASS_CREATE)
		want_seats(s);
	if (op->group.n)
		group_want(s, op->group);
	if (op->state == RC_STEP_VERIFY)
		opq_push(&s->verify, op);
	else if ((op->class_ == RC_CLASS_RETIRE && op->linked) || op->after)
		opq_push(&s->retiring, op);
	else
		opq_push(&s->q[op->class_], op);
}

void rc_exec_add(struct rc_exec *x, struct rc_op *op)
{
	struct target *t = &x->targets[op->target];

	x->total++;
	t->planned++;
	server_take(&t->servers[op->server], op);
}

static bool past_deadline(const struct rc_exec *x, int64_t now)
{
	return x->opts.deadline_ns && now >= x->opts.deadline_ns;
}

static const char *silence(struct server *s)
{
	struct rc_exec *x = s->t->x;
	struct rc_pacer_view v;

	rc_pacer_look(&s->pacer, x_sec(x_now(x)), &v);
	return rc_arena_printf(&x->mem, "server %s took nothing for %lld s (%s), while others of the pool did",
			       s->cfg->label, (long long)(x->cfg->timeouts.unreachable_ns / RC_SECOND),
			       v.counts->busy        ? "busy"
			       : v.counts->throttled ? "throttled"
						     : "no usable answer");
}

/* A server that took nothing for too long ends the target, unless others of its pool did take something. */
static void check_reach(struct server *s, int64_t now, int64_t *next)
{
	struct target *t = s->t;
	int64_t limit = s->waiting_since_ns + t->x->cfg->timeouts.unreachable_ns;

	if (t->stopped || s->given_up || !s->waiting_since_ns)
		return;
	if (now >= limit && t->n_servers > 1 && t->taken && (t->writes_taken || !t->writes_tried))
		s->given_up = silence(s);
	else if (now >= limit)
		target_stop(t, RC_UNAVAILABLE, "unreachable",
			    "target %s: %s accepted nothing for %lld s: check that it is up and reachable",
			    t->cfg->name, t->cfg->endpoint,
			    (long long)(t->x->cfg->timeouts.unreachable_ns / RC_SECOND));
	else if (limit < *next)
		*next = limit;
}

static bool ended(const struct rc_op *op)
{
	return op->state == RC_STEP_DONE || op->state == RC_STEP_FAILED || op->state == RC_STEP_DEFERRED ||
	       op->state == RC_STEP_UNKNOWN;
}

/* A create whose name another account held: goes when that one is proven gone, fails when it stays. */
static void release_name(struct server *s, struct rc_op *op, bool ending)
{
	if (op->after->state == RC_STEP_DONE && !ending)
		opq_push(&s->q[op->class_], op);
	else if (ending)
		op_defer(s->t->x, op, "rollcall.name", "the account that holds the name is not yet seen to be gone");
	else if (ended(op->after))
		op_fail(s->t->x, op, "rollcall.name", "the account that holds the name was not freed in this run");
	else
		opq_push(&s->retiring, op);
}

static void defer_retiring(struct server *s, bool only_settled)
{
	size_t n = s->retiring.n;

	while (n--) {
		struct rc_op *op = opq_pop(&s->retiring);
		bool create_open = op->linked && !ended(op->linked);

		if (op->after && op->state == RC_STEP_QUEUED) {
			release_name(s, op, !only_settled);
			continue;
		}
		if (op->state != RC_STEP_QUEUED || (op->linked && op->linked->state == RC_STEP_DONE))
			continue; /* ended with its create, or waits in its queue now */
		if (only_settled && create_open)
			opq_push(&s->retiring, op);
		else
			op_defer(s->t->x, op, "rollcall.linked",
				 "the new account is not confirmed, so the old one stays");
	}
}

/* Nothing more is sent to this server, but a look at what was. */
static void server_ends(struct server *s)
{
	const char *silent = s->t->stopped ? NULL : s->given_up;

	listing_dropped(s, s->t->stopped ? s->t->why : silent ? silent : "the run ended before the list was read");
	s->seats_wanted = false;
	server_defer_all(s, silent ? "rollcall.unreachable" : NULL, silent);
	defer_retiring(s, false);
}

static void day_ends(struct server *s, int64_t now)
{
	static const char why[] = "the calls of this day are used up (pace.max_requests_per_day)";

	if (day_is_over(s, now, true))
		listing_dropped(s, why);
	server_defer_all(s, "rollcall.day", why);
	defer_retiring(s, false);
}

/* First of a pump: what is read. */
static void begin_server(struct server *s, int64_t now, int64_t *next)
{
	struct target *t = s->t;

	s->busy = false;
	if (t->stopped || s->given_up || t->x->stopping)
		server_ends(s);
	else if (!s->pacer.in_flight && day_is_over(s, now, false))
		day_ends(s, now);
	if (!server_dead(s) && !t->x->at_once)
		s->busy = server_reads(s, now, next);
}

/* Last of a pump, when everything that may be sent has been. Whether the server still has something to do. */
static bool end_server(struct server *s, int64_t now, int64_t *next)
{
	struct target *t = s->t;
	bool waits;

	if (server_dead(s) || t->x->at_once) {
		server_ends(s); /* the target may have stopped in this pump */
		if (!s->list_in_flight && !s->pacer.in_flight)
			server_give_up(s);
		return s->pacer.in_flight > 0;
	}
	if (!t->stopped && !t->x->stopping) {
		if (seats_end(s, now, next))
			return true;
		defer_retiring(s, true);
	}
	waits = only_parked(s); /* meanwhile what was accepted is confirmed: that frees seats */
	if (s->pacer.in_flight || (server_queued(s) && !waits) || s->busy)
		return true;
	return server_confirm(s, now, next) || s->retiring.n || server_queued(s) || s->list_wanted;
}

static bool server_wants(const struct server *s)
{
	return s->list_wanted || s->seats_wanted || server_queued(s) || s->verify.n || s->accepted.n || s->retiring.n ||
	       s->pacer.in_flight;
}

static bool wants_anything(const struct target *t)
{
	for (size_t i = 0; i < t->n_servers; i++)
		if (server_wants(&t->servers[i]))
			return true;
	return t->whoami_wanted && t->auth != AUTH_OK;
}

static void begin_target(struct target *t, int64_t now, int64_t *next)
{
	uint32_t before = t->x->in_flight;

	t->ready = false;
	if (!wants_anything(t))
		return;
	for (size_t i = 0; i < t->n_servers; i++)
		if (i == 0 || server_wants(&t->servers[i])) /* the first one asks who we are, too */
			check_reach(&t->servers[i], now, next);
	t->ready = target_dead(t) || t->x->stopping || target_ready(t, now, next) || target_dead(t);
	for (size_t i = 0; t->ready && i < t->n_servers; i++)
		begin_server(&t->servers[(i + t->rotate) % t->n_servers], now, next);
	if (t->x->in_flight > before)
		t->x->rotate = t->index + 1;
}

/* One call for one server of this target: whoever sent last comes last the next time. */
static bool send_one(struct target *t, int64_t now, int64_t *next)
{
	for (size_t i = 0; t->ready && i < t->n_servers; i++) {
		size_t at = (i + t->rotate) % t->n_servers;

		if (!server_pump(&t->servers[at], now, next))
			continue;
		t->rotate = (at + 1) % t->n_servers;
		t->x->rotate = t->index + 1;
		return true;
	}
	return false;
}

static bool end_target(struct target *t, int64_t now, int64_t *next)
{
	bool busy = t->in_flight > 0 || (!t->ready && wants_anything(t));

	for (size_t i = 0; t->ready && i < t->n_servers; i++)
		busy |= end_server(&t->servers[i], now, next);
	return busy;
}

static void begin_drain(struct rc_exec *x, int64_t now)
{
	x->stopping = true;
	x->stopped_ns = now;
	x->drain_until = now + x->opts.drain_timeout_ns;
}

int64_t rc_exec_pump(struct rc_exec *x, bool *ret_ended)
{
	int64_t now = x_now(x), next = INT64_MAX;
	bool busy = false, sent;
	size_t first;

	x->durable_wait = false;
	if (!x->stopping && past_deadline(x, now))
		begin_drain(x, now);
	if (x->stopping && !x->at_once && now >= x->drain_until)
		x->at_once = true;
	if (x->at_once && x->in_flight)
		x->env.net.cancel_all(x->env.net.ctx);
	holds_begin(x, now);
	first = x->rotate;
	for (size_t i = 0; i < x->n_targets; i++)
		begin_target(&x->targets[(i + first) % x->n_targets], now, &next);
	do { /* a call each in turn, so that nobody takes all that a shared ceiling allows */
		sent = false;
		first = x->rotate;
		for (size_t i = 0; i < x->n_targets; i++)
			sent |= send_one(&x->targets[(i + first) % x->n_targets], now, &next);
	} while (sent);
	for (size_t i = 0; i < x->n_targets; i++)
		busy |= end_target(&x->targets[i], now, &next);
	holds_end(x, now);
	if (!x->stopping && x->opts.deadline_ns && x->opts.deadline_ns < next)
		next = x->opts.deadline_ns;
	if (x->stopping && !x->at_once && x->drain_until < next)
		next = x->drain_until;
	*ret_ended = !busy && !x->in_flight;
	return next;
}

void rc_exec_stop(struct rc_exec *x, bool at_once)
{
	if (!x->stopping)
		begin_drain(x, x_now(x));
	x->at_once |= at_once;
}
