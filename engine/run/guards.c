/* Guards look at a target's whole plan before its first write; a tripped one stops that target. */
#include "engine/base/buf.h"
#include "engine/run/run_int.h"
#include <stdio.h>

void run_stop_target(struct run *r, size_t target, enum rc_code code, const char *by, const char *fmt, ...)
{
	struct run_target *t = &r->targets[target];
	va_list ap;

	if (t->stopped)
		return;
	t->stopped = true;
	t->code = code;
	t->stopped_by = by;
	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
	rc_printable(t->why, sizeof(t->why));
}

/* Which operations a guard counts. */
enum counts {
	COUNT_CREATES,
	COUNT_UPDATES,
	COUNT_DELETES,
	COUNT_CHANGES,
	COUNT_RENAMES,
	COUNT_BLANKED,
	COUNT_ADOPTS,
	COUNTS
};

static inline bool is_rename(const struct rc_op *op)
{
	return op->linked && !op->retiring;
}

static inline bool is_create(const struct rc_op *op)
{
	return op->action == RC_ACT_CREATE && !is_rename(op);
}

static inline bool is_update(const struct rc_op *op)
{
	return !is_rename(op) && (op->action == RC_ACT_UPDATE || op->action == RC_ACT_ENABLE);
}

static inline bool is_delete(const struct rc_op *op)
{
	return !op->retiring &&
	       (op->action == RC_ACT_DELETE || op->action == RC_ACT_DISABLE || op->action == RC_ACT_LOCK);
}

static inline bool blanks(const struct rc_op *op, const struct rc_account_schema *schema)
{
	for (size_t f = 0; f < schema->n_fields; f++)
		if (op->changed & 1u << f && rc_account_blank(schema, f, op->want->v[f]) &&
		    !rc_account_blank(schema, f, op->have->v[f]))
			return op->action == RC_ACT_UPDATE;
	return false;
}

static inline bool adopts(const struct rc_op *op)
{
	return ((const struct op_info *)op->owner)->adopts && op->state != RC_STEP_FAILED;
}

static bool counted(const struct rc_op *op, const struct run_target *t, enum counts what)
{
	switch (what) {
	case COUNT_CREATES:
		return is_create(op);
	case COUNT_UPDATES:
		return is_update(op);
	case COUNT_DELETES:
		return is_delete(op);
	case COUNT_CHANGES:
		return !op->retiring;
	case COUNT_RENAMES:
		return is_rename(op);
	case COUNT_BLANKED:
		return blanks(op, t->cfg->schema);
	case COUNT_ADOPTS:
		return adopts(op);
	case COUNTS:
		break;
	}
	return false;
}

static struct rc_summary_guard *add_guard(struct run_target *t, const char *name, const struct rc_limit *limit,
					  uint64_t base, uint64_t planned)
{
	struct rc_summary_guard *g = &t->guards[t->n_guards];

	rc_limit_text(limit, t->guard_limit[t->n_guards]);
	*g = (struct rc_summary_guard){.guard = name,
				       .limit = t->guard_limit[t->n_guards],
				       .allowed = rc_limit_max(limit, base),
				       .planned = planned,
				       .base = base};
	g->tripped = planned > g->allowed;
	t->n_guards++;
	return g;
}

/* An adoption that needs no call counts as well. */
static bool counted_pending(const struct pending *q, enum counts what)
{
	return what == COUNT_ADOPTS && q->o.action == RC_ACT_ADOPT && q->o.status == RC_ST_DONE;
}

enum { KEY_SHOWN = 60 }; /* bytes of a key in the message: twenty of them must leave room for what to do */

static void name_person(struct rc_summary_guard *g, struct rc_slice key, struct rc_buf *names)
{
	bool whole = key.n <= KEY_SHOWN;

	g->people[g->n_people++] = key;
	rc_buf_addf(names, "%s%.*s%s", names->n ? ", " : "", whole ? (int)key.n : KEY_SHOWN, key.p, whole ? "" : "...");
}

/* What the log says: all names, which the rows of the people do not repeat. */
static void tell(struct run *r, struct run_target *t, const struct rc_buf *names, const char *option, uint64_t planned)
{
	struct rc_buf text = {0};

	rc_buf_addf(&text, "%s: %s; if they are meant, %s %llu", t->why, names->n ? names->p : "", option,
		    (unsigned long long)planned);
	t->told = rc_arena_strdup(&r->mem, text.p);
	rc_buf_done(&text);
}

