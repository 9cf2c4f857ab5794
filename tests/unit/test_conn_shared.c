/* What every connector is put together from: encodings, patterns, dates, hashes, hints, JSON within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include "connectors/shared/answer_json.h"
#include "connectors/shared/digest.h"
#include "connectors/shared/judge.h"
#include "connectors/shared/request.h"
#include "connectors/shared/text.h"

static struct rc_arena mem;

static void test_percent(void **state)
{
	struct rc_buf b = {0}, back = {0};
	char all[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	rc_percent_encode(&b, (struct rc_slice){all, 256});
	rc_percent_decode(&back, rc_buf_slice(&b));
	assert_int_equal(back.n, 256);
	assert_memory_equal(back.p, all, 256);
	rc_buf_clear(&b);
	rc_percent_encode(&b, RC_SLICE("a-Z_0.9~ +*'()!/%\xc3\xa9"));
	assert_string_equal(b.p, "a-Z_0.9~%20%2B%2A%27%28%29%21%2F%25%C3%A9");
	rc_buf_clear(&b);
	rc_percent_decode(&b, RC_SLICE("%4a%4A%zz%4+%"));
	assert_string_equal(b.p, "JJ%zz%4+%");
	rc_buf_done(&b);
	rc_buf_done(&back);
}

static void test_patterns(void **state)
{
	(void)state;
	assert_true(rc_matches_any(RC_SLICE("VPN.0071"), "VPN.1|VPN.007*"));
	assert_true(rc_matches_any(RC_SLICE("a.Throttling.b"), "*Throttling*"));
	assert_true(rc_matches_any(RC_SLICE("Throttling"), "*Throttling*"));
	assert_true(rc_matches_any(RC_SLICE(""), "*"));
	assert_true(rc_matches_any(RC_SLICE("abcabd"), "*abd"));
	assert_false(rc_matches_any(RC_SLICE("VPN.0030x"), "VPN.0030"));
	assert_false(rc_matches_any(RC_SLICE("vpn.0030"), "VPN.0030"));
	assert_false(rc_matches_any(RC_SLICE("VPN.003"), "VPN.0030|"));
	assert_true(rc_holds_any(RC_SLICE("is DUPLICATE"), "x|uplicate"));
	assert_false(rc_holds_any(RC_SLICE("up"), "uplicate|"));
	assert_false(rc_holds_any((struct rc_slice){0}, "a"));
}

static void test_message(void **state)
{
	char cut[400];

	(void)state;
	for (size_t pad = 0; pad < 4; pad++) { /* a sequence on the border is never shown in part */
		memset(cut, 'a', sizeof(cut));
		for (size_t i = pad; i + 2 < sizeof(cut); i += 2)
			memcpy(cut + i, "\xc3\xa9", 2);
		const char *m = rc_message(&mem, (struct rc_slice){cut, sizeof(cut)}, RC_MESSAGE_MAX);
		assert_true(strlen(m) <= RC_MESSAGE_MAX);
		assert_null(strstr(m, "\\x"));
	}
	assert_string_equal(rc_message(&mem, RC_SLICE("  a\r\n\t b\0c "), 50), "a b.c");
	assert_string_equal(rc_message(&mem, (struct rc_slice){0}, 50), "");
	assert_true(rc_slice_eqs(rc_utf8_copy(&mem, RC_SLICE("a\xff\xc3z\xe7\x94")),
				 "a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd"));
}

