/* engine/base/plain.h - how far a text goes on in bytes that no format has to escape. */
#ifndef RC_PLAIN_H
#define RC_PLAIN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t rc_bytes16 __attribute__((vector_size(16)));
typedef uint8_t rc_bytes8 __attribute__((vector_size(8)));

static inline bool rc_plain_byte(char c, char but)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != but;
}

static inline bool rc_plain16(const char *p, char but)
{
	rc_bytes16 v, odd;
	uint64_t half[2];

	memcpy(&v, p, sizeof(v));
	odd = (rc_bytes16)(v - 0x20 > 0x5e) | (rc_bytes16)(v == '"') | (rc_bytes16)(v == (uint8_t)but);
	memcpy(half, &odd, sizeof(half));
	return !(half[0] | half[1]);
}

static inline bool rc_plain8(const char *p, char but)
{
	rc_bytes8 v, odd;
	uint64_t all;

	memcpy(&v, p, sizeof(v));
	odd = (rc_bytes8)(v - 0x20 > 0x5e) | (rc_bytes8)(v == '"') | (rc_bytes8)(v == (uint8_t)but);
	memcpy(&all, &odd, sizeof(all));
	return !all;
}

/* Whether all of it is printable ASCII without a quote and without `but`; 16 bytes a step, since every cell and string
 * of a report is asked. */
static inline bool rc_plain(const char *p, size_t n, char but)
{
	size_t i = 0;

	if (n >= 16) {
		for (; i + 16 <= n; i += 16)
			if (!rc_plain16(p + i, but))
				return false;
		return i == n || rc_plain16(p + n - 16, but);
	}
	if (n >= 8)
		return rc_plain8(p, but) && rc_plain8(p + n - 8, but);
	while (i < n && rc_plain_byte(p[i], but))
		i++;
	return i == n;
}

#endif
