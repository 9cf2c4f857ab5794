/* Names of records, put in their own order when the records are. */
#include "engine/base/alloc.h"
#include "engine/store/fact_list.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void rc_puts_open(struct rc_apply *a, struct rc_puts *p, enum rc_kv_table table)
{
	struct rc_slice k, v;

	if (p->c)
		return;
	p->c = rc_kv_cursor(a->t, table);
	p->last.n = 0;
	if (rc_kv_last(p->c, &k, &v))
		rc_key_add(&p->last, k.p, k.n);
}

bool rc_puts_next(struct rc_puts *p, struct rc_slice key, struct rc_slice value)
{
	bool append = rc_slice_cmp(key, rc_key_slice(&p->last)) > 0;

	rc_kv_cursor_put(p->c, key, value, append);
	if (append) {
		p->last.n = 0;
		rc_key_add(&p->last, key.p, key.n);
	}
	return append;
}

void rc_puts_close(struct rc_puts *p)
{
	rc_kv_cursor_close(p->c);
	p->c = NULL;
}

static int by_name(const void *pa, const void *pb)
{
	const struct rc_fact_at *a = pa, *b = pb;
	int c = (a->prefix > b->prefix) - (a->prefix < b->prefix);

	if (!c)
		c = rc_slice_cmp(rc_fact_name(a->f), rc_fact_name(b->f));
	return c ? c : (a->f->seq > b->f->seq) - (a->f->seq < b->f->seq);
}

static struct rc_fact_at name_at(const struct rc_fact *f)
{
	uint8_t begins[8] = {0};

	memcpy(begins, rc_fact_name(f).p, f->name_n < 8 ? f->name_n : 8);
	return (struct rc_fact_at){rc_get_u64(begins), {f}};
}

static int by_listed_name(const void *pa, const void *pb)
{
	const struct rc_fact_at *a = pa, *b = pb;
	int c = (a->prefix > b->prefix) - (a->prefix < b->prefix);

	if (!c)
		c = memcmp(a->name->hash, b->name->hash, RC_LISTED_HASH);
	return c ? c : (a->name->nth > b->name->nth) - (a->name->nth < b->name->nth);
}

/* The names of a large group are sorted in a thread of their own while its records are put. */
enum { MANY = 1 << 15 };

struct rc_names_ahead {
	pthread_t thread;
	const struct rc_fact_at *facts;
	const struct rc_fact_list *list; /* NULL: the facts are asked */
	size_t n_facts, n;
	struct rc_fact_at *p; /* of all that have a name; with a list, its names */
	bool joined;
};

static void sort_listed(struct rc_names_ahead *s)
{
	for (; s->n < s->list->n_names; s->n++) {
		const struct rc_listed_name *name = &s->list->names[s->n];

		s->p[s->n] = (struct rc_fact_at){rc_get_u64(name->hash), {.name = name}};
	}
	rc_facts_sort(s->p, s->n, by_listed_name);
}

static void sort_facts(struct rc_names_ahead *s)
{
	for (size_t i = 0; i < s->n_facts; i++) {
		if (s->n_facts - i > RC_FACTS_AHEAD)
			__builtin_prefetch(s->facts[i + RC_FACTS_AHEAD].f);
		if (s->facts[i].f->name_n)
			s->p[s->n++] = name_at(s->facts[i].f);
	}
	rc_facts_sort(s->p, s->n, by_name);
}

static void *sort_ahead(void *arg)
{
	struct rc_names_ahead *s = arg;

	s->p = rc_xreallocarray(NULL, s->n_facts, sizeof(*s->p));
	if (s->list)
		sort_listed(s);
	else
		sort_facts(s);
	return NULL;
}

void rc_apply_names_begin(struct rc_apply *a, const struct rc_fact_at *facts, size_t n, const struct rc_fact_list *list)
{
	struct rc_names_ahead *s;

	a->late.facts = facts;
	a->late.waits = rc_xcalloc(n / 64 + 1, sizeof(*a->late.waits));
	if (n < MANY)
		return;
	s = rc_xcalloc(1, sizeof(*s));
	s->facts = facts;
	s->list = list;
	s->n_facts = n;
	if (pthread_create(&s->thread, NULL, sort_ahead, s)) /* they are sorted later, then */
		free(s);
	else
		a->late.ahead = s;
}

