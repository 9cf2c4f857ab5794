/* Records and the indexes that follow them. Before anything is written, what is needed of the old value is copied: a
 * write moves the pages it lies in. */
#include "engine/base/alloc.h"
#include "engine/store/fact.h"
#include <stdlib.h>
#include <string.h>

/* What the indexes hold of one record. */
struct trace {
	bool there, open, named;
	uint32_t managed;
	int64_t due_ns;
	struct rc_key name_key;
	uint8_t fingerprint[16];
};

static bool trace_of(struct rc_apply *a, uint16_t target, struct rc_slice raw, enum rc_kv_table table,
		     struct trace *ret, struct rc_known *ret_known)
{
	memset(ret, 0, sizeof(*ret));
	if (!rc_known_decode(raw, NULL, ret_known)) {
		rc_kv_damaged(a->t, table, "a record is unreadable");
		return false;
	}
	ret->there = true;
	ret->open = rc_known_open(ret_known);
	ret->managed = ret_known->flags & RC_KNOWN_MANAGED;
	ret->named = ret_known->name.n && (ret->managed || table == RC_KV_RETIRING);
	ret->due_ns = ret_known->due_at_ns;
	if (ret->named)
		ret->name_key = rc_key_name(a->store->seed, target, ret_known->server, ret_known->name);
	memcpy(ret->fingerprint, ret_known->fingerprint, 16);
	return true;
}

static void old_trace(struct rc_apply *a, uint16_t target, struct rc_slice key, enum rc_kv_table table,
		      struct trace *ret)
{
	struct rc_known k;
	struct rc_slice raw;

	memset(ret, 0, sizeof(*ret));
	if (rc_kv_get(a->t, table, key, &raw))
		trace_of(a, target, raw, table, ret, &k);
}

static bool get_name(struct rc_apply *a, const struct rc_key *key, struct rc_name_value *ret)
{
	struct rc_slice raw;

	memset(ret, 0, sizeof(*ret));
	if (!rc_kv_get(a->t, RC_KV_NAMES, rc_key_slice(key), &raw))
		return false;
	if (rc_codec_decode(&rc_codec_name, raw, NULL, ret))
		return true;
	rc_kv_damaged(a->t, RC_KV_NAMES, "an entry is unreadable");
	return false;
}

static void put_name_value(struct rc_apply *a, const struct rc_key *key, const struct rc_name_value *v)
{
	rc_buf_clear(&a->buf);
	rc_codec_encode(&rc_codec_name, NULL, v, NULL, &a->buf);
	rc_kv_put(a->t, RC_KV_NAMES, rc_key_slice(key), rc_buf_slice(&a->buf));
}

static void put_name(struct rc_apply *a, const struct rc_key *key, enum rc_name_kind kind, struct rc_slice name,
		     const uint8_t *key_hash, int64_t since_ns)
{
	struct rc_name_value v = {.kind = (uint8_t)kind, .since_ns = since_ns};
	char *folded = rc_xmalloc(name.n);

	rc_account_name_fold(name, folded);
	v.name = (struct rc_slice){folded, name.n};
	if (key_hash)
		memcpy(v.key_hash, key_hash, sizeof(v.key_hash));
	put_name_value(a, key, &v);
	free(folded);
}

/* The account of this name is no longer of this person in this role: the name falls to the unmanaged account of the
 * name, counts as retired, or is free. An entry that says something else meanwhile is left. */
static void release_name(struct rc_apply *a, const struct rc_key *key, enum rc_name_kind kind, const uint8_t *key_hash,
			 int64_t retired_ns)
{
	struct rc_name_value v;
	struct rc_slice raw;

	if (!get_name(a, key, &v) || v.kind != kind || memcmp(v.key_hash, key_hash, sizeof(v.key_hash)) != 0)
		return;
	if (rc_kv_get(a->t, RC_KV_UNMANAGED, rc_key_slice(key), &raw)) {
		v.kind = RC_NAME_UNMANAGED;
		memset(v.key_hash, 0, sizeof(v.key_hash));
		v.since_ns = 0;
	} else if (retired_ns) {
		v.kind = RC_NAME_RETIRED;
		v.since_ns = retired_ns;
	} else {
		rc_kv_del(a->t, RC_KV_NAMES, rc_key_slice(key));
		return;
	}
	put_name_value(a, key, &v); /* encodes before it puts */
}

