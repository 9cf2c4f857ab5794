#include "connectors/huawei/huawei.h"

#define HAS(kind) (1u << (kind))

const struct connector rc_huawei_p2c_vpn = {
	.name = "huawei-p2c-vpn",
	.calls = HAS(CALL_LOGIN) | HAS(CALL_WHOAMI) | HAS(CALL_LIST_USERS) | HAS(CALL_LIST_GROUPS) |
		 HAS(CALL_LIST_GROUP_USERS) | HAS(CALL_LOOKUP) | HAS(CALL_CREATE) | HAS(CALL_UPDATE) |
		 HAS(CALL_DELETE) | HAS(CALL_PASSWORD) | HAS(CALL_GROUP_CREATE),
	.lookup_by_name = false,
	.client_token = true,
	.paging_needs_proof = true,
	.needs_lone_first_read = true, /* five wrong signatures lock the key for five minutes */
	.build = rc_huawei_build,
	.judge = rc_huawei_judge,
	.errors = rc_huawei_errors,
};
