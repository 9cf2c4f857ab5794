/* Facts by key: whatever their keys look like, in the order that qsort() gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/alloc.h"
#include "engine/store/fact.h"

static int by_prefix_and_place(const void *pa, const void *pb)
{
	const struct rc_fact_at *a = pa, *b = pb;
	uintptr_t x = (uintptr_t)a->f, y = (uintptr_t)b->f;
	int c = (a->prefix > b->prefix) - (a->prefix < b->prefix);

	return c ? c : (x > y) - (x < y);
}

static uint64_t mixed(uint64_t n)
{
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
	n = (n ^ n >> 27) * 0x94d049bb133111ebu;
	return n ^ n >> 31;
}

static uint64_t hashed(size_t i, size_t n)
{
	(void)n;
	return 0x0500020000000000u | mixed(i) >> 24;
}

static uint64_t wide(size_t i, size_t n)
{
	(void)n;
	return mixed(i);
}

static uint64_t few_values(size_t i, size_t n)
{
	(void)n;
	return mixed(i) % 5;
}

static uint64_t all_equal(size_t i, size_t n)
{
	(void)i, (void)n;
	return 7;
}

static uint64_t ascending(size_t i, size_t n)
{
	(void)n;
	return i;
}

static uint64_t descending(size_t i, size_t n)
{
	return n - i;
}

/* One of another table among many that are close together: nearly all fall into one slot. */
static uint64_t crowded(size_t i, size_t n)
{
	return i == n / 2 ? UINT64_MAX : mixed(i) >> 40;
}

static void test_sort(void **state)
{
	static uint64_t (*const keys[])(size_t, size_t) = {hashed,    wide,       few_values, all_equal,
							   ascending, descending, crowded};
	static const size_t sizes[] = {0, 1, 2, 50, 1023, 1024, 1025, 30000};
	static const struct rc_fact place[30000];

	(void)state;
	for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
			size_t n = sizes[s];
			struct rc_fact_at *v = rc_xcalloc(n, sizeof(*v)), *wanted = rc_xcalloc(n, sizeof(*v));

			for (size_t i = 0; i < n; i++)
				wanted[i] = v[i] = (struct rc_fact_at){keys[k](i, n), {&place[mixed(i) % n]}};
			qsort(wanted, n, sizeof(*v), by_prefix_and_place);
			rc_facts_sort(v, n, by_prefix_and_place);
			for (size_t i = 0; i < n; i++)
				if (v[i].prefix != wanted[i].prefix || v[i].f != wanted[i].f)
					fail_msg("keys %zu, %zu of them: other at %zu", k, n, i);
			free(v);
			free(wanted);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sort)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
