/* Groups that are put off: durable at once, seen by whoever looks, in the tables in the end as if they had never
 * waited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "engine/base/buf.h"
#include "engine/store/backup.h"
#include "engine/store/dir.h"
#include "engine/store/layout.h"
#include "tests/unit/helper_store.h"

static const struct rc_kv_options raw = {
	.write = true, .format = RC_STORE_FORMAT, .more = RC_STORE_FORMAT_UNSETTLED, .map_max = 1u << 30};

static char *in_dir(const struct test_store *t, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	return path;
}

static void put(struct test_store *t, unsigned i, int64_t changed_ns)
{
	char buf[64];
	struct rc_known k = test_known(i, buf);

	k.changed_at_ns = changed_ns;
	rc_writer_put_known(t->writer, t->target, &k);
}

static void pump(struct test_store *t)
{
	struct rc_err err = {0};

	if (rc_writer_pump(t->writer, &err))
		fail_msg("%s", err.what);
}

/* As a kill: what is durable stays, nobody tidies up. */
static void kill_writer(struct test_store *t)
{
	rc_writer_abandon(t->writer);
	t->writer = NULL;
	rc_store_close(t->store);
	t->store = NULL;
	rc_lock_release(t->lock);
	t->lock = NULL;
}

/* Looks into the closed file: entries that wait, and the format it is marked with. */
static uint64_t waiting(struct test_store *t, uint32_t *ret_format)
{
	struct rc_err err = {0};
	struct rc_kv *kv = NULL;
	struct rc_kv_txn *txn;
	struct rc_slice v;
	uint64_t n;
	bool resized;

	assert_int_equal(rc_kv_open(in_dir(t, RC_STORE_FILE), &raw, &kv, &err), RC_OK);
	txn = rc_kv_begin(kv, false, &resized, &err);
	n = rc_kv_count(txn, RC_KV_LATER);
	assert_true(rc_kv_get(txn, RC_KV_META, RC_SLICE("format"), &v));
	*ret_format = rc_get_u32((const uint8_t *)v.p);
	assert_int_equal(rc_kv_commit(txn, &err), RC_OK);
	rc_kv_close(kv);
	return n;
}

static uint64_t count(struct test_store *t)
{
	struct rc_view *v = test_view(t);
	uint64_t n = rc_view_known_count(v, t->target, false);

	test_view_end(v);
	return n;
}

static enum rc_code open_to_read(struct test_store *t, struct rc_err *err)
{
	*err = (struct rc_err){0};
	return rc_store_open(&(struct rc_store_options){.dir = t->dir, .mode = RC_STORE_READ}, &t->store, err);
}

