/* Ids of 32 digits and letters, packed. */
#include "engine/store/codec.h"
#include <string.h>

enum { DIGITS = 32, HEX_BYTES = 16 };

static bool is_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* So hexadecimal digits in lower case are below 16. */
static const char texts[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* By table: digits and letters follow one another at random, which no processor can foresee. 0: none. */
static const uint8_t digit_and_one[256] = {
	['0'] = 1, 2,  3,  4,  5,  6,  7,  8,  9,  10, ['a'] = 11, 12, 13, 14, 15, 16,         17, 18, 19, 20, 21,
	22,        23, 24, 25, 26, 27, 28, 29, 30, 31, 32,         33, 34, 35, 36, ['A'] = 37, 38, 39, 40, 41, 42,
	43,        44, 45, 46, 47, 48, 49, 50, 51, 52, 53,         54, 55, 56, 57, 58,         59, 60, 61, 62,
};

/* 0 to 61; -1: anything else. */
static int digit_of(char c)
{
	return digit_and_one[(unsigned char)c] - 1;
}

static char text_of(unsigned digit)
{
	return texts[digit];
}

size_t rc_id_pack(struct rc_slice id, uint8_t ret[RC_ID_PACKED])
{
	uint8_t digits[DIGITS];
	bool hex = true;
	size_t n = 0;

	if (id.n != RC_ID_TEXT)
		return 0;
	for (size_t i = 0; i < RC_ID_TEXT; i++) {
		int d = is_dash(i) ? -1 : digit_of(id.p[i]);

		if (is_dash(i) ? id.p[i] != '-' : d < 0)
			return 0;
		if (is_dash(i))
			continue;
		hex &= d < 16;
		digits[n++] = (uint8_t)d;
	}
	if (hex) {
		for (size_t i = 0; i < HEX_BYTES; i++)
			ret[i] = (uint8_t)(digits[2 * i] << 4 | digits[2 * i + 1]);
		return HEX_BYTES;
	}
	for (size_t i = 0; i < DIGITS / 4; i++) { /* four digits of 6 bits in three bytes */
		const uint8_t *d = digits + 4 * i;

		ret[3 * i] = (uint8_t)(d[0] << 2 | d[1] >> 4);
		ret[3 * i + 1] = (uint8_t)(d[1] << 4 | d[2] >> 2);
		ret[3 * i + 2] = (uint8_t)(d[2] << 6 | d[3]);
	}
	return RC_ID_PACKED;
}

static unsigned digit_at(const uint8_t *p, size_t i, bool hex)
{
	size_t bit = i * 6;

	if (hex)
		return i & 1 ? p[i / 2] & 15 : p[i / 2] >> 4;
	switch (bit % 8) {
	case 0:
		return p[bit / 8] >> 2;
	case 6:
		return (unsigned)(p[bit / 8] & 3) << 4 | p[bit / 8 + 1] >> 4;
	case 4:
		return (unsigned)(p[bit / 8] & 15) << 2 | p[bit / 8 + 1] >> 6;
	default:
		return p[bit / 8] & 63;
	}
}

bool rc_id_unpack(struct rc_slice packed, char ret[RC_ID_TEXT])
{
	bool hex = packed.n == HEX_BYTES;
	size_t n = 0;

	if (!hex && packed.n != RC_ID_PACKED)
		return false;
	for (size_t i = 0; i < RC_ID_TEXT; i++) {
		unsigned d = is_dash(i) ? 0 : digit_at((const uint8_t *)packed.p, n++, hex);

		if (d > 61)
			return false;
		ret[i] = is_dash(i) ? '-' : text_of(d);
	}
	return true;
}
