/* What a killed run left: its operations may or may not have reached the provider, so each is a question to the list.
 */
#include "engine/run/carry.h"
#include "engine/store/lock.h"
#include <stdio.h>

static const struct rc_account_schema *schema_of(const struct run *r, uint16_t number)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].number == number)
			return r->targets[i].cfg->schema;
	return NULL;
}

/* A run that ended has told of its operations itself. */
static void tell_history(struct run *r, const struct rc_op_entry *e)
{
	struct rc_known k;
	struct rc_run was;

	if (schema_of(r, e->target) && rc_view_run(r->view, e->run_id, &was) && !was.finished_ns)
		run_event_killed(r, e, rc_view_known(r->view, e->target, e->key, &k) ? &k : NULL);
}

/* The record says "sent, not seen": the list that follows settles it (lists.c), or the executor's look does. */
static void ask_again(struct run *r, const struct rc_op_entry *e)
{
	const struct rc_account_schema *schema = schema_of(r, e->target);
	struct rc_known k = {0};
	bool has = rc_view_known(r->view, e->target, e->key, &k);

	if (e->action == RC_ACT_DELETE && e->linked_name.n)
		return; /* the retiring half of a rename: that of its create says what is to be asked */
	if (e->action == RC_ACT_CREATE) {
		if (has && k.flags & RC_KNOWN_MANAGED &&
		    (!rc_slice_eq(k.name, e->name) || !rc_slice_eq(k.server, e->server))) {
			struct rc_known old = k;

			old.linked_name = e->name;
			rc_writer_put_retiring(r->writer, e->target, &old);
			k = (struct rc_known){.first_seen_ns = k.first_seen_ns};
		}
		k.key = e->key;
		k.name = e->name;
		k.server = e->server;
		k.account = e->after;
		k.flags |= RC_KNOWN_PROMISED;
		if (!k.created_at_ns) {
			k.first_seen_ns = k.first_seen_ns ? k.first_seen_ns : e->planned_ns;
			k.created_at_ns = k.changed_at_ns = e->at_ns;
			k.created_run = k.changed_run = e->run_id;
		}
	} else if (!has) {
		return;
	}
	if (schema && schema->secret_field >= 0 && e->changed & 1u << schema->secret_field)
		k.flags |= RC_KNOWN_UNSURE_PASSWORD | (e->action == RC_ACT_UPDATE ? RC_KNOWN_LOCKED : 0u);
	k.flags |= RC_KNOWN_MANAGED;
	k.status = RC_KNOWN_UNKNOWN;
	k.sent_at_ns = r->started_ns; /* at the latest: nobody has sent anything since the killed run held the lock */
	memset(k.fingerprint, 0, 16);
	if (e->action == RC_ACT_CREATE)
		rc_writer_take_name(r->writer, e->target, &k); /* the list tells whether they have got it */
	else
		rc_writer_put_known(r->writer, e->target, &k);
}

/* A plan takes no lock: what it finds under way may be that of a run at work. */
static void note_open(struct run *r, uint64_t n)
{
	struct rc_lock_holder at_work;

	if (r->scratch && rc_lock_held(r->cfg->state, &at_work))
		r->notes[r->n_notes++] = rc_arena_printf(
			&r->mem, "run %s is at work with %llu operations under way; the provider is asked first",
			at_work.run_id, (unsigned long long)n);
	else
		r->notes[r->n_notes++] =
			rc_arena_printf(&r->mem, "an interrupted run left %llu operations; the provider is asked first",
					(unsigned long long)n);
}

enum rc_code run_resume(struct run *r, struct rc_err *err)
{
	struct rc_walk w = {0};
	struct rc_op_entry e;
	uint64_t n = 0;
	enum rc_code code;

	run_killed_reports(r);
	if (!r->writer)
		return RC_OK;
	if (rc_view_op_count(r->view) == 0)
		return RC_OK;
	rc_journal_unfinished(r->view, &w);
	while (rc_walk_ops(&w, &e)) {
		tell_history(r, &e);
		ask_again(r, &e);
		rc_writer_op_end(r->writer, e.id);
		n++;
	}
	rc_walk_end(&w);
	note_open(r, n);
	rc_view_end(r->view, err);
	r->view = NULL;
	code = rc_writer_flush_wait(r->writer, err);
	return code ? code : run_view(r, err);
}
