#include "engine/cmd/init_columns.h"
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/json_out.h"
#include "engine/base/utf8.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEAD_BYTES = 65536 };

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool counts(char c)
{
	return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool alike(const char *a, const char *b)
{
	for (;;) {
		while (*a && !counts(*a))
			a++;
		while (*b && !counts(*b))
			b++;
		if (fold(*a) != fold(*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

const char *rc_init_columns_find(const struct rc_init_columns *c, const char *const *hints)
{
	for (; *hints; hints++)
		for (size_t i = 0; i < c->n; i++)
			if (alike(c->names[i], *hints))
				return c->names[i];
	return NULL;
}

static bool is_identifier(const char *s)
{
	static const char *const reserved[] = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
					       "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
					       "repeat",   "return", "then", "true", "until",  "while"};

	if (!*s || (*s >= '0' && *s <= '9') ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(s))
		return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcmp(s, reserved[i]) == 0)
			return false;
	return true;
}

const char *rc_init_column_expr(const char *name, struct rc_arena *mem)
{
	struct rc_buf b = {0};
	const char *copy;

	if (is_identifier(name))
		return name;
	rc_buf_adds(&b, "col[");
	rc_json_cstr(&b, name);
	rc_buf_addc(&b, ']');
	copy = rc_arena_strdup(mem, b.p);
	rc_buf_done(&b);
	return copy;
}

static char delimiter_of(struct rc_slice line)
{
	static const char candidates[] = {',', ';', '\t', '|'};
	size_t most = 0;
	char best = ',';

	for (size_t i = 0; i < sizeof(candidates); i++) {
		size_t n = 0;

		for (size_t k = 0; k < line.n; k++)
			n += line.p[k] == candidates[i];
		if (n > most) {
			most = n;
			best = candidates[i];
		}
	}
	return best;
}

static void add(struct rc_init_columns *c, struct rc_slice name, struct rc_arena *mem)
{
	if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
		name = (struct rc_slice){name.p + 1, name.n - 2};
	if (!name.n || c->n == RC_INIT_COLUMNS_MAX || rc_utf8_valid(name.p, name.n) != name.n)
		return;
	for (size_t i = 0; i < c->n; i++)
		if (rc_slice_eqs(name, c->names[i]))
			return;
	c->names[c->n++] = rc_arena_copy(mem, name).p;
}

static struct rc_slice first_line(struct rc_slice *rest)
{
	size_t n = 0;
	struct rc_slice line;

	while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	line = (struct rc_slice){rest->p, n};
	if (n + 1 < rest->n && rest->p[n] == '\r' && rest->p[n + 1] == '\n')
		n++;
	*rest = n < rest->n ? (struct rc_slice){rest->p + n + 1, rest->n - n - 1} : (struct rc_slice){"", 0};
	return line;
}

static void csv_header(struct rc_slice text, struct rc_init_columns *c, struct rc_arena *mem)
{
	struct rc_slice line = first_line(&text);
	char delimiter = delimiter_of(line);

	while (line.n) {
		const char *end = memchr(line.p, delimiter, line.n);
		size_t n = end ? (size_t)(end - line.p) : line.n;

		add(c, (struct rc_slice){line.p, n}, mem);
		line = end ? (struct rc_slice){end + 1, line.n - n - 1} : (struct rc_slice){"", 0};
	}
}

static void ldif_names(struct rc_slice text, struct rc_init_columns *c, struct rc_arena *mem)
{
	c->ldif = true;
	while (text.n) {
		struct rc_slice line = first_line(&text);
		const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
		char *name;

		if (!colon || line.p[0] == ' ' || line.p[0] == '#')
			continue;
		name = rc_xstrndup((struct rc_slice){line.p, (size_t)(colon - line.p)});
		for (char *p = name; *p; p++)
			*p = fold(*p);
		if (strcmp(name, "dn") != 0 && strcmp(name, "version") != 0 && strcmp(name, "changetype") != 0)
			add(c, rc_slice_str(name), mem);
		free(name);
	}
}

enum rc_code rc_init_columns_read(const char *path, struct rc_arena *mem, struct rc_init_columns *ret,
				  struct rc_err *err)
{
	struct rc_init_columns c = {0};
	gzFile in = gzopen(path, "rbe"); /* reads plain files as they are */
	struct rc_slice text;
	char *head;
	int got;

	if (!in)
		return rc_fail_sys(err, RC_DATA, errno, "%s: cannot be read", path);
	head = rc_xmalloc(HEAD_BYTES);
	got = gzread(in, head, HEAD_BYTES);
	gzclose(in);
	text = (struct rc_slice){head, got > 0 ? (size_t)got : 0};
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		text = (struct rc_slice){text.p + 3, text.n - 3};
	if ((text.n > 3 && strncmp(text.p, "dn:", 3) == 0) || (text.n > 8 && strncmp(text.p, "version:", 8) == 0))
		ldif_names(text, &c, mem);
	else
		csv_header(text, &c, mem);
	free(head);
	if (!c.n)
		return rc_fail(err, RC_DATA, "%s: no header line with column names in UTF-8 was found", path);
	*ret = c;
	return RC_OK;
}
