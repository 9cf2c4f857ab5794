/* What is written comes back; indexes follow the records; groups, errors and the order sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/helper_store.h"

static unsigned count_open(struct test_store *t)
{
	struct rc_view *v = test_view(t);
	struct rc_known k;
	struct rc_walk w;
	unsigned n = 0;

	rc_walk_open_begin(v, t->target, &w);
	while (rc_walk_open(&w, &k, NULL)) {
		assert_true(rc_known_open(&k));
		n++;
	}
	test_view_end(v);
	return n;
}

static void test_records(void **state)
{
	enum { N = 500 };
	uint8_t hashes[N + 1][RC_HASH_BYTES], last[RC_HASH_BYTES] = {0};
	static struct rc_known got[N + 1];
	struct rc_known_brief brief;
	bool found[N + 1];
	struct test_store t;
	struct rc_arena mem = {0};
	struct rc_slice records[N + 1];
	struct rc_known k;
	struct rc_view *v;
	struct rc_walk w;
	const uint8_t *hash;
	char buf[64];
	unsigned n = 0;

	(void)state;
	test_store_begin(&t);
	for (unsigned i = 0; i < N; i++) {
		k = test_known(i, buf);
		rc_writer_put_known(t.writer, t.target, &k);
		rc_store_key_hash(t.store, k.key, hashes[i]);
	}
	rc_writer_put_known(t.writer, (uint16_t)(t.target + 1), &k); /* another target's are another's */
	rc_store_key_hash(t.store, RC_SLICE("stranger"), hashes[N]);
	assert_int_equal(rc_writer_durable(t.writer), 0);
	test_store_flush(&t);
	assert_int_equal(rc_writer_durable(t.writer), N + 1);
	v = test_view(&t);
	rc_walk_known_begin(v, t.target, &w);
	for (; rc_walk_known(&w, &k, &hash); n++) {
		assert_true(n == 0 || memcmp(last, hash, sizeof(last)) < 0);
		memcpy(last, hash, sizeof(last));
	}
	assert_int_equal(n, N);
	rc_walk_known_begin(v, t.target, &w);
	assert_true(rc_walk_known_brief(&w, &brief));
	assert_true(rc_view_known_hash(v, t.target, brief.hash, &k));
	assert_memory_equal(k.fingerprint, brief.fingerprint, 16);
	rc_walk_end(&w);
	rc_view_known_many(v, t.target, (const uint8_t(*)[RC_HASH_BYTES])hashes, N + 1, &mem, got, found);
	rc_view_let_go(v); /* slices stay good */
	rc_view_records(v, t.target, (const uint8_t(*)[RC_HASH_BYTES])hashes, N + 1, NULL, records);
	for (unsigned i = 0; i <= N; i++)
		assert_int_equal(records[i].p != NULL, found[i]);
	rc_view_records(v, t.target, (const uint8_t(*)[RC_HASH_BYTES])hashes, N + 1, &mem, records);
	assert_null(records[N].p);
	for (unsigned i = 0; i < N; i++) {
		struct rc_known same;

		assert_true(rc_view_record(v, t.target, records[i], &same));
		k = test_known(i, buf);
		assert_true(rc_slice_eq(same.key, k.key) && rc_slice_eq(same.name, k.name));
		assert_true(found[i] && rc_slice_eq(got[i].key, k.key) && rc_slice_eq(got[i].name, k.name));
	}
	assert_false(found[N]);
	assert_int_equal(rc_view_known_count(v, t.target, false), N);
	rc_arena_done(&mem);
	test_view_end(v);
	test_store_done(&t);
}

