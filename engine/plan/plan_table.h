/* engine/plan/plan_table.h - structs to JSON objects and back, by tables. Used inside engine/plan only.
 *
 * A zero or empty member is left out; a key that is in no table, or of another type, is an error. */
#ifndef RC_PLAN_TABLE_H
#define RC_PLAN_TABLE_H
#include <cjson/cJSON.h>
#include "engine/plan/plan.h"

enum plan_type {
	PLAN_TEXT,   /* struct rc_slice; bytes that are no JSON text as {"$base64": "..."} */
	PLAN_BYTES,  /* struct rc_slice, always base64 */
	PLAN_HASH,   /* uint8_t[16], hex */
	PLAN_BOOL,   /* bool */
	PLAN_U8,     /* uint8_t, below the field's bound */
	PLAN_U16,    /* uint16_t */
	PLAN_U64,    /* uint64_t; beyond 2^53 as text */
	PLAN_I64,    /* int64_t; likewise */
	PLAN_ACTION, /* enum rc_action, always written */
	PLAN_STATUS, /* enum rc_status */
	PLAN_VALUES, /* struct rc_plan_values: {"field": "value"} */
	PLAN_NAMES,  /* struct rc_plan_values: ["field"] */
	PLAN_TEXTS,  /* struct rc_slice *, its count in the size_t at `also` */
};

struct plan_field {
	const char *key;
	enum plan_type type;
	size_t offset, also; /* also: see PLAN_TEXTS; PLAN_U8: the bound */
};

struct plan_table {
	const struct plan_field *v;
	size_t n;
};

void plan_write_object(const struct plan_table *t, const void *from, struct rc_buf *b);
/* false: *ret_key is the offending key. */
bool plan_read_object(const struct plan_table *t, const cJSON *o, struct rc_arena *mem, void *to, const char **ret_key);

#endif
