/* engine/base/json_out.h - appends JSON to a buffer: the hot-path writer (cJSON reads; this writes).
 *
 * Strings must be bytes; invalid UTF-8 becomes U+FFFD. Control characters are escaped, '<' is left alone (the HTML
 * report escapes on its own). Commas are the caller's: rc_json_key writes one when the buffer does not end in '{' or
 * '['. */
#ifndef RC_JSON_OUT_H
#define RC_JSON_OUT_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/buf.h"

void rc_json_string(struct rc_buf *b, struct rc_slice s);
void rc_json_next(struct rc_buf *b, struct rc_slice s);                    /* the same, preceded by a comma */
void rc_json_more(struct rc_buf *b, struct rc_slice s);                    /* goes on with the string that b ends in */
void rc_json_place(struct rc_buf *b, struct rc_slice file, uint64_t line); /* "FILE:LINE"; line 0: "FILE" */
void rc_json_cstr(struct rc_buf *b, const char *s);                        /* NULL writes null */
void rc_json_key(struct rc_buf *b, const char *key);                       /* comma if needed, "key": */
void rc_json_comma(struct rc_buf *b);                                      /* comma unless directly after { [ or : */
void rc_json_kstr(struct rc_buf *b, const char *key, struct rc_slice s);
void rc_json_kcstr(struct rc_buf *b, const char *key, const char *s);
void rc_json_kint(struct rc_buf *b, const char *key, int64_t v);
void rc_json_kbool(struct rc_buf *b, const char *key, bool v);
void rc_json_knum(struct rc_buf *b, const char *key, double v); /* shortest of %.6g; NaN and infinities become null */

#endif
