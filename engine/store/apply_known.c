/* Records and the indexes that follow them. Before anything is written, what is needed of the old value is copied: a
 * write moves the pages it lies in. */
#include "engine/base/alloc.h"
#include "engine/store/fact.h"
#include "engine/store/newest.h"
#include <stdlib.h>
#include <string.h>

/* What the indexes hold of one record. */
struct trace {
	bool there, open, named, managed, kept; /* kept: an event */
	int64_t due_ns;
	struct rc_key name_key;
	uint8_t fingerprint[16];
};

static bool trace_of(struct rc_apply *a, uint16_t target, struct rc_slice raw, enum rc_kv_table table,
		     struct trace *ret, struct rc_known *ret_known)
{
	/* Nobody asks for the account here. */
	const struct rc_codec_env env = {.words = a->store->words, .txn = a->t};

	memset(ret, 0, sizeof(*ret));
	if (!rc_known_read(raw, &env, ret_known)) {
		rc_kv_damaged(a->t, table, "a record is unreadable");
		return false;
	}
	ret->there = true;
	ret->kept = rc_newest_in(raw);
	ret->open = rc_known_open(ret_known);
	ret->managed = ret_known->flags & RC_KNOWN_MANAGED;
	ret->named = ret_known->name.n && (ret->managed || table == RC_KV_RETIRING);
	ret->due_ns = ret_known->due_at_ns;
	if (ret->named)
		ret->name_key =
			rc_key_name(RC_STORE_FORMAT, a->store->seed, target, ret_known->server, ret_known->name);
	memcpy(ret->fingerprint, ret_known->fingerprint, 16);
	return true;
}

/* Of a record that is there, whose name is kept in a->old_name. */
static void trace_old(struct rc_apply *a, uint16_t target, struct rc_slice raw, enum rc_kv_table table,
		      struct trace *ret)
{
	struct rc_known k;

	if (!trace_of(a, target, raw, table, ret, &k) || !ret->named)
		return;
	rc_buf_clear(&a->old_name);
	rc_account_name_fold(k.name, rc_buf_reserve(&a->old_name, k.name.n));
	a->old_name.n = k.name.n;
}

static void old_trace(struct rc_apply *a, uint16_t target, struct rc_slice key, enum rc_kv_table table,
		      struct trace *ret)
{
	struct rc_slice raw;

	memset(ret, 0, sizeof(*ret));
	if (rc_kv_get(a->t, table, key, &raw))
		trace_old(a, target, raw, table, ret);
}

static bool get_name(struct rc_apply *a, const struct rc_key *key, struct rc_name_value *ret)
{
	struct rc_slice raw;

	rc_apply_late_names(a);
	if (!rc_kv_get(a->t, RC_KV_NAMES, rc_key_slice(key), &raw))
		return false;
	if (rc_name_read(raw, ret))
		return true;
	rc_kv_damaged(a->t, RC_KV_NAMES, "an entry is unreadable");
	return false;
}

static void put_name_value(struct rc_apply *a, const struct rc_key *key, const struct rc_name_value *v)
{
	rc_buf_clear(&a->buf);
	rc_name_write(v, &a->buf);
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
static void release_name(struct rc_apply *a, const struct trace *old, enum rc_name_kind kind, const uint8_t *key_hash,
			 int64_t retired_ns)
{
	const struct rc_key *key = &old->name_key;
	struct rc_name_value v;
	struct rc_slice raw;

	if (!get_name(a, key, &v) || v.kind != kind || memcmp(v.key_hash, key_hash, sizeof(v.key_hash)) != 0)
		return;
	v.name = rc_buf_slice(&a->old_name);
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

/* What the fact says of its own record. */
static void new_trace(const struct rc_fact *f, struct trace *ret)
{
	struct rc_slice name = rc_fact_name(f);

	ret->there = true;
	ret->open = f->state & RC_FACT_OPEN;
	ret->managed = f->state & RC_FACT_MANAGED;
	ret->kept = f->state & RC_FACT_KEEPS_EVENT;
	ret->named = name.n;
	ret->due_ns = f->at_ns;
	ret->name_key.n = 0;
	rc_key_add(&ret->name_key, name.p, name.n);
	memcpy(ret->fingerprint, rc_fact_value(f).p + RC_KNOWN_AT_FINGERPRINT, sizeof(ret->fingerprint));
}

/* The record to put: with the event that the old one kept, if this one tells it as well. Any other event of the old one
 * goes to the history. */
static struct rc_slice record_with_event(struct rc_apply *a, const struct rc_fact *f, struct rc_slice old, bool kept)
{
	const struct rc_codec_env env = rc_apply_env(a, f->target);
	struct rc_slice value = rc_fact_value(f);
	struct rc_event e;

	rc_buf_clear(&a->record);
	if (!kept && rc_newest_get(old, &env, &e) && rc_newest_put(value, &e, false, &env, &a->record))
		return rc_buf_slice(&a->record);
	rc_apply_event_out(a, f->target, rc_fact_key(f));
	return value;
}

void rc_apply_put_known(struct rc_apply *a, const struct rc_fact *f)
{
	struct rc_slice key = rc_fact_key(f), value = rc_fact_value(f), raw;
	const uint8_t *hash = (const uint8_t *)key.p + 2;
	struct trace old, now;
	bool same_name;

	memset(&old, 0, sizeof(old));
	rc_puts_open(a, &a->known, RC_KV_KNOWN);
	if (rc_slice_cmp(key, rc_key_slice(&a->known.last)) <= 0 && rc_kv_find(a->known.c, key, &raw)) {
		trace_old(a, f->target, raw, RC_KV_KNOWN, &old);
		if (old.kept)
			value = record_with_event(a, f, raw, f->state & RC_FACT_KEEPS_EVENT);
	}
	new_trace(f, &now);
	a->store->inserted += !rc_puts_next(&a->known, key, value) && !old.there;
	rc_apply_count(a, f->target, !old.there, now.managed - old.managed);
	if (now.open && !old.open)
		rc_kv_put(a->t, RC_KV_OPEN, key, (struct rc_slice){"", 0});
	else if (old.open && !now.open)
		rc_kv_del(a->t, RC_KV_OPEN, key);
	move_due(a, false, key, old.due_ns, now.due_ns);
	same_name = old.named && now.named && same_key(&old.name_key, &now.name_key);
	if (old.named && !same_name)
		release_name(a, &old, RC_NAME_MANAGED, hash, f->sent_ns);
	/* What is settled with this name has it, to whomever it was promised in between. */
	if (now.named && (!same_name || f->state & RC_FACT_TAKES_NAME || (old.open && !now.open)))
		rc_apply_take_name(a);
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
	if (old.kept)
		rc_apply_event_out(a, target, key);
	rc_kv_del(a->t, RC_KV_KNOWN, key);
	rc_apply_count(a, target, -1, -old.managed);
	rc_puts_close(&a->known);
	if (old.open)
		rc_kv_del(a->t, RC_KV_OPEN, key);
	move_due(a, false, key, old.due_ns, 0);
	if (old.named)
		release_name(a, &old, RC_NAME_MANAGED, (const uint8_t *)key.p + 2, retired_ns);
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
		release_name(a, &old, RC_NAME_RETIRING, (const uint8_t *)key.p + 2, retired_ns);
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