static void test_open_and_due(void **state)
{
	struct test_store t;
	struct rc_known k;
	struct rc_view *v;
	struct rc_walk w;
	char buf[64];
	uint16_t target;
	bool retiring;

	(void)state;
	test_store_begin(&t);
	for (unsigned i = 0; i < 6; i++) {
		k = test_known(i, buf);
		if (i & 1)
			k.status = RC_KNOWN_FAILED;
		k.due_at_ns = i == 2 ? 300 : i == 4 ? 100 : 0;
		rc_writer_put_known(t.writer, t.target, &k);
	}
	k = test_known(9, buf);
	k.due_at_ns = -5;
	rc_writer_put_retiring(t.writer, t.target, &k);
	test_store_flush(&t);
	assert_int_equal(count_open(&t), 5);
	v = test_view(&t);
	rc_walk_due_begin(v, 200, &w);
	assert_true(rc_walk_due(&w, &target, &k, &retiring));
	assert_true(retiring && rc_slice_eqs(k.key, "k9") && target == t.target);
	assert_true(rc_walk_due(&w, &target, &k, &retiring));
	assert_true(!retiring && rc_slice_eqs(k.key, "k4"));
	assert_false(rc_walk_due(&w, &target, &k, &retiring));
	test_view_end(v);

	k = test_known(1, buf); /* settles */
	rc_writer_put_known(t.writer, t.target, &k);
	k = test_known(4, buf);
	k.due_at_ns = 500;
	rc_writer_put_known(t.writer, t.target, &k);
	rc_writer_del_known(t.writer, t.target, RC_SLICE("k2"), 0);
	rc_writer_del_known(t.writer, t.target, RC_SLICE("never there"), 0);
	rc_writer_del_retiring(t.writer, t.target, RC_SLICE("k9"), RC_SLICE(""), RC_SLICE("USER9"), 0);
	test_store_flush(&t);
	assert_int_equal(count_open(&t), 3);
	v = test_view(&t);
	rc_walk_due_begin(v, INT64_MAX, &w);
	assert_true(rc_walk_due(&w, &target, &k, &retiring));
	assert_int_equal(k.due_at_ns, 500);
	assert_false(rc_walk_due(&w, &target, &k, &retiring));
	rc_walk_retiring_begin(v, t.target, RC_SLICE(""), &w);
	assert_false(rc_walk_retiring(&w, &k));
	test_view_end(v);
	test_store_done(&t);
}

/* Both orders of stating a rename, in one group and in two. */
static void test_rename(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct test_store t;
		struct rc_known k, old;
		char buf[64];
		uint8_t hash[RC_HASH_BYTES];

		test_store_begin(&t);
		old = k = test_known(1, buf);
		rc_store_key_hash(t.store, k.key, hash);
		rc_writer_put_known(t.writer, t.target, &k);
		test_store_flush(&t);
		assert_int_equal(test_name_owner(&t, "", "uSER1").kind, RC_NAME_MANAGED);
		k.name = RC_SLICE("Married");
		if (way & 1)
			rc_writer_put_retiring(t.writer, t.target, &old);
		else
			rc_writer_put_known(t.writer, t.target, &k);
		if (way & 2)
			test_store_flush(&t);
		if (way & 1)
			rc_writer_put_known(t.writer, t.target, &k);
		else
			rc_writer_put_retiring(t.writer, t.target, &old);
		test_store_flush(&t);
		assert_int_equal(test_name_owner(&t, "", "user1").kind, RC_NAME_RETIRING);
		assert_int_equal(test_name_owner(&t, "", "married").kind, RC_NAME_MANAGED);
		assert_memory_equal(test_name_owner(&t, "", "married").key_hash, hash, sizeof(hash));

		rc_writer_del_retiring(t.writer, t.target, old.key, old.server, old.name, 777);
		test_store_flush(&t);
		assert_int_equal(test_name_owner(&t, "", "user1").kind, RC_NAME_RETIRED);
		assert_int_equal(test_name_owner(&t, "", "user1").since_ns, 777);
		rc_writer_prune_names(t.writer, t.target, 777);
		test_store_flush(&t);
		assert_int_equal(test_name_owner(&t, "", "user1").kind, RC_NAME_RETIRED);
		rc_writer_prune_names(t.writer, t.target, 778);
		test_store_flush(&t);
		assert_int_equal(test_name_owner(&t, "", "user1").kind, RC_NAME_FREE);
		test_store_done(&t);
	}
}

