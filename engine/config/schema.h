/* engine/config/schema.h - a validator for a stated subset of JSON Schema, draft 2020-12.
 *
 * Keywords: type, enum, const; minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf; minLength, maxLength
 * (code points), pattern (PCRE2, with match limits); properties, required, additionalProperties, patternProperties,
 * propertyNames, minProperties, maxProperties, dependentRequired, dependentSchemas; items, prefixItems, minItems,
 * maxItems, uniqueItems, contains, minContains, maxContains; allOf, anyOf, oneOf, not, if/then/else; $ref to "#" and to
 * "#/…" of the same file; true and false as schemas. Annotations ($schema, $id, $comment, $defs, definitions, title,
 * description, default, examples, format, deprecated, readOnly, writeOnly, x-…) are accepted and check nothing. Any
 * other keyword does not compile: nothing is ignored silently.
 *
 * Ours: "x-rollcall-expects": "text" replaces the messages of everything below that schema by "must be text";
 * "x-rollcall-chars": "class" names the characters that pattern allows, so that the offending one can be shown.
 *
 * A compiled schema is immutable and thread-safe. */
#ifndef RC_CONFIG_SCHEMA_H
#define RC_CONFIG_SCHEMA_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include "engine/base/err.h"
#include "engine/base/slice.h"
#include "engine/config/json.h"

struct rc_schema;     /* one compiled schema object; belongs to its set */
struct rc_schema_set; /* a compiled file */

/* Compiles doc, which the set then owns (also on failure). RC_INTERNAL: an unknown keyword, a bad pattern, a $ref to
 * nowhere; the message holds the pointer. */
enum rc_code rc_schema_compile(const char *name, cJSON *doc, struct rc_schema_set **ret, struct rc_err *err);
void rc_schema_set_free(struct rc_schema_set *set);

const struct rc_schema *rc_schema_root(const struct rc_schema_set *set);
const cJSON *rc_schema_doc(const struct rc_schema_set *set);

/* The schema at a pointer such as "/$defs/target", also below an annotation; compiled at the first call, so ask before
 * threads share the set. NULL and RC_INTERNAL when there is none or it does not compile. */
const struct rc_schema *rc_schema_at(struct rc_schema_set *set, const char *pointer, struct rc_err *err);

/* Validates v and reports every violation, each with the pointer of the value below `at` (NULL: the root). Returns how
 * many. note may be NULL: then it stops at the first. Never shows a value, only names and rules. */
size_t rc_schema_check(const struct rc_schema *s, const cJSON *v, const struct rc_json_path *at, rc_json_note_fn *note,
		       void *ctx);

/* One string, or a number as text where the schema's type is integer: no tree is built. RC_DATA and the broken rule
 * ("is longer than 64 characters", "has 'ü' (U+00FC) at character 3; allowed are …"); show: whether the message may
 * name a character of the value. */
enum rc_code rc_schema_check_string(const struct rc_schema *s, struct rc_slice value, bool show, struct rc_err *err);

/* Adds to v every `default` that its schema has for an absent key, all the way down. */
void rc_schema_defaults(const struct rc_schema *s, cJSON *v);

#endif
