/* list: who has access, or had it at the end of a day; from the snapshot and the history, offline. Target by target,
 * and there by key, then name; accounts of nobody come last. */
#include "engine/action.h"
#include "engine/base/clock.h"
#include "engine/cmd/list_row.h"
#include "engine/cmd/list_sort.h"
#include "engine/cmd/opened.h"
#include "engine/map/dates.h"
#include "engine/store/history.h"
#include <stdio.h>

enum { PRINT_BYTES = 1 << 16, SORT_BYTES = 16 << 20 };

struct listing {
	struct rc_cli *c;
	struct rc_opened *o;
	struct list_sort *sort;
	struct rc_buf out, key, line;
	bool json;
	int code; /* of writing */
};

/* Words of --status beside those of the report: `active` is whoever has access, `all` is everybody. */
static const char *const own_words[] = {"active", "all",      "parked",   "held",    "disabled",
					"locked", "filtered", "rejected", "retiring"};

static bool is_word(struct rc_slice w)
{
	char text[32];

	for (size_t i = 0; i < sizeof(own_words) / sizeof(*own_words); i++)
		if (rc_slice_eqs(w, own_words[i]))
			return true;
	snprintf(text, sizeof(text), "%.*s", w.n < 31 ? (int)w.n : 31, w.p);
	return rc_status_find(text) >= 0;
}

/* The next word of a list with commas; false at its end. */
static bool next_word(const char **at, struct rc_slice *ret)
{
	size_t n = *at ? strcspn(*at, ",") : 0;

	if (!*at || (!n && !**at))
		return false;
	*ret = (struct rc_slice){*at, n};
	*at += n;
	*at = **at ? *at + 1 : NULL;
	return true;
}

static enum rc_code check_words(const char *list, struct rc_err *err)
{
	struct rc_slice w;

	for (const char *at = list; next_word(&at, &w);)
		if (!is_word(w))
			return rc_fail(err, RC_USAGE,
				       "--status %.*s: one of active, all, parked, held, disabled, locked, filtered, "
				       "rejected, retiring, or a status of the report",
				       (int)w.n, w.p);
	return RC_OK;
}

/* Without --status: whoever has access. The report's words take in the finer ones. */
static bool asked_for(const struct rc_cli *c, const char *status, bool access)
{
	struct rc_slice w;

	if (!c->status)
		return access;
	for (const char *at = c->status; next_word(&at, &w);)
		if (rc_slice_eqs(w, status) || rc_slice_eqs(w, "all") || (access && rc_slice_eqs(w, "active")) ||
		    (rc_slice_eqs(w, "deferred") && strcmp(status, "parked") == 0) ||
		    (rc_slice_eqs(w, "skipped") && (strcmp(status, "held") == 0 || strcmp(status, "rejected") == 0)))
			return true;
	return false;
}

static void flush(struct listing *l, size_t least)
{
	if (!l->code && l->out.n >= least)
		l->code = rc_cli_print(rc_buf_slice(&l->out));
	if (l->out.n >= least)
		rc_buf_clear(&l->out);
}

/* Where people connect to: the config says it, for each server of a pool. */
static const char *address_of(const struct listing *l, const struct list_row *r)
{
	const struct rc_target *t = rc_config_target(l->o->cfg, r->target);

	for (size_t i = 0; t && t->pool && i < t->n_servers; i++)
		if (rc_slice_eqs(r->server, t->servers[i].label))
			return t->servers[i].address;
	return NULL;
}

static void put(struct listing *l, struct list_row *r, bool access)
{
	r->address = address_of(l, r);
	if (!asked_for(l->c, r->status, access))
		return;
	rc_buf_clear(&l->key);
	rc_buf_addc(&l->key, r->key.n ? 'k' : 'u');
	rc_buf_addslice(&l->key, r->key);
	rc_buf_addc(&l->key, 0);
	rc_buf_addslice(&l->key, r->name);
	rc_buf_clear(&l->line);
	if (l->json)
		list_row_json(&l->line, r);
	else
		list_row_csv(&l->line, r);
	list_sort_add(l->sort, rc_buf_slice(&l->key), rc_buf_slice(&l->line));
}

static bool print_line(void *ctx, struct rc_slice line)
{
	struct listing *l = ctx;

	rc_buf_addslice(&l->out, line);
	flush(l, PRINT_BYTES);
	return !l->code;
}

