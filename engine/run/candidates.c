#include "engine/run/candidates.h"
#include "engine/base/alloc.h"
#include "engine/base/nearest.h"
#include "engine/run/adopt.h"
#include "engine/run/decide_int.h"
#include <stdio.h>
#include <stdlib.h>

enum { MAX_NEAR = 3, MAX_TEXTS = 4, MAX_WORDS = 16, MIN_KEY = 3 };

/* Comparing every account with everybody is for a first evening of hundreds or thousands, not of millions of pairs. */
static const uint64_t most_pairs = 50000000;

struct text { /* the words of a text in alphabetical order, lower case, without what parts them */
	char p[RC_EDITS_MAX_BYTES];
	uint8_t n;
	uint64_t letters; /* bit per letter and digit that occurs */
};

struct seeker { /* somebody without an account */
	struct rc_slice key, name;
	const char *why; /* why the account of their name is not theirs; NULL: none has it */
	struct text texts[MAX_TEXTS];
	size_t n_texts;
	struct text as_word; /* a key of some length; n 0: none */
};

struct near {
	const struct seeker *s;
	unsigned edits;
};

struct candidates {
	struct run *r;
	size_t target;
	struct seeker *v;
	size_t n, cap;
	bool collected;
	uint64_t pairs;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool part_of_word(char c)
{
	unsigned char u = (unsigned char)lower(c);

	return (u >= 'a' && u <= 'z') || (u >= '0' && u <= '9') || u >= 0x80;
}

static int by_text(const void *a, const void *b)
{
	return rc_slice_cmp(*(const struct rc_slice *)a, *(const struct rc_slice *)b);
}

/* Words of s up to an '@'; at most MAX_WORDS. */
static size_t words_of(struct rc_slice s, struct rc_slice words[MAX_WORDS])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && s.p[i] != '@' && n < MAX_WORDS;) {
		size_t from = i;

		while (i < s.n && part_of_word(s.p[i]))
			i++;
		if (i > from)
			words[n++] = (struct rc_slice){s.p + from, i - from};
		else
			i++;
	}
	return n;
}

static bool make_text(struct rc_slice s, struct text *ret)
{
	char folded[256];
	struct rc_slice words[MAX_WORDS];
	size_t n;

	ret->n = 0;
	ret->letters = 0;
	if (s.n > sizeof(folded))
		s.n = sizeof(folded);
	rc_account_name_fold(s, folded);
	n = words_of((struct rc_slice){folded, s.n}, words);
	qsort(words, n, sizeof(*words), by_text);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < words[i].n && ret->n < RC_EDITS_MAX_BYTES; j++) {
			ret->p[ret->n++] = words[i].p[j];
			ret->letters |= 1ull << ((unsigned char)words[i].p[j] & 63);
		}
	return ret->n > 0;
}

static void add_text(struct seeker *s, struct rc_slice text)
{
	if (text.n && s->n_texts < MAX_TEXTS && make_text(text, &s->texts[s->n_texts]))
		s->n_texts++;
}

static void add_seeker(struct candidates *c, const struct rc_person *p, struct rc_slice key, const char *why)
{
	const struct rc_account_schema *schema = c->r->targets[c->target].cfg->schema;
	const struct rc_want *w = p && p->mapped.want ? &p->mapped.want[c->target] : NULL;
	struct seeker *s;

	if (!w)
		return;
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->v = rc_xreallocarray(c->v, c->cap, sizeof(*c->v));
	}
	s = &c->v[c->n++];
	*s = (struct seeker){.key = key, .name = w->name, .why = why};
	add_text(s, w->name);
	for (size_t f = 0; f < schema->n_fields; f++)
		if (schema->fields[f].compare == RC_COMPARE_MAIL && w->account.set & 1u << f)
			add_text(s, w->account.v[f]);
	if (key.n >= MIN_KEY)
		make_text(key, &s->as_word);
}

static void collect(struct candidates *c)
{
	struct run *r = c->r;
	const struct run_target *t = &r->targets[c->target];

	c->collected = true;
	for (size_t i = 0; i < t->n_ops; i++) {
		const struct rc_op *op = r->ops[t->first_op + i];
		const struct op_info *info = op->owner;
		bool refused = info->adopts && op->state == RC_STEP_FAILED;

		if ((op->action == RC_ACT_CREATE && !op->linked) || refused)
			add_seeker(c, info->person, op->key, op->error_message);
	}
	for (size_t i = 0; i < t->n_pending; i++) {
		const struct pending *q = &r->pending[t->first_pending + i];
		bool refused = q->o.action == RC_ACT_ADOPT && q->o.status == RC_ST_FAILED;

		if (q->o.action == RC_ACT_CREATE || refused)
			add_seeker(c, q->person, q->o.key, q->o.error_message ? q->o.error_message : q->o.reason);
	}
}

static unsigned bits(uint64_t x)
{
	return (unsigned)__builtin_popcountll(x);
}

