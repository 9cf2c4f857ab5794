#include "engine/run/adopt.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include <stdio.h>
#include <stdlib.h>

struct line {
	struct rc_slice name, key; /* in mem */
	uint64_t number;
	bool told; /* that no such account is listed */
};

struct adopt_map { /* of one target */
	struct rc_arena mem;
	struct line **by_name, **by_key; /* sorted; name folded for the order only */
	size_t n, cap;
};

static int fold_cmp(struct rc_slice a, struct rc_slice b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		char x, y;

		rc_account_name_fold((struct rc_slice){a.p + i, 1}, &x);
		rc_account_name_fold((struct rc_slice){b.p + i, 1}, &y);
		if (x != y)
			return (unsigned char)x < (unsigned char)y ? -1 : 1;
	}
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

static int by_name(const void *a, const void *b)
{
	return fold_cmp((*(struct line *const *)a)->name, (*(struct line *const *)b)->name);
}

static int by_key(const void *a, const void *b)
{
	return rc_slice_cmp((*(struct line *const *)a)->key, (*(struct line *const *)b)->key);
}

/* A cell of adopt_candidates.csv that a spreadsheet would take for a formula stands behind an apostrophe. */
static struct rc_slice plain(struct rc_slice cell)
{
	if (cell.n > 1 && cell.p[0] == '\'' && memchr("=+-@\t\r", cell.p[1], 6))
		return (struct rc_slice){cell.p + 1, cell.n - 1};
	return cell;
}

static enum rc_code add_line(struct adopt_map *m, struct rc_slice name, struct rc_slice key, uint64_t number)
{
	struct line *l = rc_arena_alloc(&m->mem, sizeof(*l));

	*l = (struct line){.name = rc_arena_copy(&m->mem, plain(name)),
			   .key = rc_arena_copy(&m->mem, plain(key)),
			   .number = number};
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 64;
		m->by_name = rc_xreallocarray(m->by_name, m->cap, sizeof(struct line *));
		m->by_key = rc_xreallocarray(m->by_key, m->cap, sizeof(struct line *));
	}
	m->by_name[m->n] = m->by_key[m->n] = l;
	m->n++;
	return RC_OK;
}

static enum rc_code columns_of(const struct rc_reader *r, const char *path, size_t ret[3], struct rc_err *err)
{
	static const char *const names[] = {"target", "name", "key"};
	size_t n;
	const struct rc_slice *columns = rc_reader_columns(r, &n);

	for (size_t i = 0; i < 3; i++) {
		size_t at = 0;

		while (at < n && !rc_slice_eqs(columns[at], names[i]))
			at++;
		if (at == n)
			return rc_fail(err, RC_DATA,
				       "%s:1: adopt_map needs the columns target, name and key: there is no %s", path,
				       names[i]);
		ret[i] = at;
	}
	return RC_OK;
}

static enum rc_code take_record(const struct rc_config *cfg, const struct rc_target *t, const struct rc_record *rec,
				const size_t column[3], struct adopt_map *m, struct rc_err *err)
{
	const char *path = t->adopt_map;
	struct rc_slice name = rec->field[column[1]], key = rec->field[column[2]];
	char text[200];

	snprintf(text, sizeof(text), "%.*s", (int)(rec->field[column[0]].n < 190 ? rec->field[column[0]].n : 190),
		 rec->field[column[0]].p);
	rc_printable(text, sizeof(text));
	if (!rc_config_target(cfg, text))
		return rc_fail(err, RC_DATA, "%s:%llu: the config has no target \"%s\"", path,
			       (unsigned long long)rec->line, text);
	if (!key.n || strcmp(text, t->name) != 0)
		return RC_OK;
	if (!name.n)
		return rc_fail(err, RC_DATA, "%s:%llu: the account has no name", path, (unsigned long long)rec->line);
	return add_line(m, name, key, rec->line);
}

static enum rc_code twice(const char *path, const struct line *a, const struct line *b, const char *what,
			  struct rc_err *err)
{
	uint64_t first = a->number < b->number ? a->number : b->number;
	uint64_t second = a->number < b->number ? b->number : a->number;

	return rc_fail(err, RC_DATA, "%s:%llu: this %s is in line %llu already", path, (unsigned long long)second, what,
		       (unsigned long long)first);
}

static enum rc_code sort(struct adopt_map *m, const char *path, struct rc_err *err)
{
	if (!m->n)
		return RC_OK;
	qsort(m->by_name, m->n, sizeof(struct line *), by_name);
	qsort(m->by_key, m->n, sizeof(struct line *), by_key);
	for (size_t i = 1; i < m->n; i++) {
		if (by_name(&m->by_name[i - 1], &m->by_name[i]) == 0)
			return twice(path, m->by_name[i - 1], m->by_name[i], "account", err);
		if (by_key(&m->by_key[i - 1], &m->by_key[i]) == 0)
			return twice(path, m->by_key[i - 1], m->by_key[i], "key", err);
	}
	return RC_OK;
}

