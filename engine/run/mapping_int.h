/* engine/run/mapping_int.h - shared by mapping*.c only. */
#ifndef RC_RUN_MAPPING_INT_H
#define RC_RUN_MAPPING_INT_H
#include "engine/run/mapping.h"

struct target_rules {
	const struct rc_target *cfg;
	struct rc_expr *where, *server, *priority;
	struct rc_expr *field[RC_MAX_FIELDS];
};

struct rc_mapping {
	const struct rc_config *cfg;
	const struct rc_source *source;
	struct rc_expr_env *env;
	struct rc_zone *zone;
	bool ldif, used_all;
	struct rc_expr *key, *where, *left, *from, *until, *prefer;
	struct target_rules *targets;
	struct rc_slice *used, *secret; /* names that verdicts, and that secret fields, are made of */
	size_t n_used, n_secret;
	struct rc_slice *alias; /* LDIF: the configured columns' names in lower case */
	struct rc_arena names;
	struct rc_expr_field *attrs;
	size_t cap_attrs;
};

#endif
