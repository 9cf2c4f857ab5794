/* What a run decided, into a saved plan. */
#include "engine/run/plan_run.h"
#include "engine/base/log.h"

static struct rc_plan_values values(struct run *r, size_t target, const struct rc_account *a, uint32_t fields)
{
	const struct rc_account_schema *schema = r->targets[target].cfg->schema;
	struct rc_plan_values out = {.v = rc_arena_alloc(&r->mem, schema->n_fields * sizeof(*out.v))};

	for (size_t f = 0; f < schema->n_fields; f++)
		if (fields & 1u << f && !schema->fields[f].secret)
			out.v[out.n++] = (struct rc_plan_value){rc_slice_str(schema->fields[f].name), a->v[f]};
	return out;
}

/* An account that is to be adopted has no key of its own yet. */
static struct rc_slice pack(struct run *r, size_t target, struct rc_slice key, const struct rc_known *k)
{
	struct rc_known record = *k;
	struct rc_buf b = {0};
	struct rc_slice out;

	record.key = key;
	rc_known_encode(&record, r->targets[target].cfg->schema, &b);
	out = rc_arena_copy(&r->mem, rc_buf_slice(&b));
	rc_buf_done(&b);
	return out;
}

static void person(const struct rc_person *p, struct rc_plan_row *row)
{
	if (!p)
		return;
	memcpy(row->row, p->row, 16);
	row->source = p->source;
	row->has_row = p->kind == RC_PERSON_PRESENT || p->kind == RC_PERSON_FILTERED;
}

static struct rc_slice label(const struct run *r, size_t target, size_t server)
{
	const struct rc_target *t = r->targets[target].cfg;

	return t->pool ? rc_slice_str(t->servers[server].label) : (struct rc_slice){0};
}

static void order(struct run *r, const struct rc_op *op, struct rc_plan_row *row)
{
	const struct op_info *info = op->owner;

	*row = (struct rc_plan_row){.target = rc_slice_str(r->targets[op->target].cfg->name),
				    .key = op->key,
				    .name = op->name,
				    .remote_id = op->remote_id,
				    .server = info->unplaced ? (struct rc_slice){0} : label(r, op->target, op->server),
				    .action = op->action,
				    .reason = rc_slice_str(op->reason),
				    .linked_name = op->linked_name,
				    .error_code = rc_slice_str(op->error_code),
				    .error_message = rc_slice_str(op->error_message),
				    .source_file = op->source_file,
				    .source_line = op->source_line,
				    .drift = info->drift,
				    .call = true,
				    .id = op->id,
				    .linked = op->linked ? op->linked->id : 0,
				    .after = op->after ? op->after->id : 0,
				    .class_ = (uint8_t)op->class_,
				    .state = (uint8_t)op->state,
				    .mail_sent = op->mail_sent,
				    .adopts = info->adopts,
				    .retiring = op->retiring,
				    .sets_password = op->sets_password,
				    .disabled = op->disabled,
				    .due_at = info->due_ns,
				    .want = values(r, op->target, op->want, op->want->set),
				    .before = values(r, op->target, op->have, op->have->set & op->changed),
				    .changed = values(r, op->target, op->want, op->changed),
				    .group = op->group,
				    .has_priority = op->priority != INT64_MAX,
				    .priority = op->priority != INT64_MAX ? op->priority : 0};
	if (info->known)
		row->record = pack(r, op->target, op->key, info->known);
	person(info->person, row);
	run_bind_person(r, op->target, op->key, row->server, op->name, row->precondition);
}

static void outcome(struct run *r, const struct pending *q, struct rc_plan_row *row)
{
	const struct rc_outcome *o = &q->o;
	size_t target = 0;

	while (strcmp(r->targets[target].cfg->name, o->target) != 0)
		target++;
	*row = (struct rc_plan_row){.target = rc_slice_str(o->target),
				    .key = o->key,
				    .name = o->name,
				    .remote_id = o->remote_id,
				    .server = q->known.server.n ? q->known.server : rc_slice_str(o->server),
				    .action = o->action,
				    .status = o->status,
				    .reason = rc_slice_str(o->reason),
				    .linked_name = o->linked_name,
				    .error_code = rc_slice_str(o->error_code),
				    .error_message = rc_slice_str(o->error_message),
				    .source_file = o->source_file,
				    .source_line = o->source_line,
				    .drift = o->drift,
				    .due_at = o->due_at,
				    .put = q->put,
				    .drop = q->drop,
				    .release = q->release};
	if (q->known.key.n)
		row->record = pack(r, target, q->known.key, &q->known);
	person(q->person, row);
	run_bind_person(r, target, o->key, row->server, o->name, row->precondition);
}

