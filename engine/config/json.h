/* engine/config/json.h - JSON that people write: comments, and an exact word about what is wrong where.
 *
 * cJSON builds the tree; a scanner of ours goes over the text first, because cJSON lets pass what must not pass: bytes
 * that are no UTF-8, control characters in strings, an embedded \u0000 (which cuts the string), numbers such as 01,
 * lone surrogates, anything after the value. Comments become spaces, so every line and column stays true. */
#ifndef RC_CONFIG_JSON_H
#define RC_CONFIG_JSON_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/slice.h"

enum { RC_JSON_MAX_DEPTH = 64, RC_JSON_MAX_BYTES = 4 << 20 };

/* Where a value is: a chain of frames on the caller's stack, turned into a JSON Pointer only when something is wrong.
 */
struct rc_json_path {
	const struct rc_json_path *up; /* NULL: the root */
	const char *key;               /* NULL: index counts */
	size_t index;
};

/* Appends the pointer of RFC 6901: "" for the root, "/a~1b/0". */
void rc_json_path_text(const struct rc_json_path *path, struct rc_buf *out);

/* Receives a finding. pointer and reason live until it returns. */
typedef void rc_json_note_fn(void *ctx, const char *pointer, const char *reason);

/* Parses text. On RC_OK *ret is the caller's (cJSON_Delete). Otherwise RC_CONFIG with "NAME:LINE:COLUMN: reason",
 * err->line set; columns count bytes from 1. comments: // and block comments are white space. */
enum rc_code rc_json_parse(const char *name, struct rc_slice text, bool comments, cJSON **ret, struct rc_err *err);

/* Reads and parses a file of at most RC_JSON_MAX_BYTES; "-" is not special. */
enum rc_code rc_json_load(const char *path, bool comments, cJSON **ret, struct rc_err *err);

/* Reports every key that stands twice in one object; returns how many. (cJSON would silently take the first.) */
size_t rc_json_duplicates(const cJSON *root, rc_json_note_fn *note, void *ctx);

/* RFC 7396: patch over target. Both stay as they are; the result is the caller's. Keys that patch leaves alone come
 * first, in the order of target. */
cJSON *rc_json_merge(const cJSON *target, const cJSON *patch);

/* By exact name; cJSON's plain getter ignores case. NULL when absent or obj is no object. */
const cJSON *rc_json_member(const cJSON *obj, const char *key);

/* Deep equality: numbers by value, objects without regard to order. */
bool rc_json_equal(const cJSON *a, const cJSON *b);

/* Appends the value as JSON. sorted: keys in byte order (for hashing); indent: spaces a level, 0 for one line. */
void rc_json_write(const cJSON *v, bool sorted, unsigned indent, struct rc_buf *out);

#endif
