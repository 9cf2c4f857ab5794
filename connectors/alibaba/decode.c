#include "connectors/alibaba/alibaba.h"
#include "connectors/shared/answer_json.h"
#include "connectors/shared/judge.h"
#include "connectors/shared/text.h"
#include "connectors/shared/xml_read.h"

enum { TEXT_MAX = 4096, ID_MAX = 128 };
#define PAUSE_MAX_S 120.0 /* the vendor's clients never wait longer for a hint */

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

/* Keys come in both spellings, and as XML even where JSON was asked for. */
static struct rc_slice told(const struct reading *r, const char *key, const char *lower)
{
	struct rc_slice s = rc_answer_str(r->tree, key);

	if (!s.n)
		s = rc_answer_str(r->tree, lower);
	if (!s.n && !r->tree && rc_xml_is(r->resp->body))
		s = rc_xml_text(r->resp->body, key, r->mem);
	return bounded(s);
}

static bool means_success(struct rc_slice code)
{
	return code.n == 0 || rc_slice_eqs(code, "200") || rc_slice_eqs(code, "OK") || rc_slice_eqs(code, "Success");
}

static void larger(double *pause, double s)
{
	if (s > *pause)
		*pause = s;
}

static void read_pauses(const struct reading *r)
{
	const struct http_resp *resp = r->resp;
	int64_t ms = rc_decimal(rc_trim(http_resp_header(resp, "x-acs-retry-after")));
	double *pause = &r->ret->retry_after_s;

	if (ms > 0)
		larger(pause, (double)ms / 1000);
	larger(pause, rc_ratelimit_left(http_resp_header(resp, "x-ratelimit-user-api")));
	larger(pause, rc_ratelimit_left(http_resp_header(resp, "x-ratelimit-user")));
	if (*pause > PAUSE_MAX_S)
		*pause = PAUSE_MAX_S;
}

/* No code says "there is no such name", so every refusal of a delete asks for a look: absent is what was wanted. */
static void judge_error(struct reading *r, struct rc_said *said)
{
	if (!r->tree && !said->code.n)
		said->foreign = bounded(r->resp->body);
	rc_judge_error(rc_alibaba_errors, r->call, said, r->mem, r->ret);
	if (r->call->kind == CALL_DELETE && r->ret->v == V_REJECTED)
		rc_judge_all(r->call, V_REREAD, r->ret->code, r->ret->message, r->ret);
}

static void set_field(const struct reading *r, struct rc_listed *row, const char *name, struct rc_slice v)
{
	int f = r->cfg->schema ? rc_account_field(r->cfg->schema, rc_slice_str(name)) : -1;

	if (f < 0 || !v.n)
		return;
	row->account.v[f] = rc_utf8_copy(r->mem, v);
	row->account.set |= 1u << f;
}

/* 0, 1, false, true, "0", "1"; -1: not told. */
static int flag(const cJSON *o, const char *key)
{
	const cJSON *v = rc_answer_get(o, key);
	int64_t n = rc_answer_int(o, key);

	if (cJSON_IsBool(v))
		return cJSON_IsTrue(v);
	return n < 0 ? -1 : n > 0;
}

static bool read_row(const struct reading *r, const cJSON *user, struct rc_listed *ret)
{
	struct rc_slice name = rc_answer_str(user, "UserName");
	int64_t bandwidth = rc_answer_int(user, "Bandwidth");

	*ret = (struct rc_listed){0};
	if (!name.n)
		return false;
	ret->name = rc_utf8_copy(r->mem, name);
	ret->disabled = flag(user, "State") == 1;
	set_field(r, ret, "UserName", name);
	set_field(r, ret, "UserMail", rc_answer_str(user, "UserMail"));
	if (bandwidth >= 0)
		set_field(r, ret, "Bandwidth", rc_slice_str(rc_arena_printf(r->mem, "%lld", (long long)bandwidth)));
	if (flag(user, "IsStaticIp") != 0) /* otherwise it is the address of the moment */
		set_field(r, ret, "ClientIp", rc_answer_str(user, "ClientIp"));
	return true;
}

/* Users.User[]; a missing list is an empty one. NULL with *ret_bad: of another type. */
static const cJSON *user_list(const struct reading *r, const char *outer, const char *inner, bool *ret_bad)
{
	const cJSON *box = rc_answer_get(r->tree, outer), *list = rc_answer_get(box, inner);

	*ret_bad = (box && !cJSON_IsObject(box) && !cJSON_IsArray(box)) || (list && !cJSON_IsArray(list));
	return *ret_bad ? NULL : list;
}

/* The page after this one, unless the rows told so far reach the total or this page is empty. */
static void read_next(const struct reading *r, size_t rows)
{
	struct rc_alibaba_page page = rc_alibaba_page(r->call->marker);
	int64_t seen = page.rows_before + (int64_t)rows;

	r->ret->total_count = rc_answer_int(r->tree, "TotalCount");
	if (rows == 0 || (r->ret->total_count >= 0 && seen >= r->ret->total_count))
		return;
	r->ret->next_marker =
		rc_slice_str(rc_arena_printf(r->mem, "%lld:%lld", (long long)page.number + 1, (long long)seen));
}

