/* One group of facts into one transaction. */
#include "engine/base/alloc.h"
#include "engine/store/fact_list.h"
#include "engine/store/later.h"
#include <stdlib.h>
#include <string.h>

/* Facts of one class touch the same table and must keep their order per key. */
static unsigned fact_class(const struct rc_fact *f)
{
	switch (f->kind) {
	case RC_FACT_PUT_UNMANAGED:
	case RC_FACT_DEL_UNMANAGED:
		return 0;
	case RC_FACT_PUT_RETIRING:
	case RC_FACT_DEL_RETIRING:
		return 1;
	case RC_FACT_PUT_KNOWN:
	case RC_FACT_DEL_KNOWN:
		return 2;
	case RC_FACT_EVENT:
		return 3 + RC_KV_HISTORY;
	case RC_FACT_OP_STATE:
		return 3 + RC_KV_OPS;
	default:
		return 3u + f->table;
	}
}

/* Class and the first seven bytes of the key, as in memory. */
struct rc_fact_at rc_fact_at_of(const struct rc_fact *f)
{
	struct rc_slice key = rc_fact_key(f);
	uint8_t begins[8] = {0};
	uint64_t first;

	if (key.n >= 8) {
		first = rc_get_u64((const uint8_t *)key.p);
	} else {
		memcpy(begins, key.p, key.n);
		first = rc_get_u64(begins);
	}
	return (struct rc_fact_at){(uint64_t)fact_class(f) << 56 | first >> 8, {f}};
}

static int by_key(const void *pa, const void *pb)
{
	const struct rc_fact_at *a = pa, *b = pb;
	int c = (a->prefix > b->prefix) - (a->prefix < b->prefix);

	if (!c)
		c = rc_slice_cmp(rc_fact_key(a->f), rc_fact_key(b->f));
	return c ? c : (a->f->seq > b->f->seq) - (a->f->seq < b->f->seq);
}

struct rc_codec_env rc_apply_env(struct rc_apply *a, uint16_t target)
{
	struct rc_codec_env env = rc_store_env(a->store, NULL, target);

	env.txn = a->t;
	if (env.schema)
		return env;
	if (!a->schema.known || a->schema.target != target) {
		a->schema.known = true;
		a->schema.target = target;
		a->schema.schema = rc_target_schema(a->t, target);
	}
	env.schema = a->schema.schema;
	return env;
}

static void apply_op_state(struct rc_apply *a, const struct rc_fact *f)
{
	struct rc_slice raw;

	if (!rc_kv_get(a->t, RC_KV_OPS, rc_fact_key(f), &raw))
		return;
	rc_buf_clear(&a->buf);
	if (rc_op_patch(raw, f->state, f->at_ns, f->sent_ns, &a->buf))
		rc_kv_put(a->t, RC_KV_OPS, rc_fact_key(f), rc_buf_slice(&a->buf));
	else
		rc_kv_damaged(a->t, RC_KV_OPS, "an entry is unreadable");
}

