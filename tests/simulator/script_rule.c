/* Reading one rule of a script, and deciding whether it fires. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/json_read.h"
#include "tests/simulator/script.h"

static bool pattern(regex_t *ret, bool *has, const cJSON *v, struct sim_buf *err)
{
	if (!cJSON_IsString(v) || *has || regcomp(ret, v->valuestring, REG_EXTENDED | REG_NOSUB))
		return sim_json_wrong(err, v->string, "a regular expression (POSIX extended), given once");
	*has = true;
	return true;
}

static bool when(enum sim_when *ret, const cJSON *v, struct sim_buf *err)
{
	const char *said = cJSON_GetStringValue(v);

	if (cJSON_IsBool(v))
		*ret = cJSON_IsTrue(v) ? SIM_WHEN_BEFORE : SIM_WHEN_NEVER;
	else if (said && !strcmp(said, "before"))
		*ret = SIM_WHEN_BEFORE;
	else if (said && !strcmp(said, "after"))
		*ret = SIM_WHEN_AFTER;
	else
		return sim_json_wrong(err, v->string, "\"before\" or \"after\" (the commit)");
	return true;
}

static bool nth(struct sim_rule *r, const cJSON *v, struct sim_buf *err)
{
	const cJSON *one;

	if (!cJSON_IsArray(v) && !cJSON_IsNumber(v))
		return sim_json_wrong(err, v->string, "a number or a list of numbers");
	r->nth_count = 0;
	free(r->nth);
	r->nth = sim_alloc(((size_t)cJSON_GetArraySize(v) + 1) * sizeof(*r->nth));
	if (cJSON_IsNumber(v))
		return sim_json_whole(&r->nth[r->nth_count++], v, 0, err);
	cJSON_ArrayForEach(one, v)
	{
		if (!cJSON_IsNumber(one))
			return sim_json_wrong(err, v->string, "a number or a list of numbers");
		r->nth[r->nth_count++] = (uint64_t)one->valuedouble;
	}
	return true;
}

static bool match_member(struct sim_rule *r, const cJSON *v, struct sim_buf *err)
{
	const char *name = v->string;

	if (!strcmp(name, "method"))
		return sim_json_text(&r->method, v, err);
	if (!strcmp(name, "server"))
		return sim_json_text(&r->server, v, err);
	if (!strcmp(name, "path"))
		return pattern(&r->path, &r->has_path, v, err);
	if (!strcmp(name, "name"))
		return pattern(&r->name, &r->has_name, v, err);
	if (!strcmp(name, "nth"))
		return nth(r, v, err);
	if (!strcmp(name, "after"))
		return sim_json_whole(&r->after, v, 0, err);
	if (!strcmp(name, "times"))
		return sim_json_whole(&r->times, v, 0, err);
	if (!strcmp(name, "probability"))
		return sim_json_number(&r->probability, v, err);
	if (!strcmp(name, "from_s"))
		return sim_json_number(&r->from_s, v, err);
	if (!strcmp(name, "to_s"))
		return sim_json_number(&r->to_s, v, err);
	if (!strcmp(name, "writes"))
		return sim_json_bool(&r->only_writes, v, err);
	if (strcmp(name, "op"))
		return sim_json_wrong(err, v->string, "left out: there is no such condition");
	if (!cJSON_IsString(v) || (r->op = sim_op_of(sim_str_of(v->valuestring))) == SIM_OP_unknown)
		return sim_json_wrong(err, v->string, "the name of an operation");
	return true;
}

static bool body_member(struct sim_fault *f, const cJSON *v, struct sim_buf *err)
{
	f->answers = true;
	if (cJSON_IsString(v))
		return sim_json_text(&f->body, v, err);
	free(f->body);
	f->body = cJSON_PrintUnformatted(v);
	return true;
}

static bool vanish_member(struct sim_fault *f, const cJSON *v, struct sim_buf *err)
{
	const cJSON *after = sim_json_member(v, "after_ms");

	f->vanish_after_s = cJSON_IsTrue(v) ? 5 : -1;
	if (cJSON_IsBool(v))
		return true;
	if (!cJSON_IsNumber(after) || after->valuedouble < 0)
		return sim_json_wrong(err, v->string, "true or {\"after_ms\": N}");
	f->vanish_after_s = after->valuedouble / 1000;
	return true;
}

static bool answer_member(struct sim_fault *f, const cJSON *v, struct sim_buf *err, bool *ret_known)
{
	uint64_t status;

	*ret_known = true;
	if (!strcmp(v->string, "status")) {
		if (!sim_json_whole(&status, v, 0, err) || status < 200 || status > 599)
			return err->n ? false : sim_json_wrong(err, v->string, "an HTTP status from 200 to 599");
		f->status = (int)status;
		return f->answers = true;
	}
	if (!strcmp(v->string, "code"))
		return (f->answers = true) && sim_json_text(&f->code, v, err);
	if (!strcmp(v->string, "message"))
		return (f->answers = true) && sim_json_text(&f->message, v, err);
	if (!strcmp(v->string, "html"))
		return sim_json_bool(&f->html, v, err) && ((f->answers = f->answers || f->html), true);
	if (!strcmp(v->string, "body"))
		return body_member(f, v, err);
	if (!strcmp(v->string, "body_type"))
		return sim_json_text(&f->body_type, v, err);
	if (!strcmp(v->string, "shape"))
		return sim_json_whole(&f->shape, v, 0, err);
	if (!strcmp(v->string, "commit"))
		return sim_json_bool(&f->commit, v, err);
	*ret_known = false;
	return true;
}

static bool fault_member(struct sim_fault *f, const cJSON *v, struct sim_buf *err)
{
	const struct {
		const char *name;
		bool *at;
	} booleans[] = {{"half_body", &f->half_body}, {"invalid_json", &f->invalid_json},
			{"wrong_ids", &f->wrong_ids}, {"shuffle", &f->shuffle},
			{"duplicate", &f->duplicate}, {"expire_tokens", &f->expire_tokens}};
	const struct {
		const char *name;
		double *at;
	} numbers[] = {{"delay_ms", &f->delay_ms}, {"slow", &f->bytes_per_s}, {"big_body_mb", &f->big_body_mb}};
	const struct {
		const char *name;
		enum sim_when *at;
	} whens[] = {{"reset", &f->reset}, {"hang", &f->hang}, {"drop", &f->drop}};
	bool known;
	bool ok = answer_member(f, v, err, &known);

	if (known)
		return ok;
	for (size_t i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++)
		if (!strcmp(booleans[i].name, v->string))
			return sim_json_bool(booleans[i].at, v, err);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(numbers[i].name, v->string))
			return sim_json_number(numbers[i].at, v, err);
	for (size_t i = 0; i < sizeof(whens) / sizeof(whens[0]); i++)
		if (!strcmp(whens[i].name, v->string))
			return when(whens[i].at, v, err);
	if (!strcmp(v->string, "cause"))
		return sim_json_text(&f->cause, v, err);
	if (!strcmp(v->string, "vanish"))
		return vanish_member(f, v, err);
	if (!strcmp(v->string, "truncate"))
		return (f->truncates = true) && sim_json_whole(&f->truncate, v, 0, err);
	if (!strcmp(v->string, "headers")) {
		f->headers = v;
		return cJSON_IsObject(v) || sim_json_wrong(err, v->string, "an object of texts");
	}
	return sim_json_wrong(err, v->string, "left out: there is no such fault");
}

bool sim_rule_read(struct sim_rule *r, const cJSON *o, struct sim_buf *err)
{
	static const char *const names[] = {"match", "do", "comment", NULL};
	const cJSON *match = sim_json_member(o, "match");
	const cJSON *act = sim_json_member(o, "do"), *v;

	*r = (struct sim_rule){.op = SIM_OP_COUNT, .times = UINT64_MAX, .probability = 1, .to_s = INFINITY};
	r->fault.vanish_after_s = -1;
	if (!cJSON_IsObject(o) || !cJSON_IsObject(act) || (match && !cJSON_IsObject(match)))
		return sim_json_wrong(err, o->string, "an object {match: {...}, do: {...}}");
	if (!sim_json_known(o, names, err))
		return false;
	cJSON_ArrayForEach(v, match)
	{
		if (!match_member(r, v, err))
			return false;
	}
	cJSON_ArrayForEach(v, act)
	{
		if (!fault_member(&r->fault, v, err))
			return false;
	}
	return true;
}

void sim_rule_done(struct sim_rule *r)
{
	if (r->has_path)
		regfree(&r->path);
	if (r->has_name)
		regfree(&r->name);
	free(r->method);
	free(r->server);
	free(r->nth);
	free(r->fault.code);
	free(r->fault.message);
	free(r->fault.body);
	free(r->fault.body_type);
	free(r->fault.cause);
}

static bool fits(const regex_t *pattern_, struct sim_str s)
{
	regmatch_t span = {.rm_so = 0, .rm_eo = (regoff_t)s.n};

	return s.p && !regexec(pattern_, s.p, 0, &span, REG_STARTEND);
}

bool sim_rule_names(const struct sim_rule *r, struct sim_str name)
{
	return !r->has_name || fits(&r->name, name);
}

static bool meets(const struct sim_rule *r, const struct sim_call *c, double since_s)
{
	bool named = !r->has_name;

	if ((r->op != SIM_OP_COUNT && r->op != c->op) || (r->only_writes && !sim_op_writes(c->op)) ||
	    since_s < r->from_s || since_s >= r->to_s)
		return false;
	if ((r->method && !sim_str_is(c->req->method, r->method)) ||
	    (r->server && (!c->server || strcmp(r->server, c->server->id))))
		return false;
	if (r->has_path && !fits(&r->path, c->req->target))
		return false;
	for (size_t i = 0; i < c->name_count && !named; i++)
		named = fits(&r->name, c->names[i]);
	return named;
}

static bool its_turn(struct sim_rule *r, struct sim_world *w)
{
	bool turn = !r->nth_count;

	r->met++;
	for (size_t i = 0; i < r->nth_count; i++)
		turn = turn || r->nth[i] == r->met;
	if (!turn || r->met <= r->after || r->fired >= r->times)
		return false;
	if (r->probability < 1 && sim_world_chance(w) >= r->probability)
		return false;
	r->fired++;
	return true;
}

const struct sim_rule *sim_script_match(struct sim_call *c)
{
	struct sim_script *script = c->w->script;
	double since_s = c->w->now_s - c->w->script_start_s;

	for (size_t i = 0; script && i < script->rule_count; i++) {
		struct sim_rule *r = &script->rules[i];

		if (meets(r, c, since_s) && its_turn(r, c->w))
			return r;
	}
	return NULL;
}

bool sim_script_wants_names(const struct sim_script *script)
{
	for (size_t i = 0; script && i < script->rule_count; i++)
		if (script->rules[i].has_name)
			return true;
	return false;
}
