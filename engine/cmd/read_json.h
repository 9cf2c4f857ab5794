/* engine/cmd/read_json.h - one record as one JSON line. */
#ifndef RC_READ_JSON_H
#define RC_READ_JSON_H
#include "engine/base/buf.h"
#include "engine/source/reader.h"

/* CSV: {"column": "value"}. LDIF: {"dn": "...", "attr": ["..."]}, a value that is no text as {"$base64": "..."}. */
void rc_read_json(const struct rc_reader *r, const struct rc_record *rec, struct rc_buf *out);

#endif
