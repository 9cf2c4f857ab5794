#include "connectors/alibaba/alibaba.h"

#define HAS(kind) (1u << (kind))

const struct connector rc_alibaba_sag_app = {
	.name = "alibaba-sag-app",
	.calls = HAS(CALL_WHOAMI) | HAS(CALL_LIST_USERS) | HAS(CALL_LOOKUP) | HAS(CALL_SEATS) | HAS(CALL_CREATE) |
		 HAS(CALL_UPDATE) | HAS(CALL_DELETE) | HAS(CALL_ENABLE) | HAS(CALL_DISABLE) | HAS(CALL_PASSWORD) |
		 HAS(CALL_DISCONNECT),
	.lookup_by_name = true,
	.client_token = false,
	.paging_needs_proof = true,
	.pages_are_counted = true,
	.largest_page = RC_ALIBABA_PAGE_SIZE,
	.needs_lone_first_read = false,
	.build = rc_alibaba_build,
	.judge = rc_alibaba_judge,
	.errors = rc_alibaba_errors,
};
