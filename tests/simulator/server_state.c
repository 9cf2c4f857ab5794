#include "tests/simulator/server_state.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/simulator/replay.h"

static char *fold(struct sim_str s)
{
	char *folded = sim_dup(s);

	for (char *p = folded; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return folded;
}

/* Names are kept under their folded form only in a world that folds; the setting is read when the user is claimed. */
static bool folds(const struct sim_server *s, const struct sim_settings *set)
{
	return s->provider == SIM_HUAWEI && set->fold_names;
}

static void group_unref(struct sim_group *g)
{
	if (!g || --g->refs)
		return;
	free(g->name);
	free(g->description);
	free(g);
}

static struct sim_group *group_ref(struct sim_group *g)
{
	if (g)
		g->refs++;
	return g;
}

static void user_unref(struct sim_user *u)
{
	if (!u || --u->refs)
		return;
	group_unref(u->group);
	free(u->name);
	free(u->description);
	free(u->static_ip);
	free(u->mail);
	for (size_t i = 0; i < SIM_PASSWORD_HISTORY; i++)
		free(u->passwords[i]);
	free(u);
}

struct sim_server *sim_server_new(enum sim_provider provider, struct sim_str key, struct sim_str project,
				  struct sim_str id)
{
	struct sim_server *s = sim_alloc(sizeof(*s));

	s->provider = provider;
	s->key = sim_dup(key);
	s->project = sim_dup(project);
	s->id = sim_dup(id);
	return s;
}

static void change_free(struct sim_change *c)
{
	user_unref(c->user);
	group_unref(c->group); /* NOLINT(clang-analyzer-unix.Malloc): each change is on one list */
	free(c->name);
	free(c->description);
	free(c->static_ip);
	free(c->mail);
	free(c);
}

void sim_server_free(struct sim_server *s)
{
	struct sim_map_slot *slot;

	if (!s)
		return;
	while (s->first) {
		struct sim_change *c = s->first;

		s->first = c->next;
		change_free(c);
	}
	for (size_t i = 0; i < s->vanishing_count; i++)
		user_unref(s->vanishing[i].user);
	for (size_t i = 0; i < s->order_count; i++)
		user_unref(s->order[i]);
	for (size_t i = 0; i < s->group_count; i++)
		group_unref(s->groups[i]);
	for (size_t at = 0; (slot = sim_map_next(&s->ledger, &at));)
		free(slot->value);
	sim_replays_done(s);
	sim_map_done(&s->ledger);
	sim_map_done(&s->users_by_name);
	sim_map_done(&s->users_by_id);
	free(s->vanishing);
	free(s->order);
	free(s->groups);
	free(s->key);
	free(s->project);
	free(s->id);
	free(s);
}

struct sim_ledger *sim_server_ledger(struct sim_server *s, struct sim_str name)
{
	struct sim_ledger *l = sim_map_get(&s->ledger, name);

	if (!l) {
		l = sim_alloc(sizeof(*l));
		sim_map_put(&s->ledger, name, l);
	}
	return l;
}

size_t sim_server_order_from(const struct sim_server *s, int64_t created_ms, bool with_equal)
{
	size_t lo = 0, hi = s->order_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2, probe = mid;

		while (probe < hi && !s->order[probe])
			probe++;
		if (probe == hi) {
			hi = mid;
			continue;
		}
		if (s->order[probe]->created_ms < created_ms ||
		    (!with_equal && s->order[probe]->created_ms == created_ms))
			lo = probe + 1;
		else
			hi = mid;
	}
	return lo;
}

static void order_compact(struct sim_server *s)
{
	size_t n = 0;

	if (s->gone < 64 || s->gone * 2 < s->order_count)
		return;
	for (size_t i = 0; i < s->order_count; i++)
		if (s->order[i])
			s->order[n++] = s->order[i];
	s->order_count = n;
	s->gone = 0;
}

static void order_add(struct sim_server *s, struct sim_user *u)
{
	size_t at = s->order_count;

	if (s->order_count == s->order_cap) {
		s->order_cap = s->order_cap ? s->order_cap * 2 : 64;
		s->order = sim_grow(s->order, s->order_cap, sizeof(*s->order));
	}
	if (u->created_ms < s->last_created_ms)
		at = sim_server_order_from(s, u->created_ms, false);
	memmove(s->order + at + 1, s->order + at, (s->order_count - at) * sizeof(*s->order));
	s->order[at] = u;
	s->order_count++;
	if (u->created_ms > s->last_created_ms)
		s->last_created_ms = u->created_ms;
}

static void order_remove(struct sim_server *s, const struct sim_user *u)
{
	size_t at = sim_server_order_from(s, u->created_ms, true);

	while (at < s->order_count && s->order[at] != u)
		at++;
	if (at == s->order_count)
		return;
	s->order[at] = NULL;
	s->gone++;
	order_compact(s);
}

uint64_t sim_server_seats(const struct sim_server *s, const struct sim_settings *set)
{
	return s->own.seat_limit ? s->own.value.seat_limit : set->server.seat_limit;
}

