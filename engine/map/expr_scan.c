#include "engine/map/expr_scan.h"
#include <stdlib.h>
#include "engine/base/alloc.h"

enum token_kind { T_END, T_NAME, T_KEYWORD, T_NUMBER, T_STRING, T_OTHER };

struct token {
	enum token_kind kind;
	struct rc_slice text; /* T_STRING: what is between the quotes */
	bool escaped;         /* T_STRING: holds a backslash */
};

struct lexer {
	const char *p, *end;
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_keyword(struct rc_slice s)
{
	static const char *const words[] = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
					    "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
					    "repeat",   "return", "then", "true", "until",  "while"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (rc_slice_eqs(s, words[i]))
			return true;
	return false;
}

/* At "[", "[=": the number of equals signs when a long bracket opens here, else -1. */
static int long_bracket(const char *p, const char *end)
{
	int level = 0;

	for (p++; p < end && *p == '='; p++)
		level++;
	return p < end && *p == '[' ? level : -1;
}

static struct rc_slice long_text(struct lexer *l, int level)
{
	const char *start = l->p + level + 2;

	for (const char *q = start; q < l->end; q++) {
		int n = 0;

		if (*q != ']')
			continue;
		while (q + 1 + n < l->end && q[1 + n] == '=')
			n++;
		if (n == level && q + 1 + n < l->end && q[1 + n] == ']') {
			l->p = q + n + 2;
			return (struct rc_slice){start, (size_t)(q - start)};
		}
	}
	l->p = l->end;
	return (struct rc_slice){start, (size_t)(l->end - start)};
}

static void skip_blank(struct lexer *l)
{
	while (l->p < l->end) {
		int level;

		if (*l->p == ' ' || (*l->p >= '\t' && *l->p <= '\r')) {
			l->p++;
			continue;
		}
		if (l->end - l->p < 2 || l->p[0] != '-' || l->p[1] != '-')
			return;
		l->p += 2;
		level = l->p < l->end && *l->p == '[' ? long_bracket(l->p, l->end) : -1;
		if (level >= 0)
			long_text(l, level);
		else
			while (l->p < l->end && *l->p != '\n' && *l->p != '\r')
				l->p++;
	}
}

static struct token quoted(struct lexer *l)
{
	char quote = *l->p++;
	struct token t = {T_STRING, {l->p, 0}, false};

	for (; l->p < l->end && *l->p != quote; l->p++)
		if (*l->p == '\\') {
			t.escaped = true;
			if (l->p + 1 < l->end)
				l->p++;
		}
	t.text.n = (size_t)(l->p - t.text.p);
	if (l->p < l->end)
		l->p++;
	return t;
}

static struct token number(struct lexer *l)
{
	struct token t = {T_NUMBER, {l->p, 0}, false};

	while (l->p < l->end && (is_alpha(*l->p) || is_digit(*l->p) || *l->p == '.')) {
		char c = *l->p++;

		if ((c == 'e' || c == 'E' || c == 'p' || c == 'P') && l->p < l->end && (*l->p == '+' || *l->p == '-'))
			l->p++;
	}
	t.text.n = (size_t)(l->p - t.text.p);
	return t;
}

static struct token next(struct lexer *l)
{
	static const char *const longer[] = {"...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"};
	struct token t = {T_END, {l->p, 0}, false};

	skip_blank(l);
	t.text.p = l->p;
	if (l->p == l->end)
		return t;
	if (is_alpha(*l->p)) {
		while (l->p < l->end && (is_alpha(*l->p) || is_digit(*l->p)))
			l->p++;
		t.text.n = (size_t)(l->p - t.text.p);
		t.kind = is_keyword(t.text) ? T_KEYWORD : T_NAME;
		return t;
	}
	if (is_digit(*l->p) || (*l->p == '.' && l->p + 1 < l->end && is_digit(l->p[1])))
		return number(l);
	if (*l->p == '"' || *l->p == '\'')
		return quoted(l);
	if (*l->p == '[' && long_bracket(l->p, l->end) >= 0) {
		t.kind = T_STRING;
		t.escaped = true; /* a long string drops its first newline: leave that to Lua */
		t.text = long_text(l, long_bracket(l->p, l->end));
		return t;
	}
	t.kind = T_OTHER;
	t.text.n = 1;
	for (size_t i = 0; i < sizeof(longer) / sizeof(*longer); i++) {
		size_t n = strlen(longer[i]);

		if ((size_t)(l->end - l->p) >= n && memcmp(l->p, longer[i], n) == 0) {
			t.text.n = n;
			break;
		}
	}
	l->p += t.text.n;
	return t;
}

static bool is(const struct token *t, const char *s)
{
	return (t->kind == T_OTHER || t->kind == T_KEYWORD) && rc_slice_eqs(t->text, s);
}

static struct token peek(const struct lexer *l)
{
	struct lexer copy = *l;

