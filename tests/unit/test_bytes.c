/* Short runs of bytes: compared and copied as memcmp() and memcpy() do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "engine/base/bytes.h"

enum { LONGEST = 80 };

/* Each run lies in memory of just its length, so that a look beyond it is seen. */
static char *run(size_t n)
{
	char *p = malloc(n ? n : 1);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i + 1);
	return p;
}

static void test_same(void **state)
{
	(void)state;
	for (size_t n = 0; n <= LONGEST; n++) {
		char *a = run(n), *b = run(n);

		assert_true(rc_bytes_same(a, b, n));
		assert_true(rc_bytes_eq((struct rc_slice){a, n}, (struct rc_slice){b, n}));
		assert_false(n && rc_bytes_eq((struct rc_slice){a, n}, (struct rc_slice){b, n - 1}));
		for (size_t i = 0; i < n; i++) {
			b[i] ^= (char)0x80;
			assert_false(rc_bytes_same(a, b, n));
			b[i] ^= (char)0x80;
		}
		free(a);
		free(b);
	}
	assert_true(rc_bytes_eq((struct rc_slice){NULL, 0}, (struct rc_slice){"", 0}));
}

static void test_put(void **state)
{
	char to[LONGEST + 1];

	(void)state;
	for (size_t n = 0; n <= LONGEST; n++) {
		char *from = run(n);

		memset(to, 0, sizeof(to));
		assert_ptr_equal(rc_bytes_put(to, (struct rc_slice){from, n}), to + n);
		assert_memory_equal(to, from, n);
		for (size_t i = n; i < sizeof(to); i++)
			assert_int_equal(to[i], 0);
		free(from);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
