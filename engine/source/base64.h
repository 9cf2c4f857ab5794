/* engine/source/base64.h - RFC 4648 section 4, strict: no other characters, padding whole, unused bits zero or not. */
#ifndef RC_BASE64_H
#define RC_BASE64_H
#include <stdbool.h>
#include "engine/base/buf.h"
#include "engine/base/slice.h"

/* Decodes to out (room for s.n / 4 * 3); false when s is no base64. */
bool rc_base64_decode(struct rc_slice s, char *out, size_t *ret_n);
void rc_base64_encode(struct rc_slice s, struct rc_buf *to);

#endif
