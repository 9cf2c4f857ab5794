/* Field rules, equality and passwords of both shipped providers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "engine/account_schema.h"

static const struct rc_account_schema *huawei, *alibaba;

static int setup(void **state)
{
	struct rc_err err = {0};

	(void)state;
	huawei = rc_account_schema_find("huawei-p2c-vpn", &err);
	if (!huawei)
		print_message("%s\n", err.what);
	alibaba = rc_account_schema_find("alibaba-sag-app", &err);
	if (!alibaba)
		print_message("%s\n", err.what);
	return huawei && alibaba ? 0 : -1;
}

static size_t field(const struct rc_account_schema *s, const char *name)
{
	int i = rc_account_field(s, rc_slice_str(name));

	assert_true(i >= 0);
	return (size_t)i;
}

static void set(const struct rc_account_schema *s, struct rc_account *a, const char *name, const char *value)
{
	size_t i = field(s, name);

	a->v[i] = rc_slice_str(value);
	a->set |= 1u << i;
}

static bool good(const struct rc_account_schema *s, const char *name, const char *value)
{
	struct rc_err err = {0};
	enum rc_code code =
		rc_account_check_field(s, field(s, name), rc_slice_str(value), RC_SLICE("ada.lovelace"), &err);

	if (code) {
		assert_int_equal(code, RC_DATA);
		assert_non_null(strstr(err.what, name));
	}
	return code == RC_OK;
}

#define A32 "abcdefghijklmnopqrstuvwxyz012345"
#define A64 A32 A32

static void test_huawei_rules(void **state)
{
	static const struct {
		const char *field, *value;
		bool good;
	} t[] = {
		{"name", "abc", false},
		{"name", "abcd", true},
		{"name", A32, true},
		{"name", A32 "6", false},
		{"name", "a.b_c-9", true},
		{"name", "ada lovelace", false},
		{"name", "ad\xc3\xa4m", false},
		{"name", "adam\n", false},
		{"name", "\xff\xff\xff\xff", false},
		{"description", "", true},
		{"description", A64, true},
		{"description", A64 "x", false},
		{"description", "IT-Support", false},
		{"description", "\xe7\xa0\x94\xe5\x8f\x91_2", true},
		{"user_group_name", "", false},
		{"user_group_name", "IT-Support_1", true},
		{"user_group_name", "a b", false},
		{"static_ip", "disable", true},
		{"static_ip", "10.0.0.255", true},
		{"static_ip", "10.0.0.256", false},
		{"static_ip", "10.0.0", false},
		{"static_ip", "10.0.0.1.", false},
		{"static_ip", "10.0.00.1", false},
		{"password", "abcdefgh", false},
		{"password", "abcdefg1", true},
		{"password", "abcdef1", false},
		{"password", A32, true},
		{"password", A32 "6", false},
		{"password", "abcdefg ", true},
		{"password", "abcdefg\xc3\xa4", false},
		{"password", "ada.lovelace", false},
		{"password", "ecalevol.ada", false},
		{"password", "`~!@#$%^&*()-_=+\\|[{}];:'\",<.>/", false},
		{"password", "A~!@#$%^&*()-_=+\\|[{}];:'\",<.>/", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (good(huawei, t[i].field, t[i].value) != t[i].good)
			fail_msg("%s = \"%s\"", t[i].field, t[i].value);
}

static void test_alibaba_rules(void **state)
{
	static const struct {
		const char *field, *value;
		bool good;
	} t[] = {
		{"UserName", "abcdef", false},
		{"UserName", "abcdefg", true},
		{"UserName", A32 "6", true},
		{"UserName", A32 "67", false},
		{"UserName", "a@b.c-d_e", true},
		{"UserName", "_abcdefg", false},
		{"UserName", "abc defg", false},
		{"Password", "abcdefgh", true},
		{"Password", "abcdefg", false},
		{"Password", "abc.efgh", true},
		{"Password", "-bcdefgh", false},
		{"Password", "abcd#fgh", false},
		{"Password", A32, true},
		{"Password", A32 "6", false},
		{"UserMail", "ada@example.com", true},
		{"UserMail", "a+b@example.com", true},
		{"UserMail", "ada@example", false},
		{"UserMail", "ada.example.com", false},
		{"UserMail", "a@b@example.com", false},
		{"UserMail", "ada lovelace@example.com", false},
		{"UserMail", "ada@exa mple.com", false},
		{"UserMail", "ada\xc2\xa0@example.com", false},
		{"UserMail", "@example.com", false},
		{"Bandwidth", "0", false},
		{"Bandwidth", "1", true},
		{"Bandwidth", "20000", true},
		{"Bandwidth", "20001", false},
		{"Bandwidth", "2 M", false},
		{"Bandwidth", "12.5", false},
		{"ClientIp", "10.10.10.1", true},
		{"ClientIp", "disable", false},
	};
	char mail[300];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (good(alibaba, t[i].field, t[i].value) != t[i].good)
			fail_msg("%s = \"%s\"", t[i].field, t[i].value);
	memset(mail, 'm', sizeof(mail));
	memcpy(mail + 254 - 6, "@a.com", 7);
	assert_true(good(alibaba, "UserMail", mail));
	memset(mail, 'm', sizeof(mail));
	memcpy(mail + 255 - 6, "@a.com", 7);
	assert_false(good(alibaba, "UserMail", mail));
}

static void test_message_names_the_character(void **state)
{
	struct rc_err err = {0};

	(void)state;
	assert_int_equal(
		rc_account_check_field(huawei, field(huawei, "description"), RC_SLICE("R&D team"), RC_SLICE(""), &err),
		RC_DATA);
	assert_string_equal(err.what, "description has '&' (U+0026) at character 2; allowed: [A-Za-z0-9_\\p{Han}] "
				      "(up to 64 letters, digits, '_' and CJK characters)");
	assert_int_equal(
		rc_account_check_field(huawei, field(huawei, "name"), RC_SLICE("ada\xe2\x80\x8bx"), RC_SLICE(""), &err),
		RC_DATA);
	assert_non_null(strstr(err.what, "U+200B"));
	/* A secret's value never gets into a message, not one character of it. */
	assert_int_equal(rc_account_check_field(alibaba, field(alibaba, "Password"), RC_SLICE("hunter2#hunter"),
						RC_SLICE(""), &err),
			 RC_DATA);
	assert_null(strchr(err.what, '#'));
	assert_null(strstr(err.what, "hunter"));
}

