/* Creating, changing and deleting users. */
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/huawei.h"
#include "tests/simulator/rules.h"
#include "tests/simulator/script.h"

/* The fields of a user as a request gives them. */
struct wanted {
	struct sim_str name, password, description, group, static_ip;
};

static bool read_wanted(struct sim_call *c, const cJSON *o, const char *group_key, struct wanted *ret)
{
	return sim_huawei_text(c, o, "name", &ret->name) && sim_huawei_text(c, o, "password", &ret->password) &&
	       sim_huawei_text(c, o, "description", &ret->description) &&
	       sim_huawei_text(c, o, group_key, &ret->group) && sim_huawei_text(c, o, "static_ip", &ret->static_ip);
}

static const char *address_cause(struct sim_call *c, struct sim_str address, const struct sim_user *of)
{
	const char *cause = sim_huawei_static_ip(address, c->w->settings.loose_static_ip);

	if (cause || sim_str_is(address, "disable"))
		return cause;
	for (size_t i = 0; i < c->server->order_count; i++) {
		const struct sim_user *u = c->server->order[i];

		if (u && u != of && u->static_ip && sim_str_is(address, u->static_ip))
			return "Duplicate static IP.";
	}
	return NULL;
}

static const char *name_cause(struct sim_call *c, struct sim_str name)
{
	const char *cause = sim_huawei_user_name(name);

	if (!cause && sim_server_user_named(c->server, &c->w->settings, name)) {
		c->server->stats.duplicate_attempts++;
		sim_server_ledger(c->server, name)->refused_duplicates++;
		cause = "Duplicate user name.";
	}
	if (!cause && c->rule && c->rule->fault.cause && sim_rule_names(c->rule, name))
		cause = c->rule->fault.cause;
	return cause;
}

/* Everything but the group. */
static const char *cause_of(struct sim_call *c, const struct wanted *w)
{
	const char *cause = name_cause(c, w->name);

	if (!cause)
		cause = sim_huawei_password(w->password, w->name);
	if (!cause && w->description.p)
		cause = sim_huawei_description(w->description, false);
	if (!cause && w->static_ip.p)
		cause = address_cause(c, w->static_ip, NULL);
	return cause;
}

static struct sim_user *claim(struct sim_call *c, const struct wanted *w, struct sim_group *group, double mark,
			      int64_t stamp)
{
	struct sim_ledger *ledger = sim_server_ledger(c->server, w->name);
	struct sim_user *u;
	char id[SIM_ID_SIZE];

	sim_world_id(c->w, id, false);
	u = sim_server_claim(c->server, &c->w->settings, w->name, id, stamp);
	u->description = w->description.p ? sim_dup(w->description) : NULL;
	u->static_ip = w->static_ip.p ? sim_dup(w->static_ip) : NULL;
	sim_user_password(u, w->password);
	u->group = group ? group : sim_server_group_default(c->server);
	if (u->group)
		u->group->refs++;
	if (c->rule && c->rule->fault.vanish_after_s >= 0 && sim_rule_names(c->rule, w->name))
		u->vanish_after_s = c->rule->fault.vanish_after_s;
	sim_server_change(c->server, SIM_CREATE, u, NULL, mark, stamp);
	if (ledger->created > ledger->deleted)
		c->server->stats.double_creates++;
	ledger->created++;
	c->server->stats.users_created++;
	return u;
}

static bool seats_left(struct sim_call *c, uint64_t n)
{
	uint64_t limit = sim_server_seats(c->server, &c->w->settings), used = c->server->users_by_name.live;

	return (used <= limit && n <= limit - used) || sim_huawei_quota(c);
}

void sim_huawei_create_user(struct sim_call *c)
{
	static const char *const members[] = {"name", "password", "description", "user_group_id", "static_ip", NULL};
	const cJSON *o = sim_huawei_object(c, "user", members);
	struct sim_group *group = NULL;
	struct wanted w;
	const char *cause;
	double mark;

	if (!o || !read_wanted(c, o, "user_group_id", &w))
		return;
	cause = cause_of(c, &w);
	if (!cause && w.group.n) {
		group = sim_server_group_shown(c->server, w.group);
		cause = group ? NULL : "User group does not exist.";
	}
	if (cause) {
		sim_huawei_invalid(c, "%s", cause);
		return;
	}
	if (!seats_left(c, 1) || !sim_huawei_take(c, 1, &mark))
		return;
	sim_buf_text(&c->reply->body, "{\"user\":{\"id\":");
	sim_buf_json(&c->reply->body, claim(c, &w, group, mark, sim_world_stamp(c->w))->id);
	sim_buf_char(&c->reply->body, '}');
	sim_huawei_accept(c, 201);
}