struct sim_user *sim_server_user_named(const struct sim_server *s, const struct sim_settings *set, struct sim_str name)
{
	struct sim_user *u;
	char *key;

	if (!folds(s, set))
		return sim_map_get(&s->users_by_name, name);
	key = fold(name);
	u = sim_map_get(&s->users_by_name, sim_str_of(key));
	free(key);
	return u;
}

struct sim_user *sim_server_user_shown(const struct sim_server *s, struct sim_str id)
{
	struct sim_user *u = sim_map_get(&s->users_by_id, id);

	return u && u->visible ? u : NULL;
}

struct sim_group *sim_server_group_shown(const struct sim_server *s, struct sim_str id)
{
	for (size_t i = 0; i < s->group_count; i++)
		if (s->groups[i]->visible && sim_str_is(id, s->groups[i]->id))
			return s->groups[i];
	return NULL;
}

struct sim_group *sim_server_group_named(const struct sim_server *s, struct sim_str name)
{
	for (size_t i = 0; i < s->group_count; i++)
		if (sim_str_is(name, s->groups[i]->name))
			return s->groups[i];
	return NULL;
}

struct sim_group *sim_server_group_default(const struct sim_server *s)
{
	for (size_t i = 0; i < s->group_count; i++)
		if (s->groups[i]->is_default)
			return s->groups[i];
	return NULL;
}

struct sim_user *sim_server_claim(struct sim_server *s, const struct sim_settings *set, struct sim_str name,
				  const char *id, int64_t created_ms)
{
	struct sim_user *u = sim_alloc(sizeof(*u));
	char *key = folds(s, set) ? fold(name) : sim_dup(name);

	memcpy(u->id, id, strlen(id) + 1);
	u->name = sim_dup(name);
	u->created_ms = u->updated_ms = created_ms;
	u->refs = 1;
	u->vanish_after_s = -1;
	sim_map_put(&s->users_by_name, sim_str_of(key), u);
	sim_map_put(&s->users_by_id, sim_str_of(u->id), u);
	order_add(s, u);
	free(key);
	return u;
}

struct sim_group *sim_server_claim_group(struct sim_server *s, struct sim_str name, const char *id, int64_t created_ms)
{
	struct sim_group *g = sim_alloc(sizeof(*g));
	size_t at = s->group_count;

	memcpy(g->id, id, strlen(id) + 1);
	g->name = sim_dup(name);
	g->created_ms = g->updated_ms = created_ms;
	g->refs = 1;
	s->groups = sim_grow(s->groups, s->group_count + 1, sizeof(struct sim_group *));
	while (at && s->groups[at - 1]->created_ms > created_ms)
		at--;
	memmove(s->groups + at + 1, s->groups + at, (s->group_count - at) * sizeof(struct sim_group *));
	s->groups[at] = g;
	s->group_count++;
	return g;
}

static void sync_queue(struct sim_server *s, const struct sim_settings *set)
{
	s->queue.capacity = s->own.capacity ? s->own.value.capacity : set->server.capacity;
	s->queue.room = s->own.queue ? s->own.value.queue : set->server.queue;
}

bool sim_server_take(struct sim_server *s, const struct sim_settings *set, double n, double now_s, double *ret_mark)
{
	sync_queue(s, set);
	return sim_queue_take(&s->queue, n, now_s, ret_mark);
}

struct sim_change *sim_server_change(struct sim_server *s, enum sim_change_kind kind, struct sim_user *u,
				     struct sim_group *g, double mark, int64_t wall_ms)
{
	struct sim_change *c = sim_alloc(sizeof(*c));

	c->kind = kind;
	c->user = u;
	if (u)
		u->refs++;
	c->group = group_ref(g);
	c->mark = mark;
	c->wall_ms = wall_ms;
	if (s->last)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
	if (!s->unserved)
		s->unserved = c;
	return c;
}

static void move_to_group(struct sim_user *u, struct sim_group *g)
{
	if (g && g->dead)
		g = NULL;
	if (u->visible && u->group)
		u->group->members--;
	group_ref(g);
	group_unref(u->group);
	u->group = g;
	if (u->visible && g)
		g->members++;
}

void sim_server_show(struct sim_server *s, struct sim_user *u)
{
	if (u->visible || u->dead)
		return;
	u->visible = true;
	s->visible++;
	if (u->group && u->group->dead)
		move_to_group(u, NULL);
	else if (u->group)
		u->group->members++;
}

void sim_server_show_group(struct sim_server *s, struct sim_group *g)
{
	if (g->visible || g->dead)
		return;
	g->visible = true;
	s->visible_groups++;
}

