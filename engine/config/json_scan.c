#include "engine/config/json_scan.h"
#include "engine/base/utf8.h"
#include "engine/config/json.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *text;
	size_t n, i;
	unsigned depth;
	struct rc_json_fault *fault;
};

static bool bad(struct scan *s, size_t at, const char *what)
{
	s->fault->at = at;
	s->fault->what = what;
	return false;
}

static size_t skip_string(const char *t, size_t n, size_t i)
{
	for (i++; i < n && t[i] != '"'; i++)
		if (t[i] == '\\' && i + 1 < n)
			i++;
	return i < n ? i + 1 : n;
}

static size_t blank_line(char *t, size_t n, size_t i)
{
	for (; i < n && t[i] != '\n'; i++)
		t[i] = ' ';
	return i;
}

static size_t blank_block(char *t, size_t n, size_t i)
{
	size_t end = i + 2;

	while (end + 1 < n && !(t[end] == '*' && t[end + 1] == '/'))
		end++;
	if (end + 1 >= n)
		return 0;
	for (end += 2; i < end; i++)
		if (t[i] != '\n')
			t[i] = ' ';
	return end;
}

bool rc_json_strip(char *t, size_t n, struct rc_json_fault *fault)
{
	size_t i = 0, end;

	while (i < n) {
		if (t[i] == '"') {
			i = skip_string(t, n, i);
		} else if (t[i] == '/' && i + 1 < n && t[i + 1] == '/') {
			i = blank_line(t, n, i);
		} else if (t[i] == '/' && i + 1 < n && t[i + 1] == '*') {
			end = blank_block(t, n, i);
			if (!end) {
				*fault = (struct rc_json_fault){i, "a comment begins here and never ends"};
				return false;
			}
			i = end;
		} else {
			i++;
		}
	}
	return true;
}

static void space(struct scan *s)
{
	while (s->i < s->n && strchr(" \t\r\n", s->text[s->i]) && s->text[s->i])
		s->i++;
}