static void test_whole_account(void **state)
{
	struct rc_account a = {0};
	struct rc_err err = {0};

	(void)state;
	assert_int_equal(rc_account_check(huawei, &a, false, &err), RC_DATA);
	assert_non_null(strstr(err.what, "name is empty"));
	set(huawei, &a, "name", "ada.lovelace");
	assert_int_equal(rc_account_check(huawei, &a, false, &err), RC_OK);
	set(huawei, &a, "password", "ecalevol.ada");
	assert_int_equal(rc_account_check(huawei, &a, false, &err), RC_DATA);
	a = (struct rc_account){0};
	set(alibaba, &a, "UserMail", "ada@example.com");
	assert_int_equal(rc_account_check(alibaba, &a, false, &err), RC_OK);
	assert_true(rc_slice_eqs(rc_account_name(alibaba, &a), "ada@example.com"));
	assert_false(rc_account_takes_secret(alibaba, &a));
	rc_account_for_create(alibaba, &a);
	assert_true(rc_slice_eqs(a.v[field(alibaba, "Bandwidth")], "2000"));
	set(alibaba, &a, "Password", "abcdefgh");
	assert_int_equal(rc_account_check(alibaba, &a, false, &err), RC_DATA);
	set(alibaba, &a, "UserName", "ada.lovelace");
	assert_int_equal(rc_account_check(alibaba, &a, false, &err), RC_OK);
	assert_true(rc_account_takes_secret(alibaba, &a));
	assert_true(rc_slice_eqs(rc_account_name(alibaba, &a), "ada.lovelace"));
	a = (struct rc_account){0};
	set(huawei, &a, "description", "bad value");
	assert_int_equal(rc_account_check(huawei, &a, true, &err), RC_DATA);
	a.v[field(huawei, "description")] = RC_SLICE("fine");
	assert_int_equal(rc_account_check(huawei, &a, true, &err), RC_OK);
}

static void test_canonical(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {{"02000", "2000"}, {"+5", "5"}, {" 7 ", "7"}, {"2000.0", "2000"}, {"-0", "0"},
		 {"-007", "-7"},    {"0", "0"},  {"x", "x"},   {"12.5", "12.5"},   {"10.00", "10"}};
	struct rc_arena mem = {0};
	struct rc_account a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		a = (struct rc_account){0};
		set(alibaba, &a, "Bandwidth", t[i].in);
		rc_account_canonical(alibaba, &a, &mem);
		if (!rc_slice_eqs(a.v[field(alibaba, "Bandwidth")], t[i].out))
			fail_msg("%s", t[i].in);
	}
	a = (struct rc_account){0};
	set(huawei, &a, "static_ip", "");
	set(huawei, &a, "user_group_name", "");
	set(huawei, &a, "description", "");
	rc_account_canonical(huawei, &a, &mem);
	assert_true(rc_slice_eqs(a.v[field(huawei, "static_ip")], "disable"));
	assert_true(a.set & 1u << field(huawei, "description"));
	assert_false(a.set & 1u << field(huawei, "user_group_name"));
	rc_arena_done(&mem);
}

static bool same(const struct rc_account_schema *s, const char *name, const char *a, const char *b)
{
	return rc_account_same(s, field(s, name), rc_slice_str(a), rc_slice_str(b));
}

