/* What a script says about a server: its limits, and the groups and users that exist before anyone calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/json_read.h"
#include "tests/simulator/script.h"

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(sim_json_member(o, name));
}

static double number_of(const cJSON *o, const char *name, double otherwise)
{
	const cJSON *v = sim_json_member(o, name);

	return cJSON_IsNumber(v) ? v->valuedouble : otherwise;
}

static struct sim_group *group_named(struct sim_world *w, struct sim_server *s, const char *name)
{
	struct sim_group *g = sim_server_group_named(s, sim_str_of(name));
	char id[SIM_ID_SIZE];

	if (g)
		return g;
	sim_world_id(w, id, false);
	g = sim_server_claim_group(s, sim_str_of(name), id, sim_world_stamp(w));
	sim_server_show_group(s, g);
	return g;
}

static void add_groups(struct sim_world *w, struct sim_server *s, const cJSON *groups)
{
	const cJSON *o;

	cJSON_ArrayForEach(o, groups)
	{
		struct sim_group *g = group_named(w, s, text_of(o, "name"));

		if (text_of(o, "description")) {
			free(g->description);
			g->description = sim_dupz(text_of(o, "description"));
		}
		g->in_policy = cJSON_IsTrue(sim_json_member(o, "in_policy"));
	}
}

struct newcomer {
	const char *name, *password, *description, *group, *static_ip, *mail;
	double bandwidth;
	bool disabled;
	int64_t created_ms;
};

static void add_user(struct sim_world *w, struct sim_server *s, const struct newcomer *n)
{
	struct sim_user *u;
	char id[SIM_ID_SIZE];

	if (sim_server_user_named(s, &w->settings, sim_str_of(n->name)))
		return;
	sim_world_id(w, id, false);
	u = sim_server_claim(s, &w->settings, sim_str_of(n->name), id, n->created_ms);
	sim_user_password(u, sim_str_of(n->password ? n->password : "Before_rollcall_1"));
	u->description = sim_dupz(n->description);
	u->static_ip = sim_dupz(n->static_ip);
	u->mail = sim_dupz(n->mail ? n->mail : s->provider == SIM_ALIBABA ? n->name : NULL);
	u->bandwidth = (uint64_t)n->bandwidth;
	u->disabled = n->disabled;
	if (s->provider == SIM_HUAWEI) {
		u->group = n->group ? group_named(w, s, n->group) : sim_server_group_default(s);
		u->group->refs++;
	}
	sim_server_show(s, u);
}

static int64_t created_of(const struct sim_world *w, const cJSON *o, const char *name)
{
	int64_t ms = sim_world_stamp(w);

	if (text_of(o, name))
		sim_time_read(sim_str_of(text_of(o, name)), &ms);
	return ms;
}

static void add_users(struct sim_world *w, struct sim_server *s, const cJSON *users)
{
	const cJSON *o;

	cJSON_ArrayForEach(o, users)
	{
		add_user(w, s,
			 &(struct newcomer){
				 .name = text_of(o, "name"),
				 .password = text_of(o, "password"),
				 .description = text_of(o, "description"),
				 .group = text_of(o, "group"),
				 .static_ip = text_of(o, "static_ip"),
				 .mail = text_of(o, "mail"),
				 .bandwidth = number_of(o, "bandwidth", 2000),
				 .disabled = cJSON_IsTrue(sim_json_member(o, "disabled")),
				 .created_ms = created_of(w, o, "created_at"),
			 });
	}
}

/* `tie` users share each created_at; the next ones come a second later. */
static void generate(struct sim_world *w, struct sim_server *s, const cJSON *o)
{
	size_t count = (size_t)number_of(o, "count", 0), tie = (size_t)number_of(o, "tie", 1);
	const char *prefix = text_of(o, "name"), *domain = text_of(o, "mail");
	int64_t start = created_of(w, o, "start");

	for (size_t i = 0; i < count; i++) {
		char name[128], mail[192];

		snprintf(name, sizeof(name), "%.100s%05zu", prefix ? prefix : "existing", i + 1);
		snprintf(mail, sizeof(mail), "%s@%.60s", name, domain ? domain : "example.com");
		add_user(w, s,
			 &(struct newcomer){
				 .name = name,
				 .mail = mail,
				 .group = text_of(o, "group"),
				 .bandwidth = 2000,
				 .created_ms = start + (int64_t)(i / (tie ? tie : 1)) * 1000,
			 });
	}
}

void sim_script_begin_server(struct sim_world *w, struct sim_server *s)
{
	const cJSON *o = w->script ? sim_json_member(w->script->servers, s->id) : NULL, *v;
	struct sim_buf err = {0};

	if (!o)
		return;
	cJSON_ArrayForEach(v, o)
	{
		cJSON *one;

		if (strcmp(v->string, "capacity") && strcmp(v->string, "queue") && strcmp(v->string, "seat_limit"))
			continue;
		one = cJSON_CreateObject();
		cJSON_AddItemToObject(one, v->string, cJSON_Duplicate(v, 1));
		sim_override_read(&s->own, one, &err);
		cJSON_Delete(one);
	}
	sim_buf_done(&err);
	add_groups(w, s, sim_json_member(o, "groups"));
	add_users(w, s, sim_json_member(o, "users"));
	if (sim_json_member(o, "generate"))
		generate(w, s, sim_json_member(o, "generate"));
}
