#include "engine/store/fact_list.h"
#include "engine/base/alloc.h"
#include "engine/base/bytes.h"
#include <stdlib.h>

enum { LARGE_PAGE = 2 << 20, LEAST_FACT = 128 /* bytes, on average: the list of smaller ones ends early */ };

static void *room_of(size_t bytes)
{
	void *p;

	if (posix_memalign(&p, LARGE_PAGE, bytes))
		return NULL;
	madvise(p, bytes, MADV_HUGEPAGE); /* only what is written to takes memory */
	return p;
}

struct rc_fact_list *rc_fact_list_new(size_t bytes)
{
	struct rc_fact_list *l = rc_xcalloc(1, sizeof(*l));

	l->cap = bytes / LEAST_FACT;
	l->at = room_of(l->cap * sizeof(*l->at));
	l->names = room_of(l->cap * sizeof(*l->names));
	l->whole = true;
	if (l->at && l->names)
		return l;
	rc_fact_list_free(l);
	return NULL;
}

void rc_fact_list_free(struct rc_fact_list *l)
{
	if (!l)
		return;
	free(l->at);
	free(l->names);
	free(l);
}

/* Everything that is not at hand here makes the list end. */
static bool fits(const struct rc_fact_list *l, const char *base, const struct rc_fact *f)
{
	const char *name = rc_fact_name(f).p;

	if (!l->whole || l->n == l->cap || f->kind != RC_FACT_PUT_KNOWN || f->key_n != 2 + RC_HASH_BYTES)
		return false;
	if (l->n && (l->base != base || l->target != f->target))
		return false;
	if (!f->name_n)
		return true;
	return f->name_n == RC_LISTED_HEAD + RC_LISTED_HASH &&
	       (!l->n_names || rc_bytes_same((const char *)l->head, name, RC_LISTED_HEAD));
}

static void add_name(struct rc_fact_list *l, const struct rc_fact *f)
{
	const char *name = rc_fact_name(f).p;
	struct rc_listed_name *to = &l->names[l->n_names];

	memcpy(l->head, name, RC_LISTED_HEAD);
	memcpy(to->hash, name + RC_LISTED_HEAD, RC_LISTED_HASH);
	memcpy(to->key_hash, rc_fact_key(f).p + 2, RC_HASH_BYTES);
	to->nth = (uint32_t)l->n_names++;
}

void rc_fact_list_add(struct rc_fact_list *l, const char *base, const struct rc_fact *f)
{
	l->whole = fits(l, base, f);
	if (!l->whole)
		return;
	l->base = base;
	l->target = f->target;
	l->at[l->n++] = rc_fact_at_of(f);
	if (f->name_n)
		add_name(l, f);
}

struct rc_fact_list *rc_facts_listed(const struct rc_facts *facts)
{
	struct rc_fact_list *l = facts->list;

	return l && l->whole && l->base == facts->b.p && l->n == facts->count ? l : NULL;
}

static void touch(void *p, size_t from, size_t to, size_t size)
{
	size_t begin = from * size / LARGE_PAGE * LARGE_PAGE, end = to * size / LARGE_PAGE * LARGE_PAGE;

	if (begin < end)
		madvise((char *)p + begin, end - begin, MADV_POPULATE_WRITE);
}

void rc_fact_list_touch(struct rc_fact_list *l, size_t n)
{
	if (n > l->cap)
		n = l->cap;
	touch(l->at, l->touched, n, sizeof(*l->at));
	touch(l->names, l->touched, n, sizeof(*l->names));
	l->touched = n;
}

static void small(void *p, size_t from, size_t to, size_t size)
{
	size_t begin = (from * size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE,
	       end = to * size / LARGE_PAGE * LARGE_PAGE;

	if (begin < end)
		madvise((char *)p + begin, end - begin, MADV_NOHUGEPAGE);
}

void rc_fact_list_small(struct rc_fact_list *l)
{
	small(l->at, l->touched, l->cap, sizeof(*l->at));
	small(l->names, l->touched, l->cap, sizeof(*l->names));
}