static void test_numbers_and_dates(void **state)
{
	char date[17];

	(void)state;
	assert_int_equal(rc_decimal(RC_SLICE("0012")), 12);
	assert_int_equal(rc_decimal(RC_SLICE("")), -1);
	assert_int_equal(rc_decimal(RC_SLICE("-1")), -1);
	assert_int_equal(rc_decimal(RC_SLICE("1234567890123456789")), -1);
	assert_int_equal(rc_http_date(RC_SLICE("Sun, 06 Nov 1994 08:49:37 GMT")), 784111777000000000LL);
	assert_int_equal(rc_http_date(RC_SLICE("Sun, 06 Nox 1994 08:49:37 GMT")), 0);
	assert_int_equal(rc_http_date(RC_SLICE("Sun, 06 Nov 1994 08:49:37 CET")), 0);
	assert_int_equal(rc_http_date(RC_SLICE("yesterday")), 0);
	assert_int_equal(rc_iso_date(RC_SLICE("2026-01-02T03:04:05Z")), 1767323045000000000LL);
	assert_int_equal(rc_iso_date(RC_SLICE("2026-01-02T03:04:05.5Z")), 1767323045500000000LL);
	assert_int_equal(rc_iso_date(RC_SLICE("2026-01-02T03:04:05.123456789Z")), 1767323045123456789LL);
	assert_int_equal(rc_iso_date(RC_SLICE("2026-01-02T03:04:05+08:00")), 0);
	assert_int_equal(rc_iso_date(RC_SLICE("2026-13-02T03:04:05Z")), 0);
	assert_int_equal(rc_iso_date(RC_SLICE("9999-01-02T03:04:05Z")), 0);
	rc_compact_date(1767323045000000000LL, date);
	assert_string_equal(date, "20260102T030405Z");
}