static void test_unmanaged(void **state)
{
	struct rc_unmanaged u, got;
	struct rc_listing l = {.started_ns = 1, .finished_ns = 2, .rows = 3, .total_count = -1, .complete = true}, l2;
	struct test_store t;
	struct rc_known k;
	struct rc_view *v;
	struct rc_walk w;
	char buf[64];

	(void)state;
	test_store_begin(&t);
	memset(&u, 0, sizeof(u));
	u.name = RC_SLICE("Guest");
	u.remote_id = RC_SLICE("id-7");
	u.disabled = true;
	rc_writer_clear_unmanaged(t.writer, t.target, u.server);
	rc_writer_put_unmanaged(t.writer, t.target, &u);
	u.name = RC_SLICE("user1");
	rc_writer_put_unmanaged(t.writer, t.target, &u);
	u.server = RC_SLICE("pool-b");
	rc_writer_put_unmanaged(t.writer, t.target, &u);
	rc_writer_listing(t.writer, t.target, RC_SLICE(""), &l);
	k = test_known(1, buf); /* adopts user1 in the same group */
	rc_writer_put_known(t.writer, t.target, &k);
	rc_writer_del_unmanaged(t.writer, t.target, RC_SLICE(""), RC_SLICE("USER1"));
	test_store_flush(&t);
	assert_int_equal(test_name_owner(&t, "", "GUEST").kind, RC_NAME_UNMANAGED);
	assert_int_equal(test_name_owner(&t, "", "user1").kind, RC_NAME_MANAGED);
	assert_int_equal(test_name_owner(&t, "pool-b", "user1").kind, RC_NAME_UNMANAGED);
	v = test_view(&t);
	assert_true(rc_view_unmanaged(v, t.target, RC_SLICE(""), RC_SLICE("guest"), &got));
	assert_true(got.disabled && rc_slice_eqs(got.remote_id, "id-7") && rc_slice_eqs(got.name, "Guest"));
	rc_walk_unmanaged_begin(v, t.target, &w);
	assert_true(rc_walk_unmanaged(&w, &got));
	assert_true(rc_walk_unmanaged(&w, &got));
	assert_false(rc_walk_unmanaged(&w, &got));
	assert_true(rc_view_listing(v, t.target, RC_SLICE(""), &l2));
	assert_true(l2.complete && l2.total_count == -1 && l2.rows == 3);
	assert_false(rc_view_listing(v, t.target, RC_SLICE("pool-b"), &l2));
	test_view_end(v);

	/* Released: the record goes, the account stays as an unmanaged one. */
	u.server = RC_SLICE("");
	rc_writer_del_known(t.writer, t.target, k.key, 99);
	rc_writer_put_unmanaged(t.writer, t.target, &u);
	test_store_flush(&t);
	assert_int_equal(test_name_owner(&t, "", "user1").kind, RC_NAME_UNMANAGED);
	/* A listing begun anew forgets what was unmanaged on its server only. */
	rc_writer_clear_unmanaged(t.writer, t.target, RC_SLICE(""));
	test_store_flush(&t);
	assert_int_equal(test_name_owner(&t, "", "guest").kind, RC_NAME_FREE);
	assert_int_equal(test_name_owner(&t, "pool-b", "user1").kind, RC_NAME_UNMANAGED);
	test_store_done(&t);
}

static bool order_current(struct test_store *t)
{
	struct rc_view *v = test_view(t);
	struct rc_order_info info = {0};
	bool there = rc_view_order(v, 3, &info);

	test_view_end(v);
	return there && info.current;
}

static void group_hash(uint32_t i, uint8_t ret[16])
{
	memset(ret, i % 5 ? 7 : 0, 16); /* of every fifth nothing is known */
	if (i % 5)
		memcpy(ret, &i, 4);
}

enum { ADDED_AT_ONCE = 7 * RC_ORDER_GROUP };

static void add_order(struct test_store *t, uint32_t n, bool raw, bool grouped)
{
	uint8_t seed[16] = {9}, rows[ADDED_AT_ONCE][16], keys[ADDED_AT_ONCE][16], groups[7][16];

	rc_writer_order_begin(t->writer, 3, seed, raw);
	for (uint32_t i = 0; i < n; i += ADDED_AT_ONCE) {
		uint32_t some = n - i < ADDED_AT_ONCE ? n - i : ADDED_AT_ONCE;

		memset(rows, 1, sizeof(rows));
		memset(keys, 2, sizeof(keys));
		for (uint32_t j = 0; j < some; j++) {
			uint32_t at = i + j;

			memcpy(rows[j], &at, 4);
			memcpy(keys[j], &at, 4);
		}
		for (uint32_t j = 0; j < 7; j++)
			group_hash(i / RC_ORDER_GROUP + j, groups[j]);
		rc_writer_order_add(t->writer, 3, (const uint8_t(*)[16])rows, (const uint8_t(*)[16])keys,
				    raw ? (const uint8_t(*)[16])rows : NULL,
				    grouped ? (const uint8_t(*)[16])groups : NULL, some);
	}
}

