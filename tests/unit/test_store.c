/* The directory, the lock, versions, damage, targets, compaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine/store/dir.h"
#include "engine/store/layout.h"
#include "tests/unit/helper_store.h"

static const struct rc_kv_options for_writing = {
	.write = true, .format = RC_STORE_FORMAT, .more = RC_STORE_FORMAT_UNSETTLED, .map_max = 1u << 30};

static char *in_dir(const struct test_store *t, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	return path;
}

static enum rc_code try_open(struct test_store *t, enum rc_store_mode mode, struct rc_err *err)
{
	struct rc_store_options o = {.dir = t->dir, .mode = mode};
	struct rc_store *s = NULL;
	enum rc_code code;

	*err = (struct rc_err){0};
	if (mode == RC_STORE_WRITE && (code = rc_lock_take(t->dir, "r", NULL, 0, &t->lock, NULL, err)))
		return code;
	o.lock = t->lock;
	code = rc_store_open(&o, &s, err);
	assert_true(!code == (s != NULL));
	rc_store_close(s);
	rc_lock_release(t->lock);
	t->lock = NULL;
	return code;
}

static void test_modes_and_empty(void **state)
{
	struct test_store t;
	struct rc_err err = {0};
	struct rc_store *s;
	struct rc_view *v;
	struct rc_known k;
	struct rc_walk w;
	struct rc_target_bound b;
	struct rc_target_known *targets;
	struct rc_arena mem = {0};
	struct rc_store_options o = {.dir = "/nonexistent/state", .mode = RC_STORE_READ};
	struct stat st;
	size_t n;
	char deep[100];
	mode_t mask = umask(0);

	(void)state;
	test_store_dir(&t);
	assert_int_equal(rc_store_open(&o, &s, &err), RC_OK);
	assert_false(rc_store_exists(s));
	assert_int_equal(rc_store_bind(s, RC_SLICE("vpn"), NULL, NULL, 0, &mem, &b, &err), RC_OK);
	assert_true(b.is_new);
	assert_int_equal(rc_view_begin(s, &v, &err), RC_OK);
	assert_false(rc_view_known(v, b.number, RC_SLICE("k"), &k));
	rc_walk_known_begin(v, b.number, &w);
	assert_false(rc_walk_known(&w, &k, NULL));
	rc_walk_end(&w);
	assert_int_equal(rc_view_name(v, b.number, RC_SLICE(""), RC_SLICE("x")).kind, RC_NAME_FREE);
	assert_int_equal(rc_view_op_count(v), 0);
	assert_false(rc_view_failed(v));
	assert_int_equal(rc_view_end(v, &err), RC_OK);
	assert_int_equal(rc_store_targets(s, &mem, &targets, &n, &err), RC_OK);
	assert_int_equal(n, 0);
	rc_store_close(s);
	assert_int_not_equal(access("/nonexistent", F_OK), 0); /* nothing was made */

	o.mode = RC_STORE_WRITE;
	assert_int_equal(rc_store_open(&o, &s, &err), RC_INTERNAL); /* without the lock */
	snprintf(deep, sizeof(deep), "%s/a/b", t.dir);
	assert_int_equal(rc_lock_take(deep, "r", NULL, 0, &t.lock, NULL, &err), RC_OK);
	o.dir = deep;
	o.lock = t.lock;
	assert_int_equal(rc_store_open(&o, &s, &err), RC_OK);
	assert_true(rc_store_exists(s));
	rc_store_close(s);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(in_dir(&t, "a/b/state.mdb"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(in_dir(&t, "a/b/lock"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	umask(mask);
	unlink(in_dir(&t, "a/b/state.mdb"));
	unlink(in_dir(&t, "a/b/state.mdb-lock"));
	unlink(in_dir(&t, "a/b/lock"));
	rmdir(deep);
	rmdir(in_dir(&t, "a"));
	rc_arena_done(&mem);
	test_store_done(&t);
}

static void test_seed_and_targets(void **state)
{
	const struct rc_pair other[] = {{RC_SLICE("endpoint"), RC_SLICE("https://elsewhere")}};
	struct test_store t;
	struct rc_err err = {0};
	struct rc_target_bound b;
	struct rc_target_known *targets;
	uint64_t seed;
	uint16_t first;
	size_t n;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	seed = rc_store_seed(t.store);
	first = t.target;
	assert_int_equal(rc_store_bind(t.store, RC_SLICE("sag"), NULL, NULL, 0, &t.mem, &b, &err), RC_OK);
	assert_true(b.is_new);
	assert_int_not_equal(b.number, first);
	test_store_close(&t);

	test_store_open(&t);
	assert_true(rc_store_seed(t.store) == seed);
	assert_int_equal(t.target, first);
	assert_int_equal(rc_store_bind(t.store, RC_SLICE("vpn"), NULL, other, 1, &t.mem, &b, &err), RC_OK);
	assert_true(b.ids_differ && !b.is_new && b.number == first);
	assert_int_equal(b.n_ids, 2);
	assert_true(rc_slice_eqs(b.ids[0].name, "endpoint"));
	assert_true(rc_slice_eqs(b.ids[0].value, "https://vpn.example.com"));
	assert_int_equal(rc_store_rebind(t.store, first, other, 1, &err), RC_OK);
	assert_int_equal(rc_store_bind(t.store, RC_SLICE("vpn"), NULL, other, 1, &t.mem, &b, &err), RC_OK);
	assert_false(b.ids_differ);
	assert_int_equal(rc_store_rebind(t.store, 999, other, 1, &err), RC_CANTCREAT);
	assert_int_equal(rc_store_targets(t.store, &t.mem, &targets, &n, &err), RC_OK);
	assert_int_equal(n, 2);
	assert_true(rc_slice_eqs(targets[0].name, "vpn") && rc_slice_eqs(targets[0].connector, "huawei-p2c-vpn"));
	assert_true(rc_slice_eqs(targets[1].name, "sag"));
	test_store_done(&t);
}

static void test_lock(void **state)
{
	struct test_store t;
	struct rc_lock *second = NULL;
	struct rc_lock_holder h = {0};
	struct rc_err err = {0};
	int fds[2], status;
	char c;
	pid_t pid;

	(void)state;
	test_store_dir(&t);
	assert_false(rc_lock_held(t.dir, &h));
	assert_int_equal(rc_lock_take(t.dir, "night-7", NULL, 0, &t.lock, NULL, &err), RC_OK);
	assert_int_equal(rc_lock_take(t.dir, "x", NULL, 120, &second, &h, &err), RC_LOCKED);
	assert_int_equal(h.pid, getpid());
	assert_string_equal(h.run_id, "night-7");
	assert_true(h.started_ns > 0);
	assert_non_null(strstr(err.what, "night-7"));
	assert_true(rc_lock_held(t.dir, &h));
	rc_lock_release(t.lock);
	t.lock = NULL;
	assert_false(rc_lock_held(t.dir, &h));

	/* A killed holder leaves nothing behind. */
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		if (rc_lock_take(t.dir, "killed", NULL, 0, &second, NULL, &err) || write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(rc_lock_take(t.dir, "x", NULL, 0, &second, &h, &err), RC_LOCKED);
	assert_int_equal(h.pid, pid);
	assert_string_equal(h.run_id, "killed");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(rc_lock_take(t.dir, "x", NULL, 0, &t.lock, &h, &err), RC_OK);
	close(fds[0]);
	close(fds[1]);
	test_store_done(&t);
}

static void test_links_and_strangers(void **state)
{
	static const char *const names[] = {RC_STORE_FILE, RC_STORE_MDB_LOCK, RC_STORE_COPY, RC_STORE_LOCK};
	struct test_store t;
	struct rc_err err;

	(void)state;
	test_store_dir(&t);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		unlink(in_dir(&t, names[i])); /* the lock file is there from the round before */
		assert_int_equal(symlink("/etc/passwd", in_dir(&t, names[i])), 0);
		assert_int_equal(try_open(&t, RC_STORE_WRITE, &err), RC_CANTCREAT);
		assert_non_null(strstr(err.what, "symbolic link"));
		unlink(in_dir(&t, names[i]));
	}
	assert_int_equal(mkdir(in_dir(&t, RC_STORE_FILE), 0700), 0);
	assert_int_equal(try_open(&t, RC_STORE_READ, &err), RC_CANTCREAT);
	rmdir(in_dir(&t, RC_STORE_FILE));
	assert_int_equal(chmod(t.dir, 0777), 0);
	assert_int_equal(try_open(&t, RC_STORE_WRITE, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "everybody"));
	chmod(t.dir, 0700);
	assert_string_equal(rc_dir_network_fs(0x6969), "NFS");
	assert_string_equal(rc_dir_network_fs((long)(int)0xFF534D42), "CIFS");
	assert_null(rc_dir_network_fs(0xEF53)); /* ext4 */
	test_store_done(&t);
}

static void test_versions_and_damage(void **state)
{
	struct test_store t;
	struct rc_err err;
	struct rc_kv *kv = NULL;
	struct rc_kv_txn *txn;
	bool resized;
	struct stat st;
	int fd;

	(void)state;
	test_store_dir(&t);
	assert_int_equal(try_open(&t, RC_STORE_WRITE, &err), RC_OK);
	assert_int_equal(rc_kv_open(in_dir(&t, RC_STORE_FILE), &for_writing, &kv, &err), RC_OK);
	txn = rc_kv_begin(kv, true, &resized, &err);
	rc_kv_put(txn, RC_KV_META, RC_SLICE("format"), (struct rc_slice){"\0\0\0\3", 4});
	assert_int_equal(rc_kv_commit(txn, &err), RC_OK);
	rc_kv_close(kv);
	for (int mode = RC_STORE_READ; mode <= RC_STORE_WRITE; mode++) {
		assert_int_equal(try_open(&t, (enum rc_store_mode)mode, &err), RC_CANTCREAT);
		assert_non_null(strstr(err.what, "newer rollcall"));
	}
	/* Cut in the middle: whatever is read, an error and no signal. */
	assert_int_equal(stat(in_dir(&t, RC_STORE_FILE), &st), 0);
	assert_int_equal(truncate(in_dir(&t, RC_STORE_FILE), 3 * 4096), 0);
	assert_int_equal(try_open(&t, RC_STORE_WRITE, &err), RC_CANTCREAT);
	fd = open(in_dir(&t, RC_STORE_FILE), O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "this is not a database, not at all", 34), 34);
	close(fd);
	for (int mode = RC_STORE_READ; mode <= RC_STORE_WRITE; mode++) {
		assert_int_equal(try_open(&t, (enum rc_store_mode)mode, &err), RC_CANTCREAT);
		assert_non_null(strstr(err.what, "damaged"));
	}
	/* Made, but killed before anything was written. */
	assert_int_equal(truncate(in_dir(&t, RC_STORE_FILE), 0), 0);
	assert_int_equal(try_open(&t, RC_STORE_READ, &err), RC_OK);
	assert_int_equal(try_open(&t, RC_STORE_WRITE, &err), RC_OK);
	test_store_done(&t);
}

static void fill_from(struct test_store *t, unsigned from, unsigned n)
{
	struct rc_err err = {0};
	char buf[64];

	for (unsigned i = from; i < from + n; i++) {
		struct rc_known k = test_known(i, buf);

		rc_writer_put_known(t->writer, t->target, &k);
	}
	assert_int_equal(rc_writer_flush_wait(t->writer, &err), RC_OK);
}

static void fill(struct test_store *t, unsigned n)
{
	fill_from(t, 0, n);
}

static void test_damaged_record(void **state)
{
	struct test_store t;
	struct rc_err err = {0};
	struct rc_kv *kv = NULL;
	struct rc_kv_txn *txn;
	struct rc_known k;
	struct rc_walk w;
	struct rc_view *v;
	bool resized;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	test_store_close(&t);
	assert_int_equal(rc_kv_open(in_dir(&t, RC_STORE_FILE), &for_writing, &kv, &err), RC_OK);
	txn = rc_kv_begin(kv, true, &resized, &err);
	rc_kv_put(txn, RC_KV_KNOWN, (struct rc_slice){"\0\1abcdefghijklmnop", 18}, RC_SLICE("rubbish"));
	rc_kv_put(txn, RC_KV_OPEN, (struct rc_slice){"\0\1pbcdefghijklmnop", 18}, (struct rc_slice){"", 0});
	rc_kv_put(txn, RC_KV_DUE, RC_SLICE("short"), (struct rc_slice){"", 0});
	rc_kv_put(txn, RC_KV_OPS, RC_SLICE("12345678"), RC_SLICE("rubbish"));
	rc_kv_put(txn, RC_KV_RUNS, RC_SLICE("r"), RC_SLICE("rubbish"));
	assert_int_equal(rc_kv_commit(txn, &err), RC_OK);
	rc_kv_close(kv);
	test_store_open(&t);
	assert_int_equal(t.target, 1);
	v = test_view(&t);
	rc_walk_known_begin(v, 1, &w);
	assert_false(rc_walk_known(&w, &k, NULL));
	assert_true(rc_view_failed(v));
	assert_int_equal(rc_view_end(v, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "known"));
	v = test_view(&t);
	rc_walk_open_begin(v, 1, &w);
	assert_false(rc_walk_open(&w, &k, NULL));
	assert_int_equal(rc_view_end(v, &err), RC_CANTCREAT);
	v = test_view(&t);
	rc_walk_due_begin(v, INT64_MAX, &w);
	assert_false(rc_walk_due(&w, &(uint16_t){0}, &k, &(bool){0}));
	assert_int_equal(rc_view_end(v, &err), RC_CANTCREAT);
	v = test_view(&t);
	rc_walk_ops_begin(v, &w);
	assert_false(rc_walk_ops(&w, &(struct rc_op_entry){0}));
	assert_int_equal(rc_view_end(v, &err), RC_CANTCREAT);
	v = test_view(&t);
	assert_false(rc_view_run(v, RC_SLICE("r"), &(struct rc_run){0}));
	assert_int_equal(rc_view_end(v, &err), RC_CANTCREAT);
	test_store_done(&t);
}

/* In a child: walks all records of a file that is cut or garbled under the map. */
static int walk_damaged(struct test_store *t, bool cut)
{
	struct rc_err err = {0};
	struct rc_known k;
	struct rc_walk w;
	struct rc_view *v;
	char garbage[4096];
	int fd = open(in_dir(t, RC_STORE_FILE), O_RDWR);

	test_store_open(t);
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	memset(garbage, 0x5a, sizeof(garbage));
	if (cut && ftruncate(fd, 64 << 10))
		return 1;
	for (off_t at = 16384; !cut && at < 400 << 10; at += 4096)
		if (pwrite(fd, garbage, sizeof(garbage), at) != sizeof(garbage))
			return 1;
	if (rc_view_begin(t->store, &v, &err))
		return (int)err.code;
	rc_walk_known_begin(v, t->target, &w);
	while (rc_walk_known(&w, &k, NULL))
		;
	return (int)rc_view_end(v, &err);
}

static void test_damage_under_the_map(void **state)
{
	struct test_store t;
	int status;

	(void)state;
	for (int cut = 0; cut < 2; cut++) {
		pid_t pid;

		test_store_dir(&t);
		test_store_open(&t);
		test_store_write(&t);
		fill(&t, 5000);
		test_store_close(&t);
		pid = fork();
		if (!pid)
			_exit(walk_damaged(&t, cut));
		waitpid(pid, &status, 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), RC_CANTCREAT);
		test_store_done(&t);
	}
}

/* What is laid out for the copy before it is written, and then not used, is cut off. */
static void compact_between(struct test_store *t)
{
	struct rc_store_size before, after;
	struct rc_err err = {0};
	bool done;

	assert_int_equal(rc_writer_stop(t->writer, &err), RC_OK);
	t->writer = NULL;
	assert_int_equal(rc_store_size(t->store, &before, &err), RC_OK);
	assert_int_equal(rc_store_compact(t->store, true, &done, &err), RC_OK);
	assert_int_equal(rc_store_size(t->store, &after, &err), RC_OK);
	assert_true(after.used_bytes < before.used_bytes);
	assert_int_equal(after.file_bytes, after.used_bytes + after.free_bytes);
	test_store_write(t);
}

static void test_compact(void **state)
{
	struct test_store t;
	struct rc_store_size before, after;
	struct rc_err err = {0};
	struct rc_known k;
	struct rc_view *v;
	char buf[64];
	bool done;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	test_store_write(&t);
	for (unsigned i = 0; i < 5000; i += 100) { /* in any order of keys: pages are not full */
		fill_from(&t, i, 100);
		test_view_end(test_view(&t));
	}
	compact_between(&t);
	for (unsigned i = 1; i < 5000; i++) {
		k = test_known(i, buf);
		rc_writer_del_known(t.writer, t.target, k.key, 0);
	}
	assert_int_equal(rc_store_compact(t.store, true, &done, &err), RC_INTERNAL); /* a writer is there */
	assert_int_equal(rc_writer_stop(t.writer, &err), RC_OK);
	t.writer = NULL;
	assert_int_equal(rc_store_size(t.store, &before, &err), RC_OK);
	assert_int_equal(rc_store_compact(t.store, false, &done, &err), RC_OK);
	assert_false(done); /* too small to be worth it */
	assert_int_equal(rc_store_compact(t.store, true, &done, &err), RC_OK);
	assert_true(done);
	assert_int_equal(rc_store_size(t.store, &after, &err), RC_OK);
	assert_true(after.file_bytes < before.file_bytes / 4);
	assert_int_equal(after.file_bytes, after.used_bytes + after.free_bytes);
	v = test_view(&t);
	assert_true(rc_view_known(v, t.target, RC_SLICE("k0"), &k));
	assert_false(rc_view_known(v, t.target, RC_SLICE("k1"), &k));
	test_view_end(v);
	test_store_write(&t);
	fill(&t, 100);
	test_store_close(&t);
	test_store_open(&t);
	v = test_view(&t);
	assert_int_equal(rc_view_known_count(v, t.target, true), 100);
	test_view_end(v);
	test_store_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes_and_empty),
		cmocka_unit_test(test_seed_and_targets),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_links_and_strangers),
		cmocka_unit_test(test_versions_and_damage),
		cmocka_unit_test(test_damaged_record),
		cmocka_unit_test(test_damage_under_the_map),
		cmocka_unit_test(test_compact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
