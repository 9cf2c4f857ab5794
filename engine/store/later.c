#include "engine/store/later.h"
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	/* A transaction with this many records in random places touches some 30,000 pages of a state of a million
	 * (about one a record; without putting off two), and the file grows by as many. */
	MOST_RECORDS = 32768,
	MOST_BYTES = 32 << 20,
	LARGE = 64 << 10, /* a value of its own pages is not written twice */
	MOST_KEY = 511,   /* of LMDB */
	LEAST_OF_NAME = 15,
	MOST_OF_RECORD = sizeof(((struct rc_key *)0)->b),
};

static bool is_record(const struct rc_fact *f)
{
	return f->kind <= RC_FACT_EVENT;
}

static uint64_t records_of(const struct rc_facts *group, bool *ret_single)
{
	uint64_t n = 0;

	*ret_single = true;
	for (size_t at = 0; at < group->b.n;) {
		const struct rc_fact *f = (const struct rc_fact *)(const void *)(group->b.p + at);

		n += is_record(f);
		*ret_single &= f->kind < RC_FACT_BARRIERS && f->value_n <= LARGE;
		at += f->size;
	}
	return n;
}

bool rc_later_may(const struct rc_store *s, const struct rc_facts *group)
{
	bool single;
	uint64_t n;

	if (s->later.bytes + group->b.n > MOST_BYTES) /* nobody walks through a bulk load for that */
		return false;
	n = records_of(group, &single);
	return single && s->later.records + n <= MOST_RECORDS;
}

void rc_later_count(struct rc_store *s, const struct rc_facts *group)
{
	bool single;

	s->later.records += records_of(group, &single);
	s->later.bytes += group->b.n;
	atomic_fetch_add(&s->later.facts, group->count);
}

void rc_later_none(struct rc_store *s)
{
	s->later.records = s->later.bytes = 0;
	atomic_store(&s->later.facts, 0);
}

/* In the file `size`, which the entry's own length tells, is the sum of all the rest. */
static uint32_t sum_of(struct rc_fact head, struct rc_slice rest)
{
	head.size = 0;
	return (uint32_t)XXH3_64bits_withSeed(rest.p, rest.n, XXH3_64bits(&head, sizeof(head)));
}

static struct rc_slice rest_of(const struct rc_fact *f)
{
	return (struct rc_slice){(const char *)(f + 1), (size_t)f->key_n + f->name_n + f->value_n};
}

static void put_fact(struct rc_kv_cursor *c, uint32_t group, uint32_t nth, const struct rc_fact *f, struct rc_buf *b)
{
	struct rc_slice rest = rest_of(f);
	struct rc_fact head = *f;
	struct rc_key k = {.n = 0};

	head.size = sum_of(head, rest);
	rc_key_u32(&k, group);
	rc_key_u32(&k, nth);
	rc_buf_clear(b);
	rc_buf_add(b, &head, sizeof(head));
	rc_buf_addslice(b, rest);
	rc_kv_cursor_put(c, rc_key_slice(&k), rc_buf_slice(b), true);
}

void rc_later_put(struct rc_kv_txn *t, const struct rc_facts *group)
{
	struct rc_kv_cursor *c = rc_kv_cursor(t, RC_KV_LATER);
	struct rc_buf b = {0};
	struct rc_slice k, v;
	uint32_t number = 0, nth = 0;

	if (rc_kv_last(c, &k, &v))
		number = rc_get_u32((const uint8_t *)k.p) + 1;
	else
		rc_kv_stamp(t, RC_STORE_FORMAT_UNSETTLED);
	for (size_t at = 0; at < group->b.n && !rc_kv_failed(t);) {
		const struct rc_fact *f = (const struct rc_fact *)(const void *)(group->b.p + at);

		put_fact(c, number, nth++, f, &b);
		at += f->size;
	}
	rc_kv_cursor_close(c);
	rc_buf_done(&b);
}

