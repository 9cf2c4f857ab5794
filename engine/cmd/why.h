/* engine/cmd/why.h - what `why` found and how it is shown. */
#ifndef RC_CMD_WHY_H
#define RC_CMD_WHY_H
#include "engine/cmd/opened.h"
#include "engine/run/explain.h"

struct why_match {
	struct rc_slice key, name; /* key n 0: an account that nobody manages */
	const char *target;        /* NULL: a row of a source */
	const char *found;         /* where, in words */
};

struct why_matches {
	struct why_match *v;
	size_t n, cap;
	struct rc_slice *keys; /* of the people among them, each once */
	size_t n_keys;
};

/* why_match.c: everybody with this account name, or with this text anywhere. Lives in o's arena; problem (cap bytes)
 * says why the sources could not be read. */
void why_by_name(struct rc_opened *o, struct rc_slice name, struct why_matches *ret, char *problem, size_t cap);
void why_by_text(struct rc_opened *o, struct rc_slice text, struct why_matches *ret, char *problem, size_t cap);

/* why_text.c, why_json.c. o's view gives the history. matches NULL: a key was asked for; s NULL: no single person. */
void why_text(struct rc_buf *b, struct rc_opened *o, const struct why_matches *m, const struct rc_story *s,
	      const char *problem);
void why_json(struct rc_buf *b, struct rc_opened *o, const struct why_matches *m, const struct rc_story *s,
	      const char *problem);

bool why_found(struct rc_opened *o, const struct rc_story *s); /* in a row, in the snapshot or in the history */

#endif