static const char *source_name(const struct rc_config *cfg, uint16_t i)
{
	if (i >= cfg->n_sources)
		return NULL;
	return cfg->sources[i].files.n ? cfg->sources[i].files.v[0] : cfg->sources[i].command.v[0];
}

static const char *status_of(const struct rc_known *k)
{
	return k->flags & RC_KNOWN_HELD        ? "held"
	       : k->flags & RC_KNOWN_DISABLED  ? "disabled"
	       : k->flags & RC_KNOWN_LOCKED    ? "locked"
	       : k->status == RC_KNOWN_SETTLED ? "done"
					       : rc_known_status_name(k->status);
}

static struct list_row row_of(const struct listing *l, const struct rc_target *t, const struct rc_known *k)
{
	return (struct list_row){.target = t->name,
				 .key = k->key,
				 .name = k->name,
				 .server = k->server,
				 .status = status_of(k),
				 .since_ns = k->created_at_ns,
				 .due_ns = k->due_at_ns,
				 .source = source_name(l->o->cfg, k->source),
				 .reason = k->reason.n          ? k->reason
					   : k->error_message.n ? k->error_message
								: k->error_code};
}

static void list_now(struct listing *l, size_t i)
{
	const struct rc_target *t = &l->o->cfg->targets[i];
	uint16_t number = l->o->numbers[i];
	struct rc_walk w = {0};
	struct rc_unmanaged u;
	struct rc_known k;

	rc_walk_known_begin(l->o->view, number, &w);
	while (rc_walk_known(&w, &k, NULL)) {
		struct list_row r = row_of(l, t, &k);

		put(l, &r, k.flags & RC_KNOWN_MANAGED && !(k.flags & (RC_KNOWN_DISABLED | RC_KNOWN_LOCKED)));
	}
	rc_walk_end(&w);
	rc_walk_retiring_begin(l->o->view, number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		struct list_row r = row_of(l, t, &k);

		r.status = "retiring";
		r.reason = RC_SLICE("the old account of a changed name");
		put(l, &r, !(k.flags & RC_KNOWN_DISABLED));
	}
	rc_walk_end(&w);
	rc_walk_unmanaged_begin(l->o->view, number, &w);
	while (rc_walk_unmanaged(&w, &u)) {
		struct list_row r = {.target = t->name, .name = u.name, .server = u.server, .status = "unmanaged"};

		r.reason = RC_SLICE("not managed by rollcall");
		put(l, &r, false);
	}
	rc_walk_end(&w);
}

/* What the events of one person up to a moment come to. */
struct past {
	struct rc_event last;
	int64_t since_ns;
	bool any;
};

static void past_take(struct past *p, const struct rc_event *e)
{
	bool removes = e->action == RC_ACT_DELETE || e->action == RC_ACT_DISABLE || e->action == RC_ACT_LOCK;

	if (p->any && e->access && removes)
		return; /* the old account of a changed name went, or could not: the person is who they were */
	if (e->access && !(p->any && p->last.access))
		p->since_ns = e->at_ns;
	p->last = *e;
	p->any = true;
}

static void past_put(struct listing *l, const struct rc_target *t, const struct past *p)
{
	struct list_row r = {.target = t->name,
			     .key = p->last.key,
			     .name = p->last.name,
			     .server = p->last.server,
			     .status = "done",
			     .since_ns = p->since_ns};

	if (p->any && p->last.access)
		put(l, &r, true);
}

/* Records older than what the history remembers of them: they had access all along. */
static void list_silent(struct listing *l, size_t i, int64_t end_ns)
{
	const struct rc_target *t = &l->o->cfg->targets[i];
	struct rc_walk w = {0};
	struct rc_known k;

	rc_walk_known_begin(l->o->view, l->o->numbers[i], &w);
	while (rc_walk_known(&w, &k, NULL)) {
		struct rc_walk events = {0};
		struct rc_event e;
		bool told;

		if (!(k.flags & RC_KNOWN_MANAGED) || !k.created_at_ns || k.created_at_ns >= end_ns)
			continue;
		rc_walk_history_begin(l->o->view, l->o->numbers[i], k.key, &events);
		told = rc_walk_history(&events, &e) && e.at_ns < end_ns;
		rc_walk_end(&events);
		if (!told) {
			struct list_row r = row_of(l, t, &k);

			r.status = "done";
			r.due_ns = 0;
			r.reason = (struct rc_slice){0};
			put(l, &r, true);
		}
	}
	rc_walk_end(&w);
}

