#include "engine/base/plain.h"
#include "engine/base/utf8.h"
#include "engine/report/html_int.h"
#include "engine/report/summary_words.h"

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void rc_html_text(struct rc_buf *b, struct rc_slice s)
{
	size_t i = 0;

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		const char *e = entity(s.p[i]);
		uint32_t cp = c;
		size_t w = c < 0x80 ? 1 : rc_utf8_next(s.p + i, s.n - i, &cp);

		if (e)
			rc_buf_adds(b, e);
		else if (!w || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || (cp >= 0x80 && cp < 0xa0))
			rc_buf_adds(b, "\xef\xbf\xbd"); /* U+FFFD */
		else
			rc_buf_add(b, s.p + i, w);
		i += w ? w : 1;
	}
}

void rc_html_cstr(struct rc_buf *b, const char *s)
{
	rc_html_text(b, rc_slice_str(s));
}

void rc_html_number(struct rc_buf *b, uint64_t v)
{
	rc_words_number(b, v);
}

static rc_bytes16 marks(const char *p)
{
	rc_bytes16 v;

	memcpy(&v, p, sizeof(v));
	return (rc_bytes16)(v == '<') | (rc_bytes16)(v == '>') | (rc_bytes16)(v == '&');
}

/* Where the next byte is that must not stand in a script element; 32 at a time, since nearly no row has one. */
static size_t next_mark(struct rc_slice json, size_t i)
{
	while (i + 32 <= json.n && rc_none_odd(marks(json.p + i) | marks(json.p + i + 16)))
		i += 32;
	if (i + 32 > json.n && json.n >= 32 && rc_none_odd(marks(json.p + json.n - 32) | marks(json.p + json.n - 16)))
		return json.n;
	while (i < json.n && json.p[i] != '<' && json.p[i] != '>' && json.p[i] != '&')
		i++;
	return i;
}

/* Outside of strings JSON has neither of these, so that replacing them everywhere is right. */
struct rc_slice rc_html_json(struct rc_buf *b, struct rc_slice json)
{
	size_t i = next_mark(json, 0), from = 0;

	if (i == json.n)
		return json;
	rc_buf_clear(b);
	for (; i < json.n; i = next_mark(json, from)) {
		rc_buf_add(b, json.p + from, i - from);
		rc_buf_addf(b, "\\u%04x", (unsigned)json.p[i]);
		from = i + 1;
	}
	rc_buf_add(b, json.p + from, json.n - from);
	return rc_buf_slice(b);
}

const char *rc_html_str(const cJSON *o, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

double rc_html_num(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsNumber(v) ? v->valuedouble : -1;
}
