/* Reading: users, groups and servers, page by page. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/fault.h"
#include "tests/simulator/huawei.h"

static void id_json(struct sim_call *c, const char *id)
{
	char other[SIM_ID_SIZE];

	if (c->rule && c->rule->fault.wrong_ids) {
		sim_world_id(c->w, other, true);
		id = other;
	}
	sim_buf_json(&c->reply->body, id);
}

void sim_huawei_user_json(struct sim_call *c, const struct sim_user *u, const struct sim_change *pending)
{
	const char *description = pending && pending->set_description ? pending->description : u->description;
	const char *static_ip = pending && pending->set_static_ip ? pending->static_ip : u->static_ip;
	const struct sim_group *g = pending && pending->set_group ? pending->group : u->group;
	struct sim_buf *b = &c->reply->body;

	sim_buf_text(b, "{\"id\":");
	id_json(c, u->id);
	sim_buf_text(b, ",\"name\":");
	sim_buf_json(b, u->name);
	sim_buf_text(b, ",\"description\":");
	sim_buf_json(b, description);
	sim_buf_text(b, ",\"user_group_id\":");
	sim_buf_json(b, g ? g->id : NULL);
	sim_buf_text(b, ",\"user_group_name\":");
	sim_buf_json(b, g ? g->name : NULL);
	sim_buf_text(b, ",\"static_ip\":");
	sim_buf_json(b, static_ip ? static_ip : "disable");
	sim_huawei_time(c, "created_at", u->created_ms);
	sim_huawei_time(c, "updated_at", pending ? pending->wall_ms : u->updated_ms);
	sim_buf_char(b, '}');
}

static void member_json(struct sim_call *c, const struct sim_user *u)
{
	struct sim_buf *b = &c->reply->body;

	sim_buf_text(b, "{\"id\":");
	id_json(c, u->id);
	sim_buf_text(b, ",\"name\":");
	sim_buf_json(b, u->name);
	sim_buf_text(b, ",\"description\":");
	sim_buf_json(b, u->description);
	sim_buf_char(b, '}');
}

void sim_huawei_group_json(struct sim_call *c, const struct sim_group *g, const struct sim_change *pending)
{
	struct sim_buf *b = &c->reply->body;

	sim_buf_text(b, "{\"id\":");
	id_json(c, g->id);
	sim_buf_text(b, ",\"name\":");
	sim_buf_json(b, pending && pending->name ? pending->name : g->name);
	sim_buf_text(b, ",\"description\":");
	sim_buf_json(b, pending && pending->set_description ? pending->description : g->description);
	sim_buf_printf(b, ",\"type\":\"%s\",\"user_number\":%zu", g->is_default ? "Default" : "Custom", g->members);
	sim_huawei_time(c, "created_at", g->created_ms);
	sim_huawei_time(c, "updated_at", pending ? pending->wall_ms : g->updated_ms);
	sim_buf_char(b, '}');
}

struct page {
	uint64_t limit;
	bool has_marker;
	int64_t marker_ms;
	const void **rows; /* of this page */
	size_t count;
	bool more;
	int64_t last_ms; /* created_at of the last row */
};

static bool page_read(struct sim_call *c, struct page *p)
{
	struct sim_params params;
	struct sim_str limit, marker;
	bool ok = true;

	*p = (struct page){.limit = c->w->settings.page_default};
	sim_params_read(&params, c->req->query, SIM_STR(""));
	limit = sim_params_get(&params, "limit");
	marker = sim_params_get(&params, "marker");
	if (limit.p && (!sim_number_read(limit, c->w->settings.page_max, &p->limit) || !p->limit))
		ok = sim_huawei_invalid(c, "limit must be between 1 and %" PRIu64, c->w->settings.page_max);
	else if (marker.n && !limit.p)
		ok = sim_huawei_invalid(c, "marker needs limit");
	else if (marker.n && !sim_time_read(marker, &p->marker_ms))
		ok = sim_huawei_invalid(c, "marker is not valid");
	p->has_marker = marker.n;
	sim_params_done(&params);
	if (ok)
		p->rows = sim_alloc((p->limit + 1) * sizeof(*p->rows));
	return ok;
}

/* True while the page takes rows. */
static bool page_add(struct page *p, const void *row, int64_t created_ms)
{
	if (p->count == p->limit) {
		p->more = true;
		return false;
	}
	p->rows[p->count++] = row;
	p->last_ms = created_ms;
	return true;
}

