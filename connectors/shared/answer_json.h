/* connectors/shared/answer_json.h - an answer's JSON, read with bounds and without surprises (cJSON below).
 *
 * Refused before cJSON sees them: more than RC_ANSWER_MAX_BYTES bytes, nesting over RC_ANSWER_MAX_DEPTH, more than
 * RC_ANSWER_MAX_VALUES values, control characters and \u0000 in strings (cJSON cuts there silently), bytes after the
 * value. Getters are liberal: an absent key, null and a value of another type all give "nothing". */
#ifndef RC_CONN_ANSWER_JSON_H
#define RC_CONN_ANSWER_JSON_H
#include <stdbool.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "engine/base/slice.h"

enum { RC_ANSWER_MAX_BYTES = 16 << 20, RC_ANSWER_MAX_DEPTH = 32, RC_ANSWER_MAX_VALUES = 1 << 20 };

/* NULL: not JSON or over a bound. Free with cJSON_Delete. */
cJSON *rc_answer_parse(struct rc_slice body);

const cJSON *rc_answer_get(const cJSON *object, const char *key);    /* exact key; NULL: absent, null or no object */
struct rc_slice rc_answer_str(const cJSON *object, const char *key); /* empty: no string; borrowed from the tree */
int64_t rc_answer_int(const cJSON *object, const char *key);         /* whole and >= 0, also as text; else -1 */

#endif
