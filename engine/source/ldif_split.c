#include "engine/source/ldif_split.h"
#include "engine/base/alloc.h"
#include "engine/base/utf8.h"
#include "engine/source/base64.h"
#include "engine/source/ldif_entries.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char second_dn[] = "second dn: in one entry; is the empty line between two entries missing?";

void rc_ldif_split_init(struct rc_ldif_split *s, const char *encoding)
{
	*s = (struct rc_ldif_split){0};
	snprintf(s->encoding, sizeof(s->encoding), "%s", encoding);
}

void rc_ldif_split_copy(struct rc_ldif_split *s, const struct rc_ldif_split *from)
{
	rc_ldif_split_init(s, from->encoding);
	s->kind = from->kind;
	s->adds_line = from->adds_line;
}

void rc_ldif_split_done(struct rc_ldif_split *s)
{
	rc_ldif_attrs_done(&s->attrs);
	rc_buf_done(&s->text);
	free(s->pick);
	free(s->pick_names);
	free(s->picked);
	*s = (struct rc_ldif_split){0};
}

/* The entry under work. */
struct work {
	struct rc_ldif_split *s;
	uint64_t line; /* of the logical line in hand */
	struct rc_reject *rej;
	struct rc_err *err;
	bool bad;      /* rej says why */
	bool fatal;    /* err says why */
	uint32_t last; /* attribute of the line before, UINT32_MAX: none */
};

/* The first fault is the one that is told. */
static void fault(struct work *w, const char *why, struct rc_slice of)
{
	if (!w->bad) {
		w->rej->line = w->line;
		snprintf(w->rej->why, sizeof(w->rej->why), "%s%s%.*s%s", why, of.n ? " '" : "",
			 of.n > 80 ? 80 : (int)of.n, of.n ? of.p : "", of.n ? "'" : "");
		rc_printable(w->rej->why, sizeof(w->rej->why));
	}
	w->bad = true;
}

static const char whole_list[] = "this is a list of changes, not of people; export the whole list";

/* Where the file began to be one of changes is where it stopped to be of use. */
static void fatal(struct work *w, const char *what)
{
	uint64_t adds = w->s->adds_line;

	if (adds)
		rc_fail_line(w->err, RC_DATA, adds, "change record (changetype: add), and %s in line %llu: %s", what,
			     (unsigned long long)w->line, whole_list);
	else
		rc_fail_line(w->err, RC_DATA, w->line, "change record (%s): %s", what, whole_list);
	w->fatal = true;
}

enum { LOWER = 1, UPPER = 2, DIGIT = 4, HYPHEN = 8, DOT = 16, SEMI = 32 };
static unsigned kind_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return LOWER;
	if (c >= 'A' && c <= 'Z')
		return UPPER;
	if (c >= '0' && c <= '9')
		return DIGIT;
	return c == '-' ? HYPHEN : c == '.' ? DOT : c == ';' ? SEMI : 0;
}

/* RFC 4512 attribute description: a name or an OID, then options. Sets *ret_upper when it is not lower case. */
static bool is_description(struct rc_slice d, bool *ret_upper)
{
	unsigned first = d.n ? kind_of(d.p[0]) : 0, allowed, seen = 0, before = SEMI;

	if (!(first & (LOWER | UPPER | DIGIT)))
		return false;
	allowed = first == DIGIT ? DIGIT | DOT : LOWER | UPPER | DIGIT | HYPHEN;
	for (size_t i = 0; i < d.n; i++) {
		unsigned k = kind_of(d.p[i]);

		if (k == SEMI) {
			if (before == SEMI || before == DOT)
				return false;
			allowed = LOWER | UPPER | DIGIT | HYPHEN;
		} else if (!(k & allowed) || (k == DOT && (before == DOT || before == SEMI))) {
			return false;
		}
		seen |= k;
		before = k;
	}
	*ret_upper = (seen & UPPER) != 0;
	return before != SEMI && before != DOT;
}

static struct rc_slice lower(struct rc_buf *text, struct rc_slice s)
{
	char *to = text->p + text->n;

