#include "engine/report/cell.h"
#include "engine/base/plain.h"
#include "engine/base/utf8.h"

static bool needs_quotes(struct rc_slice s, char delimiter)
{
	if (!s.n)
		return false;
	if (s.p[0] == ' ' || s.p[s.n - 1] == ' ')
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == delimiter || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t')
			return true;
	return false;
}

/* Copies it; whether it is written as it is and without quotes, as nearly every cell. */
static inline bool copy_plain(char *to, struct rc_slice s)
{
	if (!s.n)
		return true;
	switch (s.p[0]) {
	case ' ':
	case '=':
	case '+':
	case '-':
	case '@':
		return false;
	default:
		return rc_copy_plain(to, s.p, s.n, ',') && s.p[s.n - 1] != ' ';
	}
}

/* Copies up to the next byte that needs care, then takes care of it. */
static void add_escaped(struct rc_buf *b, struct rc_slice s)
{
	size_t from = 0, i = 0;

	if (rc_buf_has_room(b, s.n) && rc_copy_plain(b->p + b->n, s.p, s.n, '"')) {
		rc_buf_took(b, s.n);
		return;
	}
	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		uint32_t cp = c;
		size_t w = c < 0x80 ? 1 : rc_utf8_next(s.p + i, s.n - i, &cp);
		bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;

		if (w && !control && c != '"' && !(cp >= 0x80 && cp < 0xa0)) {
			i += w;
			continue;
		}
		rc_buf_add(b, s.p + from, i - from);
		if (c == '"')
			rc_buf_adds(b, "\"\"");
		else if (w > 1)
			rc_buf_addf(b, "\\u%04x", (unsigned)cp);
		else
			rc_buf_addf(b, "\\x%02x", c);
		i += w ? w : 1;
		from = i;
	}
	rc_buf_add(b, s.p + from, i - from);
}

static __attribute__((noinline)) void with_care(struct rc_buf *b, struct rc_slice s)
{
	bool formula = s.n && memchr("=+-@\t\r", s.p[0], 6), quote = formula || needs_quotes(s, ',');

	if (quote)
		rc_buf_addc(b, '"');
	if (formula)
		rc_buf_addc(b, '\'');
	add_escaped(b, s);
	if (quote)
		rc_buf_addc(b, '"');
}

void rc_cell_safe(struct rc_buf *b, struct rc_slice s)
{
	if (rc_buf_has_room(b, s.n) && copy_plain(b->p + b->n, s))
		rc_buf_took(b, s.n);
	else
		with_care(b, s);
}

static __attribute__((noinline)) void next_with_care(struct rc_buf *b, struct rc_slice s)
{
	rc_buf_addc(b, ',');
	with_care(b, s);
}

void rc_cell_next(struct rc_buf *b, struct rc_slice s)
{
	if (rc_buf_has_room(b, s.n + 1)) {
		char *to = b->p + b->n;

		if (copy_plain(to + 1, s)) {
			to[0] = ',';
			rc_buf_took(b, s.n + 1);
			return;
		}
	}
	next_with_care(b, s);
}

void rc_cell_settle(struct rc_buf *b, size_t from)
{
	struct rc_slice s = {b->p + from, b->n - from};
	struct rc_buf copy = {0};

	if (copy_plain(b->p + from, s))
		return;
	rc_buf_addslice(&copy, s);
	b->n = from;
	with_care(b, rc_buf_slice(&copy));
	rc_buf_done(&copy);
}

void rc_cell_plain(struct rc_buf *b, struct rc_slice s, char delimiter)
{
	const char *p = s.p, *end = s.p + s.n;

	if (!needs_quotes(s, delimiter)) {
		rc_buf_addslice(b, s);
		return;
	}
	rc_buf_addc(b, '"');
	while (p < end) {
		const char *q = memchr(p, '"', (size_t)(end - p));

		if (!q) {
			rc_buf_add(b, p, (size_t)(end - p));
			break;
		}
		rc_buf_add(b, p, (size_t)(q - p));
		rc_buf_adds(b, "\"\"");
		p = q + 1;
	}
	rc_buf_addc(b, '"');
}
