#include "engine/source/base64.h"
#include <stdint.h>

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool rc_base64_decode(struct rc_slice s, char *out, size_t *ret_n)
{
	size_t o = 0, pad = 0;

	if (s.n % 4)
		return false;
	while (pad < 2 && pad < s.n && s.p[s.n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < s.n; i += 4) {
		size_t have = i + 4 == s.n ? 4 - pad : 4;
		uint32_t w = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = k < have ? digit(s.p[i + k]) : 0;

			if (d < 0)
				return false;
			w = w << 6 | (uint32_t)d;
		}
		for (size_t k = 0; k < have - 1; k++)
			out[o++] = (char)(w >> (16 - 8 * k));
	}
	*ret_n = o;
	return true;
}

void rc_base64_encode(struct rc_slice s, struct rc_buf *to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = rc_buf_reserve(to, (s.n + 2) / 3 * 4);

	if (!out)
		return;
	for (size_t i = 0; i < s.n; i += 3) {
		size_t have = s.n - i < 3 ? s.n - i : 3;
		uint32_t w = (uint32_t)(unsigned char)s.p[i] << 16;

		if (have > 1)
			w |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
		if (have > 2)
			w |= (unsigned char)s.p[i + 2];
		for (size_t k = 0; k < 4; k++)
			*out++ = k <= have ? digits[w >> (18 - 6 * k) & 63] : '=';
	}
	to->n += (s.n + 2) / 3 * 4;
	to->p[to->n] = 0;
}
