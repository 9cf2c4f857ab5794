#include "engine/report/summary.h"

enum rc_code rc_balance_check(const char *what, uint64_t total, const struct rc_bucket *buckets, size_t n,
			      struct rc_err *err)
{
	struct rc_buf parts = {.max = 600};
	uint64_t sum = 0;
	bool wrapped = false;
	enum rc_code code = RC_OK;

	for (size_t i = 0; i < n; i++) {
		wrapped |= __builtin_add_overflow(sum, buckets[i].n, &sum);
		rc_buf_addf(&parts, "%s%s %llu", i ? " + " : "", buckets[i].name, (unsigned long long)buckets[i].n);
	}
	if (wrapped || sum != total)
		code = rc_fail(err, RC_INTERNAL,
			       "the books do not balance: %llu %s, but %s = %llu; this is a bug, please report it",
			       (unsigned long long)total, what, parts.n ? parts.p : "nothing", (unsigned long long)sum);
	rc_buf_done(&parts);
	return code;
}