static void check_groups(const struct rc_order_block *b, uint32_t first)
{
	uint8_t want[16];

	assert_non_null(b->groups);
	for (uint32_t i = 0; i < b->n / RC_ORDER_GROUP; i++) {
		group_hash(first + i, want);
		assert_memory_equal(b->groups[i], want, 16);
	}
}

static void check_order(struct test_store *t, uint32_t n, bool raw, bool grouped)
{
	struct rc_view *v = test_view(t);
	struct rc_order_info info;
	struct rc_order_block b;
	uint32_t seen = 0, at;

	assert_true(rc_view_order(v, 3, &info));
	assert_true(info.n == n && info.raw == raw && info.seed[0] == 9);
	for (uint64_t block = 0; rc_view_order_block(v, 3, block, &b); block++) {
		if (grouped)
			check_groups(&b, (uint32_t)block * RC_ORDER_BLOCK / RC_ORDER_GROUP);
		else
			assert_null(b.groups);
		for (size_t i = 0; i < b.n; i++, seen++) {
			memcpy(&at, b.rows[i], 4);
			assert_int_equal(at, seen);
			assert_int_equal(b.rows[i][15], 1);
			memcpy(&at, b.keys[i], 4);
			assert_int_equal(at, seen);
			assert_int_equal(b.keys[i][15], 2);
			assert_true(!raw == !b.raw);
			if (raw)
				assert_memory_equal(b.raw[i], b.rows[i], 16);
		}
	}
	assert_int_equal(seen, n);
	test_view_end(v);
}

static void test_order(void **state)
{
	struct test_store t;
	struct rc_known k;
	char buf[64];

	(void)state;
	test_store_begin(&t);
	add_order(&t, 20000, false, false);
	test_store_flush(&t);
	assert_false(order_current(&t)); /* not there before its commit */
	k = test_known(1, buf);
	rc_writer_put_known(t.writer, t.target, &k);
	rc_writer_order_commit(t.writer, 3);
	test_store_flush(&t);
	assert_true(order_current(&t));
	check_order(&t, 20000, false, false);

	rc_writer_put_known(t.writer, t.target, &k); /* nothing new */
	k.status = RC_KNOWN_UNKNOWN;
	rc_writer_put_known(t.writer, t.target, &k); /* open: looked at anyway */
	test_store_flush(&t);
	assert_true(order_current(&t));
	k.status = RC_KNOWN_SETTLED;
	k.fingerprint[0]++;
	rc_writer_put_known(t.writer, t.target, &k); /* another row version confirmed behind its back */
	test_store_flush(&t);
	assert_false(order_current(&t));

	add_order(&t, 777, true, true); /* begun, never committed: the old one stays */
	test_store_flush(&t);
	check_order(&t, 20000, false, false);
	add_order(&t, RC_ORDER_BLOCK * 2, true, true);
	rc_writer_order_commit(t.writer, 3);
	test_store_flush(&t);
	check_order(&t, RC_ORDER_BLOCK * 2, true, true);
	assert_true(order_current(&t));
	rc_writer_del_known(t.writer, t.target, k.key, 0);
	test_store_flush(&t);
	assert_false(order_current(&t));
	for (int grouped = 1; grouped >= 0; grouped--) {
		add_order(&t, RC_ORDER_BLOCK + 777, true, grouped);
		rc_writer_order_commit(t.writer, 3);
		test_store_flush(&t);
		check_order(&t, RC_ORDER_BLOCK + 777, true, grouped);
	}
	add_order(&t, 0, false, false);
	rc_writer_order_commit(t.writer, 3);
	test_store_flush(&t);
	check_order(&t, 0, false, false);
	rc_writer_order_drop(t.writer, 3);
	test_store_flush(&t);
	assert_false(order_current(&t));
	test_store_done(&t);
}

enum { BULK = 40000 };

static struct rc_known bulk_person(unsigned i, char buf[64])
{
	struct rc_known k = test_known(i, buf);

	k.created_run = k.changed_run = RC_SLICE("bulk");
	k.group_id = RC_SLICE("a group whose id is long enough for the load to be one that is worth large pages");
	k.error_message =
		RC_SLICE("text that makes the record longer, so that all of them together are some megabytes");
	return k;
}

