/* The list of a bulk load's facts: when it serves, and that what is put is the same when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "engine/store/fact_list.h"
#include "engine/store/snapshot.h"
#include "engine/store/writer_impl.h"
#include "tests/unit/helper_store.h"

enum { PEOPLE = 50000, LATE = PEOPLE - 100 };

enum oddity { NONE, AGAIN, GONE, SERVER, BARRIER, NAMELESS, EVENT, OPEN_TOGETHER, ODDITIES };

static struct rc_known person(unsigned i, char buf[64])
{
	struct rc_known k = test_known(i, buf);

	k.reason = RC_SLICE("as long as one is that says at some length why nothing happens to somebody");
	return k;
}

/* Something that no list tells, to the person `who`, who is there already. */
static void be_odd(struct test_store *t, enum oddity odd, unsigned who)
{
	char buf[64];
	struct rc_known k = person(who, buf);
	struct rc_event e = {.key = k.key, .run_id = RC_SLICE("r"), .at_ns = 7, .reason = RC_SLICE("asked")};

	switch (odd) {
	case AGAIN:
		k.name = RC_SLICE("Another Name");
		rc_writer_put_known(t->writer, t->target, &k);
		break;
	case GONE:
		rc_writer_del_known(t->writer, t->target, k.key, 0);
		break;
	case SERVER:
		k.server = RC_SLICE("gateway-2");
		rc_writer_put_known(t->writer, t->target, &k);
		break;
	case BARRIER:
		rc_writer_prune_names(t->writer, t->target, 5);
		break;
	case NAMELESS:
		k.flags &= ~(uint32_t)RC_KNOWN_MANAGED;
		rc_writer_put_known(t->writer, t->target, &k);
		break;
	case EVENT:
		rc_writer_event(t->writer, t->target, &e);
		break;
	case OPEN_TOGETHER:
		rc_writer_together_begin(t->writer);
		rc_writer_put_known(t->writer, t->target, &k);
		break;
	case NONE:
	case ODDITIES:
		break;
	}
}

static void check_name(struct test_store *t, struct rc_view *v, struct rc_slice server, struct rc_slice name,
		       struct rc_slice key)
{
	struct rc_name_owner o = rc_view_name(v, t->target, server, name);
	uint8_t hash[RC_HASH_BYTES];

	rc_store_key_hash(t->store, key, hash);
	assert_int_equal(o.kind == RC_NAME_MANAGED, key.n > 0);
	if (key.n)
		assert_memory_equal(o.key_hash, hash, sizeof(hash));
}

static void check(struct test_store *t, enum oddity odd, unsigned who)
{
	struct rc_slice only = {"", 0}, nobody = {"", 0};
	struct rc_view *v = test_view(t);
	struct rc_known k;
	char buf[64];

	for (unsigned i = 0; i < PEOPLE; i++) {
		struct rc_known want = person(i, buf);
		bool there = rc_view_known(v, t->target, want.key, &k), other = i == who;

		assert_int_equal(there, !(other && odd == GONE));
		if (!other || odd == BARRIER || odd == EVENT || odd == NONE || odd == OPEN_TOGETHER)
			check_name(t, v, only, want.name, want.key);
		else
			check_name(t, v, only, want.name, nobody);
		if (other && odd == AGAIN)
			check_name(t, v, only, RC_SLICE("Another Name"), want.key);
		if (other && odd == SERVER)
			check_name(t, v, RC_SLICE("gateway-2"), want.name, want.key);
	}
	assert_int_equal(rc_view_known_count(v, t->target, false), PEOPLE - (odd == GONE));
	test_view_end(v);
}

/* Before the queue has shown that it is a bulk load's, and after. */
static void run_odd(enum oddity odd, unsigned after)
{
	bool listed;
	struct test_store t;
	char buf[64];

	test_store_begin(&t);
	rc_writer_bulk(t.writer, true);
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct rc_known k = person(i, buf);

		rc_writer_put_known(t.writer, t.target, &k);
		if (i == after)
			be_odd(&t, odd, i / 2);
	}
	listed = rc_facts_listed(&t.writer->queue);
	assert_int_equal(listed, odd == NONE || odd == AGAIN || odd == NAMELESS || odd == OPEN_TOGETHER);
	rc_writer_bulk(t.writer, false);
	if (odd == OPEN_TOGETHER && after == LATE) { /* what is held back keeps the list from being the group's */
		assert_int_equal(rc_writer_pump(t.writer, NULL), RC_OK);
		assert_null(t.writer->queue.list);
	}
	rc_writer_together_end(t.writer);
	test_store_flush(&t);
	check(&t, odd, after / 2);
	test_store_done(&t);
}

