#include "engine/cmd/init_values.h"
#include "engine/account_schema.h"
#include "engine/base/alloc.h"
#include "engine/base/err.h"
#include "engine/base/buf.h"
#include "engine/source/reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Hashes of the values seen, open addressing: two alike end it. */
struct seen {
	uint64_t *v;
	size_t n, cap;
};

struct column {
	struct seen seen;
	bool repeats, blank, other_than_digits, other_than_mail, many_domains;
};

static uint64_t hash(struct rc_slice s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h ? h : 1;
}

static bool put(struct seen *s, uint64_t h)
{
	size_t at = h & (s->cap - 1);

	while (s->v[at] && s->v[at] != h)
		at = (at + 1) & (s->cap - 1);
	if (s->v[at])
		return false;
	s->v[at] = h;
	s->n++;
	return true;
}

/* Whether the value was new. */
static bool add(struct seen *s, struct rc_slice value)
{
	if (s->n * 2 >= s->cap) {
		struct seen more = {.cap = s->cap ? s->cap * 2 : 256};

		more.v = rc_xcalloc(more.cap, sizeof(*more.v));
		for (size_t i = 0; i < s->cap; i++)
			if (s->v[i])
				put(&more, s->v[i]);
		free(s->v);
		*s = more;
	}
	return put(s, hash(value));
}

void rc_init_words_note(struct rc_init_words *w, struct rc_slice value, struct rc_arena *mem)
{
	if (w->many || !value.n)
		return;
	for (size_t i = 0; i < w->n; i++)
		if (rc_slice_eqs(value, w->v[i].text)) {
			w->v[i].n++;
			return;
		}
	w->many = w->n == RC_INIT_WORDS_MAX || value.n > RC_INIT_WORD_BYTES;
	if (!w->many)
		w->v[w->n++] = (struct rc_init_word){rc_arena_copy(mem, value).p, 1};
}

static int by_count(const void *a, const void *b)
{
	const struct rc_init_word *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->text, y->text);
}

void rc_init_words_end(struct rc_init_words *w)
{
	if (w->many)
		w->n = 0;
	qsort(w->v, w->n, sizeof(*w->v), by_count);
}

static void say(struct rc_buf *b, const char *text)
{
	char copy[4 * RC_INIT_WORD_BYTES + 1];

	snprintf(copy, sizeof(copy), "%s", text);
	rc_printable(copy, sizeof(copy));
	rc_buf_adds(b, copy);
}

void rc_init_words_say(struct rc_buf *b, const char *column, const struct rc_init_words *w)
{
	say(b, column);
	rc_buf_adds(b, " holds: ");
	for (size_t i = 0; i < w->n; i++) {
		rc_buf_adds(b, i ? ", " : "");
		say(b, w->v[i].text);
		rc_buf_addf(b, " (%llu)", (unsigned long long)w->v[i].n);
	}
}

static void note_domain(struct column *c, struct rc_init_values *v, struct rc_slice value, struct rc_arena *mem)
{
	const char *at = memchr(value.p, '@', value.n);
	char folded[RC_INIT_DOMAIN_BYTES];
	struct rc_slice domain;

	c->other_than_mail |= !at || at == value.p || memchr(at + 1, '@', value.n - (size_t)(at + 1 - value.p));
	if (c->other_than_mail)
		return;
	domain = (struct rc_slice){at, value.n - (size_t)(at - value.p)};
	c->many_domains |= domain.n > sizeof(folded);
	if (c->many_domains)
		return;
	rc_account_name_fold(domain, folded);
	domain.p = folded;
	for (size_t i = 0; i < v->n_domains; i++)
		if (rc_slice_eqs(domain, v->domains[i]))
			return;
	c->many_domains = v->n_domains == RC_INIT_DOMAINS_MAX;
	if (!c->many_domains)
		v->domains[v->n_domains++] = rc_arena_copy(mem, domain).p;
}

/* So that "@a.example" is not taken off "@a.example.com". */
static int longest_first(const void *a, const void *b)
{
	size_t x = strlen(*(const char *const *)a), y = strlen(*(const char *const *)b);

	return (x < y) - (x > y);
}

static void note(struct column *c, struct rc_init_values *v, struct rc_slice value, struct rc_arena *mem)
{
	if (!value.n) {
		c->blank = true;
		return;
	}
	if (!c->repeats)
		c->repeats = !add(&c->seen, value);
	for (size_t i = 0; i < value.n && !c->other_than_digits; i++)
		c->other_than_digits = value.p[i] < '0' || value.p[i] > '9';
	rc_init_words_note(&v->words, value, mem);
	if (!c->other_than_mail && !c->many_domains)
		note_domain(c, v, value, mem);
}

static void judge(struct column *c, struct rc_init_values *v, uint64_t rows)
{
	v->unique = rows && !c->blank && !c->repeats;
	v->number = c->seen.n && !c->other_than_digits;
	v->mail = c->seen.n && !c->other_than_mail;
	rc_init_words_end(&v->words);
	if (c->many_domains || c->other_than_mail)
		v->n_domains = 0;
	qsort(v->domains, v->n_domains, sizeof(*v->domains), longest_first);
	free(c->seen.v);
}

