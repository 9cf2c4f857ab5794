/* Many look-ups of one view by two threads: each once, of the same picture, texts and errors in the caller's hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "engine/store/share.h"
#include "tests/unit/helper_store.h"

enum { N = 5000 };

struct seen {
	const struct rc_view *own;
	pthread_barrier_t *both; /* whoever begins waits for the other; NULL: there is no other */
	bool begun[2];           /* the caller's thread, the other one */
	unsigned times[N];
	struct rc_slice text[N];
};

static void note_seen(struct rc_view *v, void *ctx, size_t from, size_t to, struct rc_arena *mem)
{
	struct seen *s = ctx;
	bool *begun = &s->begun[v != s->own];
	char text[32];

	if (!*begun) {
		*begun = true;
		if (s->both)
			pthread_barrier_wait(s->both);
	}
	for (size_t i = from; i < to; i++) {
		snprintf(text, sizeof(text), "text %zu", i);
		s->times[i]++;
		s->text[i] = mem ? rc_arena_copy(mem, rc_slice_str(text)) : (struct rc_slice){0};
	}
}

static void share(struct rc_view *v, size_t n, bool threaded, struct rc_arena *mem)
{
	static struct seen s;
	pthread_barrier_t both;
	char text[32];

	s = (struct seen){.own = v};
	if (threaded) {
		assert_int_equal(pthread_barrier_init(&both, NULL, 2), 0);
		s.both = &both;
	}
	rc_view_share(v, n, note_seen, &s, mem);
	assert_int_equal(s.begun[1], threaded);
	for (size_t i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "text %zu", i);
		assert_int_equal(s.times[i], i < n);
		assert_true(i >= n || !mem || rc_slice_eqs(s.text[i], text));
	}
	if (threaded)
		pthread_barrier_destroy(&both);
}

static void each_is_done_once(void **state)
{
	struct rc_arena mem = {0};
	struct test_store t;
	struct rc_view *v;

	(void)state;
	test_store_begin(&t);
	v = test_view(&t);
	share(v, 0, false, &mem);
	share(v, 1, false, &mem);
	share(v, RC_SHARE_STEP + 1, false, NULL);
	share(v, N, true, &mem);
	share(v, N - 1, true, NULL);
	rc_arena_done(&mem);
	test_view_end(v);
	test_store_done(&t);
}

static void fill(struct test_store *t, uint8_t (*hashes)[RC_HASH_BYTES])
{
	char buf[64];

	for (unsigned i = 0; i < N; i++) {
		struct rc_known k = test_known(i, buf);

		rc_store_key_hash(t->store, k.key, hashes[i]);
		if (i % 2)
			rc_writer_put_known(t->writer, t->target, &k);
	}
	test_store_flush(t);
}

/* Every second is there; asked for together they are told as they are alone. */
static void check_many(struct test_store *t, struct rc_view *v, uint8_t (*hashes)[RC_HASH_BYTES])
{
	static struct rc_slice records[N];
	static struct rc_known known[N];
	static bool found[N];
	struct rc_arena mem = {0};
	char buf[64];

	rc_view_records(v, t->target, (const uint8_t(*)[RC_HASH_BYTES])hashes, N, &mem, records);
	rc_view_known_many(v, t->target, (const uint8_t(*)[RC_HASH_BYTES])hashes, N, &mem, known, found);
	for (unsigned i = 0; i < N; i++) {
		struct rc_known k = test_known(i, buf), same;

		assert_int_equal(found[i], i % 2);
		assert_int_equal(records[i].p != NULL, i % 2);
		if (!found[i])
			continue;
		assert_true(rc_view_record(v, t->target, records[i], &same));
		assert_true(rc_slice_eq(same.key, k.key) && rc_slice_eq(same.name, k.name));
		assert_true(rc_slice_eq(known[i].key, k.key) && rc_slice_eq(known[i].name, k.name));
		assert_memory_equal(known[i].fingerprint, k.fingerprint, 16);
	}
	rc_arena_done(&mem);
}

