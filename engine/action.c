#include "engine/action.h"
#include <string.h>

static const char *const actions[] = {
#define X(name, text) text,
	RC_ACTIONS(X)
#undef X
};
static const char *const statuses[] = {
#define X(name, text) text,
	RC_STATUSES(X)
#undef X
};

const char *rc_action_name(enum rc_action a)
{
	return (unsigned)a < RC_ACTION_COUNT ? actions[a] : "?";
}

const char *rc_status_name(enum rc_status s)
{
	return (unsigned)s < RC_STATUS_COUNT ? statuses[s] : "?";
}

int rc_action_find(const char *text)
{
	for (int i = 0; i < RC_ACTION_COUNT; i++)
		if (strcmp(actions[i], text) == 0)
			return i;
	return -1;
}

int rc_status_find(const char *text)
{
	for (int i = 0; i < RC_STATUS_COUNT; i++)
		if (strcmp(statuses[i], text) == 0)
			return i;
	return -1;
}
