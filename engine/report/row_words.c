#include "engine/report/row_words.h"

#define SIZED(text) text, sizeof(text) - 1
#define WORD(member, text) {{SIZED("," text)}, {SIZED(",\"" member "\":\"" text "\"")}, {SIZED(",\"" text "\"")}},

static const struct rc_row_word actions[RC_ACTION_COUNT + 1] = {
#define X(name, text) WORD("action", text)
	RC_ACTIONS(X) X(none_of_them, "?")
#undef X
};
static const struct rc_row_word statuses[RC_STATUS_COUNT + 1] = {
#define X(name, text) WORD("status", text)
	RC_STATUSES(X) X(none_of_them, "?")
#undef X
};

const struct rc_row_word *rc_row_action(enum rc_action a)
{
	return &actions[(unsigned)a < RC_ACTION_COUNT ? (unsigned)a : RC_ACTION_COUNT];
}

const struct rc_row_word *rc_row_status(enum rc_status s)
{
	return &statuses[(unsigned)s < RC_STATUS_COUNT ? (unsigned)s : RC_STATUS_COUNT];
}
