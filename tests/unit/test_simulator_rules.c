/* The simulator's field rules, limiters and text readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/simulator/http_text.h"
#include "tests/simulator/limits.h"
#include "tests/simulator/map.h"
#include "tests/simulator/rules.h"

#define ok(cause) assert_null(cause)
#define bad(cause) assert_non_null(cause)

static struct sim_str s(const char *z)
{
	return sim_str_of(z);
}

static void test_huawei_names(void **state)
{
	(void)state;
	ok(sim_huawei_user_name(s("abcd")));
	ok(sim_huawei_user_name(s("a.b_c-1")));
	ok(sim_huawei_user_name(s("12345678901234567890123456789012")));
	bad(sim_huawei_user_name(s("123456789012345678901234567890123")));
	bad(sim_huawei_user_name(s("abc")));
	bad(sim_huawei_user_name(s("ab cd")));
	bad(sim_huawei_user_name(s("abcd@")));
	bad(sim_huawei_user_name((struct sim_str){NULL, 0}));
	ok(sim_huawei_group_name(s("user-group_1"), false));
	bad(sim_huawei_group_name(s("a.b"), false));
	ok(sim_huawei_group_name(s("a.b"), true));
	bad(sim_huawei_group_name(s(""), false));
}

static void test_huawei_passwords(void **state)
{
	(void)state;
	ok(sim_huawei_password(s("Qwerasdf"), s("user001")));
	ok(sim_huawei_password(s(" lead >/? trail "), s("spacer")));
	ok(sim_huawei_password(s("q\"\\/<>&'%7"), s("solo")));
	assert_string_equal(sim_huawei_password(s("Abc1234"), s("user")), "Password length invalid.");
	bad(sim_huawei_password(s("123456789012345678901234567890aB1"), s("user")));
	bad(sim_huawei_password(s("abcdefgh"), s("user")));
	bad(sim_huawei_password(s("abcd\x01"
				  "1234"),
				s("user")));
	bad(sim_huawei_password(s("user1234"), s("user1234")));
	bad(sim_huawei_password(s("4321resu"), s("user1234")));
}

static void test_huawei_descriptions(void **state)
{
	char long_text[3 * 65 + 1] = "";

	(void)state;
	for (size_t i = 0; i < 64; i++)
		memcpy(long_text + 3 * i, "研", 3);
	ok(sim_huawei_description(s(long_text), false));
	memcpy(long_text + 3 * 64, "研", 3);
	bad(sim_huawei_description(s(long_text), false));
	ok(sim_huawei_description(s(""), false));
	bad(sim_huawei_description(s("a-b"), false));
	ok(sim_huawei_description(s("a-b"), true));
	bad(sim_huawei_description(s("a b"), true));
	bad(sim_huawei_description(s("\xff"), true));
	ok(sim_huawei_group_description(s("all, of it!")));
}

static void test_addresses(void **state)
{
	uint32_t n;

	(void)state;
	ok(sim_huawei_static_ip(s("disable"), false));
	ok(sim_huawei_static_ip(s("192.168.10.5"), false));
	bad(sim_huawei_static_ip(s("192.168.10.6"), false));
	ok(sim_huawei_static_ip(s("192.168.10.6"), true));
	bad(sim_huawei_static_ip(s("192.168.10"), true));
	assert_false(sim_ipv4(s("1.2.3.256"), &n));
	assert_false(sim_ipv4(s("1.2.3.04"), &n));
	assert_false(sim_ipv4(s("1.2.3.4.5"), &n));
	assert_true(sim_ipv4(s("1.2.3.4"), &n));
	assert_int_equal(n, 0x01020304);
}

static void test_alibaba_fields(void **state)
{
	(void)state;
	assert_true(sim_alibaba_user_name(s("ada@example.com")));
	assert_false(sim_alibaba_user_name(s("short6")));
	assert_false(sim_alibaba_user_name(s("_startsbad")));
	assert_true(sim_alibaba_password(s("Abc.12345")));
	assert_false(sim_alibaba_password(s("Abc!12345")));
	assert_false(sim_alibaba_password((struct sim_str){NULL, 0}));
	assert_true(sim_alibaba_mail(s("a.b-c_d@example.com"), false));
	assert_false(sim_alibaba_mail(s("a+b@example.com"), false));
	assert_true(sim_alibaba_mail(s("a+b@example.com"), true));
	assert_false(sim_alibaba_mail(s("a@b@c"), true));
	assert_false(sim_alibaba_mail(s("nobody"), true));
	assert_true(sim_alibaba_instance(s("sag-example01")));
	assert_false(sim_alibaba_instance(s("sag-Example")));
	assert_false(sim_alibaba_instance(s("sag-")));
	assert_true(sim_huawei_client_token(s("0e325fb6-83b9-4004-a343-8b6fc714a5d9")));
	assert_false(sim_huawei_client_token(s("0e325fb6-83b9-4004-a343-8b6fc714a5dz")));
	assert_false(sim_huawei_client_token(s("0e325fb6")));
}

static void test_queue(void **state)
{
	struct sim_queue q = {.capacity = 10, .room = 20};
	double first, second, when;

	(void)state;
	assert_true(sim_queue_take(&q, 20, 0, &first));
	assert_false(sim_queue_take(&q, 1, 0, &second));
	assert_false(sim_queue_served(&q, first, 1.9, &when));
	assert_true(sim_queue_served(&q, 5, 1.0, &when));
	assert_true(when > 0.49 && when < 0.51);
	/* Half a second later five have left: five more fit, not six. */
	assert_false(sim_queue_take(&q, 6, 0.5, &second));
	assert_true(sim_queue_take(&q, 5, 0.5, &second));
	sim_queue_advance(&q, 2.5);
	assert_true(sim_queue_served(&q, second, 2.5, &when));
	q.capacity = 0;
	assert_true(sim_queue_take(&q, 1000000, 3, &second));
	assert_true(sim_queue_served(&q, second, 3, &when));
}