static void test_equality(void **state)
{
	struct rc_account want = {0}, have = {0};

	(void)state;
	assert_true(rc_account_same(huawei, field(huawei, "description"), (struct rc_slice){0}, RC_SLICE("")));
	assert_true(same(huawei, "static_ip", "", "disable"));
	assert_false(same(huawei, "static_ip", "10.0.0.1", "disable"));
	assert_false(same(huawei, "description", "a", "A"));
	assert_true(same(alibaba, "Bandwidth", "2000", "02000"));
	assert_false(same(alibaba, "Bandwidth", "2000", "-2000"));
	assert_true(same(alibaba, "UserMail", "ada@Example.COM", "ada@example.com"));
	assert_false(same(alibaba, "UserMail", "Ada@example.com", "ada@example.com"));
	set(huawei, &want, "name", "ada.lovelace");
	set(huawei, &want, "description", "");
	set(huawei, &want, "password", "abcdefg1");
	set(huawei, &have, "name", "ada.lovelace");
	assert_int_equal(rc_account_diff(huawei, &want, &have), 0);
	want.v[field(huawei, "description")] = RC_SLICE("x");
	assert_int_equal(rc_account_diff(huawei, &want, &have), 1u << field(huawei, "description"));
	assert_true(rc_account_blank(huawei, field(huawei, "static_ip"), RC_SLICE("disable")));
}

static void test_facts(void **state)
{
	char folded[8];

	(void)state;
	assert_null(rc_account_schema_find("no-such-provider", NULL));
	assert_ptr_equal(rc_account_schema_find("huawei-p2c-vpn", NULL), huawei);
	assert_true(huawei->batch_create && huawei->batch_delete && !huawei->can_disable && huawei->has_ids);
	assert_int_equal(huawei->batch_default, 50);
	assert_int_equal(huawei->batch_max, 500);
	assert_true(!alibaba->batch_create && alibaba->can_disable && !alibaba->has_groups);
	assert_int_equal(alibaba->batch_max, 1);
	assert_string_equal(huawei->server_key, "vpn_server_id");
	assert_string_equal(alibaba->server_key, "smart_ag_id");
	assert_int_equal(huawei->group_field, field(huawei, "user_group_name"));
	assert_true(huawei->fields[field(huawei, "name")].is_name);
	assert_true(alibaba->fields[field(alibaba, "ClientIp")].create_only);
	assert_true(alibaba->fields[field(alibaba, "UserMail")].updatable);
	assert_true(huawei->hash != alibaba->hash);
	rc_account_name_fold(RC_SLICE("A\xc3\x84z.9_"), folded);
	assert_memory_equal(folded, "a\xc3\x84z.9_", 7);
}

static void check_fold(const char *name, size_t n)
{
	char folded[20], wanted[20];

	for (size_t i = 0; i < n; i++)
		wanted[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
	rc_account_name_fold((struct rc_slice){name, n}, folded);
	assert_memory_equal(folded, wanted, n);
	assert_int_equal(rc_account_name_is_folded((struct rc_slice){name, n}), memcmp(name, wanted, n) == 0);
}

/* Every byte at every place of names of any length: only A to Z change. */
static void test_fold(void **state)
{
	char name[20];

	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (size_t n = 1; n <= sizeof(name); n++)
			for (size_t at = 0; at < n; at++) {
				memset(name, 'Q', n);
				name[at] = (char)c;
				check_fold(name, n);
				memset(name, 'q', n);
				name[at] = (char)c;
				check_fold(name, n);
			}
	assert_true(rc_account_name_is_folded((struct rc_slice){NULL, 0}));
}

static void test_generated_passwords(void **state)
{
	const struct rc_account_schema *both[] = {huawei, alibaba};
	struct rc_buf b = {0};
	struct rc_err err = {0};

	(void)state;
	for (size_t k = 0; k < 2; k++)
		for (unsigned i = 0; i < 3000; i++) {
			rc_buf_clear(&b);
			rc_account_generate(both[k], i % 40, RC_SLICE("ada.lovelace"), &rc_clock_system, &b);
			if (rc_account_check_field(both[k], (size_t)both[k]->secret_field, rc_buf_slice(&b),
						   RC_SLICE("ada.lovelace"), &err))
				fail_msg("%.*s: %s", (int)b.n, b.p, err.what);
			assert_int_equal(b.n, i % 40 == 0 ? 20 : i % 40 < 8 ? 8 : i % 40 > 32 ? 32 : i % 40);
			assert_null(memchr("=+-@", b.p[0], 4)); /* a spreadsheet would read a formula */
		}
	rc_buf_wipe(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huawei_rules),
		cmocka_unit_test(test_alibaba_rules),
		cmocka_unit_test(test_whole_account),
		cmocka_unit_test(test_message_names_the_character),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_generated_passwords),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
