/* engine/run/find.h - which rows of the sources hold a text. */
#ifndef RC_RUN_FIND_H
#define RC_RUN_FIND_H
#include "engine/run/mapping.h"

/* Whether text is in s, upper and lower case of ASCII alike. An empty text is everywhere. */
bool rc_text_in(struct rc_slice s, struct rc_slice text);

/* Calls `row` for each record with the text in any of its values and a readable key; m (only its key when the row is
 * refused) lives for the call. Rows that cannot be read are passed over. An error is one of the source or the config.
 */
enum rc_code rc_find_rows(const struct rc_config *cfg, struct rc_slice text,
			  void (*row)(void *ctx, const struct rc_mapped *m, const char *file, uint64_t line), void *ctx,
			  struct rc_err *err);

#endif
