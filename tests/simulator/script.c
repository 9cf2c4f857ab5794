#include "tests/simulator/script.h"

#include <stdlib.h>
#include <string.h>

#include "tests/simulator/auth.h"
#include "tests/simulator/json_read.h"

static bool texts_only(const cJSON *list, const char *where, struct sim_buf *err)
{
	const cJSON *v;

	if (list && !cJSON_IsArray(list))
		return sim_json_wrong(err, where, "a list of texts");
	cJSON_ArrayForEach(v, list)
	{
		if (!cJSON_IsString(v))
			return sim_json_wrong(err, where, "a list of texts");
	}
	return true;
}

/* The overrides among a server's members, as an object of their own; the caller deletes it. */
static cJSON *overrides_of(const cJSON *o)
{
	static const char *const names[] = {"capacity", "queue", "seat_limit", NULL};
	cJSON *only = cJSON_CreateObject();

	for (size_t i = 0; names[i]; i++)
		if (sim_json_member(o, names[i]))
			cJSON_AddItemToObject(only, names[i], cJSON_Duplicate(sim_json_member(o, names[i]), 1));
	return only;
}

static bool users_read(const cJSON *users, struct sim_buf *err)
{
	static const char *const names[] = {"name", "password",  "description", "group",      "static_ip",
					    "mail", "bandwidth", "disabled",    "created_at", NULL};
	const cJSON *u, *v;
	int64_t ms;

	if (users && !cJSON_IsArray(users))
		return sim_json_wrong(err, "users", "a list of objects");
	cJSON_ArrayForEach(u, users)
	{
		if (!cJSON_IsObject(u) || !cJSON_IsString(sim_json_member(u, "name")))
			return sim_json_wrong(err, "users", "a list of objects, each with a name");
		if (!sim_json_known(u, names, err))
			return false;
		cJSON_ArrayForEach(v, u)
		{
			if (!cJSON_IsString(v) && strcmp(v->string, "bandwidth") && strcmp(v->string, "disabled"))
				return sim_json_wrong(err, v->string, "a text");
		}
		v = sim_json_member(u, "created_at");
		if (v && !sim_time_read(sim_str_of(v->valuestring), &ms))
			return sim_json_wrong(err, "created_at", "a time such as 2026-01-02T03:04:05.678Z");
	}
	return true;
}

bool sim_script_server_read(const cJSON *o, struct sim_buf *err)
{
	static const char *const names[] = {"project", "capacity", "queue",    "seat_limit", "in_use",
					    "users",   "groups",   "generate", NULL};
	static const char *const generate_names[] = {"count", "name", "tie", "start", "mail", "group", NULL};
	struct sim_server_override scratch = {0};
	const cJSON *generate = sim_json_member(o, "generate"), *g;
	cJSON *only;
	bool ok;

	if (!cJSON_IsObject(o))
		return sim_json_wrong(err, "servers", "an object of objects");
	if (!sim_json_known(o, names, err) || !texts_only(sim_json_member(o, "in_use"), "in_use", err) ||
	    !users_read(sim_json_member(o, "users"), err) || !sim_json_known(generate, generate_names, err))
		return false;
	cJSON_ArrayForEach(g, sim_json_member(o, "groups"))
	{
		if (!cJSON_IsObject(g) || !cJSON_IsString(sim_json_member(g, "name")))
			return sim_json_wrong(err, "groups", "a list of objects, each with a name");
	}
	if (generate && (!cJSON_IsNumber(sim_json_member(generate, "count")) ||
			 sim_json_member(generate, "count")->valuedouble < 0))
		return sim_json_wrong(err, "generate", "an object with a count");
	only = overrides_of(o);
	ok = sim_override_read(&scratch, only, err);
	cJSON_Delete(only);
	return ok;
}

static bool step_read(const cJSON *step, double *last_s, struct sim_settings *scratch, struct sim_buf *err)
{
	static const char *const names[] = {"at_s", "server", "set", "expire_tokens", "comment", NULL};
	struct sim_server_override override = {0};
	const cJSON *at = sim_json_member(step, "at_s"), *set = sim_json_member(step, "set"),
		    *server = sim_json_member(step, "server");

	if (!cJSON_IsObject(step) || !cJSON_IsNumber(at) || at->valuedouble < *last_s)
		return sim_json_wrong(err, "timeline",
				      "a list of objects, each with an at_s not before the last one's");
	*last_s = at->valuedouble;
	if (!sim_json_known(step, names, err))
		return false;
	if (server && !cJSON_IsString(server))
		return sim_json_wrong(err, "timeline", "a list of steps whose server is a text");
	if (!set)
		return true;
	return server ? sim_override_read(&override, set, err) : sim_settings_read(scratch, set, err);
}

