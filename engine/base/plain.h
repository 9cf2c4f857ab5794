/* engine/base/plain.h - whether a text has only bytes that no format has to escape: printable ASCII without a quote and
 * without one more byte, `but`. */
#ifndef RC_PLAIN_H
#define RC_PLAIN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t rc_bytes16 __attribute__((vector_size(16)));
typedef uint64_t rc_words2 __attribute__((vector_size(16)));

static inline bool rc_plain_byte(char c, char but)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != but;
}

/* 0xff where a byte is not plain. */
static inline rc_bytes16 rc_odd16(rc_bytes16 v, char but)
{
	return (rc_bytes16)(v - 0x20 > 0x5e) | (rc_bytes16)(v == '"') | (rc_bytes16)(v == (uint8_t)but);
}

static inline bool rc_none_odd(rc_bytes16 odd)
{
	uint64_t half[2];

	memcpy(half, &odd, sizeof(half));
	return !(half[0] | half[1]);
}

static inline rc_bytes16 rc_copy_odd16(char *to, const char *p, char but)
{
	rc_bytes16 v;

	memcpy(&v, p, sizeof(v));
	memcpy(to, &v, sizeof(v));
	return rc_odd16(v, but);
}

/* Of a text that is shorter: its first and its last 4 or 8 bytes, some of them twice. */
static inline bool rc_copy_plain8(char *to, const char *p, size_t n, char but)
{
	uint64_t first, last;

	memcpy(&first, p, 8);
	memcpy(&last, p + n - 8, 8);
	memcpy(to, &first, 8);
	memcpy(to + n - 8, &last, 8);
	return rc_none_odd(rc_odd16((rc_bytes16)(rc_words2){first, last}, but));
}

static inline bool rc_copy_plain4(char *to, const char *p, size_t n, char but)
{
	uint32_t first, last;
	uint64_t both;

	memcpy(&first, p, 4);
	memcpy(&last, p + n - 4, 4);
	memcpy(to, &first, 4);
	memcpy(to + n - 4, &last, 4);
	both = (uint64_t)last << 32 | first;
	return rc_none_odd(rc_odd16((rc_bytes16)(rc_words2){both, both}, but));
}

/* Copies all n bytes, to another place or to where they are; whether all of them are plain. 16 bytes a step, since
 * every cell and string of a report passes here. */
static inline __attribute__((always_inline)) bool rc_copy_plain(char *to, const char *p, size_t n, char but)
{
	rc_bytes16 odd;
	bool plain = true;

	if (n >= 16) {
		odd = rc_copy_odd16(to + n - 16, p + n - 16, but);
		for (size_t i = 0; i + 16 < n; i += 16)
			odd |= rc_copy_odd16(to + i, p + i, but);
		return rc_none_odd(odd);
	}
	if (n >= 8)
		return rc_copy_plain8(to, p, n, but);
	if (n >= 4)
		return rc_copy_plain4(to, p, n, but);
	for (size_t i = 0; i < n; i++) {
		to[i] = p[i];
		plain &= rc_plain_byte(p[i], but);
	}
	return plain;
}

#endif