/* ahead: by another thread, while this one goes on; false: there is none. */
static void check_names(struct test_store *t, struct rc_view *v, uint8_t (*hashes)[RC_HASH_BYTES], bool ahead)
{
	static struct rc_name_asked asked[N];
	static char name[N][24];

	for (unsigned i = 0; i < N; i++) {
		snprintf(name[i], sizeof(name[i]), "User%u", i);
		asked[i] = (struct rc_name_asked){.name = rc_slice_str(name[i])};
	}
	if (ahead) {
		struct rc_names_ahead *a = rc_view_names_ahead(v, t->target, asked, N);

		assert_non_null(a);
		check_many(t, v, hashes);
		rc_view_names_told(v, a);
	} else {
		rc_view_names(v, t->target, asked, N);
	}
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(asked[i].owner.kind, i % 2 ? RC_NAME_MANAGED : RC_NAME_FREE);
		if (i % 2)
			assert_memory_equal(asked[i].owner.key_hash, hashes[i], RC_HASH_BYTES);
	}
}

static void many_are_told_as_one_is(void **state)
{
	static uint8_t hashes[N][RC_HASH_BYTES];
	struct test_store t;
	struct rc_view *v;

	(void)state;
	test_store_begin(&t);
	fill(&t, hashes);
	v = test_view(&t);
	check_many(&t, v, hashes);
	check_names(&t, v, hashes, false);
	check_names(&t, v, hashes, true);
	test_view_end(v);
	test_store_done(&t);
}

/* Where no view is open: whoever holds one must not wait for the writer. */
static void *flush(void *t)
{
	test_store_flush(t);
	return NULL;
}

/* Somebody has written since: a second view would show another picture, so there is none. */
static void a_view_stays_with_its_own_picture(void **state)
{
	static uint8_t hashes[N][RC_HASH_BYTES];
	struct test_store t;
	struct rc_known k;
	struct rc_view *v;
	pthread_t writing;
	char buf[64];

	(void)state;
	test_store_begin(&t);
	fill(&t, hashes);
	v = test_view(&t);
	for (unsigned i = 0; i < N; i += 2) {
		k = test_known(i, buf);
		rc_writer_put_known(t.writer, t.target, &k);
	}
	assert_int_equal(pthread_create(&writing, NULL, flush, &t), 0);
	assert_int_equal(pthread_join(writing, NULL), 0);
	assert_null(rc_view_twin(v));
	share(v, N, false, NULL);
	assert_null(rc_view_names_ahead(v, t.target, &(struct rc_name_asked){.name = RC_SLICE("User1")}, 1));
	rc_view_names_told(v, NULL);
	check_many(&t, v, hashes);
	check_names(&t, v, hashes, false);
	test_view_end(v);
	test_store_done(&t);
}

static void what_the_twin_ran_into_is_the_views(void **state)
{
	struct test_store t;
	struct rc_view *v, *twin;
	struct rc_err err;

	(void)state;
	test_store_begin(&t);
	v = test_view(&t);
	twin = rc_view_twin(v);
	assert_non_null(twin);
	rc_view_twin_end(v, twin);
	assert_false(rc_view_failed(v));
	twin = rc_view_twin(v);
	assert_non_null(twin);
	rc_kv_damaged(twin->txn, RC_KV_KNOWN, "as the test says");
	rc_view_twin_end(v, twin);
	assert_true(rc_view_failed(v));
	assert_int_equal(rc_view_end(v, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "as the test says"));
	test_store_done(&t);
}

static void arenas_are_joined(void **state)
{
	struct rc_arena a = {0}, b = {0};
	size_t used;
	char *first, *second;

	(void)state;
	rc_arena_join(&a, &b);
	assert_null(a.head);
	first = rc_arena_strdup(&b, "of b");
	rc_arena_alloc(&b, 100000); /* a second block */
	used = b.used;
	rc_arena_join(&a, &b);
	assert_null(b.head);
	assert_int_equal(a.used, used);
	second = rc_arena_strdup(&b, "of b again");
	rc_arena_join(&a, &b);
	assert_string_equal(rc_arena_strdup(&a, "of a"), "of a");
	assert_string_equal(first, "of b");
	assert_string_equal(second, "of b again");
	rc_arena_done(&a);
	rc_arena_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_done_once),
		cmocka_unit_test(many_are_told_as_one_is),
		cmocka_unit_test(a_view_stays_with_its_own_picture),
		cmocka_unit_test(what_the_twin_ran_into_is_the_views),
		cmocka_unit_test(arenas_are_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
