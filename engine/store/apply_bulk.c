/* Changes to ranges: listings begun anew, retention, erasure, order sequences. */
#include "engine/base/alloc.h"
#include "engine/store/fact.h"
#include "engine/store/newest.h"
#include <stdlib.h>
#include <string.h>

static bool begins(struct rc_slice k, struct rc_slice prefix)
{
	return k.n >= prefix.n && memcmp(k.p, prefix.p, prefix.n) == 0;
}

void rc_apply_clear_unmanaged(struct rc_apply *a, struct rc_slice prefix)
{
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, RC_KV_UNMANAGED);
	struct rc_name_value v;
	struct rc_slice k, raw;

	for (bool there = rc_kv_seek(c, prefix, &k, &raw); there && begins(k, prefix); there = rc_kv_next(c, &k, &raw))
		rc_kv_cursor_del(c);
	rc_kv_cursor_close(c);
	c = rc_kv_cursor(a->t, RC_KV_NAMES);
	for (bool there = rc_kv_seek(c, prefix, &k, &raw); there && begins(k, prefix);
	     there = rc_kv_next(c, &k, &raw)) {
		if (!rc_name_read(raw, &v))
			rc_kv_damaged(a->t, RC_KV_NAMES, "an entry is unreadable");
		else if (v.kind == RC_NAME_UNMANAGED)
			rc_kv_cursor_del(c);
	}
	rc_kv_cursor_close(c);
}

/* Removes the names of a target that say so: retired before a moment, or, with hash, retired by that person. */
static void drop_names(struct rc_apply *a, uint16_t target, const uint8_t *hash, int64_t before_ns)
{
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, RC_KV_NAMES);
	struct rc_key prefix = {.n = 0};
	struct rc_name_value v;
	struct rc_slice k, raw;

	rc_key_u16(&prefix, target);
	for (bool there = rc_kv_seek(c, rc_key_slice(&prefix), &k, &raw); there && begins(k, rc_key_slice(&prefix));
	     there = rc_kv_next(c, &k, &raw)) {
		if (!rc_name_read(raw, &v))
			rc_kv_damaged(a->t, RC_KV_NAMES, "an entry is unreadable");
		else if (hash ? memcmp(v.key_hash, hash, sizeof(v.key_hash)) == 0
			      : v.kind == RC_NAME_RETIRED && v.since_ns < before_ns)
			rc_kv_cursor_del(c);
	}
	rc_kv_cursor_close(c);
}

void rc_apply_prune_names(struct rc_apply *a, uint16_t target, int64_t before_ns)
{
	drop_names(a, target, NULL, before_ns);
}

enum { EVENT_PERSON = 2 + RC_HASH_BYTES, EVENT_KEY = EVENT_PERSON + 12 };

/* Whether the person's record keeps an event that is old itself and later than all in the history. */
static bool newer_in_record(struct rc_apply *a, const struct rc_key *event, int64_t before_ns)
{
	const struct rc_codec_env env = {.words = a->store->words, .txn = a->t};
	struct rc_slice raw;
	struct rc_event e;

	return rc_kv_get(a->t, RC_KV_KNOWN, (struct rc_slice){(const char *)event->b, EVENT_PERSON}, &raw) &&
	       rc_newest_get(raw, &env, &e) && e.at_ns < before_ns;
}

/* Events of one person follow one another by time: an old one goes when it leaves no access, or when a later old one
 * tells the same. So each is judged when the next is known; `kept` is the old event with access that waits for that. */
static void prune_events(struct rc_apply *a, int64_t before_ns)
{
	const struct rc_codec_env env = {.words = a->store->words, .txn = a->t};
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, RC_KV_HISTORY);
	struct rc_key kept = {.n = 0}, this;
	struct rc_slice k, raw;
	struct rc_event e;

	for (bool there = rc_kv_seek(c, (struct rc_slice){0}, &k, &raw); there; there = rc_kv_next(c, &k, &raw)) {
		memset(&e, 0, sizeof(e));
		if (k.n != EVENT_KEY || !rc_codec_decode(&rc_codec_event, raw, &env, &e)) {
			rc_kv_damaged(a->t, RC_KV_HISTORY, "an event is unreadable");
			break;
		}
		if (e.at_ns >= before_ns)
			continue;
		this.n = 0;
		rc_key_add(&this, k.p, k.n); /* k points into the page, where a delete moves things */
		if (kept.n && memcmp(kept.b, this.b, EVENT_PERSON) == 0)
			rc_kv_del(a->t, RC_KV_HISTORY, rc_key_slice(&kept));
		kept.n = 0;
		if (e.access && !newer_in_record(a, &this, before_ns))
			kept = this;
		else
			rc_kv_cursor_del(c);
	}
	rc_kv_cursor_close(c);
}

/* Which saved plan a run applied: goes with the run. */
static void prune_applied(struct rc_apply *a)
{
	struct rc_slice prefix = RC_SLICE("note/applied/"), k, run, raw;
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, RC_KV_META);

	for (bool there = rc_kv_seek(c, prefix, &k, &run); there && begins(k, prefix); there = rc_kv_next(c, &k, &run))
		if (!rc_kv_get(a->t, RC_KV_RUNS, run, &raw))
			rc_kv_cursor_del(c);
	rc_kv_cursor_close(c);
}

