/* connectors/shared/judge.h - from "what the provider said" to a verdict, driven by the provider's error table.
 *
 * A judge first asks rc_judge_begin, which settles everything that is no answer at all; then it reads the body, and
 * ends in rc_judge_ok (and fills in what the answer told) or in rc_judge_error. All of it is total. */
#ifndef RC_CONN_JUDGE_H
#define RC_CONN_JUDGE_H
#include "engine/connector.h"

/* What an error answer said. Empty slices: not told. */
struct rc_said {
	int status;
	struct rc_slice code, message;
	bool batch;              /* the call is about more than one user */
	struct rc_slice foreign; /* a body that is not the provider's: shown, never matched */
};

/* Clears *ret, allocates `each` for calls about users, and reads pauses and dates from the headers. True when the
 * verdict is there already, because the request got no answer. */
bool rc_judge_begin(const struct rc_call *call, const struct http_resp *resp, struct rc_arena *mem,
		    struct rc_answer *ret);

void rc_judge_ok(const struct rc_call *call, struct rc_answer *ret);

/* Finds the row, fits its verdict to the call, fills *ret and every user's verdict. Gives the row. */
const struct rc_error_row *rc_judge_error(const struct rc_error_row *table, const struct rc_call *call,
					  const struct rc_said *said, struct rc_arena *mem, struct rc_answer *ret);

/* One of our own codes from rc_common_errors, e.g. "rollcall.bad_answer". message may be NULL: the row's meaning. */
void rc_judge_own(const struct rc_call *call, const char *code, struct rc_slice message, struct rc_arena *mem,
		  struct rc_answer *ret);

/* One verdict for the whole call and each of its users. */
void rc_judge_all(const struct rc_call *call, enum rc_verdict v, const char *code, const char *message,
		  struct rc_answer *ret);

/* The row for an error: status and code (or text) as documented; else the code under another status, where that can be
 * believed (5xx: busy and throttled only; "gone" never); else the provider's row for the bare status (code "*", no
 * text); else the common one. NULL: none, a 2xx with an unlisted code. */
const struct rc_error_row *rc_error_match(const struct rc_error_row *table, const struct rc_said *said);

/* A row for any code under its status. */
bool rc_error_is_fallback(const struct rc_error_row *row);

/* What a verdict about one user means for this call: a batch is split, a read cannot be rejected. */
enum rc_verdict rc_verdict_fit(enum rc_verdict v, const struct rc_call *call);

bool rc_call_is_read(enum rc_call_kind kind);
/* Calls that carry users and change them: `each` is filled. */
bool rc_call_writes_users(enum rc_call_kind kind);

/* Retry-After of the answer in seconds (number or date; 0: none), at most cap_s. */
double rc_retry_after(const struct http_resp *resp, int64_t wall_ns, double cap_s);
/* "... limit:200,time:5 minute" to calls per second; 0: not of that form. */
double rc_announced_rate(struct rc_slice message);
/* "Limit:1,Remain:0,TimeLeft:2000,Reset:..." to TimeLeft in seconds when Remain is 0; else 0. */
double rc_ratelimit_left(struct rc_slice header);

#endif
