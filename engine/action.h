/* engine/action.h - what is done to an account and how it ended: the report's words, in the contract's spelling. */
#ifndef RC_ACTION_H
#define RC_ACTION_H

#define RC_ACTIONS(X)                                                                                                  \
	X(CREATE, "create")                                                                                            \
	X(UPDATE, "update")                                                                                            \
	X(DELETE, "delete")                                                                                            \
	X(DISABLE, "disable")                                                                                          \
	X(LOCK, "lock")                                                                                                \
	X(ENABLE, "enable")                                                                                            \
	X(ADOPT, "adopt")                                                                                              \
	X(NONE, "none")

enum rc_action {
#define X(name, text) RC_ACT_##name,
	RC_ACTIONS(X)
#undef X
		RC_ACTION_COUNT
};

#define RC_STATUSES(X)                                                                                                 \
	X(PLANNED, "planned")                                                                                          \
	X(DONE, "done")                                                                                                \
	X(FAILED, "failed")                                                                                            \
	X(DEFERRED, "deferred")                                                                                        \
	X(SKIPPED, "skipped")                                                                                          \
	X(UNKNOWN, "unknown")                                                                                          \
	X(WAITING, "waiting")                                                                                          \
	X(UNMANAGED, "unmanaged")                                                                                      \
	X(NOT_SELECTED, "not_selected")

enum rc_status {
#define X(name, text) RC_ST_##name,
	RC_STATUSES(X)
#undef X
		RC_STATUS_COUNT
};

const char *rc_action_name(enum rc_action a);
const char *rc_status_name(enum rc_status s);

/* Index by exact text, or -1. */
int rc_action_find(const char *text);
int rc_status_find(const char *text);

#endif