/* RFC 4231 case 2, RFC 2202 case 2, FIPS 180 "abc". */
static void *known_hashes(void *arg)
{
	static const unsigned char sha1[] = {0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2, 0xd2, 0x74,
					     0x16, 0xd5, 0xf1, 0x84, 0xdf, 0x9c, 0x25, 0x9a, 0x7c, 0x79};
	unsigned char md[RC_SHA1_BYTES];
	char hex[RC_SHA256_HEX];
	bool ok = true;

	for (int i = 0; i < 3; i++) {
		ok = ok && rc_sha256_hex(RC_SLICE("abc"), hex) &&
		     strcmp(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0;
		ok = ok && rc_hmac_sha256_hex(RC_SLICE("Jefe"), RC_SLICE("what do ya want for nothing?"), hex) &&
		     strcmp(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843") == 0;
		ok = ok && rc_hmac_sha1(RC_SLICE("Jefe"), RC_SLICE("what do ya want for nothing?"), md) &&
		     memcmp(md, sha1, sizeof(md)) == 0;
	}
	/* an empty key is a key, not "the one before" */
	ok = ok && rc_hmac_sha256_hex((struct rc_slice){0}, (struct rc_slice){0}, hex) &&
	     strcmp(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad") == 0;
	*(bool *)arg = ok;
	return NULL;
}

static void test_hashes(void **state)
{
	bool here = false, there = false;
	pthread_t t;

	(void)state;
	known_hashes(&here);
	assert_int_equal(pthread_create(&t, NULL, known_hashes, &there), 0);
	pthread_join(t, NULL);
	assert_true(here && there);
}

static void test_json_bounds(void **state)
{
	static const char *const good[] = {"{}", " [1,2] \n", "\"a\\u0001\"", "7"};
	static const char *const bad[] = {"",       "{",   "}",    "{}x",     "\"a\\u0000\"",
					  "\"\n\"", "[1,", "\"\\", "\"\\u00", "nul"};
	struct rc_buf deep = {0};
	cJSON *t;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		t = rc_answer_parse(rc_slice_str(good[i]));
		assert_non_null(t);
		cJSON_Delete(t);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(rc_answer_parse(rc_slice_str(bad[i])));
	assert_null(rc_answer_parse(RC_SLICE("{\"a\":\0}")));
	for (int i = 0; i < RC_ANSWER_MAX_DEPTH; i++)
		rc_buf_addc(&deep, '[');
	for (int i = 0; i < RC_ANSWER_MAX_DEPTH; i++)
		rc_buf_addc(&deep, ']');
	t = rc_answer_parse(rc_buf_slice(&deep));
	assert_non_null(t);
	cJSON_Delete(t);
	rc_buf_addc(&deep, ']');
	deep.p[0] = '[';
	memmove(deep.p + 1, deep.p, deep.n - 1);
	assert_null(rc_answer_parse(rc_buf_slice(&deep)));
	rc_buf_done(&deep);
}

static void test_json_getters(void **state)
{
	cJSON *t = rc_answer_parse(
		RC_SLICE("{\"s\":\"x\",\"n\":5,\"z\":null,\"f\":1.5,\"m\":-1,\"d\":\"12\",\"b\":true}"));

	(void)state;
	assert_true(rc_slice_eqs(rc_answer_str(t, "s"), "x"));
	assert_int_equal(rc_answer_str(t, "n").n, 0);
	assert_null(rc_answer_get(t, "z"));
	assert_null(rc_answer_get(rc_answer_get(t, "s"), "s"));
	assert_null(rc_answer_get(NULL, "s"));
	assert_int_equal(rc_answer_int(t, "n"), 5);
	assert_int_equal(rc_answer_int(t, "d"), 12);
	assert_int_equal(rc_answer_int(t, "f"), -1);
	assert_int_equal(rc_answer_int(t, "m"), -1);
	assert_int_equal(rc_answer_int(t, "b"), -1);
	assert_int_equal(rc_answer_int(t, "none"), -1);
	cJSON_Delete(t);
}

static void test_hints(void **state)
{
	(void)state;
	assert_true(rc_announced_rate(RC_SLICE("limit:60,time:1 minute")) == 1.0);
	assert_true(rc_announced_rate(RC_SLICE("limit:10,time:100 millisecond")) > 99);
	assert_true(rc_announced_rate(RC_SLICE("limit:,limit:5,time:1 second")) == 5.0);
	assert_true(rc_announced_rate(RC_SLICE("time:1 second")) == 0);
	assert_true(rc_announced_rate(RC_SLICE("limit:5,time:0 second")) == 0);
	assert_true(rc_announced_rate(RC_SLICE("limit:5,time:1")) == 0);
	assert_true(rc_announced_rate((struct rc_slice){0}) == 0);
}

static void test_pairs(void **state)
{
	size_t n;
	struct rc_pair *p = rc_pairs_parse(RC_SLICE("b=2&a=%20x&&b=1&c&a=="), &mem, &n);
	struct rc_buf b = {0};

	(void)state;
	rc_pairs_sort(p, n);
	rc_pairs_encode(&b, p, n);
	assert_string_equal(b.p, "a=%20x&a=%3D&b=1&b=2&c=");
	rc_buf_done(&b);
	rc_pairs_parse((struct rc_slice){0}, &mem, &n);
	assert_int_equal(n, 0);
}

static void test_row_find(void **state)
{
	const struct connector *c = rc_connector_find("huawei-p2c-vpn");

	(void)state;
	assert_string_equal(rc_error_row_find(c, "APIG.0301")->class_, "auth");
	assert_string_equal(rc_error_row_find(c, "rollcall.tls")->class_, "target");
	assert_string_equal(rc_error_row_find(c, "http.404")->class_, "invalid");
	assert_string_equal(rc_error_row_find(c, "http.599")->class_, "ambiguous");
	assert_string_equal(rc_error_row_find(NULL, "http.429")->class_, "throttle");
	assert_null(rc_error_row_find(c, "http.200"));
	assert_null(rc_error_row_find(c, "http.x"));
	assert_null(rc_error_row_find(c, "VPN.9999"));
	assert_null(rc_error_row_find(c, ""));
	assert_null(rc_error_row_find(NULL, "VPN.0030"));
	assert_null(rc_connector_find("nobody"));
}

static int teardown(void **state)
{
	(void)state;
	rc_arena_done(&mem);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percent),      cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_message),      cmocka_unit_test(test_numbers_and_dates),
		cmocka_unit_test(test_hashes),       cmocka_unit_test(test_json_bounds),
		cmocka_unit_test(test_json_getters), cmocka_unit_test(test_hints),
		cmocka_unit_test(test_pairs),        cmocka_unit_test(test_row_find),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
