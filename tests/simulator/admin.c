#include "tests/simulator/admin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/script.h"

bool sim_admin_route(const struct sim_request *r)
{
	return sim_str_starts(r->path, "/_sim/");
}

static void member(struct sim_buf *b, const char *name, const char *text)
{
	sim_buf_printf(b, ",\"%s\":", name);
	sim_buf_json(b, text);
}

static const char *provider_name(const struct sim_server *s)
{
	return s->provider == SIM_HUAWEI ? "huawei" : "alibaba";
}

static void user_json(struct sim_buf *b, struct sim_server *s, const struct sim_user *u)
{
	const struct sim_ledger *l = sim_map_get(&s->ledger, sim_str_of(u->name));
	char when[SIM_TIME_SIZE];

	sim_buf_printf(b, "{\"provider\":\"%s\"", provider_name(s));
	if (s->provider == SIM_HUAWEI)
		member(b, "project", s->project);
	member(b, "server", s->id);
	member(b, "name", u->name);
	member(b, "password", u->passwords[0]);
	sim_time_text(when, u->created_ms, true);
	member(b, "created_at", when);
	if (s->provider == SIM_HUAWEI) {
		member(b, "id", u->id);
		member(b, "description", u->description ? u->description : "");
		member(b, "group", u->group ? u->group->name : NULL);
		member(b, "static_ip", u->static_ip ? u->static_ip : "disable");
	} else {
		member(b, "mail", u->mail);
		member(b, "client_ip", u->static_ip);
		sim_buf_printf(b, ",\"bandwidth\":%" PRIu64 ",\"state\":\"%s\"", u->bandwidth,
			       u->disabled ? "disabled" : "enabled");
	}
	sim_buf_printf(b, ",\"times_created\":%" PRIu64 ",\"times_deleted\":%" PRIu64 ",\"mails\":%" PRIu64,
		       l ? l->created : 0, l ? l->deleted : 0, l ? l->mails : 0);
	sim_buf_printf(b, ",\"visible\":%s,\"deleting\":%s}", u->visible ? "true" : "false",
		       u->deleting ? "true" : "false");
}

static bool chosen(const struct sim_params *p, const struct sim_server *s)
{
	struct sim_str server = sim_params_get(p, "server");

	return !server.p || sim_str_is(server, s->id);
}

/* Accepted users that reads do not show yet are left out unless ?pending=1. */
static void users(struct sim_world *w, const struct sim_params *p, struct sim_buf *b)
{
	bool pending = sim_str_is(sim_params_get(p, "pending"), "1"), first = true;

	sim_buf_text(b, "{\"users\":[");
	for (size_t i = 0; i < w->server_count; i++) {
		struct sim_server *s = w->server_list[i];

		if (!chosen(p, s))
			continue;
		sim_server_settle(s, &w->settings, w->now_s);
		for (size_t u = 0; u < s->order_count; u++) {
			if (!s->order[u] || (!s->order[u]->visible && !pending))
				continue;
			sim_buf_text(b, first ? "\n" : ",\n");
			first = false;
			user_json(b, s, s->order[u]);
		}
	}
	sim_buf_text(b, "\n]}\n");
}

static void groups(struct sim_server *s, struct sim_buf *b)
{
	sim_buf_text(b, ",\"groups\":[");
	for (size_t i = 0; i < s->group_count; i++) {
		const struct sim_group *g = s->groups[i];

		sim_buf_text(b, i ? ",{\"name\":" : "{\"name\":");
		sim_buf_json(b, g->name);
		member(b, "id", g->id);
		member(b, "description", g->description ? g->description : "");
		sim_buf_printf(b, ",\"members\":%zu,\"visible\":%s}", g->members, g->visible ? "true" : "false");
	}
	sim_buf_char(b, ']');
}

/* Names that were created more than once, mailed, or asked for although they existed. */
static void names(struct sim_server *s, struct sim_buf *b)
{
	struct sim_map_slot *slot;
	bool first = true;

	sim_buf_text(b, ",\"names\":{");
	for (size_t at = 0; (slot = sim_map_next(&s->ledger, &at));) {
		const struct sim_ledger *l = slot->value;

		if (l->created <= 1 && !l->mails && !l->refused_duplicates)
			continue;
		sim_buf_text(b, first ? "\n" : ",\n");
		first = false;
		sim_buf_json(b, slot->key);
		sim_buf_printf(b,
			       ":{\"times_created\":%" PRIu64 ",\"times_deleted\":%" PRIu64 ",\"mails\":%" PRIu64
			       ",\"refused_duplicates\":%" PRIu64 "}",
			       l->created, l->deleted, l->mails, l->refused_duplicates);
	}
	sim_buf_char(b, '}');
}

