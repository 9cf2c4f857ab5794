#include "engine/map/text.h"
#include "engine/base/utf8.h"

/* One character, or one byte that is none (cp UINT32_MAX). */
static size_t next_char(struct rc_slice s, size_t at, uint32_t *ret_cp)
{
	size_t n;

	if ((unsigned char)s.p[at] < 0x80) {
		*ret_cp = (unsigned char)s.p[at];
		return 1;
	}
	n = rc_utf8_next(s.p + at, s.n - at, ret_cp);
	if (n)
		return n;
	*ret_cp = UINT32_MAX;
	return 1;
}

bool rc_text_is_space(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
	       (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
	       cp == 0x3000 || cp == 0xFEFF;
}

void rc_text_case(struct rc_slice s, char first, char last, char *out)
{
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.p[i] >= first && s.p[i] <= last ? (char)(s.p[i] ^ 0x20) : s.p[i];
}

struct rc_slice rc_text_trim(struct rc_slice s)
{
	size_t start = 0, end = 0;
	bool begun = false;

	for (size_t i = 0; i < s.n;) {
		uint32_t cp;
		size_t n = next_char(s, i, &cp);

		if (!rc_text_is_space(cp)) {
			if (!begun)
				start = i;
			begun = true;
			end = i + n;
		}
		i += n;
	}
	return (struct rc_slice){s.n ? s.p + start : s.p, end - start};
}

bool rc_text_blank(struct rc_slice s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t cp;

		i += next_char(s, i, &cp);
		if (!rc_text_is_space(cp))
			return false;
	}
	return true;
}

struct rc_slice rc_text_truncate(struct rc_slice s, uint64_t n_chars)
{
	size_t i = 0;
	uint32_t cp;

	for (; i < s.n && n_chars; n_chars--)
		i += next_char(s, i, &cp);
	return (struct rc_slice){s.p, i};
}

size_t rc_text_ascii(struct rc_slice s, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < s.n;) {
		uint32_t cp;

		i += next_char(s, i, &cp);
		if (cp < 0x80) {
			out[len++] = (char)cp;
		} else if (cp != UINT32_MAX) {
			struct rc_slice to = rc_ascii_of(cp);

			memcpy(out + len, to.p, to.n);
			len += to.n;
		}
	}
	return len;
}

static bool is_word(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

size_t rc_text_clean(struct rc_slice s, char *out)
{
	size_t len = 0, start = 0;
	bool in_run = false;

	for (size_t i = 0; i < s.n; i++) {
		bool word = is_word((unsigned char)s.p[i]);

		if (word || !in_run)
			out[len++] = word ? s.p[i] : '_';
		in_run = !word;
	}
	while (len && out[len - 1] == '_')
		len--;
	while (start < len && out[start] == '_')
		start++;
	memmove(out, out + start, len - start);
	return len - start;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool rc_text_eq_fold(struct rc_slice a, struct rc_slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	return true;
}