static void page_end(struct sim_call *c, struct page *p, size_t total)
{
	char marker[SIM_TIME_SIZE];

	sim_buf_printf(&c->reply->body, "],\"total_count\":%zu,\"page_info\":{\"next_marker\":", total);
	sim_time_text(marker, p->last_ms, c->w->settings.time_fraction);
	sim_buf_json(&c->reply->body, p->more ? marker : NULL);
	sim_buf_printf(&c->reply->body, ",\"current_count\":%zu}", p->count);
	sim_huawei_accept(c, 200);
	free(p->rows);
}

static void users_page(struct sim_call *c, const struct sim_group *group)
{
	const struct sim_server *s = c->server;
	struct page page;
	size_t at = 0;

	if (!page_read(c, &page))
		return;
	if (page.has_marker)
		at = sim_server_order_from(s, page.marker_ms, c->w->settings.paging_from);
	for (; at < s->order_count; at++) {
		const struct sim_user *u = s->order[at];

		if (u && u->visible && (!group || u->group == group) && !page_add(&page, u, u->created_ms))
			break;
	}
	sim_fault_disturb(c, page.rows, page.count);
	sim_buf_text(&c->reply->body, "{\"users\":[");
	for (size_t i = 0; i < page.count; i++) {
		if (i)
			sim_buf_char(&c->reply->body, ',');
		if (group)
			member_json(c, page.rows[i]);
		else
			sim_huawei_user_json(c, page.rows[i], NULL);
	}
	page_end(c, &page, group ? group->members : s->visible);
}

void sim_huawei_list_users(struct sim_call *c)
{
	users_page(c, NULL);
}

void sim_huawei_list_group_users(struct sim_call *c)
{
	const struct sim_group *g = sim_server_group_shown(c->server, c->group_id);

	if (g)
		users_page(c, g);
	else
		sim_huawei_not_found(c, "user group");
}

void sim_huawei_list_groups(struct sim_call *c)
{
	const struct sim_server *s = c->server;
	bool from = c->w->settings.paging_from;
	struct page page;

	if (!page_read(c, &page))
		return;
	for (size_t i = 0; i < s->group_count; i++) {
		const struct sim_group *g = s->groups[i];

		if (!g->visible ||
		    (page.has_marker && (from ? g->created_ms < page.marker_ms : g->created_ms <= page.marker_ms)))
			continue;
		if (!page_add(&page, g, g->created_ms))
			break;
	}
	sim_fault_disturb(c, page.rows, page.count);
	sim_buf_text(&c->reply->body, "{\"user_groups\":[");
	for (size_t i = 0; i < page.count; i++) {
		if (i)
			sim_buf_char(&c->reply->body, ',');
		sim_huawei_group_json(c, page.rows[i], NULL);
	}
	page_end(c, &page, s->visible_groups);
}

void sim_huawei_show_user(struct sim_call *c)
{
	const struct sim_user *u = sim_server_user_shown(c->server, c->user_id);

	if (!u) {
		sim_huawei_not_found(c, "user");
		return;
	}
	sim_buf_text(&c->reply->body, "{\"user\":");
	sim_huawei_user_json(c, u, NULL);
	sim_huawei_accept(c, 200);
}

void sim_huawei_show_group(struct sim_call *c)
{
	const struct sim_group *g = sim_server_group_shown(c->server, c->group_id);

	if (!g) {
		sim_huawei_not_found(c, "user group");
		return;
	}
	sim_buf_text(&c->reply->body, "{\"user_group\":");
	sim_huawei_group_json(c, g, NULL);
	sim_huawei_accept(c, 200);
}

void sim_huawei_list_servers(struct sim_call *c)
{
	bool first = true;

	sim_buf_text(&c->reply->body, "{\"vpn_servers\":[");
	for (size_t i = 0; i < c->w->server_count; i++) {
		const struct sim_server *s = c->w->server_list[i];

		if (s->provider != SIM_HUAWEI || !sim_str_is(c->project, s->project))
			continue;
		if (!first)
			sim_buf_char(&c->reply->body, ',');
		first = false;
		sim_buf_text(&c->reply->body, "{\"id\":");
		sim_buf_json(&c->reply->body, s->id);
		sim_buf_text(&c->reply->body, ",\"client_auth_type\":\"LOCAL_PASSWORD\",\"status\":\"ACTIVE\"}");
	}
	sim_buf_char(&c->reply->body, ']');
	sim_huawei_accept(c, 200);
}