static bool parts_read(struct sim_script *s, const struct sim_world *w, struct sim_buf *err)
{
	static const char *const names[] = {"reset",  "settings", "timeline", "servers",
					    "in_use", "rules",    "comment",  NULL};
	const cJSON *rules = sim_json_member(s->json, "rules"), *v;
	struct sim_settings scratch;
	double last_s = 0;
	bool ok;

	if (!cJSON_IsObject(s->json))
		return sim_json_wrong(err, "script", "a JSON object");
	s->settings = sim_json_member(s->json, "settings");
	s->timeline = sim_json_member(s->json, "timeline");
	s->servers = sim_json_member(s->json, "servers");
	s->in_use = sim_json_member(s->json, "in_use");
	s->reset = cJSON_IsTrue(sim_json_member(s->json, "reset"));
	sim_settings_copy(&scratch, &w->given);
	ok = sim_json_known(s->json, names, err) && texts_only(s->in_use, "in_use", err) &&
	     (!s->settings || sim_settings_read(&scratch, s->settings, err));
	if (ok && ((rules && !cJSON_IsArray(rules)) || (s->timeline && !cJSON_IsArray(s->timeline))))
		ok = sim_json_wrong(err, "rules and timeline", "lists");
	cJSON_ArrayForEach(v, s->timeline)
	{
		ok = ok && step_read(v, &last_s, &scratch, err);
		s->step_count++;
	}
	sim_settings_done(&scratch);
	cJSON_ArrayForEach(v, s->servers)
	{
		ok = ok && sim_script_server_read(v, err);
	}
	s->rules = sim_alloc(((size_t)cJSON_GetArraySize(rules) + 1) * sizeof(*s->rules));
	cJSON_ArrayForEach(v, rules)
	{
		if (ok)
			ok = sim_rule_read(&s->rules[s->rule_count++], v, err);
		if (!ok && s->rule_count) {
			sim_buf_printf(err, " (in rule %zu)", s->rule_count);
			break;
		}
	}
	return ok;
}

struct sim_script *sim_script_read(const struct sim_world *w, struct sim_str text, struct sim_buf *err)
{
	struct sim_script *s = sim_alloc(sizeof(*s));
	const char *end = NULL;

	s->json = cJSON_ParseWithLengthOpts(text.p ? text.p : "", text.n, &end, 0);
	if (!s->json)
		sim_buf_printf(err, "not JSON, near byte %zu", end && text.p ? (size_t)(end - text.p) : 0);
	if (s->json && parts_read(s, w, err))
		return s;
	sim_script_free(s);
	return NULL;
}

void sim_script_free(struct sim_script *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->rule_count; i++)
		sim_rule_done(&s->rules[i]);
	free(s->rules);
	cJSON_Delete(s->json);
	free(s);
}

static void settle_all(struct sim_world *w, double at_s)
{
	for (size_t i = 0; i < w->server_count; i++)
		sim_server_settle(w->server_list[i], &w->settings, at_s);
}

static void carry_out(struct sim_world *w, const cJSON *step)
{
	const cJSON *set = sim_json_member(step, "set"), *server = sim_json_member(step, "server");
	struct sim_buf err = {0};

	if (cJSON_IsTrue(sim_json_member(step, "expire_tokens")))
		sim_iam_expire_all(w);
	if (set && !server)
		sim_settings_read(&w->settings, set, &err);
	for (size_t i = 0; set && server && i < w->server_count; i++)
		if (!strcmp(w->server_list[i]->id, server->valuestring))
			sim_override_read(&w->server_list[i]->own, set, &err);
	sim_buf_done(&err);
}

void sim_script_tick(struct sim_world *w)
{
	while (w->script && w->timeline_at < w->script->step_count) {
		const cJSON *step = cJSON_GetArrayItem(w->script->timeline, (int)w->timeline_at);
		double at_s = w->script_start_s + sim_json_member(step, "at_s")->valuedouble;

		if (at_s > w->now_s)
			return;
		/* What was queued until then was served at the old pace. */
		settle_all(w, at_s);
		carry_out(w, step);
		w->timeline_at++;
	}
}

static bool placed(const cJSON *o, const char *id)
{
	return sim_json_member(o, "project") || sim_str_starts(sim_str_of(id), "sag-");
}

void sim_script_begin(struct sim_world *w, struct sim_script *script)
{
	struct sim_buf err = {0};
	const cJSON *o;

	settle_all(w, w->now_s);
	sim_script_free(w->script);
	w->script = NULL;
	if (script->reset) {
		sim_world_clear(w);
		sim_settings_done(&w->settings);
		sim_settings_copy(&w->settings, &w->given);
	}
	w->script = script;
	w->script_start_s = w->now_s;
	w->timeline_at = 0;
	if (script->settings)
		sim_settings_read(&w->settings, script->settings, &err);
	sim_buf_done(&err);
	for (size_t i = 0; i < w->server_count; i++)
		sim_script_begin_server(w, w->server_list[i]);
	/* A server that can be told from its id alone, or whose project is named, exists from now on. */
	cJSON_ArrayForEach(o, script->servers)
	{
		const cJSON *project = sim_json_member(o, "project");

		if (placed(o, o->string))
			sim_world_server(w, project ? SIM_HUAWEI : SIM_ALIBABA,
					 sim_str_of(project ? project->valuestring : ""), sim_str_of(o->string));
	}
}

bool sim_script_in_use(const struct sim_world *w, const struct sim_server *s, struct sim_str name)
{
	const cJSON *v;

	if (!w->script)
		return false;
	cJSON_ArrayForEach(v, w->script->in_use)
	{
		if (sim_str_is(name, v->valuestring))
			return true;
	}
	cJSON_ArrayForEach(v, sim_json_member(sim_json_member(w->script->servers, s->id), "in_use"))
	{
		if (sim_str_is(name, v->valuestring))
			return true;
	}
	return false;
}
