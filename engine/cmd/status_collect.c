#include "engine/cmd/status.h"
#include "engine/run/pace.h"
#include <cjson/cJSON.h>

static void count_records(struct rc_view *v, uint16_t number, struct status_target *s)
{
	struct rc_walk w = {0};
	struct rc_known_brief k;

	rc_walk_known_begin(v, number, &w);
	while (rc_walk_known_brief(&w, &k)) {
		s->managed += (k.flags & RC_KNOWN_MANAGED) != 0;
		s->disabled += (k.flags & RC_KNOWN_DISABLED) != 0;
		s->locked += (k.flags & RC_KNOWN_LOCKED) != 0;
		if (k.flags & RC_KNOWN_HELD)
			s->held++;
		else
			s->by_status[k.status]++;
	}
	rc_walk_end(&w);
}

static void find_due(struct rc_view *v, uint16_t number, struct status_target *s)
{
	struct rc_walk w = {0};
	struct rc_known k;

	rc_walk_open_begin(v, number, &w);
	while (rc_walk_open(&w, &k, NULL)) {
		int64_t due = k.status == RC_KNOWN_WAITING ? k.due_at_ns : 0;

		if (due && (!s->next_due_ns || due < s->next_due_ns))
			s->next_due_ns = due;
	}
	rc_walk_end(&w);
}

static void count_target(struct rc_view *v, uint16_t number, const struct rc_target *t, struct status_target *s)
{
	struct rc_walk w = {0};
	struct rc_unmanaged u;
	struct rc_listing l;
	struct rc_known k;

	*s = (struct status_target){.name = t->name,
				    .wanted = -1,
				    .known = -1,
				    .actual = -1,
				    .drift = -1,
				    .seat_limit = -1,
				    .seats_used = -1};
	count_records(v, number, s);
	find_due(v, number, s);
	rc_walk_unmanaged_begin(v, number, &w);
	while (rc_walk_unmanaged(&w, &u))
		s->unmanaged++;
	rc_walk_end(&w);
	rc_walk_retiring_begin(v, number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k))
		s->retiring++;
	rc_walk_end(&w);
	for (size_t i = 0; i < t->n_servers; i++) {
		struct rc_slice label = t->pool ? rc_slice_str(t->servers[i].label) : (struct rc_slice){0};

		if (rc_view_listing(v, number, label, &l) && l.finished_ns > s->listed_ns)
			s->listed_ns = l.finished_ns;
	}
}

static int64_t number_at(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsNumber(v) ? (int64_t)v->valuedouble : -1;
}

/* The books of the last run, from the summary that it left in the state. */
static void read_summary(struct rc_opened *o, struct status *st)
{
	struct rc_run run;
	cJSON *doc;
	const cJSON *all;

	if (!st->marks.attempt_run.n || !rc_view_run(o->view, st->marks.attempt_run, &run) || !run.json.n)
		return;
	doc = cJSON_ParseWithLength(run.json.p, run.json.n);
	all = cJSON_GetObjectItemCaseSensitive(doc, "targets");
	for (size_t i = 0; i < o->cfg->n_targets; i++) {
		struct status_target *t = &st->targets[i];
		const cJSON *s = cJSON_GetObjectItemCaseSensitive(all, t->name), *seats;
		const char *by = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s, "stopped_by"));

		seats = cJSON_GetObjectItemCaseSensitive(s, "seats");
		t->wanted = number_at(s, "wanted");
		t->known = number_at(s, "known");
		t->actual = number_at(s, "actual");
		t->drift = number_at(s, "drift");
		t->seat_limit = number_at(seats, "limit");
		t->seats_used = number_at(seats, "used");
		t->stopped_by = by ? rc_arena_strdup(&o->mem, by) : NULL;
	}
	cJSON_Delete(doc);
}

static void find_killed(struct rc_opened *o, struct status *st)
{
	struct rc_walk w = {0};
	struct rc_run run;

	rc_walk_runs_begin(o->view, &w);
	while (rc_walk_runs(&w, &run)) {
		struct rc_slice *more;

		if (run.finished_ns || (st->running && rc_slice_eqs(run.run_id, st->holder.run_id)))
			continue;
		more = rc_arena_alloc(&o->mem, (st->n_killed + 1) * sizeof(*more));
		if (st->n_killed)
			memcpy(more, st->killed, st->n_killed * sizeof(*more));
		more[st->n_killed++] = rc_arena_copy(&o->mem, run.run_id);
		st->killed = more;
	}
	rc_walk_end(&w);
}

void status_collect(struct rc_opened *o, int64_t now_ns, struct status *ret)
{
	const struct rc_config *cfg = o->cfg;
	int64_t today = now_ns / RC_DAY;

	*ret = (struct status){.marks = {.attempt_exit = -1}, .now_ns = now_ns};
	ret->targets = rc_arena_zalloc(&o->mem, cfg->n_targets * sizeof(*ret->targets));
	ret->sources = rc_arena_zalloc(&o->mem, cfg->n_sources * sizeof(*ret->sources));
	rc_view_marks(o->view, &ret->marks);
	rc_view_pause(o->view, &ret->pause);
	ret->unsettled = rc_view_op_count(o->view);
	ret->running = rc_lock_held(cfg->state, &ret->holder);
	find_killed(o, ret);
	for (size_t i = 0; i < cfg->n_freeze; i++)
		if (today >= cfg->freeze[i].first_day && today <= cfg->freeze[i].last_day)
			ret->frozen = cfg->freeze[i].text;
	for (size_t i = 0; i < cfg->n_targets; i++) {
		count_target(o->view, o->numbers[i], &cfg->targets[i], &ret->targets[i]);
		ret->targets[i].learned = rc_pace_target(o->view, &cfg->targets[i], NULL);
	}
	read_summary(o, ret);
	for (size_t i = 0; i < cfg->n_sources; i++) {
		struct status_source *s = &ret->sources[i];

		s->name = cfg->sources[i].files.n ? cfg->sources[i].files.v[0] : cfg->sources[i].command.v[0];
		s->applied = rc_view_source(o->view, (uint16_t)i, &o->mem, &s->facts);
	}
}
