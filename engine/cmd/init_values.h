/* engine/cmd/init_values.h - what the columns of an export hold, as far as a first config wants to know it. */
#ifndef RC_CMD_INIT_VALUES_H
#define RC_CMD_INIT_VALUES_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/buf.h"
#include "engine/cmd/init_columns.h"

enum {
	RC_INIT_ROWS_MAX = 50000,
	RC_INIT_WORDS_MAX = 8,
	RC_INIT_WORD_BYTES = 40,
	RC_INIT_DOMAINS_MAX = 3,
	RC_INIT_DOMAIN_BYTES = 256
};

struct rc_init_word {
	const char *text;
	uint64_t n;
};

/* The different values of a column, with their numbers, as long as they are few. */
struct rc_init_words {
	size_t n;
	bool many; /* too many, or too long: n means nothing */
	struct rc_init_word v[RC_INIT_WORDS_MAX];
};
void rc_init_words_note(struct rc_init_words *w, struct rc_slice value, struct rc_arena *mem);
/* Sorts them, the most frequent first; n 0 when there are too many. */
void rc_init_words_end(struct rc_init_words *w);
/* Appends "COLUMN holds: aktiv (292), ausgeschieden (48)", printable. */
void rc_init_words_say(struct rc_buf *b, const char *column, const struct rc_init_words *w);

/* The column that says whether somebody is there, by its name; NULL: none does. */
const char *rc_init_state(const struct rc_init_columns *c);

struct rc_init_values {
	bool unique; /* there are rows, each has a value, and no two have the same */
	bool number; /* nothing but digits in each */
	bool mail;   /* one @ in each */
	struct rc_init_words words;
	size_t n_domains;
	const char *domains[RC_INIT_DOMAINS_MAX]; /* behind the @, with it, in lower case, the longest first; none when
						     too many */
};

/* Looks at the first RC_INIT_ROWS_MAX rows; what cannot be read is left to `check`. ret: one for each column, in mem.
 * Returns the number of rows. */
uint64_t rc_init_values_read(const char *path, const struct rc_init_columns *columns, struct rc_arena *mem,
			     struct rc_init_values **ret);

/* The word that says of somebody that they are there ("aktiv"), or the most frequent; NULL: the column does not look
 * like a status. *ret_fold: it is written in several cases. */
const char *rc_init_active(const struct rc_init_words *w, bool *ret_fold);

/* A text as a Lua literal. */
const char *rc_init_literal(const char *text, struct rc_arena *mem);

#endif
