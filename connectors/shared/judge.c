#include "connectors/shared/judge.h"
#include "connectors/shared/text.h"

enum { CODE_MAX = 100, ID_MAX = 128, FOREIGN_SHOWN = 120 };
#define PAUSE_MAX_S 3600.0

bool rc_call_is_read(enum rc_call_kind kind)
{
	switch (kind) {
	case CALL_WHOAMI:
	case CALL_LIST_USERS:
	case CALL_LIST_GROUPS:
	case CALL_LIST_GROUP_USERS:
	case CALL_LOOKUP:
	case CALL_SEATS:
		return true;
	default:
		return false;
	}
}

bool rc_call_writes_users(enum rc_call_kind kind)
{
	switch (kind) {
	case CALL_CREATE:
	case CALL_UPDATE:
	case CALL_DELETE:
	case CALL_ENABLE:
	case CALL_DISABLE:
	case CALL_PASSWORD:
	case CALL_DISCONNECT:
		return true;
	default:
		return false;
	}
}

static enum rc_verdict fit_rejected(const struct rc_call *call)
{
	if (call->kind == CALL_LOGIN || (rc_call_is_read(call->kind) && call->kind != CALL_LOOKUP))
		return V_TARGET;
	return rc_call_writes_users(call->kind) && call->n > 1 ? V_SPLIT : V_REJECTED;
}

static enum rc_verdict fit_gone(const struct rc_call *call)
{
	switch (call->kind) {
	case CALL_LOOKUP:
	case CALL_DISCONNECT:
		return V_GONE;
	case CALL_DELETE:
		return call->n > 1 ? V_REREAD : V_GONE;
	case CALL_CREATE: /* the group, or the whole server: a listing tells which */
	case CALL_UPDATE:
	case CALL_PASSWORD:
	case CALL_ENABLE:
	case CALL_DISABLE:
	case CALL_LIST_GROUP_USERS:
		return V_REREAD;
	default:
		return V_TARGET;
	}
}

enum rc_verdict rc_verdict_fit(enum rc_verdict v, const struct rc_call *call)
{
	switch (v) {
	case V_REJECTED:
		return fit_rejected(call);
	case V_GONE:
		return fit_gone(call);
	case V_EXISTS:
		if (call->kind == CALL_GROUP_CREATE || (call->kind == CALL_CREATE && call->n <= 1))
			return V_EXISTS;
		return fit_rejected(call);
	case V_QUOTA:
		return call->kind == CALL_CREATE ? V_QUOTA : fit_rejected(call);
	case V_TOO_BIG:
		return rc_call_writes_users(call->kind) && call->n > 1 ? V_TOO_BIG : fit_rejected(call);
	case V_IN_USE:
		return call->kind == CALL_DELETE ? V_IN_USE : fit_rejected(call);
	case V_REREAD:
		return rc_call_is_read(call->kind) ? V_UNSURE : V_REREAD;
	default:
		return v;
	}
}

void rc_judge_all(const struct rc_call *call, enum rc_verdict v, const char *code, const char *message,
		  struct rc_answer *ret)
{
	ret->v = v;
	ret->code = code;
	ret->message = message;
	if (v != V_CLOCK)
		ret->server_date_ns = 0;
	for (size_t i = 0; ret->each && i < call->n; i++)
		ret->each[i] = (struct rc_user_verdict){v, code, message};
}

void rc_judge_ok(const struct rc_call *call, struct rc_answer *ret)
{
	rc_judge_all(call, V_OK, NULL, NULL, ret);
	ret->retry_after_s = 0;
}

void rc_judge_own(const struct rc_call *call, const char *code, struct rc_slice message, struct rc_arena *mem,
		  struct rc_answer *ret)
{
	const struct rc_error_row *row = rc_error_row_find(NULL, code);
	const char *text = message.n ? rc_message(mem, message, RC_MESSAGE_MAX) : row->meaning;

	rc_judge_all(call, rc_verdict_fit(row->verdict, call), code, text, ret);
	ret->remedy = row->remedy[0] ? row->remedy : NULL;
}

/* A proxy's page says little, but its first words often name the product that sent it. */
static const char *error_message(const struct rc_said *said, const struct rc_error_row *row, struct rc_arena *mem)
{
	if (said->message.n)
		return rc_message(mem, said->message, RC_MESSAGE_MAX);
	if (said->foreign.n)
		return rc_arena_printf(mem, "the answer is not the provider's: %s",
				       rc_message(mem, said->foreign, FOREIGN_SHOWN));
	return row ? row->meaning : "an error without a message";
}

const struct rc_error_row *rc_judge_error(const struct rc_error_row *table, const struct rc_call *call,
					  const struct rc_said *said, struct rc_arena *mem, struct rc_answer *ret)
{
	const struct rc_error_row *row = rc_error_match(table, said);
	enum rc_verdict v = row ? row->verdict : V_UNSURE; /* a success status with an error nobody lists */
	const char *code;

	if (said->code.n)
		code = rc_message(mem, said->code, CODE_MAX);
	else
		code = rc_arena_printf(mem, "http.%d", said->status);
	rc_judge_all(call, rc_verdict_fit(v, call), code, error_message(said, row, mem), ret);
	ret->renew = row && row->renew && ret->v == V_AUTH;
	ret->unlisted = said->code.n && (!row || rc_error_is_fallback(row));
	ret->remedy = row && row->remedy[0] ? row->remedy : NULL;
	return row;
}

static const char *fate_code(const struct http_resp *resp)
{
	switch (resp->fate) {
	case HTTP_ANSWERED:
		return resp->status < 200 || resp->status > 999 ? "rollcall.bad_answer" : NULL;
	case HTTP_NOT_SENT:
		return resp->tls_problem ? "rollcall.tls" : "rollcall.not_sent";
	case HTTP_TIMEOUT:
		return "rollcall.timeout";
	case HTTP_TOO_LARGE:
		return "rollcall.too_large";
	case HTTP_CANCELLED:
		return "rollcall.cancelled";
	case HTTP_LOST:
		break;
	}
	return "rollcall.lost";
}

static void read_request_id(const struct http_resp *resp, struct rc_arena *mem, struct rc_answer *ret)
{
	struct rc_slice id = http_resp_header(resp, "x-request-id");

	if (!id.n)
		id = http_resp_header(resp, "x-acs-request-id");
	ret->request_id = id.n ? rc_message(mem, id, ID_MAX) : NULL;
}

bool rc_judge_begin(const struct rc_call *call, const struct http_resp *resp, struct rc_arena *mem,
		    struct rc_answer *ret)
{
	const char *code = fate_code(resp);

	*ret = (struct rc_answer){.v = V_UNSURE, .total_count = -1, .seat_limit = -1, .seats_used = -1};
	if (rc_call_writes_users(call->kind) && call->n)
		ret->each = rc_arena_zalloc(mem, call->n * sizeof(*ret->each));
	ret->server_date_ns = rc_http_date(http_resp_header(resp, "date"));
	ret->retry_after_s = rc_retry_after(resp, call->wall_ns, PAUSE_MAX_S);
	read_request_id(resp, mem, ret);
	if (!code)
		return false;
	rc_judge_own(call, code, rc_slice_str(resp->problem), mem, ret);
	return true;
}
