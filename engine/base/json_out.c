#include "engine/base/json_out.h"
#include "engine/base/utf8.h"
#include <inttypes.h>
#include <math.h>

void rc_json_string(struct rc_buf *b, struct rc_slice s)
{
	size_t from = 0, i = 0;

	rc_buf_addc(b, '"');
	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		uint32_t cp;
		size_t w;

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			i++;
			continue;
		}
		if (c >= 0x80 && (w = rc_utf8_next(s.p + i, s.n - i, &cp)) && cp != 0x2028 && cp != 0x2029) {
			i += w;
			continue;
		}
		rc_buf_add(b, s.p + from, i - from);
		if (c >= 0x80) {
			w = rc_utf8_next(s.p + i, s.n - i, &cp);
			rc_buf_addf(b, "\\u%04x", w ? (unsigned)cp : 0xfffdu);
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
	rc_buf_addf(b, "%" PRId64, v);
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