static void join(struct rc_names_ahead *s)
{
	if (!s->joined)
		pthread_join(s->thread, NULL);
	s->joined = true;
}

void rc_apply_names_end(struct rc_apply *a)
{
	struct rc_names_ahead *s = a->late.ahead;

	free(a->late.waits);
	a->late.waits = NULL;
	if (!s)
		return;
	join(s);
	free(s->p);
	free(s);
	a->late.ahead = NULL;
}

/* When those that wait are as many as have a name at all, they are those sorted meanwhile. NULL: they are not. */
static const struct rc_names_ahead *sorted_ahead(struct rc_apply *a)
{
	struct rc_names_ahead *s = a->late.n < MANY ? NULL : a->late.ahead;

	if (s)
		join(s);
	return s && s->n == a->late.n ? s : NULL;
}

static void put_name(struct rc_apply *a, struct rc_slice key, const void *key_hash)
{
	struct rc_name_value v = {.kind = RC_NAME_MANAGED};

	memcpy(v.key_hash, key_hash, sizeof(v.key_hash));
	rc_buf_clear(&a->buf);
	rc_name_write(&v, &a->buf);
	rc_puts_next(&a->names, key, rc_buf_slice(&a->buf));
}

static void put_names(struct rc_apply *a, const struct rc_fact_at *p, size_t n)
{
	for (size_t i = 0; i < n && !rc_kv_failed(a->t); i++) {
		if (n - i > RC_FACTS_AHEAD)
			rc_fact_prefetch(p[i + RC_FACTS_AHEAD].f);
		put_name(a, rc_fact_name(p[i].f), rc_fact_key(p[i].f).p + 2);
	}
}

static void put_listed(struct rc_apply *a, const struct rc_names_ahead *s)
{
	uint8_t key[RC_LISTED_HEAD + RC_LISTED_HASH];

	memcpy(key, s->list->head, RC_LISTED_HEAD);
	for (size_t i = 0; i < s->n && !rc_kv_failed(a->t); i++) {
		if (s->n - i > 2 * RC_FACTS_AHEAD)
			__builtin_prefetch(s->p[i + 2 * RC_FACTS_AHEAD].name);
		memcpy(key + RC_LISTED_HEAD, s->p[i].name->hash, RC_LISTED_HASH);
		put_name(a, (struct rc_slice){(const char *)key, sizeof(key)}, s->p[i].name->key_hash);
	}
}

/* All that wait, one by one. */
static void put_waiting(struct rc_apply *a)
{
	struct rc_fact_at *p = rc_xreallocarray(NULL, a->late.n, sizeof(*p));
	size_t n = 0;

	for (size_t word = 0; word <= a->late.now / 64; word++)
		for (uint64_t left = a->late.waits[word]; left; left &= left - 1)
			p[n++] = name_at(a->late.facts[word * 64 + (size_t)__builtin_ctzll(left)].f);
	rc_facts_sort(p, n, by_name);
	put_names(a, p, n);
	free(p);
}

void rc_apply_late_names(struct rc_apply *a)
{
	const struct rc_names_ahead *s;

	if (!a->late.n)
		return;
	s = sorted_ahead(a);
	rc_puts_open(a, &a->names, RC_KV_NAMES);
	if (s && s->list)
		put_listed(a, s);
	else if (s)
		put_names(a, s->p, s->n);
	else
		put_waiting(a);
	rc_puts_close(&a->names);
	memset(a->late.waits, 0, (a->late.now / 64 + 1) * sizeof(*a->late.waits));
	a->late.n = 0;
}

void rc_apply_take_name(struct rc_apply *a)
{
	a->late.waits[a->late.now / 64] |= 1ull << a->late.now % 64;
	a->late.n++;
}
