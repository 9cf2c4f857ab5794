/* reset-password: new passwords for the people named, sealed first and then set. Reads no source and counts nothing.
 *
 * A password that was sent and not answered for may or may not be the account's: the list cannot tell. The executor
 * sends another one, sealed before; where the run ends first, the record says that nobody knows the password (locked),
 * and the next sync gives a new one. So the last sealed entry is always the real one, once a run has ended well. */
#include "engine/run/decide_int.h"

bool run_is_reset(const struct rc_op *op)
{
	return op->sets_password && op->action == RC_ACT_UPDATE;
}

bool run_reset_unsure(const struct rc_op *op)
{
	return run_is_reset(op) && op->unsure && !op->first_done;
}

static void refuse(struct subject *s, const char *code, const char *message)
{
	struct pending *q = subject_pend(s, RC_ACT_UPDATE, RC_ST_FAILED);

	q->o.error_code = code;
	q->o.error_message = message;
}

static void skip(struct subject *s, const char *reason)
{
	s->reason = reason;
	subject_pend(s, RC_ACT_NONE, RC_ST_SKIPPED);
}

static void one(struct run *r, size_t target, struct rc_slice key)
{
	struct run_target *t = &r->targets[target];
	struct rc_person *p = rc_arena_zalloc(&r->mem, sizeof(*p));
	struct subject s = {.r = r, .target = target, .t = t, .p = p};
	struct rc_known k;
	struct rc_op *op;

	p->key = key;
	p->kind = RC_PERSON_ABSENT;
	rc_store_key_hash(r->store, key, p->hash);
	s.has = rc_view_known(r->view, t->number, key, &k);
	if (s.has)
		s.k = rc_known_copy(&k, &r->mem);
	if (!s.has)
		refuse(&s, "rollcall.unknown", "nobody with this key is known on this target");
	else if (!(s.k.flags & RC_KNOWN_MANAGED))
		refuse(&s, "rollcall.unmanaged", "rollcall manages no account of this person on this target");
	else if (s.k.flags & RC_KNOWN_HELD)
		skip(&s, "held");
	else if (subject_protected(t->cfg, s.k.name))
		skip(&s, "protected");
	else if (s.k.flags & RC_KNOWN_DISABLED)
		refuse(&s, "rollcall.disabled", "the account is disabled: a new password would be of no use");
	else if (s.k.flags & (RC_KNOWN_LOCKED | RC_KNOWN_UNSURE_PASSWORD) && s.k.missing_since_ns)
		refuse(&s, "rollcall.locked",
		       "locked, because the person left: a new password would let them in again");
	else if (s.k.status == RC_KNOWN_UNKNOWN)
		refuse(&s, "rollcall.unsettled",
		       "whether the account is there is not known: run sync or refresh first");
	else {
		s.reason = "reset by hand";
		op = subject_order(&s, RC_ACT_UPDATE, RC_CLASS_UPDATE);
		op->sets_password = true;
	}
}

enum rc_code run_reset(struct run *r, size_t target, struct rc_err *err)
{
	struct run_target *t = &r->targets[target];
	uint64_t named;

	t->first_op = r->n_ops;
	t->first_pending = r->n_pending;
	for (size_t i = 0; i < r->opts->n_reset; i++)
		one(r, target, rc_slice_str(r->opts->reset[i]));
	t->n_ops = r->n_ops - t->first_op;
	t->n_pending = r->n_pending - t->first_pending;
	named = t->n_ops;
	for (size_t i = 0; i < t->n_pending; i++)
		named += (r->pending[t->first_pending + i].known.flags & RC_KNOWN_MANAGED) != 0;
	if (t->known > named)
		rc_report_count(r->report, t->cfg->name, RC_ACT_NONE, RC_ST_NOT_SELECTED, t->known - named);
	return rc_view_failed(r->view) ? rc_view_end(r->view, err) : RC_OK;
}

/* Only what became of the password is written: where the person's row stands is none of this run's business. */
void run_reset_keep(struct run *r, const struct rc_op *op, enum rc_status status)
{
	struct rc_known k = *((struct op_info *)op->owner)->known;

	if (status == RC_ST_DONE || op->first_done) {
		k.flags &= ~(uint32_t)(RC_KNOWN_LOCKED | RC_KNOWN_UNSURE_PASSWORD);
		k.remote_id = op->remote_id;
		k.changed_at_ns = op->done_at;
		k.changed_run = rc_slice_str(r->run_id);
	} else if (op->unsure) {
		k.flags |= RC_KNOWN_LOCKED | RC_KNOWN_UNSURE_PASSWORD;
		memset(k.fingerprint, 0, sizeof(k.fingerprint)); /* so that the next sync looks */
	} else {
		return;
	}
	rc_writer_put_known(r->writer, r->targets[op->target].number, &k);
}
