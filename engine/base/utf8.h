/* engine/base/utf8.h - UTF-8 by RFC 3629: no overlong forms, no surrogates, at most U+10FFFF. */
#ifndef RC_UTF8_H
#define RC_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one code point; returns its length 1..4, or 0 when the bytes at p are not valid UTF-8 (or n is 0). */
size_t rc_utf8_next(const char *p, size_t n, uint32_t *ret_cp);

/* Number of bytes from p that are valid UTF-8; equals n when all are. */
size_t rc_utf8_valid(const char *p, size_t n);

/* Number of code points; p must be valid. */
size_t rc_utf8_count(const char *p, size_t n);

/* Writes cp as UTF-8 to out (room for 4) and returns the length. */
size_t rc_utf8_put(uint32_t cp, char *out);

#endif
