/* Changing groups and who is in them. */
#include "tests/simulator/huawei.h"
#include "tests/simulator/rules.h"

struct wanted_group {
	struct sim_str name, description;
};

static bool read_group(struct sim_call *c, struct wanted_group *ret)
{
	static const char *const members[] = {"name", "description", NULL};
	const cJSON *o = sim_huawei_object(c, "user_group", members);

	return o && sim_huawei_text(c, o, "name", &ret->name) &&
	       sim_huawei_text(c, o, "description", &ret->description);
}

static const char *group_cause(struct sim_call *c, const struct wanted_group *w, const struct sim_group *of)
{
	const char *cause = w->name.p || !of ? sim_huawei_group_name(w->name, of) : NULL;
	const struct sim_group *other = w->name.p ? sim_server_group_named(c->server, w->name) : NULL;

	if (!cause && other && other != of)
		cause = "Duplicate user group name.";
	if (!cause && w->description.p)
		cause = sim_huawei_group_description(w->description);
	return cause;
}

void sim_huawei_create_group(struct sim_call *c)
{
	struct wanted_group w;
	struct sim_group *g;
	char id[SIM_ID_SIZE];
	const char *cause;
	double mark;

	if (!read_group(c, &w))
		return;
	cause = group_cause(c, &w, NULL);
	if (cause) {
		sim_huawei_invalid(c, "%s", cause);
		return;
	}
	if (!sim_huawei_take(c, 1, &mark))
		return;
	sim_world_id(c->w, id, false);
	g = sim_server_claim_group(c->server, w.name, id, sim_world_stamp(c->w));
	g->description = w.description.p ? sim_dup(w.description) : NULL;
	sim_server_change(c->server, SIM_GROUP_CREATE, NULL, g, mark, c->w->wall_ms);
	sim_buf_text(&c->reply->body, "{\"user_group\":{\"id\":");
	sim_buf_json(&c->reply->body, g->id);
	sim_buf_char(&c->reply->body, '}');
	sim_huawei_accept(c, 201);
}

static struct sim_group *group_in_path(struct sim_call *c)
{
	struct sim_group *g = sim_server_group_shown(c->server, c->group_id);

	if (!g)
		sim_huawei_not_found(c, "user group");
	return g;
}

void sim_huawei_update_group(struct sim_call *c)
{
	struct sim_group *g = group_in_path(c);
	struct sim_change *change;
	struct wanted_group w;
	const char *cause;
	double mark;

	if (!g || !read_group(c, &w))
		return;
	cause = group_cause(c, &w, g);
	if (cause) {
		sim_huawei_invalid(c, "%s", cause);
		return;
	}
	if (!sim_huawei_take(c, 1, &mark))
		return;
	change = sim_server_change(c->server, SIM_GROUP_UPDATE, NULL, g, mark, c->w->wall_ms);
	change->name = w.name.p ? sim_dup(w.name) : NULL;
	change->set_description = w.description.p;
	change->description = w.description.p ? sim_dup(w.description) : NULL;
	sim_buf_text(&c->reply->body, "{\"user_group\":");
	sim_huawei_group_json(c, g, change);
	sim_huawei_accept(c, 200);
}

void sim_huawei_delete_group(struct sim_call *c)
{
	struct sim_group *g = group_in_path(c);
	double mark;

	if (!g)
		return;
	if (g->is_default) {
		sim_huawei_invalid(c, "the default user group cannot be deleted");
		return;
	}
	if (g->in_policy) {
		sim_call_decide(c, SIM_refused, "an access policy uses the group");
		sim_huawei_error(c, 400, "VPN.1313", "The user group is used by an access policy.");
		return;
	}
	if (!sim_huawei_take(c, 1, &mark))
		return;
	if (!g->deleting)
		sim_server_change(c->server, SIM_GROUP_DELETE, NULL, g, mark, c->w->wall_ms);
	g->deleting = true;
	c->reply->status = 204;
}

/* Moves each user of the body into `to`, or out of `from`. */
static void move_users(struct sim_call *c, struct sim_group *to, const struct sim_group *from)
{
	const cJSON *users = sim_huawei_ids(c), *o;
	double mark;

	if (!users)
		return;
	cJSON_ArrayForEach(o, users)
	{
		const char *id = cJSON_GetObjectItemCaseSensitive(o, "id")->valuestring;
		const struct sim_user *u = sim_server_user_shown(c->server, sim_str_of(id));

		if (!u) {
			sim_huawei_not_found(c, "user");
			return;
		}
		if (from && u->group != from) {
			sim_huawei_invalid(c, "the user is not in the group");
			return;
		}
	}
	if (!sim_huawei_take(c, cJSON_GetArraySize(users), &mark))
		return;
	cJSON_ArrayForEach(o, users)
	{
		const char *id = cJSON_GetObjectItemCaseSensitive(o, "id")->valuestring;
		struct sim_user *u = sim_server_user_shown(c->server, sim_str_of(id));
		struct sim_change *change = sim_server_change(c->server, SIM_UPDATE, u, to, mark, c->w->wall_ms);

		change->set_group = true;
		c->server->stats.users_updated++;
		if (u->group == to)
			c->server->stats.idle_updates++;
	}
	sim_huawei_accept(c, 201);
}

void sim_huawei_add_users(struct sim_call *c)
{
	struct sim_group *g = group_in_path(c);

	if (g)
		move_users(c, g, NULL);
}

void sim_huawei_remove_users(struct sim_call *c)
{
	const struct sim_group *g = group_in_path(c);

	if (g)
		move_users(c, NULL, g);
}
