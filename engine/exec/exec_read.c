/* Reads a server's groups and accounts; makes the groups that are missing. */
#include "engine/exec/exec_int.h"
#include "engine/base/alloc.h"
#include <stdlib.h>

enum { FIRST_GROUP_LOOK_MS = 50, GROUP_LOOK_MS = 2000 };

struct group *group_find(struct server *s, struct rc_slice name)
{
	for (size_t i = 0; i < s->n_groups; i++)
		if (rc_slice_eq(s->groups[i].name, name))
			return &s->groups[i];
	return NULL;
}

int rc_exec_group_there(const struct rc_exec *x, size_t target, size_t server, struct rc_slice name)
{
	struct server *s = &x->targets[target].servers[server];
	const struct group *g = group_find(s, name);

	if (g && g->state == GROUP_PRESENT)
		return 1;
	return s->groups_read ? 0 : -1;
}

static struct group *group_add(struct server *s, struct rc_slice name)
{
	if (s->n_groups == s->cap_groups) {
		s->cap_groups = s->cap_groups ? s->cap_groups * 2 : 16;
		s->groups = rc_xreallocarray(s->groups, s->cap_groups, sizeof(*s->groups));
	}
	s->groups[s->n_groups] = (struct group){.name = rc_arena_copy(&s->t->x->mem, name)};
	return &s->groups[s->n_groups++];
}

void group_want(struct server *s, struct rc_slice name)
{
	struct group *g = group_find(s, name);

	s->groups_needed = true;
	if (!g) {
		g = group_add(s, name);
		g->state = GROUP_WANTED;
		s->groups_known = false;
	}
}

static void group_fail(struct server *s, struct group *g, const char *code, const char *message)
{
	g->state = GROUP_FAILED;
	g->code = rc_arena_strdup(&s->t->x->mem, code);
	g->message = rc_arena_printf(&s->t->x->mem, "group %.*s: %s", (int)g->name.n, g->name.p, message);
}

static void send_read(struct server *s, struct call *c, enum rc_pacer_op op, int64_t now)
{
	rc_pacer_sent(&s->pacer, x_sec(now), op, 1, &c->token);
	c->paced = true;
	call_send(c);
}

static bool may_read(struct server *s, int64_t now, int64_t *next)
{
	struct rc_pacer_decision d;

	if (target_held(s->t, now, next))
		return false;
	rc_pacer_poll_read(&s->pacer, x_sec(now), &d);
	if (d.verb == RC_PACER_WAIT && (int64_t)(d.until * 1e9) + 1 < *next)
		*next = (int64_t)(d.until * 1e9) + 1;
	return d.verb == RC_PACER_SEND;
}

static bool read_groups(struct server *s, int64_t now, int64_t *next)
{
	struct call *c;

	if (s->groups_in_flight)
		return true;
	if (s->groups_at > now) {
		if (s->groups_at < *next)
			*next = s->groups_at;
		return true;
	}
	if (!may_read(s, now, next))
		return true;
	c = call_new(s, CALL_LIST_GROUPS, 0);
	c->req.marker = rc_arena_copy(&c->mem, s->groups_marker);
	s->groups_in_flight = true;
	send_read(s, c, RC_PACER_READ, now);
	return true;
}

/* Sends the creation of one missing group; true when there was one. */
static bool make_group(struct server *s, int64_t now, int64_t *next)
{
	for (size_t i = 0; i < s->n_groups; i++) {
		struct group *g = &s->groups[i];
		struct rc_pacer_pending pending = {.updates = 1};
		struct rc_pacer_decision d;
		struct call *c;

		if (g->state != GROUP_CREATING || g->sent)
			continue;
		if (target_held(s->t, now, next))
			return true;
		rc_pacer_poll(&s->pacer, x_sec(now), &pending, &d);
		if (d.verb == RC_PACER_WAIT && (int64_t)(d.until * 1e9) + 1 < *next)
			*next = (int64_t)(d.until * 1e9) + 1;
		if (d.verb != RC_PACER_SEND)
			return true;
		c = call_new(s, CALL_GROUP_CREATE, 0);
		c->req.group = rc_arena_copy(&c->mem, g->name);
		c->group_index = i;
		if (s->t->conn->client_token) {
			rc_random_uuid(s->t->x->env.clock, c->client_token);
			c->req.client_token = c->client_token;
		}
		g->sent = true;
		send_read(s, c, RC_PACER_UPDATE, now);
		return true;
	}
	return false;
}

/* A new group may show at once or take its time. */
static int64_t group_look_at(struct server *s, int64_t now)
{
	int64_t ms = FIRST_GROUP_LOOK_MS << (s->group_looks < 6 ? s->group_looks : 6);

	s->group_looks++;
	return now + (ms < GROUP_LOOK_MS ? ms : GROUP_LOOK_MS) * RC_MS;
}

static void group_answered(struct call *c, const struct rc_answer *a)
{
	struct server *s = c->s;
	struct group *g = &s->groups[c->group_index];
	int64_t now = x_now(c->x);

	switch (a->v) {
	case V_BUSY:
	case V_THROTTLED:
	case V_QUOTA:
	case V_NOT_SENT:
	case V_AUTH:
	case V_CLOCK:
		g->sent = false; /* nothing was done: the pacer says when to try again */
		return;
	case V_OK:
	case V_EXISTS:
	case V_REREAD:
	case V_UNSURE: /* looked up, never repeated blind */
		g->state = GROUP_SETTLING;
		g->look_from = now;
		g->give_up = now + c->x->cfg->timeouts.confirm_ns;
		s->groups_known = false;
		s->group_looks = 0;
		s->groups_at = group_look_at(s, now);
		return;
	default:
		group_fail(s, g, a->code ? a->code : "rollcall.group", a->message ? a->message : "cannot be made");
	}
}

