/* Names of records, put in their own order when the records are. */
#include "engine/base/alloc.h"
#include "engine/store/fact.h"
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
	return (struct rc_fact_at){rc_get_u64(begins), f};
}

/* The names of a large group are sorted in a thread of their own while its records are put. */
enum { MANY = 1 << 15 };

struct rc_names_ahead {
	pthread_t thread;
	const struct rc_fact_at *facts;
	size_t n_facts, n;
	struct rc_fact_at *p; /* of all that have a name */
	bool joined;
};

static void *sort_ahead(void *arg)
{
	struct rc_names_ahead *s = arg;

	s->p = rc_xreallocarray(NULL, s->n_facts, sizeof(*s->p));
	for (size_t i = 0; i < s->n_facts; i++) {
		if (s->n_facts - i > RC_FACTS_AHEAD)
			__builtin_prefetch(s->facts[i + RC_FACTS_AHEAD].f);
		if (s->facts[i].f->name_n)
			s->p[s->n++] = name_at(s->facts[i].f);
	}
	rc_facts_sort(s->p, s->n, by_name);
	return NULL;
}

void rc_apply_names_begin(struct rc_apply *a, const struct rc_fact_at *facts, size_t n)
{
	struct rc_names_ahead *s;

	if (n < MANY)
		return;
	s = rc_xcalloc(1, sizeof(*s));
	s->facts = facts;
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

	if (!s)
		return;
	join(s);
	free(s->p);
	free(s);
	a->late.ahead = NULL;
}

/* Those that wait. When they are as many as have a name at all, they are those sorted meanwhile. */
static const struct rc_fact_at *sorted(struct rc_apply *a)
{
	struct rc_names_ahead *s = a->late.n < MANY ? NULL : a->late.ahead;

	if (s)
		join(s);
	if (s && s->n == a->late.n)
		return s->p;
	rc_facts_sort(a->late.p, a->late.n, by_name);
	return a->late.p;
}

void rc_apply_late_names(struct rc_apply *a)
{
	struct rc_name_value v = {.kind = RC_NAME_MANAGED};
	const struct rc_fact_at *p;

	if (!a->late.n)
		return;
	p = sorted(a);
	rc_puts_open(a, &a->names, RC_KV_NAMES);
	for (size_t i = 0; i < a->late.n && !rc_kv_failed(a->t); i++) {
		if (a->late.n - i > RC_FACTS_AHEAD)
			rc_fact_prefetch(p[i + RC_FACTS_AHEAD].f);
		memcpy(v.key_hash, rc_fact_key(p[i].f).p + 2, sizeof(v.key_hash));
		rc_buf_clear(&a->buf);
		rc_name_write(&v, &a->buf);
		rc_puts_next(&a->names, rc_fact_name(p[i].f), rc_buf_slice(&a->buf));
	}
	rc_puts_close(&a->names);
	a->late.n = 0;
}

void rc_apply_take_name(struct rc_apply *a, const struct rc_fact *f)
{
	struct rc_late_names *l = &a->late;
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 1024;
		l->p = rc_xreallocarray(l->p, l->cap, sizeof(*l->p));
	}
	l->p[l->n++] = name_at(f);
}
