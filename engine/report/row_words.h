/* engine/report/row_words.h - the words of actions and statuses as they stand in a row, with what stands around them:
 * they are plain and known, so that each is appended in one piece. */
#ifndef RC_REPORT_ROW_WORDS_H
#define RC_REPORT_ROW_WORDS_H
#include "engine/action.h"
#include "engine/base/buf.h"

struct rc_row_word {
	struct rc_slice cell;   /* of users.csv, after the first */
	struct rc_slice member; /* of users.jsonl, after the first */
	struct rc_slice item;   /* of report.html, after the first */
};

/* Of a number that is none: as rc_action_name and rc_status_name name it. */
const struct rc_row_word *rc_row_action(enum rc_action a);
const struct rc_row_word *rc_row_status(enum rc_status s);

/* Appends a plain text that is known where it is written, in one go. */
#define RC_PIECE(b, text) rc_buf_addslice((b), RC_SLICE(text))

#endif
