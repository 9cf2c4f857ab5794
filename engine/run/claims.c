#include "engine/run/claims.h"

static struct rc_slice label_of(const struct run_target *t, size_t server)
{
	return t->cfg->pool ? rc_slice_str(t->cfg->servers[server].label) : (struct rc_slice){0};
}

struct rc_listing_row *run_row_of(const struct run_target *t, struct rc_known *k, bool *ret_heard)
{
	struct rc_listing_row *row = NULL;
	size_t at = run_server_at(t, k->server);

	*ret_heard = true;
	for (size_t i = 0; i < t->cfg->n_servers && !row; i++) {
		const struct run_server *s = &t->servers[i];

		if (at != SIZE_MAX && at != i)
			continue;
		if (!s->list) {
			*ret_heard = false;
			continue;
		}
		row = k->remote_id.n ? rc_listing_by_id(s->list, k->remote_id) : NULL;
		if (!row)
			row = rc_listing_by_name(s->list, k->name);
		if (row)
			k->server = label_of(t, i);
	}
	return row;
}

static bool same_id(const struct rc_known *k, const struct rc_listing_row *row)
{
	return k->remote_id.n && rc_slice_eq(k->remote_id, row->listed.remote_id);
}

/* Whose the name is by the index: the last to whom it was promised. */
static bool promised_to(struct run *r, const struct run_target *t, struct rc_slice server, struct rc_slice name,
			const uint8_t hash[16], bool *ret_another)
{
	struct rc_name_owner owner = rc_view_name(r->view, t->number, server, name);
	bool own = owner.kind == RC_NAME_MANAGED && memcmp(owner.key_hash, hash, sizeof(owner.key_hash)) == 0;

	*ret_another = owner.kind == RC_NAME_MANAGED && !own;
	return own;
}

static bool promised_only(const struct rc_known *k)
{
	return k->status == RC_KNOWN_UNKNOWN && k->flags & RC_KNOWN_PROMISED;
}

/* Without ids: whether the account is rather the earlier holder's than that of the create which waited for its name. */
static bool still_holds(struct run *r, const struct run_target *t, const struct rc_known *k, struct rc_slice server,
			const uint8_t hash[16], bool retiring, const struct rc_listing_row *row)
{
	const struct rc_account_schema *schema = t->cfg->schema;
	struct rc_name_owner owner = rc_view_name(r->view, t->number, server, k->name);
	struct rc_known taker;

	if (owner.kind != RC_NAME_MANAGED || memcmp(owner.key_hash, hash, sizeof(owner.key_hash)) == 0)
		return false;
	if (!rc_view_known_hash(r->view, t->number, owner.key_hash, &taker))
		return true;
	if (!retiring && promised_only(k) && !promised_only(&taker))
		return false; /* it is the other way round: the name was given back to the one who has it */
	return rc_account_diff(schema, &taker.account, &row->listed.account) ||
	       !rc_account_diff(schema, &k->account, &row->listed.account);
}

static bool mark_asked(struct run *r, struct run_target *t)
{
	struct rc_walk w = {0};
	struct rc_known k;
	bool any = false, heard;

	rc_walk_open_begin(r->view, t->number, &w);
	while (rc_walk_open(&w, &k, NULL)) {
		struct rc_listing_row *row = NULL;

		if (k.status == RC_KNOWN_UNKNOWN && k.name.n && !k.remote_id.n)
			row = run_row_of(t, &k, &heard);
		if (row)
			row->asked = any = true;
	}
	rc_walk_end(&w);
	return any;
}

static void mark_kept(struct run *r, struct run_target *t, struct rc_known *k, const uint8_t hash[16], bool retiring)
{
	struct rc_slice server = k->server;
	bool heard;
	struct rc_listing_row *row = k->name.n ? run_row_of(t, k, &heard) : NULL;

	if (!row || !row->asked || row->kept)
		return;
	row->kept = same_id(k, row) || (!row->listed.remote_id.n && still_holds(r, t, k, server, hash, retiring, row));
}

void run_claims_mark(struct run *r, struct run_target *t)
{
	struct rc_walk w = {0};
	struct rc_known k;
	const uint8_t *hash;

	if (!mark_asked(r, t))
		return;
	rc_walk_known_begin(r->view, t->number, &w);
	while (rc_walk_known(&w, &k, &hash))
		if (k.flags & RC_KNOWN_MANAGED)
			mark_kept(r, t, &k, hash, false);
	rc_walk_end(&w);
	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		uint8_t own[16];

		rc_store_key_hash(r->store, k.key, own);
		mark_kept(r, t, &k, own, true);
	}
	rc_walk_end(&w);
}

bool run_claim_lost(struct run *r, const struct run_target *t, const struct rc_known *k, struct rc_slice server,
		    const uint8_t hash[16], bool retiring, const struct rc_listing_row *row)
{
	bool another, doubt = row->asked || k->status == RC_KNOWN_UNKNOWN || retiring;

	if (same_id(k, row) || (!doubt && !k->remote_id.n)) /* most are theirs without a look at the index */
		return false;
	if (promised_to(r, t, server, k->name, hash, &another))
		return row->kept;
	return another && (row->listed.remote_id.n || !row->kept);
}

struct waiting {
	struct waiting *next;
	uint8_t hash[16];
	struct rc_slice others_id;
};

void run_claim_waits(struct run *r, struct run_target *t, const uint8_t hash[16], const struct rc_listing_row *row)
{
	struct waiting *w = rc_arena_alloc(&r->mem, sizeof(*w));

	*w = (struct waiting){.next = t->waiting, .others_id = rc_arena_copy(&r->mem, row->listed.remote_id)};
	memcpy(w->hash, hash, sizeof(w->hash));
	t->waiting = w;
}

void run_claim_back(struct run *r, const struct run_target *t, const struct rc_known *k, const uint8_t hash[16],
		    const struct rc_listing_row *row)
{
	bool another;

	if (row->kept && !promised_to(r, t, k->server, k->name, hash, &another) && another)
		rc_writer_take_name(r->writer, t->number, k);
}

static const struct waiting *waiting_of(const struct run_target *t, const uint8_t hash[16])
{
	for (const struct waiting *w = t->waiting; w; w = w->next)
		if (memcmp(w->hash, hash, sizeof(w->hash)) == 0)
			return w;
	return NULL;
}

static bool name_lost(struct run *r, const struct run_target *t, const struct rc_op *op, const uint8_t hash[16])
{
	struct rc_name_owner owner = rc_view_name(r->view, t->number, label_of(t, op->server), op->name);
	struct rc_known taker;

	return owner.kind == RC_NAME_MANAGED && memcmp(owner.key_hash, hash, sizeof(owner.key_hash)) != 0 &&
	       rc_view_known_hash(r->view, t->number, owner.key_hash, &taker) && taker.status != RC_KNOWN_UNKNOWN;
}

void run_leave_name(struct run *r, const struct run_target *t, struct rc_op *op)
{
	const struct waiting *w;
	uint8_t hash[16];

	if (op->action == RC_ACT_CREATE || (op->remote_id.n && !op->in_doubt))
		return;
	rc_store_key_hash(r->store, op->key, hash);
	w = op->in_doubt && !op->remote_id.n ? waiting_of(t, hash) : NULL;
	if (!w && (op->action != RC_ACT_DELETE || !name_lost(r, t, op, hash)))
		return;
	op->name_lost = true;
	if (w)
		op->others_id = w->others_id;
	if (!op->remote_id.n && op->state == RC_STEP_QUEUED)
		op->state = RC_STEP_VERIFY;
}
