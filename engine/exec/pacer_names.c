#include "engine/exec/pacer.h"

const char *rc_pacer_op_name(enum rc_pacer_op op)
{
	static const char *const name[] = {
#define X(id, text) text,
		RC_PACER_OPS(X)
#undef X
	};

	return (unsigned)op < RC_PACER_OP_COUNT ? name[op] : "unknown";
}

const char *rc_pacer_outcome_name(enum rc_pacer_outcome outcome)
{
	static const char *const name[] = {
#define X(id, text) text,
		RC_PACER_OUTCOMES(X)
#undef X
	};

	return (unsigned)outcome < RC_PACER_OUTCOME_COUNT ? name[outcome] : "unknown";
}

const char *rc_pacer_reason_text(enum rc_pacer_reason reason)
{
	static const char *const text[] = {
#define X(id, words) words,
		RC_PACER_REASONS(X)
#undef X
	};

	return (unsigned)reason < RC_PACER_REASON_COUNT ? text[reason] : "unknown";
}
