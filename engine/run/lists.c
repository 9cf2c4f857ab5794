/* The provider's list into the snapshot: ids are bound, drift is seen, what nobody manages is remembered by name. */
#include "engine/run/claims.h"
#include "engine/run/drift.h"
#include <stdio.h>

static struct rc_slice label_of(const struct run_target *t, size_t server)
{
	return t->cfg->pool ? rc_slice_str(t->cfg->servers[server].label) : (struct rc_slice){0};
}

size_t run_server_at(const struct run_target *t, struct rc_slice label)
{
	if (!t->cfg->pool)
		return 0;
	for (size_t i = 0; i < t->cfg->n_servers; i++)
		if (rc_slice_eqs(label, t->cfg->servers[i].label))
			return i;
	return SIZE_MAX;
}

/* What was kept counts only while the config keeps it: by drift, or by on_adopt since the account was adopted. */
static bool keeps(const struct rc_target *cfg, const struct rc_known *k, enum rc_policy drift)
{
	return drift == RC_KEEP || (cfg->on_adopt == RC_KEEP && k->flags & RC_KNOWN_ADOPTED);
}

/* What the last confirmed state lets us expect of a field. */
static struct rc_slice expected(const struct rc_target *cfg, const struct rc_known *k, size_t f)
{
	if (k->kept.set & 1u << f && keeps(cfg, k, cfg->drift[f]))
		return k->kept.v[f];
	return k->account.set & 1u << f ? k->account.v[f] : RC_SLICE("");
}

/* Fields that differ from what was last confirmed, or kept since. The name is not one of them: it is what binds the
 * two, or an adopted account's own. */
static uint32_t drifted(const struct rc_target *cfg, const struct rc_known *k, const struct rc_account *row)
{
	const struct rc_account_schema *schema = cfg->schema;
	uint32_t bits = (k->account.set | k->kept.set) & schema->comparable & ~(1u << schema->names[0]), ret = 0;

	for (size_t f = 0; f < schema->n_fields; f++)
		if (bits >> f & 1 &&
		    !rc_account_same(schema, f, expected(cfg, k, f), row->set & 1u << f ? row->v[f] : RC_SLICE("")))
			ret |= 1u << f;
	return ret;
}

/* enforce takes the actual value as known, so that the diff against wanted orders the repair; keep remembers it beside
 * what was wanted; report changes nothing, so that every listing sees it again. */
static bool take_field(const struct run_target *t, struct rc_known *k, size_t f, struct rc_slice actual)
{
	switch (t->cfg->drift[f]) {
	case RC_ENFORCE:
		k->account.v[f] = actual;
		k->account.set |= 1u << f;
		k->kept.set &= ~(1u << f);
		return true;
	case RC_KEEP:
		if (k->account.set & 1u << f && rc_account_same(t->cfg->schema, f, k->account.v[f], actual)) {
			k->kept.set &= ~(1u << f);
			return true;
		}
		k->kept.v[f] = actual;
		k->kept.set |= 1u << f;
		return true;
	case RC_REPORT:
		break;
	}
	return false;
}

static bool expected_disabled(const struct rc_target *cfg, const struct rc_known *k)
{
	bool kept = k->flags & RC_KNOWN_KEPT_DISABLED && keeps(cfg, k, cfg->drift_disabled);

	return ((k->flags & RC_KNOWN_DISABLED) != 0) != kept;
}

static bool take_disabled(const struct run_target *t, struct rc_known *k, bool disabled)
{
	switch (t->cfg->drift_disabled) {
	case RC_ENFORCE:
		k->flags &= ~(uint32_t)(RC_KNOWN_DISABLED | RC_KNOWN_KEPT_DISABLED);
		k->flags |= disabled ? (uint32_t)RC_KNOWN_DISABLED : 0u;
		return true;
	case RC_KEEP:
		k->flags ^= (uint32_t)RC_KNOWN_KEPT_DISABLED;
		return true;
	case RC_REPORT:
		break;
	}
	return false;
}