/* The value of each column in a record; an LDIF attribute's first one. */
static void note_record(const struct rc_init_columns *columns, const size_t *at, const struct rc_record *rec,
			struct column *c, struct rc_init_values *v, struct rc_arena *mem)
{
	for (size_t i = 0; i < columns->n; i++) {
		struct rc_slice value = {0};

		if (columns->ldif) {
			const struct rc_attr *a = rc_record_attr(rec, rc_slice_str(columns->names[i]));

			if (a && a->n && a->text)
				value = a->value[0];
		} else if (at[i] < rec->n) {
			value = rec->field[at[i]];
		}
		note(&c[i], &v[i], value, mem);
	}
}

static void find_columns(struct rc_reader *r, const struct rc_init_columns *columns, size_t *at)
{
	size_t n;
	const struct rc_slice *header = rc_reader_columns(r, &n);

	for (size_t i = 0; i < columns->n; i++) {
		at[i] = SIZE_MAX;
		for (size_t k = 0; k < n; k++)
			if (rc_slice_eqs(header[k], columns->names[i]))
				at[i] = k;
	}
}

uint64_t rc_init_values_read(const char *path, const struct rc_init_columns *columns, struct rc_arena *mem,
			     struct rc_init_values **ret)
{
	struct rc_reader_opts opts = {.in = {.path = path}};
	struct column *c = rc_xcalloc(columns->n, sizeof(*c));
	size_t *at = rc_xcalloc(columns->n, sizeof(*at));
	struct rc_init_values *v = *ret = rc_arena_zalloc(mem, columns->n * sizeof(*v));
	struct rc_reader *r = NULL;
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;
	struct stat st;
	bool whole = stat(path, &st) == 0 && S_ISREG(st.st_mode); /* a pipe was read once, for the header */
	enum rc_read got = !whole || rc_reader_open(&opts, &r, &err) ? RC_READ_END : RC_READ_RECORD;
	uint64_t rows = 0;

	if (r)
		find_columns(r, columns, at);
	while (rows < RC_INIT_ROWS_MAX && (got == RC_READ_RECORD || got == RC_READ_REJECT)) {
		got = rc_reader_next(r, &rec, &rej, &err);
		if (got != RC_READ_RECORD)
			continue;
		note_record(columns, at, &rec, c, v, mem);
		rows++;
	}
	rc_reader_free(r);
	for (size_t i = 0; i < columns->n; i++)
		judge(&c[i], &v[i], rows);
	free(at);
	free(c);
	return rows;
}

const char *rc_init_state(const struct rc_init_columns *c)
{
	static const char *const names[] = {"status",
					    "employment_status",
					    "mitarbeiterstatus",
					    "beschäftigungsstatus",
					    "beschaeftigungsstatus",
					    "statut",
					    "estado",
					    "situacion",
					    "stato",
					    "situação",
					    "zustand",
					    "état",
					    "etat",
					    "state",
					    "active",
					    "is_active",
					    "aktiv",
					    "actif",
					    "activo",
					    "attivo",
					    "enabled",
					    NULL};

	return c->n ? rc_init_columns_find(c, names) : NULL;
}

static bool means_active(const char *word)
{
	static const char *const words[] = {
		"active",      "aktiv",      "aktive",   "aktiva",   "actif",    "active",  "activo",  "activa",
		"attivo",      "attiva",     "ativo",    "ativa",    "aktywny",  "aktywna", "aktivní", "aktívny",
		"actief",      "aktiivinen", "activ",    "aktív",    "employed", "current", "enabled", "angestellt",
		"beschäftigt", "in service", "en poste", "werkzaam", "1",        "true",    "yes",     "y",
		"x",           "ja",         "j",        "wahr",     "oui",      "vrai",    "si",      "sí",
		"sì",          "sim",        "tak",      "t"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return false;
}

const char *rc_init_active(const struct rc_init_words *w, bool *ret_fold)
{
	const char *found = NULL;

	*ret_fold = false;
	for (size_t i = 0; i < w->n; i++) {
		if (!means_active(w->v[i].text))
			continue;
		*ret_fold |= found && strcasecmp(found, w->v[i].text) == 0;
		found = found ? found : w->v[i].text;
	}
	return found || !w->n ? found : w->v[0].text;
}

const char *rc_init_literal(const char *text, struct rc_arena *mem)
{
	struct rc_buf b = {0};
	const char *copy;

	rc_buf_addc(&b, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			rc_buf_addc(&b, '\\');
		if ((unsigned char)*text < ' ')
			rc_buf_addf(&b, "\\%03u", (unsigned)(unsigned char)*text);
		else
			rc_buf_addc(&b, *text);
	}
	rc_buf_addc(&b, '\'');
	copy = rc_arena_strdup(mem, b.p);
	rc_buf_done(&b);
	return copy;
}
