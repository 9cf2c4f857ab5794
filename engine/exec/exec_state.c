/* What the executor tells about itself: results, progress, pacing. */
#include "engine/exec/exec_int.h"
#include <math.h>
#include <stdio.h>

static void add_counts(struct rc_pacer_counts *to, const struct rc_pacer_counts *from)
{
	to->calls += from->calls;
	to->accepted += from->accepted;
	to->accepted_users += from->accepted_users;
	to->busy += from->busy;
	to->throttled += from->throttled;
	to->quota += from->quota;
	to->rejected += from->rejected;
	to->errors += from->errors;
	to->timeouts += from->timeouts;
}

/* A sum over servers that is known as soon as one of them is. */
static void add_known(int64_t *sum, int64_t n)
{
	if (n >= 0)
		*sum = (*sum < 0 ? 0 : *sum) + n;
}

void rc_exec_target_result(const struct rc_exec *x, size_t target, struct rc_exec_target_result *ret)
{
	const struct target *t = &x->targets[target];
	double now = x_sec(x_now(x));

	*ret = (struct rc_exec_target_result){.code = t->stopped ? t->code : RC_OK,
					      .stopped_by = t->stopped ? t->stopped_by : NULL,
					      .seat_limit = -1,
					      .seats_used = -1};
	if (!t->stopped && ((t->tried && !t->taken) || (t->writes_tried && !t->writes_taken)))
		ret->code = RC_UNAVAILABLE;
	snprintf(ret->why, sizeof(ret->why), "%s", t->why);
	if (ret->code && !t->stopped && trouble_of(t))
		snprintf(ret->why, sizeof(ret->why), "target %s: %s accepted nothing: %s", t->cfg->name,
			 t->cfg->endpoint, trouble_of(t));
	for (size_t i = 0; i < t->n_servers; i++) {
		struct rc_pacer_view v;

		rc_pacer_look(&t->servers[i].pacer, now, &v);
		add_counts(&ret->counts, v.counts);
		ret->seats_waiting += t->servers[i].waiting;
		add_known(&ret->seat_limit, t->servers[i].seat_limit);
		add_known(&ret->seats_used, t->servers[i].seats_used);
	}
	ret->waited_s = x_sec(t->held_ns);
	ret->day_over = t->day_over;
	ret->calls_today = t->ceiling.day_used;
}

static void note_wait(const struct server *s, const struct rc_pacer_view *v, double now, struct rc_exec_progress *ret)
{
	if (v->reason == RC_PACER_WAIT_NONE || v->reason == RC_PACER_WAIT_PACE ||
	    v->reason == RC_PACER_WAIT_IN_FLIGHT || !server_queued(s) || !isfinite(v->until) ||
	    v->until - now <= ret->wait_s)
		return;
	ret->wait_s = v->until - now;
	ret->reason = v->reason;
}

void rc_exec_progress(const struct rc_exec *x, struct rc_exec_progress *ret)
{
	double now = x_sec(x_now(x));
	bool queued = false;

	*ret = (struct rc_exec_progress){.total = x->total,
					 .done = x->done,
					 .failed = x->failed,
					 .deferred = x->deferred,
					 .in_flight = x->in_flight};
	for (size_t i = 0; i < x->n_targets; i++)
		for (size_t j = 0; j < x->targets[i].n_servers; j++) {
			const struct server *s = &x->targets[i].servers[j];
			bool writes = server_queued(s) && !only_parked(s);
			struct rc_pacer_view v;
			double look = 0; /* goes through all that was accepted: only when that is what is waited for */

			rc_pacer_look(&s->pacer, now, &v);
			if (s->accepted.n && !s->list_running && !writes)
				look = x_sec(look_at(s)) - now;
			ret->busy += v.counts->busy;
			ret->throttled += v.counts->throttled;
			ret->accepted += s->accepted.n;
			if (v.parked)
				ret->parked += s->q[RC_CLASS_CREATE].n;
			note_wait(s, &v, now, ret);
			queued |= writes;
			if (look > ret->look_s)
				ret->look_s = look;
		}
	ret->phase = x->stopping ? RC_EXEC_DRAIN : ret->accepted && !queued ? RC_EXEC_CONFIRM : RC_EXEC_WRITE;
}

void rc_exec_look(const struct rc_exec *x, size_t target, size_t server, struct rc_pacer_view *ret)
{
	rc_pacer_look(&x->targets[target].servers[server].pacer, x_sec(x_now(x)), ret);
}
