/* Ids of 32 digits and letters, packed. */
#include "engine/base/bytes.h"
#include "engine/store/codec.h"
#include <endian.h>
#include <string.h>

enum { DIGITS = 32, HEX_BYTES = 16 };

static bool is_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* So hexadecimal digits in lower case are below 16. */
static const char texts[64] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

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

/* Eight hexadecimal digits in lower case, all at once, to four bytes; false: they are something else. */
static bool pack_eight(uint64_t text, uint32_t *ret)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t digits, letters;

	text = le64toh(text);
	digits = (text & 0x0f * ones) + 9 * (text >> 6 & ones);
	letters = (digits + 6 * ones) >> 4 & ones;
	if (digits & 0xf0 * ones || digits + '0' * ones + ('a' - '0' - 10) * letters != text)
		return false;
	digits = (digits << 4 | digits >> 8) & 0x00ff00ff00ff00ffu;
	digits = (digits | digits >> 8) & 0x0000ffff0000ffffu;
	*ret = htole32((uint32_t)(digits | digits >> 16));
	return true;
}

/* Two fours that do not follow one another. */
static uint64_t eight_of(const char *a, const char *b)
{
	return htole64((uint64_t)le32toh(rc_four(b)) << 32 | le32toh(rc_four(a)));
}

static bool pack_hex(const char *id, uint8_t ret[HEX_BYTES])
{
	uint32_t part[HEX_BYTES / 4];

	if (id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-')
		return false;
	if (!pack_eight(rc_eight(id), &part[0]) || !pack_eight(eight_of(id + 9, id + 14), &part[1]) ||
	    !pack_eight(eight_of(id + 19, id + 24), &part[2]) || !pack_eight(rc_eight(id + 28), &part[3]))
		return false;
	memcpy(ret, part, HEX_BYTES);
	return true;
}

size_t rc_id_pack(struct rc_slice id, uint8_t ret[RC_ID_PACKED])
{
	uint8_t digits[DIGITS];
	size_t n = 0;

	if (id.n != RC_ID_TEXT)
		return 0;
	if (pack_hex(id.p, ret))
		return HEX_BYTES;
	for (size_t i = 0; i < RC_ID_TEXT; i++) {
		int d = is_dash(i) ? -1 : digit_of(id.p[i]);

		if (is_dash(i) ? id.p[i] != '-' : d < 0)
			return 0;
		if (is_dash(i))
			continue;
		digits[n++] = (uint8_t)d;
	}
	for (size_t i = 0; i < DIGITS / 4; i++) { /* four digits of 6 bits in three bytes */
		const uint8_t *d = digits + 4 * i;

		ret[3 * i] = (uint8_t)(d[0] << 2 | d[1] >> 4);
		ret[3 * i + 1] = (uint8_t)(d[1] << 4 | d[2] >> 2);
		ret[3 * i + 2] = (uint8_t)(d[2] << 6 | d[3]);
	}
	return RC_ID_PACKED;
}

/* The other way round: four bytes to eight digits. */
static uint64_t unpack_eight(const char *p)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t digits = le32toh(rc_four(p)), letters;

	digits = (digits | digits << 16) & 0x0000ffff0000ffffu;
	digits = (digits | digits << 8) & 0x00ff00ff00ff00ffu;
	digits = (digits >> 4 & 0x000f000f000f000fu) | (digits << 8 & 0x0f000f000f000f00u);
	letters = (digits + 6 * ones) >> 4 & ones;
	return htole64(digits + '0' * ones + ('a' - '0' - 10) * letters);
}

static void unpack_hex(const char packed[HEX_BYTES], char ret[DIGITS])
{
	for (size_t i = 0; i < HEX_BYTES / 4; i++) {
		uint64_t text = unpack_eight(packed + 4 * i);

		memcpy(ret + 8 * i, &text, sizeof(text));
	}
}

static bool unpack_letters(const uint8_t packed[RC_ID_PACKED], char ret[DIGITS])
{
	bool good = true;

	for (size_t i = 0; i < DIGITS / 4; i++) {
		const uint8_t *p = packed + 3 * i;
		const unsigned d[4] = {p[0] >> 2, (p[0] & 3u) << 4 | p[1] >> 4, (p[1] & 15u) << 2 | p[2] >> 6,
				       p[2] & 63};

		for (size_t j = 0; j < 4; j++) {
			good &= d[j] <= 61;
			ret[4 * i + j] = texts[d[j]];
		}
	}
	return good;
}

bool rc_id_unpack(struct rc_slice packed, char ret[RC_ID_TEXT])
{
	char digits[DIGITS];

	if (packed.n == HEX_BYTES)
		unpack_hex(packed.p, digits);
	else if (packed.n != RC_ID_PACKED || !unpack_letters((const uint8_t *)packed.p, digits))
		return false;
	memcpy(ret, digits, 8);
	memcpy(ret + 9, digits + 8, 4);
	memcpy(ret + 14, digits + 12, 4);
	memcpy(ret + 19, digits + 16, 4);
	memcpy(ret + 24, digits + 20, 12);
	ret[8] = ret[13] = ret[18] = ret[23] = '-';
	return true;
}
