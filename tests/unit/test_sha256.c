/* SHA-256 of texts in memory: the examples of FIPS 180-4, and the same as EVP's of any length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include "engine/base/sha256.h"

enum { LONGEST = 300 };

static void test_examples(void **state)
{
	static const unsigned char none[] = {0xe3, 0xb0, 0xc4, 0x42}, abc[] = {0xba, 0x78, 0x16, 0xbf};
	unsigned char sum[RC_SHA256_BYTES];

	(void)state;
	rc_sha256((struct rc_slice){NULL, 0}, sum);
	assert_memory_equal(sum, none, sizeof(none));
	rc_sha256(RC_SLICE("abc"), sum);
	assert_memory_equal(sum, abc, sizeof(abc));
}

static void test_as_evp(void **state)
{
	unsigned char text[LONGEST], sum[RC_SHA256_BYTES], other[EVP_MAX_MD_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n <= sizeof(text); n++) {
		unsigned other_n = 0;

		rc_sha256((struct rc_slice){(const char *)text, n}, sum);
		assert_true(EVP_Digest(text, n, other, &other_n, EVP_sha256(), NULL));
		assert_int_equal(other_n, sizeof(sum));
		assert_memory_equal(sum, other, sizeof(sum));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_as_evp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
