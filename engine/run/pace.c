#include "engine/run/pace.h"
#include "engine/run/carry.h"
#include <stdio.h>
#include <stdlib.h>

#define WEEK_NS (7 * 86400 * RC_SECOND)
#define DAY_NS (86400 * RC_SECOND)
enum { CALLS_AHEAD = 100 }; /* at most */

bool rc_pace_rate(struct rc_view *v, const struct rc_target *t, size_t server, struct rc_rate *ret)
{
	struct rc_buf account = {0};
	bool found;

	*ret = (struct rc_rate){0};
	rc_exec_account(t, &account);
	found = rc_view_rate(v, rc_buf_slice(&account), rc_slice_str(t->servers[server].id), ret);
	rc_buf_done(&account);
	return found && ret->users_per_s > 0;
}

double rc_pace_start(const struct rc_rate *rate, int64_t now_wall_ns)
{
	return now_wall_ns - rate->learned_ns > WEEK_NS ? rate->users_per_s / 2 : rate->users_per_s;
}

double rc_pace_target(struct rc_view *v, const struct rc_target *t, int64_t *ret_learned_ns)
{
	double sum = 0;
	int64_t oldest = 0;

	for (size_t i = 0; i < t->n_servers; i++) {
		struct rc_rate rate;

		if (!rc_pace_rate(v, t, i, &rate))
			continue;
		sum += rate.users_per_s;
		if (!oldest || rate.learned_ns < oldest)
			oldest = rate.learned_ns;
	}
	if (ret_learned_ns)
		*ret_learned_ns = oldest;
	return sum;
}

/* ---- the day's calls: "DAY USED", the day as days since 1970 */

static struct rc_slice day_name(const struct run_target *t, char buf[40])
{
	int n = snprintf(buf, 40, "calls-of-day/%u", t->number);

	return (struct rc_slice){buf, (size_t)n};
}

static uint64_t day_used(const struct run *r, const struct run_target *t, int64_t day)
{
	char name[40], text[64];
	struct rc_slice value;
	long long of = 0;
	unsigned long long used = 0;

	if (!rc_view_note(r->view, day_name(t, name), &value) || value.n >= sizeof(text))
		return 0;
	memcpy(text, value.p, value.n);
	text[value.n] = 0;
	if (sscanf(text, "%lld %llu", &of, &used) != 2 || of != day)
		return 0;
	return used;
}

static void store_day(struct run *r, struct run_target *t, uint64_t used)
{
	char name[40], text[64];
	int n = snprintf(text, sizeof(text), "%lld %llu", (long long)(rc_wall_ns(r->clock) / DAY_NS),
			 (unsigned long long)used);

	rc_writer_note(r->writer, day_name(t, name), (struct rc_slice){text, (size_t)n});
	t->calls_stored = used;
}

static bool counts_days(const struct run *r, const struct run_target *t)
{
	return t->cfg->pace.max_requests_per_day && r->writer && !r->scratch;
}

/* Ahead of the calls by some, so that a killed run has counted them; at the end by none. */
static void keep_day(struct run *r, size_t target, bool end)
{
	struct run_target *t = &r->targets[target];
	struct rc_exec_target_result res;
	uint64_t ahead = t->cfg->pace.max_requests_per_day / 20 + 1, used;

	if (!counts_days(r, t))
		return;
	ahead = end ? 0 : ahead < CALLS_AHEAD ? ahead : CALLS_AHEAD;
	rc_exec_target_result(r->exec, target, &res);
	used = res.calls_today;
	if (end ? used != t->calls_stored : used + ahead / 2 >= t->calls_stored || used + 2 * ahead < t->calls_stored)
		store_day(r, t, used + ahead);
}

/* ---- rates */

static void begin_server(struct run *r, size_t target, size_t server)
{
	struct run_target *t = &r->targets[target];
	struct rc_rate rate;

	if (!rc_pace_rate(r->view, t->cfg, server, &rate))
		return;
	t->servers[server].users_per_s = rate.users_per_s;
	rc_exec_learned(r->exec, target, server, rc_pace_start(&rate, r->started_ns));
}

