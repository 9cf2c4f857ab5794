#include "engine/op.h"

const char *rc_op_state_name(enum rc_op_state s)
{
	static const char *const names[] = {
#define X(name) #name,
		RC_OP_STATES(X)
#undef X
	};

	return (unsigned)s < RC_OP_STATE_COUNT ? names[s] : "?";
}
