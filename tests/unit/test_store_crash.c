/* The writer thread: durability told and kept, failing disks, a map that grows, kills at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/unit/helper_store.h"

struct world {
	atomic_uint_fast64_t told; /* by the callback */
	atomic_uint errors;
	atomic_int fail_in; /* commits until one fails; 0: never */
	int with;
};

static void durable(void *ctx, uint64_t seq, const struct rc_err *err)
{
	struct world *w = ctx;

	if (err)
		atomic_fetch_add(&w->errors, 1);
	assert_true(seq >= atomic_load(&w->told));
	atomic_store(&w->told, seq);
}

static int before_commit(void *ctx)
{
	struct world *w = ctx;

	return atomic_load(&w->fail_in) && atomic_fetch_sub(&w->fail_in, 1) == 1 ? w->with : 0;
}

static void start(struct test_store *t, struct world *w, const struct rc_writer_options *more)
{
	struct rc_writer_options o = *more;
	struct rc_err err = {0};

	o.durable = durable;
	o.before_commit = before_commit;
	o.ctx = w;
	if (rc_writer_start(t->store, &o, &t->writer, &err))
		fail_msg("%s", err.what);
}

static uint64_t put(struct test_store *t, unsigned i)
{
	char buf[64];
	struct rc_known k = test_known(i, buf);

	return rc_writer_put_known(t->writer, t->target, &k);
}

static uint64_t count(struct test_store *t)
{
	struct rc_view *v = test_view(t);
	uint64_t n = rc_view_known_count(v, t->target, false);

	test_view_end(v);
	return n;
}

static void test_thread(void **state)
{
	struct world w = {0};
	struct rc_err err = {0};
	struct test_store t;
	struct rc_view *v;
	uint64_t last = 0;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	start(&t, &w, &(struct rc_writer_options){.max_group = 100, .max_queue_bytes = 64 << 10});
	for (unsigned i = 0; i < 5000; i++)
		last = put(&t, i);
	assert_int_equal(last, rc_writer_queued(t.writer));
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_OK);
	assert_int_equal(rc_writer_durable(t.writer), last);
	assert_int_equal(count(&t), 5000);
	/* By time alone: nobody flushes. */
	last = put(&t, 5000);
	while (rc_writer_durable(t.writer) < last)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	v = test_view(&t);
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_INTERNAL); /* it would hold itself up */
	test_view_end(v);
	put(&t, 5001);
	assert_int_equal(rc_writer_stop(t.writer, &err), RC_OK);
	t.writer = NULL;
	assert_int_equal(count(&t), 5002);
	assert_int_equal(w.told, last + 1);
	assert_int_equal(w.errors, 0);
	test_store_done(&t);
}

static void test_together(void **state)
{
	struct rc_err err = {0};
	struct test_store t;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	test_store_write(&t);
	put(&t, 1);
	rc_writer_together_begin(t.writer);
	put(&t, 2);
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_INTERNAL);
	assert_int_equal(rc_writer_pump(t.writer, &err), RC_OK);
	assert_int_equal(count(&t), 1);
	put(&t, 3);
	rc_writer_together_end(t.writer);
	put(&t, 4);
	assert_int_equal(rc_writer_pump(t.writer, &err), RC_OK);
	assert_int_equal(count(&t), 4);
	put(&t, 5);
	rc_writer_abandon(t.writer);
	t.writer = NULL;
	assert_int_equal(count(&t), 4);
	test_store_done(&t);
}

static void test_disk_full(void **state)
{
	struct world w = {.with = ENOSPC};
	struct rc_err err = {0};
	struct test_store t;
	uint64_t good;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	start(&t, &w, &(struct rc_writer_options){.max_group = 10});
	good = put(&t, 1);
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_OK);
	atomic_store(&w.fail_in, 1);
	for (unsigned i = 2; i < 500; i++)
		put(&t, i);
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_CANTCREAT);
	assert_int_equal(err.sys, ENOSPC);
	assert_int_equal(rc_writer_durable(t.writer), good);
	put(&t, 600); /* sticky: the disk has room again, but facts are missing */
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_CANTCREAT);
	assert_int_equal(rc_writer_error(t.writer, &err), RC_CANTCREAT);
	assert_int_equal(count(&t), 1);
	assert_int_equal(rc_writer_stop(t.writer, &err), RC_CANTCREAT);
	t.writer = NULL;
	assert_int_equal(w.errors, 1);
	start(&t, &w, &(struct rc_writer_options){0});
	put(&t, 2);
	test_store_close(&t);
	test_store_open(&t);
	assert_int_equal(count(&t), 2);
	test_store_done(&t);
}

/* Big values fill the first map several times over, then its bound. */
static void test_map_grows(void **state)
{
	enum { BIG = 8 << 20 };
	char *big = calloc(1, BIG), name[16];
	struct rc_store_options o;
	struct world w = {0};
	struct rc_err err = {0};
	struct rc_store_size size;
	struct rc_slice note;
	struct rc_view *v;
	struct test_store t;
	unsigned n = 0;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	rc_store_close(t.store);
	o = (struct rc_store_options){.dir = t.dir, .mode = RC_STORE_WRITE, .lock = t.lock, .map_max_bytes = 300 << 20};
	assert_int_equal(rc_store_open(&o, &t.store, &err), RC_OK);
	start(&t, &w, &(struct rc_writer_options){.max_queue_bytes = 20 << 20});
	for (; n < 34; n++) {
		snprintf(name, sizeof(name), "big%u", n);
		rc_writer_note(t.writer, rc_slice_str(name), (struct rc_slice){big, BIG});
	}
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_OK); /* 272 MiB in a map of 256 */
	assert_int_equal(rc_store_size(t.store, &size, &err), RC_OK);
	assert_true(size.map_bytes == 300 << 20);
	for (; n < 60; n++) {
		snprintf(name, sizeof(name), "big%u", n);
		rc_writer_note(t.writer, rc_slice_str(name), (struct rc_slice){big, BIG});
	}
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "bound"));
	assert_int_equal(rc_writer_stop(t.writer, &err), RC_CANTCREAT);
	t.writer = NULL;
	v = test_view(&t);
	assert_true(rc_view_note(v, RC_SLICE("big33"), &note));
	assert_int_equal(note.n, BIG);
	test_view_end(v);
	free(big);
	test_store_done(&t);
}

