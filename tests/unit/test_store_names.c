/* Whose a name is, when it goes from one record to another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/helper_store.h"

static void test_name_passes_on(void **state)
{
	struct test_store t;
	struct rc_known a, b;
	char buf_a[64], buf_b[64];
	uint8_t hash_b[RC_HASH_BYTES];

	(void)state;
	test_store_begin(&t);
	a = test_known(1, buf_a);
	b = test_known(2, buf_b);
	rc_store_key_hash(t.store, b.key, hash_b);
	rc_writer_put_known(t.writer, t.target, &a);
	rc_writer_put_known(t.writer, t.target, &b);
	test_store_flush(&t);
	/* b takes the name that a frees, in one group: the taker wins whatever order they are applied in. */
	b.name = a.name;
	rc_writer_del_known(t.writer, t.target, a.key, 50);
	rc_writer_put_known(t.writer, t.target, &b);
	test_store_flush(&t);
	assert_int_equal(test_name_owner(&t, "", "User1").kind, RC_NAME_MANAGED);
	assert_memory_equal(test_name_owner(&t, "", "User1").key_hash, hash_b, sizeof(hash_b));
	assert_int_equal(test_name_owner(&t, "", "User2").kind, RC_NAME_RETIRED);
	/* The same name on another server is another name. */
	assert_int_equal(test_name_owner(&t, "pool-b", "User1").kind, RC_NAME_FREE);
	test_store_done(&t);
}

/* Within one group, whose names wait for one another: freed ones are free, and go to whom they were given last. */
static void test_names_in_one_group(void **state)
{
	uint8_t hash[RC_HASH_BYTES];
	struct test_store t;
	struct rc_known k;
	char buf[64];

	(void)state;
	test_store_begin(&t);
	for (unsigned i = 0; i < 10; i++) {
		k = test_known(i, buf);
		rc_writer_put_known(t.writer, t.target, &k);
	}
	test_store_flush(&t);
	rc_writer_together_begin(t.writer);
	for (unsigned i = 0; i < 20; i++) { /* half of them take a name and another one at once */
		k = test_known(i, buf);
		if (i >= 10)
			rc_writer_put_known(t.writer, t.target, &k);
		snprintf(buf + 32, 32, "Other%u", i);
		k.name = rc_slice_str(buf + 32);
		k.changed_at_ns = 0;
		rc_writer_put_known(t.writer, t.target, &k);
	}
	for (unsigned i = 0; i < 10; i++) { /* the names of the other half go on */
		k = test_known(100 + i, buf);
		snprintf(buf + 32, 32, "User%u", i);
		k.name = rc_slice_str(buf + 32);
		rc_writer_put_known(t.writer, t.target, &k);
	}
	rc_writer_together_end(t.writer);
	test_store_flush(&t);
	for (unsigned i = 0; i < 20; i++) {
		k = test_known(i, buf);
		snprintf(buf + 32, 32, "Other%u", i);
		rc_store_key_hash(t.store, k.key, hash);
		assert_memory_equal(test_name_owner(&t, "", buf + 32).key_hash, hash, sizeof(hash));
		snprintf(buf + 32, 32, "User%u", i);
		assert_int_equal(test_name_owner(&t, "", buf + 32).kind, i < 10 ? RC_NAME_MANAGED : RC_NAME_FREE);
		k = test_known(100 + i, buf);
		snprintf(buf + 32, 32, "User%u", i);
		rc_store_key_hash(t.store, k.key, hash);
		if (i < 10)
			assert_memory_equal(test_name_owner(&t, "", buf + 32).key_hash, hash, sizeof(hash));
	}
	test_store_done(&t);
}

static void promise(struct test_store *t, unsigned person, enum rc_known_status status, bool takes)
{
	char buf[64];
	struct rc_known k = test_known(person, buf);

	k.name = RC_SLICE("User0");
	k.status = status;
	if (takes)
		rc_writer_take_name(t->writer, t->target, &k);
	else
		rc_writer_put_known(t->writer, t->target, &k);
	test_store_flush(t);
}

static void is_owner(struct test_store *t, unsigned person)
{
	uint8_t hash[RC_HASH_BYTES];
	char buf[64];
	struct rc_known k = test_known(person, buf);

	rc_store_key_hash(t->store, k.key, hash);
	assert_memory_equal(test_name_owner(t, "", "user0").key_hash, hash, sizeof(hash));
}

/* A killed run's create was promised the name of an account that is still there. */
static void test_name_taken_back(void **state)
{
	struct test_store t;

	(void)state;
	test_store_begin(&t);
	promise(&t, 0, RC_KNOWN_SETTLED, false);
	promise(&t, 1, RC_KNOWN_UNKNOWN, false);
	is_owner(&t, 1);
	promise(&t, 0, RC_KNOWN_SETTLED, false); /* had it before: says nothing of whose it is */
	is_owner(&t, 1);
	promise(&t, 0, RC_KNOWN_SETTLED, true);
	is_owner(&t, 0);
	promise(&t, 1, RC_KNOWN_UNKNOWN, false);
	is_owner(&t, 0);
	promise(&t, 1, RC_KNOWN_SETTLED, false); /* it is there after all */
	is_owner(&t, 1);
	test_store_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_passes_on),
		cmocka_unit_test(test_names_in_one_group),
		cmocka_unit_test(test_name_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
