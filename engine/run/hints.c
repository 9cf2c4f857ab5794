/* Hints for whoever looks at a run: nothing here decides anything. */
#include "engine/run/carry.h"
#include "engine/base/log.h"

static struct rc_slice without_zeros(struct rc_slice key)
{
	while (key.n > 1 && key.p[0] == '0') {
		key.p++;
		key.n--;
	}
	return key;
}

/* The person of today who has this key and had no account yesterday; NULL: nobody. */
static const struct rc_person *newcomer(const struct run *r, size_t target, struct rc_slice key)
{
	const struct rc_person *p;
	struct rc_known k;
	uint8_t hash[16];

	rc_store_key_hash(r->store, key, hash);
	p = rc_sources_find(&r->scan, hash);
	if (!p || p->kind != RC_PERSON_PRESENT || rc_view_known_hash(r->view, r->targets[target].number, hash, &k))
		return NULL;
	return p;
}

struct found {
	uint64_t n;
	struct rc_slice old, new_;
};

static void look(const struct run *r, size_t target, const struct rc_person *p, struct rc_slice key, struct found *f)
{
	struct rc_slice bare = without_zeros(key);

	if (!p || p->kind != RC_PERSON_ABSENT || !key.n || bare.n == key.n || !newcomer(r, target, bare))
		return;
	if (!f->n++) {
		f->old = key;
		f->new_ = bare;
	}
}

/* A spreadsheet that opened and saved the export takes the leading zeros of every key: half the house has left, and as
 * many have joined. */
void run_hint_zeros(struct run *r, size_t target)
{
	const struct run_target *t = &r->targets[target];
	struct found f = {0};

	for (size_t i = 0; r->view && i < t->n_ops; i++) {
		const struct rc_op *op = r->ops[t->first_op + i];

		if (op->key.n && op->key.p[0] == '0') /* else the person need not come from memory */
			look(r, target, ((const struct op_info *)op->owner)->person, op->key, &f);
	}
	for (size_t i = 0; r->view && i < t->n_pending; i++)
		look(r, target, r->pending[t->first_pending + i].person, r->pending[t->first_pending + i].o.key, &f);
	if (!f.n || r->n_notes == sizeof(r->notes) / sizeof(*r->notes))
		return;
	r->notes[r->n_notes] = rc_arena_printf(
		&r->mem,
		"%s: %llu missing keys equal new keys without leading zeros (%.*s and %.*s): has a spreadsheet eaten "
		"them?",
		t->cfg->name, (unsigned long long)f.n, (int)f.old.n, f.old.p, (int)f.new_.n, f.new_.p);
	rc_log(RC_LOG_WARN, "%s", r->notes[r->n_notes]);
	r->n_notes++;
}

/* A rule that keeps nobody is a mistyped value far oftener than a company without people. */
void run_hint_where(struct run *r)
{
	for (size_t i = 0; i < r->cfg->n_sources && r->n_notes < sizeof(r->notes) / sizeof(*r->notes); i++) {
		const struct rc_scan_source *s = &r->scan.sources[i];
		const struct rc_source *cfg = &r->cfg->sources[i];

		if (s->frozen || !s->filtered || s->filtered + s->rejected != s->rows)
			continue;
		r->notes[r->n_notes] = rc_arena_printf(
			&r->mem, "source %s: where keeps none of its %llu rows; rollcall check shows what they hold",
			cfg->files.n ? cfg->files.v[0] : cfg->command.v[0], (unsigned long long)s->rows);
		rc_log(RC_LOG_WARN, "%s", r->notes[r->n_notes]);
		r->n_notes++;
	}
}