static void text_member(struct sim_buf *b, const char *name, struct sim_str s)
{
	sim_buf_printf(b, ",\"%s\":", name);
	if (s.p)
		sim_buf_json_str(b, s);
	else
		sim_buf_text(b, "null");
}

static void refuse_one(struct sim_buf *b, const struct wanted *w, const char *cause)
{
	sim_buf_text(b, b->n ? ",{\"name\":" : "{\"name\":");
	sim_buf_json_str(b, w->name.p ? w->name : SIM_STR(""));
	text_member(b, "description", w->description);
	text_member(b, "user_group_name", w->group);
	text_member(b, "static_ip", w->static_ip);
	sim_buf_text(b, ",\"cause\":");
	sim_buf_json(b, cause);
	sim_buf_char(b, '}');
}

/* Reads and judges every entry; invalid ones are written to `invalid`. False: the answer is made. */
static bool judge_batch(struct sim_call *c, const cJSON *users, struct wanted *list, struct sim_group **groups,
			struct sim_buf *invalid, const char **ret_first)
{
	static const char *const known[] = {"name", "password", "description", "user_group_name", "static_ip"};
	struct sim_map seen = {0};
	const cJSON *o, *member;
	bool ok = true;
	size_t n = 0;

	cJSON_ArrayForEach(o, users)
	{
		struct wanted *w = &list[n];
		const char *cause;

		cJSON_ArrayForEach(member, o)
		{
			size_t i = 0;

			while (i < 5 && strcmp(known[i], member->string))
				i++;
			if (i == 5)
				ok = ok && sim_huawei_invalid(c, "unknown field %.64s", member->string);
		}
		if (!ok || !read_wanted(c, o, "user_group_name", w)) {
			sim_map_done(&seen);
			return false;
		}
		cause = cause_of(c, w);
		if (!cause && w->group.n) {
			groups[n] = sim_server_group_named(c->server, w->group);
			if (!groups[n] || !groups[n]->visible)
				cause = "User group does not exist.";
		}
		if (!cause && sim_map_get(&seen, w->name))
			cause = "Duplicate user name.";
		sim_map_put(&seen, w->name, w);
		n++;
		if (!cause)
			continue;
		if (!invalid->n)
			*ret_first = cause;
		refuse_one(invalid, w, cause);
	}
	sim_map_done(&seen);
	return true;
}

static void create_all(struct sim_call *c, const struct wanted *list, struct sim_group **groups, size_t n)
{
	int64_t stamp = sim_world_stamp(c->w);
	double mark;

	if (!seats_left(c, n) || !sim_huawei_take(c, (double)n, &mark))
		return;
	for (size_t i = 0; i < n; i++)
		claim(c, &list[i], groups[i], mark - (double)(n - 1 - i), stamp);
	sim_huawei_accept(c, 201);
}

void sim_huawei_batch_create(struct sim_call *c)
{
	const cJSON *users = sim_huawei_ids(c);
	const char *first = NULL;
	struct sim_buf invalid = {0};
	struct sim_group **groups;
	struct wanted *list;
	size_t n;

	if (!users)
		return;
	n = (size_t)cJSON_GetArraySize(users);
	list = sim_alloc(n * sizeof(*list));
	groups = sim_alloc(n * sizeof(struct sim_group *));
	if (!judge_batch(c, users, list, groups, &invalid, &first))
		goto out;
	if (!invalid.n) {
		create_all(c, list, groups, n);
		goto out;
	}
	sim_call_decide(c, SIM_refused, "nobody created: %s", first);
	sim_buf_text(&c->reply->body, "{\"invalid_users\":[");
	sim_buf_str(&c->reply->body, sim_buf_view(&invalid));
	sim_buf_char(&c->reply->body, ']');
	sim_huawei_accept(c, 201);
out:
	sim_buf_done(&invalid);
	free(list);
	free(groups);
}

static struct sim_user *user_in_path(struct sim_call *c)
{
	struct sim_user *u = sim_server_user_shown(c->server, c->user_id);

	if (!u)
		sim_huawei_not_found(c, "user");
	return u;
}

static const char *update_cause(struct sim_call *c, const struct sim_user *u, const struct wanted *w,
				struct sim_group **ret_group)
{
	const char *cause = w->description.p ? sim_huawei_description(w->description, true) : NULL;

	if (!cause && w->static_ip.p)
		cause = address_cause(c, w->static_ip, u);
	if (!cause && w->group.p) {
		*ret_group = sim_server_group_shown(c->server, w->group);
		cause = *ret_group ? NULL : "User group does not exist.";
	}
	return cause;
}

static bool changes_nothing(const struct sim_user *u, const struct wanted *w, const struct sim_group *g)
{
	return (!w->description.p || sim_str_is(w->description, u->description ? u->description : "")) &&
	       (!w->static_ip.p || sim_str_is(w->static_ip, u->static_ip ? u->static_ip : "disable")) &&
	       (!w->group.p || g == u->group);
}

