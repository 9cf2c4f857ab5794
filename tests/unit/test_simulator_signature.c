/* The simulator's signature checks against requests recorded from the providers' own clients: each is accepted, and
 * refused after any one byte of a signed part changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "tests/simulator/script.h"
#include "tests/simulator/signature.h"

struct vectors {
	char *text;
	cJSON *json;
	const cJSON *list;
};

static void load(struct vectors *v, const char *name)
{
	char path[512];
	FILE *f;
	long n;

	snprintf(path, sizeof(path), "%s/vectors/%s", TEST_DIR, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	v->text = malloc((size_t)n + 1);
	assert_non_null(v->text);
	assert_int_equal(fread(v->text, 1, (size_t)n, f), n);
	v->text[n] = '\0';
	fclose(f);
	v->json = cJSON_Parse(v->text);
	v->list = cJSON_GetObjectItem(v->json, "vectors");
	assert_true(cJSON_GetArraySize(v->list) > 30);
}

static void unload(struct vectors *v)
{
	cJSON_Delete(v->json);
	free(v->text);
}

static const char *text_of(const cJSON *o, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(o, name));

	return text ? text : "";
}

/* A request whose texts are copies, so that a test may change them. */
struct copy {
	struct sim_request r;
	char *texts[2 * SIM_MAX_HEADERS + 3];
	size_t count;
};

static struct sim_str keep(struct copy *c, const char *z)
{
	c->texts[c->count] = sim_dupz(z);
	return sim_str_of(c->texts[c->count++]);
}

static void copy_request(struct copy *c, const cJSON *vector)
{
	const cJSON *request = cJSON_GetObjectItem(vector, "request"), *h;

	*c = (struct copy){0};
	c->r.method = keep(c, text_of(request, "method"));
	c->r.target = keep(c, text_of(request, "target"));
	c->r.body = keep(c, text_of(request, "body"));
	cJSON_ArrayForEach(h, cJSON_GetObjectItem(request, "headers"))
	{
		struct sim_header *to = &c->r.headers[c->r.header_count++];

		to->name = keep(c, cJSON_GetArrayItem(h, 0)->valuestring);
		to->value = keep(c, cJSON_GetArrayItem(h, 1)->valuestring);
	}
	sim_request_split(&c->r);
}

static void free_request(struct copy *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->texts[i]);
}

enum kind { HUAWEI, V1, V3 };

static bool verifies(struct sim_request *r, enum kind kind, struct sim_str secret)
{
	struct sim_params params;
	struct sim_signed s;
	enum sim_verdict v;
	bool form;

	sim_request_split(r);
	if (kind == HUAWEI) {
		v = sim_sign_huawei_read(r, &s);
		return v == SIM_SIGN_OK && sim_sign_huawei_check(r, &s, secret) == SIM_SIGN_OK;
	}
	if (kind == V3) {
		v = sim_sign_v3_read(r, &s);
		return v == SIM_SIGN_OK && sim_sign_v3_check(r, &s, secret) == SIM_SIGN_OK;
	}
	form = sim_str_is(sim_request_header(r, "content-type"), "application/x-www-form-urlencoded");
	sim_params_read(&params, r->query, form ? r->body : SIM_STR(""));
	v = sim_sign_v1_read(&params, &s);
	if (v == SIM_SIGN_OK)
		v = sim_sign_v1_check(r->method, &params, &s, secret);
	sim_params_done(&params);
	return v == SIM_SIGN_OK;
}

/* Changes every byte of the text in turn (at most about 200 of them). */
static void refuses_changes(struct sim_request *r, enum kind kind, struct sim_str secret, struct sim_str part,
			    const char *what)
{
	char *bytes = (char *)(uintptr_t)part.p;
	size_t step = part.n / 200 + 1;

	for (size_t i = 0; i < part.n; i += step) {
		bytes[i] = (char)(bytes[i] ^ 1);
		if (verifies(r, kind, secret))
			fail_msg("%s: byte %zu may change", what, i);
		bytes[i] = (char)(bytes[i] ^ 1);
	}
}

static bool is_signed(const struct sim_request *r, struct sim_str name)
{
	struct sim_str list = sim_request_header(r, "authorization");
	const char *at = strstr(list.p, "SignedHeaders=");
	struct sim_str rest, names;

	assert_non_null(at);
	names = sim_str_cut(sim_str_of(at + strlen("SignedHeaders=")), ',', &rest);
	while (names.n)
		if (sim_str_eq_nocase(sim_str_cut(names, ';', &names), name))
			return true;
	return false;
}