static void user_remove(struct sim_server *s, struct sim_user *u)
{
	char *folded;

	if (u->dead)
		return;
	u->dead = true;
	if (u->visible) {
		s->visible--;
		if (u->group)
			u->group->members--;
	}
	u->visible = false;
	folded = fold(sim_str_of(u->name));
	if (sim_map_get(&s->users_by_name, sim_str_of(u->name)) == u)
		sim_map_take(&s->users_by_name, sim_str_of(u->name));
	else if (sim_map_get(&s->users_by_name, sim_str_of(folded)) == u)
		sim_map_take(&s->users_by_name, sim_str_of(folded));
	free(folded);
	sim_map_take(&s->users_by_id, sim_str_of(u->id));
	sim_server_ledger(s, sim_str_of(u->name))->deleted++;
	order_remove(s, u);
	user_unref(u);
}

static void group_remove(struct sim_server *s, struct sim_group *g)
{
	size_t i = 0;

	if (g->dead)
		return;
	g->dead = true;
	if (g->visible)
		s->visible_groups--;
	g->visible = false;
	for (size_t u = 0; u < s->order_count && g->members; u++)
		if (s->order[u] && s->order[u]->visible && s->order[u]->group == g)
			move_to_group(s->order[u], NULL);
	while (s->groups[i] != g)
		i++;
	memmove(s->groups + i, s->groups + i + 1, (s->group_count - i - 1) * sizeof(struct sim_group *));
	s->group_count--;
	group_unref(g);
}

static void set_text(char **to, char **from)
{
	free(*to);
	*to = *from;
	*from = NULL;
}

static void vanish_later(struct sim_server *s, struct sim_user *u, double at_s)
{
	s->vanishing = sim_grow(s->vanishing, s->vanishing_count + 1, sizeof(*s->vanishing));
	s->vanishing[s->vanishing_count++] = (struct sim_vanish){u, at_s};
	u->refs++;
}

static void carry_out_user(struct sim_server *s, struct sim_change *c)
{
	struct sim_user *u = c->user;

	if (u->dead)
		return;
	switch (c->kind) {
	case SIM_CREATE:
		if (u->vanish_after_s != 0)
			sim_server_show(s, u);
		if (u->vanish_after_s >= 0)
			vanish_later(s, u, c->due_s + u->vanish_after_s);
		return;
	case SIM_DELETE:
		user_remove(s, u);
		return;
	default:
		if (c->set_description)
			set_text(&u->description, &c->description);
		if (c->set_static_ip)
			set_text(&u->static_ip, &c->static_ip);
		if (c->set_mail)
			set_text(&u->mail, &c->mail);
		if (c->set_bandwidth)
			u->bandwidth = c->bandwidth;
		if (c->set_state)
			u->disabled = c->disabled;
		if (c->set_group)
			move_to_group(u, c->group);
		u->updated_ms = c->wall_ms;
	}
}

static void carry_out(struct sim_server *s, struct sim_change *c)
{
	if (c->user) {
		carry_out_user(s, c);
		return;
	}
	if (c->group->dead)
		return;
	switch (c->kind) {
	case SIM_GROUP_CREATE:
		sim_server_show_group(s, c->group);
		return;
	case SIM_GROUP_DELETE:
		group_remove(s, c->group);
		return;
	default:
		if (c->name)
			set_text(&c->group->name, &c->name);
		if (c->set_description)
			set_text(&c->group->description, &c->description);
		c->group->updated_ms = c->wall_ms;
	}
}

static void vanish_due(struct sim_server *s, double now_s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->vanishing_count; i++) {
		struct sim_vanish v = s->vanishing[i];

		if (v.at_s > now_s) {
			s->vanishing[kept++] = v;
			continue;
		}
		if (!v.user->dead)
			s->stats.vanished++;
		user_remove(s, v.user);
		user_unref(v.user);
	}
	s->vanishing_count = kept;
}

void sim_server_settle(struct sim_server *s, const struct sim_settings *set, double now_s)
{
	double served_s;

	sync_queue(s, set);
	while (s->unserved && sim_queue_served(&s->queue, s->unserved->mark, now_s, &served_s)) {
		s->unserved->served = true;
		s->unserved->due_s = served_s + set->apply_delay_ms / 1000;
		s->unserved = s->unserved->next;
	}
	sim_queue_advance(&s->queue, now_s);
	while (s->first && s->first->served && s->first->due_s <= now_s + 1e-6) {
		struct sim_change *c = s->first;

		carry_out(s, c);
		s->first = c->next;
		if (!s->first)
			s->last = NULL;
		change_free(c);
	}
	if (s->vanishing_count)
		vanish_due(s, now_s);
}

void sim_user_password(struct sim_user *u, struct sim_str password)
{
	free(u->passwords[SIM_PASSWORD_HISTORY - 1]);
	memmove(u->passwords + 1, u->passwords, (SIM_PASSWORD_HISTORY - 1) * sizeof(char *));
	u->passwords[0] = sim_dup(password);
}

bool sim_user_password_used(const struct sim_user *u, struct sim_str password)
{
	for (size_t i = 0; i < SIM_PASSWORD_HISTORY; i++)
		if (u->passwords[i] && sim_str_is(password, u->passwords[i]))
			return true;
	return false;
}
