/* Reading records and the indexes over them. */
#include "engine/store/snapshot.h"
#include "engine/base/alloc.h"
#include "engine/store/share.h"
#include "engine/store/walk.h"
#include <stdlib.h>
#include <string.h>

enum { KNOWN_KEY = 2 + RC_HASH_BYTES, RETIRING_KEY = KNOWN_KEY + 8 + RC_HASH_BYTES, DUE_HEAD = 9 };

static bool decode(struct rc_view *v, uint16_t target, struct rc_slice raw, enum rc_kv_table table,
		   struct rc_known *ret)
{
	struct rc_codec_env env = rc_store_env(v->store, v, target);

	if (rc_known_read(raw, &env, ret))
		return true;
	rc_kv_damaged(v->txn, table, "a record is unreadable");
	return false;
}

bool rc_view_known_hash(struct rc_view *v, uint16_t target, const uint8_t hash[RC_HASH_BYTES], struct rc_known *ret)
{
	struct rc_key k = rc_key_known(target, hash);
	struct rc_slice raw;

	return v->txn && rc_kv_get(v->txn, RC_KV_KNOWN, rc_key_slice(&k), &raw) &&
	       decode(v, target, raw, RC_KV_KNOWN, ret);
}

bool rc_view_known(struct rc_view *v, uint16_t target, struct rc_slice key, struct rc_known *ret)
{
	uint8_t hash[RC_HASH_BYTES];
	struct rc_known k;

	rc_hash_key(v->store->seed, key, hash);
	if (!rc_view_known_hash(v, target, hash, &k))
		return false;
	if (!rc_slice_eq(k.key, key)) {
		rc_kv_damaged(v->txn, RC_KV_KNOWN, "a record lies under another key's hash");
		return false;
	}
	*ret = k;
	return true;
}

struct hash_at {
	uint64_t head; /* of the hash, as a number */
	uint32_t at;
};

static void sort_by_byte(const struct hash_at *v, size_t n, unsigned shift, struct hash_at *ret)
{
	size_t begin[256] = {0}, sum = 0;

	for (size_t i = 0; i < n; i++)
		begin[v[i].head >> shift & 255]++;
	for (size_t b = 0; b < 256; b++) {
		size_t here = begin[b];

		begin[b] = sum;
		sum += here;
	}
	for (size_t i = 0; i < n; i++)
		ret[begin[v[i].head >> shift & 255]++] = v[i];
}

enum { BITS_IN_ORDER = 24 }; /* neighbours to within a page of millions: the order is for nothing else */

