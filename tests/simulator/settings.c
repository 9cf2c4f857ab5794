#include "tests/simulator/settings.h"

#include <stdlib.h>
#include <string.h>

#include "tests/simulator/json_read.h"

void sim_settings_default(struct sim_settings *s)
{
	*s = (struct sim_settings){
		.server = {.seat_limit = SIM_UNLIMITED},
		.page_default = 20,
		.page_max = 1000,
		.max_batch = 500,
		.max_bandwidth = 20000,
		.created_step_ms = 1,
		.time_fraction = true,
		.error_shape = 1,
		.token_ttl_s = 86400,
		.lock_s = 300,
		.token_bytes = 3000,
	};
}

static char **texts(struct sim_settings *s, size_t i)
{
	char **all[] = {&s->token,    &s->access_key,   &s->secret_key, &s->security_token,
			&s->iam_user, &s->iam_password, &s->iam_domain};

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

void sim_settings_copy(struct sim_settings *to, const struct sim_settings *from)
{
	char **text;

	*to = *from;
	for (size_t i = 0; (text = texts(to, i)); i++)
		*text = sim_dupz(*text);
}

void sim_settings_done(struct sim_settings *s)
{
	char **text;

	for (size_t i = 0; (text = texts(s, i)); i++) {
		free(*text);
		*text = NULL;
	}
}

/* Null means unlimited. */
static bool limit(uint64_t *ret, const cJSON *v, struct sim_buf *err)
{
	if (!cJSON_IsNull(v))
		return sim_json_whole(ret, v, 0, err);
	*ret = SIM_UNLIMITED;
	return true;
}

/* Null means none. */
static bool text(char **ret, const cJSON *v, struct sim_buf *err)
{
	if (!cJSON_IsNull(v))
		return sim_json_text(ret, v, err);
	free(*ret);
	*ret = NULL;
	return true;
}

static bool one_of(bool *ret_second, const cJSON *v, const char *first, const char *second, struct sim_buf *err)
{
	if (cJSON_IsString(v) && (!strcmp(v->valuestring, first) || !strcmp(v->valuestring, second))) {
		*ret_second = !strcmp(v->valuestring, second);
		return true;
	}
	sim_buf_printf(err, "%s: must be \"%s\" or \"%s\"", v->string, first, second);
	return false;
}

static bool bucket(struct sim_settings *s, const cJSON *v, struct sim_buf *err)
{
	const cJSON *member;
	bool ok = true;

	s->bucket = (struct sim_bucket){0};
	s->bucket_retry_after_s = 0;
	if (cJSON_IsNull(v))
		return true;
	if (!cJSON_IsObject(v))
		return sim_json_wrong(err, "bucket", "an object {rate, burst, retry_after} or null");
	cJSON_ArrayForEach(member, v)
	{
		if (!strcmp(member->string, "rate"))
			ok = ok && sim_json_number(&s->bucket.rate, member, err);
		else if (!strcmp(member->string, "burst"))
			ok = ok && sim_json_number(&s->bucket.burst, member, err);
		else if (!strcmp(member->string, "retry_after"))
			ok = ok && sim_json_number(&s->bucket_retry_after_s, member, err);
		else
			ok = ok &&
			     sim_json_wrong(err, member->string, "left out: a bucket has rate, burst, retry_after");
	}
	return ok;
}

static bool window(struct sim_settings *s, const cJSON *v, struct sim_buf *err)
{
	const cJSON *member;
	bool ok = true;

	s->window = (struct sim_window){.index = -1};
	s->window_hint = true;
	if (cJSON_IsNull(v))
		return true;
	if (!cJSON_IsObject(v))
		return sim_json_wrong(err, "window", "an object {n, period_s, hint} or null");
	cJSON_ArrayForEach(member, v)
	{
		if (!strcmp(member->string, "n"))
			ok = ok && sim_json_whole(&s->window.limit, member, 1, err);
		else if (!strcmp(member->string, "period_s"))
			ok = ok && sim_json_number(&s->window.period_s, member, err);
		else if (!strcmp(member->string, "hint"))
			ok = ok && sim_json_bool(&s->window_hint, member, err);
		else
			ok = ok && sim_json_wrong(err, member->string, "left out: a window has n, period_s, hint");
	}
	return ok;
}

static bool outage(struct sim_settings *s, const cJSON *v, struct sim_buf *err)
{
	bool on = false;

	if (cJSON_IsNumber(v) && v->valuedouble >= 400 && v->valuedouble <= 599) {
		s->outage = (uint64_t)v->valuedouble;
		return true;
	}
	if (cJSON_IsString(v) && !strcmp(v->valuestring, "reset")) {
		s->outage = 1;
		return true;
	}
	if (!sim_json_bool(&on, v, err))
		return false;
	s->outage = on ? 503 : 0;
	return true;
}

static bool clock_set(struct sim_settings *s, const cJSON *v, struct sim_buf *err)
{
	if (!cJSON_IsNumber(v))
		return sim_json_wrong(err, v->string, "a number of seconds");
	s->clock_offset_s = v->valuedouble;
	return true;
}

static bool server_setting(struct sim_server_settings *s, const cJSON *v, struct sim_buf *err, bool *ret_known)
{
	*ret_known = true;
	if (!strcmp(v->string, "capacity"))
		return sim_json_number(&s->capacity, v, err);
	if (!strcmp(v->string, "queue"))
		return sim_json_number(&s->queue, v, err);
	if (!strcmp(v->string, "seat_limit"))
		return limit(&s->seat_limit, v, err);
	*ret_known = false;
	return true;
}

static bool setting(struct sim_settings *s, const cJSON *v, struct sim_buf *err)
{
	const struct {
		const char *name;
		double *at;
	} numbers[] = {{"latency_ms", &s->latency_ms},
		       {"latency_jitter_ms", &s->latency_jitter_ms},
		       {"apply_delay_ms", &s->apply_delay_ms},
		       {"token_ttl_s", &s->token_ttl_s},
		       {"lock_s", &s->lock_s}};
	const struct {
		const char *name;
		uint64_t *at, least;
	} wholes[] = {{"page_default", &s->page_default, 1},
		      {"page_max", &s->page_max, 1},
		      {"max_batch", &s->max_batch, 1},
		      {"max_bandwidth", &s->max_bandwidth, 1},
		      {"created_step_ms", &s->created_step_ms, 1},
		      {"error_shape", &s->error_shape, 1},
		      {"concurrency", &s->concurrency, 0},
		      {"token_bytes", &s->token_bytes, 40}};
	const struct {
		const char *name;
		bool *at;
	} booleans[] = {{"time_fraction", &s->time_fraction},
			{"loose_static_ip", &s->loose_static_ip},
			{"strict_batch_delete", &s->strict_batch_delete},
			{"loose_mail", &s->loose_mail},
			{"fold_names", &s->fold_names}};
	const struct {
		const char *name;
		char **at;
	} strings[] = {{"token", &s->token},           {"access_key", &s->access_key},
		       {"secret_key", &s->secret_key}, {"security_token", &s->security_token},
		       {"iam_user", &s->iam_user},     {"iam_password", &s->iam_password},
		       {"iam_domain", &s->iam_domain}};
	bool known;
	bool ok = server_setting(&s->server, v, err, &known);

	if (known)
		return ok;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(numbers[i].name, v->string))
			return sim_json_number(numbers[i].at, v, err);
	for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++)
		if (!strcmp(wholes[i].name, v->string))
			return sim_json_whole(wholes[i].at, v, wholes[i].least, err);
	for (size_t i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++)
		if (!strcmp(booleans[i].name, v->string))
			return sim_json_bool(booleans[i].at, v, err);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!strcmp(strings[i].name, v->string))
			return text(strings[i].at, v, err);
	if (!strcmp(v->string, "paging"))
		return one_of(&s->paging_from, v, "after", "from", err);
	if (!strcmp(v->string, "gateway_prefix"))
		return one_of(&s->apig, v, "APIGW", "APIG", err);
	if (!strcmp(v->string, "bucket"))
		return bucket(s, v, err);
	if (!strcmp(v->string, "window"))
		return window(s, v, err);
	if (!strcmp(v->string, "outage"))
		return outage(s, v, err);
	if (!strcmp(v->string, "clock_offset_s"))
		return clock_set(s, v, err);
	return sim_json_wrong(err, v->string, "left out: there is no such setting");
}

bool sim_settings_read(struct sim_settings *s, const cJSON *o, struct sim_buf *err)
{
	const cJSON *member;

	if (!cJSON_IsObject(o))
		return sim_json_wrong(err, "settings", "an object");
	cJSON_ArrayForEach(member, o)
	{
		if (!setting(s, member, err))
			return false;
	}
	if (s->page_default > s->page_max)
		return sim_json_wrong(err, "page_default", "at most page_max");
	if (s->error_shape > 3)
		return sim_json_wrong(err, "error_shape", "1, 2 or 3");
	return true;
}

bool sim_override_read(struct sim_server_override *v, const cJSON *o, struct sim_buf *err)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, o)
	{
		bool known;

		if (!server_setting(&v->value, member, err, &known))
			return false;
		if (!known)
			return sim_json_wrong(err, member->string,
					      "left out: a server has capacity, queue, seat_limit");
		v->capacity |= !strcmp(member->string, "capacity");
		v->queue |= !strcmp(member->string, "queue");
		v->seat_limit |= !strcmp(member->string, "seat_limit");
	}
	return true;
}
