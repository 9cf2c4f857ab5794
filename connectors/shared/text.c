#include "connectors/shared/text.h"
#include "engine/base/err.h"
#include "engine/base/utf8.h"
#include <strings.h>

static bool unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '.' || c == '~';
}

void rc_percent_encode(struct rc_buf *b, struct rc_slice s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (unreserved(c))
			rc_buf_addc(b, s.p[i]);
		else
			rc_buf_add(b, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void rc_percent_decode(struct rc_buf *b, struct rc_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = -1, low = -1;

		if (s.p[i] == '%' && s.n - i > 2) {
			high = hex_digit(s.p[i + 1]);
			low = hex_digit(s.p[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			rc_buf_addc(b, (char)(high * 16 + low));
			i += 2;
		} else {
			rc_buf_addc(b, s.p[i]);
		}
	}
}

void rc_hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = 0;
}

struct rc_slice rc_trim(struct rc_slice s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static bool holds(struct rc_slice s, const char *piece, size_t n)
{
	for (size_t i = 0; n <= s.n && i <= s.n - n; i++)
		if (strncasecmp(s.p + i, piece, n) == 0)
			return true;
	return false;
}

bool rc_holds_any(struct rc_slice s, const char *pieces)
{
	for (const char *p = pieces; *p; p += *p == '|') {
		size_t n = strcspn(p, "|");

		if (n && holds(s, p, n))
			return true;
		p += n;
	}
	return false;
}

/* The usual two-pointer glob: on a mismatch the last star takes one byte more, so the work is bounded by the product.
 */
static bool glob(struct rc_slice s, const char *pattern, size_t n)
{
	size_t i = 0, j = 0, star = SIZE_MAX, from = 0;

	while (i < s.n) {
		if (j < n && pattern[j] == '*') {
			star = j++;
			from = i;
		} else if (j < n && pattern[j] == s.p[i]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			j = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (j < n && pattern[j] == '*')
		j++;
	return j == n;
}

bool rc_matches_any(struct rc_slice s, const char *patterns)
{
	const char *p = patterns;

	for (;;) {
		size_t n = strcspn(p, "|");

		if (glob(s, p, n))
			return true;
		if (!p[n])
			return false;
		p += n + 1;
	}
}

const char *rc_message(struct rc_arena *mem, struct rc_slice s, size_t max)
{
	/* Four bytes more than can be shown: rc_printable then always stops before a sequence that was cut here. */
	size_t room = max + 4, n = 0;
	char *out = rc_arena_alloc(mem, room + 1);

	for (size_t i = 0; i < s.n && n < room; i++) {
		char c = s.p[i];

		if (c == '\n' || c == '\r' || c == '\t')
			c = ' ';
		if (c == 0)
			c = '.';
		if (c != ' ' || (n && out[n - 1] != ' '))
			out[n++] = c;
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = 0;
	rc_printable(out, max + 1);
	return out;
}

struct rc_slice rc_utf8_copy(struct rc_arena *mem, struct rc_slice s)
{
	struct rc_buf b = {0};
	struct rc_slice ret;

	if (rc_utf8_valid(s.p, s.n) == s.n)
		return rc_arena_copy(mem, s);
	while (s.n) {
		size_t n = rc_utf8_valid(s.p, s.n);

		rc_buf_add(&b, s.p, n);
		s.p += n;
		s.n -= n;
		if (s.n) {
			rc_buf_adds(&b, "\xef\xbf\xbd");
			s.p++;
			s.n--;
		}
	}
	ret = rc_arena_copy(mem, rc_buf_slice(&b));
	rc_buf_done(&b);
	return ret;
}

int64_t rc_decimal(struct rc_slice s)
{
	int64_t v = 0;

	if (s.n == 0 || s.n > 18)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}
