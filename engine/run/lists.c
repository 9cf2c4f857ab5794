/* The provider's list into the snapshot: ids are bound, drift is seen, what nobody manages is remembered by name. */
#include "engine/run/run_int.h"
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

/* Actual against known. Policy: enforce takes the actual account as known, so that the diff against wanted orders the
 * repair; keep takes it as wanted; report only counts. */
static void meet_known(struct run *r, struct run_target *t, struct rc_known *k, bool moved, const struct rc_listed *row)
{
	const struct rc_account_schema *schema = t->cfg->schema;
	uint32_t differs = rc_account_diff(schema, &k->account, &row->account);
	bool open = k->status == RC_KNOWN_UNKNOWN || !(k->flags & RC_KNOWN_MANAGED);
	bool was_disabled = k->flags & RC_KNOWN_DISABLED;
	bool write = open || moved || !rc_slice_eq(k->remote_id, row->remote_id);

	if ((differs || was_disabled != row->disabled) && !open)
		t->drift++;
	for (size_t f = 0; f < schema->n_fields; f++)
		if (differs & 1u << f && (open || t->cfg->drift[f] != RC_REPORT)) {
			k->account.v[f] = row->account.v[f];
			k->account.set |= 1u << f;
			write = true;
		}
	if (was_disabled != row->disabled) {
		k->flags = row->disabled ? k->flags | RC_KNOWN_DISABLED : k->flags & ~(uint32_t)RC_KNOWN_DISABLED;
		write = true;
	}
	if (!write)
		return;
	k->remote_id = row->remote_id;
	k->flags |= RC_KNOWN_MANAGED;
	if (open)
		run_event_seen(r, t, k, !row->disabled, "seen in the provider's list");
	else if (was_disabled != row->disabled)
		run_event_seen(r, t, k, !row->disabled,
			       row->disabled ? "disabled at the provider, not by rollcall"
					     : "enabled at the provider, not by rollcall");
	if (open)
		k->status = RC_KNOWN_DEFERRED;
	if (!(k->flags & RC_KNOWN_UNDONE)) /* whose row is what holds them */
		memset(k->fingerprint, 0, 16);
	rc_writer_put_known(r->writer, t->number, k);
}

static void known_is_gone(struct run *r, struct run_target *t, struct rc_known *k)
{
	int64_t age_ns = r->started_ns - k->sent_at_ns;

	if (k->sent_at_ns && age_ns < r->cfg->timeouts.settle_ns)
		return; /* may still appear */
	t->drift += k->status != RC_KNOWN_UNKNOWN;
	run_event_seen(r, t, k, false, "no longer in the provider's list");
	k->flags &= ~(uint32_t)(RC_KNOWN_MANAGED | RC_KNOWN_DISABLED | RC_KNOWN_LOCKED);
	k->remote_id = (struct rc_slice){0};
	k->status = RC_KNOWN_DEFERRED;
	if (!(k->flags & RC_KNOWN_UNDONE)) /* whose row is what holds them */
		memset(k->fingerprint, 0, 16);
	rc_writer_put_known(r->writer, t->number, k);
}

/* Where the snapshot has the account; one on a server that the pool has no more is looked for on all of them. */
static struct rc_listing_row *row_of(const struct run_target *t, struct rc_known *k, bool *ret_heard)
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

static void match_known(struct run *r, struct run_target *t)
{
	struct rc_walk w = {0};
	struct rc_known k;
	bool heard;

	rc_walk_known_begin(r->view, t->number, &w);
	while (rc_walk_known(&w, &k, NULL)) {
		struct rc_slice was = k.server;
		struct rc_listing_row *row = k.name.n ? row_of(t, &k, &heard) : NULL;

		if (row && (k.flags & RC_KNOWN_MANAGED || k.status == RC_KNOWN_UNKNOWN)) {
			row->mark = true;
			meet_known(r, t, &k, !rc_slice_eq(was, k.server), &row->listed);
		} else if (k.name.n && !row && heard && k.flags & RC_KNOWN_MANAGED) {
			known_is_gone(r, t, &k);
		}
	}
	rc_walk_end(&w);
	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		struct rc_listing_row *row = row_of(t, &k, &heard);

		if (!row)
			continue;
		row->mark = true;
		if (!rc_slice_eq(k.remote_id, row->listed.remote_id)) { /* it could never be removed by a wrong one */
			k.remote_id = row->listed.remote_id;
			rc_writer_put_retiring(r->writer, t->number, &k);
		}
	}
	rc_walk_end(&w);
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
	for (size_t s = 0; s < t->cfg->n_servers; s++) {
		if (t->servers[s].list)
			store_unmanaged(r, t, label_of(t, s), t->servers[s].list);
		t->servers[s].list = NULL;
	}
}
