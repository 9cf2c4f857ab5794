/* Sets up targets and servers, and takes what its owner asks for. */
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
	t->n_servers = cfg->n_servers;
	t->servers = rc_xcalloc(cfg->n_servers, sizeof(*t->servers));
	rc_ceiling_init(&t->ceiling, cfg->pace.max_in_flight, cfg->pace.max_requests_per_second,
			cfg->pace.max_requests_per_day);
	target_reserve(t);
	set_lane(x, t);
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
			opq_done(&s->to_cut);
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
	else if ((op->class_ == RC_CLASS_RETIRE && op->linked) || op->after || op->after_heir)
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
