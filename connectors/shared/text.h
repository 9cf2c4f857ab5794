/* connectors/shared/text.h - small pure functions over bytes: encoding, searching, dates in headers. */
#ifndef RC_CONN_TEXT_H
#define RC_CONN_TEXT_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/slice.h"

/* Percent-encodes all but A-Z a-z 0-9 - _ . ~ with upper-case hex (RFC 3986; both providers' signatures want this). */
void rc_percent_encode(struct rc_buf *b, struct rc_slice s);
/* Undoes it; a '%' without two hex digits stays as it is, '+' is a plus. */
void rc_percent_decode(struct rc_buf *b, struct rc_slice s);

void rc_hex(const unsigned char *p, size_t n, char *out); /* lower case; out has room for 2 n + 1 */

struct rc_slice rc_trim(struct rc_slice s); /* without spaces and tabs at both ends */
/* Whether s holds one of the pieces of a list parted by '|', ASCII case is free. */
bool rc_holds_any(struct rc_slice s, const char *pieces);
/* Whether s is one of the patterns parted by '|'; '*' stands for any run of bytes. */
bool rc_matches_any(struct rc_slice s, const char *patterns);

/* A printable, NUL-terminated copy of at most max bytes (300: RC_MESSAGE_MAX), line breaks and runs of space made one
 * space, never cut within a UTF-8 sequence. */
enum { RC_MESSAGE_MAX = 300 };
const char *rc_message(struct rc_arena *mem, struct rc_slice s, size_t max);
/* Valid UTF-8 copy: bytes that are none become U+FFFD. */
struct rc_slice rc_utf8_copy(struct rc_arena *mem, struct rc_slice s);

/* A non-negative decimal number that fills s, or -1. */
int64_t rc_decimal(struct rc_slice s);
/* "Sun, 06 Nov 1994 08:49:37 GMT" to ns since 1970, or 0. */
int64_t rc_http_date(struct rc_slice s);
/* "2024-06-17T06:53:46Z" with 0 to 9 fraction digits to ns since 1970, or 0. */
int64_t rc_iso_date(struct rc_slice s);
/* 20260102T030405Z; out has room for 17. */
void rc_compact_date(int64_t wall_ns, char out[17]);

#endif
