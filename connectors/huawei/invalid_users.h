/* connectors/huawei/invalid_users.h - a batch create that was refused whole, although the status says 201. */
#ifndef RC_HUAWEI_INVALID_USERS_H
#define RC_HUAWEI_INVALID_USERS_H
#include <cjson/cJSON.h>
#include "engine/connector.h"

/* invalid is a non-empty array. Named users get their cause, the others V_INNOCENT and may be sent again without them;
 * when a name was not sent, or every user is named without a cause, the list is no use: V_SPLIT (one user: V_REJECTED).
 * No user of the request was created in any case (API.md, "Batch create answers"). */
void rc_huawei_judge_invalid(const cJSON *invalid, const struct rc_call *call, struct rc_arena *mem,
			     struct rc_answer *ret);

#endif