struct plan { /* of one target */
	struct run *r;
	size_t target;
	uint64_t n[COUNTS];
};

/* Each by its name, so that none is asked for at run time. */
static void count_op(const struct rc_op *op, const struct run_target *t, uint64_t n[COUNTS])
{
	n[COUNT_CREATES] += is_create(op);
	n[COUNT_UPDATES] += is_update(op);
	n[COUNT_DELETES] += is_delete(op);
	n[COUNT_CHANGES] += !op->retiring;
	n[COUNT_RENAMES] += is_rename(op);
	n[COUNT_BLANKED] += blanks(op, t->cfg->schema);
	n[COUNT_ADOPTS] += adopts(op);
}

/* For all guards at once: operations lie anywhere in memory, and to look at each costs more than to count it. */
static struct plan count_all(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];
	struct plan p = {.r = r, .target = target};

	for (size_t i = 0; i < t->n_ops; i++)
		count_op(r->ops[t->first_op + i], t, p.n);
	for (size_t i = 0; i < t->n_pending; i++)
		for (enum counts what = 0; what < COUNTS; what++)
			p.n[what] += counted_pending(&r->pending[t->first_pending + i], what);
	return p;
}

static void check(const struct plan *p, const char *name, const char *option, enum counts what,
		  const struct rc_limit *configured, bool overridden, const struct rc_limit *override)
{
	struct run *r = p->r;
	struct run_target *t = &r->targets[p->target];
	struct rc_op *const *ops = r->ops + t->first_op;
	const struct pending *pending = r->pending + t->first_pending;
	const struct rc_limit *limit = overridden ? override : configured;
	uint64_t planned = p->n[what];
	struct rc_summary_guard *g;
	struct rc_limit bare;
	struct rc_buf names = {0};

	/* Percentages of nobody mean nothing: for all but deletes only the number holds while no account is known. */
	if (t->known == 0 && what != COUNT_DELETES && limit->has_percent) {
		bare = (struct rc_limit){
			.unlimited = !limit->has_number, .has_number = limit->has_number, .number = limit->number};
		limit = &bare;
	}
	g = add_guard(t, name, limit, t->known, planned);
	if (!g->tripped)
		return;
	for (size_t i = 0; i < t->n_ops && g->n_people < RC_GUARD_PEOPLE; i++)
		if (counted(ops[i], t, what))
			name_person(g, ops[i]->key, &names);
	for (size_t i = 0; i < t->n_pending && g->n_people < RC_GUARD_PEOPLE; i++)
		if (counted_pending(&pending[i], what))
			name_person(g, pending[i].o.key, &names);
	if (!t->stopped) {
		run_stop_target(r, p->target, RC_GUARD, name,
				"target %s: the plan holds %llu, guard %s allows %llu (%s of %llu accounts)",
				t->cfg->name, (unsigned long long)planned, name, (unsigned long long)g->allowed,
				g->limit, (unsigned long long)t->known);
		tell(r, t, &names, option, planned);
	}
	rc_buf_done(&names);
}

void run_guards(struct run *r, size_t t)
{
	const struct rc_run_opts *o = r->opts;
	const struct rc_guards *g = &r->targets[t].cfg->guards;
	struct plan p = count_all(r, t);

	if (r->opts->list_only) { /* refresh only adopts */
		check(&p, "max_adopts", "guards.max_adopts", COUNT_ADOPTS, &g->max_adopts, false, NULL);
		return;
	}
	if (r->scanned)
		run_guard_sources(r, t);
	check(&p, "max_deletes", "--max-deletes", COUNT_DELETES, &g->max_deletes, o->max_deletes.set,
	      &o->max_deletes.limit);
	check(&p, "max_creates", "--max-creates", COUNT_CREATES, &g->max_creates, o->max_creates.set,
	      &o->max_creates.limit);
	check(&p, "max_updates", "--max-updates", COUNT_UPDATES, &g->max_updates, o->max_updates.set,
	      &o->max_updates.limit);
	check(&p, "max_renames", "--max-renames", COUNT_RENAMES, &g->max_renames, o->max_renames.set,
	      &o->max_renames.limit);
	check(&p, "max_blanked", "guards.max_blanked", COUNT_BLANKED, &g->max_blanked, false, NULL);
	check(&p, "max_changes", "--max-changes", COUNT_CHANGES, &g->max_changes, o->max_changes.set,
	      &o->max_changes.limit);
	check(&p, "max_adopts", "guards.max_adopts", COUNT_ADOPTS, &g->max_adopts, false, NULL);
}
