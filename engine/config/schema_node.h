/* engine/config/schema_node.h - a compiled schema object, shared by the compiler, the checker and the defaults. */
#ifndef RC_CONFIG_SCHEMA_NODE_H
#define RC_CONFIG_SCHEMA_NODE_H
#include <stdint.h>
#include "engine/base/arena.h"
#include "engine/base/pcre.h"
#include "engine/config/schema.h"

enum {
	TYPE_NULL = 1,
	TYPE_BOOLEAN = 2,
	TYPE_OBJECT = 4,
	TYPE_ARRAY = 8,
	TYPE_NUMBER = 16,
	TYPE_STRING = 32,
	TYPE_INTEGER = 64,
	SCHEMA_MAX_DEPTH = 192, /* of checking: nesting of the value times steps through $ref and allOf */
};

struct schema_list {
	size_t n;
	const struct rc_schema **v;
};

struct schema_member {
	const char *name; /* property, or the text of a pattern */
	const pcre2_code *pattern;
	const struct rc_schema *schema;
};

struct schema_members {
	size_t n;
	struct schema_member *v;
};

struct schema_required { /* dependentRequired: names needed when `when` is there */
	const char *when;
	const cJSON *names;
};

struct rc_schema {
	const cJSON *doc;
	int boolean; /* 0 false, 1 true, -1 an object */
	unsigned types;
	bool has_minimum, has_maximum, has_ex_minimum, has_ex_maximum, unique_items;
	double minimum, maximum, ex_minimum, ex_maximum, multiple_of;                        /* multiple_of 0: none */
	double min_length, max_length, min_items, max_items, min_properties, max_properties; /* max -1: none */
	double min_contains, max_contains;
	const pcre2_code *pattern;
	const pcre2_code *chars; /* matches the run of allowed characters at the beginning */
	const char *pattern_text, *chars_text, *expects;
	uint64_t plain[2]; /* schema_plain_class() of pattern: a text of only these matches */
	const cJSON *enumeration, *constant, *required, *default_value;
	struct schema_members properties, pattern_properties, dependent_schemas;
	struct schema_required *dependent_required;
	size_t n_dependent_required;
	struct schema_list all_of, any_of, one_of, prefix_items;
	const struct rc_schema *ref, *additional, *property_names, *items, *contains, *not_, *if_, *then_, *else_;
};

struct rc_schema_set {
	const char *name;
	cJSON *doc;
	struct rc_arena mem;
	const struct rc_schema *root;
	size_t n_nodes, cap_nodes;
	struct rc_schema **nodes; /* every compiled object: $ref finds one by its cJSON */
	size_t n_codes, cap_codes;
	pcre2_code **codes;
};

/* One walk over a value. note NULL: count only, and stop at the first. */
struct schema_check {
	rc_json_note_fn *note;
	void *ctx;
	size_t found;
	unsigned depth;
};

void schema_report(struct schema_check *c, const struct rc_json_path *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void schema_check_numbers(struct schema_check *c, const struct rc_schema *s, double d, const struct rc_json_path *at);
void schema_check_text(struct schema_check *c, const struct rc_schema *s, struct rc_slice v, bool show,
		       const struct rc_json_path *at);
void schema_check_enum(struct schema_check *c, const struct rc_schema *s, const cJSON *v,
		       const struct rc_json_path *at);

/* The ASCII characters of a pattern of the form "^[...]*$", by bit; none where it has another form or more in it. */
void schema_plain_class(const char *pattern, uint64_t ret[2]);
/* Whether subject matches, within limits; too much work counts as no match. */
bool schema_pattern_match(const pcre2_code *code, struct rc_slice subject, size_t *ret_end);

#endif
