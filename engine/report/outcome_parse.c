/* A line of users.jsonl back into an outcome. cJSON reads; times and enums are checked, because the file may have been
 * edited since. */
#include "engine/report/outcome.h"
#include "engine/report/run_dir.h"
#include <math.h>

static struct rc_slice text(const cJSON *doc, const char *key, struct rc_arena *mem)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(doc, key));

	return s ? rc_arena_copy(mem, rc_slice_str(s)) : (struct rc_slice){0};
}

static const char *cstr(const cJSON *doc, const char *key, struct rc_arena *mem)
{
	return text(doc, key, mem).p;
}

static uint64_t number(const cJSON *doc, const char *key, uint64_t max)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(doc, key);

	return cJSON_IsNumber(v) && v->valuedouble >= 0 && v->valuedouble <= (double)max ? (uint64_t)v->valuedouble : 0;
}

static int64_t time_of(const cJSON *doc, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(doc, key));
	int64_t ns = 0;

	if (s)
		rc_run_time_parse(s, &ns);
	return ns;
}

static void changes(const cJSON *doc, struct rc_arena *mem, struct rc_outcome *o)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(doc, "changes"), *c;
	struct rc_field_change *f;

	f = rc_arena_zalloc(mem, (size_t)cJSON_GetArraySize(list) * sizeof(*f));
	o->fields = f;
	cJSON_ArrayForEach(c, list)
	{
		f->field = cstr(c, "field", mem);
		if (!f->field)
			continue;
		f->before = text(c, "before", mem);
		f->after = text(c, "after", mem);
		f->secret = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c, "secret"));
		f++;
	}
	o->n_fields = (size_t)(f - o->fields);
}

static void columns_of(const cJSON *doc, const char *const *columns, size_t n, struct rc_arena *mem,
		       struct rc_outcome *o)
{
	const cJSON *all = cJSON_GetObjectItemCaseSensitive(doc, "columns");
	struct rc_slice *v = rc_arena_zalloc(mem, n * sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = text(all, columns[i], mem);
	o->columns = v;
}

enum rc_code rc_outcome_parse(struct rc_slice line, const char *const *columns, size_t n_columns, struct rc_arena *mem,
			      struct rc_outcome *ret, struct rc_err *err)
{
	cJSON *doc = cJSON_ParseWithLength(line.p, line.n);
	struct rc_outcome o = {0};
	const char *action = cstr(doc, "action", mem), *status = cstr(doc, "status", mem);
	int a = action ? rc_action_find(action) : -1, s = status ? rc_status_find(status) : -1;

	o.target = cstr(doc, "target", mem);
	if (!o.target || a < 0 || s < 0) {
		cJSON_Delete(doc);
		return rc_fail(err, RC_CANTCREAT, "users.jsonl holds a line that is no report line: %.60s",
			       rc_arena_copy(mem, line).p);
	}
	o.action = (enum rc_action)a;
	o.status = (enum rc_status)s;
	o.key = text(doc, "key", mem);
	o.name = text(doc, "name", mem);
	changes(doc, mem, &o);
	o.attempts = (uint32_t)number(doc, "attempts", UINT32_MAX);
	o.error_code = cstr(doc, "error_code", mem);
	o.error_message = cstr(doc, "error_message", mem);
	o.request_id = cstr(doc, "request_id", mem);
	o.remote_id = text(doc, "remote_id", mem);
	o.planned_at = time_of(doc, "planned_at");
	o.done_at = time_of(doc, "done_at");
	o.server = cstr(doc, "server", mem);
	o.source_file = text(doc, "source_file", mem);
	o.source_line = number(doc, "source_line", 1ULL << 53);
	o.reason = cstr(doc, "reason", mem);
	o.linked_name = text(doc, "linked_name", mem);
	o.due_at = time_of(doc, "due_at");
	o.queue_position = (uint32_t)number(doc, "queue_position", UINT32_MAX);
	o.drift = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(doc, "drift"));
	columns_of(doc, columns, n_columns, mem, &o);
	cJSON_Delete(doc);
	*ret = o;
	return RC_OK;
}
