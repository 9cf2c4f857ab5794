/* engine/run/mapping_int.h - shared by mapping*.c only. */
#ifndef RC_RUN_MAPPING_INT_H
#define RC_RUN_MAPPING_INT_H
#include "engine/run/mapping.h"

struct target_rules {
	const struct rc_target *cfg;
	struct rc_expr *where, *server, *priority;
	struct rc_expr *field[RC_MAX_FIELDS];
	int chosen;               /* index of the field of a first_free rule, or -1 */
	struct rc_expr **choices; /* its expressions */
	size_t n_choices;
	struct rc_expr *adopt_if;
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
	size_t n_attrs, cap_attrs;
	struct rc_columns later; /* columns that questions after the scan read */
	bool asked_later, kept;
};

/* mapping_later.c: the first choice of a first_free rule stands in until the name is chosen. */
enum rc_code mapping_first_choice(struct rc_mapping *m, const struct target_rules *t, struct rc_arena *mem,
				  struct rc_want *w, struct rc_err *err);

#endif
