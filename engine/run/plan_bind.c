/* What a saved plan is bound to: digests of the snapshot, of all that a target has and of one person's part. */
#include "engine/run/plan_run.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

static void hash_of(struct rc_buf *b, uint8_t ret[16])
{
	XXH128_canonical_t c;

	XXH128_canonicalFromHash(&c, XXH3_128bits(b->p, b->n));
	memcpy(ret, c.digest, 16);
}

/* When and by which run something was learned says nothing about what is known. */
static void add_known(const struct rc_known *k, const struct rc_account_schema *schema, struct rc_buf *b)
{
	struct rc_known what = *k;

	what.first_seen_ns = what.created_at_ns = what.changed_at_ns = what.sent_at_ns = what.missing_since_ns = 0;
	what.created_run = what.changed_run = what.error_code = what.error_message = (struct rc_slice){0};
	rc_known_encode(&what, schema, b);
}

static void add_slice(struct rc_slice s, struct rc_buf *b)
{
	rc_buf_addf(b, "%zu:", s.n);
	rc_buf_addslice(b, s);
}

/* Adds without regard to order: records are walked in the order of a hash that each state draws anew. */
static void mix(uint8_t sum[16], struct rc_buf *b)
{
	uint8_t one[16];
	unsigned carry = 0;

	hash_of(b, one);
	for (size_t i = 0; i < 16; i++) {
		carry += (unsigned)sum[i] + one[i];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
	rc_buf_clear(b);
}

static void mix_journal(struct run *r, uint16_t number, uint8_t sum[16], struct rc_buf *b)
{
	struct rc_walk w = {0};
	struct rc_op_entry e;

	rc_journal_unfinished(r->view, &w);
	while (rc_walk_ops(&w, &e)) {
		if (e.target != number)
			continue;
		rc_buf_addf(b, "op %llu ", (unsigned long long)e.id);
		add_slice(e.key, b);
		mix(sum, b);
	}
	rc_walk_end(&w);
}

void run_bind_target(struct run *r, size_t target, uint8_t ret[16])
{
	const struct run_target *t = &r->targets[target];
	struct rc_buf b = {0};
	struct rc_walk w = {0};
	struct rc_known k;

	memset(ret, 0, 16);
	rc_walk_known_begin(r->view, t->number, &w);
	while (rc_walk_known(&w, &k, NULL)) {
		add_known(&k, t->cfg->schema, &b);
		mix(ret, &b);
	}
	rc_walk_end(&w);
	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k)) {
		rc_buf_adds(&b, "retiring ");
		add_known(&k, t->cfg->schema, &b);
		mix(ret, &b);
	}
	rc_walk_end(&w);
	mix_journal(r, t->number, ret, &b);
	rc_buf_done(&b);
}

/* A listing shows more fields than an account that was let go: only what the plan looked at is bound. */
static bool looked_at(const struct rc_target *cfg, size_t field)
{
	return cfg->adopt_if || (cfg->account[field].kind != RC_RULE_NONE && !cfg->schema->fields[field].is_name);
}

static void add_unmanaged(const struct rc_unmanaged *u, const struct rc_target *cfg, struct rc_buf *b)
{
	add_slice(u->name, b);
	add_slice(u->remote_id, b);
	rc_buf_addf(b, "%d", (int)u->disabled);
	for (size_t f = 0; f < cfg->schema->n_fields; f++)
		if (u->account.set & 1u << f && !rc_account_blank(cfg->schema, f, u->account.v[f]) &&
		    looked_at(cfg, f)) {
			rc_buf_addf(b, " %zu ", f);
			add_slice(u->account.v[f], b);
		}
}

void run_bind_person(struct run *r, size_t target, struct rc_slice key, struct rc_slice server, struct rc_slice name,
		     uint8_t ret[16])
{
	const struct run_target *t = &r->targets[target];
	struct rc_unmanaged u;
	struct rc_buf b = {0};
	struct rc_walk w = {0};
	struct rc_known k;

	if (rc_view_known(r->view, t->number, key, &k))
		add_known(&k, t->cfg->schema, &b);
	rc_walk_retiring_begin(r->view, t->number, key, &w);
	while (rc_walk_retiring(&w, &k)) {
		rc_buf_adds(&b, "retiring ");
		add_known(&k, t->cfg->schema, &b);
	}
	rc_walk_end(&w);
	if (rc_view_unmanaged(r->view, t->number, server, name, &u)) {
		rc_buf_adds(&b, "unmanaged ");
		add_unmanaged(&u, t->cfg, &b);
	}
	if (b.n)
		hash_of(&b, ret);
	else
		memset(ret, 0, 16);
	rc_buf_done(&b);
}