/* Their row is looked at although it has not changed; but an undone person is held by it. */
static void look_again(struct rc_known *k)
{
	if (!(k->flags & RC_KNOWN_UNDONE))
		memset(k->fingerprint, 0, 16);
}

static bool still_kept(const struct rc_target *cfg, const struct rc_known *k, size_t f, struct rc_slice actual)
{
	return k->kept.set & 1u << f && keeps(cfg, k, cfg->drift[f]) &&
	       rc_account_same(cfg->schema, f, k->kept.v[f], actual);
}

/* An account that an earlier run sent and did not see: it is as the list says, but for what the config keeps. */
static void meet_open(struct run *r, struct run_target *t, struct rc_known *k, const struct rc_listed *row)
{
	const struct rc_account_schema *schema = t->cfg->schema;
	uint32_t differs = rc_account_diff(schema, &k->account, &row->account);
	bool kept = k->flags & RC_KNOWN_KEPT_DISABLED && keeps(t->cfg, k, t->cfg->drift_disabled);

	for (size_t f = 0; f < schema->n_fields; f++)
		if (differs & 1u << f && !still_kept(t->cfg, k, f, row->account.v[f])) {
			k->account.v[f] = row->account.v[f];
			k->account.set |= 1u << f;
			k->kept.set &= ~(1u << f);
		}
	k->flags &= ~(uint32_t)(RC_KNOWN_DISABLED | RC_KNOWN_PROMISED);
	k->flags |= RC_KNOWN_MANAGED | (row->disabled && !kept ? (uint32_t)RC_KNOWN_DISABLED : 0u);
	k->remote_id = row->remote_id;
	run_event_seen(r, t, k, !row->disabled, "seen in the provider's list");
	k->status = RC_KNOWN_DEFERRED;
	look_again(k);
	rc_writer_put_known(r->writer, t->number, k);
}

/* Actual against known. */
static void meet_known(struct run *r, struct run_target *t, struct rc_known *k, const uint8_t hash[16], bool moved,
		       const struct rc_listed *row)
{
	const struct rc_account_schema *schema = t->cfg->schema;
	uint32_t differs = drifted(t->cfg, k, &row->account);
	struct rc_known before = *k;
	bool remade =
		!r->opts->rebind && k->remote_id.n && row->remote_id.n && !rc_slice_eq(k->remote_id, row->remote_id);
	bool toggled = expected_disabled(t->cfg, k) != row->disabled, repair = remade;
	bool write = moved || !rc_slice_eq(k->remote_id, row->remote_id);

	for (size_t f = 0; f < schema->n_fields; f++)
		if (differs >> f & 1 &&
		    take_field(t, k, f, row->account.set & 1u << f ? row->account.v[f] : RC_SLICE(""))) {
			write = true;
			repair |= t->cfg->drift[f] == RC_ENFORCE;
		}
	if (toggled && take_disabled(t, k, row->disabled)) {
		write = true;
		repair |= t->cfg->drift_disabled == RC_ENFORCE;
	}
	if (differs || toggled || remade) {
		t->drift++;
		run_drift_add(r,
			      &(struct run_drift){.target = (size_t)(t - r->targets),
						  .fields = differs,
						  .toggled = toggled,
						  .disabled = row->disabled,
						  .remade = remade},
			      hash, &before, &row->account);
	}
	if (!write)
		return;
	k->remote_id = row->remote_id;
	if (toggled)
		run_event_seen(r, t, k, !row->disabled,
			       row->disabled ? "disabled at the provider, not by rollcall"
					     : "enabled at the provider, not by rollcall");
	if (repair)
		look_again(k);
	rc_writer_put_known(r->writer, t->number, k);
}