static void list_then(struct listing *l, size_t i, int64_t end_ns)
{
	const struct rc_target *t = &l->o->cfg->targets[i];
	struct rc_walk w = {0};
	struct past p = {0};
	struct rc_event e;

	rc_walk_history_begin(l->o->view, l->o->numbers[i], (struct rc_slice){0}, &w);
	while (rc_walk_history(&w, &e)) {
		if (p.any && !rc_slice_eq(p.last.key, e.key)) {
			past_put(l, t, &p);
			p = (struct past){0};
		}
		if (e.at_ns < end_ns)
			past_take(&p, &e);
	}
	rc_walk_end(&w);
	past_put(l, t, &p);
	list_silent(l, i, end_ns);
}

/* The end of the day in the zone of the first source. */
static enum rc_code end_of_day(const struct rc_config *cfg, const char *text, int64_t *ret, struct rc_err *err)
{
	struct rc_zone *zone = NULL;
	struct rc_date d;
	enum rc_code code = rc_zone_open(cfg->sources[0].timezone, &zone, err);

	if (!code && (rc_date_read(rc_slice_str(text), NULL, zone, &d, NULL) || d.kind != RC_DATE_DAY))
		code = rc_fail(err, RC_USAGE, "--at %s: write a day such as 2026-03-31", text);
	if (!code && rc_zone_day_start_ns(zone, d.day) > rc_wall_ns(&rc_clock_system))
		code = rc_fail(err, RC_USAGE, "--at %s: that day has not begun", text);
	if (!code)
		*ret = rc_zone_day_start_ns(zone, d.day + 1);
	rc_zone_free(zone);
	return code;
}

static bool target_asked(const struct rc_cli *c, const char *name)
{
	bool in = c->run.n_targets == 0;

	for (size_t i = 0; i < c->run.n_targets && !in; i++)
		in = strcmp(c->targets[i], name) == 0;
	return in;
}

static enum rc_code check_targets(const struct rc_cli *c, const struct rc_config *cfg, struct rc_err *err)
{
	for (size_t i = 0; i < c->run.n_targets; i++)
		if (!rc_config_target(cfg, c->targets[i]))
			return rc_fail(err, RC_USAGE, "--target %s: the config has no such target", c->targets[i]);
	return RC_OK;
}

static void list_target(struct listing *l, size_t i, int64_t end_ns)
{
	struct rc_err err;

	if (l->c->at)
		list_then(l, i, end_ns);
	else
		list_now(l, i);
	if (list_sort_end(l->sort, print_line, l, &err))
		l->code = rc_cli_fail(&err);
}

static int list_all(struct rc_cli *c, struct rc_opened *o)
{
	struct listing l = {.c = c, .o = o, .json = c->format && strcmp(c->format, "jsonl") == 0};
	struct rc_err err;
	int64_t end_ns = 0;

	if (check_targets(c, o->cfg, &err) || (c->at && end_of_day(o->cfg, c->at, &end_ns, &err)))
		return rc_cli_fail(&err);
	if (!l.json)
		list_row_header(&l.out);
	l.sort = list_sort_new(SORT_BYTES);
	for (size_t i = 0; i < o->cfg->n_targets && !l.code; i++)
		if (target_asked(c, o->cfg->targets[i].name))
			list_target(&l, i, end_ns);
	flush(&l, 0);
	list_sort_free(l.sort);
	rc_buf_done(&l.out);
	rc_buf_done(&l.key);
	rc_buf_done(&l.line);
	return l.code;
}

int rc_cmd_list(struct rc_cli *c)
{
	struct rc_opened o;
	struct rc_err err;
	int out;

	if (c->format && strcmp(c->format, "csv") != 0 && strcmp(c->format, "jsonl") != 0) {
		rc_fail(&err, RC_USAGE, "--format %s: csv or jsonl", c->format);
		return rc_cli_fail(&err);
	}
	if (c->status && check_words(c->status, &err))
		return rc_cli_fail(&err);
	out = rc_open_read(c, &o);
	return rc_opened_done(&o, out ? out : list_all(c, &o));
}
