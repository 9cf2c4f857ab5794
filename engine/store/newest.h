/* engine/store/newest.h - the newest event of a person, kept in their record as long as the record tells the same.
 *
 * Most people are created or adopted once and then left alone: their record already says who, what, when and in which
 * run. A field of a few bytes adds the rest, and no entry of the history repeats it. When the record comes to tell
 * something else, the event moves to the history first. Used inside engine/store only. */
#ifndef RC_STORE_NEWEST_H
#define RC_STORE_NEWEST_H
#include "engine/store/store_impl.h"

enum { RC_TAG_NEWEST = 26 }; /* in a record */

bool rc_newest_in(struct rc_slice record); /* whether a record keeps one */
/* The event that a record keeps; slices point to where those of the record do. false: it keeps none. */
bool rc_newest_get(struct rc_slice record, const struct rc_codec_env *env, struct rc_event *ret);

/* Appends the record of k, with `event` kept in it if the two tell the same; whether they do. may_word: the event's
 * reason is not one person's alone. */
bool rc_newest_write(const struct rc_known *k, const struct rc_event *event, bool may_word,
		     const struct rc_codec_env *env, struct rc_buf *ret);
/* Appends `record` with `event` kept in it to ret. false, ret as it was: the two do not tell the same. */
bool rc_newest_put(struct rc_slice record, const struct rc_event *event, bool may_word, const struct rc_codec_env *env,
		   struct rc_buf *ret);

#endif