/* How far apart, or UINT32_MAX when they have nothing to do with one another: a slip in four letters, none in less. */
static unsigned apart(const struct text *a, const struct text *b)
{
	unsigned shorter = a->n < b->n ? a->n : b->n, longer = a->n < b->n ? b->n : a->n, most = shorter / 4, edits;

	if (longer - shorter > most || bits(a->letters ^ b->letters) > 2 * most)
		return UINT32_MAX;
	edits = rc_edits((struct rc_slice){a->p, a->n}, (struct rc_slice){b->p, b->n});
	return edits <= most ? edits : UINT32_MAX;
}

static unsigned nearest_texts(const struct text *texts, size_t n, const struct seeker *s)
{
	unsigned best = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < s->n_texts; j++) {
			unsigned d = apart(&texts[i], &s->texts[j]);

			best = d < best ? d : best;
		}
	return best;
}

/* Whether a key of some length stands as a word of its own in the account's name or other texts. */
static bool names_key(const struct text *words, size_t n, const struct seeker *s)
{
	for (size_t i = 0; i < n && s->as_word.n; i++)
		if (words[i].n == s->as_word.n && memcmp(words[i].p, s->as_word.p, words[i].n) == 0)
			return true;
	return false;
}

/* What of an account may say whose it is: its name and its free texts. */
static size_t texts_of(const struct rc_account_schema *schema, const struct rc_unmanaged *u, struct text *ret,
		       struct text *ret_words, size_t *ret_n_words)
{
	struct rc_slice words[MAX_WORDS];
	size_t n = 0;

	*ret_n_words = 0;
	for (size_t f = 0; f <= schema->n_fields && n < MAX_TEXTS; f++) {
		const struct rc_field *field = f < schema->n_fields ? &schema->fields[f] : NULL;
		struct rc_slice text = field ? u->account.v[f] : u->name;
		size_t n_words;

		if (field && (!(u->account.set & 1u << f) || field->is_name || field->is_group || field->integer ||
			      !field->updatable))
			continue;
		if (!text.n || !make_text(text, &ret[n]))
			continue;
		n++;
		n_words = words_of(text, words);
		for (size_t i = 0; i < n_words; i++)
			if (*ret_n_words < MAX_TEXTS * MAX_WORDS && make_text(words[i], &ret_words[*ret_n_words]))
				(*ret_n_words)++;
	}
	return n;
}

static void insert(struct near near[MAX_NEAR], size_t *n, struct near one)
{
	size_t at = *n;

	while (at > 0 && (near[at - 1].edits > one.edits ||
			  (near[at - 1].edits == one.edits && rc_slice_cmp(near[at - 1].s->key, one.s->key) > 0)))
		at--;
	if (at == MAX_NEAR)
		return;
	if (*n < MAX_NEAR)
		(*n)++;
	for (size_t i = *n - 1; i > at; i--)
		near[i] = near[i - 1];
	near[at] = one;
}

static const char *reason_of(struct candidates *c, const struct rc_unmanaged *u, const struct seeker *wants,
			     size_t n_wants)
{
	struct rc_slice owner = run_adopt_owner(c->r, c->target, u->name);

	if (owner.n)
		return "adopt_map names a key that is not without an account in this run";
	if (n_wants > 1)
		return "ambiguous: several people want this name";
	if (n_wants == 1)
		return wants->why ? wants->why : "not adopted";
	return "nobody without an account wants this name";
}

void run_candidates_add(struct candidates *c, const struct rc_unmanaged *u)
{
	const struct rc_target *cfg = c->r->targets[c->target].cfg;
	struct text texts[MAX_TEXTS], words[MAX_TEXTS * MAX_WORDS];
	struct near near[MAX_NEAR];
	const struct seeker *wants = NULL;
	size_t n_texts, n_words, n_near = 0, n_wants = 0;
	struct rc_buf b = {0};
	struct rc_err err;

	if (subject_protected(cfg, u->name))
		return;
	if (!c->collected)
		collect(c);
	n_texts = texts_of(cfg->schema, u, texts, words, &n_words);
	for (size_t i = 0; i < c->n && c->pairs < most_pairs; i++, c->pairs++) {
		const struct seeker *s = &c->v[i];
		bool same = rc_account_name_same(s->name, u->name);
		unsigned edits = same || names_key(words, n_words, s) ? 0 : nearest_texts(texts, n_texts, s);

		if (same) {
			wants = s;
			n_wants++;
		}
		if (edits != UINT32_MAX)
			insert(near, &n_near, (struct near){s, edits});
	}
	for (size_t i = 0; i < n_near; i++)
		rc_buf_addf(&b, "%s%.*s (%.*s)", i ? "; " : "", (int)near[i].s->key.n, near[i].s->key.p,
			    (int)near[i].s->name.n, near[i].s->name.p);
	if (rc_report_candidate(c->r->report, cfg->name, u->name, (struct rc_slice){0}, reason_of(c, u, wants, n_wants),
				rc_buf_slice(&b), &err) &&
	    !c->r->fault.code)
		c->r->fault = err;
	rc_buf_done(&b);
}

struct candidates *run_candidates_new(struct run *r, size_t target)
{
	struct candidates *c = rc_xcalloc(1, sizeof(*c));

	c->r = r;
	c->target = target;
	return c;
}

void run_candidates_free(struct candidates *c)
{
	free(c->v);
	free(c);
}