	for (size_t i = 0; i < s.n; i++)
		to[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
	text->n += s.n;
	return (struct rc_slice){to, s.n};
}

static struct rc_slice strip(struct rc_slice v, bool behind)
{
	while (v.n && v.p[0] == ' ')
		v.p++, v.n--;
	while (behind && v.n && v.p[v.n - 1] == ' ')
		v.n--;
	return v;
}

/* The value behind the first colon; false: refused. */
static bool value(struct work *w, struct rc_slice name, struct rc_slice v, struct rc_slice *ret)
{
	struct rc_buf *text = &w->s->text;
	char *to = text->p + text->n;
	size_t n;

	if (v.n && v.p[0] == '<') {
		fault(w, "a value by URL (:<) is never fetched; put the value itself into", name);
		return false;
	}
	if (!v.n || v.p[0] != ':') {
		*ret = strip(v, false);
		return true;
	}
	v = strip((struct rc_slice){v.p + 1, v.n - 1}, true);
	if (!rc_base64_decode(v, to, &n)) {
		fault(w, "bad base64 in", name);
		return false;
	}
	text->n += n;
	*ret = (struct rc_slice){to, n};
	return true;
}

/* changetype: add makes the file one of additions or fits it; everything else about changes ends the reading. */
static void change(struct work *w, struct rc_slice name, struct rc_slice v)
{
	char what[200];

	v = strip(v, true);
	if (rc_slice_eqs(name, "changetype") && v.n == 3 && strncasecmp(v.p, "add", 3) == 0 &&
	    w->s->kind != RC_LDIF_CONTENT) {
		w->s->kind = RC_LDIF_ADDS;
		if (!w->s->adds_line)
			w->s->adds_line = w->line;
		return;
	}
	snprintf(what, sizeof(what), "%.*s: %.*s", (int)name.n, name.p, v.n > 80 ? 80 : (int)v.n, v.p);
	fatal(w, what);
}

static void attribute(struct work *w, struct rc_slice text)
{
	struct rc_ldif_attrs *a = &w->s->attrs;
	const char *colon = memchr(text.p, ':', text.n);
	struct rc_slice name, v;
	bool upper = false, first = a->n == 0, ok;
	uint32_t i;

	if (!colon) {
		fault(w, text.p[0] == ' ' ? "continuation line with nothing before it" : "no ':' in the line", text);
		if (w->last != UINT32_MAX)
			a->spoilt[w->last] = true; /* may have lost its continuation */
		return;
	}
	name = (struct rc_slice){text.p, (size_t)(colon - text.p)};
	if (!is_description(name, &upper)) {
		fault(w, text.p[0] == ' ' ? "continuation line with nothing before it" : "no attribute name", name);
		if (w->last != UINT32_MAX)
			a->spoilt[w->last] = true;
		return;
	}
	if (upper)
		name = lower(&w->s->text, name);
	if (first && !rc_slice_eqs(name, "dn"))
		fault(w, "entry does not begin with dn: but with", name);
	ok = value(w, name, (struct rc_slice){colon + 1, text.n - name.n - 1}, &v);
	if (ok && (rc_slice_eqs(name, "changetype") || rc_slice_eqs(name, "control"))) {
		change(w, name, v);
		return;
	}
	i = rc_ldif_attrs_find(a, name);
	w->last = i;
	if (!ok)
		a->spoilt[i] = true;
	else if (rc_slice_eqs(name, "dn") && a->attr[i].n)
		fault(w, second_dn, (struct rc_slice){NULL, 0});
	else
		rc_ldif_attrs_add(a, i, v, rc_utf8_valid(v.p, v.n) == v.n && !(v.n && memchr(v.p, 0, v.n)));
}

/* A fault of one byte is told with the line of the file that the byte stands in. */
static void bad_byte(struct work *w, struct rc_slice raw, size_t at, const char *why, struct rc_slice of)
{
	uint64_t first = w->line;

	for (size_t i = 0; i < at; i++)
		w->line += raw.p[i] == '\n' || (raw.p[i] == '\r' && raw.p[i + 1] != '\n');
	fault(w, why, of);
	w->line = first;
}

static void check_bytes(struct work *w, struct rc_slice raw)
{
	const char *nul = raw.n ? memchr(raw.p, 0, raw.n) : NULL;
	struct rc_slice none = {NULL, 0};
	size_t valid;

	if (nul) {
		bad_byte(w, raw, (size_t)(nul - raw.p), "NUL byte; if the file is UTF-16, set encoding", none);
	} else if (strcasecmp(w->s->encoding, "UTF-8") != 0) {
		valid = rc_utf8_valid(raw.p, raw.n);
		if (valid != raw.n)
			bad_byte(w, raw, valid, "a byte that is not valid in the encoding",
				 rc_slice_str(w->s->encoding));
	}
}

static void lines(struct work *w, struct rc_slice raw, uint64_t line)
{
	struct rc_buf *text = &w->s->text;

	for (size_t at = 0; at < raw.n && !w->fatal;) {
		struct rc_ldif_line l = rc_ldif_line_at(raw, at);

		w->line = line;
		if (l.text.n && l.text.p[0] != '#') {
			if (l.folded) {
				char *to = text->p + text->n;

				l.text = (struct rc_slice){to, rc_ldif_unfold(l.text, to)};
				text->n += l.text.n;
			}
			attribute(w, l.text);
		}
		line += l.ends;
		at = l.next;
	}
}

enum rc_read rc_ldif_split_entry(struct rc_ldif_split *s, struct rc_slice raw, uint64_t line, struct rc_record *ret,
				 struct rc_reject *rej, struct rc_err *err)
{
	struct work w = {.s = s, .rej = rej, .err = err, .line = line, .last = UINT32_MAX};
	enum rc_ldif_kind before = s->kind;

	rej->why[0] = 0;
	rc_ldif_attrs_clear(&s->attrs);
	rc_buf_clear(&s->text);
	rc_buf_reserve(&s->text, 3 * raw.n); /* unfolded, lower-cased and decoded once each, so that nothing moves */
	if (before == RC_LDIF_ADDS)
		s->kind = RC_LDIF_UNKNOWN;
	check_bytes(&w, raw);
	lines(&w, raw, line);
	w.line = line;
	if (!w.bad && !w.fatal && before == RC_LDIF_ADDS && s->kind == RC_LDIF_UNKNOWN)
		fatal(&w, "a record without changetype");
	if (w.fatal)
		return RC_READ_ERROR;
	if (before == RC_LDIF_ADDS)
		s->kind = before;
	else if (s->kind == RC_LDIF_UNKNOWN && !w.bad)
		s->kind = RC_LDIF_CONTENT;
	rc_ldif_attrs_group(&s->attrs);
	if (!w.bad) {
		*ret = (struct rc_record){.raw = raw, .line = line, .attr_n = s->attrs.n, .attr = s->attrs.attr};
		return RC_READ_RECORD;
	}
	rej->raw = raw;
	rej->n = 0;
	rej->field = NULL;
	rej->attr_n = s->attrs.n;
	rej->attr = s->attrs.attr;
	return RC_READ_REJECT;
}