static void known_is_gone(struct run *r, struct run_target *t, struct rc_known *k, const uint8_t hash[16])
{
	int64_t age_ns = r->started_ns - k->sent_at_ns;

	if (k->sent_at_ns && age_ns < r->cfg->timeouts.settle_ns)
		return; /* may still appear */
	run_event_seen(r, t, k, false, "no longer in the provider's list");
	if (k->status != RC_KNOWN_UNKNOWN) {
		t->drift++;
		run_drift_add(r, &(struct run_drift){.target = (size_t)(t - r->targets), .gone = true}, hash, k,
			      &k->account);
	}
	k->flags &= ~(uint32_t)(RC_KNOWN_MANAGED | RC_KNOWN_DISABLED | RC_KNOWN_LOCKED | RC_KNOWN_KEPT_DISABLED |
				RC_KNOWN_PROMISED | RC_KNOWN_UNSURE_PASSWORD);
	k->kept.set = 0;
	k->remote_id = (struct rc_slice){0};
	k->status = RC_KNOWN_DEFERRED;
	k->changed_at_ns = r->started_ns; /* its name is free since now, as far as we know */
	look_again(k);
	rc_writer_put_known(r->writer, t->number, k);
}

bool run_list_misses(const struct run *r, size_t target, size_t server, const struct rc_list *l)
{
	const struct run_target *t = &r->targets[target];
	bool ret = false;
	struct rc_walk w = {0};
	struct rc_view *view;
	struct rc_known k;
	const uint8_t *hash;
	struct rc_err err; /* a state that cannot be read ends the run when the list is taken */

	if (rc_view_begin(r->store, &view, &err))
		return true;
	rc_walk_known_begin(view, t->number, &w);
	while (!ret && rc_walk_known(&w, &k, &hash)) {
		size_t at = run_server_at(t, k.server);

		if (k.name.n && (at == server || at == SIZE_MAX) && k.flags & RC_KNOWN_MANAGED)
			ret = !(k.remote_id.n && rc_listing_by_id(l, k.remote_id)) && !rc_listing_by_name(l, k.name);
	}
	rc_walk_end(&w);
	return rc_view_end(view, &err) || ret;
}

/* The rows of accounts on their way out, by id: whoever was promised such a name has not got it yet. */
static void mark_retiring(struct run *r, struct run_target *t)
{
	struct rc_walk w = {0};
	struct rc_known k;
	bool heard;

	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		struct rc_listing_row *row = run_row_of(t, &k, &heard);

		if (row && k.remote_id.n && rc_slice_eq(k.remote_id, row->listed.remote_id))
			row->mark = true;
	}
	rc_walk_end(&w);
}

static void match_retiring(struct run *r, struct run_target *t)
{
	struct rc_walk w = {0};
	struct rc_known k;
	bool heard;

	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		struct rc_slice was = k.server;
		struct rc_listing_row *row = run_row_of(t, &k, &heard);
		uint8_t hash[16];

		if (!row)
			continue;
		rc_store_key_hash(r->store, k.key, hash);
		if (run_claim_lost(r, t, &k, was, hash, true, row)) {
			rc_writer_del_retiring(r->writer, t->number, k.key, was, k.name, 0);
			continue;
		}
		if (rc_slice_eq(k.remote_id, row->listed.remote_id)) { /* also where accounts have no ids */
			row->mark = true;
			continue;
		}
		if (row->mark) { /* gone; the account of its name is another person's by now */
			rc_writer_del_retiring(r->writer, t->number, k.key, was, k.name, 0);
			continue;
		}
		row->mark = true;
		k.remote_id = row->listed.remote_id; /* it could never be removed by a wrong one */
		rc_writer_put_retiring(r->writer, t->number, &k);
	}
	rc_walk_end(&w);
}

/* A record whose name is on another one's account. An operation in doubt is settled by its own look; but a create that
 * had time to show itself was not taken, for names are given once. */
static void meet_lost(struct run *r, struct run_target *t, struct rc_known *k, const uint8_t hash[16],
		      const struct rc_listing_row *row)
{
	if (k->status != RC_KNOWN_UNKNOWN) {
		if (k->flags & RC_KNOWN_MANAGED)
			known_is_gone(r, t, k, hash);
		return;
	}
	if (k->remote_id.n)
		return;
	run_claim_waits(r, t, hash, row);
	known_is_gone(r, t, k, hash);
}