void rc_apply_prune_history(struct rc_apply *a, int64_t before_ns)
{
	struct rc_kv_cursor *c;
	struct rc_slice k, raw;
	struct rc_run r;

	prune_events(a, before_ns);
	c = rc_kv_cursor(a->t, RC_KV_RUNS);
	for (bool there = rc_kv_seek(c, (struct rc_slice){0}, &k, &raw); there; there = rc_kv_next(c, &k, &raw)) {
		memset(&r, 0, sizeof(r));
		if (!rc_codec_decode(&rc_codec_run, raw, NULL, &r))
			rc_kv_damaged(a->t, RC_KV_RUNS, "a run is unreadable");
		else if (r.finished_ns && r.finished_ns < before_ns)
			rc_kv_cursor_del(c);
	}
	rc_kv_cursor_close(c);
	prune_applied(a);
}

static void del_range(struct rc_apply *a, enum rc_kv_table table, struct rc_slice prefix)
{
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, table);
	struct rc_slice k, v;

	for (bool there = rc_kv_seek(c, prefix, &k, &v); there && begins(k, prefix); there = rc_kv_next(c, &k, &v))
		rc_kv_cursor_del(c);
	rc_kv_cursor_close(c);
}

static void forget_retiring(struct rc_apply *a, uint16_t target, struct rc_slice person)
{
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, RC_KV_RETIRING);
	struct rc_slice k, v;
	struct rc_key key;

	for (;;) {
		if (!rc_kv_seek(c, person, &k, &v) || !begins(k, person))
			break;
		key.n = 0;
		rc_key_add(&key, k.p, k.n);
		rc_apply_del_retiring(a, target, rc_key_slice(&key), 0);
	}
	rc_kv_cursor_close(c);
}

static void forget_ops(struct rc_apply *a, uint16_t target, const uint8_t *hash)
{
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, RC_KV_OPS);
	uint8_t mine[RC_HASH_BYTES];
	struct rc_op_entry op;
	struct rc_slice k, v;

	for (bool there = rc_kv_seek(c, (struct rc_slice){0}, &k, &v); there; there = rc_kv_next(c, &k, &v)) {
		if (!rc_op_decode(0, v, NULL, &op)) {
			rc_kv_damaged(a->t, RC_KV_OPS, "an entry is unreadable");
			break;
		}
		rc_hash_key(a->store->seed, op.key, mine);
		if (op.target == target && memcmp(mine, hash, RC_HASH_BYTES) == 0)
			rc_kv_cursor_del(c);
	}
	rc_kv_cursor_close(c);
}

void rc_apply_forget(struct rc_apply *a, uint16_t target, struct rc_slice key)
{
	const uint8_t *hash = (const uint8_t *)key.p + 2;

	rc_apply_del_known(a, target, key, 0);
	forget_retiring(a, target, key);
	forget_ops(a, target, hash);
	del_range(a, RC_KV_HISTORY, key);
	drop_names(a, target, hash, 0);
}

static bool order_head(struct rc_apply *a, uint16_t source, struct rc_order_value *ret)
{
	struct rc_key k = rc_key_meta_u16("order", source);
	struct rc_slice raw;

	memset(ret, 0, sizeof(*ret));
	if (!rc_kv_get(a->t, RC_KV_META, rc_key_slice(&k), &raw))
		return false;
	if (rc_codec_decode(&rc_codec_order, raw, NULL, ret))
		return true;
	rc_kv_damaged(a->t, RC_KV_META, "the head of an order sequence is unreadable");
	return false;
}

/* Blocks of a source but those of one epoch; keep false: all. */
static void drop_blocks(struct rc_apply *a, uint16_t source, bool keep, uint32_t epoch)
{
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, RC_KV_ORDER);
	struct rc_key prefix = {.n = 0};
	struct rc_slice k, v;

	rc_key_u16(&prefix, source);
	for (bool there = rc_kv_seek(c, rc_key_slice(&prefix), &k, &v); there && begins(k, rc_key_slice(&prefix));
	     there = rc_kv_next(c, &k, &v))
		if (k.n != 10 || !keep || rc_get_u32((const uint8_t *)k.p + 2) != epoch)
			rc_kv_cursor_del(c);
	rc_kv_cursor_close(c);
}

void rc_apply_order_begin(struct rc_apply *a, uint16_t source)
{
	struct rc_order_value o;
	bool there = order_head(a, source, &o);

	drop_blocks(a, source, there, o.epoch);
}

void rc_apply_order_commit(struct rc_apply *a, uint16_t source, struct rc_slice value)
{
	struct rc_key k = rc_key_meta_u16("order", source);
	struct rc_order_value o;

	memset(&o, 0, sizeof(o));
	if (!rc_codec_decode(&rc_codec_order, value, NULL, &o))
		return;
	o.generation = a->generation;
	rc_buf_clear(&a->buf);
	rc_codec_encode(&rc_codec_order, NULL, &o, NULL, &a->buf);
	rc_kv_put(a->t, RC_KV_META, rc_key_slice(&k), rc_buf_slice(&a->buf));
	drop_blocks(a, source, true, o.epoch);
}

void rc_apply_order_drop(struct rc_apply *a, uint16_t source)
{
	struct rc_key k = rc_key_meta_u16("order", source);

	rc_kv_del(a->t, RC_KV_META, rc_key_slice(&k));
	drop_blocks(a, source, false, 0);
}
