#include "connectors/huawei/huawei.h"
#include "connectors/huawei/invalid_users.h"
#include "connectors/shared/answer_json.h"
#include "connectors/shared/judge.h"
#include "connectors/shared/text.h"

enum { TEXT_MAX = 4096, MARKER_MAX = 8192 };

/* One answer while it is read. */
struct reading {
	const struct rc_conn_config *cfg;
	const struct rc_call *call;
	const struct http_resp *resp;
	struct rc_arena *mem;
	struct rc_answer *ret;
	cJSON *tree; /* NULL: the body is no JSON object */
};

static void bad_answer(struct reading *r, const char *why)
{
	rc_judge_own(r->call, "rollcall.bad_answer", rc_slice_str(why), r->mem, r->ret);
}

static struct rc_slice bounded(struct rc_slice s)
{
	if (s.n > TEXT_MAX)
		s.n = TEXT_MAX;
	return s;
}

/* A code is a text, at IAM also a number. */
static struct rc_slice code_of(const cJSON *object, const char *key, struct rc_arena *mem)
{
	struct rc_slice s = rc_answer_str(object, key);
	int64_t number = rc_answer_int(object, key);

	if (!s.n && number > 0)
		s = rc_slice_str(rc_arena_printf(mem, "%lld", (long long)number));
	return bounded(s);
}

/* The three shapes of an error, in the order of API.md. */
static void read_error(const struct reading *r, struct rc_said *ret)
{
	const cJSON *inner = rc_answer_get(r->tree, "error");

	ret->code = code_of(r->tree, "error_code", r->mem);
	ret->message = bounded(rc_answer_str(r->tree, "error_msg"));
	if (!ret->code.n && !ret->message.n) {
		ret->code = code_of(r->tree, "code", r->mem);
		ret->message = bounded(rc_answer_str(r->tree, "message"));
	}
	if (!ret->code.n && !ret->message.n && inner) {
		ret->code = code_of(inner, "code", r->mem);
		ret->message = bounded(rc_answer_str(inner, "message"));
	}
}

static void judge_error(struct reading *r, struct rc_said *said)
{
	const struct rc_error_row *row;

	if (!r->tree)
		said->foreign = bounded(r->resp->body);
	row = rc_judge_error(rc_huawei_errors, r->call, said, r->mem, r->ret);
	if (row && row->verdict == V_THROTTLED)
		r->ret->hint_rate = rc_announced_rate(said->message);
}

static struct rc_slice keep(const struct reading *r, struct rc_slice s)
{
	return s.n ? rc_utf8_copy(r->mem, s) : (struct rc_slice){0};
}

static void read_row(const struct reading *r, const cJSON *user, struct rc_listed *row)
{
	const struct rc_account_schema *schema = r->cfg->schema;

	row->name = keep(r, rc_answer_str(user, "name"));
	row->remote_id = keep(r, rc_answer_str(user, "id"));
	row->group_id = keep(r, rc_answer_str(user, "user_group_id"));
	row->created_at = keep(r, rc_answer_str(user, "created_at"));
	if (r->call->kind == CALL_LIST_GROUP_USERS)
		row->group_id = rc_arena_copy(r->mem, r->call->group);
	for (size_t i = 0; schema && i < schema->n_fields; i++) {
		struct rc_slice v = rc_answer_str(user, schema->fields[i].name);

		if (schema->fields[i].secret || !v.n)
			continue;
		row->account.v[i] = keep(r, v);
		row->account.set |= 1u << i;
	}
}

/* Rows without a name or an id are left out: the count then falls short of the total and the list proves nothing. */
static bool usable(const struct rc_listed *row)
{
	return row->name.n && row->remote_id.n;
}

static bool read_users(struct reading *r)
{
	const cJSON *users = rc_answer_get(r->tree, "users"), *user;

	if (!users)
		return true;
	if (!cJSON_IsArray(users))
		return false;
	r->ret->rows = rc_arena_zalloc(r->mem, (size_t)cJSON_GetArraySize(users) * sizeof(*r->ret->rows) + 1);
	cJSON_ArrayForEach(user, users)
	{
		struct rc_listed *row = &r->ret->rows[r->ret->n_rows];

		*row = (struct rc_listed){0};
		read_row(r, user, row);
		r->ret->n_rows += usable(row);
	}
	return true;
}

static bool read_groups(struct reading *r)
{
	const cJSON *groups = rc_answer_get(r->tree, "user_groups"), *group;

	if (!groups)
		return true;
	if (!cJSON_IsArray(groups))
		return false;
	r->ret->groups = rc_arena_zalloc(r->mem, (size_t)cJSON_GetArraySize(groups) * sizeof(*r->ret->groups) + 1);
	cJSON_ArrayForEach(group, groups)
	{
		struct rc_listed_group *g = &r->ret->groups[r->ret->n_groups];

		g->name = keep(r, rc_answer_str(group, "name"));
		g->id = keep(r, rc_answer_str(group, "id"));
		g->is_default = rc_slice_eqs(rc_answer_str(group, "type"), "Default");
		r->ret->n_groups += g->name.n && g->id.n;
	}
	return true;
}