static void test_gateway(void **state)
{
	struct sim_bucket b = {.rate = 2, .burst = 3};
	struct sim_window w = {.limit = 2, .period_s = 60, .index = -1};
	double wait = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(sim_bucket_take(&b, 10, &wait));
	assert_false(sim_bucket_take(&b, 10, &wait));
	assert_true(wait > 0.49 && wait < 0.51);
	assert_true(sim_bucket_take(&b, 10.5, &wait));
	assert_true(sim_window_take(&w, 50, &wait) && sim_window_take(&w, 51, &wait));
	assert_false(sim_window_take(&w, 52, &wait));
	assert_true(wait > 7.9 && wait < 8.1);
	assert_true(sim_window_take(&w, 60, &wait));
}

static void test_times(void **state)
{
	char text[SIM_TIME_SIZE];
	int64_t ms;

	(void)state;
	assert_true(sim_time_read(s("2026-01-02T03:04:05.678Z"), &ms));
	sim_time_text(text, ms, true);
	assert_string_equal(text, "2026-01-02T03:04:05.678Z");
	sim_time_text(text, ms, false);
	assert_string_equal(text, "2026-01-02T03:04:05Z");
	assert_true(sim_time_read(s("20260102T030405Z"), &ms));
	assert_true(sim_time_read(s("2026-01-02T03:04:05.123456789Z"), &ms));
	assert_false(sim_time_read(s("2026-01-02 03:04:05Z"), &ms));
	assert_false(sim_time_read(s("2026-13-02T03:04:05Z"), &ms));
	assert_false(sim_time_read(s("2026-01-02T03:04:05"), &ms));
	assert_false(sim_time_read(s("2026-01-02T03:04:05.Z"), &ms));
	assert_false(sim_time_read(s(""), &ms));
}

static void test_texts(void **state)
{
	struct sim_params p;
	struct sim_buf b = {0};
	size_t n;

	(void)state;
	sim_params_read(&p, s("b=2+2&a=%E7%94%A8&&c&b=1"), s("d=%2B%zz"));
	assert_int_equal(p.count, 5);
	assert_true(sim_str_is(sim_params_get(&p, "b"), "2 2"));
	assert_true(sim_str_is(sim_params_get(&p, "d"), "+%zz"));
	assert_null(sim_params_get(&p, "e").p);
	sim_params_canonical(&b, &p, "d");
	assert_string_equal(b.p, "a=%E7%94%A8&b=1&b=2%202&c=");
	sim_params_done(&p);
	b.n = 0;
	sim_buf_json(&b, "a\"\\\n\x7f");
	assert_string_equal(b.p, "\"a\\\"\\\\\\u000a\\u007f\"");
	sim_buf_done(&b);
	assert_true(sim_utf8_count(s("é用😀"), &n));
	assert_int_equal(n, 3);
	assert_false(sim_utf8_count(s("\xc0\x80"), &n));
	assert_false(sim_utf8_count(s("\xed\xa0\x80"), &n));
	assert_false(sim_utf8_count(s("\xe7\x94"), &n));
}

static void test_map(void **state)
{
	struct sim_map m = {0};
	static int value;
	char key[32];
	size_t n = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++) {
			snprintf(key, sizeof(key), "key%d", i);
			sim_map_put(&m, s(key), &value);
		}
		for (int i = 0; i < 1000; i += 2) {
			snprintf(key, sizeof(key), "key%d", i);
			assert_ptr_equal(sim_map_take(&m, s(key)), &value);
			assert_null(sim_map_take(&m, s(key)));
		}
	}
	for (size_t at = 0; sim_map_next(&m, &at);)
		n++;
	assert_int_equal(n, 500);
	assert_int_equal(m.live, 500);
	sim_map_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huawei_names),
		cmocka_unit_test(test_huawei_passwords),
		cmocka_unit_test(test_huawei_descriptions),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_alibaba_fields),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_gateway),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