static void check_vector(const cJSON *vector, enum kind kind)
{
	struct sim_str secret = sim_str_of(text_of(vector, "access_key_secret"));
	struct copy c;

	copy_request(&c, vector);
	if (!verifies(&c.r, kind, secret))
		fail_msg("%s is not accepted", text_of(vector, "id"));
	assert_false(verifies(&c.r, kind, SIM_STR("another-secret")));
	refuses_changes(&c.r, kind, secret, c.r.method, "method");
	refuses_changes(&c.r, kind, secret, (struct sim_str){c.r.target.p + 1, c.r.target.n - 1}, "target");
	/* A body of V1 that is no form has no parameters and is not signed; there are none among the vectors. */
	refuses_changes(&c.r, kind, secret, c.r.body, "body");
	for (size_t i = 0; kind != V1 && i < c.r.header_count; i++) {
		struct sim_str name = c.r.headers[i].name, value = c.r.headers[i].value;

		if (sim_str_is_nocase(name, "authorization")) {
			/* What stands before is the access key, which only chooses the secret. */
			const char *from = strstr(value.p, "SignedHeaders");

			value.n -= (size_t)(from - value.p);
			value.p = from;
		} else if (!is_signed(&c.r, name)) {
			continue;
		}
		refuses_changes(&c.r, kind, secret, value, "header");
	}
	free_request(&c);
}

static void test_huawei_vectors(void **state)
{
	struct vectors v;
	const cJSON *one;

	(void)state;
	load(&v, "huawei-sdk-requests.json");
	cJSON_ArrayForEach(one, v.list)
	{
		check_vector(one, HUAWEI);
	}
	unload(&v);
}

static void test_alibaba_vectors(void **state)
{
	struct vectors v;
	const cJSON *one;

	(void)state;
	load(&v, "alibaba-sdk-requests.json");
	cJSON_ArrayForEach(one, v.list)
	{
		check_vector(one, strcmp(text_of(one, "signature"), "v1") ? V3 : V1);
	}
	unload(&v);
}

/* The same requests through the whole simulator, its clock set to theirs: none is turned away for its signature. */
static void handle_all(const char *file)
{
	struct sim_settings settings;
	struct sim_world w;
	struct vectors v;
	const cJSON *one;
	uint64_t n = 0;

	load(&v, file);
	one = cJSON_GetArrayItem(v.list, 0);
	sim_settings_default(&settings);
	settings.access_key = sim_dupz(text_of(one, "access_key_id"));
	settings.secret_key = sim_dupz(text_of(one, "access_key_secret"));
	sim_world_init(&w, &settings, 1);
	cJSON_ArrayForEach(one, v.list)
	{
		const char *when = text_of(cJSON_GetObjectItem(one, "expected"), "timestamp");
		struct sim_reply reply = {0};
		struct sim_server *server;
		struct copy c;
		int64_t ms;

		assert_true(sim_time_read(sim_str_of(when), &ms));
		copy_request(&c, one);
		sim_world_tick(&w, (double)n++, ms);
		sim_world_handle(&w, &c.r, &reply, &server);
		if (reply.status == 401 || (reply.body.p && strstr(reply.body.p, "Signature")))
			fail_msg("%s: %s", text_of(one, "id"), reply.body.p);
		/* The same bytes again: the nonce is used up (Huawei signatures have none). */
		sim_reply_done(&reply);
		reply = (struct sim_reply){0};
		sim_world_handle(&w, &c.r, &reply, &server);
		if (strstr(file, "alibaba"))
			assert_non_null(strstr(reply.body.p, "SignatureNonceUsed"));
		/* And 16 minutes later. */
		sim_reply_done(&reply);
		reply = (struct sim_reply){0};
		sim_world_tick(&w, (double)n, ms + 16 * 60 * 1000);
		sim_world_handle(&w, &c.r, &reply, &server);
		assert_non_null(
			strstr(reply.body.p, strstr(file, "alibaba") ? "InvalidTimeStamp.Expired" : "APIGW.0303"));
		sim_reply_done(&reply);
		free_request(&c);
	}
	sim_world_done(&w);
	sim_settings_done(&settings);
	unload(&v);
}

static void test_vectors_through_the_world(void **state)
{
	(void)state;
	handle_all("huawei-sdk-requests.json");
	handle_all("alibaba-sdk-requests.json");
}

static void test_incomplete(void **state)
{
	struct sim_request r = {.method = SIM_STR("GET"), .target = SIM_STR("/"), .path = SIM_STR("/")};
	struct sim_signed s;

	(void)state;
	assert_int_equal(sim_sign_huawei_read(&r, &s), SIM_SIGN_ABSENT);
	assert_int_equal(sim_sign_v3_read(&r, &s), SIM_SIGN_ABSENT);
	r.headers[r.header_count++] = (struct sim_header){SIM_STR("Authorization"), SIM_STR("SDK-HMAC-SHA256")};
	assert_int_equal(sim_sign_huawei_read(&r, &s), SIM_SIGN_INCOMPLETE);
	r.headers[0].value = SIM_STR("SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=00");
	assert_int_equal(sim_sign_huawei_read(&r, &s), SIM_SIGN_INCOMPLETE);
	r.headers[0].value = SIM_STR("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=00");
	assert_int_equal(sim_sign_v3_read(&r, &s), SIM_SIGN_INCOMPLETE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huawei_vectors),
		cmocka_unit_test(test_alibaba_vectors),
		cmocka_unit_test(test_vectors_through_the_world),
		cmocka_unit_test(test_incomplete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
