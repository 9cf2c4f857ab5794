#include "engine/connector.h"

const char *rc_call_name(enum rc_call_kind k)
{
	static const char *const names[] = {
#define X(name, text) text,
		RC_CALLS(X)
#undef X
	};

	return (unsigned)k < RC_CALL_KINDS ? names[k] : "?";
}

const char *rc_verdict_name(enum rc_verdict v)
{
	static const char *const names[] = {
#define X(name) #name,
		RC_VERDICTS(X)
#undef X
	};

	return (unsigned)v < RC_VERDICT_KINDS ? names[v] : "?";
}