/* The marker goes back byte for byte, so anything but a text of a sane length cannot be used. */
static bool read_page(struct reading *r)
{
	const cJSON *info = rc_answer_get(r->tree, "page_info"), *marker = rc_answer_get(info, "next_marker");

	r->ret->total_count = rc_answer_int(r->tree, "total_count");
	if (!marker)
		return !info || cJSON_IsObject(info);
	if (!cJSON_IsString(marker) || strlen(marker->valuestring) > MARKER_MAX)
		return false;
	r->ret->next_marker = rc_arena_copy(r->mem, rc_slice_str(marker->valuestring));
	return true;
}

static void judge_list(struct reading *r)
{
	bool groups = r->call->kind == CALL_LIST_GROUPS;

	if (!(groups ? read_groups(r) : read_users(r)) || !read_page(r)) {
		r->ret->n_rows = r->ret->n_groups = 0;
		bad_answer(r, "a list came in a form that cannot be read");
		return;
	}
	rc_judge_ok(r->call, r->ret);
}

static void judge_lookup(struct reading *r)
{
	const cJSON *user = rc_answer_get(r->tree, "user");

	r->ret->rows = rc_arena_zalloc(r->mem, sizeof(*r->ret->rows));
	read_row(r, user, r->ret->rows);
	if (!usable(r->ret->rows) ||
	    (r->call->n && !rc_slice_eq(r->ret->rows->remote_id, r->call->users[0].remote_id))) {
		bad_answer(r, "the answer does not show the user that was asked for");
		return;
	}
	r->ret->n_rows = 1;
	rc_judge_ok(r->call, r->ret);
}

static void judge_login(struct reading *r)
{
	struct rc_slice token = rc_trim(http_resp_header(r->resp, "x-subject-token"));

	if (!token.n) {
		bad_answer(r, "the login answer has no X-Subject-Token header");
		return;
	}
	r->ret->token = rc_arena_copy(r->mem, token);
	r->ret->token_expires_ns = rc_iso_date(rc_answer_str(rc_answer_get(r->tree, "token"), "expires_at"));
	rc_judge_ok(r->call, r->ret);
}

static void judge_create(struct reading *r)
{
	const cJSON *invalid = rc_answer_get(r->tree, "invalid_users");

	if (invalid && !cJSON_IsArray(invalid))
		bad_answer(r, "invalid_users is not a list");
	else if (cJSON_GetArraySize(invalid) > 0)
		rc_huawei_judge_invalid(invalid, r->call, r->mem, r->ret);
	else
		rc_judge_ok(r->call, r->ret);
}

static void judge_group_create(struct reading *r)
{
	r->ret->remote_id = keep(r, rc_answer_str(rc_answer_get(r->tree, "user_group"), "id"));
	rc_judge_ok(r->call, r->ret);
}

/* Deletes answer 204 without a body, and some services send updates none either; what carries facts must have one. */
static bool may_be_empty(enum rc_call_kind kind)
{
	return kind == CALL_DELETE || kind == CALL_UPDATE;
}

static void judge_success(struct reading *r)
{
	if (!r->tree && r->call->kind != CALL_LOGIN && !(may_be_empty(r->call->kind) && r->resp->body.n == 0)) {
		bad_answer(r, r->resp->body.n ? "the answer is not JSON of the service (a proxy's page?)"
					      : "the answer is empty");
		return;
	}
	switch (r->call->kind) {
	case CALL_LOGIN:
		judge_login(r);
		break;
	case CALL_WHOAMI:
	case CALL_LIST_USERS:
	case CALL_LIST_GROUPS:
	case CALL_LIST_GROUP_USERS:
		judge_list(r);
		break;
	case CALL_LOOKUP:
		judge_lookup(r);
		break;
	case CALL_CREATE:
		judge_create(r);
		break;
	case CALL_GROUP_CREATE:
		judge_group_create(r);
		break;
	default:
		rc_judge_ok(r->call, r->ret);
	}
}

void rc_huawei_judge(const struct rc_conn_config *cfg, const struct rc_call *call, const struct http_resp *resp,
		     struct rc_arena *mem, struct rc_answer *ret)
{
	struct reading r = {.cfg = cfg, .call = call, .resp = resp, .mem = mem, .ret = ret};
	struct rc_said said = {.status = resp->status, .batch = rc_call_writes_users(call->kind) && call->n > 1};
	struct rc_slice id;

	if (rc_judge_begin(call, resp, mem, ret))
		return;
	r.tree = rc_answer_parse(resp->body);
	if (!cJSON_IsObject(r.tree)) {
		cJSON_Delete(r.tree);
		r.tree = NULL;
	}
	id = rc_answer_str(r.tree, "request_id");
	if (id.n)
		ret->request_id = rc_message(mem, id, 128);
	read_error(&r, &said);
	if (resp->status >= 300 || said.code.n)
		judge_error(&r, &said);
	else
		judge_success(&r);
	cJSON_Delete(r.tree);
}
