/* engine/cmd/init_int.h - what `init` has been told and has found; shared by init*.c only. */
#ifndef RC_CMD_INIT_INT_H
#define RC_CMD_INIT_INT_H
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/cmd/init_values.h"
#include "engine/config/json.h"

enum { SETTINGS_MAX = 16 };

struct init {
	struct rc_arena mem;
	const char *connector, *endpoint, *source, *key, *output;
	bool force, asked;
	size_t n_settings;
	char *settings[SETTINGS_MAX];
	struct rc_init_columns columns;
	struct rc_init_values *values; /* one for each column; NULL: not looked at */
	uint64_t rows;
	cJSON *schema;
};

/* The first column that a hint names; without an export the first hint itself. */
const char *init_column(const struct init *in, const char *const *hints);
const struct rc_init_values *init_values_of(const struct init *in, const char *column); /* NULL: not known */

/* init_source.c */
void init_write_source(struct init *in, struct rc_buf *b);

/* init_propose.c: the JSON text of a field's proposal: an expression over columns that are there, or a rule; NULL: none
 * fits. *ret_note: what a reader of it should know; or NULL. */
const char *init_propose(struct init *in, const cJSON *field, const char **ret_note);

#endif
