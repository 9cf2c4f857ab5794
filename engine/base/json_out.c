#include "engine/base/json_out.h"
#include "engine/base/plain.h"
#include "engine/base/utf8.h"
#include <math.h>

static size_t skip_plain(struct rc_slice s, size_t i)
{
	while (i < s.n && rc_plain_byte(s.p[i], '\\'))
		i++;
	return i;
}

static void escaped(struct rc_buf *b, struct rc_slice s)
{
	size_t from = 0, i = 0;

	while ((i = skip_plain(s, i)) < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		uint32_t cp;
		size_t w;

		if (c >= 0x80 && (w = rc_utf8_next(s.p + i, s.n - i, &cp)) && cp != 0x2028 && cp != 0x2029) {
			i += w;
			continue;
		}
		rc_buf_add(b, s.p + from, i - from);
		if (c >= 0x80) {
			w = rc_utf8_next(s.p + i, s.n - i, &cp);
			if (w)
				rc_buf_addf(b, "\\u%04x", (unsigned)cp);
			else
				rc_buf_adds(b, "\xef\xbf\xbd"); /* U+FFFD itself: what reads it writes the same again */
			i += w ? w : 1;
		} else {
			switch (c) {
			case '"':
				rc_buf_adds(b, "\\\"");
				break;
			case '\\':
				rc_buf_adds(b, "\\\\");
				break;
			case '\n':
				rc_buf_adds(b, "\\n");
				break;
			case '\r':
				rc_buf_adds(b, "\\r");
				break;
			case '\t':
				rc_buf_adds(b, "\\t");
				break;
			default:
				rc_buf_addf(b, "\\u%04x", c);
			}
			i++;
		}
		from = i;
	}
	rc_buf_add(b, s.p + from, i - from);
}

static __attribute__((noinline)) void with_care(struct rc_buf *b, struct rc_slice s)
{
	rc_buf_addc(b, '"');
	escaped(b, s);
	rc_buf_addc(b, '"');
}

void rc_json_string(struct rc_buf *b, struct rc_slice s)
{
	if (rc_buf_has_room(b, s.n + 2)) {
		char *to = b->p + b->n;

		if (rc_copy_plain(to + 1, s.p, s.n, '\\')) {
			to[0] = to[s.n + 1] = '"';
			rc_buf_took(b, s.n + 2);
			return;
		}
	}
	with_care(b, s);
}

static __attribute__((noinline)) void next_with_care(struct rc_buf *b, struct rc_slice s)
{
	rc_buf_addc(b, ',');
	with_care(b, s);
}

void rc_json_next(struct rc_buf *b, struct rc_slice s)
{
	if (rc_buf_has_room(b, s.n + 3)) {
		char *to = b->p + b->n;

		if (rc_copy_plain(to + 2, s.p, s.n, '\\')) {
			to[0] = ',';
			to[1] = to[s.n + 2] = '"';
			rc_buf_took(b, s.n + 3);
			return;
		}
	}
	next_with_care(b, s);
}

static __attribute__((noinline)) void more_with_care(struct rc_buf *b, struct rc_slice s)
{
	escaped(b, s);
	rc_buf_addc(b, '"');
}

void rc_json_more(struct rc_buf *b, struct rc_slice s)
{
	if (b->overflow)
		return;
	b->n--;
	if (rc_buf_has_room(b, s.n + 1)) {
		char *to = b->p + b->n;

		if (rc_copy_plain(to, s.p, s.n, '\\')) {
			to[s.n] = '"';
			rc_buf_took(b, s.n + 1);
			return;
		}
	}
	more_with_care(b, s);
}

void rc_json_place(struct rc_buf *b, struct rc_slice file, uint64_t line)
{
	rc_json_string(b, file);
	if (!line || b->overflow)
		return;
	b->n--;
	rc_buf_addc(b, ':');
	rc_buf_addu(b, line);
	rc_buf_addc(b, '"');
}

void rc_json_cstr(struct rc_buf *b, const char *s)
{
	if (s)
		rc_json_string(b, rc_slice_str(s));
	else
		rc_buf_adds(b, "null");
}

void rc_json_comma(struct rc_buf *b)
{
	if (b->n && b->p[b->n - 1] != '{' && b->p[b->n - 1] != '[' && b->p[b->n - 1] != ':')
		rc_buf_addc(b, ',');
}

void rc_json_key(struct rc_buf *b, const char *key)
{
	rc_json_comma(b);
	rc_json_cstr(b, key);
	rc_buf_addc(b, ':');
}

void rc_json_kstr(struct rc_buf *b, const char *key, struct rc_slice s)
{
	rc_json_key(b, key);
	rc_json_string(b, s);
}

void rc_json_kcstr(struct rc_buf *b, const char *key, const char *s)
{
	rc_json_key(b, key);
	rc_json_cstr(b, s);
}

void rc_json_kint(struct rc_buf *b, const char *key, int64_t v)
{
	rc_json_key(b, key);
	if (v < 0)
		rc_buf_addc(b, '-');
	rc_buf_addu(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void rc_json_kbool(struct rc_buf *b, const char *key, bool v)
{
	rc_json_key(b, key);
	rc_buf_adds(b, v ? "true" : "false");
}

void rc_json_knum(struct rc_buf *b, const char *key, double v)
{
	rc_json_key(b, key);
	if (isfinite(v))
		rc_buf_addf(b, "%.10g", v);
	else
		rc_buf_adds(b, "null");
}