static enum rc_code load(const struct rc_config *cfg, const struct rc_target *t, struct adopt_map *m,
			 struct rc_err *err)
{
	const char *path = t->adopt_map;
	struct rc_reader_opts o = {.in.path = path, .format = RC_FORMAT_CSV};
	struct rc_reader *reader;
	struct rc_record rec;
	struct rc_reject rej;
	size_t column[3];
	enum rc_code code = rc_reader_open(&o, &reader, err);
	enum rc_read got = RC_READ_RECORD;

	if (code)
		return code;
	code = columns_of(reader, path, column, err);
	while (!code && (got = rc_reader_next(reader, &rec, &rej, err)) == RC_READ_RECORD)
		code = take_record(cfg, t, &rec, column, m, err);
	if (!code && got == RC_READ_REJECT)
		code = rc_fail(err, RC_DATA, "%s:%llu: %s", path, (unsigned long long)rej.line, rej.why);
	else if (!code && got == RC_READ_ERROR)
		code = RC_DATA;
	rc_reader_free(reader);
	return code ? code : sort(m, path, err);
}

enum rc_code run_adopt_load(struct run *r, struct rc_err *err)
{
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < r->cfg->n_targets && !code; i++) {
		if (!r->targets[i].selected || !r->targets[i].cfg->adopt_map)
			continue;
		r->targets[i].adopt_map = rc_xcalloc(1, sizeof(struct adopt_map));
		code = load(r->cfg, r->targets[i].cfg, r->targets[i].adopt_map, err);
	}
	return code;
}

static void forget(struct adopt_map *m)
{
	free(m->by_name);
	free(m->by_key);
	rc_arena_done(&m->mem);
}

enum rc_code run_adopt_check(const struct rc_config *cfg, const struct rc_target *t, struct rc_err *err)
{
	struct adopt_map m = {0};
	enum rc_code code = load(cfg, t, &m, err);

	forget(&m);
	return code;
}

void run_adopt_done(struct run *r)
{
	for (size_t i = 0; r->targets && i < r->cfg->n_targets; i++) {
		struct adopt_map *m = r->targets[i].adopt_map;

		if (!m)
			continue;
		forget(m);
		free(m);
	}
}

size_t run_find_unmanaged(struct run *r, size_t target, struct rc_slice name, struct rc_unmanaged *ret)
{
	const struct run_target *t = &r->targets[target];
	struct rc_unmanaged u;
	size_t n = 0;

	for (size_t i = 0; i < t->cfg->n_servers; i++) {
		struct rc_slice label = t->cfg->pool ? rc_slice_str(t->cfg->servers[i].label) : (struct rc_slice){0};

		if (rc_view_unmanaged(r->view, t->number, label, name, &u) && n++ == 0)
			*ret = u;
	}
	return n;
}

static struct line *find(struct line *const *v, size_t n, const struct line *what,
			 int (*cmp)(const void *, const void *))
{
	struct line *const *l = n ? bsearch(&what, v, n, sizeof(*v), cmp) : NULL;

	return l ? *l : NULL;
}

struct rc_slice run_adopt_mapped(struct run *r, size_t target, struct rc_slice key)
{
	const struct adopt_map *m = r->targets[target].adopt_map;
	const struct line what = {.key = key};
	struct line *l = m ? find(m->by_key, m->n, &what, by_key) : NULL;
	struct rc_unmanaged u;

	if (!l)
		return (struct rc_slice){0};
	if (run_find_unmanaged(r, target, l->name, &u))
		return u.name;
	if (l->told)
		return (struct rc_slice){0};
	l->told = true;
	rc_log(RC_LOG_WARN, "%s:%llu: no unmanaged account %.*s is listed on target %s: the line is left out",
	       r->targets[target].cfg->adopt_map, (unsigned long long)l->number, (int)l->name.n, l->name.p,
	       r->targets[target].cfg->name);
	return (struct rc_slice){0};
}

struct rc_slice run_adopt_owner(const struct run *r, size_t target, struct rc_slice name)
{
	const struct adopt_map *m = r->targets[target].adopt_map;
	const struct line what = {.name = name}, *l = m ? find(m->by_name, m->n, &what, by_name) : NULL;

	return l ? l->key : (struct rc_slice){0};
}

bool run_adopt_proven(struct run *r, size_t target, const struct rc_person *p, const struct rc_unmanaged *u)
{
	struct rc_slice owner = run_adopt_owner(r, target, u->name);
	bool ret = false;
	struct rc_err err;

	if (owner.n)
		return rc_slice_eq(owner, p->key);
	if (!r->targets[target].cfg->adopt_if)
		return false;
	return !rc_mapping_adopt_if(p->later, target, &u->account, u->name, &ret, &err) && ret;
}
