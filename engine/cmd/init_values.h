/* engine/cmd/init_values.h - what the columns of an export hold, as far as a first config wants to know it. */
#ifndef RC_CMD_INIT_VALUES_H
#define RC_CMD_INIT_VALUES_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/cmd/init_columns.h"

enum { RC_INIT_ROWS_MAX = 50000, RC_INIT_WORDS_MAX = 8, RC_INIT_WORD_BYTES = 40, RC_INIT_DOMAINS_MAX = 3 };

struct rc_init_word {
	const char *text;
	uint64_t n;
};

struct rc_init_values {
	bool unique; /* there are rows, each has a value, and no two have the same */
	bool number; /* nothing but digits in each */
	bool mail;   /* one @ in each */
	size_t n_words;
	struct rc_init_word words[RC_INIT_WORDS_MAX]; /* all there are, the most frequent first; none when too many */
	size_t n_domains;
	const char *domains[RC_INIT_DOMAINS_MAX]; /* behind the @, with it; none when too many */
};

/* Looks at the first RC_INIT_ROWS_MAX rows; what cannot be read is left to `check`. ret: one for each column, in mem.
 * Returns the number of rows. */
uint64_t rc_init_values_read(const char *path, const struct rc_init_columns *columns, struct rc_arena *mem,
			     struct rc_init_values **ret);

/* The word that says of somebody that they are there ("aktiv"), or the most frequent; NULL: the column does not look
 * like a status. *ret_fold: it is written in several cases. */
const char *rc_init_active(const struct rc_init_values *v, bool *ret_fold);

/* A text as a Lua literal. */
const char *rc_init_literal(const char *text, struct rc_arena *mem);

#endif
