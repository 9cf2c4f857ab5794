/* Alibaba: the requests recorded from three of the vendor's clients (tests/vectors) give the recorded canonical forms
 * and signatures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <cjson/cJSON.h>
#include "connectors/alibaba/alibaba.h"
#include "connectors/shared/text.h"
#include "tests/unit/helper_conn.h"

static struct rc_arena mem;
static struct rc_err err;
static cJSON *file;

static int setup(void **state)
{
	char *text = conn_file(TEST_DIR "/vectors/alibaba-sdk-requests.json");

	(void)state;
	file = cJSON_Parse(text);
	free(text);
	return file ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	rc_arena_done(&mem);
	cJSON_Delete(file);
	return 0;
}

static const char *text_of(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

static void sign_v3(const cJSON *v)
{
	const cJSON *q = cJSON_GetObjectItem(v, "request"), *want = cJSON_GetObjectItem(v, "expected"), *h;
	struct http_req req = {.method = text_of(q, "method"), .body = rc_slice_str(text_of(q, "body"))};
	struct rc_slice names;

	req.url = rc_arena_printf(&mem, "http://127.0.0.1%s", text_of(q, "target"));
	cJSON_ArrayForEach(h, cJSON_GetObjectItem(q, "headers"))
	{
		const char *name = cJSON_GetArrayItem(h, 0)->valuestring;

		/* these two the signer adds itself */
		if (strcmp(name, "Authorization") != 0 && strcmp(name, "x-acs-content-sha256") != 0)
			req.headers[req.n_headers++] =
				(struct http_header){name, rc_slice_str(cJSON_GetArrayItem(h, 1)->valuestring)};
	}
	assert_int_equal(rc_alibaba_sign_v3(&req, rc_slice_str(text_of(v, "access_key_id")),
					    rc_slice_str(text_of(v, "access_key_secret")), &mem, &err),
			 RC_OK);
	assert_non_null(strstr(req.headers[req.n_headers - 1].value.p, text_of(want, "signature")));
	req.n_headers--;
	assert_string_equal(rc_alibaba_canonical(&req, &mem, &names).p, text_of(want, "canonical_request"));
}

static void sign_v1(const cJSON *v)
{
	const cJSON *q = cJSON_GetObjectItem(v, "request"), *want = cJSON_GetObjectItem(v, "expected");
	const char *query = strchr(text_of(q, "target"), '?');
	struct rc_pair *in_query, *in_body, pairs[64];
	size_t n_query, n_body, n = 0;
	struct rc_slice to_sign;

	in_query = rc_pairs_parse(rc_slice_str(query ? query + 1 : NULL), &mem, &n_query);
	in_body = rc_pairs_parse(rc_slice_str(text_of(q, "body")), &mem, &n_body);
	assert_true(n_query + n_body <= 64);
	for (size_t i = 0; i < n_query + n_body; i++) {
		struct rc_pair p = i < n_query ? in_query[i] : in_body[i - n_query];

		if (!rc_slice_eqs(p.name, "Signature"))
			pairs[n++] = p;
	}
	to_sign = rc_alibaba_string_v1(text_of(q, "method"), pairs, n, &mem);
	assert_string_equal(to_sign.p, text_of(want, "string_to_sign"));
	assert_string_equal(rc_alibaba_sign_v1(rc_slice_str(text_of(v, "access_key_secret")), to_sign, &mem).p,
			    text_of(want, "signature"));
}

static void test_sign_the_recorded(void **state)
{
	int v1 = 0, v3 = 0;
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, cJSON_GetObjectItem(file, "vectors"))
	{
		if (strcmp(text_of(v, "signature"), "v3") == 0) {
			sign_v3(v);
			v3++;
		} else {
			sign_v1(v);
			v1++;
		}
	}
	assert_int_equal(v1 + v3, cJSON_GetObjectItem(file, "count")->valueint);
	assert_true(v1 > 0 && v3 > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_sign_the_recorded, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