/* By the first bits of their hashes. */
static uint32_t *in_order(const uint8_t (*hashes)[RC_HASH_BYTES], size_t n)
{
	struct hash_at *v = rc_xreallocarray(NULL, n, 2 * sizeof(*v)), *to = v + n, *from = v;
	uint32_t *order = rc_xreallocarray(NULL, n, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		v[i] = (struct hash_at){rc_get_u64(hashes[i]), (uint32_t)i};
	for (unsigned shift = 64 - BITS_IN_ORDER; shift < 64; shift += 8) {
		struct hash_at *sorted = to;

		sort_by_byte(from, n, shift, to);
		to = from;
		from = sorted;
	}
	for (size_t i = 0; i < n; i++)
		order[i] = from[i].at;
	free(v);
	return order;
}

struct known_many { /* by their place, in `order` */
	uint16_t target;
	const uint8_t (*hashes)[RC_HASH_BYTES];
	const uint32_t *order;
	struct rc_known *known;
	bool *found;
	struct rc_slice *raw;
};

static bool look_up(struct rc_view *v, const struct known_many *m, size_t i, struct rc_slice *ret)
{
	struct rc_key k = rc_key_known(m->target, m->hashes[i]);

	return v->txn && rc_kv_get(v->txn, RC_KV_KNOWN, rc_key_slice(&k), ret);
}

static void known_step(struct rc_view *v, void *ctx, size_t from, size_t to, struct rc_arena *mem)
{
	struct known_many *m = ctx;

	for (size_t o = from; o < to; o++) {
		size_t i = m->order[o];
		struct rc_slice raw;

		m->found[i] = look_up(v, m, i, &raw) &&
			      decode(v, m->target, rc_arena_copy(mem, raw), RC_KV_KNOWN, &m->known[i]);
	}
}

void rc_view_known_many(struct rc_view *v, uint16_t target, const uint8_t (*hashes)[RC_HASH_BYTES], size_t n,
			struct rc_arena *mem, struct rc_known *ret, bool *found)
{
	uint32_t *order = in_order(hashes, n);
	struct known_many m = {target, hashes, order, ret, found, NULL};

	rc_view_share(v, n, known_step, &m, mem);
	free(order);
}

bool rc_view_record(struct rc_view *v, uint16_t target, struct rc_slice record, struct rc_known *ret)
{
	return decode(v, target, record, RC_KV_KNOWN, ret);
}

static void records_step(struct rc_view *v, void *ctx, size_t from, size_t to, struct rc_arena *mem)
{
	struct known_many *m = ctx;

	for (size_t o = from; o < to; o++) {
		size_t i = m->order[o];
		struct rc_slice raw;

		m->raw[i] = (struct rc_slice){0};
		if (look_up(v, m, i, &raw))
			m->raw[i] = mem ? rc_arena_copy(mem, raw) : RC_SLICE("");
	}
}

void rc_view_records(struct rc_view *v, uint16_t target, const uint8_t (*hashes)[RC_HASH_BYTES], size_t n,
		     struct rc_arena *mem, struct rc_slice *ret)
{
	uint32_t *order = in_order(hashes, n);
	struct known_many m = {target, hashes, order, NULL, NULL, ret};

	rc_view_share(v, n, records_step, &m, mem);
	free(order);
}

static void walk_target(struct rc_view *v, enum rc_kv_table table, uint16_t target, struct rc_walk *w)
{
	struct rc_key k = {.n = 0};

	rc_key_u16(&k, target);
	rc_walk_range(v, table, &k, target, w);
}

void rc_walk_known_begin(struct rc_view *v, uint16_t target, struct rc_walk *w)
{
	walk_target(v, RC_KV_KNOWN, target, w);
}

bool rc_walk_known(struct rc_walk *w, struct rc_known *ret, const uint8_t **ret_hash)
{
	struct rc_slice k, raw;

	if (!rc_walk_step(w, &k, &raw))
		return false;
	if (k.n != KNOWN_KEY)
		return rc_walk_damaged(w, RC_KV_KNOWN, "a record is unreadable");
	if (!decode(w->view, w->target, raw, RC_KV_KNOWN, ret)) {
		rc_walk_end(w);
		return false;
	}
	if (ret_hash)
		*ret_hash = (const uint8_t *)k.p + 2;
	return true;
}

bool rc_walk_known_brief(struct rc_walk *w, struct rc_known_brief *ret)
{
	struct rc_slice k, raw;

	if (!rc_walk_step(w, &k, &raw))
		return false;
	if (k.n != KNOWN_KEY || !rc_known_decode_brief(raw, ret))
		return rc_walk_damaged(w, RC_KV_KNOWN, "a record is unreadable");
	ret->hash = (const uint8_t *)k.p + 2;
	return true;
}

uint64_t rc_view_known_count(struct rc_view *v, uint16_t target, bool managed_only)
{
	uint64_t n[2] = {0, 0};

	if (v->txn) /* none: nothing was ever written there */
		rc_counts_get(v->txn, target, n);
	return n[managed_only];
}

void rc_walk_open_begin(struct rc_view *v, uint16_t target, struct rc_walk *w)
{
	walk_target(v, RC_KV_OPEN, target, w);
}

/* The record an index entry points to. */
static bool follow(struct rc_walk *w, uint16_t target, enum rc_kv_table table, struct rc_slice key,
		   struct rc_known *ret)
{
	struct rc_slice raw;

	if (!rc_kv_get(w->view->txn, table, key, &raw))
		return rc_walk_damaged(w, table, "an index points to no record");
	if (!decode(w->view, target, raw, table, ret)) {
		rc_walk_end(w);
		return false;
	}
	return true;
}

bool rc_walk_open(struct rc_walk *w, struct rc_known *ret, const uint8_t **ret_hash)
{
	struct rc_slice k, raw;

	if (!rc_walk_step(w, &k, &raw))
		return false;
	if (k.n != KNOWN_KEY)
		return rc_walk_damaged(w, RC_KV_OPEN, "an entry is unreadable");
	if (!follow(w, w->target, RC_KV_KNOWN, k, ret))
		return false;
	if (ret_hash)
		*ret_hash = (const uint8_t *)k.p + 2;
	return true;
}

void rc_walk_due_begin(struct rc_view *v, int64_t until_ns, struct rc_walk *w)
{
	rc_walk_range(v, RC_KV_DUE, NULL, 0, w);
	w->until_ns = until_ns;
}

bool rc_walk_due(struct rc_walk *w, uint16_t *ret_target, struct rc_known *ret, bool *ret_retiring)
{
	struct rc_slice k, raw, record;
	uint16_t target;
	bool retiring;

	if (!rc_walk_step(w, &k, &raw))
		return false;
	retiring = k.n > DUE_HEAD && k.p[DUE_HEAD - 1];
	if (k.n != (size_t)DUE_HEAD + (retiring ? RETIRING_KEY : KNOWN_KEY))
		return rc_walk_damaged(w, RC_KV_DUE, "an entry is unreadable");
	if ((int64_t)(rc_get_u64((const uint8_t *)k.p) ^ (uint64_t)1 << 63) > w->until_ns) {
		rc_walk_end(w);
		return false;
	}
	record = (struct rc_slice){k.p + DUE_HEAD, k.n - DUE_HEAD};
	target = rc_get_u16((const uint8_t *)record.p);
	if (!follow(w, target, retiring ? RC_KV_RETIRING : RC_KV_KNOWN, record, ret))
		return false;
	*ret_target = target;
	*ret_retiring = retiring;
	return true;
}

void rc_walk_retiring_begin(struct rc_view *v, uint16_t target, struct rc_slice key, struct rc_walk *w)
{
	uint8_t hash[RC_HASH_BYTES];
	struct rc_key k;

	if (!key.n) {
		walk_target(v, RC_KV_RETIRING, target, w);
		return;
	}
	rc_hash_key(v->store->seed, key, hash);
	k = rc_key_known(target, hash);
	rc_walk_range(v, RC_KV_RETIRING, &k, target, w);
}

bool rc_walk_retiring(struct rc_walk *w, struct rc_known *ret)
{
	struct rc_slice k, raw;

	if (!rc_walk_step(w, &k, &raw))
		return false;
	if (k.n != RETIRING_KEY)
		return rc_walk_damaged(w, RC_KV_RETIRING, "a record is unreadable");
	if (!decode(w->view, w->target, raw, RC_KV_RETIRING, ret)) {
		rc_walk_end(w);
		return false;
	}
	return true;
}
