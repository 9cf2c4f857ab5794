/* Reading names, unmanaged accounts, listings and the order sequence. */
#include "engine/store/snapshot.h"
#include "engine/base/alloc.h"
#include "engine/base/aside.h"
#include "engine/store/share.h"
#include "engine/store/walk.h"
#include <stdlib.h>
#include <string.h>

enum { NAMES_AT_ONCE = 16384 };

/* A managed account's name stands in its record. */
static bool name_of(struct rc_view *v, uint16_t target, struct rc_name_value *value)
{
	struct rc_known k;

	if (value->name.n)
		return true;
	if (!rc_view_known_hash(v, target, value->key_hash, &k))
		return false;
	value->name = k.name;
	return true;
}

static struct rc_name_owner owner_of(struct rc_view *v, uint16_t target, const struct rc_key *key, struct rc_slice name)
{
	struct rc_name_owner o = {.kind = RC_NAME_FREE};
	struct rc_name_value value;
	struct rc_slice raw;

	if (!v->txn || !rc_kv_get(v->txn, RC_KV_NAMES, rc_key_slice(key), &raw))
		return o;
	if (!rc_name_read(raw, &value) || !name_of(v, target, &value) || !rc_account_name_same(value.name, name)) {
		rc_kv_damaged(v->txn, RC_KV_NAMES, "an entry is unreadable");
		return o;
	}
	o.kind = value.kind;
	memcpy(o.key_hash, value.key_hash, sizeof(o.key_hash));
	o.since_ns = value.since_ns;
	return o;
}

struct rc_name_owner rc_view_name(struct rc_view *v, uint16_t target, struct rc_slice server, struct rc_slice name)
{
	struct rc_key k = rc_key_name(v->store->format, v->store->seed, target, server, name);

	return owner_of(v, target, &k, name);
}

struct name_key {
	struct rc_key key;
	size_t at; /* in the caller's array */
};

static int by_key(const void *a, const void *b)
{
	const struct name_key *x = a, *y = b;

	return rc_slice_cmp(rc_key_slice(&x->key), rc_key_slice(&y->key));
}

struct names_many {
	uint16_t target;
	struct rc_name_asked *asked;
	const struct name_key *keys;
};

static void names_step(struct rc_view *v, void *ctx, size_t from, size_t to, struct rc_arena *mem)
{
	const struct names_many *m = ctx;

	(void)mem;
	for (size_t i = from; i < to; i++) {
		struct rc_name_asked *a = &m->asked[m->keys[i].at];

		a->owner = owner_of(v, m->target, &m->keys[i].key, a->name);
	}
}

static void sort_keys(const struct rc_store *s, uint16_t target, const struct rc_name_asked *asked,
		      struct name_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		keys[i].key = rc_key_name(s->format, s->seed, target, asked[i].server, asked[i].name);
		keys[i].at = i;
	}
	qsort(keys, n, sizeof(*keys), by_key);
}

static void ask_in_order(struct rc_view *v, uint16_t target, struct rc_name_asked *asked, struct name_key *keys,
			 size_t n)
{
	struct names_many m = {target, asked, keys};

	sort_keys(v->store, target, asked, keys, n);
	rc_view_share(v, n, names_step, &m, NULL);
}

void rc_view_names(struct rc_view *v, uint16_t target, struct rc_name_asked *asked, size_t n)
{
	size_t most = n < NAMES_AT_ONCE ? n : NAMES_AT_ONCE;
	struct name_key *keys = rc_xcalloc(most + 1, sizeof(*keys));

	for (size_t from = 0; from < n; from += most)
		ask_in_order(v, target, asked + from, keys, n - from < most ? n - from : most);
	free(keys);
}

struct rc_names_ahead {
	struct rc_aside aside;
	struct rc_view *view; /* a twin of the caller's */
	uint16_t target;
	struct rc_name_asked *asked;
	size_t n;
};

static void ask_ahead(void *ctx)
{
	const struct rc_names_ahead *a = ctx;
	size_t most = a->n < NAMES_AT_ONCE ? a->n : NAMES_AT_ONCE;
	struct name_key *keys = rc_xcalloc(most + 1, sizeof(*keys));

	for (size_t from = 0; from < a->n; from += most) {
		size_t n = a->n - from < most ? a->n - from : most;
		struct names_many m = {a->target, a->asked + from, keys};

		sort_keys(a->view->store, a->target, a->asked + from, keys, n);
		rc_view_alone(a->view, n, names_step, &m, NULL);
	}
	free(keys);
}

struct rc_names_ahead *rc_view_names_ahead(struct rc_view *v, uint16_t target, struct rc_name_asked *asked, size_t n)
{
	struct rc_view *twin = rc_view_twin(v);
	struct rc_names_ahead *a;

	if (!twin)
		return NULL;
	a = rc_xcalloc(1, sizeof(*a));
	*a = (struct rc_names_ahead){.view = twin, .target = target, .asked = asked, .n = n};
	rc_aside_begin(&a->aside, ask_ahead, a);
	return a;
}

void rc_view_names_told(struct rc_view *v, struct rc_names_ahead *a)
{
	if (!a)
		return;
	rc_aside_end(&a->aside);
	rc_view_twin_end(v, a->view);
	free(a);
}