static bool read_users(struct reading *r)
{
	bool bad;
	const cJSON *list = user_list(r, "Users", "User", &bad), *user;
	size_t n = (size_t)cJSON_GetArraySize(list);

	if (bad)
		return false;
	r->ret->rows = rc_arena_zalloc(r->mem, n * sizeof(*r->ret->rows) + 1);
	cJSON_ArrayForEach(user, list) r->ret->n_rows += read_row(r, user, &r->ret->rows[r->ret->n_rows]);
	read_next(r, n);
	return true;
}

static bool is_wanted(const struct reading *r, const struct rc_listed *row)
{
	const struct rc_account_schema *s = r->cfg->schema;
	const struct rc_call_user *u = r->call->users;
	int name = rc_account_field(s, RC_SLICE("UserName")), mail = rc_account_field(s, RC_SLICE("UserMail"));

	if (rc_slice_eq(row->name, u->name))
		return true;
	/* The service chose the name itself; then the mail address tells. */
	return u->want && !(u->want->set & (1u << name)) && (u->want->set & (1u << mail)) &&
	       rc_account_same(s, (size_t)mail, row->account.v[mail], u->want->v[mail]);
}

/* Filters may match in part, so the rows are compared here. */
static void judge_lookup(struct reading *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->ret->n_rows; i++)
		if (is_wanted(r, &r->ret->rows[i]))
			r->ret->rows[n++] = r->ret->rows[i];
	r->ret->n_rows = n;
	if (n)
		rc_judge_ok(r->call, r->ret);
	else if (r->ret->next_marker.n)
		bad_answer(r, "the filtered list goes on and does not show the user so far");
	else
		rc_judge_all(r->call, V_GONE, "rollcall.not_listed", "the service does not list this user", r->ret);
	r->ret->next_marker = (struct rc_slice){0};
}

/* An instance that is not shown leaves the limit unknown: the number only helps to order creates. */
static void judge_seats(struct reading *r)
{
	bool bad;
	const cJSON *list = user_list(r, "SmartAccessGateways", "SmartAccessGateway", &bad), *box;

	cJSON_ArrayForEach(box, list)
	{
		if (rc_slice_eqs(rc_answer_str(box, "SmartAGId"), r->call->server_id))
			r->ret->seat_limit = rc_answer_int(box, "UserCount");
	}
	if (bad)
		bad_answer(r, "a list came in a form that cannot be read");
	else
		rc_judge_ok(r->call, r->ret);
}

static void judge_success(struct reading *r)
{
	if (!r->tree) {
		bad_answer(r, r->resp->body.n ? "the answer is not JSON of the service (a proxy's page?)"
					      : "the answer is empty");
		return;
	}
	switch (r->call->kind) {
	case CALL_WHOAMI:
	case CALL_LIST_USERS:
	case CALL_LOOKUP:
		if (!read_users(r)) {
			r->ret->n_rows = 0;
			bad_answer(r, "a list came in a form that cannot be read");
		} else if (r->call->kind == CALL_LOOKUP) {
			judge_lookup(r);
		} else {
			rc_judge_ok(r->call, r->ret);
		}
		break;
	case CALL_SEATS:
		judge_seats(r);
		break;
	case CALL_CREATE:
		r->ret->rows = rc_arena_zalloc(r->mem, sizeof(*r->ret->rows));
		r->ret->n_rows = read_row(r, r->tree, r->ret->rows);
		rc_judge_ok(r->call, r->ret);
		break;
	default:
		rc_judge_ok(r->call, r->ret);
	}
}

void rc_alibaba_judge(const struct rc_conn_config *cfg, const struct rc_call *call, const struct http_resp *resp,
		      struct rc_arena *mem, struct rc_answer *ret)
{
	struct reading r = {.cfg = cfg, .call = call, .resp = resp, .mem = mem, .ret = ret};
	struct rc_said said = {.status = resp->status};
	struct rc_slice id;

	if (rc_judge_begin(call, resp, mem, ret))
		return;
	read_pauses(&r);
	r.tree = rc_answer_parse(resp->body);
	if (!cJSON_IsObject(r.tree)) {
		cJSON_Delete(r.tree);
		r.tree = NULL;
	}
	id = told(&r, "RequestId", "requestId");
	if (id.n)
		ret->request_id = rc_message(mem, id, ID_MAX);
	said.code = told(&r, "Code", "code");
	said.message = told(&r, "Message", "message");
	if (resp->status >= 300 || !means_success(said.code))
		judge_error(&r, &said);
	else
		judge_success(&r);
	cJSON_Delete(r.tree);
}