/* Whether whoever applies it may take its shape for granted. */
static bool is_sound(const struct rc_fact *f)
{
	enum { PERSON = 2 + RC_HASH_BYTES };
	bool known = f->kind == RC_FACT_PUT_KNOWN || f->kind == RC_FACT_DEL_KNOWN;
	size_t least = PERSON;

	if (f->kind >= RC_FACT_BARRIERS || f->table >= RC_KV_LATER || f->name_n > MOST_OF_RECORD ||
	    (f->kind == RC_FACT_PUT_KNOWN && f->value_n <= RC_KNOWN_HEAD))
		return false;
	if (f->kind > RC_FACT_EVENT)
		return f->key_n <= MOST_KEY;
	if (f->kind <= RC_FACT_DEL_UNMANAGED)
		least = LEAST_OF_NAME;
	return known ? f->key_n == PERSON : f->key_n >= least && f->key_n <= MOST_OF_RECORD;
}

/* The entry as it stood in the queue; false: it makes no sense. */
static bool take_fact(struct rc_slice v, struct rc_facts *ret)
{
	static const char zeros[8];
	struct rc_fact f;
	struct rc_slice rest = {v.p + sizeof(f), v.n - sizeof(f)};

	if (v.n < sizeof(f))
		return false;
	memcpy(&f, v.p, sizeof(f));
	if (f.size != sum_of(f, rest) || (size_t)f.key_n + f.name_n + f.value_n != rest.n || !is_sound(&f))
		return false;
	f.size = (uint32_t)((v.n + 7) / 8 * 8);
	rc_buf_add(&ret->b, &f, sizeof(f));
	rc_buf_addslice(&ret->b, rest);
	rc_buf_add(&ret->b, zeros, f.size - v.n);
	ret->count++;
	return true;
}

void rc_later_apply(struct rc_apply *a)
{
	struct rc_kv_cursor *c = rc_kv_cursor(a->t, RC_KV_LATER);
	struct rc_facts group = {0};
	struct rc_slice k, v;
	uint32_t number = 0;
	bool any = false;

	for (bool there = rc_kv_seek(c, (struct rc_slice){0}, &k, &v); there && !rc_kv_failed(a->t);
	     there = rc_kv_next(c, &k, &v)) {
		uint32_t its = k.n == 8 ? rc_get_u32((const uint8_t *)k.p) : 0;

		if (any && its != number) {
			rc_apply_facts(a, &group);
			rc_buf_clear(&group.b);
			group.count = 0;
		}
		any = true;
		number = its;
		if (k.n != 8 || !take_fact(v, &group))
			rc_kv_damaged(a->t, RC_KV_LATER, "an entry is unreadable");
	}
	rc_kv_cursor_close(c);
	if (any) {
		rc_apply_facts(a, &group);
		rc_kv_clear(a->t, RC_KV_LATER);
		rc_kv_stamp(a->t, RC_STORE_FORMAT);
	}
	rc_buf_done(&group.b);
}

static void apply_all(struct rc_store *s, struct rc_kv_txn *t, void *ctx)
{
	struct rc_apply a;

	(void)ctx;
	rc_apply_begin(&a, s, t);
	rc_later_apply(&a);
	rc_apply_end(&a);
}

enum rc_code rc_store_settle(struct rc_store *s, int (*before_commit)(void *), void *seam, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	if (atomic_load(&s->later.facts))
		code = rc_store_write(s, apply_all, NULL, before_commit, seam, err);
	if (!code)
		rc_later_none(s);
	return code;
}

enum rc_code rc_later_left(struct rc_store *s, uint64_t *ret, struct rc_err *err)
{
	bool resized;
	struct rc_kv_txn *t;

	*ret = 0;
	do {
		t = rc_kv_begin(s->kv, false, &resized, err);
	} while (!t && resized && !rc_kv_adopt_size(s->kv, err));
	if (!t)
		return err ? err->code : RC_CANTCREAT;
	*ret = rc_kv_count(t, RC_KV_LATER);
	if (*ret) /* what they were encoded with */
		rc_words_load(s->words, t);
	return rc_kv_commit(t, err);
}
