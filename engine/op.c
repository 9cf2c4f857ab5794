#include "engine/op.h"

const char *rc_step_name(enum rc_step s)
{
	static const char *const names[] = {
#define X(name) #name,
		RC_STEPS(X)
#undef X
	};

	return (unsigned)s < RC_STEP_COUNT ? names[s] : "?";
}
