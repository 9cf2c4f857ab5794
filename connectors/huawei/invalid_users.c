#include "connectors/huawei/invalid_users.h"
#include "connectors/huawei/huawei.h"
#include "connectors/shared/answer_json.h"
#include "connectors/shared/judge.h"
#include "connectors/shared/text.h"

static const char code[] = "invalid_users";

static struct rc_user_verdict of_cause(struct rc_slice cause, struct rc_arena *mem)
{
	struct rc_said said = {.status = 201, .code = rc_slice_str(code), .message = cause};
	const struct rc_error_row *row;

	if (said.message.n > RC_MESSAGE_MAX)
		said.message.n = RC_MESSAGE_MAX;
	row = rc_error_match(rc_huawei_errors, &said);
	return (struct rc_user_verdict){
		row->verdict,
		code,
		cause.n ? rc_message(mem, cause, RC_MESSAGE_MAX) : "refused in invalid_users without a cause",
	};
}

static struct rc_user_verdict *find(const struct rc_call *call, struct rc_slice name, struct rc_answer *ret)
{
	for (size_t i = 0; name.n && i < call->n; i++)
		if (rc_slice_eq(call->users[i].name, name))
			return &ret->each[i];
	return NULL;
}

/* Marks the named users; false when the list cannot be trusted to name the culprits. */
static bool name_them(const cJSON *invalid, const struct rc_call *call, struct rc_arena *mem, struct rc_answer *ret)
{
	size_t named = 0, causes = 0;
	const cJSON *entry;

	if ((size_t)cJSON_GetArraySize(invalid) > call->n)
		return false;
	cJSON_ArrayForEach(entry, invalid)
	{
		struct rc_slice cause = rc_trim(rc_answer_str(entry, "cause"));
		struct rc_user_verdict *v = find(call, rc_answer_str(entry, "name"), ret);

		if (!v)
			return false;
		causes += cause.n > 0;
		named += v->v == V_INNOCENT;
		*v = of_cause(cause, mem);
	}
	return named < call->n || causes > 0;
}

static struct rc_slice first_cause(const cJSON *invalid)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, invalid)
	{
		struct rc_slice cause = rc_trim(rc_answer_str(entry, "cause"));

		if (cause.n)
			return cause;
	}
	return (struct rc_slice){0};
}

void rc_huawei_judge_invalid(const cJSON *invalid, const struct rc_call *call, struct rc_arena *mem,
			     struct rc_answer *ret)
{
	struct rc_user_verdict lone;

	rc_judge_all(call, V_INNOCENT, code, "the batch was refused because of other users", ret);
	if (call->n > 1 && name_them(invalid, call, mem, ret)) {
		ret->v = V_OK; /* answered in order: the verdicts are the users' own */
		ret->code = ret->message = NULL;
		return;
	}
	lone = of_cause(first_cause(invalid), mem);
	if (call->n > 1)
		rc_judge_all(call, V_SPLIT, code, "the batch was refused and the answer does not name who is at fault",
			     ret);
	else
		rc_judge_all(call, lone.v, lone.code, lone.message, ret);
}