static bool hex4(struct scan *s, uint32_t *ret)
{
	uint32_t v = 0;

	if (s->n - s->i < 4)
		return bad(s, s->i, "\\u needs four hexadecimal digits");
	for (size_t k = 0; k < 4; k++) {
		char c = s->text[s->i + k];
		uint32_t d;

		if (c >= '0' && c <= '9')
			d = (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			d = (uint32_t)((c | 32) - 'a') + 10;
		else
			return bad(s, s->i + k, "\\u needs four hexadecimal digits");
		v = v << 4 | d;
	}
	s->i += 4;
	*ret = v;
	return true;
}

static bool unicode_escape(struct scan *s, size_t at)
{
	uint32_t hi, lo;

	if (!hex4(s, &hi))
		return false;
	if (hi == 0)
		return bad(s, at, "\\u0000 is not allowed in a string");
	if (hi >= 0xdc00 && hi <= 0xdfff)
		return bad(s, at, "half of a surrogate pair");
	if (hi < 0xd800 || hi > 0xdbff)
		return true;
	if (s->n - s->i < 2 || s->text[s->i] != '\\' || s->text[s->i + 1] != 'u')
		return bad(s, at, "half of a surrogate pair");
	s->i += 2;
	if (!hex4(s, &lo))
		return false;
	return lo >= 0xdc00 && lo <= 0xdfff ? true : bad(s, at, "half of a surrogate pair");
}

static bool string(struct scan *s)
{
	size_t begin = s->i++;

	while (s->i < s->n) {
		unsigned char c = (unsigned char)s->text[s->i];
		uint32_t cp;
		size_t len;

		if (c == '"') {
			s->i++;
			return true;
		}
		if (c < 0x20)
			return bad(s, s->i,
				   c == '\n' || c == '\r' ? "a string may not hold a line break; write \\n"
							  : "a control character in a string; write it as \\uXXXX");
		if (c == '\\') {
			size_t at = s->i++;

			if (s->i >= s->n)
				break;
			c = (unsigned char)s->text[s->i++];
			if (c == 'u') {
				if (!unicode_escape(s, at))
					return false;
			} else if (!c || !strchr("\"\\/bfnrt", c)) {
				return bad(s, at, "an unknown escape; a backslash itself is written \\\\");
			}
			continue;
		}
		len = rc_utf8_next(s->text + s->i, s->n - s->i, &cp);
		if (!len)
			return bad(s, s->i, "bytes that are not valid UTF-8");
		s->i += len;
	}
	return bad(s, begin, "a string begins here and never ends");
}

static size_t digits(struct scan *s)
{
	size_t begin = s->i;

	while (s->i < s->n && s->text[s->i] >= '0' && s->text[s->i] <= '9')
		s->i++;
	return s->i - begin;
}

/* cJSON copies a number into a buffer of 64 bytes, and turns what a double cannot hold into infinity. */
static bool in_range(struct scan *s, size_t begin)
{
	char text[64];
	size_t n = s->i - begin;

	if (n >= 60)
		return bad(s, begin, "a number with more than 60 characters");
	memcpy(text, s->text + begin, n);
	text[n] = 0;
	return isfinite(strtod(text, NULL)) ? true : bad(s, begin, "a number too large");
}

static bool number(struct scan *s)
{
	size_t begin = s->i;

	if (s->text[s->i] == '-')
		s->i++;
	if (s->i < s->n && s->text[s->i] == '0') {
		s->i++;
		if (s->i < s->n && s->text[s->i] >= '0' && s->text[s->i] <= '9')
			return bad(s, begin, "a number may not begin with 0; quote it if it is text");
	} else if (!digits(s)) {
		return bad(s, begin, "not a number");
	}
	if (s->i < s->n && s->text[s->i] == '.') {
		s->i++;
		if (!digits(s))
			return bad(s, begin, "not a number: digits are missing after the point");
	}
	if (s->i < s->n && (s->text[s->i] | 32) == 'e') {
		s->i++;
		if (s->i < s->n && (s->text[s->i] == '+' || s->text[s->i] == '-'))
			s->i++;
		if (!digits(s))
			return bad(s, begin, "not a number: the exponent has no digits");
	}
	return in_range(s, begin);
}

static bool word(struct scan *s, const char *w)
{
	size_t n = strlen(w);

	if (s->n - s->i < n || memcmp(s->text + s->i, w, n) != 0)
		return bad(s, s->i, "not a value; text must be in double quotes");
	s->i += n;
	return true;
}

static bool value(struct scan *s);

static bool member(struct scan *s)
{
	if (s->i >= s->n || s->text[s->i] != '"')
		return bad(s, s->i, "a key in double quotes is missing");
	if (!string(s))
		return false;
	space(s);
	if (s->i >= s->n || s->text[s->i] != ':')
		return bad(s, s->i, "':' is missing after a key");
	s->i++;
	return value(s);
}

static bool container(struct scan *s, char close, bool (*item)(struct scan *))
{
	size_t begin = s->i++;

	if (++s->depth > RC_JSON_MAX_DEPTH)
		return bad(s, begin, "nested more than 64 levels deep");
	space(s);
	if (s->i < s->n && s->text[s->i] == close) {
		s->i++;
		s->depth--;
		return true;
	}
	for (;;) {
		space(s);
		if (s->i < s->n && !item(s))
			return false;
		space(s);
		if (s->i >= s->n)
			return bad(s, begin,
				   close == '}' ? "an object begins here and never ends"
						: "an array begins here and never ends");
		if (s->text[s->i] == close)
			break;
		if (s->text[s->i] != ',')
			return bad(s, s->i, close == '}' ? "',' or '}' is missing" : "',' or ']' is missing");
		s->i++;
		space(s);
		if (s->i < s->n && s->text[s->i] == close)
			return bad(s, s->i, "a comma before the end of a list is not JSON; take it out");
	}
	s->i++;
	s->depth--;
	return true;
}

static bool value(struct scan *s)
{
	space(s);
	if (s->i >= s->n)
		return bad(s, s->i, "a value is missing");
	switch (s->text[s->i]) {
	case '{':
		return container(s, '}', member);
	case '[':
		return container(s, ']', value);
	case '"':
		return string(s);
	case 't':
		return word(s, "true");
	case 'f':
		return word(s, "false");
	case 'n':
		return word(s, "null");
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return number(s);
	default:
		return bad(s, s->i, "not a value; text must be in double quotes");
	}
}

bool rc_json_scan(const char *text, size_t n, struct rc_json_fault *fault)
{
	struct scan s = {.text = text, .n = n, .fault = fault};

	if (!value(&s))
		return false;
	space(&s);
	return s.i == n ? true : bad(&s, s.i, "something stands after the end of the JSON value");
}
