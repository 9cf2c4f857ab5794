#include "tests/simulator/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/script.h"

void sim_world_init(struct sim_world *w, const struct sim_settings *given, uint64_t seed)
{
	*w = (struct sim_world){.random = seed};
	sim_settings_copy(&w->given, given);
	sim_settings_copy(&w->settings, given);
}

static void free_values(struct sim_map *m)
{
	struct sim_map_slot *slot;

	for (size_t at = 0; (slot = sim_map_next(m, &at));)
		free(slot->value);
	sim_map_done(m);
}

void sim_world_done(struct sim_world *w)
{
	struct sim_map_slot *slot;

	for (size_t i = 0; i < w->server_count; i++)
		sim_server_free(w->server_list[i]);
	for (size_t i = 0; i < w->retired_count; i++)
		sim_server_free(w->retired[i]);
	free(w->server_list);
	free(w->retired);
	for (size_t at = 0; (slot = sim_map_next(&w->tokens, &at));)
		free(((struct sim_token *)slot->value)->text);
	free_values(&w->tokens);
	free_values(&w->keys);
	sim_map_done(&w->nonces);
	sim_map_done(&w->old_nonces);
	sim_map_done(&w->servers);
	sim_script_free(w->script);
	sim_settings_done(&w->settings);
	sim_settings_done(&w->given);
	sim_buf_done(&w->log);
}

void sim_world_tick(struct sim_world *w, double now_s, int64_t wall_ms)
{
	if (now_s > w->now_s)
		w->now_s = now_s;
	w->wall_ms = wall_ms;
	sim_script_tick(w);
}

uint64_t sim_world_random(struct sim_world *w)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

double sim_world_chance(struct sim_world *w)
{
	return (double)(sim_world_random(w) >> 11) * 0x1p-53;
}

void sim_world_id(struct sim_world *w, char ret_id[SIM_ID_SIZE], bool hexadecimal)
{
	static const char all[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint64_t bits = 0;
	size_t base = hexadecimal || sim_world_random(w) % 4 ? 16 : sizeof(all) - 1;

	for (size_t i = 0; i < 36; i++) {
		if (i % 8 == 0)
			bits = sim_world_random(w);
		ret_id[i] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : all[(bits & 0xff) % base];
		bits >>= 8;
	}
	ret_id[36] = '\0';
}

int64_t sim_world_stamp(const struct sim_world *w)
{
	int64_t step = (int64_t)w->settings.created_step_ms;

	return w->wall_ms - w->wall_ms % step;
}

static void begin_server(struct sim_world *w, struct sim_server *s)
{
	char id[SIM_ID_SIZE];
	struct sim_group *g;

	if (s->provider == SIM_HUAWEI) {
		sim_world_id(w, id, false);
		g = sim_server_claim_group(s, SIM_STR("default"), id, sim_world_stamp(w));
		g->is_default = true;
		sim_server_show_group(s, g);
	}
	sim_script_begin_server(w, s);
}

struct sim_server *sim_world_server(struct sim_world *w, enum sim_provider provider, struct sim_str project,
				    struct sim_str id)
{
	struct sim_buf key = {0};
	struct sim_server *s;

	sim_buf_text(&key, provider == SIM_HUAWEI ? "huawei/" : "alibaba/");
	if (provider == SIM_HUAWEI) {
		sim_buf_str(&key, project);
		sim_buf_char(&key, '/');
	}
	sim_buf_str(&key, id);
	s = sim_map_get(&w->servers, sim_buf_view(&key));
	if (!s) {
		s = sim_server_new(provider, sim_buf_view(&key), project, id);
		s->queue.at_s = w->now_s;
		sim_map_put(&w->servers, sim_buf_view(&key), s);
		w->server_list = sim_grow(w->server_list, w->server_count + 1, sizeof(struct sim_server *));
		w->server_list[w->server_count++] = s;
		begin_server(w, s);
	}
	sim_buf_done(&key);
	return s;
}

void sim_world_clear(struct sim_world *w)
{
	for (size_t i = 0; i < w->server_count; i++) {
		sim_map_take(&w->servers, sim_str_of(w->server_list[i]->key));
		w->retired = sim_grow(w->retired, w->retired_count + 1, sizeof(struct sim_server *));
		w->retired[w->retired_count++] = w->server_list[i];
	}
	w->server_count = 0;
	sim_map_done(&w->nonces);
	sim_map_done(&w->old_nonces);
	w->stats = (struct sim_stats){.in_flight = w->stats.in_flight};
	w->requests = 0;
	w->max_in_flight = w->in_flight;
}

void sim_call_decide(struct sim_call *c, enum sim_decision decision, const char *format, ...)
{
	va_list list;

	c->decision = decision;
	va_start(list, format);
	vsnprintf(c->why, sizeof(c->why), format, list);
	va_end(list);
}

void sim_call_name(struct sim_call *c, struct sim_str name)
{
	if (c->name_count % 16 == 0)
		c->names = sim_grow(c->names, c->name_count + 16, sizeof(*c->names));
	c->names[c->name_count++] = name;
}