/* What the child shares with the test: the last number it was told to be durable. */
struct shared {
	atomic_uint_fast64_t durable;
};

static void child_durable(void *ctx, uint64_t seq, const struct rc_err *err)
{
	struct shared *s = ctx;

	if (!err)
		atomic_store(&s->durable, seq);
}

static void child(struct test_store *t, struct shared *s, unsigned from)
{
	struct rc_writer_options o = {.max_group = 20, .max_delay_ms = 1, .durable = child_durable, .ctx = s};
	struct rc_err err = {0};
	struct rc_op_entry op;
	char buf[64];

	test_store_open(t);
	if (rc_writer_start(t->store, &o, &t->writer, &err))
		_exit(1);
	memset(&op, 0, sizeof(op));
	for (unsigned i = from;; i++) {
		struct rc_known k = test_known(i, buf);

		if (i % 3 == 0)
			k.due_at_ns = i + 1;
		op.id = i + 1;
		op.key = k.key;
		rc_writer_together_begin(t->writer);
		rc_writer_put_known(t->writer, t->target, &k);
		rc_writer_op(t->writer, &op);
		rc_writer_together_end(t->writer);
		if (i % 64 == 0)
			nanosleep(&(struct timespec){0, 200000}, NULL);
	}
}

/* Everything told durable is there, pairs are whole, indexes agree with the records. */
static unsigned check(struct test_store *t, unsigned at_least)
{
	struct rc_view *v = test_view(t);
	struct rc_op_entry op;
	struct rc_known k;
	struct rc_walk w;
	unsigned n = 0, due = 0, open = 0;
	uint16_t target;
	bool retiring;
	char buf[64];

	rc_walk_ops_begin(v, &w);
	for (; rc_walk_ops(&w, &op); n++)
		assert_int_equal(op.id, n + 1);
	assert_true(n >= at_least);
	assert_int_equal(rc_view_known_count(v, t->target, false), n);
	for (unsigned i = 0; i < n; i++) {
		struct rc_known want = test_known(i, buf);

		assert_true(rc_view_known(v, t->target, want.key, &k));
		due += k.due_at_ns != 0;
	}
	rc_walk_open_begin(v, t->target, &w);
	while (rc_walk_open(&w, &k, NULL))
		open++;
	assert_int_equal(open, due);
	rc_walk_due_begin(v, INT64_MAX, &w);
	while (rc_walk_due(&w, &target, &k, &retiring))
		due--;
	assert_int_equal(due, 0);
	test_view_end(v);
	return n;
}

static void test_kills(void **state)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct test_store t;
	unsigned have = 0, seed = 7;
	int status;

	(void)state;
	assert_true(s != MAP_FAILED);
	test_store_dir(&t);
	for (unsigned round = 0; round < 25; round++) {
		pid_t pid;

		atomic_store(&s->durable, 0);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			child(&t, s, have);
		seed = seed * 1103515245 + 12345;
		while (round % 2 && !atomic_load(&s->durable)) { /* in the midst of its work, on any machine */
			assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
			nanosleep(&(struct timespec){0, 1000000}, NULL);
		}
		nanosleep(&(struct timespec){0, 1000000 + (seed >> 8) % 40000000}, NULL);
		while (round == 24 && !have && !atomic_load(&s->durable))
			nanosleep(&(struct timespec){0, 1000000},
				  NULL); /* a busy machine: once it must have come that far */
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		test_store_open(&t);
		have = check(&t, have + (unsigned)(atomic_load(&s->durable) / 2));
		test_store_close(&t);
	}
	assert_true(have > 0);
	munmap(s, sizeof(*s));
	test_store_done(&t);
}

static void *reader(void *arg)
{
	struct test_store *t = arg;
	uint64_t last = 0;

	for (unsigned i = 0; i < 300; i++) {
		struct rc_err err = {0};
		struct rc_view *v;
		uint64_t n;

		if (rc_view_begin(t->store, &v, &err))
			return "begin";
		n = rc_view_known_count(v, t->target, false);
		if (rc_view_end(v, &err))
			return "end";
		if (n < last)
			return "went back";
		last = n;
	}
	return NULL;
}

static void test_readers_beside(void **state)
{
	struct rc_err err = {0};
	struct test_store t;
	pthread_t threads[2];
	void *fault;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	assert_int_equal(rc_writer_start(t.store, &(struct rc_writer_options){.max_group = 50}, &t.writer, &err),
			 RC_OK);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader, &t), 0);
	for (unsigned i = 0; i < 3000; i++)
		put(&t, i);
	for (size_t i = 0; i < 2; i++) {
		pthread_join(threads[i], &fault);
		if (fault)
			fail_msg("%s", (char *)fault);
	}
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_OK);
	assert_int_equal(count(&t), 3000);
	test_store_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thread),    cmocka_unit_test(test_together),
		cmocka_unit_test(test_disk_full), cmocka_unit_test(test_map_grows),
		cmocka_unit_test(test_kills),     cmocka_unit_test(test_readers_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