static void apply_one(struct rc_apply *a, const struct rc_fact *f)
{
	switch ((enum rc_fact_kind)f->kind) {
	case RC_FACT_PUT_UNMANAGED:
		rc_apply_put_unmanaged(a, f);
		break;
	case RC_FACT_DEL_UNMANAGED:
		rc_apply_del_unmanaged(a, f);
		break;
	case RC_FACT_PUT_RETIRING:
		rc_apply_put_retiring(a, f);
		break;
	case RC_FACT_DEL_RETIRING:
		rc_apply_del_retiring(a, f->target, rc_fact_key(f), f->at_ns);
		break;
	case RC_FACT_PUT_KNOWN:
		rc_apply_put_known(a, f);
		break;
	case RC_FACT_DEL_KNOWN:
		rc_apply_del_known(a, f->target, rc_fact_key(f), f->at_ns);
		break;
	case RC_FACT_EVENT:
		rc_apply_event(a, f);
		break;
	case RC_FACT_PUT:
		rc_kv_put(a->t, f->table, rc_fact_key(f), rc_fact_value(f));
		break;
	case RC_FACT_DEL:
		rc_kv_del(a->t, f->table, rc_fact_key(f));
		break;
	case RC_FACT_OP_STATE:
		apply_op_state(a, f);
		break;
	case RC_FACT_CLEAR_UNMANAGED:
		rc_apply_clear_unmanaged(a, rc_fact_key(f));
		break;
	case RC_FACT_PRUNE_NAMES:
		rc_apply_prune_names(a, f->target, f->at_ns);
		break;
	case RC_FACT_PRUNE_HISTORY:
		rc_apply_prune_history(a, f->at_ns);
		break;
	case RC_FACT_FORGET:
		rc_apply_forget(a, f->target, rc_fact_key(f));
		break;
	case RC_FACT_ORDER_BEGIN:
		rc_apply_order_begin(a, f->target);
		break;
	case RC_FACT_ORDER_COMMIT:
		rc_apply_order_commit(a, f->target, rc_fact_value(f));
		break;
	case RC_FACT_ORDER_DROP:
		rc_apply_order_drop(a, f->target);
		break;
	}
}

/* Applies facts sorted by table and key: neighbours in the file are written one after the other. */
static void apply_sorted(struct rc_apply *a, struct rc_fact_at *at, size_t n, const struct rc_fact_list *list)
{
	rc_facts_sort(at, n, by_key);
	rc_apply_names_begin(a, at, n, list);
	for (size_t i = 0; i < n && !rc_kv_failed(a->t); i++) {
		if (n - i > RC_FACTS_AHEAD)
			rc_fact_prefetch(at[i + RC_FACTS_AHEAD].f);
		a->late.now = i;
		apply_one(a, at[i].f);
	}
	rc_apply_late_names(a);
	rc_apply_names_end(a);
}

void rc_apply_begin(struct rc_apply *a, struct rc_store *s, struct rc_kv_txn *t)
{
	*a = (struct rc_apply){.store = s, .t = t, .generation = rc_meta_u64(t, "generation")};
}

static void apply_unlisted(struct rc_apply *a, const struct rc_facts *group)
{
	struct rc_fact_at *list = rc_xmalloc((size_t)group->count * sizeof(*list));
	size_t n = 0;

	for (size_t at = 0; at < group->b.n && !rc_kv_failed(a->t);) {
		const struct rc_fact *f = (const struct rc_fact *)(const void *)(group->b.p + at);

		at += f->size;
		if (f->kind < RC_FACT_BARRIERS) {
			list[n++] = rc_fact_at_of(f);
			continue;
		}
		apply_sorted(a, list, n, NULL);
		n = 0;
		apply_one(a, f);
	}
	apply_sorted(a, list, n, NULL);
	free(list);
}

void rc_apply_facts(struct rc_apply *a, const struct rc_facts *group)
{
	struct rc_fact_list *l = rc_facts_listed(group);

	if (l)
		apply_sorted(a, l->at, l->n, l);
	else
		apply_unlisted(a, group);
}

void rc_apply_end(struct rc_apply *a)
{
	rc_apply_store_counts(a);
	if (a->stamped)
		rc_meta_put_u64(a->t, "generation", a->generation);
	rc_words_store(a->store->words, a->t);
	rc_kv_cursor_close(a->known.c);
	rc_kv_cursor_close(a->names.c);
	rc_buf_done(&a->buf);
	rc_buf_done(&a->record);
	rc_buf_done(&a->old_name);
}

void rc_apply_group(struct rc_store *s, struct rc_kv_txn *t, void *group)
{
	const struct rc_apply_group *g = group;
	struct rc_apply a;

	rc_apply_begin(&a, s, t);
	if (g->put_off) {
		rc_later_put(t, g->facts);
	} else {
		rc_later_apply(&a);
		rc_apply_facts(&a, g->facts);
	}
	if (g->next_id > rc_meta_u64(t, "next_id"))
		rc_meta_put_u64(t, "next_id", g->next_id);
	rc_apply_end(&a);
}
