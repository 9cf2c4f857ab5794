/* Values that an expression had for the same cells before. Nothing but its cells reaches a value (docs/expressions.md:
 * no state survives an evaluation), so that a department or a status is looked at once, not once a row. */
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "engine/base/alloc.h"
#include "engine/map/expr_env.h"

enum {
	CELLS = 4,     /* more are not worth a look */
	KEY = 96,      /* bytes of the cells together */
	TEXT = 96,     /* bytes of a result */
	ENTRIES = 128, /* a power of two; some 28 KiB */
	TRIAL = 1024,  /* look-ups after which few hits end it */
	HITS_OF_TRIAL = TRIAL / 8,
};

struct entry {
	uint64_t hash;
	uint8_t n_key; /* 0: free */
	char key[KEY], text[TEXT];
	struct rc_value value;
};

struct rc_expr_memo {
	size_t cell[CELLS], n_cells;
	unsigned asked, found;
	struct entry *v; /* NULL: nobody asked yet */
};

void rc_expr_memo_free(struct rc_expr_memo *m)
{
	if (!m)
		return;
	free(m->v);
	free(m);
}

struct rc_expr_memo *rc_expr_memo_new(const struct rc_expr *e)
{
	struct rc_expr_memo m = {.n_cells = 0}, *ret;

	if (e->kind != RC_EXPR_LUA || e->env->ldif || e->env->any || e->scoped_n || e->scoped_account || e->used.all)
		return NULL;
	for (size_t i = 0; i < e->used.n_words * 64; i++) {
		if (!rc_columns_has(&e->used, i))
			continue;
		if (m.n_cells == CELLS)
			return NULL;
		m.cell[m.n_cells++] = i;
	}
	if (!m.n_cells)
		return NULL;
	ret = rc_xmalloc(sizeof(*ret));
	*ret = m;
	return ret;
}

/* The cells, each with its length. 0: too long. */
static size_t make_key(const struct rc_expr *e, const struct rc_expr_memo *m, char key[KEY])
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_cells; i++) {
		struct rc_slice v = rc_expr_column_value(e->env, m->cell[i]);

		if (v.n > KEY || n + v.n + 1 > KEY)
			return 0;
		key[n++] = (char)v.n;
		if (v.n)
			memcpy(key + n, v.p, v.n);
		n += v.n;
	}
	return n;
}

static void keep(struct entry *e, uint64_t hash, const char *key, size_t n, const struct rc_value *v)
{
	if (v->kind == RC_VALUE_TEXT && v->text.n > TEXT)
		return;
	e->hash = hash;
	e->n_key = (uint8_t)n;
	memcpy(e->key, key, n);
	e->value = *v;
	if (v->kind == RC_VALUE_TEXT && v->text.n)
		memcpy(e->text, v->text.p, v->text.n);
}

enum rc_code rc_expr_memo_value(struct rc_expr *e,
				enum rc_code (*run)(struct rc_expr *, struct rc_value *, struct rc_err *),
				struct rc_value *ret, struct rc_err *err)
{
	struct rc_expr_memo *m = e->memo;
	char key[KEY];
	size_t n = make_key(e, m, key);
	struct entry *at;
	enum rc_code code;
	uint64_t hash;

	if (!n)
		return run(e, ret, err);
	if (m->asked == TRIAL && m->found < HITS_OF_TRIAL) { /* a name, a number: everybody has another one */
		rc_expr_memo_free(m);
		e->memo = NULL;
		return run(e, ret, err);
	}
	if (!m->v)
		m->v = rc_xcalloc(ENTRIES, sizeof(*m->v));
	hash = XXH3_64bits(key, n);
	at = &m->v[hash % ENTRIES];
	if (at->n_key == n && at->hash == hash && memcmp(at->key, key, n) == 0) {
		m->found += m->asked < TRIAL;
		m->asked += m->asked < TRIAL;
		*ret = at->value;
		if (ret->kind == RC_VALUE_TEXT) /* lives as long as any other result */
			ret->text = rc_arena_copy(&e->env->results, (struct rc_slice){at->text, at->value.text.n});
		return RC_OK;
	}
	m->asked += m->asked < TRIAL;
	code = run(e, ret, err);
	if (!code)
		keep(at, hash, key, n, ret);
	return code;
}