/* All pages are in: which wanted groups are there, which must be made, which never came. */
static void groups_complete(struct server *s)
{
	int64_t now = x_now(s->t->x);
	bool settling = false;

	s->groups_marker = (struct rc_slice){0};
	s->groups_read = true;
	for (size_t i = 0; i < s->n_groups; i++) {
		struct group *g = &s->groups[i];

		if (g->state == GROUP_WANTED && !s->t->cfg->create_groups)
			group_fail(s, g, "rollcall.group",
				   "is not there and create_groups is off: make it, or switch that on");
		else if (g->state == GROUP_WANTED)
			g->state = GROUP_CREATING;
		else if (g->state == GROUP_SETTLING && now >= g->give_up)
			group_fail(s, g, "rollcall.group", "was accepted but the list has not shown it");
		settling |= g->state == GROUP_SETTLING;
	}
	s->groups_known = !settling;
	if (settling)
		s->groups_at = group_look_at(s, now);
}

static void groups_answered(struct call *c, const struct rc_answer *a)
{
	struct server *s = c->s;

	s->groups_in_flight = false;
	if (a->v != V_OK) {
		if (a->v == V_REJECTED || a->v == V_TARGET || a->v == V_GONE)
			target_stop(s->t, RC_UNAVAILABLE, "groups", "target %s: the list of groups is refused: %s (%s)",
				    s->t->cfg->name, a->message ? a->message : "", a->code ? a->code : "no code");
		return;
	}
	for (size_t i = 0; i < a->n_groups; i++) {
		struct group *g = group_find(s, a->groups[i].name);

		if (!g)
			g = group_add(s, a->groups[i].name);
		g->id = rc_arena_copy(&c->x->mem, a->groups[i].id);
		g->state = GROUP_PRESENT;
	}
	if (a->next_marker.n && !rc_slice_eq(a->next_marker, s->groups_marker))
		s->groups_marker = rc_arena_copy(&c->x->mem, a->next_marker);
	else
		groups_complete(s);
}

static void begin_listing(struct server *s, int64_t now)
{
	struct rc_slice *ids = rc_xcalloc(s->n_groups + 1, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; i < s->n_groups; i++)
		if (s->groups[i].state == GROUP_PRESENT)
			ids[n++] = s->groups[i].id;
	rc_listing_done(&s->list);
	rc_listing_begin(&s->list, 0, s->t->conn->paging_needs_proof, s->t->conn->pages_are_counted, ids, n);
	s->list.began_ns = now;
	s->list_running = true;
	free(ids);
}

static bool read_list(struct server *s, int64_t now, int64_t *next)
{
	struct call *c;

	if (s->list_in_flight || !may_read(s, now, next))
		return true;
	if (!s->list_running)
		begin_listing(s, now);
	c = call_new(s, CALL_LIST_USERS, 0);
	rc_listing_next(&s->list, &c->req);
	s->list_in_flight = true;
	send_read(s, c, RC_PACER_READ, now);
	return true;
}

bool server_reads(struct server *s, int64_t now, int64_t *next)
{
	bool ending = s->t->stopped || s->t->x->stopping;
	bool in_flight = s->groups_in_flight || s->list_in_flight || s->seats_in_flight;

	if (server_dead(s))
		return in_flight;
	if (!in_flight && !s->list_asked && day_is_over(s, now, true)) { /* no call is left for what is read here */
		s->list_wanted = false;
		return false;
	}
	if (!ending && s->t->cfg->schema->has_groups && !s->groups_known && (s->groups_needed || s->list_wanted))
		return read_groups(s, now, next);
	if (!ending && make_group(s, now, next))
		return true;
	if (s->list_wanted)
		return read_list(s, now, next);
	return !ending ? seats_read(s, now, next) : s->groups_in_flight || s->seats_in_flight;
}

static void list_answered(struct call *c, const struct rc_answer *a)
{
	struct server *s = c->s;
	bool refused = a->v == V_TARGET || a->v == V_REJECTED || a->v == V_GONE || a->v == V_SPLIT;
	bool smaller = refused && rc_listing_refused(&s->list); /* the same again, in pages of the first size */

	s->list_in_flight = false;
	if (a->v == V_OK)
		rc_listing_answer(&s->list, a);
	else if (a->v == V_TARGET && !smaller)
		target_stop(s->t, RC_UNAVAILABLE, "listing", "target %s: the list of accounts is refused: %s (%s)%s%s",
			    s->t->cfg->name, a->message ? a->message : "", a->code ? a->code : "no code",
			    a->remedy ? ": " : "", a->remedy ? a->remedy : "");
	else if (refused && !smaller)
		rc_listing_fail(&s->list, a->message ? a->message : "the provider refuses a page of the list");
	if (rc_listing_may_hide(&s->list) && listing_misses(s))
		rc_listing_repeat(&s->list);
	if (s->list.state != RC_LISTING_RUNNING) {
		s->list.ended_ns = x_now(c->x);
		s->list_wanted = s->list_running = false;
		listing_ended(s);
	}
}

void read_answered(struct call *c, const struct rc_answer *a)
{
	switch (c->req.kind) {
	case CALL_LIST_GROUPS:
		groups_answered(c, a);
		break;
	case CALL_GROUP_CREATE:
		group_answered(c, a);
		break;
	case CALL_LIST_USERS:
	case CALL_LIST_GROUP_USERS:
		list_answered(c, a);
		break;
	case CALL_DISCONNECT:
		disconnect_answered(c, a);
		break;
	default:
		break;
	}
}