/* A rate is worth keeping after three full-to-full cycles. */
static void keep_rate(struct run *r, size_t target, size_t server)
{
	struct run_server *s = &r->targets[target].servers[server];
	struct rc_rate rate = {.learned_ns = rc_wall_ns(r->clock)};
	const struct rc_target *t = r->targets[target].cfg;
	struct rc_buf account = {0};
	struct rc_pacer_view v;

	rc_exec_look(r->exec, target, server, &v);
	if (!v.learned)
		return;
	s->users_per_s = rate.users_per_s = v.learned_users_per_s;
	s->rate_kept = true;
	if (!r->writer || r->scratch)
		return;
	rc_exec_account(t, &account);
	rc_writer_rate(r->writer, rc_buf_slice(&account), rc_slice_str(t->servers[server].id), &rate);
	rc_buf_done(&account);
}

/* ---- seats: "LIMIT" */

static struct rc_slice seats_name(uint16_t number, const struct rc_target *t, size_t server, char buf[200])
{
	int n = snprintf(buf, 200, "seats/%u/%.150s", number, t->servers[server].id);

	return (struct rc_slice){buf, (size_t)n};
}

bool rc_pace_seat_limit(struct rc_view *v, uint16_t number, const struct rc_target *t, size_t server,
			int64_t *ret_limit)
{
	char name[200], text[32];
	struct rc_slice value;
	long long limit = 0;

	if (!rc_view_note(v, seats_name(number, t, server, name), &value) || value.n >= sizeof(text))
		return false;
	memcpy(text, value.p, value.n);
	text[value.n] = 0;
	if (sscanf(text, "%lld", &limit) != 1 || limit < 0)
		return false;
	*ret_limit = limit;
	return true;
}

/* Accounts on the only server of a target, as the snapshot has them; a pool's are known once it is listed. */
static int64_t accounts_known(const struct run *r, const struct run_target *t)
{
	struct rc_walk w = {0};
	struct rc_unmanaged u;
	int64_t n = (int64_t)rc_view_known_count(r->view, t->number, true);

	if (t->cfg->n_servers != 1)
		return -1;
	rc_walk_unmanaged_begin(r->view, t->number, &w);
	while (rc_walk_unmanaged(&w, &u))
		n++;
	rc_walk_end(&w);
	return n;
}

static void begin_seats(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	int64_t used = -1;

	for (size_t s = 0; s < t->cfg->n_servers; s++) {
		int64_t limit = -1;

		if (rc_pace_seat_limit(r->view, t->number, t->cfg, s, &limit) || t->cfg->servers[s].seats)
			used = used < 0 ? accounts_known(r, t) : used;
		rc_exec_seats(r->exec, target, s, limit, used);
	}
}

static void keep_seats(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];

	for (size_t s = 0; s < t->cfg->n_servers && r->writer && !r->scratch; s++) {
		int64_t limit, used, before = -1;
		char name[200], text[32];

		rc_exec_seats_known(r->exec, target, s, &limit, &used);
		if (limit < 0 || t->cfg->servers[s].seats ||
		    (r->view && rc_pace_seat_limit(r->view, t->number, t->cfg, s, &before) && before == limit))
			continue;
		snprintf(text, sizeof(text), "%lld", (long long)limit);
		rc_writer_note(r->writer, seats_name(t->number, t->cfg, s, name), rc_slice_str(text));
	}
}

void run_pace_begin(struct run *r)
{
	int64_t day = r->started_ns / DAY_NS, left = (day + 1) * DAY_NS - r->started_ns;

	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct run_target *t = &r->targets[i];

		for (size_t s = 0; r->view && s < t->cfg->n_servers; s++)
			begin_server(r, i, s);
		if (r->view)
			begin_seats(r, i);
		if (t->cfg->pace.max_requests_per_day && r->view)
			t->calls_stored = day_used(r, t, day);
		rc_exec_day(r->exec, i, t->calls_stored, r->started_mono + left);
	}
}

void run_pace_tick(struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		keep_day(r, i, false);
		for (size_t s = 0; s < r->targets[i].cfg->n_servers; s++)
			if (!r->targets[i].servers[s].rate_kept)
				keep_rate(r, i, s); /* a run that is killed later has still learned */
	}
}

void run_pace_end(struct run *r)
{
	for (size_t i = 0; r->exec && i < r->cfg->n_targets; i++) {
		keep_day(r, i, true);
		keep_seats(r, i);
		for (size_t s = 0; s < r->targets[i].cfg->n_servers; s++)
			keep_rate(r, i, s);
	}
}

double run_pace_learned(const struct run *r, size_t target)
{
	double sum = 0;

	for (size_t s = 0; s < r->targets[target].cfg->n_servers; s++)
		sum += r->targets[target].servers[s].users_per_s;
	return sum;
}