static unsigned entries(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void test_seen_by_all(void **state)
{
	struct test_store t;
	struct rc_err err;
	struct stat before, after;
	char tmp[] = "/tmp/rc_later_XXXXXX";
	uint32_t format;

	(void)state;
	assert_non_null(mkdtemp(tmp));
	setenv("TMPDIR", tmp, 1);
	test_store_begin(&t);
	for (unsigned i = 0; i < 30; i++) {
		put(&t, i, 1000 + i);
		if (i % 10 == 9)
			pump(&t);
	}
	put(&t, 30, 1); /* not durable */
	kill_writer(&t);
	assert_int_equal(waiting(&t, &format), 30);
	assert_int_equal(format, RC_STORE_FORMAT_UNSETTLED);
	/* A reader sees them, and leaves the file and the directory for temporary files as they were. */
	assert_int_equal(stat(in_dir(&t, RC_STORE_FILE), &before), 0);
	assert_int_equal(open_to_read(&t, &err), RC_OK);
	assert_int_equal(count(&t), 30);
	assert_int_equal(entries(tmp), 0);
	rc_store_close(t.store);
	assert_int_equal(stat(in_dir(&t, RC_STORE_FILE), &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(waiting(&t, &format), 30);
	/* Whoever writes puts them where they belong. */
	test_store_open(&t);
	assert_int_equal(count(&t), 30);
	test_store_close(&t);
	assert_int_equal(waiting(&t, &format), 0);
	assert_int_equal(format, RC_STORE_FORMAT);
	test_store_done(&t);
	unsetenv("TMPDIR");
	assert_int_equal(rmdir(tmp), 0);
}

static void test_view_waits(void **state)
{
	struct test_store t;
	struct rc_view *outer, *inner;
	uint32_t format;

	(void)state;
	test_store_begin(&t);
	put(&t, 1, 1);
	pump(&t);
	assert_int_equal(count(&t), 1);
	put(&t, 2, 2);
	assert_int_equal(count(&t), 1); /* it is not durable yet */
	outer = test_view(&t);
	pump(&t);
	inner = test_view(&t); /* this thread holds the map: the same picture again */
	assert_int_equal(rc_view_known_count(inner, t.target, false), 1);
	test_view_end(inner);
	test_view_end(outer);
	assert_int_equal(count(&t), 2);
	put(&t, 3, 3);
	test_store_flush(&t);
	put(&t, 4, 4);
	test_store_close(&t); /* a writer that stops leaves nothing behind */
	assert_int_equal(waiting(&t, &format), 0);
	test_store_open(&t);
	assert_int_equal(count(&t), 4);
	test_store_done(&t);
}

static void test_no_room_for_a_copy(void **state)
{
	struct test_store t;
	struct rc_err err;

	(void)state;
	test_store_begin(&t);
	put(&t, 1, 1);
	pump(&t);
	kill_writer(&t);
	setenv("TMPDIR", "/nonexistent/dir", 1);
	assert_int_equal(open_to_read(&t, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "no temporary directory"));
	unsetenv("TMPDIR");
	t.store = NULL;
	test_store_open(&t); /* who writes needs none */
	assert_int_equal(count(&t), 1);
	test_store_done(&t);
}

/* One bit of the entry that waits; false: it is shorter. */
static bool spoil(struct test_store *t, size_t at)
{
	struct rc_err err = {0};
	struct rc_kv *kv = NULL;
	struct rc_kv_txn *txn;
	struct rc_kv_cursor *c;
	struct rc_slice k, v;
	char key[8], value[1000];
	bool resized, there;

	assert_int_equal(rc_kv_open(in_dir(t, RC_STORE_FILE), &raw, &kv, &err), RC_OK);
	txn = rc_kv_begin(kv, true, &resized, &err);
	c = rc_kv_cursor(txn, RC_KV_LATER);
	assert_true(rc_kv_seek(c, (struct rc_slice){0}, &k, &v));
	assert_true(v.n < sizeof(value));
	there = at < v.n;
	memcpy(key, k.p, sizeof(key));
	memcpy(value, v.p, v.n);
	value[there ? at : 0] ^= 16;
	rc_kv_cursor_close(c);
	rc_kv_put(txn, RC_KV_LATER, (struct rc_slice){key, sizeof(key)}, (struct rc_slice){value, v.n});
	assert_int_equal(rc_kv_commit(txn, &err), RC_OK);
	rc_kv_close(kv);
	return there;
}

static void test_damage(void **state)
{
	struct rc_err err;
	bool there = true;

	(void)state;
	for (size_t at = 0; there; at += 5) {
		struct test_store t;

		test_store_begin(&t);
		put(&t, 1, 1);
		pump(&t);
		kill_writer(&t);
		there = spoil(&t, at);
		assert_int_equal(open_to_read(&t, &err), RC_CANTCREAT);
		assert_non_null(strstr(err.what, "damaged (table later"));
		t.store = NULL;
		assert_int_equal(rc_lock_take(t.dir, "r", NULL, 0, &t.lock, NULL, &err), RC_OK);
		assert_int_equal(
			rc_store_open(&(struct rc_store_options){.dir = t.dir, .mode = RC_STORE_WRITE, .lock = t.lock},
				      &t.store, &err),
			RC_CANTCREAT);
		assert_non_null(strstr(err.what, "damaged (table later"));
		t.store = NULL;
		test_store_done(&t);
	}
}

/* A version that knows nothing of `later` must not take such a file for whole. */
static void test_older_version(void **state)
{
	struct rc_kv_options older = raw;
	struct rc_err err = {0};
	struct test_store t;
	struct rc_kv *kv = NULL;

	(void)state;
	older.more = 0;
	test_store_begin(&t);
	put(&t, 1, 1);
	pump(&t);
	kill_writer(&t);
	assert_int_equal(rc_kv_open(in_dir(&t, RC_STORE_FILE), &older, &kv, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "newer rollcall"));
	test_store_open(&t);
	test_store_close(&t);
	assert_int_equal(rc_kv_open(in_dir(&t, RC_STORE_FILE), &older, &kv, &err), RC_OK);
	rc_kv_close(kv);
	test_store_done(&t);
}

static int fail_at;

static int before_commit(void *ctx)
{
	(void)ctx;
	return fail_at && --fail_at == 0 ? ENOSPC : 0;
}

/* A disk that is full when they are to go into the tables: an error, and nothing is lost. */
static void test_disk_full(void **state)
{
	struct rc_writer_options o = {.manual = true, .before_commit = before_commit};
	struct rc_err err = {0};
	struct test_store t;
	struct rc_view *v;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	assert_int_equal(rc_writer_start(t.store, &o, &t.writer, &err), RC_OK);
	put(&t, 1, 1);
	pump(&t);
	fail_at = 1;
	assert_int_equal(rc_view_begin(t.store, &v, &err), RC_CANTCREAT);
	assert_int_equal(err.sys, ENOSPC);
	put(&t, 2, 2); /* never written */
	assert_int_equal(rc_writer_flush_wait(t.writer, &err), RC_CANTCREAT);
	assert_int_equal(rc_writer_stop(t.writer, &err), RC_CANTCREAT);
	t.writer = NULL;
	rc_store_close(t.store);
	t.store = NULL;
	rc_lock_release(t.lock);
	t.lock = NULL;
	test_store_open(&t);
	assert_int_equal(count(&t), 1);
	test_store_done(&t);
}

/* More than may wait, through the thread: the tables get them in between, and none is lost or doubled. */
static void test_many(void **state)
{
	struct rc_err err = {0};
	struct test_store t;
	uint32_t format;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	assert_int_equal(rc_writer_start(t.store, NULL, &t.writer, &err), RC_OK);
	for (unsigned i = 0; i < 70000; i++)
		put(&t, i, i + 1);
	assert_int_equal(rc_writer_stop(t.writer, &err), RC_OK);
	t.writer = NULL;
	assert_int_equal(count(&t), 70000);
	test_store_close(&t);
	assert_int_equal(waiting(&t, &format), 0);
	test_store_done(&t);
}

/* ---- the same facts, with and without waiting */

static uint64_t dice;

static unsigned roll(unsigned n)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice >> 33) % n;
}

static void constant(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	memset(buf, 7, n);
}

static struct rc_event event_of(const struct rc_known *k, int64_t at_ns, struct rc_slice run)
{
	struct rc_event e = {
		.key = k->key, .run_id = run, .at_ns = at_ns, .action = 1, .access = true, .name = k->name};

	e.reason = RC_SLICE("in the source, no account yet");
	return e;
}

/* Six people and four names, so that names are handed on all the time. */
static void state_one(struct test_store *t, int64_t at_ns)
{
	static const char *const names[] = {"anna", "ben", "Cleo", "dora"};
	struct rc_unmanaged u = {.name = rc_slice_str(names[roll(4)]), .seen_ns = at_ns};
	struct rc_op_entry op = {.id = 1 + roll(5), .target = t->target, .run_id = RC_SLICE("r")};
	char buf[64];
	struct rc_known k = test_known(roll(6), buf);
	struct rc_event e;

	k.name = rc_slice_str(names[roll(4)]);
	k.account.v[0] = k.name;
	k.account.set = 1;
	k.status = roll(4) ? RC_KNOWN_SETTLED : RC_KNOWN_UNKNOWN;
	k.due_at_ns = roll(3) ? 0 : at_ns + 5;
	k.changed_at_ns = at_ns;
	k.changed_run = k.created_run = RC_SLICE("20260101T000000Z-ffffffff");
	e = event_of(&k, at_ns, k.changed_run);
	op.key = k.key;
	switch (roll(12)) {
	case 0:
		rc_writer_del_known(t->writer, t->target, k.key, roll(2) ? at_ns : 0);
		break;
	case 1:
		rc_writer_put_retiring(t->writer, t->target, &k);
		break;
	case 2:
		rc_writer_del_retiring(t->writer, t->target, k.key, k.server, k.name, roll(2) ? at_ns : 0);
		break;
	case 3:
		rc_writer_put_unmanaged(t->writer, t->target, &u);
		break;
	case 4:
		rc_writer_del_unmanaged(t->writer, t->target, u.server, u.name);
		break;
	case 5:
		rc_writer_op(t->writer, &op);
		break;
	case 6:
		rc_writer_op_state(t->writer, op.id, RC_OP_SENT, at_ns, at_ns);
		break;
	case 7:
		rc_writer_op_end(t->writer, op.id);
		break;
	case 8:
		rc_writer_take_name(t->writer, t->target, &k);
		break;
	case 9:
		rc_writer_event(t->writer, t->target, &e);
		break;
	case 10:
		rc_writer_note(t->writer, k.name, k.key);
		break;
	default:
		rc_writer_put_known_event(t->writer, t->target, &k, &e);
	}
	if (roll(60) == 0)
		rc_writer_clear_unmanaged(t->writer, t->target, (struct rc_slice){0});
	if (roll(90) == 0)
		rc_writer_forget(t->writer, t->target, k.key);
}

static void open_seeded(struct test_store *t)
{
	static const struct rc_clock clock = {NULL, NULL, NULL, constant};
	struct rc_err err = {0};
	struct rc_store *s;

	test_store_dir(t);
	assert_int_equal(rc_lock_take(t->dir, "r", NULL, 0, &t->lock, NULL, &err), RC_OK);
	assert_int_equal(rc_store_open(
				 &(struct rc_store_options){
					 .dir = t->dir, .mode = RC_STORE_WRITE, .lock = t->lock, .clock = &clock},
				 &s, &err),
			 RC_OK);
	rc_store_close(s); /* its seed stands */
	rc_lock_release(t->lock);
	test_store_open(t);
	test_store_write(t);
}

/* how: 0 each group goes into the tables at once; 1 views in between; 2 kills in between. */
static struct rc_buf told(uint64_t seed, int how)
{
	struct rc_err err = {0};
	struct test_store t;
	struct rc_buf all = {0};
	char part[4096];
	size_t n;
	FILE *f;

	dice = seed;
	open_seeded(&t);
	/* The journal's numbers are given: a later start has no need to count on from what it finds there. */
	while (rc_writer_id(t.writer) < 10)
		;
	for (int64_t at = 1; at <= 400; at++) {
		state_one(&t, at * 1000);
		if (roll(8))
			continue;
		if (how == 0)
			test_store_flush(&t);
		else
			pump(&t);
		if (how == 1 && at % 3 == 0)
			count(&t);
		if (at % 3 || how == 1)
			continue;
		if (how == 2)
			kill_writer(&t);
		else
			test_store_close(&t);
		test_store_open(&t);
		test_store_write(&t);
	}
	test_store_flush(&t);
	rc_writer_stop(t.writer, &err);
	t.writer = NULL;
	assert_int_equal(rc_store_export(t.store, in_dir(&t, "export"), &err), RC_OK);
	f = fopen(in_dir(&t, "export"), "rb");
	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)))
		rc_buf_add(&all, part, n);
	fclose(f);
	test_store_done(&t);
	return all;
}

static void test_same_tables(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct rc_buf at_once = told(seed, 0);

		for (int how = 1; how <= 2; how++) {
			struct rc_buf later = told(seed, how);

			assert_int_equal(later.n, at_once.n);
			assert_memory_equal(later.p, at_once.p, at_once.n);
			rc_buf_done(&later);
		}
		rc_buf_done(&at_once);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seen_by_all),
		cmocka_unit_test(test_view_waits),
		cmocka_unit_test(test_no_room_for_a_copy),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_older_version),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_same_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