	return next(&copy);
}

struct names {
	size_t n, cap;
	struct rc_slice *v;
};

static void add_local(struct names *locals, struct rc_slice name)
{
	if (locals->n == locals->cap) {
		locals->cap = locals->cap ? locals->cap * 2 : 8;
		locals->v = rc_xreallocarray(locals->v, locals->cap, sizeof(*locals->v));
	}
	locals->v[locals->n++] = name;
}

/* After `local`, `for`, `goto`, `::` or `function`: the names that are declared here. True when it took a "(" too. */
static bool declarations(struct lexer *l, bool function, struct names *locals)
{
	for (bool opened = false;;) {
		struct token t = peek(l);

		if (t.kind == T_NAME)
			add_local(locals, t.text);
		else if (is(&t, "function"))
			function = true;
		else if (is(&t, "<")) { /* local x <const> */
			next(l);
			next(l);
		} else if (function && is(&t, "("))
			opened = true;
		else if (!is(&t, ",") && !(function && is(&t, "...")))
			return opened;
		next(l);
	}
}

static struct rc_use *add_use(struct rc_uses *s, enum rc_use_kind kind, struct rc_slice name)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 8;
		s->v = rc_xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->n] = (struct rc_use){.kind = kind, .name = name};
	return &s->v[s->n++];
}

/* What follows decides what a name is. Looks ahead only: the tokens after it are read again as usual. */
static void name_used(const struct lexer *l, struct rc_slice name, struct rc_uses *s)
{
	struct lexer ahead = *l;
	struct token t = next(&ahead), arg, close;

	if (is(&t, "="))
		return; /* a table key or an assignment reads nothing */
	if (t.kind == T_STRING || is(&t, "{")) {
		add_use(s, RC_USE_CALL, name)->literal =
			t.kind == T_STRING && !t.escaped ? t.text : (struct rc_slice){0};
		return;
	}
	if (!is(&t, "(") && !is(&t, "[") && !is(&t, ".")) {
		add_use(s, RC_USE_NAME, name);
		return;
	}
	arg = next(&ahead);
	close = next(&ahead);
	if (is(&t, "(")) {
		bool plain = arg.kind == T_STRING && !arg.escaped && (is(&close, ",") || is(&close, ")"));

		add_use(s, RC_USE_CALL, name)->literal = plain ? arg.text : (struct rc_slice){0};
	} else if (is(&t, "."))
		add_use(s, RC_USE_MEMBER, name)->literal = arg.text;
	else if (arg.kind == T_STRING && !arg.escaped && is(&close, "]"))
		add_use(s, RC_USE_MEMBER, name)->literal = arg.text;
	else
		add_use(s, RC_USE_COMPUTED, name);
}

void rc_uses_find(struct rc_slice text, struct rc_uses *ret)
{
	struct lexer l = {text.p, text.p + text.n};
	struct names locals = {0};
	struct token before = {0}, t;
	int depth = 0;

	*ret = (struct rc_uses){0};
	for (t = next(&l); t.kind != T_END; before = t, t = next(&l)) {
		ret->tokens++;
		ret->literal = t.kind == T_STRING || t.kind == T_NUMBER;
		if (is(&t, "local") || is(&t, "for") || is(&t, "goto") || is(&t, "::") || is(&t, "function"))
			depth += declarations(&l, is(&t, "function"), &locals);
		else if (t.kind == T_NAME && !is(&before, ".") && !is(&before, ":"))
			name_used(&l, t.text, ret);
		else if (is(&t, "("))
			depth++;
		else if (is(&t, ")") && --depth < 0)
			ret->escapes = true;
	}
	for (size_t i = 0; i < ret->n; i++)
		for (size_t j = 0; j < locals.n && !ret->v[i].local; j++)
			ret->v[i].local = rc_slice_eq(ret->v[i].name, locals.v[j]);
	free(locals.v);
}

void rc_uses_done(struct rc_uses *s)
{
	free(s->v);
	*s = (struct rc_uses){0};
}

static bool in_word(const struct token *t)
{
	return t->kind == T_NAME || t->kind == T_NUMBER || (t->kind == T_OTHER && (unsigned char)*t->text.p >= 0x80);
}

struct rc_slice rc_bare_words(struct rc_slice text)
{
	struct lexer l = {text.p, text.p + text.n};
	struct rc_slice words = {0};
	size_t n = 0;

	for (struct token t = next(&l); t.kind != T_END && (n < 2 || in_word(&t)); t = next(&l)) {
		if (!in_word(&t)) {
			n = 0;
			continue;
		}
		if (!n++)
			words.p = t.text.p;
		words.n = (size_t)(t.text.p + t.text.n - words.p);
	}
	return n < 2 ? (struct rc_slice){0} : words;
}