static void move_due(struct rc_apply *a, bool retiring, struct rc_slice key, int64_t from, int64_t to)
{
	struct rc_key k;

	if (from == to)
		return;
	if (from) {
		k = rc_key_due(from, retiring, key);
		rc_kv_del(a->t, RC_KV_DUE, rc_key_slice(&k));
	}
	if (to) {
		k = rc_key_due(to, retiring, key);
		rc_kv_put(a->t, RC_KV_DUE, rc_key_slice(&k), (struct rc_slice){"", 0});
	}
}

static bool same_key(const struct rc_key *a, const struct rc_key *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

/* Puts a record; at the end of the table when it sorts there, so that sorted loads fill pages. */
static void put_record(struct rc_apply *a, struct rc_slice key, struct rc_slice value)
{
	struct rc_slice k, v;
	bool append;

	if (!a->known) {
		a->known = rc_kv_cursor(a->t, RC_KV_KNOWN);
		a->last_known.n = 0;
		if (rc_kv_last(a->known, &k, &v))
			rc_key_add(&a->last_known, k.p, k.n);
	}
	append = rc_slice_cmp(key, rc_key_slice(&a->last_known)) > 0;
	rc_kv_cursor_put(a->known, key, value, append);
	if (append) {
		a->last_known.n = 0;
		rc_key_add(&a->last_known, key.p, key.n);
	}
}

static void changed_records(struct rc_apply *a)
{
	a->generation++;
	a->stamped = true;
}

void rc_apply_store_counts(struct rc_apply *a)
{
	uint64_t n[2];

	if (!a->all_more && !a->managed_more)
		return;
	rc_counts_get(a->t, a->counted, n);
	n[0] += (uint64_t)a->all_more;
	n[1] += (uint64_t)a->managed_more;
	rc_counts_put(a->t, a->counted, n);
	a->all_more = a->managed_more = 0;
}

void rc_apply_count(struct rc_apply *a, uint16_t target, int all, int managed)
{
	if (target != a->counted)
		rc_apply_store_counts(a);
	a->counted = target;
	a->all_more += all;
	a->managed_more += managed;
}

void rc_apply_put_known(struct rc_apply *a, const struct rc_fact *f)
{
	struct rc_slice key = rc_fact_key(f);
	const uint8_t *hash = (const uint8_t *)key.p + 2;
	struct trace old, now;
	struct rc_known k;

	old_trace(a, f->target, key, RC_KV_KNOWN, &old);
	if (!trace_of(a, f->target, rc_fact_value(f), RC_KV_KNOWN, &now, &k))
		return;
	put_record(a, key, rc_fact_value(f));
	rc_apply_count(a, f->target, !old.there, (now.managed != 0) - (old.managed != 0));
	if (now.open && !old.open)
		rc_kv_put(a->t, RC_KV_OPEN, key, (struct rc_slice){"", 0});
	else if (old.open && !now.open)
		rc_kv_del(a->t, RC_KV_OPEN, key);
	move_due(a, false, key, old.due_ns, now.due_ns);
	if (old.named && !(now.named && same_key(&old.name_key, &now.name_key)))
		release_name(a, &old.name_key, RC_NAME_MANAGED, hash, k.changed_at_ns);
	if (now.named && !(old.named && same_key(&old.name_key, &now.name_key)))
		put_name(a, &now.name_key, RC_NAME_MANAGED, k.name, hash, k.created_at_ns);
	/* An open record is looked at whatever the order sequence says; any other that is not what the sequence was
	 * written with makes it stale. */
	if (!now.open &&
	    (!old.there || old.managed != now.managed || memcmp(old.fingerprint, now.fingerprint, 16) != 0))
		changed_records(a);
}

void rc_apply_del_known(struct rc_apply *a, uint16_t target, struct rc_slice key, int64_t retired_ns)
{
	struct trace old;

	old_trace(a, target, key, RC_KV_KNOWN, &old);
	if (!old.there)
		return;
	rc_kv_del(a->t, RC_KV_KNOWN, key);
	rc_apply_count(a, target, -1, -(old.managed != 0));
	rc_kv_cursor_close(a->known); /* the greatest key may be gone */
	a->known = NULL;
	if (old.open)
		rc_kv_del(a->t, RC_KV_OPEN, key);
	move_due(a, false, key, old.due_ns, 0);
	if (old.named)
		release_name(a, &old.name_key, RC_NAME_MANAGED, (const uint8_t *)key.p + 2, retired_ns);
	changed_records(a);
}

void rc_apply_put_retiring(struct rc_apply *a, const struct rc_fact *f)
{
	struct rc_slice key = rc_fact_key(f);
	const uint8_t *hash = (const uint8_t *)key.p + 2;
	struct rc_name_value v;
	struct trace old, now;
	struct rc_known k;

	old_trace(a, f->target, key, RC_KV_RETIRING, &old);
	if (!trace_of(a, f->target, rc_fact_value(f), RC_KV_RETIRING, &now, &k))
		return;
	rc_kv_put(a->t, RC_KV_RETIRING, key, rc_fact_value(f));
	move_due(a, true, key, old.due_ns, now.due_ns);
	/* The name is the key's last part, so it cannot have changed; whoever manages an account of this name now keeps
	 * it. */
	if (now.named && (!get_name(a, &now.name_key, &v) || v.kind != RC_NAME_MANAGED ||
			  memcmp(v.key_hash, hash, sizeof(v.key_hash)) == 0))
		put_name(a, &now.name_key, RC_NAME_RETIRING, k.name, hash, k.created_at_ns);
}

void rc_apply_del_retiring(struct rc_apply *a, uint16_t target, struct rc_slice key, int64_t retired_ns)
{
	struct trace old;

	old_trace(a, target, key, RC_KV_RETIRING, &old);
	if (!old.there)
		return;
	rc_kv_del(a->t, RC_KV_RETIRING, key);
	move_due(a, true, key, old.due_ns, 0);
	if (old.named)
		release_name(a, &old.name_key, RC_NAME_RETIRING, (const uint8_t *)key.p + 2, retired_ns);
}

void rc_apply_put_unmanaged(struct rc_apply *a, const struct rc_fact *f)
{
	struct rc_key key = {.n = 0};
	struct rc_unmanaged u;
	struct rc_name_value v;

	memset(&u, 0, sizeof(u));
	rc_key_add(&key, rc_fact_key(f).p, f->key_n);
	rc_kv_put(a->t, RC_KV_UNMANAGED, rc_key_slice(&key), rc_fact_value(f));
	if (!rc_codec_decode(&rc_codec_unmanaged, rc_fact_value(f), NULL, &u))
		return;
	if (!get_name(a, &key, &v) || v.kind == RC_NAME_RETIRED || v.kind == RC_NAME_FREE)
		put_name(a, &key, RC_NAME_UNMANAGED, u.name, NULL, 0);
}

void rc_apply_del_unmanaged(struct rc_apply *a, const struct rc_fact *f)
{
	struct rc_key key = {.n = 0};
	struct rc_name_value v;

	rc_key_add(&key, rc_fact_key(f).p, f->key_n);
	rc_kv_del(a->t, RC_KV_UNMANAGED, rc_key_slice(&key));
	if (get_name(a, &key, &v) && v.kind == RC_NAME_UNMANAGED)
		rc_kv_del(a->t, RC_KV_NAMES, rc_key_slice(&key));
}