static void sources(struct run *r, struct rc_plan *p)
{
	if (!r->scanned)
		return;
	p->n_sources = r->cfg->n_sources;
	p->sources = rc_arena_zalloc(&r->mem, p->n_sources * sizeof(*p->sources));
	for (size_t i = 0; i < p->n_sources; i++) {
		const struct rc_scan_source *s = &r->scan.sources[i];
		struct rc_plan_source *to = &p->sources[i];

		*to = (struct rc_plan_source){.rows = s->rows,
					      .filtered = s->filtered,
					      .rejected = s->rejected,
					      .bytes = s->bytes,
					      .mtime = s->mtime_ns,
					      .columns = s->columns,
					      .n_columns = s->n_columns,
					      .files = rc_arena_alloc(&r->mem, (s->n_files + 1) * sizeof(*to->files)),
					      .n_files = s->n_files};
		memcpy(to->content, s->content, 16);
		for (size_t f = 0; f < s->n_files; f++)
			to->files[f] = rc_slice_str(s->files[f]);
	}
	memcpy(p->mapping, r->scan.seed, 16);
}

static struct rc_slice *keys(struct run *r, const char *const *v, size_t n)
{
	struct rc_slice *ret = rc_arena_alloc(&r->mem, (n + 1) * sizeof(*ret));

	for (size_t i = 0; i < n; i++)
		ret[i] = rc_slice_str(v[i]);
	return ret;
}

static void targets(struct run *r, struct rc_plan *p)
{
	p->targets = rc_arena_zalloc(&r->mem, r->cfg->n_targets * sizeof(*p->targets));
	for (size_t i = 0; i < r->cfg->n_targets; i++) {
		struct rc_plan_target *to = &p->targets[p->n_targets];

		if (!r->targets[i].selected)
			continue;
		to->name = rc_slice_str(r->targets[i].cfg->name);
		to->wanted = r->targets[i].wanted;
		memcpy(to->snapshot, r->targets[i].snapshot, 16);
		p->n_targets++;
	}
}

static bool stopped(const struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->targets[i].selected && r->targets[i].stopped)
			return true;
	return false;
}

enum rc_code run_plan_save(struct run *r, struct rc_err *err)
{
	char now[32];
	struct rc_plan p = {.version = RC_SLICE(ROLLCALL_VERSION),
			    .run_id = rc_slice_str(r->run_id),
			    .command = rc_slice_str(r->opts->command),
			    .undo_of = rc_slice_str(r->opts->undo_of),
			    .config_hash = rc_slice_str(r->cfg->hash),
			    .environment = rc_slice_str(r->cfg->environment),
			    .whole = !r->opts->only && r->opts->n_exclude == 0 && !r->opts->undo_of,
			    .selects = r->opts->only != NULL,
			    .only = keys(r, r->opts->only, r->opts->n_only),
			    .n_only = r->opts->n_only,
			    .exclude = keys(r, r->opts->exclude, r->opts->n_exclude),
			    .n_exclude = r->opts->n_exclude};
	enum rc_code code;

	if (stopped(r)) {
		rc_log(RC_LOG_WARN, "%s: no plan is saved, because a target was stopped", r->opts->plan_out);
		return RC_OK;
	}
	rc_time_iso(r->started_ns, now);
	p.created_at = rc_slice_str(now);
	sources(r, &p);
	targets(r, &p);
	p.rows = rc_arena_alloc(&r->mem, (r->n_ops + r->n_pending + 1) * sizeof(*p.rows));
	for (size_t i = 0; i < r->n_ops; i++)
		order(r, r->ops[i], &p.rows[p.n_rows++]);
	for (size_t i = 0; i < r->n_pending; i++)
		outcome(r, &r->pending[i], &p.rows[p.n_rows++]);
	code = rc_plan_save(r->opts->plan_out, &p, err);
	if (!code)
		rc_log(RC_LOG_INFO, "the plan is saved; rollcall apply CONFIG %s carries it out", r->opts->plan_out);
	return code;
}