void sim_huawei_update_user(struct sim_call *c)
{
	static const char *const members[] = {"description", "user_group_id", "static_ip", NULL};
	struct sim_user *u = user_in_path(c);
	const cJSON *o = u ? sim_huawei_object(c, "user", members) : NULL;
	struct sim_group *group = NULL;
	struct wanted w;
	struct sim_change *change;
	const char *cause;
	double mark;

	if (!o || !read_wanted(c, o, "user_group_id", &w))
		return;
	cause = update_cause(c, u, &w, &group);
	if (cause) {
		sim_huawei_invalid(c, "%s", cause);
		return;
	}
	if (!sim_huawei_take(c, 1, &mark))
		return;
	change = sim_server_change(c->server, SIM_UPDATE, u, group, mark, c->w->wall_ms);
	change->set_description = w.description.p;
	change->set_static_ip = w.static_ip.p;
	change->set_group = w.group.p;
	change->description = w.description.p ? sim_dup(w.description) : NULL;
	change->static_ip = w.static_ip.p ? sim_dup(w.static_ip) : NULL;
	c->server->stats.users_updated++;
	if (changes_nothing(u, &w, group))
		c->server->stats.idle_updates++;
	sim_buf_text(&c->reply->body, "{\"user\":");
	sim_huawei_user_json(c, u, change);
	sim_huawei_accept(c, 200);
}

/* A second delete of a user that is on its way out is accepted without more work. */
static void queue_delete(struct sim_call *c, struct sim_user *u, double mark)
{
	if (u->deleting)
		return;
	u->deleting = true;
	sim_server_change(c->server, SIM_DELETE, u, NULL, mark, c->w->wall_ms);
	c->server->stats.users_deleted++;
}

void sim_huawei_delete_user(struct sim_call *c)
{
	struct sim_user *u = user_in_path(c);
	double mark;

	if (!u || !sim_huawei_take(c, 1, &mark))
		return;
	queue_delete(c, u, mark);
	c->reply->status = 204;
}

void sim_huawei_batch_delete(struct sim_call *c)
{
	const cJSON *users = sim_huawei_ids(c), *o;
	size_t found = 0, unknown = 0;
	double mark;

	if (!users)
		return;
	cJSON_ArrayForEach(o, users)
	{
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(o, "id");

		if (sim_server_user_shown(c->server, sim_str_of(id->valuestring)))
			found++;
		else
			unknown++;
	}
	if (unknown && c->w->settings.strict_batch_delete) {
		sim_huawei_not_found(c, "user");
		return;
	}
	if (found && !sim_huawei_take(c, (double)found, &mark))
		return;
	cJSON_ArrayForEach(o, users)
	{
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(o, "id");
		struct sim_user *u = sim_server_user_shown(c->server, sim_str_of(id->valuestring));

		if (u)
			queue_delete(c, u, mark);
	}
	if (unknown)
		sim_call_decide(c, SIM_accepted, "%zu ids are unknown and were passed over", unknown);
	sim_huawei_accept(c, 200);
}

static void set_password(struct sim_call *c, struct sim_user *u, struct sim_str password)
{
	const char *cause = sim_huawei_password(password, sim_str_of(u->name));
	double mark;

	if (!cause && sim_user_password_used(u, password))
		cause = "Password is one of the last five.";
	if (cause) {
		sim_huawei_invalid(c, "%s", cause);
		return;
	}
	if (!sim_huawei_take(c, 1, &mark))
		return;
	sim_user_password(u, password);
	c->server->stats.users_updated++;
	sim_huawei_accept(c, 200);
}

void sim_huawei_reset_password(struct sim_call *c)
{
	static const char *const members[] = {"new_password", NULL};
	struct sim_user *u = user_in_path(c);
	const cJSON *o = u ? sim_huawei_object(c, NULL, members) : NULL;
	struct sim_str password;

	if (o && sim_huawei_text(c, o, "new_password", &password))
		set_password(c, u, password);
}

void sim_huawei_change_password(struct sim_call *c)
{
	static const char *const members[] = {"old_password", "new_password", NULL};
	struct sim_user *u = user_in_path(c);
	const cJSON *o = u ? sim_huawei_object(c, NULL, members) : NULL;
	struct sim_str old, password;

	if (!o || !sim_huawei_text(c, o, "old_password", &old) || !sim_huawei_text(c, o, "new_password", &password))
		return;
	if (!u->passwords[0] || !sim_str_is(old, u->passwords[0])) {
		sim_huawei_invalid(c, "The old password is wrong.");
		return;
	}
	set_password(c, u, password);
}