static void test_oddities(void **state)
{
	(void)state;
	for (enum oddity odd = NONE; odd < ODDITIES; odd++) {
		run_odd(odd, 1000);
		run_odd(odd, LATE);
	}
}

/* With the thread that touches memory ahead, and more than one group. */
static void test_threads(void **state)
{
	struct rc_writer_options o = {.max_bulk_bytes = 12 << 20};
	struct rc_err err = {0};
	struct test_store t;
	char buf[64];

	(void)state;
	test_store_begin(&t);
	assert_int_equal(rc_writer_stop(t.writer, &err), RC_OK);
	assert_int_equal(rc_writer_start(t.store, &o, &t.writer, &err), RC_OK);
	rc_writer_bulk(t.writer, true);
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct rc_known k = person(i, buf);

		rc_writer_put_known(t.writer, t.target, &k);
	}
	rc_writer_bulk(t.writer, false);
	test_store_flush(&t);
	check(&t, NONE, 0);
	test_store_done(&t);
}

/* Two with one name: whoever was stated last has it, whichever key comes first. */
static void test_name_twice(void **state)
{
	struct test_store t;
	struct rc_view *v;
	char buf[64];

	(void)state;
	test_store_begin(&t);
	rc_writer_bulk(t.writer, true);
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct rc_known k = person(i, buf);

		if (i >= PEOPLE - 50)
			k.name = RC_SLICE("all the same");
		rc_writer_put_known(t.writer, t.target, &k);
	}
	assert_non_null(rc_facts_listed(&t.writer->queue));
	rc_writer_bulk(t.writer, false);
	test_store_flush(&t);
	v = test_view(&t);
	check_name(&t, v, (struct rc_slice){"", 0}, RC_SLICE("ALL the same"), person(PEOPLE - 1, buf).key);
	test_view_end(v);
	test_store_done(&t);
}

/* More than a list has room for, or in memory that has moved: it ends. */
static void test_list_ends(void **state)
{
	struct {
		struct rc_fact f;
		char key[2 + RC_HASH_BYTES], name[RC_LISTED_HEAD + RC_LISTED_HASH];
	} one = {.f = {.kind = RC_FACT_PUT_KNOWN, .key_n = sizeof(one.key), .name_n = sizeof(one.name)}};
	struct rc_fact_list *l = rc_fact_list_new(512);
	const char *base = (const char *)&one;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		rc_fact_list_add(l, base, &one.f);
		assert_true(l->whole && l->n == i + 1 && l->n_names == i + 1);
	}
	rc_fact_list_add(l, base, &one.f);
	assert_false(l->whole);
	rc_fact_list_free(l);
	l = rc_fact_list_new(512);
	rc_fact_list_add(l, base, &one.f);
	rc_fact_list_add(l, base + 1, &one.f);
	assert_false(l->whole);
	rc_fact_list_touch(l, 100);
	rc_fact_list_free(l);
	rc_fact_list_free(NULL);
}

/* That memory comes in small pages from some entry on takes nothing away from those before and after. */
static void test_small_pages(void **state)
{
	enum { ALL = 200000, SMALL_FROM = 70000 };
	struct {
		struct rc_fact f;
		char key[2 + RC_HASH_BYTES], name[RC_LISTED_HEAD + RC_LISTED_HASH];
	} one = {.f = {.kind = RC_FACT_PUT_KNOWN, .key_n = sizeof(one.key), .name_n = sizeof(one.name)}};
	struct rc_fact_list *l = rc_fact_list_new(32 << 20);

	(void)state;
	assert_true(l->cap >= ALL);
	for (unsigned i = 0; i < ALL; i++) {
		memcpy(one.key + 2, &i, sizeof(i));
		memcpy(one.name + RC_LISTED_HEAD, &i, sizeof(i));
		if (i == SMALL_FROM) {
			rc_fact_list_touch(l, i);
			rc_fact_list_small(l);
		}
		rc_fact_list_add(l, (const char *)&one, &one.f);
	}
	assert_true(l->whole && l->n == ALL && l->n_names == ALL);
	for (unsigned i = 0; i < ALL; i++) {
		assert_memory_equal(l->names[i].hash, &i, sizeof(i));
		assert_memory_equal(l->names[i].key_hash, &i, sizeof(i));
		assert_int_equal(l->names[i].nth, i);
	}
	rc_fact_list_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_pages), cmocka_unit_test(test_oddities),  cmocka_unit_test(test_threads),
		cmocka_unit_test(test_name_twice),  cmocka_unit_test(test_list_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