static bool decode(struct rc_view *v, uint16_t target, struct rc_slice raw, struct rc_unmanaged *ret)
{
	struct rc_codec_env env = rc_store_env(v->store, v, target);
	struct rc_unmanaged u;

	memset(&u, 0, sizeof(u));
	if (!rc_codec_decode(&rc_codec_unmanaged, raw, &env, &u)) {
		rc_kv_damaged(v->txn, RC_KV_UNMANAGED, "an entry is unreadable");
		return false;
	}
	*ret = u;
	return true;
}

bool rc_view_unmanaged(struct rc_view *v, uint16_t target, struct rc_slice server, struct rc_slice name,
		       struct rc_unmanaged *ret)
{
	struct rc_key k = rc_key_name(v->store->format, v->store->seed, target, server, name);
	struct rc_slice raw;

	return v->txn && rc_kv_get(v->txn, RC_KV_UNMANAGED, rc_key_slice(&k), &raw) && decode(v, target, raw, ret);
}

void rc_walk_unmanaged_begin(struct rc_view *v, uint16_t target, struct rc_walk *w)
{
	struct rc_key k = {.n = 0};

	rc_key_u16(&k, target);
	rc_walk_range(v, RC_KV_UNMANAGED, &k, target, w);
}

bool rc_walk_unmanaged(struct rc_walk *w, struct rc_unmanaged *ret)
{
	struct rc_slice k, raw;

	if (!rc_walk_step(w, &k, &raw))
		return false;
	if (decode(w->view, w->target, raw, ret))
		return true;
	rc_walk_end(w);
	return false;
}

bool rc_view_listing(struct rc_view *v, uint16_t target, struct rc_slice server, struct rc_listing *ret)
{
	struct rc_key k = rc_key_listing(v->store->seed, target, server);
	struct rc_listing l;
	struct rc_slice raw;

	if (!v->txn || !rc_kv_get(v->txn, RC_KV_META, rc_key_slice(&k), &raw))
		return false;
	memset(&l, 0, sizeof(l));
	if (!rc_codec_decode(&rc_codec_listing, raw, NULL, &l)) {
		rc_kv_damaged(v->txn, RC_KV_META, "a listing's facts are unreadable");
		return false;
	}
	*ret = l;
	return true;
}

static bool order_value(struct rc_view *v, uint16_t source, struct rc_order_value *ret)
{
	struct rc_key k = rc_key_meta_u16("order", source);
	struct rc_slice raw;

	if (!v->txn || !rc_kv_get(v->txn, RC_KV_META, rc_key_slice(&k), &raw))
		return false;
	memset(ret, 0, sizeof(*ret));
	if (rc_codec_decode(&rc_codec_order, raw, NULL, ret))
		return true;
	rc_kv_damaged(v->txn, RC_KV_META, "the head of an order sequence is unreadable");
	return false;
}

bool rc_view_order(struct rc_view *v, uint16_t source, struct rc_order_info *ret)
{
	struct rc_order_value o;

	if (!order_value(v, source, &o))
		return false;
	*ret = (struct rc_order_info){.n = o.n, .raw = o.raw};
	memcpy(ret->seed, o.seed, sizeof(ret->seed));
	ret->current = o.generation == rc_meta_u64(v->txn, "generation");
	return true;
}

bool rc_view_order_block(struct rc_view *v, uint16_t source, uint64_t block, struct rc_order_block *ret)
{
	struct rc_order_value o;
	struct rc_slice raw, groups;
	struct rc_key k;
	size_t n, each;

	if (!order_value(v, source, &o) || block >= (o.n + RC_ORDER_BLOCK - 1) / RC_ORDER_BLOCK)
		return false;
	n = o.n - block * RC_ORDER_BLOCK < RC_ORDER_BLOCK ? (size_t)(o.n - block * RC_ORDER_BLOCK) : RC_ORDER_BLOCK;
	each = o.raw ? 48 : 32;
	k = rc_key_order(source, o.epoch, (uint32_t)block);
	if (!rc_kv_get(v->txn, RC_KV_ORDER, rc_key_slice(&k), &raw) || raw.n != n * each) {
		rc_kv_damaged(v->txn, RC_KV_ORDER, "a block is missing or cut short");
		return false;
	}
	k = rc_key_order(source, o.epoch, (uint32_t)block | RC_ORDER_GROUPS);
	ret->groups = NULL;
	if (o.raw && rc_kv_get(v->txn, RC_KV_ORDER, rc_key_slice(&k), &groups)) {
		if (groups.n != n / RC_ORDER_GROUP * 16) {
			rc_kv_damaged(v->txn, RC_KV_ORDER, "the groups of a block are cut short");
			return false;
		}
		ret->groups = (const uint8_t(*)[16])(const void *)groups.p;
	}
	ret->n = n;
	ret->rows = (const uint8_t(*)[16])(const void *)raw.p;
	ret->keys = (const uint8_t(*)[RC_HASH_BYTES])(const void *)(raw.p + n * 16);
	ret->raw = o.raw ? (const uint8_t(*)[16])(const void *)(raw.p + n * 32) : NULL;
	return true;
}