static void match_one(struct run *r, struct run_target *t, struct rc_known *k, const uint8_t hash[16])
{
	struct rc_slice was = k->server;
	bool heard = true;
	struct rc_listing_row *row = k->name.n ? run_row_of(t, k, &heard) : NULL;

	if (row && run_claim_lost(r, t, k, was, hash, false, row)) {
		k->server = was;
		meet_lost(r, t, k, hash, row);
	} else if (row && k->status == RC_KNOWN_UNKNOWN) {
		if (row->mark && !rc_slice_eq(k->remote_id, row->listed.remote_id))
			return; /* still the account that is to make room: their own is not proven either way */
		row->mark = true;
		meet_open(r, t, k, &row->listed);
		run_claim_back(r, t, k, hash, row);
	} else if (row && k->flags & RC_KNOWN_MANAGED) {
		row->mark = true;
		meet_known(r, t, k, hash, !rc_slice_eq(was, k->server), &row->listed);
		run_claim_back(r, t, k, hash, row);
	} else if (k->name.n && !row && heard && k->flags & RC_KNOWN_MANAGED) {
		known_is_gone(r, t, k, hash);
	}
}

static void match_known(struct run *r, struct run_target *t)
{
	struct rc_walk w = {0};
	struct rc_known k;
	const uint8_t *hash;

	run_claims_mark(r, t);
	mark_retiring(r, t);
	rc_walk_known_begin(r->view, t->number, &w);
	while (rc_walk_known(&w, &k, &hash))
		match_one(r, t, &k, hash);
	rc_walk_end(&w);
	match_retiring(r, t);
}

static void store_unmanaged(struct run *r, struct run_target *t, struct rc_slice label, const struct rc_list *l)
{
	rc_writer_clear_unmanaged(r->writer, t->number, label);
	for (size_t i = 0; i < l->n; i++) {
		const struct rc_listed *row = &l->rows[i].listed;
		struct rc_unmanaged u = {.name = row->name,
					 .remote_id = row->remote_id,
					 .server = label,
					 .group_id = row->group_id,
					 .created_at = row->created_at,
					 .account = row->account,
					 .disabled = row->disabled,
					 .seen_ns = r->started_ns};

		if (!l->rows[i].mark)
			rc_writer_put_unmanaged(r->writer, t->number, &u);
	}
}

void run_listed(struct run *r, size_t target, size_t server, const struct rc_list *l)
{
	struct run_target *t = &r->targets[target];
	struct run_server *s = &t->servers[server];
	struct rc_slice label = label_of(t, server);
	struct rc_listing facts = {.started_ns = r->started_ns,
				   .finished_ns = rc_wall_ns(r->clock),
				   .rows = l->n,
				   .total_count = l->total,
				   .complete = l->state == RC_LISTING_COMPLETE,
				   .run_id = rc_slice_str(r->run_id)};

	s->list_done = true;
	s->list_complete = facts.complete;
	s->rows = (int64_t)l->n;
	if (!facts.complete)
		snprintf(s->problem, sizeof(s->problem), "%s", l->problem ? l->problem : "not read");
	if (t->decided) /* the confirming look: the executor has settled it with its operations */
		return;
	s->list = facts.complete ? l : NULL;
	rc_writer_listing(r->writer, t->number, label, &facts);
}

void run_lists_match(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];

	for (size_t s = 0; r->opts->explain && s < t->cfg->n_servers; s++)
		if (t->servers[s].list)
			run_explain_listed(r, target, t->servers[s].list);
	match_known(r, t);
	if (r->writer)
		rc_writer_bulk(r->writer, true);
	for (size_t s = 0; s < t->cfg->n_servers; s++) {
		if (t->servers[s].list)
			store_unmanaged(r, t, label_of(t, s), t->servers[s].list);
		t->servers[s].list = NULL;
	}
	if (r->writer)
		rc_writer_bulk(r->writer, false);
}