static void put_bulk(struct test_store *t, unsigned from, unsigned n)
{
	char buf[64];

	for (unsigned i = 0; i < n; i++) {
		struct rc_known k = bulk_person(from + i * 7919 % n, buf); /* in no order */
		struct rc_event e = {.key = k.key,
				     .run_id = k.changed_run,
				     .at_ns = k.changed_at_ns,
				     .action = 1,
				     .access = true,
				     .name = k.name,
				     .reason = RC_SLICE("there was none")};

		memcpy(e.fingerprint, k.fingerprint, 16);
		rc_writer_put_known_event(t->writer, t->target, &k, &e);
	}
}

/* Everybody has their record, their name and one event. */
static void check_bulk(struct test_store *t, unsigned from, unsigned n)
{
	struct rc_view *v = test_view(t);
	uint8_t hash[RC_HASH_BYTES];
	struct rc_event e;
	struct rc_known k;
	struct rc_walk w;
	char buf[64];

	for (unsigned i = from; i < from + n; i++) {
		struct rc_known want = bulk_person(i, buf);
		struct rc_name_owner o = rc_view_name(v, t->target, (struct rc_slice){"", 0}, want.name);

		assert_true(rc_view_known(v, t->target, want.key, &k) && rc_slice_eq(k.name, want.name));
		rc_store_key_hash(t->store, want.key, hash);
		assert_int_equal(o.kind, RC_NAME_MANAGED);
		assert_memory_equal(o.key_hash, hash, sizeof(hash));
		rc_walk_history_begin(v, t->target, want.key, &w);
		assert_true(rc_walk_history(&w, &e) && rc_slice_eqs(e.reason, "there was none"));
		assert_false(rc_walk_history(&w, &e));
	}
	test_view_end(v);
}

/* What was in no order lies in order, behind and between what was there; groups end where they are told to. */
static void test_bulk(void **state)
{
	struct rc_err err = {0};
	struct rc_writer_options small = {.max_queue_bytes = 1 << 20, .max_bulk_bytes = 1 << 20};
	struct test_store t;
	struct rc_view *v;

	(void)state;
	test_store_begin(&t);
	rc_writer_bulk(t.writer, true);
	put_bulk(&t, 0, BULK);
	rc_writer_bulk(t.writer, false);
	test_store_flush(&t);
	check_bulk(&t, 0, BULK);
	assert_int_equal(rc_writer_stop(t.writer, &err), RC_OK);
	assert_int_equal(rc_writer_start(t.store, &small, &t.writer, &err), RC_OK);
	rc_writer_bulk(t.writer, true);
	put_bulk(&t, BULK, BULK / 4);
	assert_true(rc_writer_durable(t.writer) > 0); /* before the end: the queue took no more */
	rc_writer_bulk(t.writer, false);
	test_store_flush(&t);
	check_bulk(&t, 0, BULK + BULK / 4);
	v = test_view(&t);
	assert_int_equal(rc_view_known_count(v, t.target, true), BULK + BULK / 4);
	test_view_end(v);
	test_store_done(&t);
}

/* Some of a large group have told their names before, so that what waits is not all that has a name: whoever took one
 * of these since then keeps it. */
static void test_bulk_of_both(void **state)
{
	enum { OLD = 1000 };
	struct rc_name_owner o;
	uint8_t hash[RC_HASH_BYTES];
	struct test_store t;
	struct rc_known taker;
	struct rc_view *v;
	char buf[64];

	(void)state;
	test_store_begin(&t);
	put_bulk(&t, 0, OLD);
	taker = bulk_person(0, buf);
	taker.key = RC_SLICE("another");
	rc_writer_put_known(t.writer, t.target, &taker);
	test_store_flush(&t);
	rc_writer_bulk(t.writer, true);
	for (unsigned i = 0; i < OLD; i++) {
		struct rc_known k = bulk_person(i, buf);

		rc_writer_put_known(t.writer, t.target, &k);
	}
	put_bulk(&t, OLD, BULK);
	rc_writer_bulk(t.writer, false);
	test_store_flush(&t);
	check_bulk(&t, 1, OLD + BULK - 1);
	v = test_view(&t);
	taker = bulk_person(0, buf);
	o = rc_view_name(v, t.target, (struct rc_slice){"", 0}, taker.name);
	rc_store_key_hash(t.store, RC_SLICE("another"), hash);
	assert_memory_equal(o.key_hash, hash, sizeof(hash));
	test_view_end(v);
	test_store_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),      cmocka_unit_test(test_open_and_due), cmocka_unit_test(test_rename),
		cmocka_unit_test(test_unmanaged),    cmocka_unit_test(test_order),        cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_bulk_of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
