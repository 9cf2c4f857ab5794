/* engine/source/convert.h - a declared or marked encoding to UTF-8, through iconv, in pieces.
 *
 * What cannot be decoded (also a character cut off by the end) comes out as one 0xFF byte for each code unit, so that
 * the record around it is refused with its line and the file goes on. A leading U+FEFF is dropped. */
#ifndef RC_CONVERT_H
#define RC_CONVERT_H
#include "engine/base/err.h"
#include "engine/base/slice.h"

struct rc_convert;

/* 65 when this system's iconv does not know the name. */
enum rc_code rc_convert_new(const char *encoding, struct rc_convert **ret, struct rc_err *err);
void rc_convert_free(struct rc_convert *c);

/* Writes at most cap (at least 64) bytes; returns how many input bytes are done with. The rest comes first next time;
 * fewer than all are taken when out is full or, before the end, a character is cut. */
size_t rc_convert_some(struct rc_convert *c, struct rc_slice in, bool end, char *out, size_t cap, size_t *ret_n);

/* Whether all of s is valid in the encoding; false too when iconv does not know it. For hints in messages. */
bool rc_convert_fits(const char *encoding, struct rc_slice s);

#endif
