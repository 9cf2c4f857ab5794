/* plan --rebalance: moves off a draining server, or onto one with room. A move is a rename that keeps the name: the new
 * account is made and confirmed, then the old one retired. */
#include "engine/run/decide_int.h"
#include "engine/run/pool.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <stdio.h>
#include <stdlib.h>

struct mover {
	size_t pending; /* index of the person's row that says "nothing to do" */
	size_t server;
	struct rc_slice key;
	bool moved;
};

struct moves {
	struct run *r;
	size_t target, at; /* at: the server of the option */
	struct mover *v;   /* by server, then key */
	size_t n, moved, stuck;
	uint64_t cap;
};

enum rc_code run_rebalance_check(const struct run *r, struct rc_err *err)
{
	for (size_t i = 0; r->opts->rebalance && i < r->cfg->n_targets; i++)
		if (r->targets[i].selected && r->targets[i].cfg->pool &&
		    run_server_at(&r->targets[i], rc_slice_str(r->opts->rebalance)) != SIZE_MAX)
			return RC_OK;
	return r->opts->rebalance ? rc_fail(err, RC_USAGE, "--rebalance %s: no pool has a server of this label",
					    r->opts->rebalance)
				  : RC_OK;
}

/* Wanted as they are, and nothing else to do for them: the rest is moved by a later plan. */
static bool movable(const struct moves *m, const struct pending *q)
{
	return q->o.action == RC_ACT_NONE && q->o.status == RC_ST_DONE && q->put && !q->o.reason && q->person &&
	       q->person->kind == RC_PERSON_PRESENT && q->person->mapped.want &&
	       !q->person->mapped.want[m->target].filtered && q->known.flags & RC_KNOWN_MANAGED &&
	       !subject_protected(m->r->targets[m->target].cfg, q->known.name);
}

static int by_server(const void *a, const void *b)
{
	const struct mover *x = a, *y = b;

	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	return rc_slice_cmp(x->key, y->key);
}

static void collect(struct moves *m)
{
	const struct run_target *t = &m->r->targets[m->target];

	m->v = rc_xcalloc(t->n_pending + 1, sizeof(*m->v));
	for (size_t i = 0; i < t->n_pending; i++) {
		const struct pending *q = &m->r->pending[t->first_pending + i];
		size_t server = run_server_at(t, q->known.server);

		if (server != SIZE_MAX && movable(m, q))
			m->v[m->n++] = (struct mover){t->first_pending + i, server, q->o.key, false};
	}
	qsort(m->v, m->n, sizeof(*m->v), by_server);
}

static bool move(struct moves *m, struct mover *mover, size_t to)
{
	struct run *r = m->r;
	struct pending *q = &r->pending[mover->pending];
	struct subject s = {.r = r,
			    .target = m->target,
			    .t = &r->targets[m->target],
			    .p = q->person,
			    .k = q->known,
			    .has = true,
			    .w = &q->person->mapped.want[m->target],
			    .reason = "moves to another server of the pool"};

	to = run_pool_reseat(r, m->target, to, s.w->name);
	if (to == SIZE_MAX) {
		m->stuck++;
		return false;
	}
	subject_remake(&s)->server = (uint32_t)to;
	run_pool_leave(r, m->target, mover->server);
	mover->moved = true;
	m->moved++;
	return true;
}

static void move_off(struct moves *m)
{
	for (size_t i = 0; i < m->n && m->moved < m->cap; i++)
		if (m->v[i].server == m->at)
			move(m, &m->v[i], SIZE_MAX);
}

/* The fullest server, draining ones before all, that still has somebody to give; SIZE_MAX: balanced. */
static size_t giver(const struct moves *m, const size_t *next)
{
	const struct run_target *t = &m->r->targets[m->target];
	int64_t here = run_pool_room(m->r, m->target, m->at), least = INT64_MAX;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < t->cfg->n_servers; i++) {
		int64_t room = t->cfg->servers[i].drain ? INT64_MIN : run_pool_room(m->r, m->target, i);

		if (i == m->at || next[i] >= m->n || m->v[next[i]].server != i || room >= least)
			continue;
		if (room == INT64_MIN || here - room >= 2) {
			least = room;
			best = i;
		}
	}
	return best;
}

static void move_onto(struct moves *m)
{
	size_t n = m->r->targets[m->target].cfg->n_servers, from;
	size_t *next = rc_xcalloc(n, sizeof(*next));

	for (size_t i = 0, at = 0; i < n; i++) { /* who has nobody points at somebody else's */
		while (at < m->n && m->v[at].server < i)
			at++;
		next[i] = at;
	}
	while (m->moved < m->cap && run_pool_room(m->r, m->target, m->at) > 0 && (from = giver(m, next)) != SIZE_MAX)
		move(m, &m->v[next[from]++], m->at);
	free(next);
}

/* Whoever moves has an operation now; their "nothing to do" goes. */
static void drop_moved(struct moves *m)
{
	struct run *r = m->r;
	struct run_target *t = &r->targets[m->target];
	bool *gone = rc_xcalloc(t->n_pending + 1, sizeof(*gone));
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++)
		gone[m->v[i].pending - t->first_pending] = m->v[i].moved;
	for (size_t i = 0; i < t->n_pending; i++)
		if (!gone[i])
			r->pending[t->first_pending + kept++] = r->pending[t->first_pending + i];
	t->n_pending = kept;
	r->n_pending = t->first_pending + kept;
	t->n_ops = r->n_ops - t->first_op;
	free(gone);
}

static void say(struct moves *m, size_t left)
{
	struct run *r = m->r;
	const struct run_target *t = &r->targets[m->target];
	const char *why = m->stuck ? "no other server has room for the rest" : "max_renames allows no more at a time";
	const char *note = rc_arena_printf(&r->mem, "target %s: %zu people move %s server %s", t->cfg->name, m->moved,
					   t->cfg->servers[m->at].drain ? "off" : "onto", r->opts->rebalance);

	if (left)
		note = rc_arena_printf(&r->mem, "%s; %zu stay for now: %s", note, left, why);
	rc_log(RC_LOG_INFO, "%s", note);
	if (r->n_notes < sizeof(r->notes) / sizeof(*r->notes))
		r->notes[r->n_notes++] = note;
}

/* Right after run_decide: the target's share is the last of the run's. */
void run_rebalance(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	const struct rc_limit *limit =
		r->opts->max_renames.set ? &r->opts->max_renames.limit : &t->cfg->guards.max_renames;
	uint64_t allowed = rc_limit_max(limit, t->known);
	struct moves m = {.r = r, .target = target, .cap = allowed > t->renames ? allowed - t->renames : 0};
	size_t left = 0;

	if (!r->opts->rebalance || !t->cfg->pool)
		return;
	m.at = run_server_at(t, rc_slice_str(r->opts->rebalance));
	if (m.at == SIZE_MAX)
		return;
	collect(&m);
	if (t->cfg->servers[m.at].drain)
		move_off(&m);
	else
		move_onto(&m);
	for (size_t i = 0; i < m.n && t->cfg->servers[m.at].drain; i++)
		left += m.v[i].server == m.at && !m.v[i].moved;
	drop_moved(&m);
	say(&m, left);
	free(m.v);
}