static void server_json(struct sim_world *w, struct sim_server *s, struct sim_buf *b)
{
	uint64_t limit = sim_server_seats(s, &w->settings);

	sim_buf_printf(b, "{\"provider\":\"%s\"", provider_name(s));
	if (s->provider == SIM_HUAWEI)
		member(b, "project", s->project);
	member(b, "server", s->id);
	sim_buf_printf(b, ",\"users\":%zu,\"seats_used\":%zu", s->visible, s->users_by_name.live);
	if (limit == SIM_UNLIMITED)
		sim_buf_text(b, ",\"seat_limit\":null");
	else
		sim_buf_printf(b, ",\"seat_limit\":%" PRIu64, limit);
	sim_buf_printf(b, ",\"queued\":%.0f,", s->queue.accepted - s->queue.served);
	sim_stats_json(&s->stats, b);
	if (s->provider == SIM_HUAWEI)
		groups(s, b);
	names(s, b);
	sim_buf_char(b, '}');
}

static void add_up(struct sim_stats *total, const struct sim_stats *s)
{
	for (int op = 0; op < SIM_OP_COUNT; op++)
		for (int d = 0; d < SIM_DECISION_COUNT; d++)
			total->by_op[op][d] += s->by_op[op][d];
	total->users_created += s->users_created;
	total->users_updated += s->users_updated;
	total->users_deleted += s->users_deleted;
	total->double_creates += s->double_creates;
	total->duplicate_attempts += s->duplicate_attempts;
	total->idle_updates += s->idle_updates;
	total->mails += s->mails;
	total->vanished += s->vanished;
}

static void stats(struct sim_world *w, const struct sim_params *p, struct sim_buf *b)
{
	struct sim_stats total = w->stats;
	bool first = true;

	for (size_t i = 0; i < w->server_count; i++) {
		sim_server_settle(w->server_list[i], &w->settings, w->now_s);
		add_up(&total, &w->server_list[i]->stats);
	}
	total.in_flight = w->in_flight;
	total.max_in_flight = w->max_in_flight;
	sim_buf_printf(b, "{\"requests\":%" PRIu64 ",\"uptime_s\":%.3f,\"tokens_issued\":%" PRIu64 ",\"totals\":{",
		       w->requests, w->now_s, w->tokens_issued);
	sim_stats_json(&total, b);
	sim_buf_text(b, "},\"servers\":[");
	for (size_t i = 0; i < w->server_count; i++) {
		if (!chosen(p, w->server_list[i]))
			continue;
		sim_buf_text(b, first ? "\n" : ",\n");
		first = false;
		server_json(w, w->server_list[i], b);
	}
	sim_buf_text(b, "]}\n");
}

static void load_script(struct sim_world *w, const struct sim_request *r, struct sim_reply *reply)
{
	struct sim_buf err = {0};
	struct sim_script *script = sim_script_read(w, r->body, &err);

	if (script) {
		sim_script_begin(w, script);
		sim_buf_printf(&reply->body, "{\"rules\":%zu,\"steps\":%zu}\n", script->rule_count, script->step_count);
	} else {
		reply->status = 400;
		sim_buf_text(&reply->body, "{\"error\":");
		sim_buf_json_str(&reply->body, sim_buf_view(&err));
		sim_buf_text(&reply->body, "}\n");
	}
	sim_buf_done(&err);
}

void sim_admin_run(struct sim_world *w, const struct sim_request *r, struct sim_reply *reply)
{
	struct sim_params params;

	sim_params_read(&params, r->query, SIM_STR(""));
	reply->status = 200;
	reply->content_type = "application/json";
	if (sim_str_is(r->path, "/_sim/users") && sim_str_is(r->method, "GET")) {
		users(w, &params, &reply->body);
	} else if (sim_str_is(r->path, "/_sim/stats") && sim_str_is(r->method, "GET")) {
		stats(w, &params, &reply->body);
	} else if (sim_str_is(r->path, "/_sim/script") && sim_str_is(r->method, "POST")) {
		load_script(w, r, reply);
	} else {
		reply->status = 404;
		sim_buf_text(&reply->body, "{\"error\":\"GET /_sim/users, GET /_sim/stats or POST /_sim/script\"}\n");
	}
	sim_params_done(&params);
}
